"""Several server processes on one store: of those who change the same thing one wins, and the others hear why not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from typing import Any

import msgspec

from eden.base.http import Application
from eden.release.interfaces import SignedState, Verb
from eden.release.simulate_http import AsgiTransport
from eden.release.simulate_trust import Verifier
from eden.release.simulate_truth import Truth
from eden.release.simulate_witness import witness
from eden.release.trust import read_heads
from tests.release.house import House, shares
from tests.release.rivals import Order, Try
from tests.release.test_devices import opened


def compete(house: House, tries: list[list[Try]]) -> list[list[str]]:
    """What became of each process's tries, all begun at the same moment."""
    rivals = []
    for one in tries:
        rival = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-m", "tests.release.rivals"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert rival.stdin is not None
        rival.stdin.write(msgspec.json.encode(Order(house.ground.settings, tuple(one))) + b"\n")
        rival.stdin.flush()
        rivals.append(rival)
    for rival in rivals:
        assert rival.stdout is not None
        assert rival.stdout.readline() == b"ready\n"
    for rival in rivals:
        assert rival.stdin is not None
        rival.stdin.write(b"go\n")
        rival.stdin.flush()
    told = [rival.communicate() for rival in rivals]
    for rival, (_, errors) in zip(rivals, told, strict=True):
        assert rival.returncode == 0, f"ended with {rival.returncode}: {errors.decode()}"
    return [json.loads(said) for said, _ in told]


async def signed(devices: Application, keys: list[str]) -> Truth:
    """What python-tuf believes of it all."""
    _, truth = await witness(AsgiTransport(devices), "test", keys, Verifier())
    return truth


def test_operators_at_several_processes(house: House) -> None:
    async def prepare() -> Any:
        await house.furnish()
        await house.program()
        await house.upload("1.0.0")
        return await house.act(await house.draft("1.0.0", shares(100, 200, 10_000)), Verb.START)

    release = house.run(prepare()).release
    heads = house.ground.database.read_now(lambda connection: read_heads(connection, "w"))
    verbs = (Verb.ADVANCE, Verb.PAUSE, Verb.HALT, Verb.ROLL_BACK)
    found = compete(house, [[Try(verb, release.id, release.revision) for verb in verbs] for _ in range(3)])
    assert Counter(code for one in found for code in one) == {"won": 1, "release-changed": 11}
    after = house.ground.database.read_now(lambda connection: read_heads(connection, "w"))
    assert after["timestamp"].version == heads["timestamp"].version + 1
    assert house.ground.database.read_now(lambda c: house.ground.audit.verify(c, "w")).broken_at is None


def test_publishing_at_several_processes(house: House) -> None:
    """Three processes bring the same two versions of one program, and each a program of its own."""
    keys = [f"own-{number}" for number in range(3)]

    async def prepare() -> None:
        await house.furnish()
        for key in ("bank", *keys):
            await house.program(key)
            await house.upload("1.0.0", key=key)
        await house.upload("1.1.0", scripts=b"2")

    house.run(prepare())
    same = [Try(Verb.START, program="bank", version=version) for version in ("1.0.0", "1.1.0")]
    found = compete(house, [[*same, Try(Verb.START, program=key, version="1.0.0")] for key in keys])
    assert [one[2] for one in found] == ["won"] * 3
    assert Counter(code for one in found for code in one[:2]) == {"won": 1, "release-conflict": 5}

    async def look() -> Truth:
        async with opened(house) as side:
            return await signed(side.devices, ["bank", *keys])

    truth = house.run(look())
    for key in keys:
        assert [version.state for version in truth.programs[key].versions.values()] == [SignedState.RELEASE]
    assert len(truth.programs["bank"].versions) == 1
    heads = house.ground.database.read_now(lambda connection: read_heads(connection, "w"))
    # every release was signed once, one after the other
    assert heads["timestamp"].version == heads["snapshot"].version
    assert house.ground.database.read_now(lambda c: house.ground.audit.verify(c, "w")).broken_at is None
