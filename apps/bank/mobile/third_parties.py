"""What the customer has allowed third parties, and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from bank.centres.customers import masked_number
from bank.openbank import consents
from bank.openbank.consents import Consent
from bank.openbank.tables import third_parties
from bank.openbank.telling import told
from bank.tables import accounts
from bank.times import shown
from bank.values import Allowed, Page
from bank.web import Request, Route
from eden.base.ids import now

if TYPE_CHECKING:
    from bank.server import Bank

#: states of a consent as a customer knows them
_STATES = {"AUTH": "allowed", "RJCT": "refused", "COND": "paid", "CANC": "ended", "EXPD": "expired"}


def routes(bank: Bank) -> list[Route]:
    """`/v1/third-parties…`."""

    async def page(request: Request) -> Page[Allowed]:
        language = "zh" if request.chinese else "en"

        def read(connection: Connection) -> list[Allowed]:
            names = {row.id: row.name for row in connection.execute(select(third_parties))}
            numbers = {
                row.id: row.number
                for row in connection.execute(select(accounts).where(accounts.c.customer_id == request.customer))
            }
            found = consents.of_customer(connection, request.customer, now())
            return [_allowed(one, names[one.third_party_id], numbers, language) for one in found]

        return Page(await bank.database.read(read), None)

    async def withdraw(request: Request) -> dict[str, Any]:
        consent = request.path["id"]
        await bank.database.write(lambda connection: consents.do_withdraw(connection, request.customer, consent, now()))
        return {}

    return [
        Route("GET", "/v1/third-parties", page, "openbank.consent.list", returns=Page[Allowed]),
        Route("DELETE", "/v1/third-parties/{id}", withdraw, "openbank.consent.withdraw"),
    ]


def _allowed(consent: Consent, name: str, numbers: dict[str, str], language: str) -> Allowed:
    said = told(consent, language)
    payment = consent.kind == "payments"
    return Allowed(
        consent.id,
        name,
        consent.kind,
        _STATES[consent.state],
        [] if payment else said["permissions"],
        [masked_number(numbers[account]) for account in consent.accounts if account in numbers],
        shown(consent.changed_at),
        "" if consent.expires_at is None else shown(consent.expires_at),
        said["amount_cents"] if payment else 0,
        said["creditor"] if payment else "",
    )
