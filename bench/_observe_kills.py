"""Processes that are killed at random moments under load, and what became of everything that was acknowledged.

The inserter and the engine live in one process, the insight process. So the four kinds of kills, in turn, are: the web
process; the insight process while the inserter has a chunk on its way (written down, not done); while it answers a
question; while it starts again after a kill. Whoever is killed, nobody helps: server processes bring it back.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from bench._harness import Figure
from bench._observe_load import Measured, Order, batch_id
from bench._observe_platform import Site, asked, insight_pid, load, settle
from bench._observe_pressure import batch
from bench._release_platform import Server
from eden.base.problems import Problem
from eden.observe.insight.client import Insight
from eden.observe.insight.spawn import wait_until_ended
from eden.observe.spool.folder import spool_folder

#: events of a batch, and batches of a round
_EVENTS, _BATCHES = 5, 400
#: an insight process that does not come back in so many seconds has failed
_LONGEST = 60.0


def kills(site: Site, folder: Path, rounds: int) -> Iterator[Figure]:
    body = folder / "kills.body"
    body.write_bytes(batch(_EVENTS))
    server = Server(site.settings)
    server.start()
    killing = _Killing(site, server, random.Random(9))
    acknowledged: set[int] = set()
    restarts: dict[str, list[float]] = {}
    try:
        for number in range(rounds):
            sent = folder / "acknowledged"
            order = Order(
                server.port, "/observe/v1/batch", [str(body)], {"Authorization": f"Bearer {site.write_key}"}, _BATCHES,
                connections=16, rate=400, first=number * _BATCHES, acknowledged=str(sent), patient=True, seconds=120,
            )  # fmt: skip
            measured: list[Measured] = []
            loading = threading.Thread(target=lambda order=order, into=measured: into.append(load(order)))
            loading.start()
            victim, seconds = killing.kill(number)
            restarts.setdefault(victim, []).append(seconds)
            loading.join()
            if not measured:
                raise RuntimeError("the load ended without a measurement")
            acknowledged |= {int(line) for line in sent.read_text().splitlines()}
        settle(site)
        stored, counted = _stored(site), _counted(site)
    finally:
        server.stop()
        wait_until_ended(site.settings)
    lost = sum(1 for one in acknowledged if stored.get(batch_id(one).decode(), 0) < _EVENTS)
    doubled = sum(1 for number in stored.values() if number > _EVENTS)
    yield Figure("killed_rounds", rounds)
    yield Figure("killed_with_a_chunk_pending", killing.pending)
    yield Figure("killed_acknowledged", len(acknowledged) * _EVENTS)
    yield Figure("killed_lost", lost * _EVENTS, 0)
    yield Figure("killed_doubled", doubled, 0)
    yield Figure("killed_counted_wrongly", abs(counted - sum(stored.values())), 0)
    for victim, seconds_of in restarts.items():
        yield Figure(f"killed_restart_{victim}_s", max(seconds_of), 2)


class _Killing:
    """`pending`: how often the victim had a chunk on its way."""

    def __init__(self, site: Site, server: Server, chance: random.Random) -> None:
        self._site = site
        self._server = server
        self._chance = chance
        self._progress = spool_folder(site.settings.data_folder) / "progress.db"
        self.pending = 0

    def kill(self, number: int) -> tuple[str, float]:
        """Somebody, at a random moment; who it was, and seconds until it answered again."""
        # the load has begun
        time.sleep(0.4 + self._chance.random() * 0.5)
        work = (self._web, self._storing, self._asking, self._starting)[number % 4]
        return work.__name__.removeprefix("_"), work()

    def _web(self) -> float:
        self._server.kill()
        began = time.perf_counter()
        self._server.start()
        return time.perf_counter() - began

    def _storing(self) -> float:
        pid = answering(self._site)
        until = time.perf_counter() + 5
        while not self._is_pending() and time.perf_counter() < until:
            time.sleep(0.001)
        time.sleep(self._chance.random() * 0.02)
        return self._killed(pid)

    def _asking(self) -> float:
        pid = answering(self._site)

        async def ask(insight: Insight) -> None:
            # the process that comes after may be killed, too
            with contextlib.suppress(Problem):
                await insight.ask("SELECT sleep(1)")

        asking = threading.Thread(target=asked, args=(self._site, ask))
        asking.start()
        time.sleep(0.2 + self._chance.random() * 0.5)
        seconds = self._killed(pid)
        asking.join()
        return seconds

    def _starting(self) -> float:
        self._kill(answering(self._site))
        until = time.perf_counter() + _LONGEST
        while not (found := self._started()):
            if time.perf_counter() > until:
                raise RuntimeError("no server starts the insight process")
            time.sleep(0.005)
        time.sleep(self._chance.random())
        return self._killed(found)

    def _killed(self, pid: int) -> float:
        began = time.perf_counter()
        self._kill(pid)
        answering(self._site, not_by=pid)
        return time.perf_counter() - began

    def _kill(self, pid: int) -> None:
        # whoever starts may have found another one and be gone
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self.pending += self._is_pending()

    def _is_pending(self) -> bool:
        # while its tables are being made, nothing is
        with (
            contextlib.suppress(sqlite3.OperationalError),
            closing(sqlite3.connect(f"file:{self._progress}?mode=ro", timeout=10, uri=True)) as database,
        ):
            return database.execute("SELECT 1 FROM facts WHERE name = 'pending'").fetchone() is not None
        return False

    def _started(self) -> int:
        """The insight process that the server has started; 0: none."""
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == self._server.pid and b"eden.observe.insight" in (folder / "cmdline").read_bytes():
                    return int(folder.name)
        return 0


def answering(site: Site, not_by: int = 0) -> int:
    """Wait until an insight process answers that is another one than `not_by`; its process id."""
    until = time.perf_counter() + _LONGEST
    while True:
        with contextlib.suppress(Problem):
            if (pid := insight_pid(site, start=False)) != not_by:
                return pid
        if time.perf_counter() > until:
            raise RuntimeError("the insight process does not come back")
        time.sleep(0.02)


def _stored(site: Site) -> dict[str, int]:
    """Events by the batch that they came with."""

    async def work(insight: Insight) -> dict[str, int]:
        data = await insight.fetch(
            f"SELECT props.batch::String AS batch, count() AS n FROM events WHERE app = {site.app} GROUP BY batch",
            form="JSONCompactEachRow",
        )
        rows = [msgspec.json.decode(line) for line in data.splitlines()]
        return {batch: int(n) for batch, n in rows}

    return asked(site, work)


def _counted(site: Site) -> int:
    """What the roll-ups have of the app. What a killed process left uncounted is counted by the next one."""

    async def work(insight: Insight) -> int:
        answer = await insight.ask(f"SELECT sum(events) FROM trends WHERE app = {site.app} AND name = ''")
        return int(answer.rows[0][0])

    return asked(site, work)
