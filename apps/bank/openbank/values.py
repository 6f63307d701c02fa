"""Payloads of UK Open Banking Read/Write 4.0, with its names: what of them this bank reads and writes.

Amounts are decimal texts here, as published; everywhere else in the bank they are whole cents. Objects of a request are
closed: a field that the bank would not act on is refused rather than ignored.
"""

from __future__ import annotations

import datetime
import re
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from bank.times import ZONE

Max30: TypeAlias = Annotated[str, Meta(min_length=1, max_length=30)]
Max35: TypeAlias = Annotated[str, Meta(min_length=1, max_length=35)]
#: BBANs of mainland China are digits only
Number: TypeAlias = Annotated[str, Meta(pattern=r"^\d{12,24}$")]
Decimal: TypeAlias = Annotated[str, Meta(pattern=r"^(\d{1,13}|\d{1,13}\.\d{1,5})$")]
Moment: TypeAlias = Annotated[datetime.datetime, Meta(tz=True)]
Permission: TypeAlias = Literal[
    "ReadAccountsBasic",
    "ReadAccountsDetail",
    "ReadBalances",
    "ReadTransactionsBasic",
    "ReadTransactionsDetail",
    "ReadTransactionsCredits",
    "ReadTransactionsDebits",
]

BBAN = "UK.OBIE.BBAN"
CURRENCY = "CNY"
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_CENTS = re.compile(r"(\d+)(?:\.(\d{1,2})0*)?")


class _Value(Struct, frozen=True, rename="pascal", omit_defaults=True):
    """Absent fields are UNSET and are not written."""


class _Closed(_Value, frozen=True, forbid_unknown_fields=True):
    """Of requests."""


# --- consents for accounts -------------------------------------------------------------------------------------------


class NoRisk(_Closed, frozen=True):
    """The specification defines no field of it for account access."""


class ReadData(_Value, frozen=True):
    permissions: Annotated[list[Permission], Meta(min_length=1, max_length=20)]
    expiration_date_time: Moment | UnsetType = UNSET
    transaction_from_date_time: Moment | UnsetType = UNSET
    transaction_to_date_time: Moment | UnsetType = UNSET


class OBReadConsent1(_Closed, frozen=True):
    data: ReadData
    risk: NoRisk


class Links(_Value, frozen=True):
    self: Annotated[str, Meta(extra_json_schema={"format": "uri"})]
    first: Annotated[str, Meta(extra_json_schema={"format": "uri"})] | UnsetType = UNSET
    next: Annotated[str, Meta(extra_json_schema={"format": "uri"})] | UnsetType = UNSET


class MetaData(_Value, frozen=True):
    total_pages: int | UnsetType = UNSET
    first_available_date_time: Moment | UnsetType = UNSET
    last_available_date_time: Moment | UnsetType = UNSET


class StatusReason(_Value, frozen=True):
    status_reason_code: str
    status_reason_description: str


class ReadConsentData(_Value, frozen=True):
    consent_id: str
    creation_date_time: Moment
    status: Literal["AWAU", "AUTH", "RJCT", "CANC", "EXPD"]
    status_update_date_time: Moment
    permissions: list[Permission]
    status_reason: list[StatusReason] | UnsetType = UNSET
    expiration_date_time: Moment | UnsetType = UNSET
    transaction_from_date_time: Moment | UnsetType = UNSET
    transaction_to_date_time: Moment | UnsetType = UNSET


class OBReadConsentResponse1(_Value, frozen=True):
    data: ReadConsentData
    risk: NoRisk
    links: Links
    meta: MetaData = MetaData()


# --- accounts --------------------------------------------------------------------------------------------------------


class Amount(_Value, frozen=True):
    amount: Decimal
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]


class Identification(_Value, frozen=True):
    scheme_name: str
    identification: str
    name: str | UnsetType = UNSET


class OBAccount6(_Value, frozen=True):
    """`account` is there with the permission ReadAccountsDetail."""

    account_id: str
    status: Literal["Enabled", "Disabled"]
    currency: str
    account_category: Literal["Personal", "Business"]
    account_type_code: Literal["CACC", "SVGS"]
    description: Max35
    opening_date: Moment
    account: list[Identification] | UnsetType = UNSET


class AccountData(_Value, frozen=True):
    account: list[OBAccount6]


class OBReadAccount6(_Value, frozen=True):
    data: AccountData
    links: Links
    meta: MetaData = MetaData(total_pages=1)


class OBCashBalance1(_Value, frozen=True):
    """`type` ITBD: booked. ITAV: what can be spent, without what is reserved."""

    account_id: str
    credit_debit_indicator: Literal["Credit", "Debit"]
    type: Literal["ITBD", "ITAV"]
    date_time: Moment
    amount: Amount


class BalanceData(_Value, frozen=True):
    balance: list[OBCashBalance1]


class OBReadBalance1(_Value, frozen=True):
    data: BalanceData
    links: Links
    meta: MetaData = MetaData(total_pages=1)


class TransactionKind(_Value, frozen=True):
    code: str
    issuer: str


class Party(_Value, frozen=True):
    name: str


class OBTransaction6(_Value, frozen=True):
    """`transaction_information`, `creditor_account` and `debtor_account` need ReadTransactionsDetail."""

    account_id: str
    transaction_id: str
    credit_debit_indicator: Literal["Credit", "Debit"]
    status: Literal["BOOK", "PDNG", "RJCT"]
    booking_date_time: Moment
    amount: Amount
    proprietary_bank_transaction_code: TransactionKind
    transaction_information: str | UnsetType = UNSET
    creditor_account: Party | UnsetType = UNSET
    debtor_account: Party | UnsetType = UNSET


class TransactionData(_Value, frozen=True):
    transaction: list[OBTransaction6]


class OBReadTransaction6(_Value, frozen=True):
    data: TransactionData
    links: Links
    meta: MetaData = MetaData()


class TransactionQuery(Struct, frozen=True):
    """Days or moments, whose zone is not looked at: they are the bank's. `page` is taken from a link."""

    fromBookingDateTime: str = ""  # noqa: N815
    toBookingDateTime: str = ""  # noqa: N815
    page: str = ""


# --- payments --------------------------------------------------------------------------------------------------------


class DebtorAccount(_Closed, frozen=True):
    scheme_name: str
    identification: Number
    name: Annotated[str, Meta(min_length=1, max_length=350)] | UnsetType = UNSET


class CreditorAccount(_Closed, frozen=True):
    scheme_name: str
    identification: Number
    name: Annotated[str, Meta(min_length=1, max_length=80)]


class CreditorAgent(_Closed, frozen=True):
    """The creditor's bank by its name; without one the account is with this bank."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]


class RemittanceInformation(_Closed, frozen=True):
    """The reference that the creditor sees."""

    unstructured: Annotated[list[Max30], Meta(min_length=1, max_length=1)]


class InstructedAmount(_Closed, frozen=True):
    amount: Decimal
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]


class OBDomestic2(_Closed, frozen=True):
    instruction_identification: Max35
    end_to_end_identification: Max35
    instructed_amount: InstructedAmount
    creditor_account: CreditorAccount
    debtor_account: DebtorAccount | UnsetType = UNSET
    creditor_agent: CreditorAgent | UnsetType = UNSET
    remittance_information: RemittanceInformation | UnsetType = UNSET

    @property
    def reference(self) -> str:
        return "" if self.remittance_information is UNSET else self.remittance_information.unstructured[0]

    @property
    def bank(self) -> str:
        return "" if self.creditor_agent is UNSET else self.creditor_agent.name


class Risk(_Closed, frozen=True):
    payment_context_code: (
        Literal[
            "BillingGoodsAndServicesInAdvance",
            "BillingGoodsAndServicesInArrears",
            "EcommerceMerchantInitiatedPayment",
            "FaceToFacePointOfSale",
            "TransferToSelf",
            "TransferToThirdParty",
        ]
        | UnsetType
    ) = UNSET


class ConsentedPayment(_Closed, frozen=True):
    initiation: OBDomestic2


class OBWriteDomesticConsent4(_Closed, frozen=True):
    data: ConsentedPayment
    risk: Risk


class PaymentConsentData(_Value, frozen=True):
    consent_id: str
    creation_date_time: Moment
    status: Literal["AWAU", "AUTH", "RJCT", "COND"]
    status_update_date_time: Moment
    initiation: OBDomestic2
    status_reason: list[StatusReason] | UnsetType = UNSET


class OBWriteDomesticConsentResponse5(_Value, frozen=True):
    data: PaymentConsentData
    risk: Risk
    links: Links
    meta: MetaData = MetaData()


class Funds(_Value, frozen=True):
    funds_available_date_time: Moment
    funds_available: bool


class FundsData(_Value, frozen=True):
    funds_available_result: Funds


class OBWriteFundsConfirmationResponse1(_Value, frozen=True):
    data: FundsData
    links: Links
    meta: MetaData = MetaData()


class OrderedPayment(_Closed, frozen=True):
    consent_id: Annotated[str, Meta(min_length=1, max_length=128)]
    initiation: OBDomestic2


class OBWriteDomestic2(_Closed, frozen=True):
    data: OrderedPayment
    risk: Risk


class PaymentData(_Value, frozen=True):
    """`status` of ISO 20022: PDNG not carried out, ACSP not confirmed by the other bank, ACCC done, RJCT refused."""

    domestic_payment_id: str
    consent_id: str
    creation_date_time: Moment
    status: Literal["PDNG", "ACSP", "ACCC", "RJCT"]
    status_update_date_time: Moment
    initiation: OBDomestic2
    status_reason: list[StatusReason] | UnsetType = UNSET


class OBWriteDomesticResponse5(_Value, frozen=True):
    data: PaymentData
    links: Links
    meta: MetaData = MetaData()


# --- conversions -----------------------------------------------------------------------------------------------------


def moment_of(at: int) -> datetime.datetime:
    """µs as a moment in the bank's zone, whole seconds."""
    return (_EPOCH + datetime.timedelta(seconds=at // 1_000_000)).astimezone(ZONE)


def micros_of(moment: datetime.datetime) -> int:
    return (moment - _EPOCH) // datetime.timedelta(microseconds=1)


def amount_of(cents: int) -> Amount:
    """Of a sum of money without its sign."""
    return Amount(f"{abs(cents) // 100}.{abs(cents) % 100:02d}", CURRENCY)


def cents_of(amount: str) -> int | None:
    """ "12.5" → 1250; None for parts of cents."""
    found = _CENTS.fullmatch(amount)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else None


def indicator_of(cents: int) -> Literal["Credit", "Debit"]:
    return "Credit" if cents >= 0 else "Debit"


def to_document(value: Struct) -> dict[str, Any]:
    """As it is kept."""
    document: dict[str, Any] = msgspec.to_builtins(value)
    return document
