"""What the bank answers, as its clients read it. Amounts are cents; `next` is the cursor of the next page or null."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Page(Struct, Generic[T], frozen=True):
    """Some of a list, the newest first."""

    items: list[T]
    next: str | None


class Cursor(Struct, frozen=True):
    """Of a page, as the one before gave it in `next`."""

    cursor: str = ""


class Customer(Struct, frozen=True):
    """As the customer sees it: the phone number is masked. `id` is what the secure keyboard is told of who types."""

    id: str
    name: str
    phone: str
    level: str


class Signed(Struct, frozen=True):
    token: str
    customer: Customer


class Account(Struct, frozen=True):
    """`balance` is what can be spent: what is reserved is not in it; `pending` is what is reserved."""

    id: str
    name: str
    name_en: str
    number: str
    balance: int
    pending: int
    product: str
    state: str


class Movement(Struct, frozen=True):
    """A line of a statement; `amount` above 0 came in. `state` is "posted" or "pending"."""

    id: str
    account: str
    amount: int
    name: str
    kind: str
    note: str
    time: str
    state: str


class Detail(Struct, frozen=True):
    """A line of a statement with the account's balance after it."""

    id: str
    account: str
    account_name: str
    amount: int
    name: str
    kind: str
    note: str
    time: str
    state: str
    balance: int


class Message(Struct, frozen=True):
    id: str
    kind: str
    title: str
    text: str
    time: str
    read: bool


class Unread(Struct, frozen=True):
    unread: int


class Overview(Struct, frozen=True):
    """`total` is the sum of the accounts' balances."""

    customer: Customer
    total: int
    accounts: list[Account]
    recent: list[Movement]
    unread: int


class Payee(Struct, frozen=True):
    """`bank` is a name to show; `inside`: the account is with this bank."""

    id: str
    name: str
    bank: str
    number: str
    inside: bool


class Payees(Struct, frozen=True):
    items: list[Payee]
    daily_limit: int


class Ordered(Struct, frozen=True):
    """A payment and what became of it. `state`: posted, pending (the other bank has not confirmed), reversed."""

    id: str
    state: str
    account: str
    amount: int
    name: str
    balance: int


class LoanProduct(Struct, frozen=True):
    """`rate_bp` 480 is 4.80 % a year; amounts are bounds."""

    code: str
    name: str
    name_en: str
    min: int
    max: int
    rate_bp: int


class LoanOffer(Struct, frozen=True):
    """What a printed code leads to: a product and the months that it can have."""

    product: LoanProduct
    terms: list[int]


class Offer(Struct, frozen=True):
    """What the bank offers: `rate_bp` a year, `apr_bp` with all costs (Directive 2008/48/EC), `payment` a month."""

    amount: int
    rate_bp: int
    apr_bp: int
    term: int
    payment: int
    interest: int


class LoanPlan(Struct, frozen=True):
    """What a loan would take if it was paid out today, at the product's own rate: the first month's payment, all
    interest, the instalments."""

    payment: int
    interest: int
    schedule: list[Instalment]


class Application(Struct, frozen=True):
    """An application for a loan, and how far it has come: received, referred (a person looks at it), offered, refused,
    signed, paid. `reasons` are sentences."""

    id: str
    number: str
    state: str
    product: str
    product_name: str
    amount: int
    term: int
    time: str
    reasons: list[str] = []
    offer: Offer | None = None
    #: until when the contract may be withdrawn from; "" when it may not
    cooling_off: str = ""


class Claim(Struct, frozen=True):
    """An insurance claim. `state`: paid, referred (a person looks at it), refused."""

    id: str
    number: str
    kind: str
    amount: int
    state: str
    time: str


class Instalment(Struct, frozen=True):
    """`state`: paid, overdue, due (today), open."""

    number: int
    due: str
    principal: int
    interest: int
    paid: int
    state: str


class Loan(Struct, frozen=True):
    """`owed` is the principal that is left, `payoff` what would end the loan today (with `fee`, of prepaying), `next`
    what is due next. `due` should be paid today, with `penalty` and charges; `overdue` of it for `days_overdue` days.
    """

    id: str
    number: str
    state: str
    product: str
    product_name: str
    amount: int
    rate_bp: int
    term: int
    start: str
    owed: int
    payoff: int
    next: Instalment | None
    contract: str
    schedule: list[Instalment] = []
    due: int = 0
    overdue: int = 0
    days_overdue: int = 0
    penalty: int = 0
    fee: int = 0


class Prepayment(Struct, frozen=True):
    """What a repayment of `amount` would do today: its parts, interest that is `saved`, what a month takes and when the
    loan ends, before and after. `payoff` would end the loan."""

    amount: int
    payoff: int
    interest: int
    principal: int
    penalty: int
    fee: int
    saved: int
    payment_before: int
    payment_after: int
    ends_before: str
    ends_after: str


class Allowed(Struct, frozen=True):
    """What a customer has allowed a third party, or not. `kind`: accounts, payments. `state`: allowed, refused, paid,
    ended, expired. `what` are sentences, `accounts` masked numbers; `until` is "" without an end of its own."""

    id: str
    name: str
    kind: str
    state: str
    what: list[str]
    accounts: list[str]
    time: str
    until: str
    amount: int = 0
    payee: str = ""
