"""Paying a shop by its number, and the code that has this number in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import segno
from msgspec import Struct

from bank.centres.till import DAY_MOST, MOST, Paid, Purchase
from bank.web import Request, Route, idempotency_key
from eden.base.ids import now

if TYPE_CHECKING:
    from bank.server import Bank


class Shop(Struct, frozen=True):
    """Who is paid by a number, and how much without a PIN: `most` in one payment, `day_most` in a day, cents. `time`:
    ms, of which a payment's key is to be, whatever the phone's clock says."""

    number: str
    name: str
    most: int
    day_most: int
    time: int


class ShopCode(Struct, frozen=True):
    """A shop's number as a QR code: rows of modules, "1" is dark. It needs four modules of white around it."""

    number: str
    name: str
    rows: list[str]


def routes(bank: Bank) -> list[Route]:
    """`/v1/shops/…`, `/v1/accounts/…/code`, `/v1/purchases`."""

    async def shop(request: Request) -> Shop:
        found = await bank.till.shop(request.path["number"])
        return Shop(found.number, found.name, MOST, DAY_MOST, now() // 1000)

    async def code(request: Request) -> ShopCode:
        found = await bank.till.shop_of(request.customer, request.path["id"])
        matrix = segno.make_qr(found.number, error="m").matrix
        return ShopCode(found.number, found.name, ["".join(map(str, row)) for row in matrix])

    async def purchase(request: Request) -> Paid:
        return await bank.till.pay(request.customer, idempotency_key(request), request.decode(Purchase))

    return [
        Route("GET", "/v1/shops/{number}", shop, "payment.shop.get", returns=Shop),
        Route("GET", "/v1/accounts/{id}/code", code, "account.code.get", returns=ShopCode),
        Route("POST", "/v1/purchases", purchase, "payment.purchase.create", Purchase, Paid, once=True),
    ]
