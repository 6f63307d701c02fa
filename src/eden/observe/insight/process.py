"""The insight process: owns the events store of a data folder, for all server processes on this machine.

`spawn.connect` starts it when there is none: `python -m eden.observe.insight` with a line of JSON (`Order`) on standard
input. It answers "ready" on standard output, or "other" when another one has the data folder. It belongs to nobody: it
outlives the process that started it, and ends when no server process has been connected for `linger` seconds. It may
be killed at any moment: what was acknowledged is in the spool or in the store.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

import msgspec

from eden.base import telemetry
from eden.base.errors import EdenError
from eden.base.locks import lock
from eden.base.settings import Settings
from eden.observe.insight import place
from eden.observe.insight.answering import Answering
from eden.observe.insight.engine import LIMITS, StoreError
from eden.observe.insight.opening import open_engine
from eden.observe.insight.wire import (
    DATA,
    ENDED,
    FAILED,
    PIECE,
    REQUEST,
    Ask,
    Ended,
    Failed,
    Hello,
    Request,
    frame,
    read_frame,
    request,
)
from eden.observe.insight.workers import Workers, stop

#: after this much over its time a question is ended from outside
_PATIENCE_SECONDS = 0.4
#: how long questions and workers may take to end when the process does
_END_SECONDS = 5.0
#: a question that was answered for, and that the engine does not end, keeps its thread for so long; then, or earlier
#: when no thread is left, another process takes the place of this one, which ends within so long
_STUCK_SECONDS = 20.0
_ALL_STUCK_SECONDS = 2.0
_REPLACED_SECONDS = 0.5
#: ClickHouse's number of an error
_TIMEOUT = 159
#: how often memory is given back, unless nothing was asked since
_REST_SECONDS = 15.0
#: a predecessor that is ending has so long to give up the lock, which is looked at so often
_WAIT_SECONDS = 10.0
_POLL_SECONDS = 0.01

log = logging.getLogger("eden.insight")


class Order(msgspec.Struct, frozen=True):
    """What a new insight process is told. `edition` names the code and settings that it runs with."""

    settings: Settings
    edition: str
    linger: float


def main() -> int:
    """The process's exit code."""
    # what is loaded stays: looking through it again and again takes a seventh of the time to start
    gc.disable()
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    telemetry.start_logs(order.settings.logs)
    try:
        with ExitStack() as stack:
            handle = os.open(place.lock_file(order.settings), os.O_RDWR | os.O_CREAT, 0o600)
            stack.callback(os.close, handle)
            if not _locked(handle, order.settings):
                _say("other")
                return 0
            return _run(order, stack)
    except Exception as error:
        log.error("the insight process cannot work: %s", error, exc_info=not isinstance(error, EdenError | OSError))
        _say(f"failed {error}".replace("\n", " "))
        return 1


def _say(word: str) -> None:
    """To whoever started this process, unless they have gone."""
    with contextlib.suppress(BrokenPipeError):
        print(word, flush=True)


def _locked(handle: int, settings: Settings) -> bool:
    """Wait for the lock as long as nobody answers at the socket: its file is there after a kill, too, and of several
    processes that are started then, one is going to answer."""
    path = str(place.socket(settings))
    until = time.monotonic() + _WAIT_SECONDS
    while not lock(handle, alone=True):
        if _is_answered(path) or time.monotonic() > until:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _is_answered(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as asking, contextlib.suppress(OSError):
        asking.connect(path)
        return True
    return False


def _run(order: Order, stack: ExitStack) -> int:
    engine = open_engine(order.settings)
    stack.callback(engine.close)
    workers = Workers(engine, order.settings)
    answering = Answering(engine, [workers], cap=order.settings.observe.memory_bytes)
    serving = _Serving(order, answering, workers)
    with asyncio.Runner() as runner:
        try:
            ended = runner.run(serving.run())
        finally:
            stopped = stop([workers], _REPLACED_SECONDS if serving.is_stuck else _END_SECONDS)
        if not ended or not stopped:
            # a question that the engine does not end keeps its thread, and the thread the process. What is in the midst
            # of something is left as if it was killed
            os._exit(0)
    return 0


class _Serving:
    def __init__(self, order: Order, answering: Answering, workers: Workers) -> None:
        self._order = order
        self._answering = answering
        self._workers = workers
        # questions may not keep the process from telling how it is
        self._threads = ThreadPoolExecutor(order.settings.observe.threads, thread_name_prefix="eden-question")
        self._others = ThreadPoolExecutor(8, thread_name_prefix="eden-insight")
        # what ends a question waits for nothing
        self._stopping = ThreadPoolExecutor(1, thread_name_prefix="eden-stop")
        self._servers = 0
        self._answering_now = 0
        self._marks = 0
        self._end = asyncio.Event()
        self._leaving: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections: set[asyncio.Task[None]] = set()
        #: marks of questions that the engine works on
        self._asked: set[str] = set()
        #: questions that nobody waits for, and that the engine goes on with
        self._lost: set[Future[bytes]] = set()
        self.is_stuck = False

    async def run(self) -> bool:
        """Serve until nobody needs it; whether everything that was asked has ended."""
        path = place.socket(self._order.settings)
        path.unlink(missing_ok=True)
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, self._end.set)
        before = os.umask(0o177)
        try:
            server = await asyncio.start_unix_server(self._connected, str(path))
        finally:
            os.umask(before)
        _say("ready")
        self._workers.start()
        log.info("the insight process is ready", extra={"fields": {"process": os.getpid()}})
        self._wait_for_servers()
        resting = asyncio.create_task(self._rest())
        await self._end.wait()
        resting.cancel()
        # whoever comes now finds nobody, and starts the next one, which waits for the lock
        path.unlink(missing_ok=True)
        server.close()
        for mark in self._asked:
            self._stop(mark)
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, *self._tasks, return_exceptions=True)
        log.info("the insight process ends")
        pools = (self._threads, self._others, self._stopping)
        ending = asyncio.gather(*(asyncio.to_thread(pool.shutdown, cancel_futures=True) for pool in pools))
        done, _ = await asyncio.wait([ending], timeout=_REPLACED_SECONDS if self.is_stuck else _END_SECONDS)
        return bool(done)

    async def _rest(self) -> None:
        """Give memory back when nothing was asked for a while."""
        asked = -1
        while True:
            if self._marks != asked and not self._answering_now:
                asked = self._marks
                with contextlib.suppress(StoreError):
                    await asyncio.get_running_loop().run_in_executor(self._others, self._answering.rest)
            await asyncio.sleep(_REST_SECONDS)

    def _wait_for_servers(self) -> None:
        self._leaving = asyncio.get_running_loop().call_later(self._order.linger, self._leave)

    def _leave(self) -> None:
        if self._answering_now:
            # a backup, of a server that does not run
            self._wait_for_servers()
        else:
            self._end.set()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        is_server = False
        try:
            while True:
                kind, content = await read_frame(reader)
                if kind != REQUEST:
                    return
                asked = request(content)
                if isinstance(asked, Hello):
                    if asked.edition != self._order.edition:
                        # the servers are of another version now, or have other settings
                        self._end.set()
                        return
                    if not is_server:
                        is_server = True
                        self._came()
                    writer.write(frame(ENDED, Ended()))
                    await writer.drain()
                else:
                    self._answering_now += 1
                    try:
                        if not await self._answer(asked, reader, writer):
                            return
                    finally:
                        self._answering_now -= 1
        except (EOFError, OSError, msgspec.MsgspecError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            if is_server:
                self._went()
            with contextlib.suppress(OSError):
                writer.close()

    def _came(self) -> None:
        self._servers += 1
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None

    def _went(self) -> None:
        self._servers -= 1
        if self._servers == 0 and not self._end.is_set():
            self._wait_for_servers()

    async def _answer(self, asked: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """False when the one who asked has gone meanwhile."""
        assert not isinstance(asked, Hello)
        loop = asyncio.get_running_loop()
        self._marks += 1
        mark = f"question-{self._marks}"
        began = time.monotonic()
        pool = self._threads if isinstance(asked, Ask) else self._others
        running = pool.submit(self._answering.answer, asked, mark)
        working = asyncio.wrap_future(running)
        self._asked.add(mark)
        gone = asyncio.ensure_future(reader.read(1))
        watch = loop.create_task(self._watch(asked, mark)) if isinstance(asked, Ask) else None
        # then it is answered, whatever the engine does
        longest = asked.limits.seconds + 2 * _PATIENCE_SECONDS if isinstance(asked, Ask) else None
        try:
            await asyncio.wait({working, gone}, timeout=longest, return_when=asyncio.FIRST_COMPLETED)
            if gone.done() and not working.done():
                return False
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await gone
            if not working.done():
                writer.write(frame(FAILED, Failed(_TIMEOUT, "Timeout exceeded.", "time")))
                await writer.drain()
                return True
            try:
                data = working.result()
            except StoreError as error:
                limit = LIMITS.get(error.number, "") if isinstance(asked, Ask) else ""
                writer.write(frame(FAILED, Failed(error.number, str(error), limit)))
            except Exception as error:
                log.exception("a request failed")
                writer.write(frame(FAILED, Failed(0, f"{type(error).__name__}: {error}")))
            else:
                for start in range(0, len(data), PIECE):
                    writer.write(frame(DATA, data[start : start + PIECE]))
                    await writer.drain()
                writer.write(frame(ENDED, Ended(time.monotonic() - began)))
            await writer.drain()
            return True
        finally:
            self._asked.discard(mark)
            if watch is not None:
                watch.cancel()
            if not working.done():
                working.cancel()
                self._give_up(running, mark)

    def _give_up(self, running: Future[bytes], mark: str) -> None:
        """Nobody waits for it any more."""
        # one that waits for a thread never begins; one that runs is stopped
        if running.cancel():
            return
        self._stop(mark)
        self._lost.add(running)
        loop = asyncio.get_running_loop()
        running.add_done_callback(lambda done: loop.call_soon_threadsafe(self._lost.discard, done))
        is_last = len(self._lost) >= self._order.settings.observe.threads
        loop.call_later(_ALL_STUCK_SECONDS if is_last else _STUCK_SECONDS, self._look_for, running)

    def _look_for(self, running: Future[bytes]) -> None:
        if running in self._lost and not self._end.is_set():
            log.warning("a question is not ended by the engine: another process takes this one's place")
            self.is_stuck = True
            self._end.set()

    async def _watch(self, asked: Ask, mark: str) -> None:
        """The engine looks at its clock between blocks of rows; what is slow inside one is ended from outside."""
        await asyncio.sleep(asked.limits.seconds + _PATIENCE_SECONDS)
        while True:
            self._stop(mark)
            await asyncio.sleep(_PATIENCE_SECONDS)

    def _stop(self, mark: str) -> None:
        async def stop() -> None:
            with contextlib.suppress(StoreError):
                await asyncio.get_running_loop().run_in_executor(self._stopping, self._answering.stop, mark)

        task = asyncio.ensure_future(stop())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
