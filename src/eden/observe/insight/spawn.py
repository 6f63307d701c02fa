"""Connections to the insight process, which is started when there is none."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import subprocess
import sys
import threading
import time
from importlib.util import find_spec

import msgspec

from eden import __version__
from eden.base.errors import EdenError
from eden.base.locks import lock
from eden.base.settings import Settings
from eden.observe.insight import place
from eden.observe.insight.process import Order

#: opening a large store, or waiting until a predecessor has ended
_START_SECONDS = 30.0
#: how long the process lives without servers: a server that is started again finds it
LINGER_SECONDS = 2.0

NOT_RUNNING = "The insight process does not run."

log = logging.getLogger("eden.insight")

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def is_installed(settings: Settings) -> bool:
    """Whether the packages are there that the settings need."""
    return find_spec("clickhouse_connect" if settings.observe.clickhouse else "chdb") is not None


def edition(settings: Settings) -> str:
    """Of code and of the settings that the process works with: one of another edition has to go."""
    parts = (settings.observe, settings.database, settings.blobs, settings.secret_key, settings.logs)
    return f"{__version__}-{hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:16]}"


async def connect(settings: Settings, *, linger: float = LINGER_SECONDS, start: bool = True) -> Streams:
    """A connection to the data folder's insight process; unless `start`, only if there is one.

    Raises EdenError: it cannot be started, or there is none.
    """
    path = str(place.socket(settings))
    until = time.monotonic() + _START_SECONDS
    while True:
        with contextlib.suppress(OSError):
            return await asyncio.open_unix_connection(path, limit=1 << 20)
        if not start:
            raise EdenError("insight-unavailable", NOT_RUNNING)
        if time.monotonic() > until:
            raise EdenError("insight-unavailable", "The insight process does not start.", "Look into the server's log.")
        said = await asyncio.to_thread(_start, Order(settings, edition(settings), linger))
        if said.startswith("failed"):
            raise EdenError("insight-unavailable", said.removeprefix("failed "))
        if said != "ready":
            await asyncio.sleep(0.05)


def wait_until_ended(settings: Settings, seconds: float = 15.0) -> bool:
    """Wait until no insight process has the data folder; False when one still has it then. For those who remove the
    folder behind a server."""
    file = place.lock_file(settings)
    until = time.monotonic() + seconds
    while file.exists():
        with file.open("a") as handle:
            if lock(handle.fileno(), alone=True):
                break
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def _start(order: Order) -> str:
    """What a new process says first; "" when it ended without a word."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "eden.observe.insight"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # of no terminal and no process group of ours: it outlives this process
        start_new_session=True,
    )
    assert process.stdin is not None and process.stdout is not None
    # when it ends before this process does, somebody has to take notice
    threading.Thread(target=process.wait, name="eden-insight-reaper", daemon=True).start()
    with process.stdin, process.stdout:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(msgspec.json.encode(order) + b"\n")
            process.stdin.flush()
        return process.stdout.readline().decode().strip()
