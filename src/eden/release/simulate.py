"""A device simulator: a fleet of phones that update through a real server over a bad line, and a judge beside them.

Every phone keeps its own versions, metadata and clock (`simulate_phone`); the line spoils answers as the plan says
(`simulate_line`). A judge who knows what is meant (`simulate_truth`) looks at every installation and, in the end, at
every phone:

- each phone ends on the right version;
- no phone ever installs bytes that are not the version's, or a version that is not for it;
- whatever is refused, the version that was there stays, and so does the newest metadata that was seen.

The same seed gives the same fleet, the same faults and, with a server that answers alike, the same outcome. See
docs/simulate.md.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

import msgspec

from eden.base.ids import now
from eden.base.targeting import Proof
from eden.release.interfaces import DeviceContext
from eden.release.simulate_http import Paced, Transport
from eden.release.simulate_line import Line
from eden.release.simulate_phone import Visit, World
from eden.release.simulate_plan import Fault, Faults, Plan, Population, Request
from eden.release.simulate_shelf import Kept, Phone
from eden.release.simulate_trust import Verifier
from eden.release.simulate_truth import Facts, Truth, Truths

__all__ = ["Fault", "Faults", "Outcome", "Plan", "Population", "Simulation", "Truth", "simulate"]

#: rounds without faults that bring every phone to rest: metadata, installation, start, and one for who begins anew
QUIET_ROUNDS = 8
#: what must never be counted
_VIOLATIONS = ("wrong bytes", "wrong version", "lost by a refusal", "rolled back metadata")

#: Does something at the server; the truth from then on, or None when it stays.
Act = Callable[[], Awaitable[Truth | None]]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a fleet. `right` phones have the right version of every program; `wrong` are examples of others:
    phone number, program, version that it has, version that it should have. `violations` counts what must never
    happen, by its name. `counts`: what happened, `faults`: what was spoilt, `requests`: what was asked, by kind.
    `versions`: phones by program and version code."""

    phones: int
    right: int
    wrong: tuple[tuple[int, str, int | None, int | None], ...]
    violations: dict[str, int]
    counts: dict[str, int]
    faults: dict[str, int]
    requests: dict[str, int]
    unreachable: int
    versions: dict[str, dict[str, int]]

    @property
    def good(self) -> bool:
        """Whether every phone is right and nothing happened that must not."""
        return self.right == self.phones and not any(self.violations.values())


@dataclass(frozen=True)
class Progress:
    """How far a round is: `done` of `phones` have looked."""

    round: str
    done: int
    phones: int


class Simulation:
    """A fleet that lives on between rounds. `clock` gives µs; `progress` hears of every phone that has looked."""

    def __init__(
        self,
        plan: Plan,
        transport: Transport,
        *,
        clock: Callable[[], int] = now,
        progress: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self.plan = plan
        self.phones = [Phone(number) for number in range(plan.phones)]
        self.truths = Truths()
        self.counts: Counter[str] = Counter()
        #: visits so far
        self.looked = 0
        self._progress = progress
        self._rounds = 0
        self._line = Line(Paced(transport, plan.rate), f"/device/v1/{plan.workspace}/", plan.faults)
        self._world = World(plan, self._line, Verifier(), clock, self._judge, self._count)

    def believe(self, timestamp: int, truth: Truth) -> None:
        """What is right from this version of the timestamp on."""
        self.truths.add(timestamp, truth)
        self._line.codes = {key: sorted(program.versions) for key, program in truth.programs.items()}
        self._line.bases = sorted(
            {
                sha256
                for program in truth.programs.values()
                for version in program.versions.values()
                for name, sha256 in version.files.items()
                if name.endswith(".zip")
            }
        )

    async def timestamp(self) -> int:
        """The version of the timestamp that the server gives now."""
        answer = await self._line.ask(None, Request.CHECK, "check", b'{"device":"simulator"}')
        return int(msgspec.json.decode(answer.body)["timestamp"])

    async def round(self, *, quietly: bool = False) -> None:
        """Every phone looks once, in an order that is drawn anew. `quietly`: no faults, and all clocks are right."""
        self._rounds += 1
        self._line.faults = Faults() if quietly else self.plan.faults
        self._world.clocks_right = quietly
        order = list(self.phones)
        random.Random(f"{self.plan.seed} round {self._rounds}").shuffle(order)
        waiting = iter(order)
        name = f"{'quiet ' if quietly else ''}round {self._rounds}"
        done = 0

        async def look() -> None:
            nonlocal done
            for phone in waiting:
                await Visit(self._world, phone).run()
                done += 1
                self.looked += 1
                self._progress(Progress(name, done, len(order)))

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self.plan.connections, len(order))):
                group.create_task(look())

    async def settle(self, rounds: int = QUIET_ROUNDS) -> None:
        """Rounds without faults until every phone is right and nothing waits."""
        for _ in range(rounds):
            await self.round(quietly=True)
            if self.is_settled:
                return

    @property
    def is_settled(self) -> bool:
        """Whether every phone is right and nothing waits for a start."""
        return not any(self._wrong()) and not any(shelf.next for phone in self.phones for shelf in phone.shelves)

    def outcome(self) -> Outcome:
        """Judge the fleet by what is right now."""
        wrong = list(self._wrong())
        versions: dict[str, Counter[str]] = {key: Counter() for key in self.plan.programs}
        for phone in self.phones:
            for key, shelf in zip(self.plan.programs, phone.shelves, strict=False):
                versions[key]["none" if shelf.current is None else str(shelf.current.code)] += 1
        return Outcome(
            phones=len(self.phones),
            right=len(self.phones) - len({number for number, *_ in wrong}),
            wrong=tuple(wrong[:20]),
            violations={name: self.counts[name] for name in _VIOLATIONS},
            counts={name: n for name, n in sorted(self.counts.items()) if name not in _VIOLATIONS},
            faults={fault.value: n for fault, n in sorted(self._line.struck.items())},
            requests={kind.value: n for kind, n in sorted(self._line.requests.items())},
            unreachable=self._line.unreachable,
            versions={key: dict(sorted(found.items())) for key, found in versions.items()},
        )

    def _wrong(self) -> Iterable[tuple[int, str, int | None, int | None]]:
        truth, plan = self.truths.last, self.plan
        for phone in self.phones:
            facts = Facts(plan.device(phone.number), plan.population.context(plan.seed, phone.number))
            for key, shelf in zip(plan.programs, phone.shelves, strict=False):
                have = None if shelf.current is None else shelf.current.code
                right = truth.right(facts, key, have, shelf.bad)
                if have != right:
                    yield phone.number, key, have, right

    def _judge(
        self, phone: Phone, context: DeviceContext, key: str, version: Kept, files: Mapping[str, bytes],
        proofs: Mapping[str, Proof], has: bool,
    ) -> None:  # fmt: skip
        truth = self.truths.at(phone.timestamp)
        facts = Facts(self.plan.device(phone.number), context, proofs)
        self._count("installed")
        if not truth.may(facts, key, version.code, has):
            self._count("wrong version")
        for name, data in files.items():
            if not truth.is_file(key, version.code, name, hashlib.sha256(data).hexdigest()):
                self._count("wrong bytes")

    def _count(self, word: str) -> None:
        self.counts[word] += 1


async def simulate(
    plan: Plan,
    transport: Transport,
    acts: Iterable[Act],
    *,
    clock: Callable[[], int] = now,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Outcome:
    """Let a fleet live through `acts`: after each of them every phone looks `plan.rounds` times over the bad line; in
    the end, over a good one, until all is quiet.

    An act returns when the server answers by it: what is right is what was published by then.
    """
    simulation = Simulation(plan, transport, clock=clock, progress=progress)
    for act in acts:
        truth = await act()
        if truth is not None:
            simulation.believe(await simulation.timestamp(), truth)
        for _ in range(plan.rounds):
            await simulation.round()
    await simulation.settle()
    return simulation.outcome()
