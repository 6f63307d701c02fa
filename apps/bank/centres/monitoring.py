"""After a loan has been paid out: early-warning signals.

Every night the borrower's cash flow and the bureau's report are held against those of the loan's decision
(`credit.monitoring`). Where that gets worse, an officer gets it on the work list, and the customer a word.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from bank.centres import deciding, messages, repaying, worklist
from bank.centres.batches import Progress
from bank.centres.worklist import Word
from bank.credit.decide import Decision
from bank.credit.monitoring import SIGNALS, Seen, look
from bank.tables import applications, loan_states, loans
from eden.base.database import Database
from eden.base.ids import now
from eden.base.sealing import Seal

#: name of the batch, and kind of items of the work list
MONITORING, KIND = "monitoring", "loan"
LEVELS = ("calm", "watch", "act")
_PIECE = 50
#: µs until an officer should have called
_PATIENCE = 3 * 86_400_000_000


class Monitoring:
    """The batch; `clock` gives µs."""

    def __init__(self, database: Database, seal: Seal, clock: Callable[[], int] = now) -> None:
        self._database, self._seal, self._clock = database, seal, clock

    async def watch(self, progress: Progress) -> None:
        """Look at every loan once."""
        last = ""
        while True:
            query = select(loans.c.id).where(loans.c.state == "active", loans.c.id > last).order_by(loans.c.id)
            ids = await self._database.read(
                lambda connection, query=query: list(connection.execute(query.limit(_PIECE)).scalars())  # type: ignore[misc]
            )
            if not ids:
                return
            await self._database.write(lambda connection, ids=ids: self._do_watch(connection, progress, ids))  # type: ignore[misc]
            last = ids[-1]

    def _do_watch(self, connection: Connection, progress: Progress, ids: list[str]) -> None:
        levels = [_do_look(connection, self._seal, progress, identifier, self._clock()) for identifier in ids]
        progress.count(connection, loans=len(ids), **{level: levels.count(level) for level in LEVELS[1:]})


def _do_look(connection: Connection, seal: Seal, progress: Progress, identifier: str, at: int) -> str:
    """One loan; its level."""
    row = connection.execute(
        select(loans, loan_states, applications.c.detail)
        .join(loan_states)
        .join(applications, applications.c.id == loans.c.id)
        .where(loans.c.id == identifier)
    ).one()
    data = msgspec.convert(row.detail["decision"], Decision).trace.data
    flow, report = deciding.seen(connection, seal, row.customer_id, progress.next)
    alert = look(Seen(data.cash_flow, data.report), Seen(flow, report, row.days_overdue))
    before: dict[str, Any] = row.alert
    kept = before | {"level": alert.level, "signals": list(alert.signals), "day": progress.day.isoformat()}
    connection.execute(update(loan_states).where(loan_states.c.loan_id == identifier).values(alert=kept))
    if LEVELS.index(alert.level) > LEVELS.index(before.get("level", LEVELS[0])):
        reasons = [(signal, *SIGNALS[signal][1:]) for signal in alert.signals]
        worklist.do_open(
            connection,
            KIND,
            identifier,
            row.customer_id,
            at,
            number=row.number,
            reasons=reasons,
            amount=row.amount,
            patience=_PATIENCE,
        )
        if not row.days_overdue:
            # of an overdue loan the letters speak
            messages.do_tell(connection, row.customer_id, "loan-watched", at, number=row.number)
    return alert.level


def _do_word(connection: Connection, subject: str, officer: str, word: Word, note: str, at: int) -> None:
    """An officer has looked at a signal: kept beside it. Asking again is a word to the customer."""
    alert = connection.execute(select(loan_states.c.alert).where(loan_states.c.loan_id == subject)).scalar_one()
    said = {"officer": officer, "word": word.value, "note": note, "at": at}
    connection.execute(update(loan_states).where(loan_states.c.loan_id == subject).values(alert=alert | {"said": said}))
    if word is Word.ASK_AGAIN:
        loan = repaying.row_of(connection, subject)
        messages.do_tell(connection, loan.customer_id, "loan-watched", at, number=loan.number)


worklist.DECIDERS[KIND] = _do_word
