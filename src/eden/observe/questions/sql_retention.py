"""Who comes back.

Every person is two numbers whose bits are the intervals of the period: in which they began, in which they came back.
A cohort then counts bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from eden.base.problems import Problem
from eden.observe.questions.interfaces import Interval, Retention
from eden.observe.questions.results import RetentionCohort, RetentionResult
from eden.observe.questions.statements import Asking, Build, Statement, conjunction, disjunction
from eden.observe.questions.times import LONGEST, Range, edges, following, local_time, resolve

#: intervals: as many as a number has bits
LARGEST = 64


def ask(question: Retention, app: int, now: int) -> Asking[RetentionResult]:
    found = resolve(question.period, now)
    moments = edges(found, question.interval)
    if len(moments) > LARGEST:
        sentence = f"Retention has at most {LARGEST} intervals; these are {len(moments)}."
        raise Problem(
            "invalid", sentence, "Choose a shorter period or a longer interval.", errors=[("interval", sentence)]
        )
    [rows] = yield [statement(question, Build(app, now), found, moments)]
    counted = {row[0]: (row[1], row[2]) for row in rows}
    count = len(moments)
    cohorts = []
    for index, at in enumerate(moments):
        size, back = counted.get(index, (0, [0] * count))
        # an interval that has begun is shown, though it has not ended
        cells: list[int | None] = [back[later] if index + later < count else None for later in range(count)]
        cohorts.append(RetentionCohort(at=local_time(at * 1_000_000, found.zone), size=size, back=cells))
    return RetentionResult(cohorts=cohorts, shares=_shares(cohorts, found, moments, question.interval))


def statement(
    question: Retention, build: Build, found: Range, moments: Sequence[int], *, name: str = "retention"
) -> Statement:
    """Rows: index of the cohort's interval, its size, and how many came back 0, 1, … intervals later."""
    unit = question.unit
    began, back = build.events(question.start), build.events(question.back)
    since, _ = found.milliseconds
    begins = f"fromUnixTimestamp64Milli({build.bind(since, 'Int64')})"
    of_back = f"groupBitOrIf({_bit(build, moments, 'at')}, {conjunction([back, f'at >= {begins}'])}) AS back"
    if question.mode == "recurring":
        where = build.rows(found, question.filters, f"{unit} != ''", disjunction([began, back]))
        people = (
            f"SELECT groupBitOrIf({_bit(build, moments, 'at')}, {began}) AS began, {of_back} FROM events WHERE {where}"
            f" GROUP BY {unit} HAVING began != 0"
        )
        of_each = "arrayJoin(bitPositionsToArray(began))"
    else:
        # who began before the period belongs to no cohort of it
        ever = Range(found.until - LONGEST // timedelta(microseconds=1), found.until, found.zone)
        wanted = disjunction([began, conjunction([back, f"at >= {begins}"])])
        where = build.rows(ever, question.filters, f"{unit} != ''", wanted)
        people = (
            f"SELECT minIf(at, {began}) AS first, {of_back} FROM events WHERE {where}"
            f" GROUP BY {unit} HAVING countIf({began}) > 0 AND first >= {begins}"
        )
        of_each = f"bitPositionsToArray({_bit(build, moments, 'first')})[1]"
    cohorts = f"SELECT {of_each} AS cohort, bitShiftRight(back, cohort) AS later FROM ({people})"
    met = "bitTest(later, {})" if question.bounded else "bitShiftRight(later, {}) != 0"
    counts = ", ".join(f"countIf({met.format(number)})" for number in range(len(moments)))
    return build.done(name, f"SELECT cohort, count(), [{counts}] FROM ({cohorts}) GROUP BY cohort")


def _bit(build: Build, moments: Sequence[int], of: str) -> str:
    """The bit of the interval in which a time is."""
    starts = build.bind(tuple(moments), "Array(UInt32)")
    # `transform` looks it up; `indexOf` would go through them for every row
    index = f"transform({build.bucket(moments, of)}, {starts}, arrayEnumerate({starts}), 1)"
    return f"bitShiftLeft(toUInt64(1), {index} - 1)"


def _shares(
    cohorts: Sequence[RetentionCohort], found: Range, moments: Sequence[int], unit: Interval
) -> list[float | None]:
    """Only of intervals that have ended: the last of the period has when the period ends there."""
    ended = len(moments) - (found.until < following(moments[-1] * 1_000_000, unit, found.zone))
    shares: list[float | None] = []
    for later in range(len(cohorts)):
        grown = [cohort for index, cohort in enumerate(cohorts) if index + later < ended]
        size = sum(cohort.size for cohort in grown)
        shares.append(sum(cohort.back[later] or 0 for cohort in grown) / size if size else None)
    return shares
