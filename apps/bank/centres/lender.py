"""The lender as regulation looks at it: where it may lend, who takes part, which steps others do; in versions.

The staff's page changes it by four eyes, `python -m bank lender FILE` at once. A decision is made by the newest
version, and its trace keeps what that said.
"""

from __future__ import annotations

import tomllib
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import Connection, case, func, insert, select

from bank.credit.decide import Lender
from bank.tables import joint_loans, lenders, loans, repayments
from eden.base.errors import EdenError

Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=40)]
#: what the packs' rules on outsourcing know
Stage: TypeAlias = Literal[
    "credit-decision",
    "contract",
    "risk-model",
    "monitoring",
    "pre-loan",
    "in-loan",
    "post-loan",
    "marketing",
    "collection",
]
Area: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9]{2,6}$")]
_WHOLE = 10_000


class Joint(Struct, frozen=True, forbid_unknown_fields=True):
    """A product that another lender gives a share of, in basis points; `steps` of the loan are done by it."""

    product: Name
    partner: Name
    share_bp: Annotated[int, Meta(ge=1, lt=_WHOLE)]
    steps: list[Stage] = []


class Profile(Struct, frozen=True, forbid_unknown_fields=True):
    """Net tier-1 capital in cents. `territories` are first digits of areas (GB/T 2260) where a bank that is not
    `branchless` may lend; `listed` the partners of its public list; `outsourced` steps that others do for all products.
    `reading`: see `credit.packs`."""

    reading: Literal["notice", "draft"] = "notice"
    branchless: bool = True
    territories: list[Area] = []
    tier_1: Annotated[int, Meta(ge=0)] = 0
    listed: list[Name] = []
    outsourced: list[Stage] = []
    joint: list[Joint] = []

    def __post_init__(self) -> None:
        if not self.branchless and not self.territories:
            raise ValueError("a lender that is not branchless has territories")
        if len({one.product for one in self.joint}) != len(self.joint):
            raise ValueError("a product has one partner")


class Version(Struct, frozen=True):
    """A profile as decisions were made by it; `created_at` in µs."""

    version: int
    profile: Profile
    author: str
    created_at: int


def read(text: str) -> Profile:
    """A profile in TOML. Raises EdenError "bank-lender" with the place of what is wrong."""
    try:
        return msgspec.convert(tomllib.loads(text), Profile)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        hint = "docs/credit.md has an example."
        raise EdenError("bank-lender", f"This does not describe a lender: {error}.", hint) from error


def write(profile: Profile) -> str:
    """What `read` reads."""
    values = msgspec.to_builtins(profile)
    tables = [(f"[[{name}]]", row) for name in ("joint",) for row in values.pop(name)]
    # a JSON text, number, truth or list of them is one of TOML
    return "\n".join(
        line
        for head, fields in [("", values), *tables]
        for line in ([head] if head else []) + [f"{key} = {_plain(value)}" for key, value in fields.items()]
    )


def newest(connection: Connection) -> tuple[int, Profile]:
    """The version that decisions are made by, 0 for none yet, and what it says."""
    row = connection.execute(select(lenders).order_by(lenders.c.version.desc()).limit(1)).first()
    return (0, Profile()) if row is None else (row.version, msgspec.convert(row.document, Profile))


def history(connection: Connection) -> list[Version]:
    """All versions, the newest first."""
    rows = connection.execute(select(lenders).order_by(lenders.c.version.desc()))
    return [Version(row.version, msgspec.convert(row.document, Profile), row.author, row.created_at) for row in rows]


def do_set(connection: Connection, profile: Profile, author: str, at: int) -> int:
    """The next version's number; the same profile again is no version."""
    version, running = newest(connection)
    if running == profile:
        return version
    connection.execute(
        insert(lenders).values(version=version + 1, document=msgspec.to_builtins(profile), author=author, created_at=at)
    )
    return version + 1


def lender(connection: Connection, product: str, region: str, amount: int) -> Lender:
    """What a decision on a loan of `amount` is told; balances are those that it would make."""
    profile = newest(connection)[1]
    common = Lender(
        region=region,
        reading=profile.reading,
        territories=tuple(profile.territories),
        is_branchless=profile.branchless,
        outsourced=tuple(profile.outsourced),
        tier_1=profile.tier_1,
        listed=tuple(profile.listed),
    )
    joint = next((one for one in profile.joint if one.product == product), None)
    if joint is None:
        return common
    own = _WHOLE - joint.share_bp
    with_it, jointly, all_of_them = _own_parts(connection, joint.partner)
    new = amount * own // _WHOLE
    return msgspec.structs.replace(
        common,
        outsourced=tuple(sorted({*profile.outsourced, *joint.steps})),
        is_joint=True,
        own_share=own,
        partners=(joint.partner,),
        partner_exposure=with_it + new,
        joint_loans=jointly + new,
        all_loans=all_of_them + new,
    )


def do_share(connection: Connection, loan: str, decided: Lender) -> None:
    """Keep with whom a loan is shared that has been signed, as it was decided."""
    if decided.is_joint:
        connection.execute(
            insert(joint_loans).values(loan_id=loan, partner=decided.partners[0], own_share=decided.own_share)
        )


def _own_parts(connection: Connection, partner: str) -> tuple[int, int, int]:
    """The bank's own parts of principal that is owed, cents: of loans with this partner, of joint ones, of all."""
    back = (
        select(repayments.c.loan_id, func.sum(repayments.c.amount - repayments.c.interest).label("principal"))
        .group_by(repayments.c.loan_id)
        .subquery()
    )
    left = loans.c.amount - func.coalesce(back.c.principal, 0)
    own = left * func.coalesce(joint_loans.c.own_share, _WHOLE)
    row = connection.execute(
        select(
            func.sum(case((joint_loans.c.partner == partner, own), else_=0)),
            func.sum(case((joint_loans.c.partner.is_not(None), own), else_=0)),
            func.sum(own),
        )
        .select_from(loans.outerjoin(back, back.c.loan_id == loans.c.id).outerjoin(joint_loans))
        .where(loans.c.state.in_(("signed", "active")))
    ).one()
    with_it, jointly, all_of_them = (int(value or 0) // _WHOLE for value in row)
    return with_it, jointly, all_of_them


def _plain(value: object) -> str:
    return msgspec.json.encode(value).decode()
