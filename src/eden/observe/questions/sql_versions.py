"""Versions side by side, and one against its control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from eden.base.api.times import moment
from eden.observe.interfaces import LAUNCH, REQUEST, WHITE_SCREEN
from eden.observe.questions import intervals
from eden.observe.questions.activity import errors, launches, persons, sessions, tally
from eden.observe.questions.interfaces import Interval, Release, Versions
from eden.observe.questions.results import (
    Compared,
    ReleaseArm,
    ReleaseResult,
    Series,
    VersionFigures,
    VersionsResult,
)
from eden.observe.questions.results import Interval as Bounds
from eden.observe.questions.statements import Asking, Build, Rows, Statement, only_common
from eden.observe.questions.times import Range, edges, local_time, resolve

#: people, sessions, launches or requests below which nothing is said
FEW = 100
_DAY = 86_400_000_000


def ask_versions(question: Versions, app: int, now: int) -> Asking[VersionsResult]:
    found = resolve(question.period, now)
    moments = edges(found, question.interval)
    filters = only_common(question.filters)

    def build() -> Build:
        return Build(app, now)

    key = build().text(question.by)
    answers = yield [
        persons(build(), found, moments, filters, key, (question.by,)),
        sessions(build(), found, moments, filters, key, (question.by,), "grp"),
        errors(build(), found, moments, filters, key, "grp"),
        launches(build(), found, moments, filters, key, "grp"),
        tally(build(), found, filters, key, (question.by,), (REQUEST,), "requests"),
    ]
    active, visits, faults, starts = (by_place(rows) for rows in answers[:4])
    calls = {group: (times, failed) for group, _, times, _, _, failed in answers[4]}
    everybody = active.get((None, None), (0, 0, 0))[0]
    versions = [key for key, at in active if at is None and key]
    versions.sort(key=lambda one: (-active[one, None][0], one))
    shown = versions[: question.top]
    return VersionsResult(
        versions=[
            _figures(
                one,
                everybody,
                active[one, None],
                visits[one, None][0],
                faults.get((one, None), (0, 0, 0, 0)),
                starts.get((one, None), (0, 0, [])),
                calls.get(one, (0, 0)),
            )
            for one in shown
        ],
        moments=[local_time(at * 1_000_000, found.zone) for at in moments],
        adoption=[
            Series(
                key=(one,),
                values=[share_of(active.get((one, at), (0,))[0], active.get((None, at), (0,))[0]) for at in moments],
                total=share_of(active[one, None][0], everybody),
            )
            for one in shown
        ],
    )


def by_place(rows: Rows) -> dict[tuple[str | None, int | None], Sequence[Any]]:
    """Figures of statements of `eden.observe.questions.activity` by group and interval; None: of all."""
    return {(row[0], row[1]): row[2:] for row in rows}


def share_of(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def free_of(part: float, whole: float) -> float | None:
    """The share that had none. Both are counted apart, so it is kept within 0 and 1."""
    return max(0.0, 1 - part / whole) if whole else None


def _figures(
    key: str,
    everybody: int,
    active: Sequence[Any],
    visits: int,
    faults: Sequence[Any],
    starts: Sequence[Any],
    calls: Sequence[Any],
) -> VersionFigures:
    people, first, last = active
    errors_, crashes, crashed_persons, crashed_sessions = faults
    launched, measured, quantiles = starts
    p50, p95 = quantiles if measured else (None, None)
    return VersionFigures(
        key=key,
        persons=people,
        share=share_of(people, everybody) or 0.0,
        sessions=visits,
        launches=launched,
        crashes=crashes,
        errors=errors_,
        crash_free_persons=free_of(crashed_persons, people),
        crash_free_sessions=free_of(crashed_sessions, visits),
        error_rate=share_of(errors_, launched),
        start_p50=p50,
        start_p95=p95,
        requests=calls[0],
        request_failures=share_of(calls[1], calls[0]),
        first_seen=moment(first * 1_000_000),
        last_seen=moment(last * 1_000_000),
    )


# a release


def ask_release(question: Release, app: int, now: int) -> Asking[ReleaseResult]:
    found = resolve(question.period, now)
    unit: Interval = "hour" if found.until - found.since <= 3 * _DAY else "day"
    moments = edges(found, unit)
    filters = only_common(question.filters)
    z = intervals.z_of(question.confidence)

    def build() -> tuple[Build, str]:
        made = Build(app, now)
        return made, _arm(question, made)

    of_persons, arm_of_persons = build()
    of_sessions, arm_of_sessions = build()
    of_errors, arm_of_errors = build()
    of_others, arm_of_others = build()
    answers = yield [
        persons(of_persons, found, moments, filters, arm_of_persons, ("code",)),
        sessions(of_sessions, found, moments, filters, arm_of_sessions, ("code",), "grp"),
        errors(of_errors, found, moments, filters, arm_of_errors, "grp"),
        _starts(question, *build(), found, z),
        tally(of_others, found, filters, arm_of_others, ("code",), (REQUEST, WHITE_SCREEN), "requests"),
    ]
    active, visits, faults = (by_place(rows) for rows in answers[:3])
    starts = {row[0]: row[1:] for row in answers[3]}
    counts = {(group, name): (times, failed) for group, name, times, _, _, failed in answers[4]}
    arms = [
        _Arm(
            active.get((arm, None), (0,))[0],
            visits.get((arm, None), (0,))[0],
            faults.get((arm, None), (0, 0, 0, 0)),
            starts.get(arm, (0, 0)),
            counts.get((arm, REQUEST), (0, 0)),
            counts.get((arm, WHITE_SCREEN), (0, 0))[0],
        )
        for arm in ("candidate", "control")
    ]
    return ReleaseResult(
        candidate=arms[0].shown,
        control=arms[1].shown,
        measures=_measures(arms[0], arms[1], z),
        moments=[local_time(at * 1_000_000, found.zone) for at in moments],
        adoption=[share_of(active.get(("candidate", at), (0,))[0], active.get((None, at), (0,))[0]) for at in moments],
    )


def _arm(question: Release, build: Build) -> str:
    """SQL of the arm to which a row belongs; rows that do not know their version belong to none."""
    control = f"code IN {build.bind(question.against, 'Array(UInt64)')}" if question.against else "code != 0"
    return f"multiIf(code = {build.bind(question.code, 'UInt64')}, 'candidate', {control}, 'control', '')"


def _starts(question: Release, build: Build, arm: str, found: Range, z: float) -> Statement:
    """Rows: arm, launches, those with a number, and for each percentile of the milliseconds: itself, its interval's
    ends: order statistics by the binomial's normal form (David and Nagaraja, "Order statistics", 7.1)."""
    where = build.rows(found, question.filters, f"name = {build.bind(LAUNCH, 'String')}")
    z_ = build.bind(z, "Float64")
    figures = []
    for of in ("0.5", "0.95"):
        spread = f"{z_} * sqrt(n * {of} * (1 - {of}))"
        places = (f"floor(n * {of})", f"floor(n * {of} - {spread})", f"ceil(n * {of} + {spread})")
        figures += [
            f"numbers[arrayFirstIndex(up_to -> up_to > least(greatest({place}, 0.), n - 1.), ends)]" for place in places
        ]
    # many launches have the same number: there is less to be sorted
    numbers = f"SELECT {arm} AS arm, value AS number, count() AS times FROM events WHERE {where} GROUP BY arm, number"
    merged = (
        "SELECT arm, sum(times) AS launches, arraySort(groupArrayIf((assumeNotNull(number), times), isNotNull(number)))"
        f" AS pairs, pairs.1 AS numbers, arrayCumSum(pairs.2) AS ends, ends[-1] AS n FROM ({numbers}) GROUP BY arm"
    )
    return build.done("starts", f"SELECT arm, launches, toInt64(n), {', '.join(figures)} FROM ({merged})")


class _Arm:
    """What was counted of one side."""

    def __init__(
        self,
        people: int,
        visits: int,
        faults: Sequence[Any],
        starts: Sequence[Any],
        calls: tuple[int, int],
        white_screens: int,
    ) -> None:
        self.persons, self.sessions = people, visits
        self.errors, self.crashes, self.crashed_persons, self.crashed_sessions = faults
        self.launches: int = starts[0]
        self.measured: int = starts[1]
        self.starts = starts[2:]
        self.requests, self.failed = calls
        self.white_screens = white_screens

    @property
    def shown(self) -> ReleaseArm:
        return ReleaseArm(
            persons=self.persons, sessions=self.sessions, launches=self.launches, crashes=self.crashes,
            errors=self.errors, requests=self.requests,
        )  # fmt: skip

    def figures(self, z: float) -> Mapping[str, tuple[int, float, Bounds]]:
        """By measure: of how many, the number, its interval. Of what there is nothing, nothing."""
        found: dict[str, tuple[int, float, Bounds]] = {}
        for name, of, crashed in (
            ("crash_free_persons", self.persons, self.crashed_persons),
            ("crash_free_sessions", self.sessions, self.crashed_sessions),
        ):
            if of:
                free = max(0, of - crashed)
                found[name] = (of, free / of, intervals.share(free, of, z))
        if self.requests:
            found["request_failures"] = (
                self.requests, self.failed / self.requests, intervals.share(self.failed, self.requests, z),
            )  # fmt: skip
        for name, count in (
            ("crash_rate", self.crashes), ("error_rate", self.errors), ("white_screens", self.white_screens),
        ):  # fmt: skip
            if self.launches:
                found[name] = (self.launches, count / self.launches, intervals.rate(count, self.launches, z))
        if self.measured:
            for name, (value, low, high) in (("start_p50", self.starts[:3]), ("start_p95", self.starts[3:])):
                found[name] = (self.measured, value, Bounds(low=low, high=high))
        return found


_MEASURES: Sequence[tuple[Any, Literal["more", "less"], Literal["share", "rate", "milliseconds"]]] = (
    ("crash_free_persons", "more", "share"),
    ("crash_free_sessions", "more", "share"),
    ("crash_rate", "less", "rate"),
    ("error_rate", "less", "rate"),
    ("request_failures", "less", "share"),
    ("white_screens", "less", "rate"),
    ("start_p50", "less", "milliseconds"),
    ("start_p95", "less", "milliseconds"),
)


def _measures(candidate: _Arm, control: _Arm, z: float) -> list[Compared]:
    ours, theirs = candidate.figures(z), control.figures(z)
    found = []
    for name, better, scale in _MEASURES:
        one, other = ours.get(name), theirs.get(name)
        change = bounds = None
        verdict: Literal["better", "worse", "same", "few"] = "few"
        if one is not None and other is not None:
            change = one[1] - other[1]
            bounds = intervals.difference(one[1], one[2], other[1], other[2])
            if min(one[0], other[0]) >= FEW:
                verdict = _verdict(bounds, better)
        found.append(
            Compared(
                measure=name, better=better, scale=scale,
                candidate=one and one[1], candidate_interval=one and one[2],
                control=other and other[1], control_interval=other and other[2],
                change=change, change_interval=bounds, verdict=verdict,
            )
        )  # fmt: skip
    return found


def _verdict(bounds: Bounds, better: str) -> Literal["better", "worse", "same"]:
    if bounds.low <= 0 <= bounds.high:
        return "same"
    return "better" if (bounds.low > 0) == (better == "more") else "worse"
