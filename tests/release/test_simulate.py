"""Fleets of simulated phones against the real application: whatever goes wrong, every phone ends right."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
import uvicorn
from sqlalchemy import func, select
from tuf.api.metadata import Metadata, Root

from eden.base.errors import EdenError
from eden.base.targeting import IdList
from eden.cli import _parser
from eden.release.interfaces import ProgramKind, SignedState, Verb
from eden.release.models import version_counts
from eden.release.packages import H5Fields, UploadFields
from eden.release.service_release_rows import ReleaseInfo
from eden.release.simulate import Fault, Faults, Outcome, Plan, Simulation, Truth, simulate
from eden.release.simulate_command import Wanted, _simulate, table
from eden.release.simulate_http import AsgiTransport
from eden.release.simulate_plan import STRIKES, Request
from eden.release.simulate_trust import Held, Refused, Verifier
from eden.release.simulate_truth import Facts, SignedList, TrueProgram, TrueRelease, TrueVersion
from eden.release.simulate_witness import witness
from eden.release.trust_root import RootChange
from tests.release import samples
from tests.release.house import House, code_of, everyone, open_house, pieces, shares
from tests.release.test_devices import Side, opened, seen

T = TypeVar("T")
STABLE, RELEASE, KEPT, REVOKED = SignedState.STABLE, SignedState.RELEASE, SignedState.KEPT, SignedState.REVOKED
SCRIPTS = {"1.0.0": b"old " * 3000, "1.1.0": b"old " * 2900 + b"and new " * 50, "1.2.0": b"newest " * 2000}


@pytest.fixture
def house(tmp_path: Path) -> Any:
    """The simulator's subject is the device side, which tests of its own run on both databases."""
    with open_house(tmp_path, "sqlite") as found:
        yield found


class Bank:
    """A workspace with one program: what its people do, and what is then right."""

    def __init__(self, house: House, side: Side) -> None:
        self.house = house
        self.transport = AsgiTransport(side.devices)
        self.states: dict[str, SignedState] = {}
        self.release: TrueRelease | None = None
        self.info: ReleaseInfo | None = None

    async def stable(self, version: str) -> Truth:
        await self.house.upload(version, scripts=SCRIPTS[version])
        info = await self.house.act(await self.house.draft(version, everyone()), Verb.START)
        await self.house.act(info, Verb.FINISH)
        self.states = dict.fromkeys(self.states, KEPT) | {version: STABLE}
        return await self.truth()

    async def start(self, version: str, plan: Any, **meant: Any) -> Truth:
        await self.house.upload(version, scripts=SCRIPTS[version])
        draft = await self.house.draft(version, plan)
        self.info = await self.house.act(draft, Verb.START)
        self.states[version] = RELEASE
        self.release = TrueRelease(code_of(version), self.info.release.salt, **meant)
        return await self.truth()

    async def act(self, verb: Verb, state: SignedState, release: TrueRelease | None = None) -> Truth:
        assert self.info is not None
        self.info = await self.house.act(self.info, verb)
        name = next(name for name in self.states if code_of(name) == self.info.release.version_code)
        self.states[name], self.release = state, release
        return await self.truth()

    async def truth(self) -> Truth:
        await seen(self.house)
        known = {code_of(name): TrueVersion(state, files_of(name)) for name, state in self.states.items()}
        return Truth({"bank": TrueProgram(known, self.release)})


def files_of(version: str) -> dict[str, str]:
    files = samples.miniprogram_files(version=version, code=code_of(version), scripts=SCRIPTS[version])
    return {name: hashlib.sha256(files[name]).hexdigest() for name in ("manifest.json", "main.zip")}


def in_bank(house: House, live: Callable[[Bank], Awaitable[T]]) -> T:
    async def run() -> T:
        await house.furnish()
        await house.program()
        async with opened(house) as side:
            return await live(Bank(house, side))

    return house.run(run())


def plan_of(phones: int, **more: Any) -> Plan:
    return Plan(**dict[str, Any](workspace="test", programs=("bank",), phones=phones) | more)


def test_fleet_follows_a_release_through_every_fault(house: House) -> None:
    async def live(bank: Bank) -> Outcome:
        async def first() -> Truth:
            return await bank.stable("1.0.0")

        async def share() -> Truth:
            return await bank.start("1.1.0", shares(3_000, 10_000), share=3_000)

        async def back() -> Truth:
            return await bank.act(Verb.ROLL_BACK, REVOKED)

        # deltas are asked for seldom, so what happens to them must be frequent to happen at all
        rates = dict.fromkeys(Fault, 300) | {Fault.STALE_BASE: 3_000}
        plan = plan_of(250, faults=Faults(rates, skewed=2_000), rounds=2)
        return await simulate(plan, bank.transport, [first, share, back])

    outcome = in_bank(house, live)
    assert outcome.good, outcome
    assert outcome.versions == {"bank": {"10000": 250}}
    assert set(outcome.faults) == {fault.value for fault in Fault}
    assert outcome.counts["delta"] > 10
    assert outcome.counts["refused: metadata"] > 10
    assert outcome.counts["refused: untrusted"] > 0
    assert not outcome.unreachable


@pytest.mark.parametrize("fault", Fault)
def test_each_fault_alone_changes_nothing_in_the_end(house: House, fault: Fault) -> None:
    async def live(bank: Bank) -> Outcome:
        async def first() -> Truth:
            return await bank.stable("1.0.0")

        async def second() -> Truth:
            return await bank.start("1.1.0", everyone(), share=10_000)

        return await simulate(plan_of(40, faults=Faults({fault: 7_000}), rounds=2), bank.transport, [first, second])

    outcome = in_bank(house, live)
    assert outcome.good, outcome
    assert list(outcome.faults) == [fault.value]
    assert outcome.versions == {"bank": {"10100": 40}}


def test_same_seed_same_outcome(house: House) -> None:
    async def live(bank: Bank) -> list[Outcome]:
        truth = await bank.stable("1.0.0")

        async def stays() -> Truth:
            return truth

        return [
            await simulate(plan_of(60, seed=seed, faults=Faults.all(), rounds=2), bank.transport, [stays])
            for seed in (1, 1, 2)
        ]

    first, second, third = in_bank(house, live)
    assert first == second
    assert third.faults != first.faults


def test_lists_patterns_and_rules_reach_whom_they_mean(house: House) -> None:
    rule = {"attribute": "city", "operator": "one_of", "values": ["上海", "Dubai"]}

    async def live(bank: Bank) -> tuple[Outcome, Plan, TrueRelease]:
        listed = await house.service.lists.create(
            house.people["operator"], "w", "friends", "exact", "\n".join(f"user-{n}" for n in range(0, 200, 7)).encode()
        )
        audience = {"lists": [listed.id], "patterns": ["^user-1[0-9]$"], "rule": rule, "share": 5_000}

        async def first() -> Truth:
            return await bank.stable("1.0.0")

        async def second() -> Truth:
            meant: dict[str, Any] = {
                "share": 5_000,
                "rule": rule,
                "patterns": ("^user-1[0-9]$",),
                "members": frozenset(f"user-{n}" for n in range(0, 200, 7)),
            }
            return await bank.start("1.1.0", {"steps": [{"name": "Some", "audience": audience}]}, **meant)

        plan = plan_of(200, faults=Faults.all(rate=150), rounds=1)
        outcome = await simulate(plan, bank.transport, [first, second])
        assert bank.release is not None
        return outcome, plan, bank.release

    outcome, plan, release = in_bank(house, live)
    assert outcome.good, outcome
    meant = named = 0
    for number in range(200):
        context = plan.population.context(plan.seed, number)
        reached = release.reaches(Facts(plan.device(number), context))
        meant += reached
        if context.user_id == f"user-{number}" and (number % 7 == 0 or 10 <= number < 20):
            assert reached
            named += 1
    # the rule reaches others, of two cities only
    assert 20 < named < meant < 120
    assert outcome.versions == {"bank": {"10000": 200 - meant, "10100": meant}}


def test_version_that_does_not_start_is_left_by_the_phones_that_have_it(house: House) -> None:
    async def live(bank: Bank) -> Outcome:
        async def first() -> Truth:
            return await bank.stable("1.0.0")

        async def second() -> Truth:
            return await bank.start("1.1.0", everyone(), share=10_000)

        plan = plan_of(100, broken={("bank", 10_100): 3_000}, rounds=4)
        return await simulate(plan, bank.transport, [first, second])

    outcome = in_bank(house, live)
    assert outcome.good, outcome
    back = outcome.versions["bank"]["10000"]
    assert back == outcome.counts["condemned"]
    assert 15 < back < 50


def test_web_applications_are_one_signed_file(house: House) -> None:
    async def live(bank: Bank) -> Outcome:
        await house.program("shop", ProgramKind.H5)
        data = samples.h5()
        h5 = H5Fields(virtual_host="shop.h5.example", fallback_url="https://shop.example/")
        fields = UploadFields(version="1.0.0", code=1, h5=h5)
        await house.service.versions.upload(house.people["developer"], "w", "shop", pieces(data), fields)
        info = await house.service.releases.create(house.people["operator"], "w", "shop", 1, everyone())
        await house.act(info, Verb.START)
        await bank.stable("1.0.0")
        plan = plan_of(30, programs=("bank", "shop"), faults=Faults.all(), rounds=1)
        simulation = Simulation(plan, bank.transport)
        simulation.believe(*await witness(bank.transport, "test", plan.programs, Verifier()))
        await simulation.round()
        await simulation.settle()
        return simulation.outcome()

    outcome = in_bank(house, live)
    assert outcome.good, outcome
    assert outcome.versions == {"bank": {"10000": 30}, "shop": {"1": 30}}


def test_withdrawn_only_version_is_removed(house: House) -> None:
    async def live(bank: Bank) -> Outcome:
        async def first() -> Truth:
            return await bank.start("1.0.0", everyone(), share=10_000)

        async def gone() -> Truth:
            return await bank.act(Verb.ROLL_BACK, REVOKED)

        return await simulate(plan_of(30, rounds=2), bank.transport, [first, gone])

    outcome = in_bank(house, live)
    assert outcome.good, outcome
    assert outcome.versions == {"bank": {"none": 30}}
    assert outcome.counts["removed"] == 30


def test_reports_are_counted_once_however_often_they_are_sent(house: House) -> None:
    async def live(bank: Bank) -> tuple[Outcome, int]:
        async def first() -> Truth:
            return await bank.stable("1.0.0")

        plan = plan_of(80, faults=Faults({Fault.CUT: 2_000, Fault.FAILED: 1_000}), rounds=3)
        outcome = await simulate(plan, bank.transport, [first])
        counted = await house.ground.database.read(
            lambda connection: connection.execute(select(func.sum(version_counts.c.installed))).scalar()
        )
        return outcome, int(counted or 0)

    outcome, counted = in_bank(house, live)
    assert outcome.good
    assert counted == outcome.counts["installed"] == 80


def test_judge_sees_what_must_not_happen(house: House) -> None:
    """A simulator that is content with everything proves nothing."""

    async def live(bank: Bank) -> tuple[Outcome, Outcome]:
        plan = plan_of(20, rounds=1)
        simulation = Simulation(plan, bank.transport)
        truth = await bank.stable("1.0.0")
        version = truth.programs["bank"].versions[10_000]
        others = {**version.files, "main.zip": "0" * 64}
        simulation.believe(1, Truth({"bank": TrueProgram({10_000: TrueVersion(STABLE, others)})}))
        await simulation.settle()
        bytes_wrong = simulation.outcome()
        simulation = Simulation(plan, bank.transport)
        simulation.believe(1, Truth({"bank": TrueProgram({10_000: TrueVersion(KEPT, version.files)})}))
        await simulation.round()
        await simulation.round()
        return bytes_wrong, simulation.outcome()

    bytes_wrong, not_meant = in_bank(house, live)
    assert bytes_wrong.violations["wrong bytes"] == 20
    assert not bytes_wrong.good
    assert not_meant.violations["wrong version"] == 20
    assert not not_meant.good


def test_a_lie_needs_more_than_a_phone_that_believes_it(house: House) -> None:
    """Every answer names a version that is not for the phone: nobody moves."""

    async def live(bank: Bank) -> Outcome:
        plan = plan_of(40, faults=Faults({Fault.LIED: 10_000}))
        simulation = Simulation(plan, bank.transport)
        simulation.believe(0, await bank.stable("1.0.0"))
        await simulation.settle()
        truth = await bank.start("1.1.0", shares(1, 10_000), share=1)
        simulation.believe(await simulation.timestamp(), truth)
        for _ in range(3):
            await simulation.round()
        return simulation.outcome()

    outcome = in_bank(house, live)
    assert outcome.good
    assert outcome.counts["refused: untrusted"] >= 40


def test_trust_is_judged_per_phone(house: House) -> None:
    """Two phones share what was verified; who saw the newer timestamp refuses the older one, the other takes it."""

    async def live(bank: Bank) -> None:
        async def get(name: str) -> bytes | None:
            answer = await bank.transport.request("GET", f"/device/v1/test/metadata/{name}")
            return answer.body if answer.status == 200 else None

        await bank.stable("1.0.0")
        root, old = await get("1.root.json"), await get("timestamp.json")
        assert root is not None and old is not None
        verifier, at = Verifier(), datetime.now(UTC)

        async def stale(name: str) -> bytes | None:
            return old if name == "timestamp.json" else await get(name)

        def keep(_: Held) -> None:
            pass

        first, node = await verifier.refresh(Held(root), at, get, keep)
        second, again = await verifier.refresh(Held(root), at, get, keep)
        assert node is again
        await bank.start("1.1.0", everyone(), share=10_000)
        newer, _ = await verifier.refresh(first, at, get, keep)
        assert newer.timestamp != old
        with pytest.raises(Refused, match="timestamp version"):
            await verifier.refresh(newer, at, stale, keep)
        held, _ = await verifier.refresh(second, at, stale, keep)
        assert held.timestamp == old
        with pytest.raises(Refused, match="timestamp has expired"):
            await verifier.refresh(second, at + timedelta(days=2), get, keep)
        with pytest.raises(Refused, match="root has expired"):
            await verifier.refresh(second, at + timedelta(days=800), get, keep)

    in_bank(house, live)


def test_phone_passes_new_roots(house: House) -> None:
    """Keys of the server change while a phone is away: it walks root by root, and old files of its own do not count."""

    async def live(bank: Bank) -> Outcome:
        plan = plan_of(10)
        simulation = Simulation(plan, bank.transport)
        simulation.believe(0, await bank.stable("1.0.0"))
        await simulation.settle()
        await renew_root(house)
        truth = await bank.start("1.1.0", everyone(), share=10_000)
        simulation.believe(await simulation.timestamp(), truth)
        await simulation.settle()
        assert all(phone.held and b'"version":2' in phone.held.root for phone in simulation.phones)
        return simulation.outcome()

    assert in_bank(house, live).good


async def renew_root(house: House) -> None:
    """New online keys, by a root that the people with root keys sign."""
    change = RootChange(renew=("timestamp", "snapshot", "targets", "programs"))
    metadata = Metadata[Root].from_bytes(await house.service.trust.propose(house.owner, "w", change))
    metadata.sign(house.roots[0], append=True)
    await house.service.trust.install(house.owner, "w", metadata.to_bytes())
    await seen(house)


def test_command_simulates_over_http_and_tells_what_became(house: House) -> None:
    async def live(bank: Bank, side: Side) -> tuple[Outcome, bool, bool]:
        await bank.stable("1.0.0")
        friends = b"user-1\nuser-2\nuser-3\n"
        listed = await house.service.lists.create(house.people["operator"], "w", "friends", "exact", friends)
        audience = {"lists": [listed.id], "rule": {"list": listed.id}, "share": 10_000}
        await bank.start("1.1.0", {"steps": [{"name": "Friends", "audience": audience}]}, share=0)
        server = uvicorn.Server(uvicorn.Config(side.devices, port=0, lifespan="off", log_config=None))
        serving = asyncio.ensure_future(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        words = ["simulate", "--server", f"http://127.0.0.1:{port}", "--program", "bank", "--phones", "40",
                 "--rate", "5000", "--broken", "10100=100", "--rounds", "1"]  # fmt: skip
        outcome, whole = await _simulate(Wanted.of(_parser("simulate").parse_args(words)))
        _, late = await _simulate(Wanted.of(_parser("simulate").parse_args([*words, "--seconds", "1", "--rate", "1"])))
        server.should_exit = True
        await serving
        return outcome, whole, late

    async def run() -> tuple[Outcome, bool, bool]:
        await house.furnish()
        await house.program()
        async with opened(house) as side:
            return await live(Bank(house, side), side)

    outcome, whole, late = house.run(run())
    assert outcome.good, outcome
    assert whole and not late
    # those on the list got the new one, on which no phone can start it
    assert outcome.versions == {"bank": {"10000": 40}}
    assert 1 <= outcome.counts["condemned"] <= 3
    assert "40 of 40 phones have the right version" in table(outcome, 1.0)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--server", "http://eden.example"], "not-loopback"),
        (["--server", "127.0.0.1:8700"], "server-address"),
        (["--server", "http://["], "server-address"),
        (["--server", "http://127.0.0.1:99999"], "server-address"),
        (["--phones", "100001"], "bounds"),
        (["--rate", "0"], "bounds"),
        (["--faults", "11"], "bounds"),
        (["--faults", "-1"], "bounds"),
        (["--rate", "nan"], "bounds"),
        (["--broken", "10100"], "broken"),
        (["--broken", "10100=inf"], "broken"),
        (["--broken", "10100=101"], "broken"),
    ],
)
def test_command_is_bounded(words: list[str], code: str) -> None:
    with pytest.raises(EdenError) as caught:
        Wanted.of(_parser("simulate").parse_args(["simulate", "--program", "bank", *words]))
    assert caught.value.code == code


def test_nothing_signed_is_said(house: House) -> None:
    async def live(bank: Bank) -> None:
        for workspace in ("test", "other"):
            if workspace == "other":
                with pytest.raises(EdenError, match="no workspace other"):
                    await witness(bank.transport, workspace, ["bank"], Verifier())
            else:
                with pytest.raises(EdenError, match="cannot be trusted"):
                    await witness(bank.transport, workspace, ["bank"], Verifier(), datetime.max.replace(tzinfo=UTC))

    async def live_with_release(bank: Bank) -> None:
        await bank.stable("1.0.0")
        await live(bank)

    in_bank(house, live_with_release)


def test_truth_knows_lists_by_their_roots() -> None:
    ids = IdList.build("salt", ["user-1", "user-2"])
    release = TrueRelease(1, "s", 0, roots=(SignedList("l", "salt", ids.root, 2),))
    proof = ids.proof("user-1")
    assert proof is not None
    context = plan_of(1).population.context(1, 0)
    member = msgspec.structs.replace(context, user_id="user-1")
    assert release.reaches(Facts("d", member, {"l": proof}))
    assert not release.reaches(Facts("d", member))
    assert not release.reaches(Facts("d", msgspec.structs.replace(context, user_id="user-3"), {"l": proof}))


def test_faults_strike_only_what_they_can() -> None:
    for fault in Fault:
        for kind in Request:
            drawn = Faults({fault: 10_000}).draw(kind, random.Random(1))
            assert (drawn is fault) == (kind in STRIKES[fault])
