"""`eden simulate`: a fleet against a server that runs, bounded in phones, requests and time."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from eden.base.errors import EdenError
from eden.base.settings import is_loopback
from eden.release.commands import MOST_PHONES, MOST_RATE
from eden.release.simulate import QUIET_ROUNDS, Fault, Faults, Outcome, Plan, Progress, Simulation
from eden.release.simulate_http import HttpTransport
from eden.release.simulate_trust import Verifier
from eden.release.simulate_witness import witness

_CONNECTIONS = 32
#: phones of 10,000 with a wrong clock
_SKEWED = 200


@dataclass(frozen=True)
class Wanted:
    """What the command line says, checked."""

    server: str
    plan: Plan
    seconds: float

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Wanted:
        """Raises EdenError when something is out of its bounds."""
        host = _host(arguments.server)
        if not is_loopback(host) and not arguments.yes_not_loopback:
            raise EdenError(
                "not-loopback",
                f"{host} is another machine; {arguments.phones:,} phones would ask it again and again.",
                "If it is yours and may be asked so often, add --yes-not-loopback.",
            )
        for name, value, most in (
            ("--phones", arguments.phones, MOST_PHONES),
            ("--rounds", arguments.rounds, 1_000),
            ("--rate", arguments.rate, MOST_RATE),
            ("--faults", arguments.faults, 10),
            ("--seconds", arguments.seconds, 24 * 3600),
        ):
            least = 0 if name == "--faults" else 1
            if not least <= value <= most:
                raise EdenError("bounds", f"{name} is {value:g}; it must be {least} to {most:,}.")
        rate = round(arguments.faults * 100)
        plan = Plan(
            workspace=arguments.workspace,
            programs=tuple(dict.fromkeys(arguments.program)),
            phones=arguments.phones,
            seed=arguments.seed,
            faults=Faults(dict.fromkeys(Fault, rate), _SKEWED) if rate else Faults(),
            broken=_broken(arguments.program, arguments.broken),
            connections=_CONNECTIONS,
            rate=arguments.rate,
            rounds=arguments.rounds,
        )
        return cls(arguments.server.rstrip("/"), plan, arguments.seconds)


def run(wanted: Wanted) -> int:
    """Simulate, show, judge; 0 when every phone is right and nothing happened that must not."""
    began = time.monotonic()
    outcome, whole = asyncio.run(_simulate(wanted))
    print(table(outcome, time.monotonic() - began))
    if not whole:
        print(f"\n  Not finished after {wanted.seconds:g} s: allow more --seconds or a higher --rate.")
    return 0 if whole and outcome.good else 1


async def _simulate(wanted: Wanted) -> tuple[Outcome, bool]:
    """What became of the fleet, and whether it came to its end in time."""
    transport = HttpTransport(wanted.server, _CONNECTIONS)
    plan, verifier = wanted.plan, Verifier()
    simulation = Simulation(plan, transport, progress=_Meter().show)

    async def look() -> None:
        simulation.believe(*await witness(transport, plan.workspace, plan.programs, verifier))

    try:
        await look()
        try:
            async with asyncio.timeout(wanted.seconds):
                for _ in range(plan.rounds):
                    await simulation.round()
                    await look()
                for _ in range(QUIET_ROUNDS):
                    await simulation.settle(1)
                    await look()
                    if simulation.is_settled:
                        break
        except TimeoutError:
            return simulation.outcome(), False
        return simulation.outcome(), True
    finally:
        await transport.close()


def table(outcome: Outcome, seconds: float) -> str:
    """What became of a fleet, for people."""
    requests = sum(outcome.requests.values())
    lines = [
        f"\n  {outcome.right:,} of {outcome.phones:,} phones have the right version of everything.",
        f"  {requests:,} requests in {seconds:.0f} s, {sum(outcome.faults.values()):,} faults.\n",
    ]
    for key, found in outcome.versions.items():
        lines.append(f"  {key}")
        lines += [
            f"    {'no version' if code == 'none' else f'version {code}':<22}{n:>9,}" for code, n in found.items()
        ]
    for title, numbers in (("what happened", outcome.counts), ("faults", outcome.faults)):
        if numbers:
            lines.append(f"  {title}")
            lines += [f"    {name.replace('_', ' '):<22}{n:>9,}" for name, n in numbers.items()]
    lines += [f"  MUST NOT HAPPEN: {name}, {n:,} times" for name, n in outcome.violations.items() if n]
    for number, key, have, right in outcome.wrong:
        lines.append(f"  phone {number} has {have or 'no version'} of {key} and should have {right or 'none'}")
    return "\n".join(lines)


class _Meter:
    """A line on a terminal, at most ten times a second."""

    def __init__(self) -> None:
        self._shown = 0.0

    def show(self, progress: Progress) -> None:
        if not sys.stderr.isatty():
            return
        at = time.monotonic()
        if progress.done == progress.phones or at - self._shown > 0.1:
            self._shown = at
            end = "\n" if progress.done == progress.phones else ""
            print(f"\r  {progress.round}: {progress.done:,} of {progress.phones:,} phones", end=end, file=sys.stderr)


def _host(server: str) -> str:
    """The host in the address of a server."""
    try:
        parts = urlsplit(server)
        # the port is looked at when it is asked for
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return parts.hostname
    except ValueError:
        pass
    raise EdenError("server-address", f"{server} is no address such as http://127.0.0.1:8700.")


def _broken(programs: list[str], words: list[str]) -> Mapping[tuple[str, int], int]:
    found = {}
    for word in words:
        code, _, share = word.partition("=")
        try:
            percent = float(share.removesuffix("%"))
            if not 0 <= percent <= 100:
                raise ValueError
            found.update({(key, int(code)): round(percent * 100) for key in programs})
        except ValueError:
            raise EdenError("broken", f"{word} is not CODE=PERCENT, such as 10300=20.") from None
    return found
