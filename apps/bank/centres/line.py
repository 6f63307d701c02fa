"""Where every application stands, in the database: the stations and events are those of `bank.credit.applications`.

What customers are told of it is coarser (`STATES`). All changes of an application's state are events here, so its
history says who moved it, when and why.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, insert, or_, select, update

from bank.credit import applications as rules
from bank.credit import worklist as pure
from bank.credit.applications import Case, NotPossible, Step
from bank.refusals import Refusal
from bank.tables import applications, cases

#: station → the state that a customer sees
STATES: Final = {
    **dict.fromkeys(("scanned", "identity", "documents", "consent"), "draft"),
    **dict.fromkeys(("data", "decided"), "received"),
    "manual": "referred",
    **dict.fromkeys(("offer", "contract"), "offered"),
    "disbursing": "signed",
    **dict.fromkeys(("cooling-off", "active", "closed"), "paid"),
    **{end: end for end in ("refused", "withdrawn", "expired")},
}
#: who moves what no person does
MACHINE: Final = "bank"
#: µs: the line's figures are of cases that moved since
_DAY: Final = 86_400_000_000
_RECENT: Final = 30 * _DAY


def find(connection: Connection, identifier: str) -> Case:
    """Where an application stands. Refusal "not-found"."""
    row = connection.execute(select(cases).where(cases.c.id == identifier)).first()
    if row is None:
        raise Refusal("not-found")
    return _case(row)


def do_begin(connection: Connection, identifier: str, at: int, by: str) -> Case:
    """A code was scanned: the application's case, which waits for the customer's identity."""
    case = rules.move(rules.begin(identifier, at), "begin", at, by)
    connection.execute(insert(cases).values(id=identifier, **_values(case)))
    return case


def do_move(
    connection: Connection, identifier: str, *events: str, at: int, by: str, note: str = "", days: int = 0
) -> Case:
    """One event after the other; `days` is how long a contract may be withdrawn from. Refusal "not-possible" for an
    event that does not belong where the application stands."""
    case = find(connection, identifier)
    try:
        for event in events:
            if case.queue == "officer" and event != "withdraw":
                case = rules.take(case, by)
            case = rules.move(case, event, at, by, note)
    except NotPossible as error:
        raise Refusal("not-possible") from error
    values = _values(case)
    if case.station == "cooling-off":
        values["deadline"] = at + days * _DAY
    connection.execute(update(cases).where(cases.c.id == identifier).values(**values))
    connection.execute(
        update(applications).where(applications.c.id == identifier).values(state=STATES[case.station], changed_at=at)
    )
    return case


def deadline(connection: Connection, identifier: str) -> int:
    """Until when an application should have left its station, µs; 0 where nothing waits."""
    return connection.execute(select(cases.c.deadline).where(cases.c.id == identifier)).scalar() or 0


def cools_off(connection: Connection, identifier: str, at: int) -> bool:
    """Whether an application's contract may still be withdrawn from."""
    row = connection.execute(select(cases.c.station, cases.c.deadline).where(cases.c.id == identifier)).first()
    return row is not None and row.station == "cooling-off" and at < row.deadline


def is_called_off(connection: Connection, identifier: str) -> bool:
    """Whether the customer has withdrawn from an application's contract, in time."""
    detail = connection.execute(select(applications.c.detail).where(applications.c.id == identifier)).scalar()
    return detail is not None and "called_off_at" in detail


def overdue(connection: Connection, at: int) -> list[Case]:
    """Cases whose deadline has passed, the longest waiting first."""
    rows = connection.execute(select(cases).where(cases.c.deadline <= at).order_by(cases.c.deadline).limit(500))
    return [_case(row) for row in rows]


def figures(connection: Connection, at: int) -> pure.Line:
    """How the line stands: what is on its way, and what moved within 30 days."""
    rows = connection.execute(select(cases).where(or_(cases.c.deadline.is_not(None), cases.c.since > at - _RECENT)))
    return pure.line((_case(row) for row in rows), at)


def _case(row: Row[Any]) -> Case:
    return Case(row.id, row.station, row.since, "", row.rework, msgspec.convert(tuple(row.history), tuple[Step, ...]))


def _values(case: Case) -> dict[str, Any]:
    return {
        "station": case.station,
        "since": case.since,
        "deadline": case.deadline,
        "rework": case.rework,
        "history": msgspec.to_builtins(case.history),
    }
