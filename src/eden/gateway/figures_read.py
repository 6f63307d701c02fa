"""What the console and the API show of `gateway_figures`: an operation over time, and many operations at a glance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import select

from eden.base.ground import Ground
from eden.base.identity.principal import Principal, check_permission
from eden.base.ids import now
from eden.gateway.figures import DAY, HOUR, MINUTE, SECOND, Tally, decode
from eden.gateway.histograms import quantile
from eden.gateway.models import gateway_figures

#: name → length of the period, and of a step in it, µs
PERIODS = {
    "15m": (15 * MINUTE, 15 * SECOND),
    "3h": (3 * HOUR, 2 * MINUTE),
    "24h": (24 * HOUR, 15 * MINUTE),
    "7d": (7 * DAY, 2 * HOUR),
    "30d": (30 * DAY, 12 * HOUR),
}
#: µs that a glance looks back
GLANCE = 5 * MINUTE
#: the second that is under way, and the one in which workers write, are not whole yet
_SETTLING = 2 * SECOND


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Of a span of time that begins at `at`. Shares are of calls; durations in milliseconds, None without calls."""

    at: int
    calls: int
    rate: float
    errors: float | None
    cached: float | None
    limited: int
    p50: float | None
    p95: float | None
    p99: float | None


class OperationFigures(msgspec.Struct, frozen=True, kw_only=True):
    """`total`: of the whole period; `codes`: result code → calls, the most frequent first."""

    period: str
    total: Step
    steps: list[Step]
    codes: dict[int, int]
    statuses: dict[int, int]
    dropped: int


class FigureViews:
    """One per process. Methods check the permission `gateway.read`."""

    def __init__(self, ground: Ground, clock: Callable[[], int] = now) -> None:
        self._database = ground.database
        self._clock = clock

    async def operation(
        self, principal: Principal, workspace_id: str, operation: str | None, period: str = "15m"
    ) -> OperationFigures:
        """Of one operation, or of all together. `period`: one of `PERIODS`."""
        check_permission(principal, workspace_id, "gateway.read")
        length, width = PERIODS[period]
        end = (self._clock() - _SETTLING) // width * width + width
        begin = end - length
        rows = await self._rows(workspace_id, None if operation is None else [operation], begin)
        steps = {at: Tally() for at in range(begin, end, width)}
        total = Tally()
        for row in rows:
            tally = decode(row.tally)
            total.add(tally)
            step = steps.get(row.at // width * width)
            if step is not None:
                step.add(tally)
        return OperationFigures(
            period=period,
            total=_step(begin, total, length),
            steps=[_step(at, tally, width) for at, tally in steps.items()],
            codes=dict(sorted(total.codes.items(), key=lambda item: (-item[1], item[0]))),
            statuses=dict(sorted(total.statuses.items())),
            dropped=total.dropped,
        )

    async def glance(self, principal: Principal, workspace_id: str, operations: Sequence[str]) -> dict[str, Step]:
        """Of the last minutes, by operation; those without calls are absent."""
        check_permission(principal, workspace_id, "gateway.read")
        begin = self._clock() - GLANCE
        totals: dict[str, Tally] = {}
        for row in await self._rows(workspace_id, list(operations), begin):
            totals.setdefault(row.operation, Tally()).add(decode(row.tally))
        return {operation: _step(begin, tally, GLANCE) for operation, tally in totals.items()}

    async def _rows(self, workspace_id: str, operations: list[str] | None, begin: int) -> list[Any]:
        table = gateway_figures.c
        query = select(table.operation, table.at, table.tally)
        query = query.where(table.workspace_id == workspace_id, table.at >= begin)
        if operations is not None:
            query = query.where(table.operation.in_(operations))
        return await self._database.read(lambda connection: list(connection.execute(query)))


def _step(at: int, tally: Tally, length: int) -> Step:
    calls = tally.calls

    def milliseconds(share: float) -> float | None:
        found = quantile(tally.buckets, share)
        return None if found is None else found / 1000

    return Step(
        at=at,
        calls=calls,
        rate=calls * SECOND / length,
        errors=tally.errors / calls if calls else None,
        cached=tally.cached / calls if calls else None,
        limited=tally.limited,
        p50=milliseconds(0.5),
        p95=milliseconds(0.95),
        p99=milliseconds(0.99),
    )
