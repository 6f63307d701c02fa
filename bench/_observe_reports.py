"""Asking about a filled events store over HTTP, as the console and clients do."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import aiohttp
import msgspec

from bench import _observe_fill
from bench._harness import Figure
from bench._observe_erasing import erased
from bench._observe_events import DAYS, START
from bench._observe_platform import Asker, Site, serving

_ROUNDS = 21
_SETTLED = 3
_FUNNEL = ("search", "add_to_cart", "checkout", "pay")


def reports(
    site: Site, events: int, made: int, quick: bool, prefix: str = "", target: float | None = None
) -> Iterator[Figure]:
    """About `events`, of which `made` are no copies. `target`: milliseconds for every question, else each has one
    of its own."""
    others = (5_000, 1_000) if quick else (400_000, 200_000)
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
    if made >= _WEIGHED:
        yield Figure(f"{prefix}bytes_per_event", filled.bytes_per_event, 40)
    with serving(site) as server:
        asker = Asker(site, server)
        times = asyncio.run(_times(asker, 1 if quick else _ROUNDS))
        for name, milliseconds in times.items():
            # a dashboard is many reports
            each = _TARGETS.get(name, _TARGET) if target is None else target if name != "tiles" else None
            yield Figure(f"{prefix}{name}_ms", milliseconds, each)
        yield Figure(f"{prefix}erased_s", asyncio.run(erased(asker)), 1)


#: events from which on roll-ups, which grow with time, weigh as little as in a month of a large app
_WEIGHED = 4_000_000
#: 95th percentiles, milliseconds, of what has no target of its own
_TARGET = 500.0
_TARGETS = {
    **dict.fromkeys(("ask_trend", "ask_active", "ask_trend_by_version"), 50.0),
    **dict.fromkeys(
        ("ask_funnel", "ask_funnel_unordered", "ask_retention", "ask_percentiles", "ask_release", "ask_crashes"), 250.0
    ),
    "ask_tokens": 20.0,
    # one page, but fourteen statements
    "ask_overview": 750.0,
    "tiles": 1500.0,
}
#: a dashboard of twelve
_TILES = (
    "trend", "active", "trend_by_version", "trend_by_page", "trend_sum", "ratio", "funnel", "retention", "percentiles",
    "paths", "versions", "release",
)  # fmt: skip
#: connections that a browser opens to one address
_CONNECTIONS = 6


async def _times(asker: Asker, rounds: int) -> dict[str, float]:
    found = {}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=_CONNECTIONS)) as session:
        # the first question starts the insight process, which goes on to load
        await _ask(asker, session, "events", 0)
        await asyncio.sleep(_SETTLED)
        for name in (*_QUESTIONS, "crashes", "tokens"):
            found[f"ask_{name}"] = await _p95(partial(_ask, asker, session, name), rounds)
        found["tiles"] = await _p95(partial(_open, asker, session), min(rounds, 9))
    return found


async def _p95(work: Callable[[int], Awaitable[None]], rounds: int) -> float:
    """Milliseconds. The first time warms up: what people ask next is in memory."""
    spent = []
    for number in range(rounds + 1):
        began = time.perf_counter()
        await work(number)
        spent.append((time.perf_counter() - began) * 1000)
    return sorted(spent[1:])[int((rounds - 1) * 0.95)]


async def _open(asker: Asker, session: aiohttp.ClientSession, number: int) -> None:
    """The tiles of a dashboard, side by side, as its page asks for them."""
    await asyncio.gather(*(_ask(asker, session, name, number) for name in _TILES))


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
    varied = _VARIED.get(name)
    return _QUESTIONS[name] | {"period": period} | (varied(number) if varied else {})


_LAUNCHES = {"names": ["$launch"]}
_VIEWS = {"names": ["$page_view"]}
_PAID = {"names": ["pay"]}
_STEPS = [{"events": {"names": [name]}} for name in _FUNNEL]
_QUESTIONS: dict[str, dict[str, Any]] = {
    "trend": {"question": "trend", "events": _VIEWS, "interval": "day"},
    "active": {"question": "trend", "measure": {"kind": "persons"}, "interval": "day"},
    "trend_by_version": {"question": "trend", "events": _LAUNCHES, "breakdown": {"by": ["version"]}},
    "trend_by_page": {"question": "trend", "events": _VIEWS, "breakdown": {"by": ["page"]}},
    "trend_sum": {"question": "trend", "events": _PAID, "measure": {"kind": "sum", "of": "props.order.total"}},
    "ratio": {"question": "trend", "events": _PAID, "measure": {"kind": "person_ratio", "over": _LAUNCHES}},
    "funnel": {"question": "funnel", "steps": _STEPS},
    "funnel_unordered": {"question": "funnel", "order": "unordered", "steps": _STEPS},
    "retention": {"question": "retention", "start": _LAUNCHES, "back": _LAUNCHES, "interval": "day"},
    "percentiles": {
        "question": "percentiles", "events": _LAUNCHES, "of": "props.phases.boot", "breakdown": {"by": ["version"]},
    },
    "paths": {"question": "paths"},
    "cohort": {"question": "cohort", "condition": {"is": "did", "events": _PAID, "at_least": 2}},
    "trail": {"question": "trail"},
    "versions": {"question": "versions"},
    "release": {"question": "release"},
    "overview": {"question": "overview"},
    "events": {"question": "events"},
    "properties": {"question": "properties", "events": _PAID},
    "values": {"question": "values", "property": "props.pattern", "events": {"names": ["$request"]}},
}  # fmt: skip
#: what differs beside the period
_VARIED: dict[str, Callable[[int], dict[str, Any]]] = {
    "funnel": lambda number: {"window": 7 * 86_400 - number},
    "funnel_unordered": lambda number: {"window": 7 * 86_400 - number},
    "trail": lambda number: {"person": f"u{17 + number:07d}"},
    "release": lambda number: {"code": 20_020 - number % 5},
}
