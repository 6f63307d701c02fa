"""The product centre: loan and deposit products as versioned configuration.

A product is never changed: an edit makes its next version, by compare-and-swap, and what was sold under an older
version keeps that version's terms.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import Connection, func, insert, select

from bank.credit.affordability import Method
from bank.loans.daycount import DayCount
from bank.refusals import Refusal
from bank.tables import products
from eden.base.ids import now

#: no product's amount is above this: 100 million in cents, far inside 64 bits
MOST = 10_000_000_000

Cents: TypeAlias = Annotated[int, Meta(ge=0, le=MOST)]
#: a yearly rate, 480 is 4.80 %
BasisPoints: TypeAlias = Annotated[int, Meta(ge=0, le=10_000)]
Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=40)]

#: when interest of deposits is paid, on the 21st: of each month, of the last month of each quarter, of December
Capitalised: TypeAlias = Literal["month", "quarter", "year"]
#: by how many days the interest of a deposit's year is divided
DepositDays: TypeAlias = Literal["act/360", "act/365F"]

#: how products are called
CODE = re.compile(r"[A-Z][A-Z0-9-]{1,19}")


class Deposit(Struct, frozen=True, forbid_unknown_fields=True, tag="deposit", tag_field="kind"):
    """A deposit product. `gl` is its account in the general ledger; transfers out of it keep the two limits."""

    name: Name
    name_en: Name
    gl: Annotated[int, Meta(ge=1000, le=9999)]
    rate_bp: BasisPoints = 0
    capitalised: Capitalised = "quarter"
    day_count: DepositDays = "act/360"
    #: False: money leaves only at its term
    is_payment: bool = True
    transfer_limit: Cents = 5_000_000
    day_limit: Cents = 5_000_000


class Loan(Struct, frozen=True, forbid_unknown_fields=True, tag="loan", tag_field="kind"):
    """A loan product. `codes` are what its printed codes say; months of the terms; the rule pack's region. What
    `method` and `day_count` mean for a loan, `credit.affordability.Conditions` says.

    Beside its rate an overdue amount bears `penalty_bp` a year, and an instalment that is late for longer than
    `late_days` costs `late_fee`. Prepaying costs `prepay_fee_bp` of the principal in the first `prepay_fee_months`.
    """

    name: Name
    name_en: Name
    gl: Annotated[int, Meta(ge=1000, le=9999)]
    least: Cents
    most: Cents
    rate_bp: BasisPoints
    terms: Annotated[list[Annotated[int, Meta(ge=1, le=360)]], Meta(min_length=1, max_length=12)]
    codes: Annotated[list[Name], Meta(max_length=20)] = []
    method: Method = "equal_instalments"
    day_count: DayCount = DayCount.THIRTY_360
    penalty_bp: BasisPoints = 0
    late_fee: Cents = 0
    late_days: Annotated[int, Meta(ge=0, le=90)] = 3
    prepay_fee_bp: BasisPoints = 0
    prepay_fee_months: Annotated[int, Meta(ge=0, le=360)] = 0
    region: str = "CN"
    purpose: str = "business"

    def __post_init__(self) -> None:
        if self.least > self.most:
            raise ValueError("least is above most")


Product: TypeAlias = Deposit | Loan


class Versioned(Struct, frozen=True):
    """A product as it was sold."""

    code: str
    version: int
    product: Product
    author: str
    created_at: int


def read_product(document: object) -> Product:
    """Raises Refusal "invalid" with the place of what is wrong."""
    try:
        product: Product = msgspec.convert(document, Deposit | Loan)
    except msgspec.ValidationError as error:
        raise Refusal("invalid", what=str(error)) from error
    return product


def find(connection: Connection, code: str, version: int | None = None) -> Versioned:
    """The newest version, or a given one. Refusal "not-found"."""
    query = select(products).where(products.c.code == code).order_by(products.c.version.desc()).limit(1)
    row = connection.execute(query if version is None else query.where(products.c.version == version)).first()
    if row is None:
        raise Refusal("not-found")
    return Versioned(row.code, row.version, read_product(row.document), row.author, row.created_at)


def is_paying(connection: Connection, code: str, version: int) -> bool:
    """Whether money can be sent from accounts that were opened under this version."""
    product = find(connection, code, version).product
    return isinstance(product, Deposit) and product.is_payment


def newest(connection: Connection) -> list[Versioned]:
    """Every product in its newest version, by code."""
    last = select(products.c.code, func.max(products.c.version).label("version")).group_by(products.c.code).subquery()
    rows = connection.execute(
        select(products)
        .join(last, (products.c.code == last.c.code) & (products.c.version == last.c.version))
        .order_by(products.c.code)
    )
    return [Versioned(row.code, row.version, read_product(row.document), row.author, row.created_at) for row in rows]


def history(connection: Connection, code: str) -> list[Versioned]:
    """All versions, the newest first."""
    rows = connection.execute(select(products).where(products.c.code == code).order_by(products.c.version.desc()))
    return [Versioned(row.code, row.version, read_product(row.document), row.author, row.created_at) for row in rows]


def by_entry_code(connection: Connection, code: str) -> Versioned | None:
    """The loan product whose printed code this is; letter case and spaces around do not matter."""
    wanted = code.strip().upper()
    for one in newest(connection):
        if isinstance(one.product, Loan) and wanted in one.product.codes:
            return one
    return None


def do_change(connection: Connection, code: str, version: int, product: Product, author: str) -> Versioned:
    """The next version after `version` (0: a new product). Refusals "invalid", "product-changed"."""
    if not CODE.fullmatch(code):
        raise Refusal("invalid", what="code")
    row = connection.execute(
        select(products.c.version, products.c.kind)
        .where(products.c.code == code)
        .order_by(products.c.version.desc())
        .limit(1)
    ).first()
    kind = "loan" if isinstance(product, Loan) else "deposit"
    if (row.version if row else 0) != version:
        raise Refusal("product-changed")
    if row is not None and row.kind != kind:
        raise Refusal("invalid", what="kind")
    at = now()
    connection.execute(
        insert(products).values(
            code=code,
            version=version + 1,
            kind=kind,
            document=msgspec.to_builtins(product),
            author=author,
            created_at=at,
        )
    )
    return Versioned(code, version + 1, product, author, at)


#: what a new bank sells
FIRST: dict[str, Product] = {
    "CURRENT": Deposit(name="活期储蓄", name_en="Current account", gl=2001, rate_bp=10),
    "SAVINGS": Deposit(
        name="定期存款",
        name_en="Savings",
        gl=2002,
        rate_bp=155,
        capitalised="month",
        is_payment=False,
        transfer_limit=0,
        day_limit=0,
    ),
    "MERCHANT": Deposit(
        name="小店经营户", name_en="Shop account", gl=2003, transfer_limit=5_000_000, day_limit=20_000_000
    ),
    "SHOP": Loan(
        name="小店贷",
        name_en="Shop loan",
        gl=1201,
        least=100_000,
        most=30_000_000,
        rate_bp=480,
        terms=[6, 12, 24, 36],
        codes=["EDEN-SHOP-2026"],
        penalty_bp=240,
    ),
    "HOME": Loan(
        name="装修贷",
        name_en="Home loan",
        gl=1202,
        least=500_000,
        most=50_000_000,
        rate_bp=420,
        terms=[6, 12, 24, 36],
        codes=["EDEN-HOME-2026"],
        penalty_bp=210,
        late_fee=2_000,
        prepay_fee_bp=100,
        prepay_fee_months=12,
        purpose="consumption",
    ),
}


def do_found(connection: Connection) -> None:
    """The first products, where there are none."""
    if connection.execute(select(products.c.code).limit(1)).first() is None:
        for code, product in FIRST.items():
            do_change(connection, code, 0, product, "bank")
