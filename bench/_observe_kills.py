"""Processes that are killed at random moments under load, and what became of everything that was acknowledged."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
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

#: events of a batch, and batches of a round
_EVENTS, _BATCHES = 5, 400


def kills(site: Site, folder: Path, rounds: int) -> Iterator[Figure]:
    """The web process and the insight process take turns; the inserter dies with the latter."""
    body = folder / "kills.body"
    body.write_bytes(batch(_EVENTS))
    chance = random.Random(9)
    server = Server(site.settings)
    server.start()
    acknowledged: set[int] = set()
    restarts: list[float] = []
    try:
        for number in range(rounds):
            sent = folder / "acknowledged"
            order = Order(
                server.port, "/observe/v1/batch", [str(body)], {"Authorization": f"Bearer {site.write_key}"}, _BATCHES,
                connections=16, rate=400, first=number * _BATCHES, acknowledged=str(sent), patient=True, seconds=60,
            )  # fmt: skip
            measured: list[Measured] = []
            loading = threading.Thread(target=lambda order=order, into=measured: into.append(load(order)))
            loading.start()
            time.sleep(0.3 + chance.random() * 0.6)
            if number % 2:
                server.kill()
                began = time.perf_counter()
                server.start()
                restarts.append(time.perf_counter() - began)
            else:
                pid = answering(site)
                began = time.perf_counter()
                os.kill(pid, signal.SIGKILL)
                answering(site)
                restarts.append(time.perf_counter() - began)
            loading.join()
            if not measured:
                raise RuntimeError("the load ended without a measurement")
            acknowledged |= {int(line) for line in sent.read_text().splitlines()}
        settle(site)
        stored = _stored(site)
    finally:
        server.stop()
        wait_until_ended(site.settings)
    lost = sum(1 for one in acknowledged if stored.get(batch_id(one).decode(), 0) < _EVENTS)
    doubled = sum(1 for number in stored.values() if number > _EVENTS)
    yield Figure("killed_rounds", rounds)
    yield Figure("killed_acknowledged", len(acknowledged) * _EVENTS)
    yield Figure("killed_lost", lost * _EVENTS, 0)
    yield Figure("killed_doubled", doubled, 0)
    yield Figure("killed_restart_s", max(restarts), 2)


def answering(site: Site) -> int:
    """Wait until an insight process answers; its process id."""
    until = time.perf_counter() + 30
    while True:
        try:
            return insight_pid(site)
        except Problem:
            if time.perf_counter() > until:
                raise
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
