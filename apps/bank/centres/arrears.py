"""What is due and not paid: collecting, penalty interest and charges, classes, allowances, and the end of hope.

    due ── collected from the deposit, as far as there is money
      ↓ overdue: penalty interest every night, a charge, letters after 1, 7, 15, 30, 60 and 90 days
      ↓ after 90 days interest is income only when it is paid; the allowance follows the class
      ↓ after 360 days two officers decide to write it off; what comes back afterwards is income

Penalty interest, charges and fees become income when they are paid.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, select, update

from bank.centres import bookings, interest, loan_rows, messages, products, repaying, sharing, worklist
from bank.centres.accounting import (
    ALLOWANCE,
    IMPAIRMENT,
    PARTNERS_MONEY,
    Code,
    balances,
    general,
    sub_account,
)
from bank.centres.batches import Progress, in_pieces
from bank.centres.loan_books import Debt
from bank.centres.payments import Order, Payments
from bank.centres.sharing import Share
from bank.centres.worklist import Word
from bank.credit.monitoring import NON_PERFORMING, WRITE_OFF
from bank.ledger.ledger import Ledger
from bank.loans.daycount import fraction, of_days
from bank.loans.working_days import add_months
from bank.refusals import Refusal, yuan
from bank.tables import loan_states, loans
from bank.times import day_of
from eden.base.database import Database
from eden.base.ids import now

#: names of the batches
COLLECT, ARREARS = "collect", "arrears"
#: kind of items of the work list
KIND = "write-off"
#: days overdue on which a letter goes out
LETTERS = (1, 7, 15, 30, 60, 90)
#: days before a due day on which it is said
_REMIND = 3
#: days after which officers are asked again whom a loan has not been written off
_AGAIN = 30
_DAY = datetime.timedelta(days=1)
_WRITE_OFF = ("write-off", "逾期超过 360 天，建议核销。", "It is overdue by more than 360 days: to be written off.")


class Rules(Struct, frozen=True):
    """From a day on: class → days overdue above which a loan has it, from the best to the worst."""

    since: datetime.date
    classes: tuple[tuple[str, int], ...]


#: China: Measures for the risk classification of financial assets of commercial banks (2023), by days overdue alone.
#: What replaces them will stand beside them, with its day
CLASSES = (
    Rules(
        datetime.date(2023, 7, 1),
        (("normal", -1), ("special mention", 0), ("substandard", 90), ("doubtful", 270), ("loss", 360)),
    ),
)
#: per cent of the principal that is set aside (Guidelines on provisions for loan losses, 2002, article 5)
ALLOWANCES = {"normal": 1, "special mention": 2, "substandard": 25, "doubtful": 50, "loss": 100}


def class_of(days_overdue: int, on: datetime.date) -> str:
    """The class by the rules that hold on a day. Raises ValueError before the first of them. Pure."""
    rules = max((one for one in CLASSES if one.since <= on), key=lambda one: one.since)
    return next(name for name, above in reversed(rules.classes) if days_overdue > above)


class Arrears:
    """The batches; `clock` gives µs."""

    def __init__(self, database: Database, ledger: Ledger, payments: Payments, clock: Callable[[], int] = now) -> None:
        self._database, self._ledger, self._payments, self._clock = database, ledger, payments, clock

    async def collect(self, progress: Progress) -> None:
        """Take what is due by the day from the deposits that loans are repaid from, as far as there is money."""
        for loan in await self._database.read(lambda connection: _collectable(connection, progress.day)):
            (there,) = (await balances(self._ledger, [loan.deposit_id])).values()
            key = f"collect {loan.id} {progress.day}"
            work = partial(self._do_collect, progress=progress, loan=loan, key=key, there=there.available)
            await repaying.in_turn(self._database, self._payments, key, work)

    def _do_collect(
        self, connection: Connection, progress: Progress, loan: Row[Any], key: str, there: int
    ) -> Order | None:
        """The order, if something is due and something is there; the same for the same day."""
        known = loan_rows.known_order(connection, loan.customer_id, key, key) or repaying.under_way(connection, loan)
        loan = repaying.row_of(connection, loan.id)
        if known is not None or loan.state != "active":
            return known
        # a late night: what was repaid meanwhile stays as it was divided
        value = max([progress.day, *(day for day, _ in loan_rows.repaid(connection, loan.id))])
        due = loan_rows.debt_of(connection, loan, value).due
        amount = min(due, there)
        progress.count(connection, due=int(due > 0), missed=int(due > there), cents=max(0, amount))
        if amount < 1:
            return None
        return repaying.do_order(connection, loan, key, key, amount, value, repaying.COLLECTED, self._clock())

    async def review(self, progress: Progress) -> None:
        """Look at every loan as the next day begins: how late it is, and what follows from that."""
        until = progress.next.isoformat()
        query = (
            select(loans.c.id)
            .join(loan_states)
            .where(
                (loans.c.state == "active") | ((loans.c.state == "closed") & (loan_states.c.allowance != 0)),
                loan_states.c.looked_at < until,
                loans.c.start < until,
            )
            .order_by(loans.c.id)
        )

        async def work(rows: list[Row[Any]]) -> None:
            await self._database.write(lambda connection: self._do_review(connection, progress, rows))

        await in_pieces(self._database, self._ledger, self._clock, query, work)

    def _do_review(self, connection: Connection, progress: Progress, rows: list[Row[Any]]) -> None:
        late = [_do_look(connection, progress, row.id, self._clock()) for row in rows]
        progress.count(connection, loans=len(rows), overdue=sum(late))


def _collectable(connection: Connection, day: datetime.date) -> list[Row[Any]]:
    """Loans of which something may be due."""
    rows = connection.execute(
        select(loans, loan_states.c.days_overdue)
        .join(loan_states)
        .where(loans.c.state == "active", loans.c.start < day.isoformat())
        .order_by(loans.c.id)
    ).all()
    return [row for row in rows if row.days_overdue or _is_due_day(row, day)]


def _is_due_day(loan: Row[Any], day: datetime.date) -> bool:
    start = datetime.date.fromisoformat(loan.start)
    months = (day.year - start.year) * 12 + day.month - start.month
    return 1 <= months <= loan.term and add_months(start, months) == day


def _do_look(connection: Connection, progress: Progress, identifier: str, at: int) -> bool:
    """One loan; whether it is overdue."""
    loan, state = repaying.row_of(connection, identifier), loan_rows.state_of(connection, identifier)
    if loan.state == "closed":
        worklist.do_close(connection, KIND, identifier, at)
        _do_allow(connection, progress, loan, state.allowance, 0, at)
        return False
    day, share = progress.next, sharing.share_of(connection, identifier)
    if not state.days_overdue and not _is_due_day(loan, progress.day):
        _do_remind(connection, loan, day, at)
        values: dict[str, Any] = {"class": "normal", "accruing": True}
        if day.day == 1 or not state.allowance:
            owed = loan.amount - loan_rows.paid(connection, identifier).principal
            values["allowance"] = share.own(owed) * ALLOWANCES["normal"] // 100
    else:
        debt = loan_rows.debt_of(connection, loan, day)
        values = _do_late(connection, progress, loan, share, state, debt, at)
    allowance = values.get("allowance", state.allowance)
    if allowance != state.allowance:
        _do_allow(connection, progress, loan, state.allowance, allowance, at)
    values |= {"looked_at": day.isoformat()}
    connection.execute(update(loan_states).where(loan_states.c.loan_id == identifier).values(values))
    return bool(values.get("days_overdue", state.days_overdue))


def _do_late(
    connection: Connection, progress: Progress, loan: Row[Any], share: Share, state: Row[Any], debt: Debt, at: int
) -> dict[str, Any]:
    """What is to be written of a loan that is or was overdue."""
    day, days = progress.next, debt.days_overdue
    product = products.find(connection, loan.product, loan.product_version).product
    assert isinstance(product, products.Loan)
    values: dict[str, Any] = {"days_overdue": days, "class": class_of(days, day)}
    owed = debt.end.principal
    values["allowance"] = share.own(owed) * ALLOWANCES[values["class"]] // 100
    if days <= WRITE_OFF:
        worklist.do_close(connection, KIND, loan.id, at)
    if not days:
        return values | {"accruing": True}
    rate = product.penalty_bp
    if debt.rows[-1].due < day:
        # after the last instalment the engine adds nothing any more
        rate += loan.rate_bp
    part = fraction(of_days(product.day_count), progress.day, day)
    values["penalty"] = str(Fraction(state.penalty) + Fraction(debt.overdue_principal * rate, 10_000) * part)
    if any((day - row.due).days == product.late_days + 1 for row in debt.past):
        values["charges"] = state.charges + product.late_fee
    if days in LETTERS:
        messages.do_tell(
            connection, loan.customer_id, "loan-overdue", at, number=loan.number, days=days, amount=yuan(debt.overdue)
        )
    if days > NON_PERFORMING and state.accruing:
        values |= {"accruing": False, "interest": _do_stop_accruing(connection, progress, loan, share, state, at)}
    if days > WRITE_OFF and (days - WRITE_OFF) % _AGAIN == 1:
        worklist.do_open(
            connection,
            KIND,
            loan.id,
            loan.customer_id,
            at,
            number=loan.number,
            reasons=[_WRITE_OFF],
            amount=owed,
            needed=2,
        )
    return values


def _do_stop_accruing(
    connection: Connection, progress: Progress, loan: Row[Any], share: Share, state: Row[Any], at: int
) -> int:
    """Take back interest that was booked and not paid; what stays booked."""
    paid = share.own(loan_rows.paid(connection, loan.id).interest)
    interest.do_accrue(connection, at, progress.day, progress.name, loan, paid - state.interest)
    return paid


def _do_allow(connection: Connection, progress: Progress, loan: Row[Any], before: int, after: int, at: int) -> None:
    """Set more aside for a loan's loss, or less."""
    bookings.do_book(
        connection,
        at,
        progress.day,
        progress.name,
        general(IMPAIRMENT),
        sub_account(loan.account_id, ALLOWANCE),
        after - before,
        Code.ALLOWANCE,
        loan.number,
    )
    connection.execute(update(loan_states).where(loan_states.c.loan_id == loan.id).values(allowance=after))


def _do_remind(connection: Connection, loan: Row[Any], day: datetime.date, at: int) -> None:
    due = day + _REMIND * _DAY
    if not _is_due_day(loan, due):
        return
    rows = loan_rows.debt_of(connection, loan, day).rows
    row = next((row for row in rows if row.due == due), None)
    if row is not None and row.outstanding:
        amount = yuan(int(row.outstanding * 100))
        messages.do_tell(
            connection, loan.customer_id, "loan-due", at, number=loan.number, day=due.isoformat(), amount=amount
        )


def do_write_off(connection: Connection, identifier: str, on: datetime.date, at: int) -> None:
    """Take a loan out of the books: the allowance is used up, the rest is a loss; a partner bears that of its own part.
    The debt stays, and what is repaid of it is income. Refusals "not-decidable" for one that has been repaid meanwhile,
    "repayment-open"."""
    loan = repaying.row_of(connection, identifier)
    if loan.state != "active":
        raise Refusal("not-decidable")
    if repaying.under_way(connection, loan) is not None:
        raise Refusal("repayment-open")
    state, debt = loan_rows.state_of(connection, identifier), loan_rows.debt_of(connection, loan, on)
    share = sharing.share_of(connection, identifier)
    owed = share.own(debt.end.principal)
    used = min(owed, state.allowance)
    where = (connection, at, on, KIND)
    allowance = sub_account(loan.account_id, ALLOWANCE)
    bookings.do_book(*where, allowance, loan.account_id, used, Code.WRITE_OFF, loan.number)
    bookings.do_book(*where, general(IMPAIRMENT), loan.account_id, owed - used, Code.WRITE_OFF, loan.number)
    bookings.do_book(*where, allowance, general(IMPAIRMENT), state.allowance - used, Code.ALLOWANCE, loan.number)
    paid = share.own(loan_rows.paid(connection, identifier).interest)
    interest.do_accrue(*where, loan, paid - state.interest)
    lent, theirs = sharing.lent(loan.account_id), share.part(debt.end.principal)
    bookings.do_book(*where, general(PARTNERS_MONEY), lent, theirs, Code.WRITE_OFF, loan.number)
    left = debt.end.interest + debt.end.principal + debt.penalty + debt.charge
    connection.execute(update(loans).where(loans.c.id == identifier).values(state=loan_rows.WRITTEN_OFF))
    connection.execute(
        update(loan_states)
        .where(loan_states.c.loan_id == identifier)
        .values({"allowance": 0, "interest": paid, "accruing": False, "class": "loss", "written_off": left})
    )
    messages.do_tell(connection, loan.customer_id, "loan-written-off", at, number=loan.number, amount=yuan(left))


def _do_word(connection: Connection, subject: str, officer: str, word: Word, note: str, at: int) -> None:
    """Officers have decided on writing a loan off. Refusal "not-overdue" for one of which enough was paid meanwhile."""
    if word is not Word.APPROVE:
        return
    loan, on = repaying.row_of(connection, subject), day_of(at)
    if loan.state == "active" and loan_rows.debt_of(connection, loan, on).days_overdue <= WRITE_OFF:
        raise Refusal("not-overdue")
    do_write_off(connection, subject, on, at)


worklist.DECIDERS[KIND] = _do_word
