"""A fleet of phones that updates over a bad line while its server is killed and started again."""

from __future__ import annotations

import asyncio
import hashlib
import time

from bench._harness import Figure
from bench._release_platform import Bench, Server
from eden.release.interfaces import SignedState, Verb
from eden.release.simulate import Faults, Plan, Simulation, Truth
from eden.release.simulate_http import HttpTransport
from eden.release.simulate_truth import TrueProgram, TrueRelease, TrueVersion
from tests.release import samples
from tests.release.house import code_of

KEY = "fleet"
SCRIPTS = {"1.0.0": b"function page(){return 1}\n" * 300, "1.1.0": b"function page(){return 2}\n" * 310}
PLAN = {
    "steps": [
        {"name": "Half", "audience": {"share": 5_000}},
        {"name": "All", "audience": {"share": 10_000}},
    ]
}


async def fleet(bench: Bench, phones: int) -> list[Figure]:
    """`phones` have 1.0.0; 1.1.0 comes to half of them by a share, then to all."""
    house = bench.house
    await house.program(KEY)
    await house.upload("1.0.0", key=KEY, scripts=SCRIPTS["1.0.0"])
    await house.act(await bench.everyone("1.0.0", KEY), Verb.FINISH)
    server = Server(bench.settings)
    await asyncio.to_thread(server.start)
    transport = HttpTransport(f"http://127.0.0.1:{server.port}", 64)
    began = time.perf_counter()
    try:
        plan = Plan("test", (KEY,), phones, faults=Faults.all(rate=100, skewed=500), rounds=1, connections=64)
        simulation = Simulation(plan, transport)
        simulation.believe(await simulation.timestamp(), _truth({"1.0.0": SignedState.STABLE}))
        await simulation.round()
        await house.upload("1.1.0", key=KEY, scripts=SCRIPTS["1.1.0"])
        draft = await house.draft("1.1.0", PLAN, KEY)
        info = await house.act(draft, Verb.START)
        states = {"1.0.0": SignedState.STABLE, "1.1.0": SignedState.RELEASE}
        await _believe(simulation, bench, _truth(states, TrueRelease(10_100, info.release.salt, 5_000)))
        killed = asyncio.create_task(_kill_in_the_middle(simulation, server, phones))
        await simulation.round()
        await killed
        await house.act(info, Verb.ADVANCE)
        await _believe(simulation, bench, _truth(states, TrueRelease(10_100, info.release.salt, 10_000)))
        await simulation.round()
        await simulation.settle()
        outcome = simulation.outcome()
    finally:
        await transport.close()
        await asyncio.to_thread(server.stop)
    if not outcome.unreachable:
        raise RuntimeError("no phone noticed that the server was killed")
    return [
        Figure("fleet_phones", outcome.phones),
        Figure("fleet_not_right", outcome.phones - outcome.right, 0),
        Figure("fleet_wrong_installs", sum(outcome.violations.values()), 0),
        Figure("fleet_faults", sum(outcome.faults.values())),
        Figure("fleet_requests", sum(outcome.requests.values())),
        Figure("fleet_s", time.perf_counter() - began),
    ]


async def _believe(simulation: Simulation, bench: Bench, truth: Truth) -> None:
    """From when the server answers by it."""
    published = await bench.timestamp()
    while await simulation.timestamp() < published:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.05)
    simulation.believe(published, truth)


async def _kill_in_the_middle(simulation: Simulation, server: Server, phones: int) -> None:
    looked = simulation.looked + phones // 2
    while simulation.looked < looked:  # noqa: ASYNC110 - counts what others do
        await asyncio.sleep(0.01)
    server.kill()
    await asyncio.to_thread(server.start)


def _truth(states: dict[str, SignedState], release: TrueRelease | None = None) -> Truth:
    versions = {code_of(name): TrueVersion(state, _files(name)) for name, state in states.items()}
    return Truth({KEY: TrueProgram(versions, release)})


def _files(version: str) -> dict[str, str]:
    files = samples.miniprogram_files(version=version, code=code_of(version), scripts=SCRIPTS[version])
    return {name: hashlib.sha256(files[name]).hexdigest() for name in ("manifest.json", "main.zip")}
