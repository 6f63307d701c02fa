"""How much a server process takes, and how soon it can be asked about."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp

from bench._harness import Figure
from bench._observe_load import BATCH, NOW, Measured, Order
from bench._observe_platform import Site, asked, count, insight_pid, load, megabytes, settle
from bench._release_platform import Server
from eden.observe.insight.client import Insight

#: of a batch as phones send them
EVENTS = 50
#: seconds between two probes of how soon an event is seen
_PROBES = 1.5


def batch(events: int, mark: str = "") -> bytes:
    """As the container sends them; the batch's id and the time of sending are put in by the load."""
    header: dict[str, Any] = {
        "batch": BATCH.decode(), "sent_at": "NOW", "device": "4b7d1a9c20f36e58", "user": "customer-7",
        "context": {
            "platform": "android", "os": "Android 16", "model": "Redmi Note 15", "app_version": "3.2.0",
            "network": "wifi", "language": "zh_CN", "country": "CN", "city": "Shanghai",
        },
        "program": {"version": "1.2.0", "code": 10_200, "release": "r1"},
    }  # fmt: skip
    lines = [header]
    for number in range(events):
        record = {"type": "event", "at": "NOW", "session": "9f86d081884c7d65", "page": "pages/home/home"}
        props: dict[str, Any] = {"batch": BATCH.decode()}
        if mark or number % 3:
            props |= {"component": "button", "id": f"b{number}", "handler": "onTap"} | ({"mark": mark} if mark else {})
            lines.append({**record, "name": "$tap", "props": props})
        else:
            props |= {"host": "api.example.com", "pattern": "/v1/items/{id}", "method": "GET", "status": 200,
                      "bytes_up": 240, "bytes_down": 5_120 + number}  # fmt: skip
            lines.append({**record, "name": "$request", "value": 120.5 + number, "props": props})
    text = "\n".join(json.dumps(line, separators=(",", ":")) for line in lines) + "\n"
    return text.replace('"NOW"', NOW.decode()).encode()


class Pressure:
    """Loads one server process of a site."""

    def __init__(self, site: Site, server: Server, folder: Path, quick: bool) -> None:
        self._site = site
        self._server = server
        self._quick = quick
        self._sent = 0
        self._files = {name: folder / f"{name}.body" for name in ("single", "batch", "sentry")}
        self._files["single"].write_bytes(batch(1))
        self._files["batch"].write_bytes(batch(EVENTS))
        # the insight process starts with the first batch
        self._send("single", 10)
        settle(site)

    def accepting(self) -> Iterator[Figure]:
        """Memory before anything happens; posts of each kind."""
        quick = self._quick
        envelope = subprocess.run([sys.executable, "-m", "bench._observe_sentry"], capture_output=True, check=True)
        self._files["sentry"].write_bytes(envelope.stdout)
        time.sleep(1 if quick else 5)
        yield Figure("idle_memory_mb", self._memory(), 450)
        yield from self._accepted("single_posts", "single", 2_000 if quick else 100_000, 1, 10_000)
        yield from self._accepted("batch_events", "batch", 300 if quick else 20_000, EVENTS, 60_000)
        settle(self._site)
        yield from self._crashes(500 if quick else 40_000)

    def storing(self) -> Iterator[Figure]:
        """A load that goes on; how soon an event is seen beside half of it."""
        yield from self._sustained(2 if self._quick else 600)
        yield from self._visible(*((2, 0.5) if self._quick else (60, _PROBES)))

    def _send(self, name: str, requests: int, rate: float = 0.0) -> Measured:
        site = self._site
        path, headers = "/observe/v1/batch", {"Authorization": f"Bearer {site.write_key}"}
        if name == "sentry":
            path = f"/observe/sentry/api/{site.app}/envelope/"
            headers = {"X-Sentry-Auth": f"Sentry sentry_key={site.write_key}, sentry_version=7"}
        seconds = 60 + 2 * requests / rate if rate else 600
        order = Order(
            self._server.port, path, [str(self._files[name])], headers, requests, rate=rate, seconds=seconds,
            first=self._sent,
        )  # fmt: skip
        self._sent += requests
        measured = load(order)
        if measured.statuses.keys() != {200}:
            raise RuntimeError(f"answers of {name}: {measured.statuses}")
        return measured

    def _accepted(self, what: str, name: str, requests: int, each: int, target: float) -> Iterator[Figure]:
        measured = self._send(name, requests)
        yield Figure(f"{what}_per_s", measured.good * each / measured.seconds, target, at_least=True)
        yield Figure(f"{name}_p99_ms", measured.p99, 50)

    def _crashes(self, requests: int) -> Iterator[Figure]:
        before, began = count(self._site, "errors"), time.perf_counter()
        yield from self._accepted("sentry_accepted", "sentry", requests, 1, 2_000)
        settle(self._site)
        seconds = time.perf_counter() - began
        self._check("errors", before, requests)
        yield Figure("sentry_queryable_per_s", requests / seconds, 1_000, at_least=True)

    def _sustained(self, seconds: int) -> Iterator[Figure]:
        requests = seconds * 25_000 // EVENTS
        before = count(self._site, "events")
        pids = self._server.pid, insight_pid(self._site)
        peak, ended = [0.0], threading.Event()

        def watch() -> None:
            while not ended.wait(1):
                peak[0] = max(peak[0], megabytes(*pids))

        watching = threading.Thread(target=watch)
        watching.start()
        measured = self._send("batch", requests, 25_000 / EVENTS)
        sent_at = time.perf_counter()
        settle(self._site)
        lag = time.perf_counter() - sent_at
        ended.set()
        watching.join()
        self._check("events", before, requests * EVENTS)
        yield Figure("sustained_events_per_s", requests * EVENTS / measured.seconds, 24_750, at_least=True)
        # whoever falls behind would have more left over, the longer it goes on
        yield Figure("sustained_left_s", lag, 3)
        yield Figure("sustained_p99_ms", measured.p99, 50)
        yield Figure("load_memory_mb", peak[0], 1_200)

    def _visible(self, probes: int, pause: float) -> Iterator[Figure]:
        """Beside half of the load; `pause` seconds between the beginnings of two probes."""
        rate = 12_500 / EVENTS
        loading = threading.Thread(target=self._send, args=("batch", int(rate * (probes * pause + 2)), rate))
        loading.start()
        times = asked(self._site, lambda insight: self._probe(insight, probes, pause))
        loading.join()
        yield Figure("visible_s", sorted(times)[int(len(times) * 0.95)], 2)

    async def _probe(self, insight: Insight, probes: int, pause: float) -> list[float]:
        times = []
        site, url = self._site, f"http://127.0.0.1:{self._server.port}/observe/v1/batch"
        headers = {"Authorization": f"Bearer {site.write_key}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            for number in range(probes):
                body = batch(1, f"probe-{number}").replace(BATCH, b"%032x" % number)
                began = time.perf_counter()
                async with session.post(url, data=body.replace(NOW, b"%d" % (time.time() * 1000))) as answer:
                    answer.raise_for_status()
                seen = f"SELECT count() FROM events WHERE app = {site.app} AND name = '$tap' AND received > now() - 60"
                marked = f"{seen} AND props.mark::String = 'probe-{number}'"
                while not int((await insight.ask(marked)).rows[0][0]):  # noqa: ASYNC110 - nothing tells
                    await asyncio.sleep(0.02)
                times.append(time.perf_counter() - began)
                await asyncio.sleep(max(0.0, pause - times[-1]))
        return times

    def _check(self, table: str, before: int, wanted: int) -> None:
        stored = count(self._site, table) - before
        if stored != wanted:
            raise RuntimeError(f"{stored} of {wanted} acknowledged rows are in {table}")

    def _memory(self) -> float:
        return megabytes(self._server.pid, insight_pid(self._site))
