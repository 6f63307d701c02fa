"""Calls that went wrong or were slow, kept for a week to be found by their trace id.

Of what a caller sent, only names are kept: the operation, the method, which parameters the query had; never their
values, a header or a body.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from sqlalchemy import Connection, delete, insert, select

from eden.base.database import Database
from eden.base.ground import Ground
from eden.base.identity.principal import Principal, check_permission
from eden.base.ids import new_id
from eden.gateway.exchange import GOOD, Answer, Exchange
from eden.gateway.models import gateway_traces

#: traces of a worker in a second, and of one operation in it, so that no operation hides the others
MOST, MOST_OF_ONE = 100, 20
#: µs that traces are kept
KEPT = 7 * 24 * 3600 * 1_000_000
_TRACE = re.compile(r"[0-9a-f]{32}")
_LONGEST = 300
_NAMES = 20


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """A call; without an `operation`, what was none. `at`: when it was over, µs; `micros`: how long it took;
    `attempts`: how often it was sent upstream; `worker`: the process that had it, HOST:PID."""

    trace: str
    operation: str
    version: str = ""
    wire: str
    method: str
    parameters: tuple[str, ...] = ()
    app: str = ""
    device: str = ""
    peer: str = ""
    principal: bool = False
    upstream: str = ""
    attempts: int = 0
    cached: bool = False
    limited: bool = False
    code: int
    status: int
    reason: str = ""
    micros: int
    at: int
    worker: str


class Traces:
    """Of one worker, until it writes."""

    def __init__(self, worker: str, slow_micros: int) -> None:
        self._worker = worker
        self._slow = slow_micros
        self._rows: list[dict[str, Any]] = []
        self._of: dict[str, int] = {}

    def note(self, exchange: Exchange, answer: Answer, micros: int, workspaces: Collection[str]) -> bool:
        """Whether it was kept for those workspaces, or did not need to be."""
        if answer.code == GOOD and answer.status < 500 and micros < self._slow:
            return True
        operation = exchange.operation[:128]
        count = self._of.get(operation, 0)
        if len(self._rows) >= MOST or (count and count + len(workspaces) > MOST_OF_ONE):
            return False
        self._of[operation] = count + len(workspaces)
        about = Trace(
            trace=exchange.trace,
            operation=operation,
            version=exchange.route.version if exchange.route is not None else "",
            wire=exchange.wire,
            method=exchange.method.decode("latin-1")[:16],
            parameters=_names(exchange.target),
            app=exchange.app[:64],
            device=exchange.device[:64],
            peer=exchange.peer[:64],
            principal=bool(exchange.principal),
            upstream=exchange.upstream,
            attempts=exchange.attempt + 1 if exchange.upstream or exchange.address else 0,
            cached=exchange.cached,
            limited=exchange.limited,
            code=answer.code,
            status=answer.status,
            reason=answer.reason[:_LONGEST],
            micros=micros,
            at=exchange.now_ms * 1000 + micros,
            worker=self._worker,
        )
        self._rows += [
            {
                "id": new_id(),
                "workspace_id": workspace,
                "trace": exchange.trace,
                "operation": operation,
                "at": about.at,
                "about": msgspec.to_builtins(about),
            }
            for workspace in workspaces
        ]
        return True

    def take(self) -> list[dict[str, Any]]:
        """The rows to be written; the next second begins."""
        rows, self._rows, self._of = self._rows, [], {}
        return rows


def _names(target: bytes) -> tuple[str, ...]:
    query = target.partition(b"?")[2][:2000].decode("latin-1")
    return tuple(dict.fromkeys(name[:64] for name, _ in parse_qsl(query, keep_blank_values=True)))[:_NAMES]


def keep(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(gateway_traces), rows)


def forget(connection: Connection, at: int) -> None:
    """Remove traces that are too old."""
    connection.execute(delete(gateway_traces).where(gateway_traces.c.at < at - KEPT))


def normal(text: str) -> str | None:
    """A trace id out of what somebody pastes: the id, or a `traceparent` header; None when there is none in it."""
    found = _TRACE.search(text.strip().lower())
    return found.group() if found else None


class TraceLookup:
    """One per process. Methods check the permission `gateway.read`."""

    def __init__(self, ground: Ground) -> None:
        self._database: Database = ground.database

    async def find(self, principal: Principal, workspace_id: str, trace: str) -> list[Trace]:
        """All calls of this trace, the first one first: one trace may have several, since callers may bring theirs."""
        check_permission(principal, workspace_id, "gateway.read")
        table = gateway_traces.c
        query = select(table.about).where(table.trace == trace, table.workspace_id == workspace_id)
        return await self._read(query.order_by(table.at, table.id).limit(50))

    async def latest(
        self, principal: Principal, workspace_id: str, operation: str | None = None, limit: int = 20
    ) -> list[Trace]:
        """The newest first, of all operations or one."""
        check_permission(principal, workspace_id, "gateway.read")
        table = gateway_traces.c
        # without what is no call: that is found by its id only
        query = select(table.about).where(table.workspace_id == workspace_id, table.operation != "")
        if operation is not None:
            query = query.where(table.operation == operation)
        return await self._read(query.order_by(table.at.desc(), table.id).limit(limit))

    async def _read(self, query: Any) -> list[Trace]:
        found = await self._database.read(lambda connection: connection.execute(query).scalars().all())
        return [msgspec.convert(about, Trace) for about in found]
