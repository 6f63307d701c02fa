"""The gateway's worker processes: started together on one port, replaced when they die or hang, stopped in order.

The supervisor takes no calls. It holds what outlives a worker: the listening sockets, one for each place, so that
connections that wait are taken by the one who comes next; and the memory that workers share (`shared`), so that a nonce
that a dead worker has accepted is not accepted by its successor.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from subprocess import PIPE, Popen, TimeoutExpired

import msgspec

from eden.base import telemetry
from eden.base.errors import EdenError
from eden.base.listener import listen_together
from eden.base.settings import Settings
from eden.gateway.proxy.shared import Layout, Shared, allocate, layout
from eden.gateway.proxy.worker import Order

#: a worker that ran so long has started well: its death begins a new count
_GOOD_SECONDS = 60
_LONGEST_REST = 5.0
#: a worker that has not said for so long that it is well is replaced
_HUNG_SECONDS = 30
#: on top of what calls are given to end
_GRACE_SECONDS = 5

log = logging.getLogger("eden.gateway")


def run(settings: Settings, on_start: Callable[[int], None]) -> int:
    """Serve with `gateway.processes` workers, one at least, until a signal or the end of standard input; the exit code.
    `on_start` is called with the port when all of them take calls. Raises EdenError when they cannot start."""
    telemetry.start_logs(settings.logs)
    count = max(1, settings.gateway.processes)
    sockets = listen_together(settings.gateway.host, settings.gateway.port, count)
    plan = layout(count, settings.gateway.nonces, settings.gateway.limits)
    memory = allocate(plan)
    try:
        asyncio.run(_Workers(settings, sockets, plan, memory, on_start).run())
    finally:
        for one in sockets:
            one.close()
        os.close(memory)
    return 0


class _Workers:
    def __init__(
        self,
        settings: Settings,
        sockets: list[socket.socket],
        plan: Layout,
        memory: int,
        on_start: Callable[[int], None],
    ) -> None:
        self._settings = settings
        self._sockets = sockets
        self._plan = plan
        self._memory = memory
        self._on_start = on_start
        self._children: dict[int, asyncio.subprocess.Process] = {}
        self._ready: set[int] = set()
        self._started = False
        self._stop = asyncio.Event()
        self._failed = False

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, self._stop.set)
        keepers = [loop.create_task(self._keep(number)) for number in range(self._plan.workers)]
        watcher = loop.create_task(self._watch())
        await self._stop.wait()
        watcher.cancel()
        for child in self._children.values():
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
        _, late = await asyncio.wait(keepers, timeout=self._settings.gateway.drain_seconds + _GRACE_SECONDS)
        for child in self._children.values():
            with contextlib.suppress(ProcessLookupError):
                child.kill()
        await asyncio.gather(*late)
        if self._failed:
            raise EdenError("no-start", "The gateway's workers could not start.", "Their messages are above.")

    async def _keep(self, number: int) -> None:
        """One worker after the other in the place `number`."""
        rest = 0.0
        while not self._stop.is_set():
            began = time.monotonic()
            code = await self._run_one(number)
            if self._stop.is_set():
                return
            if not self._started:
                self._failed = True
                self._stop.set()
                return
            rest = 0.0 if time.monotonic() - began > _GOOD_SECONDS else min(_LONGEST_REST, rest * 2 or 0.1)
            log.error("gateway worker %d ended with %d; a new one starts in %.1f s", number, code, rest)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._stop.wait()

    async def _run_one(self, number: int) -> int:
        listener = self._sockets[number % len(self._sockets)].fileno()
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "eden.gateway.proxy.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=(listener, self._memory),
        )
        assert child.stdin is not None and child.stdout is not None
        self._children[number] = child
        try:
            order = Order(self._settings, listener, self._memory, self._plan, number)
            child.stdin.write(msgspec.json.encode(order) + b"\n")
            with contextlib.suppress(ConnectionError):
                await child.stdin.drain()
            if self._stop.is_set():
                child.terminate()
            async for line in child.stdout:
                if line.strip() == b"ready":
                    self._is_ready(number)
            return await child.wait()
        finally:
            del self._children[number]

    def _is_ready(self, number: int) -> None:
        self._ready.add(number)
        if not self._started and len(self._ready) == self._plan.workers:
            self._started = True
            self._on_start(self._sockets[0].getsockname()[1])

    async def _watch(self) -> None:
        """End workers that hang: one that is alive writes that down twice a second."""
        view = Shared(self._plan, self._memory, 0)
        try:
            while True:
                await asyncio.sleep(_HUNG_SECONDS / 10)
                oldest = time.time_ns() // 1_000_000 - _HUNG_SECONDS * 1000
                for number, child in list(self._children.items()):
                    state = view.states[number].read()
                    if state["pid"] == child.pid and state["beat_ms"] < oldest:
                        log.error("gateway worker %d hangs", number)
                        with contextlib.suppress(ProcessLookupError):
                            child.kill()
        finally:
            view.close()


@contextmanager
def beside(settings: Settings) -> Iterator[int]:
    """A gateway in processes of its own while something else runs here; its port. Raises EdenError when it cannot
    start."""
    process = Popen([sys.executable, "-P", "-m", "eden.gateway.proxy.run"], stdin=PIPE, stdout=PIPE)
    assert process.stdin is not None and process.stdout is not None
    try:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(msgspec.json.encode(settings) + b"\n")
            process.stdin.flush()
        port = process.stdout.readline()
        if not port:
            raise EdenError("no-gateway", "The gateway could not start.", "Its message is above.")
        yield int(port)
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            process.wait(settings.gateway.drain_seconds + 2 * _GRACE_SECONDS)
        except TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def main() -> int:
    """Started by `beside`: the settings come by standard input, the port goes to standard output."""
    os.setpgid(0, 0)
    settings = msgspec.json.decode(sys.stdin.buffer.readline(), type=Settings)
    # what starts this may be killed: its end of the pipe closes then
    import threading

    def watch() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="eden-parent", daemon=True).start()
    try:
        return run(settings, lambda port: print(port, flush=True))
    except EdenError as error:
        print(f"eden: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
