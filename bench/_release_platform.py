"""A platform as large as the targets speak of: programs, running releases with rules and lists, known devices; and
server processes that can be pinned to a core, measured and killed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import text

from bench._release_load import CONTEXT, device
from eden.app import prepare_database
from eden.base.ground import open_ground
from eden.base.settings import BlobSettings, DatabaseSettings, Listen, Settings
from eden.operate.worker import Order
from eden.release.interfaces import Verb
from eden.release.service_release_rows import ReleaseInfo
from tests.postgres import postgres_database
from tests.release.house import House, everyone
from tests.s3 import KEYS, s3_address, s3_endpoint

SECRET = "of the benchmark, and of nothing else but it"
#: a rule of three conditions, as operators write them
RULE = {
    "all": [
        {"attribute": "city", "operator": "one_of", "values": ["杭州", "上海", "北京"]},
        {"attribute": "app_version", "operator": ">=", "value": "2.3.0"},
        {"attribute": "platform", "operator": "one_of", "values": ["android", "ios"]},
    ]
}
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Size:
    """How large the platform is."""

    programs: int
    live: int
    devices: int
    listed: int


@dataclass
class Bench:
    """The platform: `house` does what people do, `running` are the live releases by program key."""

    settings: Settings
    house: House
    size: Size
    running: dict[str, ReleaseInfo] = field(default_factory=dict)

    @property
    def live_keys(self) -> list[str]:
        return list(self.running)

    async def fill(self) -> None:
        house, size = self.house, self.size
        await house.furnish()
        ids = "\n".join(f"user-{number:07d}" for number in range(0, size.listed * 3, 3)).encode()
        listed = await house.service.lists.create(house.people["operator"], "w", "friends", "exact", ids)
        audience = {"lists": [listed.id], "patterns": ["^tester-"], "rule": RULE, "share": 5_000}
        for number in range(size.programs):
            key = f"program-{number:03d}"
            await house.program(key)
            await house.stable("1.0.0", key)
            if number < size.live:
                await house.upload("1.1.0", key=key, scripts=b"new " * 500)
                plan = {"steps": [{"name": "Half", "audience": audience}]}
                self.running[key] = await house.act(await house.draft("1.1.0", plan, key), Verb.START)
        await house.ground.database.write(lambda connection: known_devices(connection, size.devices))

    async def timestamp(self) -> int:
        found = await self.house.ground.database.read(
            lambda connection: connection.execute(
                text("SELECT version FROM metadata_heads WHERE workspace_id = 'w' AND name = 'timestamp'")
            ).scalar_one()
        )
        return int(found)

    async def everyone(self, version: str, key: str) -> ReleaseInfo:
        return await self.house.act(await self.house.draft(version, everyone(), key), Verb.START)


def known_devices(connection: Any, count: int) -> None:
    """Rows of devices, made by the database itself."""
    numbers = (
        f"WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {count})"
        if connection.dialect.name == "sqlite"
        else f"WITH numbers AS (SELECT generate_series(0, {count - 1}) AS n)"
    )
    prefix, digits = device(0)[:7], 25
    padded = f"printf('%0{digits}d', n)" if connection.dialect.name == "sqlite" else f"lpad(n::text, {digits}, '0')"
    user = "printf('user-%07d', n)" if connection.dialect.name == "sqlite" else "'user-' || lpad(n::text, 7, '0')"
    connection.execute(
        text(
            "INSERT INTO devices (workspace_id, device_id, context, user_id, installed, first_seen_at, seen_at) "
            f"{numbers} SELECT 'w', '{prefix}' || {padded}, :context, {user}, :installed, "
            "CAST(:at AS BIGINT), CAST(:at AS BIGINT) + n FROM numbers"
        ),
        {
            "context": msgspec.json.encode(CONTEXT).decode(),
            "installed": '{"program-000":10000}',
            "at": 1_700_000_000_000_000,
        },
    )


@contextmanager
def opened(folder: Path, storage: str, size: Size) -> Iterator[Bench]:
    """A platform on "sqlite" (and a folder) or on "postgresql" (and S3)."""
    if storage == "sqlite":
        yield from _open(folder, DatabaseSettings(), BlobSettings(), size)
        return
    with postgres_database() as address:
        blobs = BlobSettings(
            address=s3_address(), endpoint=s3_endpoint(), access_key=KEYS["access_key"], secret_key=KEYS["secret_key"]
        )
        yield from _open(folder, DatabaseSettings(address=address, migrate="always"), blobs, size)


def _open(folder: Path, database: DatabaseSettings, blobs: BlobSettings, size: Size) -> Iterator[Bench]:
    settings = Settings(
        data=str(folder), secret_key=SECRET, database=database, blobs=blobs, listen=Listen(port=0, stop_seconds=2)
    )
    ground = open_ground(settings)
    try:
        prepare_database(ground)
        bench = Bench(settings, House(ground), size)
        asyncio.run(bench.fill())
        yield bench
    finally:
        ground.close()


class Server:
    """A server process on a port of its own; `core` pins it. Start, measure, kill, start again."""

    def __init__(self, settings: Settings, core: int | None = None) -> None:
        self._settings = settings
        self._core = core
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it takes requests."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "eden.operate.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(self._listener.fileno(),),
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(Order(self._settings, self._listener.fileno(), 0)) + b"\n")
        self._process.stdin.flush()
        if self._process.stdout.readline().strip() != b"ready":
            raise RuntimeError("the server did not start")
        if self._core is not None:
            pin(self._process.pid, self._core)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def seconds(self) -> float:
        """Processor time of the process, user and system."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def megabytes(self) -> float:
        """Resident memory."""
        line = next(one for one in Path(f"/proc/{self.pid}/status").read_text().splitlines() if one.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()
        self._listener.close()


def pin(pid: int, core: int) -> None:
    """All threads of a process to one core."""
    cores = sorted(os.sched_getaffinity(0))
    for thread in os.listdir(f"/proc/{pid}/task"):
        os.sched_setaffinity(int(thread), {cores[core % len(cores)]})


def wait_until_quiet(server: Server, seconds: float = 1.5) -> None:
    """Until a server has written what it was told."""
    used = server.seconds()
    while True:
        time.sleep(seconds)
        if (now := server.seconds()) - used < seconds * 0.05:
            return
        used = now
