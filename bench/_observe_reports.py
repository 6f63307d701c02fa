"""Asking about a filled events store over HTTP, as the console and clients do."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import msgspec

from bench import _observe_fill
from bench._harness import Figure
from bench._observe_events import DAYS, START
from bench._observe_platform import Asker, Site, serving

_ROUNDS = 21
_FUNNEL = ("search", "add_to_cart", "checkout", "pay")


def reports(
    site: Site, events: int, made: int, quick: bool, prefix: str = "", target: float | None = None
) -> Iterator[Figure]:
    """About `events`, of which `made` are no copies. `target`: milliseconds for every question; else each has one."""
    others = (10_000, 2_000) if quick else (400_000, 200_000)
    order = _observe_fill.Order(site.settings, site.app, events, made, *others)
    process = subprocess.run(
        [sys.executable, "-m", "bench._observe_fill"],
        input=msgspec.json.encode(order),
        capture_output=True,
        check=False,
    )
    if process.returncode:
        raise RuntimeError(process.stderr.decode()[-2000:])
    filled = msgspec.json.decode(process.stdout, type=_observe_fill.Filled)
    yield Figure(f"{prefix}insert_events_per_s", made / filled.seconds)
    yield Figure(f"{prefix}bytes_per_event", filled.bytes_per_event, 40)
    with serving(site) as server:
        times = asyncio.run(_times(Asker(site, server), 3 if quick else _ROUNDS))
    for name, milliseconds in times.items():
        yield Figure(f"{prefix}ask_{name}_ms", milliseconds, target or _TARGETS[name])


#: 95th percentiles, milliseconds
_TARGETS = {
    "trend": 50.0,
    "active": 50.0,
    "funnel": 250.0,
    "retention": 250.0,
    "percentiles": 250.0,
    "release": 250.0,
    "crashes": 250.0,
    "tokens": 20.0,
}


async def _times(asker: Asker, rounds: int) -> dict[str, float]:
    found = {}
    async with aiohttp.ClientSession() as session:
        for name in _TARGETS:
            spent = []
            # the first one warms up: what people ask next is in memory
            for number in range(rounds + 1):
                began = time.perf_counter()
                await _ask(asker, session, name, number)
                spent.append((time.perf_counter() - began) * 1000)
            found[name] = sorted(spent[1:])[int((rounds - 1) * 0.95)]
    return found


async def _ask(asker: Asker, session: aiohttp.ClientSession, name: str, number: int) -> None:
    """The question in a form that was not asked before."""
    if name == "crashes":
        await asker.get(session, "/crashes", sort="occurrences", limit=str(20 + number))
    elif name == "tokens":
        await asker.get(session, "/logs", text=f"payment declined bank {number + 1}", limit="50")
    else:
        answer = await asker.post(session, "/ask", _question(name, number))
        if not answer["statements"][0]["sql"]:
            raise RuntimeError(f"no SQL is named for {name}")


def _question(name: str, number: int) -> dict[str, Any]:
    # whole days, each time others
    since = datetime.fromtimestamp(START, UTC) + timedelta(days=number % 3)
    until = datetime.fromtimestamp(START, UTC) + timedelta(days=DAYS - number // 3 % 7)
    period = {"since": since.isoformat(), "until": until.isoformat(), "zone": "Asia/Shanghai"}
    launches = {"names": ["$launch"]}
    questions: dict[str, dict[str, Any]] = {
        "trend": {"question": "trend", "events": {"names": ["$page_view"]}, "interval": "day"},
        "active": {"question": "trend", "measure": {"kind": "persons"}, "interval": "day"},
        "funnel": {
            "question": "funnel",
            "steps": [{"events": {"names": [step]}} for step in _FUNNEL],
            "window": 7 * 86_400 - number,
        },
        "retention": {"question": "retention", "start": launches, "back": launches, "interval": "day"},
        "percentiles": {
            "question": "percentiles", "events": launches, "of": "props.phases.boot", "breakdown": {"by": ["version"]},
        },
        "release": {"question": "release", "code": 20_020 - number % 5},
    }  # fmt: skip
    return questions[name] | {"period": period}
