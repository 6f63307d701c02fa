"""Made-up visits of a mini program, for benchmarks of observing: the same numbers make the same rows.

As in a real month: 12 names of events, 200,000 users of whom few do much, sessions that end at any page, 28 versions,
44 nested properties of which each name has its own, 15 templates of log lines with random ids, 400 places where it
crashes. Rows come as lines of JSON in the order in which they arrive.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

#: the first moment, seconds; 1 September 2026
START = 1788220800
DAYS = 30
#: names of events with their share in a session's steps
NAMES = (
    "$launch", "$page_view", "$page_leave", "$tap", "$request", "$set_data", "$long_task", "$error", "search",
    "add_to_cart", "checkout", "pay",
)  # fmt: skip
PAGES = tuple(f"pages/{name}/{name}" for name in
              ("home", "search", "list", "detail", "cart", "checkout", "paid", "orders", "me", "help"))  # fmt: skip
_PLATFORMS = ("ios", "android", "web")
_MODELS = tuple(
    f"{maker} {number}" for maker in ("iPhone", "Pixel", "Mate", "Mi", "Galaxy") for number in range(11, 23)
)
_COUNTRIES = ("CN", "DE", "US", "SG", "GB", "FR", "JP", "BR")
_CITIES = tuple(f"city-{number}" for number in range(60))
_HOSTS = ("api.example.com", "img.example.com", "pay.example.com")
_PATTERNS = ("/v1/items", "/v1/items/{id}", "/v1/cart", "/v1/users/{id}/orders", "/v1/pay", "/v1/search")
_TEMPLATES = (
    "login ok for user {0}", "cart {0} has {1} items", "request {0} took {1} ms", "cache miss for key {0}",
    "payment {0} was accepted", "payment {0} was declined by bank {1}", "retry {1} of request {0}",
    "image {0} could not be decoded", "session {0} was resumed", "page stack has {1} pages", "storage is {1} % full",
    "push token {0} was renewed", "location of {0} is unknown", "coupon {0} has run out", "order {0} was placed",
)  # fmt: skip


@dataclass(frozen=True)
class Workload:
    """`events` of `users`; of each hundred events about twelve have a log line and `errors` per thousand crash."""

    events: int
    users: int = 200_000
    app: int = 1
    seed: int = 20260901
    versions: int = 28
    groups: int = 400


def events(work: Workload) -> Iterator[bytes]:
    """Lines of the table `events`, about 430 bytes each."""
    random_ = random.Random(work.seed)
    number = 0
    while number < work.events:
        for line in _session(work, random_):
            yield line
            number += 1
            if number == work.events:
                return


def _base(work: Workload, random_: random.Random) -> tuple[dict[str, object], float]:
    """What all rows of a session have, and when it begins."""
    # few people do much: the square of a uniform number
    user = int(random_.random() ** 2 * work.users)
    day = random_.random() * DAYS
    version = min(int(random_.triangular(0, work.versions, day / DAYS * work.versions)), work.versions - 1)
    base: dict[str, object] = {
        **_person(user),
        "app": work.app,
        "session": f"{random_.getrandbits(64):016x}",
        "app_version": f"9.{version // 4}",
        "version": f"2.{version // 10}.{version % 10}",
        "code": 20_000 + version,
        "release": f"rel-{version:04d}",
        "network": random_.choice(("wifi", "4g", "5g")),
    }
    return base, START + day * 86_400


@cache
def _person(user: int) -> dict[str, object]:
    """What stays the same of a person."""
    own = random.Random(user)
    return {
        "person": f"u{user:07d}",
        "device": f"{own.getrandbits(64):016x}",
        "platform": own.choice(_PLATFORMS),
        "os": f"{own.randint(12, 18)}.{own.randint(0, 5)}",
        "model": own.choice(_MODELS),
        "country": own.choice(_COUNTRIES),
        "city": own.choice(_CITIES),
        "language": own.choice(("zh", "en", "de")),
        "channel": own.choice(("store", "web", "partner")),
        "source": "eden",
    }


def _session(work: Workload, random_: random.Random) -> Iterator[bytes]:
    base, at = _base(work, random_)
    yield _line(base, at, random_, "$launch", PAGES[0], random_.lognormvariate(6.8, 0.5), _launch(random_))
    page = 0
    previous = ""
    while True:
        path = PAGES[page]
        source = "navigate" if previous else "launch"
        props: dict[str, object] = {"referrer": previous, "source": source, "query": {"id": 1} if page == 3 else {}}
        yield _line(base, at, random_, "$page_view", path, random_.lognormvariate(4.5, 0.6), props)
        for _ in range(random_.randint(0, 2)):
            at += random_.expovariate(0.5)
            ms = random_.lognormvariate(5, 0.8)
            yield _line(base, at, random_, "$request", path, ms, _request(random_))
        if random_.random() < 0.6:
            at += random_.expovariate(0.3)
            tap: dict[str, object] = {
                "component": "button",
                "id": f"b{random_.randint(1, 30)}",
                "handler": f"on{random_.randint(1, 20)}",
            }
            yield _line(base, at, random_, "$tap", path, None, tap)
        if random_.random() < 0.12:
            slow = {"bytes": random_.randint(1_000, 90_000), "keys": random_.randint(1, 40), "component": path}
            yield _line(base, at, random_, "$set_data", path, random_.uniform(16, 90), slow)
        if random_.random() < 0.06:
            yield _line(base, at, random_, "$long_task", path, random_.uniform(50, 400), {"during": "render"})
        if random_.random() < 0.01:
            told = {"type": "TypeError", "message": f"x{random_.randint(1, 90)} is undefined", "fatal": False}
            yield _line(base, at, random_, "$error", path, None, told)
        name = {1: "search", 4: "add_to_cart", 5: "checkout", 6: "pay"}.get(page)
        if name:
            yield _line(base, at, random_, name, path, None, _business(name, random_))
        stay = random_.lognormvariate(1.8, 1.0)
        at += stay
        following = page + 1 if random_.random() < 0.5 else random_.randrange(len(PAGES))
        ends = random_.random() < 0.3 or following >= len(PAGES)
        left: dict[str, object] = {"next": "" if ends else PAGES[following]}
        yield _line(base, at, random_, "$page_leave", path, stay * 1000, left)
        if ends:
            return
        previous, page = path, following


def _launch(random_: random.Random) -> dict[str, object]:
    kind = random_.choice(("cold", "warm", "hot"))
    names = ("check", "download", "verify", "boot", "script", "render")
    phases = {name: round(random_.lognormvariate(4, 0.7)) for name in names}
    return {"kind": kind, "scene": random_.choice((1001, 1011, 1047, 1089)), "phases": phases,
            "first": random_.random() < 0.1}  # fmt: skip


def _request(random_: random.Random) -> dict[str, object]:
    status = random_.choices((200, 304, 404, 500, 0), (90, 5, 2, 2, 1))[0]
    props: dict[str, object] = {
        "host": random_.choice(_HOSTS), "pattern": random_.choice(_PATTERNS), "method": "GET", "status": status,
        "bytes_up": random_.randint(200, 900), "bytes_down": int(random_.lognormvariate(8, 1)),
    }  # fmt: skip
    if status == 0:
        props["failure"] = "timeout"
    return props


def _business(name: str, random_: random.Random) -> dict[str, object]:
    """What the program reports by itself: nested, with numbers and lists."""
    item = {"id": random_.randint(1, 5000), "category": f"c{random_.randint(1, 40)}",
            "price": {"amount": round(random_.lognormvariate(3, 1), 2), "currency": "CNY"},
            "tags": random_.sample(("new", "sale", "gift", "bulk"), 2)}  # fmt: skip
    if name == "search":
        return {"search": {"text": f"word{random_.randint(1, 800)}", "hits": random_.randint(0, 300),
                           "filters": {"stock": True, "order": "price"}}}  # fmt: skip
    if name == "add_to_cart":
        return {"item": item, "cart": {"items": random_.randint(1, 9), "total": round(random_.lognormvariate(4, 1), 2)}}
    if name == "checkout":
        return {"cart": {"items": random_.randint(1, 9), "total": round(random_.lognormvariate(4, 1), 2)},
                "coupon": {"code": f"K{random_.randint(1, 60)}", "share": random_.randint(5, 30)},
                "address": {"kind": random_.choice(("home", "work")), "known": True}}  # fmt: skip
    return {"order": {"id": f"{random_.getrandbits(48):012x}", "total": round(random_.lognormvariate(4, 1), 2),
                      "items": random_.randint(1, 9), "method": random_.choice(("card", "wallet", "bank"))},
            "experiment": {"name": "button", "variant": random_.choice(("a", "b"))}}  # fmt: skip


def _line(base: dict[str, object], at: float, random_: random.Random, name: str, page: str, value: float | None,
          props: dict[str, object]) -> bytes:  # fmt: skip
    row = {**base, "at": round(at, 3), "arrived": round(at + random_.expovariate(0.2), 3), "page": page, "name": name,
           "id": random_.getrandbits(64), "props": props}  # fmt: skip
    if value is not None:
        row["value"] = round(value, 1)
    return json.dumps(row, separators=(",", ":")).encode()


def logs(work: Workload, lines: int) -> Iterator[bytes]:
    """Lines of the table `logs`."""
    random_ = random.Random(work.seed + 1)
    for _ in range(lines):
        base, at = _base(work, random_)
        text = random_.choice(_TEMPLATES).format(f"{random_.getrandbits(40):010x}", random_.randint(1, 99))
        level = random_.choices((5, 9, 13, 17), (10, 70, 15, 5))[0]
        row = {**base, "at": round(at, 3), "arrived": round(at + 2, 3), "page": random_.choice(PAGES), "level": level,
               "logger": random_.choice(("net", "cart", "pay", "ui")), "message": text}  # fmt: skip
        yield json.dumps(row, separators=(",", ":")).encode()


def errors(work: Workload, lines: int) -> Iterator[bytes]:
    """Lines of the table `errors`, in `work.groups` groups with frames and breadcrumbs."""
    random_ = random.Random(work.seed + 2)
    for number in range(lines):
        base, at = _base(work, random_)
        group = int(random_.random() ** 2 * work.groups)
        own = random.Random(group)
        frames = [{"function": f"fn{own.randint(1, 900)}", "file": f"pages/{own.randint(1, 30)}.js",
                   "line": own.randint(1, 900), "column": own.randint(1, 80), "in_app": True}
                  for _ in range(own.randint(4, 14))]  # fmt: skip
        crumbs = [{"at": round(at - second, 3), "category": "tap", "message": f"b{random_.randint(1, 30)}"}
                  for second in range(12, 0, -1)]  # fmt: skip
        message = f"{own.choice(('x', 'data', 'item', 'user'))}{group} of {random_.getrandbits(32):08x} is undefined"
        document = {"exceptions": [{"type": "TypeError", "value": message, "frames": frames}], "breadcrumbs": crumbs}
        row = {**base, "at": round(at, 3), "arrived": round(at + 2, 3), "page": own.choice(PAGES),
               "id": f"{random_.getrandbits(128):032x}", "group": own.getrandbits(64), "algorithm": 1,
               "type": own.choice(("TypeError", "RangeError", "Error")), "message": message,
               "culprit": f"fn{own.randint(1, 900)} in pages/{own.randint(1, 30)}.js", "fatal": number % 3 == 0,
               "raw": json.dumps(document)}  # fmt: skip
        yield json.dumps(row, separators=(",", ":")).encode()
