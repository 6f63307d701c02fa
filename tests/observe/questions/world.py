"""Made-up rows of an app: the same seed makes the same ones.

They hold what is hard: the hours in which Berlin's clocks are put back, moments at midnight of several zones, many
events in one millisecond, events that came twice (some a little later, as when a phone's clock was corrected
differently), late ones, people, sessions and ids that are empty, properties of every type.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Any

from tests.observe.questions.reference import Row, World

#: Friday; the night of 25 October had the hour from two to three twice in Berlin
NOW_MS = int(datetime(2026, 10, 30, 10, 20, 30, 123_000, UTC).timestamp() * 1000)
NOW = NOW_MS * 1000
DAY_MS = 86_400_000
NAMES = (
    "$launch", "$page_view", "$page_view", "$page_view", "$tap", "$page_leave", "$request", "$white_screen", "search",
    "cart", "cart", "pay",
)  # fmt: skip
PAGES = ("home", "list", "item", "cart", "", "me")
CODES = {"1.0": 100, "1.1": 110, "1.2": 120, "": 0}
#: midnight in UTC, Berlin before and after, Shanghai, Kathmandu; both times of half past two in Berlin
EDGES = tuple(
    int(datetime(2026, 10, *at, tzinfo=UTC).timestamp() * 1000)
    for at in ((25, 0, 0), (24, 22, 0), (25, 23, 0), (26, 16, 0), (26, 18, 15), (25, 0, 30), (25, 1, 30), (19, 0, 0))
)
HOSTILE = "a`b\\'\"{p0:String}"


def make(seed: int, events: int, *, days: int = 20, repeats: bool = True) -> World:
    """A world of one app; few people, so that everybody does much. `repeats`: some events came twice."""
    random_ = random.Random(seed)
    rows: list[Row] = []
    moment = NOW_MS - DAY_MS
    while len(rows) < events:
        choice = random_.random()
        if choice < 0.45:
            # soon after the one before, often in the same millisecond
            moment += random_.choice((0, 0, 1, 5, 1_000, 60_000, 1_800_000))
        elif choice < 0.6:
            moment = random_.choice(EDGES) + random_.choice((-1, 0, 0, 1))
        else:
            moment = NOW_MS - random_.randrange(days * DAY_MS)
        moment = min(moment, NOW_MS)
        row = _event(random_, moment)
        rows.append(row)
        if repeats and random_.random() < 0.08:
            again = dict(row)
            if random_.random() < 0.3:
                again["ms"] = min(moment + random_.choice((1, 2)), NOW_MS)
            rows.append(again)
    people: dict[str, Any] = {
        f"u{number}": {"plan": random_.choice(("free", "gold")), "age": random_.randint(10, 80)} for number in range(9)
    }
    errors = [_error(random_, number) for number in range(events // 12)]
    errors += [dict(random_.choice(errors)) for _ in range(3)] if errors else []
    return World(rows, people, NOW, errors)


def _base(random_: random.Random, ms: int) -> Row:
    number = random_.randrange(14)
    person = "" if number == 0 else f"u{number}"
    version = random_.choice(("1.0", "1.1", "1.1", "1.2", ""))
    return {
        "ms": ms,
        "person": person,
        "device": f"d{number}" if random_.random() < 0.9 else "",
        "session": "" if random_.random() < 0.1 else f"s{number}-{ms // (DAY_MS // 4)}",
        "platform": random_.choice(("ios", "android", "")),
        "version": version,
        "code": CODES[version],
        "country": random_.choice(("CN", "DE", "us")),
    }


def _event(random_: random.Random, ms: int) -> Row:
    props: dict[str, Any] = {}
    if random_.random() < 0.7:
        props["kind"] = random_.choice(("cold", "warm", "Hot", "", "2026-10-01", "13"))
    if random_.random() < 0.6:
        props["amount"] = random_.choice((0, 1, 2.5, -3, 1e3, "7", "7.50", "many", True, "nan", "1e2"))
    if random_.random() < 0.5:
        props["phases"] = {"boot": random_.randint(0, 9), "script": {"ms": random_.random() * 100}}
    if random_.random() < 0.3:
        props[HOSTILE] = random_.choice(("x", "y"))
    name = random_.choice(NAMES)
    if name == "$request":
        props |= {"status": random_.choice((200, 200, 404, 500, "503", 0))}
        if random_.random() < 0.2:
            props["failure"] = random_.choice(("timeout", ""))
    return _base(random_, ms) | {
        "name": name,
        "page": random_.choice(PAGES),
        "id": 0 if random_.random() < 0.1 else random_.getrandbits(63) + 1,
        "value": None
        if random_.random() < 0.2
        else round(random_.expovariate(1 / 800), 2) * random_.choice((1, 1, 1, 0)),
        "props": props,
    }


def _error(random_: random.Random, number: int) -> Row:
    ms = NOW_MS - random_.randrange(15 * DAY_MS)
    return _base(random_, ms) | {
        "id": f"e{number}",
        "group": random_.choice((7, 8, 2**64 - 1)),
        "algorithm": 1,
        "type": "TypeError",
        "message": "x is not a function",
        "fatal": random_.random() < 0.4,
        "page": random_.choice(PAGES),
    }


def lines(world: World, app: int) -> dict[str, list[bytes]]:
    """Rows of the tables, as JSON; events in two chunks, the second with what came late and what came twice."""

    def stored(row: Row) -> bytes:
        fields = {key: value for key, value in row.items() if key != "ms" and value not in (None, "")}
        # through integers: a float has not all of its digits
        at = f"{row['ms'] // 1000}.{row['ms'] % 1000:03d}"
        return json.dumps({"app": app, "at": at, "arrived": at, **fields}).encode()

    seen: set[int] = set()
    first: list[bytes] = []
    late: list[bytes] = []
    for index, row in enumerate(world.rows):
        (late if row["id"] in seen or index % 11 == 0 else first).append(stored(row))
        seen.add(row["id"] or -index - 1)
    people = [
        json.dumps(
            {"app": app, "at": at, "key": key, "props": props if at == "1790000000" else {"plan": "old"}}
        ).encode()
        for at in ("1780000000", "1790000000")
        for key, props in world.people.items()
    ]
    return {"events": first, "late": late, "errors": [stored(row) for row in world.errors], "people": people}
