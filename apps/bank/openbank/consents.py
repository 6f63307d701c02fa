"""Consents: asked for by a third party, decided by the customer, ended by either.

    AWAU ──customer──▶ AUTH ──payment made──▶ COND          (payments)
      │                 ├──withdrawn──▶ CANC, RJCT of payments
      └──▶ RJCT         └──time──▶ EXPD, RJCT of payments

The rules are pure; what stands below "storage" reads and writes.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Struct
from sqlalchemy import Connection, and_, insert, or_, select, update

from bank.ids import new_hex
from bank.openbank.errors import Code, ObError
from bank.openbank.tables import access_consents, grants
from bank.openbank.values import (
    BBAN,
    CURRENCY,
    OBReadConsent1,
    OBWriteDomesticConsent4,
    cents_of,
    micros_of,
    to_document,
)
from bank.refusals import Refusal

_T = TypeVar("_T", bound=Struct)
_HOUR = 3_600_000_000
#: how long a customer has to decide
AWAITS = 24 * _HOUR
#: how long a payment that was allowed can be made: tokens for it end sooner
PAYS = _HOUR
#: what a reason says
REASONS = {
    Code.NOT_COMPLETED: "The customer has not decided yet",
    Code.REFUSED_BY_CUSTOMER: "The customer has refused",
    Code.CONSUMED: "The payment was ordered",
    Code.OTHER_REASON: "It was withdrawn",
    Code.TOKEN_EXPIRED: "Its time is over",
    Code.ACCOUNT_IDENTIFIER: "The account to pay from is not one that this customer can pay from",
}
_NEEDS = {
    "ReadTransactionsBasic": ("ReadTransactionsCredits", "ReadTransactionsDebits"),
    "ReadTransactionsDetail": ("ReadTransactionsCredits", "ReadTransactionsDebits"),
    "ReadTransactionsCredits": ("ReadTransactionsBasic", "ReadTransactionsDetail"),
    "ReadTransactionsDebits": ("ReadTransactionsBasic", "ReadTransactionsDetail"),
}


class Consent(Struct, frozen=True):
    """A row of `access_consents`."""

    id: str
    third_party_id: str
    kind: str
    state: str
    reason: str
    document: dict[str, Any]
    customer_id: str | None
    accounts: list[str]
    key: str | None
    fingerprint: str
    expires_at: int | None
    created_at: int
    changed_at: int

    @property
    def read(self) -> OBReadConsent1:
        """What it asks for, of accounts."""
        return msgspec.convert(self.document, OBReadConsent1)

    @property
    def payment(self) -> OBWriteDomesticConsent4:
        """What it asks for, of payments."""
        return msgspec.convert(self.document, OBWriteDomesticConsent4)

    def allows(self, *permissions: str) -> bool:
        """Whether one of these permissions is in it; one in detail has the basic one in it."""
        return bool(set(permissions) & with_basic(self.read.data.permissions))


def with_basic(permissions: Sequence[str]) -> set[str]:
    """Detail implies Basic."""
    return {*permissions, *(name.replace("Detail", "Basic") for name in permissions)}


def at_time(consent: Consent, at: int) -> Consent:
    """As it is at a moment: what nobody decided in time, and what has expired, is seen here."""
    if consent.state == "AWAU" and at >= consent.created_at + AWAITS:
        return msgspec.structs.replace(
            consent, state="RJCT", reason=Code.NOT_COMPLETED.value, changed_at=consent.created_at + AWAITS
        )
    if consent.state == "AUTH" and consent.kind == "payments" and at >= consent.changed_at + PAYS:
        return msgspec.structs.replace(
            consent, state="RJCT", reason=Code.TOKEN_EXPIRED.value, changed_at=consent.changed_at + PAYS
        )
    if consent.state in ("AWAU", "AUTH") and consent.expires_at is not None and at >= consent.expires_at:
        return msgspec.structs.replace(
            consent, state="EXPD", reason=Code.TOKEN_EXPIRED.value, changed_at=consent.expires_at
        )
    return consent


def check_read(wanted: OBReadConsent1, at: int) -> None:
    """The rules of account-access-consents. Raises ObError."""
    data = wanted.data
    granted = set(data.permissions)
    if not granted & {"ReadAccountsBasic", "ReadAccountsDetail"}:
        raise ObError(
            400, Code.FIELD_INVALID, "ReadAccountsBasic or ReadAccountsDetail must be in it.", "Data.Permissions"
        )
    for one, needed in _NEEDS.items():
        if one in granted and not granted & set(needed):
            raise ObError(
                400, Code.FIELD_INVALID, f"{one} needs one of {' and '.join(needed)} with it.", "Data.Permissions"
            )
    until, start, end = data.expiration_date_time, data.transaction_from_date_time, data.transaction_to_date_time
    if until is not UNSET and micros_of(until) <= at:
        raise ObError(400, Code.FIELD_INVALID_DATE, "This has passed.", "Data.ExpirationDateTime")
    if start is not UNSET and end is not UNSET and start > end:
        raise ObError(400, Code.FIELD_INVALID_DATE, "It ends before it begins.", "Data.TransactionToDateTime")
    for moment in (until, start, end):
        # what the calendar of the bank's zone can say
        if moment is not UNSET and not 1971 <= moment.astimezone(datetime.UTC).year <= 9998:
            raise ObError(400, Code.FIELD_INVALID_DATE, "No such time.", "Data")


def check_payment(wanted: OBWriteDomesticConsent4) -> int:
    """What does not depend on the bank's books; the amount in cents. Raises ObError."""
    initiation, place = wanted.data.initiation, "Data.Initiation"
    if initiation.instructed_amount.currency != CURRENCY:
        raise ObError(400, Code.CURRENCY, "Payments are in CNY.", f"{place}.InstructedAmount.Currency")
    cents = cents_of(initiation.instructed_amount.amount)
    if not cents:
        raise ObError(400, Code.FIELD_INVALID, "It is no amount of money.", f"{place}.InstructedAmount.Amount")
    for name, account in (("Creditor", initiation.creditor_account), ("Debtor", initiation.debtor_account)):
        if account is not UNSET and account.scheme_name != BBAN:
            raise ObError(400, Code.SCHEME, f"Accounts are known by {BBAN}.", f"{place}.{name}Account.SchemeName")
    if not (initiation.creditor_account.name + initiation.bank + initiation.reference).isprintable():
        raise ObError(400, Code.FIELD_INVALID, "There are characters that cannot be shown.", place)
    return cents


# --- storage ---------------------------------------------------------------------------------------------------------


def do_ask(
    connection: Connection,
    third_party: str,
    kind: str,
    wanted: Struct,
    at: int,
    *,
    key: str | None = None,
    fingerprint: str = "",
    expires_at: int | None = None,
) -> Consent:
    """A new consent, which waits for its customer; with a key that was used for the same, the one that there is.
    Raises ObError when the key was used for something else."""
    if key is not None:
        row = connection.execute(
            select(access_consents).where(access_consents.c.third_party_id == third_party, access_consents.c.key == key)
        ).first()
        if row is not None:
            if row.fingerprint != fingerprint:
                raise key_used()
            return at_time(Consent(*row), at)
    consent = Consent(
        new_hex(at), third_party, kind, "AWAU", Code.NOT_COMPLETED.value, to_document(wanted), None, [], key,
        fingerprint, expires_at, at, at,
    )  # fmt: skip
    connection.execute(insert(access_consents).values(msgspec.structs.asdict(consent)))
    return consent


def key_used() -> ObError:
    return ObError(
        400, Code.HEADER_INVALID, "This idempotency key was used for a different request.", "x-idempotency-key"
    )


def find(connection: Connection, consent: str, at: int) -> Consent | None:
    row = connection.execute(select(access_consents).where(access_consents.c.id == consent)).first()
    return None if row is None else at_time(Consent(*row), at)


def of_third_party(connection: Connection, third_party: str, kind: str, consent: str, at: int) -> Consent:
    """One that this third party asked for. Raises ObError 400 when there is none, 403 when it is another's."""
    found = find(connection, consent, at)
    if found is None or found.kind != kind:
        raise ObError(400, Code.NOT_FOUND, "There is no such consent.", "ConsentId")
    if found.third_party_id != third_party:
        raise ObError(403, Code.CONSENT_MISMATCH, "This consent is another third party's.", "ConsentId")
    return found


def of_customer(connection: Connection, customer: str, at: int) -> list[Consent]:
    """What a customer has decided on, the newest first."""
    rows = connection.execute(
        select(access_consents).where(access_consents.c.customer_id == customer).order_by(access_consents.c.id.desc())
    )
    return [at_time(Consent(*row), at) for row in rows]


def do_authorise(connection: Connection, consent: Consent, customer: str, accounts: Sequence[str], at: int) -> None:
    """The customer allows it, for these accounts."""
    _do_set(connection, consent.id, "AUTH", "", at, customer_id=customer, accounts=list(accounts))


def do_reject(connection: Connection, consent: Consent, at: int, reason: Code, customer: str | None = None) -> None:
    """It will not be allowed."""
    _do_set(connection, consent.id, "RJCT", reason.value, at, customer_id=customer)


def do_consume(connection: Connection, consent: Consent, at: int) -> None:
    """The payment that it was for is ordered."""
    _do_set(connection, consent.id, "COND", Code.CONSUMED.value, at)


def do_cancel(connection: Connection, consent: Consent, at: int) -> None:
    """Nobody may use it any more: what was issued for it ends, too."""
    if consent.state in ("AWAU", "AUTH"):
        state = "CANC" if consent.kind == "accounts" else "RJCT"
        _do_set(connection, consent.id, state, Code.OTHER_REASON.value, at)
    connection.execute(
        update(grants).where(grants.c.consent_id == consent.id, grants.c.revoked_at.is_(None)).values(revoked_at=at)
    )


def do_withdraw(connection: Connection, customer: str, consent: str, at: int) -> Consent:
    """The customer allows it no longer. Refusal "not-found"."""
    found = find(connection, consent, at)
    if found is None or found.customer_id != customer:
        raise Refusal("not-found")
    do_cancel(connection, found, at)
    return find(connection, consent, at) or found


def do_cancel_all(connection: Connection, third_party: str, at: int) -> None:
    """Of a third party that may not ask any more."""
    rows = connection.execute(
        select(access_consents).where(
            and_(
                access_consents.c.third_party_id == third_party,
                or_(access_consents.c.state == "AWAU", access_consents.c.state == "AUTH"),
            )
        )
    ).all()
    for row in rows:
        do_cancel(connection, Consent(*row), at)


def _do_set(connection: Connection, consent: str, state: str, reason: str, at: int, **more: Any) -> None:
    connection.execute(
        update(access_consents)
        .where(access_consents.c.id == consent)
        .values(state=state, reason=reason, changed_at=at, **more)
    )
