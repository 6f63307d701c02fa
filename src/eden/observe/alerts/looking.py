"""Finding the number of a rule in the events store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

import msgspec
from msgspec.structs import replace

from eden.base.api.times import moment
from eden.base.problems import Problem
from eden.observe.alerts.comparing import begin, observe, reading
from eden.observe.alerts.interfaces import (
    AlertRule,
    Arm,
    AskedNumber,
    Betting,
    Change,
    Compared,
    Memory,
    Reading,
    Sequential,
    SqlNumber,
)
from eden.observe.alerts.judging import read
from eden.observe.apps import App
from eden.observe.insight.client import Insight, Limits
from eden.observe.questions import interfaces as ask
from eden.observe.questions import results, times
from eden.observe.questions.answers import answer
from eden.observe.questions.statements import Build, Statement, conjunction
from eden.observe.sql.queries import Queries
from eden.observe.sql.refusals import Refusal

#: one look among many; people's questions come first
_LIMITS = Limits(seconds=20.0, memory_bytes=300_000_000, rows=10, read_rows=2_000_000_000)
#: microseconds that rows may be late behind others that were received at the same time
_LATE = 5_000_000
#: a comparison that was not looked at for longer begins where this begins
_LONGEST = 2 * 24 * 3600 * 1_000_000

#: the code of the newest version that is known, -1: none is
Newest = Callable[[], int]


class NoLook(Exception):
    """The store does not answer: as if there had been no look."""


class NoNumber(Exception):
    """The rule's number cannot be had; the sentence says why."""


async def look(insight: Insight, app: App, rule: AlertRule, memory: Memory, newest: Newest, now: int) -> Memory:
    """The memory with what was found in `last`. Raises NoLook; NoNumber when the rule is at fault."""
    try:
        if isinstance(rule.subject, Compared):
            assert isinstance(rule.condition, Sequential)
            betting, found = await _compare(insight, app, rule.subject, rule.condition, memory.betting, newest(), now)
            return replace(memory, last=found, betting=betting)
        change = isinstance(rule.condition, Change)
        if isinstance(rule.subject, AskedNumber):
            value, before = await _asked(insight, app, rule.subject.question, now, change=change)
        else:
            value, before = await _sql(insight, app, rule.subject, now, change=change)
    except Problem as problem:
        if problem.code == "insight-unavailable":
            raise NoLook from problem
        raise NoNumber(problem.sentence) from problem
    except Refusal as refusal:
        raise NoNumber(refusal.sentence) from refusal
    assert not isinstance(rule.condition, Sequential)
    return replace(memory, last=read(rule.condition, value, before))


async def _asked(
    insight: Insight, app: App, question: ask.Question, now: int, *, change: bool
) -> tuple[float | None, float | None]:
    asked = [question]
    if change:
        found = times.resolve(question.period, now)
        earlier = times.before(question.period, found)
        zone = question.period.zone
        period = ask.Period(since=moment(earlier.since), until=moment(earlier.until), zone=zone)
        asked.append(replace(question, period=period))
    answers = await asyncio.gather(*(answer(insight, app.number, one, now) for one in asked))
    numbers = [number(one.result) for one in answers]
    return numbers[0], numbers[1] if change else None


def number(result: results.Result) -> float | None:
    """The number of an answer, None when it has none."""
    match result:
        case results.TrendResult(series=[first]):
            return first.total
        case results.FunnelResult(whole=whole):
            return whole.steps[-1].share if whole.steps else None
        case results.PercentilesResult(whole=whole):
            return whole.percentiles[0].value if whole.percentiles else None
        case results.RetentionResult(shares=shares):
            return next((share for share in reversed(shares) if share is not None), None)
    return None


async def _sql(
    insight: Insight, app: App, subject: SqlNumber, now: int, *, change: bool
) -> tuple[float | None, float | None]:
    queries = Queries(insight)
    checked = await queries.check(subject.sql, [app], {}, now=now)
    rows = (await queries.ask(checked, rows=2, limits=_LIMITS)).rows
    wanted = 2 if change else 1
    if len(rows) > 1 or (rows and len(rows[0]) != wanted):
        raise NoNumber(f"The query must give one row with {wanted} {'numbers' if change else 'number'}.")
    if not rows:
        return None, None
    found = [_number(value) for value in rows[0]]
    return found[0], found[1] if change else None


def _number(value: Any) -> float | None:
    """Decimals and large numbers may come as text."""
    if value is None:
        return None
    if isinstance(value, (bool, int, float, str)):
        try:
            found = float(value)
        except ValueError:
            found = float("nan")
        if isfinite(found):
            return found
    raise NoNumber(f"The query must give a number, not {str(value)[:40]!r}.")


# comparisons


async def _compare(
    insight: Insight, app: App, subject: Compared, condition: Sequential, state: Betting | None, newest: int, now: int
) -> tuple[Betting, Reading]:
    version = newest if subject.new == "newest" else -1
    # one that begins later than now did so before the clock was set back
    if state is None or state.version != version or state.since > now:
        state = begin(now - _LATE, version)
        return state, reading(state, subject, condition)
    state = replace(state, since=max(state.since, now - _LONGEST))
    until = await _stored(insight, app, state.since, now)
    if until > state.since:
        sample = statement(subject, app.number, version, state.since, until, now)
        [row] = (await insight.ask(sample.sql, sample.parameters, limits=_LIMITS)).rows
        figures = [float(value or 0) for value in row]
        state = observe(state, Arm(*figures[:3]), Arm(*figures[3:]), until, subject, condition)
    return state, reading(state, subject, condition)


async def _stored(insight: Insight, app: App, since: int, now: int) -> int:
    """Up to when everything that was received is stored, as far as can be seen: no later than the newest row."""
    found = await insight.ask(
        "SELECT toUnixTimestamp64Milli(max(received)) FROM events WHERE app = {app:UInt32}"
        " AND received > fromUnixTimestamp64Milli({since:Int64}) AND at > fromUnixTimestamp64Milli({old:Int64})",
        {"app": app.number, "since": since // 1000, "old": (since - _LONGEST) // 1000},
        limits=_LIMITS,
    )
    newest = int(found.rows[0][0] or 0) * 1000 if found.rows else 0
    return min(newest, now - _LATE)


def statement(subject: Compared, app: int, version: int, since: int, until: int, now: int) -> Statement:
    """One row with three numbers of the new arm and three of the control: occasions, events, 0; or values, their sum,
    the sum of their squares. Of rows received after `since` up to `until` (microseconds)."""
    build = Build(app, now)
    rows = conjunction(
        [
            build.of_app(),
            f"received > fromUnixTimestamp64Milli({build.bind(since // 1000, 'Int64')})",
            f"received <= fromUnixTimestamp64Milli({build.bind(until // 1000, 'Int64')})",
            f"at > fromUnixTimestamp64Milli({build.bind((since - _LONGEST) // 1000, 'Int64')})",
            *(build.condition(one) for one in subject.filters),
        ]
    )
    events = build.events(subject.events)
    columns: list[str] = []
    for arm in _arms(build, subject, version):
        if subject.measure == "mean":
            value = build.number(subject.value)
            held = f"{arm} AND {events} AND isNotNull({value})"
            of = f"ifNull({value}, 0)"
            columns += [f"countIf({held})", f"sumIf({of}, {held})", f"sumIf({of} * {of}, {held})"]
        else:
            over = build.events(subject.over)
            # of a share, an event is one of the occasions
            counted = f"{over} AND {events}" if subject.measure == "share" else events
            columns += [f"countIf({arm} AND {over})", f"countIf({arm} AND {counted})", "0"]
    return build.done("comparison", f"SELECT {', '.join(columns)} FROM events WHERE {rows}")


def _arms(build: Build, subject: Compared, version: int) -> Sequence[str]:
    """Conditions on the version's code."""
    if subject.new == "all":
        return ["1", "0"]
    codes = (version,) if subject.new == "newest" else subject.new
    watched = f"code IN {build.bind(tuple(max(0, code) for code in codes), 'Array(UInt64)')}"
    if subject.baseline is not None:
        return [watched, "0"]
    if subject.control:
        return [watched, f"code IN {build.bind(tuple(subject.control), 'Array(UInt64)')}"]
    return [watched, f"NOT {watched}"]


def encoded(memory: Memory) -> Any:
    """As the table keeps it."""
    return msgspec.to_builtins(memory)
