"""What a release's page shows of its reports: added up by the database, in as many spans as a plot has room for.

A release of a year has some ten thousand rows of counts; a page gets at most `MOST_SPANS` spans of each arm.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, literal_column, select

from eden.base.identity.principal import Principal, check_permission
from eden.base.sequential import Interval, rate
from eden.release.interfaces import EVERYONE, Arm, ArmCounts
from eden.release.models import release_counts
from eden.release.rules_machine import current
from eden.release.service_core import Core, find_release
from eden.release.service_targets import as_release

_MINUTE = 60 * 1_000_000
_HOUR = 60 * _MINUTE
#: lengths of a span, µs: those that people count in
_LENGTHS = (
    _MINUTE, 5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, 24 * _HOUR,
    7 * 24 * _HOUR, 28 * 24 * _HOUR,
)  # fmt: skip
#: points of a plot: a screen shows no more, and each costs an interval
MOST_SPANS = 72
_SHOWN = ("offered", "downloaded", "installed", "started", "first_page", "failed", "exposed", "crashed")


class Spans(msgspec.Struct, frozen=True, kw_only=True):
    """Reports over time, added up from the begin on. All sequences are as long as `at`, the ends of the spans (µs).

    `offered` to `failed`: of the version in all runs. `crashes` and `control`: chance of a crash per start in the
    present run, with bounds that hold at all times at once; None before the run's first start.
    """

    at: list[int]
    offered: list[int]
    downloaded: list[int]
    started: list[int]
    failed: list[int]
    crashes: list[Interval | None]
    control: list[Interval | None]


class ReleaseFigures(msgspec.Struct, frozen=True, kw_only=True):
    """`new` (by bucket and by list) and `control` of the present run, and their crash rates; `spans` is None before
    the first report."""

    new: ArmCounts
    control: ArmCounts
    crashes: Interval
    control_crashes: Interval
    spans: Spans | None


class Figures:
    """The method checks the permission first."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def of_release(self, principal: Principal, workspace_id: str, release_id: str) -> ReleaseFigures:
        """What was reported of a release so far."""
        check_permission(principal, workspace_id, "workspace.read")
        return await self._core.database.read(lambda connection: _figures(connection, workspace_id, release_id))


def _figures(connection: Connection, workspace_id: str, release_id: str) -> ReleaseFigures:
    row = find_release(connection, workspace_id, release_id)
    release = as_release(row, row.program_key)
    alpha = current(release).guardrails.alpha / EVERYONE
    counts = release_counts.c
    here = counts.release_id == release_id
    first, last = connection.execute(select(func.min(counts.at), func.max(counts.at)).where(here)).one()
    if first is None:
        nothing = rate(0, 0, alpha)
        return ReleaseFigures(
            new=ArmCounts(), control=ArmCounts(), crashes=nothing, control_crashes=nothing, spans=None
        )
    length = span_length(first, last)
    span = (counts.at - counts.at % length).label("span")
    sums = [func.sum(counts[name]).label(name) for name in _SHOWN]
    # one pass over all rows: totals are sums of what the plots show. Grouped by the name, since PostgreSQL takes the
    # same expression with another parameter for another one
    rows = connection.execute(
        select(span, counts.run, counts.arm, *sums).where(here).group_by(literal_column("span"), counts.run, counts.arm)
    ).all()
    new, control = _total(rows, release.run, control=False), _total(rows, release.run, control=True)
    begins = range(first - first % length, last + 1, length)
    return ReleaseFigures(
        new=new,
        control=control,
        crashes=rate(new.crashed, new.exposed, alpha),
        control_crashes=rate(control.crashed, control.exposed, alpha),
        spans=_spans(rows, begins, release.run, alpha),
    )


def _total(rows: Sequence[Row[Any]], run: int, *, control: bool) -> ArmCounts:
    """All of one arm in a run; "new" are both arms that have the version."""
    mine = [row for row in rows if row.run == run and (row.arm == Arm.CONTROL) is control]
    return ArmCounts(**{name: sum(int(getattr(row, name)) for row in mine) for name in _SHOWN})


def _spans(rows: Sequence[Row[Any]], begins: range, run: int, alpha: float) -> Spans:
    columns = {name: [0] * len(begins) for name in ("offered", "downloaded", "started", "failed")}
    exposed = {arm: [0] * len(begins) for arm in ("new", "control")}
    crashed = {arm: [0] * len(begins) for arm in ("new", "control")}
    for row in rows:
        place = (row.span - begins.start) // begins.step
        arm = "control" if row.arm == Arm.CONTROL else "new"
        if arm == "new":
            for name, column in columns.items():
                column[place] += int(getattr(row, name))
        if row.run == run:
            exposed[arm][place] += int(row.exposed)
            crashed[arm][place] += int(row.crashed)
    return Spans(
        at=[begin + begins.step for begin in begins],
        **{name: list(accumulate(column)) for name, column in columns.items()},
        crashes=_rates(crashed["new"], exposed["new"], alpha),
        control=_rates(crashed["control"], exposed["control"], alpha),
    )


def span_length(first: int, last: int) -> int:
    """The shortest length (µs) with which the time from `first` to `last` has at most `MOST_SPANS` spans."""
    fitting = (each for each in _LENGTHS if last // each - first // each < MOST_SPANS)
    return next(fitting, _LENGTHS[-1])


def _rates(events: Sequence[int], starts: Sequence[int], alpha: float) -> list[Interval | None]:
    found: list[Interval | None] = []
    known: Interval | None = None
    before = (0, 0)
    for each in zip(accumulate(events), accumulate(starts), strict=True):
        if each != before:
            known, before = rate(*each, alpha) if each[1] else None, each
        found.append(known)
    return found
