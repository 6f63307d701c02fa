"""Applying for a loan."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from bank.centres import lending
from bank.values import Application, LoanOffer
from bank.web import Request, Route, idempotency_key
from eden.base.ids import now

if TYPE_CHECKING:
    from bank.server import Bank


def routes(bank: Bank) -> list[Route]:
    """`/v1/loan-products/…`, `/v1/loan-applications`."""

    async def offer(request: Request) -> LoanOffer:
        code = unquote(request.path["code"])
        return await bank.database.read(lambda connection: lending.offer(connection, code))

    async def apply(request: Request) -> Application:
        wanted, key = request.decode(lending.Apply), idempotency_key(request)
        return await bank.database.write(
            lambda connection: lending.do_apply(connection, request.customer, key, wanted, now())
        )

    return [
        Route("GET", "/v1/loan-products/{code}", offer, "credit.product.get", returns=LoanOffer),
        Route(
            "POST",
            "/v1/loan-applications",
            apply,
            "credit.application.create",
            lending.Apply,
            Application,
            once=True,
        ),
    ]
