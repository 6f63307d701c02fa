"""Filing an insurance claim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bank.centres import claims
from bank.values import Claim, Page
from bank.web import Request, Route, idempotency_key

if TYPE_CHECKING:
    from bank.server import Bank

#: bytes: a phone's photo in base64
_BODY = 8 << 20


def routes(bank: Bank) -> list[Route]:
    """`/v1/claims`."""

    async def file(request: Request) -> Claim:
        return await bank.claims.file(request.customer, idempotency_key(request), request.decode(claims.File))

    async def page(request: Request) -> Page[Claim]:
        return Page(await bank.database.read(lambda connection: claims.of_customer(connection, request.customer)), None)

    return [
        Route("POST", "/v1/claims", file, "insurance.claim.create", claims.File, Claim, once=True, body=_BODY),
        Route("GET", "/v1/claims", page, "insurance.claim.list", returns=Page[Claim]),
    ]
