"""A bank's users, made up: batches as their phones send them. Pure: the same seed gives the same month.

People come and stay away as they do: most come back within days, some never; fewer at night and on Sundays, by the
clock of the place where they are. Two versions were released in the month, and the one of the last days has an error
that the one before had not, so every page has something to find.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

DAY = 86_400_000
_HOUR = 3_600_000
#: all places are as far east as Shanghai
_ZONE = 8 * _HOUR
#: the first of January 1970 was a Thursday
_SUNDAY = 3
#: nearly every visit is over by then
_VISIT = 180_000

#: (platform, OS, model, how much slower than the first)
_PHONES = (
    ("ios", "iOS 19.2", "iPhone 17", 1.0), ("ios", "iOS 19.1", "iPhone 15", 1.2), ("ios", "iOS 18.6", "iPhone 13", 1.5),
    ("android", "Android 17", "Mate 80", 1.3), ("android", "Android 16", "Redmi Note 15", 1.9),
    ("android", "Android 15", "vivo Y78", 2.3), ("harmony", "HarmonyOS 6", "nova 14", 1.5),
)  # fmt: skip
_PLACES = (("CN", "Shanghai"), ("CN", "Chengdu"), ("CN", "Hangzhou"), ("CN", "Shenzhen"), ("SG", "Singapore"))
_NETWORKS = ("wifi", "wifi", "5g", "5g", "4g")
_CHANNELS = ("store", "store", "scan", "friend")
#: requests of pages: (pattern, milliseconds, share that fails)
_REQUESTS = {
    "pages/home/home": (("/api/bank/accounts", 90, 0.004), ("/api/bank/messages", 60, 0.003)),
    "pages/account/account": (("/api/bank/accounts/{id}/transactions", 140, 0.006),),
    "pages/transfer/transfer": (("/api/bank/payees", 80, 0.004), ("/api/bank/transfers", 260, 0.02)),
    "pages/messages/messages": (("/api/bank/messages", 70, 0.003),),
    "loan/plan/plan": (("/api/bank/loans/plan", 320, 0.01),),
    "loan/confirm/confirm": (("/api/bank/loans", 450, 0.02),),
}
#: where people go from a page, with weights; "" leaves
_WAYS = {
    "pages/home/home": (
        ("pages/account/account", 34), ("pages/transfer/transfer", 26), ("pages/messages/messages", 12),
        ("loan/entry/entry", 9), ("pages/me/me", 7), ("", 22),
    ),
    "pages/account/account": (("pages/transaction/transaction", 40), ("pages/home/home", 30), ("", 30)),
    "pages/transaction/transaction": (("pages/account/account", 60), ("", 40)),
    "pages/transfer/transfer": (("pages/result/result", 62), ("pages/home/home", 18), ("", 20)),
    "pages/result/result": (("pages/home/home", 55), ("", 45)),
    "pages/messages/messages": (("pages/message/message", 60), ("pages/home/home", 20), ("", 20)),
    "pages/message/message": (("pages/messages/messages", 50), ("", 50)),
    "pages/me/me": (("pages/home/home", 60), ("", 40)),
    "loan/entry/entry": (("loan/plan/plan", 58), ("pages/home/home", 12), ("", 30)),
    "loan/plan/plan": (("loan/document/document", 55), ("", 45)),
    "loan/document/document": (("loan/confirm/confirm", 70), ("", 30)),
    "loan/confirm/confirm": (("pages/result/result", 80), ("", 20)),
}  # fmt: skip
#: events that the bank reports by itself when a page is reached
_REPORTS = {
    "pages/transfer/transfer": "transfer_begin",
    "loan/entry/entry": "loan_scan",
    "loan/plan/plan": "loan_plan",
    "loan/document/document": "loan_document",
    "loan/confirm/confirm": "loan_confirm",
}


@dataclass(frozen=True)
class Shipped:
    """A version: who has it from `since` (ms) on is `share` of the devices; `release`: id of its release."""

    version: str
    code: int
    release: str
    since: int
    share: float = 1.0
    #: chance that a transfer of an amount in foreign money throws
    faulty: float = 0.0
    #: starts take this much of what they took before
    pace: float = 1.0


class Crowd:
    """People with their phones. `days` are those of `month`; the last one is today."""

    def __init__(self, people: int = 900, days: int = 28, seed: int = 7) -> None:
        self._chance = random.Random(seed)
        self._days = days
        self._devices = [_Device(number, self._chance, days) for number in range(people)]

    def month(self, until: int, shipped: Sequence[Shipped]) -> Iterator[bytes]:
        """Batches of the days up to `until` (ms), each of one visit of one device, oldest day first.

        `shipped` by time, oldest first; the first one is everybody's.
        """
        today = (until + _ZONE) // DAY
        for day in range(self._days):
            date = today - self._days + 1 + day
            start = date * DAY - _ZONE
            for device in self._devices:
                if device.comes(day, date % 7 == _SUNDAY, self._chance):
                    for moment in device.moments(start, self._chance):
                        if moment < until:
                            yield _visit(device, moment, shipped, self._chance).encoded()

    def visit(self, now: int, shipped: Sequence[Shipped]) -> bytes:
        """Somebody's visit that began three minutes ago, as far as it has gone."""
        device = self._chance.choice(self._devices)
        return _visit(device, now - _VISIT, shipped, self._chance).encoded(now)


class _Device:
    """A phone and who has it."""

    def __init__(self, number: int, chance: random.Random, days: int) -> None:
        self.id = f"{chance.getrandbits(64):016x}"
        # two of three have signed in
        self.user = f"customer-{number:04d}" if chance.random() < 0.66 else ""
        self.platform, self.os, self.model, self.slowness = chance.choice(_PHONES)
        self.country, self.city = chance.choice(_PLACES)
        self.network, self.channel = chance.choice(_NETWORKS), chance.choice(_CHANNELS)
        #: half were there before the month began
        self.first_day = chance.randrange(-40, days)
        self.habit = chance.betavariate(1.3, 3)
        #: days until they lose interest
        self.patience = chance.expovariate(1 / 18)
        self.place = chance.random()
        self.seen = self.first_day < 0

    def comes(self, day: int, sunday: bool, chance: random.Random) -> bool:
        age = day - self.first_day
        if age < 0:
            return False
        share = self.habit * (0.7 if sunday else 1.0)
        return age == 0 or chance.random() < share * math.exp(-age / (self.patience * 4))

    def moments(self, start: int, chance: random.Random) -> list[int]:
        """Begins of this day's visits: mornings and evenings, seldom at night."""
        hours = [min(23.9, max(0.1, chance.gauss(*chance.choice(((9.5, 2), (13, 1.5), (20, 2)))))) for _ in range(
            1 + (chance.random() < 0.3)
        )]  # fmt: skip
        return [start + int(hour * _HOUR) for hour in sorted(hours)]


def _visit(device: _Device, begun: int, shipped: Sequence[Shipped], chance: random.Random) -> _Visit:
    has = [one for one in shipped if one.since <= begun and device.place < one.share] or shipped[:1]
    version = has[-1]
    session = f"{chance.getrandbits(64):016x}"
    header: dict[str, Any] = {
        "batch": f"{chance.getrandbits(128):032x}",
        "device": device.id,
        "generated": True,
        "context": {
            "platform": device.platform, "os": device.os, "model": device.model, "app_version": "3.2.0",
            "country": device.country, "city": device.city, "network": device.network, "channel": device.channel,
            "language": "en" if device.country == "SG" else "zh_CN",
        },
        "program": {"version": version.version, "code": version.code, "release": version.release},
    }  # fmt: skip
    if device.user:
        header["user"] = device.user
    visit = _Visit(header, session, begun, chance)
    visit.launch(device, version)
    page, steps = "pages/home/home", 0
    while page and steps < 14:
        page = visit.page(page, device, version)
        steps += 1
    return visit


class _Visit:
    """The batch of one visit."""

    def __init__(self, header: dict[str, Any], session: str, begun: int, chance: random.Random) -> None:
        self._lines: list[dict[str, Any]] = [header]
        self._session = session
        self._at = begun
        self._chance = chance
        self._before = ""

    def encoded(self, now: int | None = None) -> bytes:
        """What had happened by `now`, or all of it."""
        lines = [line for line in self._lines if now is None or line.get("at", now) <= now]
        return b"\n".join(msgspec.json.encode(line) for line in lines) + b"\n"

    def _say(self, kind: str, page: str, **fields: Any) -> None:
        chance = self._chance
        record = {"type": kind, "id": f"{chance.getrandbits(64):016x}", "at": self._at, "session": self._session}
        self._lines.append(record | ({"page": page} if page else {}) | fields)

    def _event(self, name: str, page: str, value: float | None = None, **props: Any) -> None:
        self._say("event", page, name=name, **({} if value is None else {"value": round(value, 1)}), props=props)

    def _wait(self, milliseconds: float) -> None:
        self._at += max(1, int(milliseconds))

    def launch(self, device: _Device, version: Shipped) -> None:
        cold = not device.seen or self._chance.random() < 0.6
        whole = self._chance.lognormvariate(math.log(620 if cold else 210), 0.35) * device.slowness * version.pace
        shares = {
            "check": 0.08,
            "download": 0.22 if not device.seen else 0.0,
            "verify": 0.06,
            "boot": 0.2,
            "script": 0.24,
        }
        phases = {name: round(whole * share, 1) for name, share in shares.items()}
        phases["render"] = round(whole - sum(phases.values()), 1)
        self._wait(whole)
        self._event(
            "$launch", "pages/home/home", whole, kind="cold" if cold else "warm", scene=1001, phases=phases,
            first=not device.seen,
        )  # fmt: skip
        device.seen = True

    def page(self, page: str, device: _Device, version: Shipped) -> str:
        """Shows a page and what is done there; where it goes from there."""
        chance = self._chance
        source = "launch" if not self._before else "navigate"
        render = chance.lognormvariate(math.log(70), 0.4) * device.slowness
        self._event("$page_view", page, render, referrer=self._before, source=source)
        if report := _REPORTS.get(page):
            self._event(report, page, **({"amount": chance.randrange(5, 3000) * 100} if "loan" in report else {}))
        for pattern, usual, failing in _REQUESTS.get(page, ()):
            self._request(page, pattern, usual * device.slowness, failing)
        if chance.random() < 0.04:
            self._event(
                "$set_data",
                page,
                chance.lognormvariate(math.log(28), 0.4) * device.slowness,
                keys=["list"],
                bytes=48_000,
            )
        if chance.random() < 0.03:
            self._event("$long_task", page, chance.lognormvariate(math.log(80), 0.5) * device.slowness, during="render")
        if chance.random() < 0.0015:
            self._event("$white_screen", page, 3000, elements=0, reason="empty")
        stay = chance.lognormvariate(math.log(9_000), 0.9)
        self._wait(stay * 0.7)
        ways = _WAYS[page]
        following = chance.choices([way for way, _ in ways], [weight for _, weight in ways])[0]
        self._event(
            "$tap", page, component="button" if following else "view", id=following.rpartition("/")[2], handler="onTap"
        )
        if page == "pages/transfer/transfer" and following == "pages/result/result":
            following = self._transfer(page, version)
        elif page == "loan/confirm/confirm" and following:
            self._event("loan_signed", page, amount=chance.randrange(50, 3000) * 10_000)
        if chance.random() < 0.004:
            self._known_error(page)
        if chance.random() < 0.0006 * device.slowness:
            # as the host says it when it ends a program that does not answer
            self._error(page, "hung", f"5 s, {page}", (), fatal=True)
            return ""
        self._wait(stay * 0.3)
        self._event("$page_leave", page, stay, next=following)
        self._before = page
        return following

    def _request(self, page: str, pattern: str, usual: float, failing: float) -> None:
        chance = self._chance
        failed = chance.random() < failing
        spent = chance.lognormvariate(math.log(usual), 0.45) * (4 if failed else 1)
        status = chance.choice((500, 502, 0)) if failed else 200
        self._event(
            "$request", page, spent, host="bank.eden.local", pattern=pattern,
            method="POST" if pattern.endswith(("transfers", "loans")) else "GET",
            status=status, bytes_up=180, bytes_down=chance.randrange(300, 9000),
            # what was answered, be it with an error, has come
            **({} if status else {"failure": "timeout"}),
        )  # fmt: skip
        if failed:
            self._say("log", page, level="warn", tag="net", message=f"request {pattern} failed, tried again", props={})

    def _transfer(self, page: str, version: Shipped) -> str:
        amount = self._chance.randrange(10, 4000) * 100
        foreign = self._chance.random() < 0.3
        self._event("transfer_confirm", page, amount=amount, currency="SGD" if foreign else "CNY")
        if foreign and self._chance.random() < version.faulty:
            self._error(
                page,
                "TypeError",
                "Cannot read properties of undefined (reading 'rate')",
                (("convert", "utils/money.js", 41, 23), ("confirm", "pages/transfer/transfer.js", 88, 17)),
            )
            return ""
        self._event("transfer_done", page, amount=amount, currency="SGD" if foreign else "CNY")
        self._say("log", page, level="info", tag="transfer", message=f"transfer of {amount} cents accepted", props={})
        return "pages/result/result"

    def _known_error(self, page: str) -> None:
        self._error(
            page, "Error", f"request:fail timeout {self._chance.randrange(8000, 16000)} ms",
            (("request", "utils/http.js", 27, 11), ("load", f"{page}.js", 19, 9)),
        )  # fmt: skip

    def _error(
        self, page: str, kind: str, message: str, frames: Sequence[tuple[str, str, int, int]], *, fatal: bool = False
    ) -> None:
        where = [
            {"function": function, "file": file, "line": line, "column": column, "in_app": True}
            for function, file, line, column in frames
        ]
        crumbs = [
            {"at": self._at - 4000, "category": "page", "message": page, "level": "info"},
            {"at": self._at - 900, "category": "tap", "message": "button#confirm", "level": "info"},
        ]
        self._event("$error", page, type=kind, message=message, fatal=fatal)
        error = {
            "type": kind,
            "message": message,
            **({"frames": where} if where else {}),
            "fatal": fatal,
            "handled": False,
            "mechanism": "host" if fatal else "onerror",
        }
        self._say("error", page, error=error, breadcrumbs=crumbs)
