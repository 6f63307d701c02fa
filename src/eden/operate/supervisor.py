"""Several server processes on one listening socket: started together, replaced when they die, stopped in order.

The kernel gives every new connection to a process that waits for one. The processes share nothing but the stores;
`eden.base.changes` tells all of them what happened.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from prometheus_client import multiprocess

from eden.base import telemetry
from eden.base.errors import EdenError
from eden.base.locks import lock
from eden.base.settings import Settings
from eden.operate.server import IMPATIENT_SECONDS
from eden.operate.worker import Order

#: a process that ran so long has started well: its death begins a new count
_GOOD_SECONDS = 60
_LONGEST_REST = 30.0
#: on top of what the settings give requests and jobs to end
_GRACE_SECONDS = 10
#: how folders for figures are called
_FIGURES = "metrics-"

log = logging.getLogger("eden.supervisor")


def supervise(settings: Settings, listener: socket.socket, on_start: Callable[[], None]) -> int:
    """Run `settings.processes` processes until a signal; the exit code. `on_start` is called when all take requests.

    Raises EdenError when they cannot start.
    """
    telemetry.start_logs(settings.logs)
    with _figures(settings.data_folder) as figures:
        asyncio.run(_Supervisor(settings, listener, figures, on_start).run())
    return 0


@contextlib.contextmanager
def _figures(data: Path) -> Iterator[str]:
    """A folder for the processes' figures. Those that supervisors have left that were killed are removed."""
    for left in data.glob(f"{_FIGURES}*"):
        handle = os.open(left, os.O_RDONLY)
        if lock(handle, alone=True):
            shutil.rmtree(left, ignore_errors=True)
        os.close(handle)
    folder = tempfile.mkdtemp(prefix=_FIGURES, dir=data)
    handle = os.open(folder, os.O_RDONLY)
    try:
        lock(handle, alone=True)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


class _Supervisor:
    def __init__(self, settings: Settings, listener: socket.socket, figures: str, on_start: Callable[[], None]) -> None:
        self._settings = settings
        self._listener = listener
        self._figures = figures
        self._on_start = on_start
        self._children: dict[int, asyncio.subprocess.Process] = {}
        self._ready: set[int] = set()
        self._all_ready = False
        self._stop = asyncio.Event()
        self._stopping_since = 0.0
        self._failed = False

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, self._signalled)
        keepers = [asyncio.create_task(self._keep(number)) for number in range(self._settings.processes)]
        await self._stop.wait()
        for child in self._children.values():
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
        listen = self._settings.listen
        _, late = await asyncio.wait(keepers, timeout=listen.drain_seconds + listen.stop_seconds * 2 + _GRACE_SECONDS)
        self._kill()
        await asyncio.gather(*late)
        if self._failed:
            raise EdenError("no-start", "The server processes could not start.", "Their messages are above.")

    def _signalled(self) -> None:
        at = time.monotonic()
        if self._stopping_since and at - self._stopping_since > IMPATIENT_SECONDS:
            self._kill()
        self._stopping_since = self._stopping_since or at
        self._stop.set()

    def _kill(self) -> None:
        for child in self._children.values():
            with contextlib.suppress(ProcessLookupError):
                child.kill()

    async def _keep(self, number: int) -> None:
        """One process after the other in the place `number`. What has run well is replaced at once."""
        rest = 0.0
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                code = await self._run_one(number)
            except OSError as error:
                # no memory, or no process more
                log.error("server process %d cannot be started: %s", number, error)
                code = os.EX_OSERR
            if self._stop.is_set():
                return
            if not self._all_ready:
                self._failed = True
                self._stop.set()
                return
            rest = 0.0 if time.monotonic() - began > _GOOD_SECONDS else min(_LONGEST_REST, rest * 2 or 0.5)
            log.error("server process %d ended with %d; a new one starts in %.1f s", number, code, rest)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), rest)

    async def _run_one(self, number: int) -> int:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "eden.operate.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=(self._listener.fileno(),),
            env={**os.environ, telemetry.MULTIPROCESS: self._figures},
        )
        assert child.stdin is not None and child.stdout is not None
        self._children[number] = child
        try:
            order = Order(self._settings, self._listener.fileno(), number)
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
            # the figures that only a living process has
            multiprocess.mark_process_dead(child.pid, self._figures)  # type: ignore[no-untyped-call]

    def _is_ready(self, number: int) -> None:
        self._ready.add(number)
        if not self._all_ready and len(self._ready) == self._settings.processes:
            self._all_ready = True
            self._on_start()
