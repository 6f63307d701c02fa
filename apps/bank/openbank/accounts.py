"""Account information: consents for it, and what a consent lets a third party read."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection, Row, select

from bank.centres import accounting, products
from bank.openbank import consents
from bank.openbank.consents import Consent
from bank.openbank.errors import Code, ObError
from bank.openbank.operations import Call, Operation
from bank.openbank.values import (
    BBAN,
    CURRENCY,
    AccountData,
    BalanceData,
    Identification,
    Links,
    MetaData,
    NoRisk,
    OBAccount6,
    OBCashBalance1,
    OBReadAccount6,
    OBReadBalance1,
    OBReadConsent1,
    OBReadConsentResponse1,
    OBReadTransaction6,
    OBTransaction6,
    Party,
    ReadConsentData,
    StatusReason,
    TransactionData,
    TransactionKind,
    TransactionQuery,
    amount_of,
    indicator_of,
    micros_of,
    moment_of,
)
from bank.tables import accounts, customers, movements
from bank.times import ZONE

if TYPE_CHECKING:
    from bank.server import Bank

#: transactions of a page
PAGE = 50
_AISP = "/aisp"
_STATES: dict[str, Any] = {"posted": "BOOK", "pending": "PDNG", "returned": "RJCT"}
ISSUER = "EDEN"
_TRANSACTIONS = ("ReadTransactionsBasic", "ReadTransactionsDetail")


def operations(bank: Bank) -> list[Operation]:
    """Below `/aisp`."""

    async def ask(call: Call) -> OBReadConsentResponse1:
        wanted = call.decode(OBReadConsent1)
        consents.check_read(wanted, call.at)
        until = wanted.data.expiration_date_time
        expires_at = None if until is UNSET else micros_of(until)
        found = await bank.database.write(
            lambda connection: consents.do_ask(
                connection, call.party.id, "accounts", wanted, call.at, expires_at=expires_at
            )
        )
        return _consent(found, Links(f"{call.url}/{found.id}"))

    async def consent(call: Call) -> OBReadConsentResponse1:
        return _consent(await bank.database.read(lambda connection: _own(connection, call)), call.links())

    async def delete(call: Call) -> None:
        await bank.database.write(lambda connection: consents.do_cancel(connection, _own(connection, call), call.at))

    async def list_accounts(call: Call) -> OBReadAccount6:
        chosen = call.allowed
        found = await bank.database.read(lambda connection: _accounts(connection, chosen, chosen.accounts))
        return OBReadAccount6(AccountData(found), call.links())

    async def account(call: Call) -> OBReadAccount6:
        chosen, wanted = call.allowed, _chosen(call)
        found = await bank.database.read(lambda connection: _accounts(connection, chosen, [wanted]))
        return OBReadAccount6(AccountData(found), call.links())

    async def all_balances(call: Call) -> OBReadBalance1:
        return await _balances(bank, call, call.allowed.accounts)

    async def balances(call: Call) -> OBReadBalance1:
        return await _balances(bank, call, [_chosen(call)])

    async def all_transactions(call: Call) -> OBReadTransaction6:
        return await _transactions(bank, call, call.allowed.accounts)

    async def transactions(call: Call) -> OBReadTransaction6:
        return await _transactions(bank, call, [_chosen(call)])

    def read(path: str, handler: Any, summary: str, returns: Any, *permissions: str, query: Any = None) -> Operation:
        return Operation(
            "GET", _AISP + path, handler, "accounts", summary, False, returns, query=query, permissions=permissions
        )

    return [
        Operation(
            "POST", f"{_AISP}/account-access-consents", ask, "accounts", "Ask for a customer's consent", True,
            OBReadConsentResponse1, OBReadConsent1, status=201,
        ),
        Operation(
            "GET", f"{_AISP}/account-access-consents/{{ConsentId}}", consent, "accounts", "How far a consent is", True,
            OBReadConsentResponse1,
        ),
        Operation(
            "DELETE", f"{_AISP}/account-access-consents/{{ConsentId}}", delete, "accounts", "End a consent", True, None,
            status=204,
        ),
        read("/accounts", list_accounts, "The accounts that the customer chose", OBReadAccount6, "ReadAccountsBasic"),
        read("/accounts/{AccountId}", account, "One of them", OBReadAccount6, "ReadAccountsBasic"),
        read("/accounts/{AccountId}/balances", balances, "Booked and available", OBReadBalance1, "ReadBalances"),
        read(
            "/accounts/{AccountId}/transactions", transactions, "The newest first, in pages", OBReadTransaction6,
            *_TRANSACTIONS, query=TransactionQuery,
        ),
        read("/balances", all_balances, "Of all accounts that the customer chose", OBReadBalance1, "ReadBalances"),
        read(
            "/transactions", all_transactions, "Of all accounts that the customer chose", OBReadTransaction6,
            *_TRANSACTIONS, query=TransactionQuery,
        ),
    ]  # fmt: skip


def _own(connection: Connection, call: Call) -> Consent:
    return consents.of_third_party(connection, call.party.id, "accounts", call.request.path["ConsentId"], call.at)


def _chosen(call: Call) -> str:
    """The account of the path. One that was not chosen, and one that is not there, are refused alike."""
    account = call.request.path["AccountId"]
    if account not in call.allowed.accounts:
        raise ObError(403, Code.CONSENT_MISMATCH, "The customer has not chosen this account.", "AccountId")
    return account


def _consent(consent: Consent, links: Links) -> OBReadConsentResponse1:
    data = consent.read.data
    return OBReadConsentResponse1(
        ReadConsentData(
            consent.id,
            moment_of(consent.created_at),
            consent.state,  # type: ignore[arg-type]
            moment_of(consent.changed_at),
            data.permissions,
            status_reasons(consent),
            data.expiration_date_time,
            data.transaction_from_date_time,
            data.transaction_to_date_time,
        ),
        NoRisk(),
        links,
    )


def status_reasons(consent: Consent) -> Any:
    """StatusReason, where there is one."""
    if not consent.reason:
        return UNSET
    return [StatusReason(consent.reason, consents.REASONS[Code(consent.reason)])]


def _accounts(connection: Connection, consent: Consent, wanted: Sequence[str]) -> list[OBAccount6]:
    rows = connection.execute(
        select(accounts, customers.c.name)
        .join(customers, customers.c.id == accounts.c.customer_id)
        .where(accounts.c.id.in_(wanted), accounts.c.customer_id == consent.customer_id)
        .order_by(accounts.c.opened_at, accounts.c.id)
    ).all()
    detail = consent.allows("ReadAccountsDetail")
    return [_account(connection, row, detail) for row in rows]


def _account(connection: Connection, row: Row[Any], detail: bool) -> OBAccount6:
    product = products.find(connection, row.product, row.product_version).product
    return OBAccount6(
        row.id,
        "Enabled" if row.state == "open" else "Disabled",
        CURRENCY,
        "Business" if row.product == "MERCHANT" else "Personal",
        "CACC" if products.is_paying(connection, row.product, row.product_version) else "SVGS",
        product.name_en[:35],
        moment_of(row.opened_at),
        [Identification(BBAN, row.number, row.name)] if detail else UNSET,
    )


async def _balances(bank: Bank, call: Call, wanted: Sequence[str]) -> OBReadBalance1:
    found = await accounting.balances(bank.ledger, wanted)
    time = moment_of(call.at)
    lines = [
        OBCashBalance1(account, indicator_of(cents), kind, time, amount_of(cents))  # type: ignore[arg-type]
        for account in wanted
        if (money := found.get(account)) is not None
        for kind, cents in (("ITBD", money.net), ("ITAV", money.available))
    ]
    return OBReadBalance1(BalanceData(lines), call.links())


async def _transactions(bank: Bank, call: Call, wanted: Sequence[str]) -> OBReadTransaction6:
    consent = call.allowed
    asked = msgspec.convert(dict(call.request.query), TransactionQuery)
    query = select(movements).where(movements.c.customer_id == consent.customer_id, movements.c.account_id.in_(wanted))
    if not consent.allows("ReadTransactionsCredits"):
        query = query.where(movements.c.amount < 0)
    if not consent.allows("ReadTransactionsDebits"):
        query = query.where(movements.c.amount > 0)
    data = consent.read.data
    for start in (_asked(asked.fromBookingDateTime, "from"), _micros(data.transaction_from_date_time)):
        if start is not None:
            query = query.where(movements.c.at >= start)
    for end in (_asked(asked.toBookingDateTime, "to"), _micros(data.transaction_to_date_time)):
        if end is not None:
            query = query.where(movements.c.at <= end)
    if asked.page:
        transfer, _, account = asked.page.partition("-")
        if not (transfer.isalnum() and account.isalnum()):
            raise ObError(400, Code.FIELD_INVALID, "A page is taken from a link.", "page")
        query = query.where(
            (movements.c.id < transfer) | ((movements.c.id == transfer) & (movements.c.account_id < account))
        )
    ordered = query.order_by(movements.c.id.desc(), movements.c.account_id.desc()).limit(PAGE + 1)
    rows = await bank.database.read(lambda connection: connection.execute(ordered).all())
    detail = consent.allows("ReadTransactionsDetail")
    shown = [_transaction(row, detail) for row in rows[:PAGE]]
    more = {"next": _page(call, asked, rows[PAGE - 1])} if len(rows) > PAGE else {}
    meta = MetaData()
    if shown:
        meta = MetaData(
            first_available_date_time=shown[-1].booking_date_time, last_available_date_time=shown[0].booking_date_time
        )
    return OBReadTransaction6(TransactionData(shown), call.links(**more), meta)


def _transaction(row: Row[Any], detail: bool) -> OBTransaction6:
    other = Party(row.name[:350]) if detail and row.name else UNSET
    return OBTransaction6(
        row.account_id,
        row.id,
        indicator_of(row.amount),
        _STATES[row.state],
        moment_of(row.at),
        amount_of(row.amount),
        TransactionKind(row.kind[:35], ISSUER),
        row.note if detail and row.note else UNSET,
        other if row.amount < 0 else UNSET,
        other if row.amount > 0 else UNSET,
    )


def _page(call: Call, asked: TransactionQuery, last: Row[Any]) -> str:
    wanted = {name: value for name, value in msgspec.structs.asdict(asked).items() if value and name != "page"}
    base = call.url.partition("?")[0]
    return f"{base}?{urlencode(wanted | {'page': f'{last.id}-{last.account_id}'})}"


def _micros(moment: Any) -> int | None:
    return None if moment is UNSET else micros_of(moment)


def _asked(text: str, which: str) -> int | None:
    """A day or moment of the query in the bank's zone; of a day without time, its first instant."""
    if not text:
        return None
    try:
        moment = datetime.datetime.fromisoformat(text)
        if not 1971 <= moment.year <= 9998:
            raise ValueError("no such time")
        return micros_of(moment.replace(tzinfo=ZONE))
    except ValueError:
        raise ObError(400, Code.FIELD_INVALID_DATE, "This is no date and time.", f"{which}BookingDateTime") from None
