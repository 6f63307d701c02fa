"""Payment initiation: a consent that binds amount, creditor and reference, and the one payment that it is good for.

Written first, posted next, as everywhere in this bank: the payment is a row, and its consent consumed, before the
payment centre is asked; the order's key is the payment's id. A process that died in between carries it out when it
starts again, and a payment is ordered once, however often and under whichever key it is asked for.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import UNSET, Struct
from sqlalchemy import Connection, insert, select, update

from bank.centres import accounting, products
from bank.centres.payments import HERE, Creditor
from bank.ids import new_hex
from bank.openbank import consents
from bank.openbank.accounts import status_reasons
from bank.openbank.consents import Consent
from bank.openbank.errors import Code, ObError
from bank.openbank.operations import Call, Operation
from bank.openbank.tables import domestic_payments
from bank.openbank.values import (
    Funds,
    FundsData,
    Links,
    OBWriteDomestic2,
    OBWriteDomesticConsent4,
    OBWriteDomesticConsentResponse5,
    OBWriteDomesticResponse5,
    OBWriteFundsConfirmationResponse1,
    PaymentConsentData,
    PaymentData,
    StatusReason,
    moment_of,
)
from bank.refusals import Refusal
from bank.tables import accounts, orders
from eden.base.ids import now

if TYPE_CHECKING:
    from bank.server import Bank

_PISP = "/pisp"
_Status = Literal["PDNG", "ACSP", "ACCC", "RJCT"]
#: by the state of the order
_STATES: dict[str, _Status] = {
    "created": "PDNG",
    "pending": "ACSP",
    "posted": "ACCC",
    "reversed": "ACCC",
    "refused": "RJCT",
    "returned": "RJCT",
}
#: refusals of the payment centre as reasons of ISO 20022, with what they say
_REASONS = {
    "insufficient-funds": (Code.INSUFFICIENT_FUNDS, "There is not enough money in the account"),
    "over-transfer-limit": (Code.NOT_ALLOWED_AMOUNT, "It is above the limit of one transfer"),
    "over-daily-limit": (Code.NOT_ALLOWED_AMOUNT, "It is above the limit of the day"),
    "account-frozen": (Code.BLOCKED_ACCOUNT, "The account is blocked"),
}
_OTHER = (Code.ACCOUNT_IDENTIFIER, "There is no such account to pay from or to")
_RETURNED = (Code.ACCOUNT_IDENTIFIER, "The creditor's bank has returned it")


class Payment(Struct, frozen=True):
    """A row of `domestic_payments`."""

    id: str
    consent_id: str
    third_party_id: str
    key: str
    fingerprint: str
    order_id: str | None
    reason: str
    created_at: int
    changed_at: int


def operations(bank: Bank) -> list[Operation]:
    """Below `/pisp`."""

    async def ask(call: Call) -> OBWriteDomesticConsentResponse5:
        key, wanted = call.idempotency_key, call.decode(OBWriteDomesticConsent4)
        consents.check_payment(wanted)

        def work(connection: Connection) -> Consent:
            _check_creditor(connection, wanted)
            return consents.do_ask(
                connection, call.party.id, "payments", wanted, call.at, key=key, fingerprint=_fingerprint(wanted)
            )

        found = await bank.database.write(work)
        return _consent(found, Links(f"{call.url}/{found.id}"))

    async def consent(call: Call) -> OBWriteDomesticConsentResponse5:
        wanted = call.request.path["ConsentId"]
        found = await bank.database.read(
            lambda connection: consents.of_third_party(connection, call.party.id, "payments", wanted, call.at)
        )
        return _consent(found, call.links())

    async def funds(call: Call) -> OBWriteFundsConfirmationResponse1:
        consent = call.allowed
        if call.request.path["ConsentId"] != consent.id:
            raise ObError(403, Code.CONSENT_MISMATCH, "This token is for another consent.", "ConsentId")
        if consent.state != "AUTH":
            raise ObError(400, Code.INVALID_CONSENT_STATUS, f"The consent is {consent.state}.", "ConsentId")
        cents = consents.check_payment(consent.payment)
        (account,) = consent.accounts
        found = await accounting.balances(bank.ledger, [account])
        is_there = account in found and found[account].available >= cents
        return OBWriteFundsConfirmationResponse1(FundsData(Funds(moment_of(call.at), is_there)), call.links())

    async def pay(call: Call) -> OBWriteDomesticResponse5:
        key, wanted = call.idempotency_key, call.decode(OBWriteDomestic2)
        payment = await bank.database.write(lambda connection: _do_begin(connection, call, key, wanted))
        await carry_out(bank, payment)
        return await _answer(bank, payment.id, Links(f"{call.url}/{payment.id}"))

    async def payment(call: Call) -> OBWriteDomesticResponse5:
        wanted = call.request.path["DomesticPaymentId"]
        found = await bank.database.read(lambda connection: _find(connection, wanted))
        if found is None:
            raise ObError(400, Code.NOT_FOUND, "There is no such payment.", "DomesticPaymentId")
        if found.third_party_id != call.party.id:
            raise ObError(403, Code.CONSENT_MISMATCH, "This payment is another third party's.", "DomesticPaymentId")
        return await _answer(bank, wanted, call.links())

    consent_path, payment_path = f"{_PISP}/domestic-payment-consents", f"{_PISP}/domestic-payments"
    return [
        Operation(
            "POST", consent_path, ask, "payments", "Ask for a customer's consent to a payment", True,
            OBWriteDomesticConsentResponse5, OBWriteDomesticConsent4, status=201, once=True,
        ),
        Operation(
            "GET", f"{consent_path}/{{ConsentId}}", consent, "payments", "How far a consent is", True,
            OBWriteDomesticConsentResponse5,
        ),
        Operation(
            "GET", f"{consent_path}/{{ConsentId}}/funds-confirmation", funds, "payments", "Whether the money is there",
            False, OBWriteFundsConfirmationResponse1,
        ),
        Operation(
            "POST", payment_path, pay, "payments", "Make the payment that was consented to", False,
            OBWriteDomesticResponse5, OBWriteDomestic2, status=201, once=True,
        ),
        Operation(
            "GET", f"{payment_path}/{{DomesticPaymentId}}", payment, "payments", "What became of a payment", True,
            OBWriteDomesticResponse5,
        ),
    ]  # fmt: skip


async def carry_out(bank: Bank, payment: Payment) -> None:
    """Order a payment that has been written; what was ordered is not ordered again."""
    if payment.order_id is not None or payment.reason:
        return
    consent = await bank.database.read(lambda connection: consents.find(connection, payment.consent_id, now()))
    assert consent is not None and consent.customer_id is not None  # a payment has an authorised consent
    initiation = consent.payment.data.initiation
    creditor = Creditor(initiation.creditor_account.name, _bank(initiation.bank), _number(consent.payment))
    values: dict[str, Any]
    try:
        ordered = await bank.payments.order_to(
            consent.customer_id,
            f"openbank {payment.id}",
            consent.accounts[0],
            consents.check_payment(consent.payment),
            creditor,
            initiation.reference,
        )
        values = {"order_id": ordered.id}
    except Refusal as refusal:
        values = {"reason": refusal.code}
    await bank.database.write(
        lambda connection: connection.execute(
            update(domestic_payments).where(domestic_payments.c.id == payment.id).values(changed_at=now(), **values)
        )
    )


async def finish(bank: Bank) -> int:
    """Carry out what a process that died has left; how many payments that were."""
    waiting = select(domestic_payments).where(domestic_payments.c.order_id.is_(None), domestic_payments.c.reason == "")
    rows = await bank.database.read(lambda connection: connection.execute(waiting).all())
    for row in rows:
        await carry_out(bank, Payment(*row))
    return len(rows)


def payable(connection: Connection, consent: Consent, customer: str) -> list[str]:
    """Accounts that the customer could pay a consent from: those in the request, or all that pay."""
    wanted = consent.payment.data.initiation.debtor_account
    rows = connection.execute(
        select(accounts)
        .where(accounts.c.customer_id == customer, accounts.c.state == "open")
        .order_by(accounts.c.opened_at, accounts.c.id)
    ).all()
    return [
        row.id
        for row in rows
        if products.is_paying(connection, row.product, row.product_version)
        and (wanted is UNSET or row.number == wanted.identification)
    ]


def _check_creditor(connection: Connection, wanted: OBWriteDomesticConsent4) -> None:
    """An account that is said to be here has to be. Raises ObError."""
    if _bank(wanted.data.initiation.bank):
        return
    known = select(accounts.c.id).where(accounts.c.number == _number(wanted), accounts.c.state == "open")
    if connection.execute(known).first() is None:
        raise ObError(
            400,
            Code.ACCOUNT_IDENTIFIER,
            "There is no such account here. Of another bank, its name is needed.",
            "Data.Initiation.CreditorAccount.Identification",
        )


def _do_begin(connection: Connection, call: Call, key: str, wanted: OBWriteDomestic2) -> Payment:
    """The payment of a consent, which is used up by it. Raises ObError."""
    fingerprint = _fingerprint(wanted)
    row = connection.execute(
        select(domestic_payments).where(
            domestic_payments.c.third_party_id == call.party.id, domestic_payments.c.key == key
        )
    ).first()
    if row is not None:
        if row.fingerprint != fingerprint:
            raise consents.key_used()
        return Payment(*row)
    consent = consents.find(connection, call.allowed.id, call.at)
    if consent is None or wanted.data.consent_id != consent.id:
        raise ObError(400, Code.CONSENT_MISMATCH, "This token is for another consent.", "Data.ConsentId")
    if consent.state != "AUTH":
        raise ObError(400, Code.INVALID_CONSENT_STATUS, f"The consent is {consent.state}.", "Data.ConsentId")
    agreed = consent.payment
    for place, left, right in (
        ("Data.Initiation", wanted.data.initiation, agreed.data.initiation),
        ("Risk", wanted.risk, agreed.risk),
    ):
        if left != right:
            raise ObError(400, Code.CONSENT_MISMATCH, "It is not what the customer has agreed to.", place)
    payment = Payment(new_hex(call.at), consent.id, call.party.id, key, fingerprint, None, "", call.at, call.at)
    connection.execute(insert(domestic_payments).values(msgspec.structs.asdict(payment)))
    consents.do_consume(connection, consent, call.at)
    return payment


def _find(connection: Connection, payment: str) -> Payment | None:
    row = connection.execute(select(domestic_payments).where(domestic_payments.c.id == payment)).first()
    return None if row is None else Payment(*row)


async def _answer(bank: Bank, identifier: str, links: Links) -> OBWriteDomesticResponse5:
    def look(connection: Connection) -> tuple[Payment, Consent, Any]:
        payment = _find(connection, identifier)
        assert payment is not None
        consent = consents.find(connection, payment.consent_id, now())
        assert consent is not None
        order = connection.execute(select(orders).where(orders.c.id == (payment.order_id or ""))).first()
        return payment, consent, order

    payment, consent, order = await bank.database.read(look)
    status: _Status = "RJCT" if payment.reason else "PDNG"
    reason = _REASONS.get(payment.reason, _OTHER) if payment.reason else None
    changed = payment.changed_at
    if order is not None:
        status, changed = _STATES[order.state], order.done_at or changed
        reason = _RETURNED if order.state == "returned" else None
    return OBWriteDomesticResponse5(
        PaymentData(
            payment.id,
            payment.consent_id,
            moment_of(payment.created_at),
            status,
            moment_of(changed),
            consent.payment.data.initiation,
            UNSET if reason is None else [StatusReason(*reason)],
        ),
        links,
    )


def _consent(consent: Consent, links: Links) -> OBWriteDomesticConsentResponse5:
    asked = consent.payment
    return OBWriteDomesticConsentResponse5(
        PaymentConsentData(
            consent.id,
            moment_of(consent.created_at),
            consent.state,  # type: ignore[arg-type]
            moment_of(consent.changed_at),
            asked.data.initiation,
            status_reasons(consent),
        ),
        asked.risk,
        links,
    )


def _bank(name: str) -> str:
    """Of another bank; "" for this one."""
    return "" if name in HERE else name


def _number(wanted: OBWriteDomesticConsent4) -> str:
    return wanted.data.initiation.creditor_account.identification


def _fingerprint(wanted: Struct) -> str:
    return hashlib.sha256(msgspec.json.encode(wanted)).hexdigest()
