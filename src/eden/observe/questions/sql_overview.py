"""The numbers of an app's first page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from eden.base.api.times import moment
from eden.observe.interfaces import PAGE_LEAVE, PAGE_VIEW
from eden.observe.questions.activity import errors, launches, persons, presence, sessions
from eden.observe.questions.interfaces import AnyFilter, Overview
from eden.observe.questions.results import (
    ErrorFigures,
    OverviewFigures,
    OverviewLine,
    OverviewResult,
    PageFigures,
    Series,
)
from eden.observe.questions.sql_versions import by_place, free_of, share_of
from eden.observe.questions.statements import SAME, Asking, Build, Rows, Statement, only_common
from eden.observe.questions.times import LONGEST, Range, before, edges, local_time, resolve
from eden.observe.schema import SLOT_SECONDS

_MS = "toUnixTimestamp64Milli"
#: versions in the lines of adoption
_VERSIONS = 6


def ask(question: Overview, app: int, now: int) -> Asking[OverviewResult]:
    found = resolve(question.period, now)
    moments = edges(found, question.interval)
    filters = only_common(question.filters)

    def build() -> Build:
        return Build(app, now)

    wanted = _whole(build, found, moments, filters)
    wanted += [_recent(build(), found, filters), _pages(question, build(), found, filters)]
    wanted += [_errors(question, build(), found, filters)]
    if question.compare:
        earlier = before(question.period, found)
        start = [earlier.since // 1_000_000]
        wanted += _whole(build, earlier, start, filters, "before_")
    answers = yield wanted
    active, visits, faults, starts = (by_place(rows) for rows in answers[:4])
    new = {row[0]: row[1] for row in answers[4]}
    [recent] = answers[6] or [(0, 0, 0)]
    versions = sorted((key for key, at in active if at is None and key), key=lambda one: (-active[one, None][0], one))[
        :_VERSIONS
    ]
    return OverviewResult(
        figures=_figures(answers[:6]),
        before=_figures(answers[9:]) if question.compare else None,
        active_day=recent[0],
        active_week=recent[1],
        active_month=recent[2],
        lines=[
            _line(
                found,
                at,
                active.get((None, at), (0,))[0],
                visits.get((None, at), (0,))[0],
                new.get(at, 0),
                faults.get((None, at), (0, 0, 0, 0)),
                starts.get((None, at), (0, 0, [])),
            )
            for at in moments
        ],
        pages=[
            PageFigures(
                page=page, views=views, persons=persons, seconds=stay / 1000 if stayed else None,
                render_p50=render if rendered else None,
            )
            for page, views, persons, stayed, stay, rendered, render in answers[7]
        ],
        errors=[
            ErrorFigures(
                group=group, type=type_, message=message, count=count, persons=persons, fatal=bool(fatal),
                last_seen=moment(last * 1000),
            )
            for group, type_, message, count, persons, fatal, last in answers[8]
        ],
        versions=[
            Series(
                key=(one,),
                values=[share_of(active.get((one, at), (0,))[0], active.get((None, at), (0,))[0]) for at in moments],
                total=share_of(active[one, None][0], active[None, None][0]),
            )
            for one in versions
        ],
    )  # fmt: skip


def _whole(
    build: Any, found: Range, moments: Sequence[int], filters: Sequence[AnyFilter], name: str = ""
) -> list[Statement]:
    return [
        persons(build(), found, moments, filters, "version", ("version",), f"{name}persons"),
        sessions(build(), found, moments, filters, "''", (), "bucket", f"{name}sessions"),
        errors(build(), found, moments, filters, "version", f"{name}errors"),
        launches(build(), found, moments, filters, "''", f"{name}launches"),
        _new(build(), found, moments, filters, f"{name}new"),
        _stay(build(), found, filters, f"{name}stay"),
    ]


def _new(build: Build, found: Range, moments: Sequence[int], filters: Sequence[AnyFilter], name: str) -> Statement:
    """Rows: interval, people whose very first event is in it."""
    ever = replace(found, since=found.until - int(LONGEST.total_seconds()) * 1_000_000)
    where = build.rows(ever, filters, "person != ''")
    firsts = (
        f"SELECT min(at) AS first FROM events WHERE {where} GROUP BY person"
        f" HAVING first >= fromUnixTimestamp64Milli({build.bind(found.milliseconds[0], 'Int64')})"
    )
    return build.done(
        name, f"SELECT {build.bucket(moments, 'first')} AS bucket, count() FROM ({firsts}) GROUP BY bucket"
    )


def _stay(build: Build, found: Range, filters: Sequence[AnyFilter], name: str) -> Statement:
    """One row: milliseconds that pages were looked at."""
    where = build.rows(found, filters, f"name = {build.bind(PAGE_LEAVE, 'String')}", "session != ''")
    rows = f"SELECT value AS number FROM events WHERE {where} LIMIT 1 BY {SAME}"
    return build.done(name, f"SELECT sum(number), count(number) FROM ({rows})")


def _recent(build: Build, found: Range, filters: Sequence[AnyFilter]) -> Statement:
    """One row: people active in the 1, 7 and 28 days up to the period's end, in quarters of an hour."""
    end = -(-found.until // 1_000_000 // SLOT_SECONDS) * SLOT_SECONDS
    month, week, day = (end - days * 86_400 for days in (28, 7, 1))
    reach = replace(found, since=month * 1_000_000)
    rows = presence(build, reach, [month, week, day], filters, "''", ())
    counts = ", ".join(f"uniqMergeIf(seen, bucket >= {build.bind(at, 'UInt32')})" for at in (day, week, month))
    return build.done("recent", f"SELECT {counts} FROM ({rows})")


def _pages(question: Overview, build: Build, found: Range, filters: Sequence[AnyFilter]) -> Statement:
    """Rows: page, views, people, stays, their median, renders, their median (milliseconds); the most seen first."""
    view, leave = build.bind(PAGE_VIEW, "String"), build.bind(PAGE_LEAVE, "String")
    where = build.rows(found, filters, f"name IN ({view}, {leave})", "page != ''")
    rows = (
        f"SELECT toString(page) AS place, name = {view} AS seen, value AS number, person AS who"
        f" FROM events WHERE {where} LIMIT 1 BY place, seen, {SAME}"
    )
    return build.done(
        "pages",
        "SELECT place, countIf(seen) AS views, uniqIf(who, seen AND who != ''), countIf(number, NOT seen),"
        " quantileExactIf(0.5)(number, NOT seen), countIf(number, seen), quantileExactIf(0.5)(number, seen)"
        f" FROM ({rows}) GROUP BY place HAVING views > 0 ORDER BY views DESC, place"
        f" LIMIT {build.bind(question.top, 'UInt32')}",
    )


def _errors(question: Overview, build: Build, found: Range, filters: Sequence[AnyFilter]) -> Statement:
    """Rows: fingerprint, type and message of the newest, errors, people, whether one was a crash, milliseconds of the
    newest; the most frequent first."""
    return build.done(
        "groups",
        "SELECT lower(leftPad(hex(`group`), 16, '0')) AS crash, argMax(type, at), argMax(message, at), uniqExact(id) AS"
        f" times, uniqIf(person, person != ''), max(fatal), {_MS}(max(at)) FROM errors"
        f" WHERE {build.rows(found, filters)} GROUP BY `group` ORDER BY times DESC, crash"
        f" LIMIT {build.bind(question.top, 'UInt32')}",
    )


def _figures(answers: Sequence[Rows]) -> OverviewFigures:
    active, visits, faults, starts = (by_place(rows).get((None, None)) for rows in answers[:4])
    people, visited = (active or (0,))[0], (visits or (0,))[0]
    errors_, _, crashed_persons, crashed_sessions = faults or (0, 0, 0, 0)
    launched, measured, quantiles = starts or (0, 0, [])
    [(stayed, stays)] = answers[5] or [(None, 0)]
    return OverviewFigures(
        persons=people,
        new_persons=sum(row[1] for row in answers[4]),
        launches=launched,
        sessions=visited,
        session_seconds=stayed / 1000 / visited if stays and visited else None,
        crash_free_persons=free_of(crashed_persons, people),
        crash_free_sessions=free_of(crashed_sessions, visited),
        start_p50=quantiles[0] if measured else None,
        start_p95=quantiles[1] if measured else None,
        errors=errors_,
    )


def _line(
    found: Range, at: int, people: int, visits: int, new: int, faults: Sequence[Any], starts: Sequence[Any]
) -> OverviewLine:
    launched, measured, quantiles = starts
    return OverviewLine(
        at=local_time(at * 1_000_000, found.zone),
        persons=people,
        new_persons=new,
        launches=launched,
        sessions=visits,
        crash_free_persons=free_of(faults[2], people),
        start_p50=quantiles[0] if measured else None,
        start_p95=quantiles[1] if measured else None,
    )
