"""What a consent asks for, said to its customer."""

from __future__ import annotations

import datetime
from typing import Any

from msgspec import UNSET

from bank.centres.payments import HERE
from bank.openbank import consents
from bank.openbank.consents import Consent
from bank.openbank.words import words
from bank.refusals import yuan
from bank.times import ZONE

_DIRECTIONS = {(True, True): "transactions-both", (True, False): "transactions-in", (False, True): "transactions-out"}


def told(consent: Consent, language: str) -> dict[str, Any]:
    """By name: of a payment amount, creditor, number, bank and reference; of accounts the permissions as sentences,
    until when, and the period of transactions."""
    texts = words(language)
    if consent.kind == "payments":
        initiation = consent.payment.data.initiation
        return {
            "amount": yuan(consents.check_payment(consent.payment)),
            "amount_cents": consents.check_payment(consent.payment),
            "creditor": initiation.creditor_account.name,
            "number": initiation.creditor_account.identification,
            "creditor_bank": initiation.bank or HERE[language == "en"],
            "reference": initiation.reference,
        }
    data = consent.read.data
    asked = consents.with_basic(data.permissions)
    names: list[str] = [name for name in ("ReadAccountsBasic", "ReadAccountsDetail", "ReadBalances") if name in asked]
    incoming, outgoing = "ReadTransactionsCredits" in asked, "ReadTransactionsDebits" in asked
    if incoming or outgoing:
        names.append(_DIRECTIONS[incoming, outgoing])
    if "ReadTransactionsDetail" in asked:
        names.append("ReadTransactionsDetail")
    start, end = _day(data.transaction_from_date_time), _day(data.transaction_to_date_time)
    period = "between" if start and end else "since" if start else "to" if end else "all-time"
    return {
        "permissions": [texts[name] for name in names],
        "until": _day(data.expiration_date_time) or texts["until-withdrawn"],
        "period": texts[period].format(start=start, end=end) if incoming or outgoing else "",
    }


def _day(moment: Any) -> str:
    if moment is UNSET:
        return ""
    local: datetime.datetime = moment.astimezone(ZONE)
    return local.strftime("%Y-%m-%d %H:%M")
