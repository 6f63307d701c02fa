"""How applications end by themselves: nobody answers, the contract is called off, the loan is over."""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy import Connection, select, update

from bank.centres import applying, line, messages, papers
from bank.refusals import Refusal
from bank.tables import applications, cases, loans
from eden.base.database import Database
from eden.base.ids import now

#: applications that are looked at in one write
_PIECE = 500
#: seconds between looks
_EVERY = 60

log = logging.getLogger("bank")


async def run(database: Database) -> None:
    """End what has waited too long, and let papers go whose time has come, for ever: what one of them raises keeps
    neither the others nor the next look from it."""
    while True:
        for work in (do_expire, do_settle, papers.do_forget):
            try:
                await database.write(lambda connection, work=work: work(connection, now()))  # type: ignore[misc]
            except Exception:
                log.exception("what has waited too long could not be ended")
        await asyncio.sleep(_EVERY)


def do_expire(connection: Connection, at: int) -> int:
    """End what has waited for its customer for too long, and what can no longer be withdrawn from; how many."""
    count = 0
    for case in line.overdue(connection, at):
        if case.station == "cooling-off":
            line.do_move(connection, case.id, "elapsed", at=at, by=line.MACHINE)
        elif case.queue == "customer":
            line.do_move(connection, case.id, "expire", at=at, by=line.MACHINE)
            row = connection.execute(select(applications).where(applications.c.id == case.id)).one()
            messages.do_tell(connection, row.customer_id, "loan-expired", at, number=row.number)
        else:
            continue  # a person or a machine is late: the line's figures show it
        count += 1
    return count


def do_call_off(connection: Connection, customer: str, identifier: str, at: int) -> None:
    """The customer withdraws from the contract while that may be done; what is paid back, the lending centre says.
    Again is once. Refusals "not-found", "too-late"."""
    row = applying.own(connection, customer, identifier)
    if "called_off_at" in row.detail:
        return
    if not line.cools_off(connection, identifier, at):
        raise Refusal("too-late")
    detail = row.detail | {"called_off_at": at}
    connection.execute(update(applications).where(applications.c.id == identifier).values(detail=detail))


def do_settle(connection: Connection, at: int) -> int:
    """Applications whose loans have come to their ends end, too; how many."""
    rows = connection.execute(
        select(loans.c.id, loans.c.state, cases.c.station, applications.c.customer_id, applications.c.detail)
        .join(cases, cases.c.id == loans.c.id)
        .join(applications, applications.c.id == loans.c.id)
        .where(loans.c.state.in_(("closed", "written-off")), cases.c.station.in_(("cooling-off", "active")))
        .limit(_PIECE)
    ).all()
    for row in rows:
        if row.station == "cooling-off" and "called_off_at" in row.detail:
            line.do_move(connection, row.id, "withdraw", at=at, by=row.customer_id)
            continue
        if row.station == "cooling-off":
            line.do_move(connection, row.id, "elapsed", at=at, by=line.MACHINE)
        event = "repaid" if row.state == "closed" else "written-off"
        line.do_move(connection, row.id, event, at=at, by=line.MACHINE)
    return len(rows)
