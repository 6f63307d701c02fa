"""The insight process, as server processes use it: questions in, answers out.

    insight = Insight(settings)
    answer = await insight.ask("SELECT name, count() FROM events WHERE app = {app:UInt32} GROUP BY name", {"app": 7})

The process is started when it is first needed and again when it has died. A question whose asker is cancelled is
stopped. `LocalInsight` answers from an engine in this process: for tests and tools.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any, NoReturn

import msgspec

from eden.base.errors import EdenError
from eden.base.problems import Problem
from eden.base.settings import Settings
from eden.observe.insight import spawn
from eden.observe.insight.answering import Answering
from eden.observe.insight.engine import LIMITS, Limits, StoreError
from eden.observe.insight.status import Status
from eden.observe.insight.wire import (
    DATA,
    ENDED,
    PIECE,
    REQUEST,
    Ask,
    Erase,
    Failed,
    Hello,
    Look,
    Request,
    Settle,
    frame,
    read_frame,
)

__all__ = ["Answer", "Column", "Insight", "Limits", "LocalInsight", "Status"]

#: connections that wait for the next question
_IDLE = 8
#: how long `settled` waits
_SETTLE_SECONDS = 60.0
#: processes that a question is put to, one after the other dying
_ATTEMPTS = 2
#: rests between attempts to bring the process back; the last one again and again
_RESTS = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)

log = logging.getLogger("eden.insight")


class Column(msgspec.Struct, frozen=True):
    """A column of an answer; `type` as ClickHouse names it."""

    name: str
    type: str


class Answer(msgspec.Struct, frozen=True):
    """Rows of an answer, each a list in the order of `columns`. NaN and infinity are None. `seconds` that the engine
    worked, `read_rows` that it looked at."""

    columns: list[Column]
    rows: list[list[Any]]
    seconds: float
    read_rows: int


class _Statistics(msgspec.Struct, frozen=True):
    elapsed: float = 0.0
    rows_read: int = 0


class _Compact(msgspec.Struct, frozen=True):
    """ClickHouse's format JSONCompact."""

    meta: list[Column] = []
    data: list[list[Any]] = []
    statistics: _Statistics = _Statistics()


_compact = msgspec.json.Decoder(_Compact)


class Insight:
    """Of one server process; its methods are called on one event loop. Nothing is started before the first call."""

    def __init__(
        self, settings: Settings, *, linger: float = spawn.LINGER_SECONDS, start: bool = True, serving: bool = True
    ) -> None:
        """`linger`: seconds that the process lives without servers; without `start` only a running one is asked.
        `serving`: this is a server, for which it lives; no for a command that asks now and then."""
        self._settings = settings
        self._linger = linger
        self._start = start
        self._serving = serving
        self._idle: list[spawn.Streams] = []
        self._keeper: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def is_installed(self) -> bool:
        """Whether the engine's packages are there; else everything raises Problem "insight-unavailable"."""
        return spawn.is_installed(self._settings)

    @property
    def cluster(self) -> str:
        """Name of the cluster, if tables are on one."""
        return self._settings.observe.cluster

    def wake(self) -> None:
        """Have the process run from now on, and be replaced when it dies, until `close`: what lies in the spool is to
        be stored. Every question does this, too."""
        if self._keeper is None and not self._closed and self._start and self._serving and self.is_installed:
            self._keeper = asyncio.create_task(self._keep(), name="eden-insight-keeper")

    async def close(self) -> None:
        """Let the process go; it ends when no other server needs it."""
        self._closed = True
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()

    # questions

    async def ask(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        limits: Limits | None = None,
        settings: Mapping[str, Any] | None = None,
        app: int | None = None,
    ) -> Answer:
        """The rows of a SELECT. `parameters` fill {name:Type}; lists, times and None are taken. `app`: every table has
        the rows of this app only, whatever the SQL says (it must name tables only, see `eden.observe.sql`). `settings`
        of ClickHouse for this question.

        Raises Problem: insight-limit (which one was reached), insight-refused (the SQL is wrong), insight-unavailable.
        """
        data = await self.fetch(sql, parameters, form="JSONCompact", limits=limits, settings=settings, app=app)
        found = _compact.decode(data) if data else _Compact()
        return Answer(found.meta, found.data, found.statistics.elapsed, found.statistics.rows_read)

    async def fetch(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        form: str,
        limits: Limits | None = None,
        settings: Mapping[str, Any] | None = None,
        app: int | None = None,
    ) -> bytes:
        """As `ask`, in one of ClickHouse's formats: CSVWithNames, Parquet, Arrow, ArrowStream, JSONEachRow, …"""
        pieces = self.stream(sql, parameters, form=form, limits=limits, settings=settings, app=app)
        return b"".join([piece async for piece in pieces])

    async def stream(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        form: str,
        limits: Limits | None = None,
        settings: Mapping[str, Any] | None = None,
        app: int | None = None,
    ) -> AsyncIterator[bytes]:
        """As `fetch`, piece by piece; an error comes before the first one."""
        asked = Ask(sql, dict(parameters or {}), form, limits or Limits(), dict(settings or {}), app)
        self.wake()
        async for piece in self._pieces(asked):
            yield piece

    # the store

    async def status(self) -> Status:
        """How the store is. Raises Problem insight-unavailable."""
        return msgspec.json.decode(await self._all(Look()), type=Status)

    async def settled(self, seconds: float = _SETTLE_SECONDS) -> None:
        """Returns when everything that was acknowledged before is queryable or in quarantine.

        Raises Problem insight-unavailable when that takes longer than `seconds`.
        """
        if await self._all(Settle(seconds)) != b"true":
            raise Problem("insight-unavailable", f"The store has not caught up within {seconds:.0f} s.", "Try again.")

    async def erase(self, app: int, person: str, before: int) -> None:
        """Forget what is of a person (a user or a device) up to `before` (microseconds): no report counts it after the
        return; within a day it is gone from the disk. Raises Problem insight-unavailable."""
        await self._all(Erase(app, person, before))

    # connections

    async def _all(self, asked: Request) -> bytes:
        self.wake()
        return b"".join([piece async for piece in self._pieces(asked)])

    async def _pieces(self, asked: Request) -> AsyncIterator[bytes]:
        """The answer's pieces. A connection that is left in the midst of an answer is closed, which stops the
        question."""
        content = frame(REQUEST, asked)
        first: tuple[bytes, bytes] | None = None
        failed = 0
        while first is None:
            kept = bool(self._idle)
            reader, writer = self._idle.pop() if kept else await self._connect()
            try:
                writer.write(content)
                await writer.drain()
                first = await read_frame(reader)
            except (EOFError, OSError) as error:
                writer.close()
                # it died since the last question, or while this connection was made; a new one is asked, for a
                # question changes nothing. One that kills every process is given up
                failed += not kept
                if failed == _ATTEMPTS:
                    raise _unavailable("The insight process has died meanwhile.") from error
            except BaseException:
                writer.close()
                raise
        whole = False
        try:
            kind, data = first
            while kind == DATA:
                yield data
                kind, data = await read_frame(reader)
            whole = True
        except (EOFError, OSError) as error:
            raise _unavailable("The insight process has died meanwhile.") from error
        finally:
            if whole and len(self._idle) < _IDLE and not self._closed:
                self._idle.append((reader, writer))
            else:
                writer.close()
        if kind != ENDED:
            _refuse(msgspec.msgpack.decode(data, type=Failed), asked)

    async def _connect(self) -> spawn.Streams:
        if self._start and not self.is_installed:
            raise _unavailable(
                "The engine of the events store is not installed.", "Install it: pip install 'eden-platform[observe]'"
            )
        try:
            return await spawn.connect(self._settings, linger=self._linger, start=self._start)
        except EdenError as error:
            raise _unavailable(error.sentence, error.hint) from error

    async def _keep(self) -> None:
        """One connection that tells of this server process, for as long as it lives."""
        failed = 0
        while True:
            writer: asyncio.StreamWriter | None = None
            try:
                reader, writer = await self._connect()
                writer.write(frame(REQUEST, Hello(spawn.edition(self._settings))))
                await writer.drain()
                await read_frame(reader)
                failed = 0
                await reader.read(1)
                log.warning("the insight process has gone; another one starts")
            except (EOFError, OSError):
                # it died while we came
                failed += 1
            except Problem as error:
                log.error("the insight process: %s", error)
                failed += 1
            finally:
                if writer is not None:
                    writer.close()
            await asyncio.sleep(_RESTS[min(failed, len(_RESTS) - 1)])


class LocalInsight(Insight):
    """Answers from an engine in this process, with the same words and errors."""

    def __init__(self, answering: Answering) -> None:
        super().__init__(Settings())
        self._answering = answering

    def wake(self) -> None:
        pass

    async def _pieces(self, asked: Request) -> AsyncIterator[bytes]:
        assert not isinstance(asked, Hello)
        mark = uuid.uuid4().hex
        working = asyncio.ensure_future(asyncio.to_thread(self._answering.answer, asked, mark))
        try:
            data = await asyncio.shield(working)
        except asyncio.CancelledError:
            await asyncio.to_thread(self._answering.stop, mark)
            with contextlib.suppress(StoreError):
                await working
            raise
        except StoreError as error:
            limit = LIMITS.get(error.number, "") if isinstance(asked, Ask) else ""
            _refuse(Failed(error.number, str(error), limit), asked)
        for start in range(0, len(data), PIECE):
            yield data[start : start + PIECE]


_ADVICE = {
    "time": "Ask for less: a shorter period, fewer steps, one version.",
    "memory": "Ask for less: a shorter period, or fewer groups.",
    "rows": "Ask for fewer rows: add a LIMIT or a WHERE.",
    "result": "Ask for fewer rows or columns: add a LIMIT.",
}


def _refuse(failed: Failed, asked: Request) -> NoReturn:
    if failed.limit and isinstance(asked, Ask):
        limits = asked.limits
        what = {
            "time": f"{limits.seconds:g} seconds",
            "memory": f"{limits.memory_bytes / 1e6:,.0f} MB of memory",
            "rows": f"{limits.read_rows or limits.rows:,} rows",
            "result": f"{limits.rows:,} rows or {limits.result_bytes / 1e6:,.0f} MB of answer",
        }[failed.limit]
        raise Problem("insight-limit", f"The question takes more than {what}.", _ADVICE[failed.limit])
    if isinstance(asked, Ask) and failed.number:
        raise Problem("insight-refused", f"The events store refuses the question: {failed.sentence}")
    raise _unavailable(failed.sentence)


def _unavailable(sentence: str, hint: str = "Try again in a few seconds.") -> Problem:
    return Problem("insight-unavailable", sentence, hint)
