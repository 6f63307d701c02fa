"""Four eyes: what one of the bank's people proposes, another decides; nobody decides what is their own.

    draft → waiting → approved → done       approved waits for its day; a reversal is done at once
          ↘ withdrawn ↘ refused  ↘ stale    stale: what it grew from has changed meanwhile

A product's version exists from its day on, not before: what is approved becomes one by `do_release`, which looks
whether its base is still the newest. One of the lender (`centres.lender`) is there as soon as it is approved. A
reversal is an order of the payment centre, carried out by who approves it.
"""

from __future__ import annotations

import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Row, insert, select, update

from bank.centres import lender, products
from bank.centres.lender import Profile
from bank.centres.payments import Order, is_reversible
from bank.centres.products import Product
from bank.ids import new_hex
from bank.refusals import Refusal
from bank.staff.members import Member
from bank.staff.tables import proposals
from bank.times import day_of

PRODUCT: Final = "product"
REVERSAL: Final = "reversal"
LENDER: Final = "lender"
#: (state, verb) → next state
MOVES: Final = {
    ("draft", "submit"): "waiting",
    ("draft", "withdraw"): "withdrawn",
    ("waiting", "withdraw"): "withdrawn",
    ("waiting", "approve"): "approved",
    ("waiting", "refuse"): "refused",
    ("approved", "release"): "done",
    ("approved", "overtake"): "stale",
}
#: verbs of who has proposed; the others are for anybody else
_AUTHORS: Final = ("submit", "withdraw")
_LONGEST_NOTE: Final = 500


class Proposal(Struct, frozen=True):
    """`base` is the version of the product or lender that it grew from, `effective` the ISO day from which it holds."""

    id: str
    kind: str
    subject: str
    document: dict[str, Any]
    base: int
    effective: str
    state: str
    note: str
    author_id: str
    created_at: int
    changed_at: int
    decided_by: str | None
    decided_at: int | None
    decision_note: str


def next_state(proposal: Proposal, verb: str, by: str) -> str:
    """The state after a verb of a person (id). Refusals "proposal-state" for one that does not belong there,
    "own-proposal", "not-author". Pure."""
    target = MOVES.get((proposal.state, verb))
    if target is None:
        raise Refusal("proposal-state")
    if verb in _AUTHORS and by != proposal.author_id:
        raise Refusal("not-author")
    if verb not in _AUTHORS and by == proposal.author_id:
        raise Refusal("own-proposal")
    return target


def find(connection: Connection, identifier: str, kind: str) -> Proposal:
    """Refusal "not-found"."""
    row = connection.execute(select(proposals).where(proposals.c.id == identifier, proposals.c.kind == kind)).first()
    if row is None:
        raise Refusal("not-found")
    return _of(row)


def of_kind(
    connection: Connection,
    kind: str,
    *,
    states: tuple[str, ...] = (),
    subject: str = "",
    before: str = "",
    limit: int = 50,
) -> list[Proposal]:
    """The newest first; `before` is the last one's id of the page before."""
    query = select(proposals).where(proposals.c.kind == kind)
    if states:
        query = query.where(proposals.c.state.in_(states))
    if subject:
        query = query.where(proposals.c.subject == subject)
    if before:
        query = query.where(proposals.c.id < before)
    return [_of(row) for row in connection.execute(query.order_by(proposals.c.id.desc()).limit(limit))]


def do_draft(
    connection: Connection, member: Member, code: str, base: int, product: Product, effective: str, note: str, at: int
) -> Proposal:
    """A draft of a product's next version. Refusals "invalid", "product-changed" (there is a newer version)."""
    effective = _checked_day(effective, at)
    _check_base(connection, code, base, product)
    document = msgspec.to_builtins(product)
    return _do_insert(connection, PRODUCT, code, document, base, effective, "draft", note, member.id, at)


def do_edit(
    connection: Connection, identifier: str, member: Member, product: Product, effective: str, note: str, at: int
) -> Proposal:
    """Change a draft of one's own. Refusals as of `do_draft`; "proposal-state", "not-author"."""
    known = find(connection, identifier, PRODUCT)
    if known.state != "draft":
        raise Refusal("proposal-state")
    if known.author_id != member.id:
        raise Refusal("not-author")
    effective = _checked_day(effective, at)
    _check_base(connection, known.subject, known.base, product)
    values = {
        "document": msgspec.to_builtins(product), "effective": effective, "note": note[:_LONGEST_NOTE], "changed_at": at
    }  # fmt: skip
    connection.execute(update(proposals).where(proposals.c.id == identifier).values(**values))
    return find(connection, identifier, PRODUCT)


def do_propose_reversal(connection: Connection, member: Member, order: Order, reason: str, at: int) -> Proposal:
    """That an order be undone; one that waits already is the same. Refusal "not-reversible"."""
    if not is_reversible(order, at):
        raise Refusal("not-reversible")
    waiting = of_kind(connection, REVERSAL, states=("waiting",), subject=order.id, limit=1)
    if waiting:
        return waiting[0]
    document = {"customer": order.customer_id, "amount": order.amount, "name": order.detail["name"], "day": order.day}
    effective = day_of(at).isoformat()
    return _do_insert(connection, REVERSAL, order.id, document, 0, effective, "waiting", reason, member.id, at)


def do_propose_lender(
    connection: Connection, member: Member, base: int, profile: Profile, note: str, at: int
) -> Proposal:
    """That the lender be described so from now on. Refusal "lender-changed" (there is a newer version)."""
    if lender.newest(connection)[0] != base:
        raise Refusal("lender-changed")
    document, effective = msgspec.to_builtins(profile), day_of(at).isoformat()
    return _do_insert(connection, LENDER, LENDER, document, base, effective, "waiting", note, member.id, at)


def do_set_lender(connection: Connection, approved: Proposal, names: dict[str, str], at: int) -> None:
    """Make a version of the lender of what was approved, unless another one came first."""
    is_newest = lender.newest(connection)[0] == approved.base
    if is_newest:
        lender.do_set(connection, msgspec.convert(approved.document, Profile), _authors(approved, names), at)
    do_end(connection, approved.id, "release" if is_newest else "overtake", at)


def do_move(
    connection: Connection, identifier: str, kind: str, verb: str, member: Member, note: str, at: int
) -> Proposal:
    """Submit, withdraw, approve or refuse. Refusals "not-found" and of `next_state`."""
    known = find(connection, identifier, kind)
    state = next_state(known, verb, member.id)
    values: dict[str, Any] = {"state": state, "changed_at": at}
    if verb not in _AUTHORS:
        values |= {"decided_by": member.id, "decided_at": at, "decision_note": note[:_LONGEST_NOTE]}
    connection.execute(
        update(proposals).where(proposals.c.id == identifier, proposals.c.state == known.state).values(**values)
    )
    return find(connection, identifier, kind)


def do_end(connection: Connection, identifier: str, verb: str, at: int) -> None:
    """What was approved has been done ("release"), or has been overtaken ("overtake")."""
    connection.execute(
        update(proposals)
        .where(proposals.c.id == identifier, proposals.c.state == "approved")
        .values(state=MOVES["approved", verb], changed_at=at)
    )


def do_release(connection: Connection, names: dict[str, str], at: int) -> list[str]:
    """Make versions of what was approved and whose day has come; ids of those. The author is who has written it and who
    has approved it."""
    today = day_of(at).isoformat()
    rows = connection.execute(
        select(proposals)
        .where(proposals.c.kind == PRODUCT, proposals.c.state == "approved", proposals.c.effective <= today)
        .order_by(proposals.c.effective, proposals.c.id)
    ).all()
    done = []
    for one in map(_of, rows):
        product, authors = products.read_product(one.document), _authors(one, names)
        try:
            products.do_change(connection, one.subject, one.base, product, authors)
        except Refusal:
            do_end(connection, one.id, "overtake", at)
        else:
            do_end(connection, one.id, "release", at)
            done.append(one.id)
    return done


def _authors(approved: Proposal, names: dict[str, str]) -> str:
    return f"{names[approved.author_id]} / {names[approved.decided_by or '']}"[:80]


def _do_insert(
    connection: Connection,
    kind: str,
    subject: str,
    document: dict[str, Any],
    base: int,
    effective: str,
    state: str,
    note: str,
    author: str,
    at: int,
) -> Proposal:
    made = Proposal(
        new_hex(at),
        kind,
        subject,
        document,
        base,
        effective,
        state,
        note[:_LONGEST_NOTE],
        author,
        at,
        at,
        None,
        None,
        "",
    )
    connection.execute(insert(proposals).values(msgspec.structs.asdict(made)))
    return made


def _checked_day(effective: str, at: int) -> str:
    """In the one form in which days are compared as texts; ISO 8601 has others."""
    try:
        day = datetime.date.fromisoformat(effective)
    except ValueError:
        raise Refusal("invalid", what="effective: YYYY-MM-DD") from None
    if day < day_of(at):
        raise Refusal("invalid", what="effective: today or later")
    return day.isoformat()


def _check_base(connection: Connection, code: str, base: int, product: Product) -> None:
    """Refusals "product-changed", "invalid" before anybody has to look at it; `do_release` looks again."""
    try:
        newest = products.find(connection, code)
    except Refusal:
        if base:
            raise Refusal("product-changed") from None
        if not products.CODE.fullmatch(code):
            raise Refusal("invalid", what="code: capital letters, digits, hyphens") from None
        return
    if newest.version != base:
        raise Refusal("product-changed")
    if type(newest.product) is not type(product):
        raise Refusal("invalid", what="kind")


def _of(row: Row[Any]) -> Proposal:
    values: Any = row
    return Proposal(*values)
