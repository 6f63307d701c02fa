"""What a simulation is made of: a fleet of phones, and what goes wrong on their way. Everything is drawn from one seed.

Nothing about a phone is stored that can be drawn again: who phone number 7 is follows from the seed and the 7.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from eden.release.interfaces import DeviceContext

#: Drawing is in parts of so many.
PARTS = 10_000
_DAY_SECONDS = 24 * 3600


class Fault(StrEnum):
    """What may happen to one request.

    `truncated`: the answer ends early. `flipped`: one bit of it is another. `cut`: the connection breaks, before or
    after the server has heard the request. `failed`: 503. `replayed`: the oldest timestamp metadata that was ever seen.
    `forged`: metadata with another version number under the old signature. `stale_base`: a delta of another base.
    `lied`: the check's answer names some version, whoever it is for.
    """

    TRUNCATED = "truncated"
    FLIPPED = "flipped"
    CUT = "cut"
    FAILED = "failed"
    REPLAYED = "replayed"
    FORGED = "forged"
    STALE_BASE = "stale_base"
    LIED = "lied"


class Request(StrEnum):
    """What a request asks for."""

    CHECK = "check"
    METADATA = "metadata"
    TIMESTAMP = "timestamp"
    TARGET = "target"
    DELTA = "delta"
    REPORT = "report"


_ANY = frozenset(Request)
#: what each fault can happen to
STRIKES: Mapping[Fault, frozenset[Request]] = {
    Fault.TRUNCATED: _ANY - {Request.REPORT},
    Fault.FLIPPED: _ANY - {Request.REPORT},
    Fault.CUT: _ANY,
    Fault.FAILED: _ANY,
    Fault.REPLAYED: frozenset({Request.TIMESTAMP}),
    Fault.FORGED: frozenset({Request.METADATA, Request.TIMESTAMP}),
    Fault.STALE_BASE: frozenset({Request.DELTA}),
    Fault.LIED: frozenset({Request.CHECK}),
}


@dataclass(frozen=True)
class Faults:
    """How often what goes wrong. `rates`: of 10,000 requests that a fault can happen to. `skewed`: of 10,000 phones,
    those whose clock is wrong: half of them by up to `skew_seconds` in either direction, half of them by more than a
    year ahead, so that all metadata has expired for them."""

    rates: Mapping[Fault, int] = field(default_factory=dict)
    skewed: int = 0
    skew_seconds: int = _DAY_SECONDS // 4

    @classmethod
    def all(cls, rate: int = 200, skewed: int = 500) -> Faults:
        """Every kind, each as often."""
        return cls(dict.fromkeys(Fault, rate), skewed)

    def draw(self, kind: Request, chance: random.Random) -> Fault | None:
        """What happens to a request."""
        if not self.rates:
            return None
        place = chance.randrange(PARTS)
        for fault, rate in self.rates.items():
            if kind in STRIKES[fault]:
                if place < rate:
                    return fault
                place -= rate
        return None


#: Models, systems and versions as they are met.
USUAL: Mapping[str, Mapping[str, int]] = {
    "city": {"上海": 20, "北京": 20, "杭州": 15, "深圳": 15, "成都": 10, "西安": 8, "Singapore": 7, "Dubai": 5},
    "device_model": {"iPhone15,2": 30, "M2012K11AC": 25, "SM-S9180": 20, "ALN-AL00": 25},
    "platform": {"android": 60, "ios": 30, "harmony": 10},
    "os_version": {"14": 40, "13": 25, "17.5.1": 25, "5.0.0": 10},
    "app_version": {"3.2.0": 50, "3.1.4": 30, "2.9.0": 20},
    "container_version": {"1.0.0": 100},
    "network": {"wifi": 60, "4g": 20, "5g": 20},
    "language": {"zh-CN": 80, "en": 20},
    "channel": {"store": 70, "huawei": 20, "web": 10},
}


@dataclass(frozen=True)
class Population:
    """Who the phones are: for each field of their context the values and their weights. `users`: of 10,000 phones,
    those with a person's id, `user-NUMBER`."""

    fields: Mapping[str, Mapping[str, int]] = field(default_factory=lambda: USUAL)
    tags: Mapping[str, int] = field(default_factory=lambda: {"beta": 300, "vip": 1_000})
    users: int = 8_000

    def context(self, seed: int, number: int) -> DeviceContext:
        """What phone `number` says about itself."""
        chance = random.Random(f"{seed} context {number}")
        drawn = {name: _pick(chance, weights) for name, weights in self.fields.items()}
        tags = tuple(tag for tag, share in self.tags.items() if chance.randrange(PARTS) < share)
        user = f"user-{number}" if chance.randrange(PARTS) < self.users else None
        return DeviceContext(**drawn, tags=tags, user_id=user)


@dataclass(frozen=True)
class Plan:
    """One simulation. `programs`: keys that every phone has. `broken`: of 10,000 phones, those on which a version
    (program, code) does not start. `connections`: phones at the same time. `rate`: requests a second at most, 0 for
    no bound. `rounds`: how often every phone looks, with faults; afterwards it looks without, until all is quiet."""

    workspace: str
    programs: tuple[str, ...]
    phones: int
    seed: int = 1
    faults: Faults = Faults()
    population: Population = Population()
    broken: Mapping[tuple[str, int], int] = field(default_factory=dict)
    connections: int = 32
    rate: float = 0.0
    rounds: int = 3

    def device(self, number: int) -> str:
        """The id of a phone; nothing is alike in the ids of neighbours."""
        return f"{random.Random(f'{self.seed} device {number}').getrandbits(128):032x}"

    def skew(self, number: int) -> int:
        """µs by which a phone's clock is ahead."""
        chance = random.Random(f"{self.seed} clock {number}")
        if chance.randrange(PARTS) >= self.faults.skewed:
            return 0
        if chance.random() < 0.5:
            return chance.randint(-self.faults.skew_seconds, self.faults.skew_seconds) * 1_000_000
        return 400 * _DAY_SECONDS * 1_000_000

    def is_broken(self, number: int, key: str, code: int) -> bool:
        """Whether a version does not start on a phone."""
        share = self.broken.get((key, code), 0)
        return share > 0 and random.Random(f"{self.seed} start {number} {key} {code}").randrange(PARTS) < share


def _pick(chance: random.Random, weights: Mapping[str, int]) -> str:
    return chance.choices(list(weights), list(weights.values()))[0]
