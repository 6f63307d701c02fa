"""The numbers of an app's first page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from eden.base.api.times import moment
from eden.observe.interfaces import PAGE_LEAVE, PAGE_VIEW
from eden.observe.questions.activity import errors, launches, persons, presence, sessions, tally
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
from eden.observe.questions.statements import Asking, Build, Rows, Statement, only_common
from eden.observe.questions.times import LONGEST, Range, before, edges, local_time, resolve
from eden.observe.schema import SLOT_SECONDS

_MS = "toUnixTimestamp64Milli"
#: statements whose rows have places
_PLACED = ("persons", "sessions", "errors", "launches")
#: versions in the lines of adoption
_VERSIONS = 6


def ask(question: Overview, app: int, now: int) -> Asking[OverviewResult]:
    found = resolve(question.period, now)
    moments = edges(found, question.interval)
    filters = only_common(question.filters)

    def build() -> Build:
        return Build(app, now)

    earlier = before(question.period, found) if question.compare else None
    wanted = _whole(build, found, moments, filters)
    wanted += [_new(build(), found, earlier, moments, filters), _recent(build(), found, filters)]
    wanted += [_pages(question, build(), found, filters), _errors(question, build(), found, filters)]
    if earlier is not None:
        wanted += _whole(build, earlier, [earlier.since // 1_000_000], filters, "before_")
    answers = dict(zip((one.name for one in wanted), (yield wanted), strict=True))
    active, visits, faults, starts = (by_place(answers[name]) for name in _PLACED)
    new: dict[int | None, int] = dict(answers["new"])  # type: ignore[arg-type]
    new_before = new.pop(None, 0)
    [recent] = answers["recent"] or [(0, 0, 0)]
    versions = sorted((key for key, at in active if at is None and key), key=lambda one: (-active[one, None][0], one))[
        :_VERSIONS
    ]
    return OverviewResult(
        figures=_figures(answers, sum(new.values())),
        before=_figures(answers, new_before, "before_") if question.compare else None,
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
            for page, views, persons, stayed, stay, rendered, render in answers["pages"]
        ],
        errors=[
            ErrorFigures(
                group=f"{group:016x}", type=type_, message=message, culprit=culprit, count=count, persons=persons,
                fatal=bool(fatal), last_seen=moment(last * 1000),
            )
            for group, type_, message, culprit, count, persons, fatal, last in answers["groups"]
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
        errors(build(), found, moments, filters, "''", "bucket", f"{name}errors"),
        launches(build(), found, moments, filters, "''", "bucket", f"{name}launches"),
        tally(build(), found, filters, "''", (), (PAGE_LEAVE,), f"{name}stay"),
    ]


def _new(
    build: Build, found: Range, earlier: Range | None, moments: Sequence[int], filters: Sequence[AnyFilter]
) -> Statement:
    """Rows: interval (None: the period before), people whose very first event is in it."""
    since, until, *before_ = (
        f"fromUnixTimestamp64Milli({build.bind(at, 'Int64')})"
        for at in (*found.milliseconds, *(earlier.milliseconds if earlier else ()))
    )
    wanted = f"began >= {since} AND began < {until}"
    wanted += f" OR began >= {before_[0]} AND began < {before_[1]}" if before_ else ""
    if filters:
        ever = replace(found, since=found.until - int(LONGEST.total_seconds()) * 1_000_000)
        where = build.rows(ever, filters, "person != ''")
        known = f"min(at) AS began FROM events WHERE {where}"
    else:
        known = f"min(first) AS began FROM seen WHERE {build.of_app()}"
    firsts = f"SELECT {known} GROUP BY person HAVING {wanted}"
    return build.done(
        "new",
        f"SELECT if(began >= {since}, {build.bucket(moments, 'began')}, NULL) AS place, count() FROM ({firsts})"
        " GROUP BY place",
    )


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
    names = (f"name = {build.bind(name, 'String')}" for name in (PAGE_VIEW, PAGE_LEAVE))
    wanted = (build.rows(found, filters, name, "page != ''") for name in names)
    viewed, left = (f"FROM events WHERE {where} GROUP BY page" for where in wanted)
    # each name by itself: rows of a name lie together, and nothing has to be told apart
    return build.done(
        "pages",
        "SELECT toString(page), views, people, stays, stay, renders, render FROM (SELECT page, count() AS views,"
        " uniqIf(person, person != '') AS people, count(value) AS renders, quantileExact(0.5)(value) AS render"
        f" {viewed} ORDER BY views DESC, page LIMIT {build.bind(question.top, 'UInt32')}) AS viewed"
        f" LEFT JOIN (SELECT page, count(value) AS stays, quantileExact(0.5)(value) AS stay {left}) AS closed"
        " USING page ORDER BY views DESC, page",
    )


def _errors(question: Overview, build: Build, found: Range, filters: Sequence[AnyFilter]) -> Statement:
    """Rows: number, type, message and culprit of the newest, errors, people, whether one was a crash, milliseconds of
    the newest; the most frequent first."""
    return build.done(
        "groups",
        "SELECT `group`, argMax(type, at), argMax(message, at), argMax(toString(culprit), at), count() AS"
        f" times, uniqIf(person, person != ''), max(fatal), {_MS}(max(at)) FROM errors"
        f" WHERE {build.rows(found, filters)} GROUP BY `group` ORDER BY times DESC, `group`"
        f" LIMIT {build.bind(question.top, 'UInt32')}",
    )


def _figures(answers: Mapping[str, Rows], new: int, name: str = "") -> OverviewFigures:
    active, visits, faults, starts = (by_place(answers[name + one]).get((None, None)) for one in _PLACED)
    people, visited = (active or (0,))[0], (visits or (0,))[0]
    errors_, _, crashed_persons, crashed_sessions = faults or (0, 0, 0, 0)
    launched, measured, quantiles = starts or (0, 0, [])
    [(_, _, _, stays, stayed, _)] = answers[f"{name}stay"] or [("", "", 0, 0, 0.0, 0)]
    return OverviewFigures(
        persons=people,
        new_persons=new,
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
