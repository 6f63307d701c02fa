"""Four ledgers that are one: transfers across them, and crashes at every step of one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import msgspec
import pytest

from bank.ledger.accounts import Change
from bank.ledger.audit import check_invariants
from bank.ledger.interfaces import AccountFlag, Flag, LedgerError, NewAccount, Outcome, Transfer, new_id
from bank.ledger.shards import Shards, _step_id, settlement_id, shard_of
from tests.apps.bank.ledger.kit import CASH, CNY, DEPOSIT, NO_OVERDRAFT, Clock, move, post, run, void

CREATED = Outcome.CREATED
STEPS = ["note", "reserve", "reserve there", "post", "post there", "end"]


class Crash(Exception):
    """The process ends here."""


class House:
    """Four shards on SQLite with a cash account in the first and two deposits of 1,000 in each; it can crash."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._clock = Clock()
        self._crash_at = ""
        self.seen: list[str] = []
        self.cash = new_id(0)
        self.deposits = [new_id(number // 2) for number in range(8)]
        self.shards: Shards

    async def open(self) -> None:
        self._crash_at = ""
        urls = [f"sqlite:///{self._folder / f'{shard}.db'}" for shard in range(4)]
        self.shards = await Shards.open(urls, keys=self._folder, clock=self._clock, reached=self._reached)

    async def furnish(self) -> None:
        await self.open()
        new = [NewAccount(self.cash, CNY, CASH)]
        new += [NewAccount(id_, CNY, DEPOSIT, int(NO_OVERDRAFT)) for id_ in self.deposits]
        assert await self.shards.create_accounts(new) == [CREATED] * 9
        assert await self.shards.post([move(self.cash, id_, 1_000) for id_ in self.deposits]) == [CREATED] * 8

    def _reached(self, step: str) -> None:
        self.seen.append(step)
        if step == self._crash_at:
            raise Crash

    async def crash(self, transfer: Transfer, step: str) -> None:
        """Post it, and crash before a step."""
        self._crash_at = step
        with pytest.raises(Crash):
            await self.shards.post([transfer])
        for ledger in self.shards.ledgers:
            await ledger.writer.abandon()

    async def net(self) -> list[int]:
        return [found.balances.net for found in await self.shards.accounts(self.deposits) if found]

    async def check(self) -> None:
        """Every invariant of every shard, and between them, holds, and nothing is open."""
        assert await self.shards.settled()
        for ledger in self.shards.ledgers:
            replay = await check_invariants(ledger.store, ledger.public_keys())
            assert all(pending.resolution for pending in replay.pendings.values())
        assert (await self.shards.trial_balance()).balanced
        assert sum(await self.net()) == 8_000


def test_transfers_within_and_across(tmp_path: Path) -> None:
    async def test() -> None:
        house = House(tmp_path)
        await house.furnish()
        a, b, *_, z = house.deposits
        post_ = house.shards.post
        transfer = move(a, z, 300, reference="far", data="0d" * 16)
        assert await post_([transfer, move(a, b, 100)]) == [CREATED] * 2
        assert await house.net() == [600, 1_100, *[1_000] * 5, 1_300]
        assert await post_([transfer]) == [Outcome.EXISTS]
        page = await house.shards.ledger(z).statement(z, limit=1)
        line = page.lines[0].posted.transfer
        assert (line.amount, line.reference, line.data) == (300, "far", "0d" * 16)
        for outcome, changed in {
            Outcome.EXISTS_WITH_DIFFERENT_AMOUNT: {"amount": 301},
            Outcome.EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT_ID: {"credit": house.deposits[6]},
            Outcome.EXISTS_WITH_DIFFERENT_REFERENCE: {"reference": "Far"},
        }.items():
            assert await post_([msgspec.structs.replace(transfer, **changed)]) == [outcome]  # type: ignore[arg-type]
        await house.check()
        await house.shards.close()

    run(test)


def test_what_is_refused_on_either_side_moves_nothing(tmp_path: Path) -> None:
    async def test() -> None:
        house = House(tmp_path)
        await house.furnish()
        a, *_, z = house.deposits
        poor = move(a, z, 1_001)
        assert await house.shards.post([poor]) == [Outcome.EXCEEDS_CREDITS]
        frozen = Change(set=int(AccountFlag.CREDITS_FROZEN))
        await house.shards.ledger(z).change_account(z, frozen)
        refused = move(a, z, 10)
        assert await house.shards.post([refused]) == [Outcome.CREDIT_ACCOUNT_FROZEN]
        await house.shards.ledger(z).change_account(z, Change(clear=frozen.set))
        assert await house.shards.post([refused, poor]) == [Outcome.ID_ALREADY_FAILED] * 2
        assert await house.shards.post(
            [
                move(a, new_id(3), 1),
                move(a, new_id(77), 1),
                move(new_id(77), a, 1),
                move(a, z, 1, Flag.PENDING),
                move(a, z, 0),
                Transfer("x", a, z, 1, CNY, 1),
            ]
        ) == [
            Outcome.CREDIT_ACCOUNT_NOT_FOUND,
            Outcome.CREDIT_ACCOUNT_NOT_FOUND,
            Outcome.DEBIT_ACCOUNT_NOT_FOUND,
            Outcome.NOT_ACROSS_SHARDS,
            Outcome.AMOUNT_MUST_BE_VALID,
            Outcome.ID_MUST_BE_VALID,
        ]
        chain = [move(a, house.deposits[1], 1, Flag.LINKED), move(a, z, 1)]
        assert await house.shards.post(chain) == [Outcome.NOT_ACROSS_SHARDS] * 2
        assert await house.net() == [1_000] * 8
        with pytest.raises(LedgerError):
            house.shards.ledger(new_id(9))
        await house.check()
        await house.shards.close()

    run(test)


def test_ids_in_capitals_are_the_same(tmp_path: Path) -> None:
    async def test() -> None:
        house = House(tmp_path)
        await house.furnish()
        a, *_, z = house.deposits
        transfer = move(a, z, 300, data="0d" * 16)
        ids = {name: getattr(transfer, name).upper() for name in ("id", "debit", "credit", "data")}
        await house.crash(msgspec.structs.replace(transfer, **ids), "post")
        await house.open()
        assert (await house.net())[::7] == [700, 1_300]
        assert await house.shards.post([transfer]) == [Outcome.EXISTS]
        await house.check()
        await house.shards.close()

    run(test)


@pytest.mark.parametrize("step", ["post", "void"])
def test_nobody_takes_the_id_of_a_step_before(tmp_path: Path, step: str) -> None:
    """It follows from that of the transfer, so who makes this one knows it."""

    async def test() -> None:
        house = House(tmp_path)
        await house.furnish()
        a, b, *_, z = house.deposits
        if step == "void":
            await house.shards.ledger(z).change_account(z, Change(set=int(AccountFlag.CLOSED)))
        transfer = move(a, z, 300)
        taking = msgspec.structs.replace(move(a, b, 1), id=_step_id(transfer.id, step).upper())
        assert await house.shards.post([taking]) == [Outcome.NOT_ACROSS_SHARDS]
        expected = CREATED if step == "post" else Outcome.CREDIT_ACCOUNT_ALREADY_CLOSED
        assert await house.shards.post([transfer]) == [expected]
        await house.check()
        await house.shards.close()

    run(test)


def test_a_start_that_fails_leaves_nothing_open(tmp_path: Path) -> None:
    async def test() -> None:
        house = House(tmp_path)
        await house.furnish()
        await house.shards.close()
        urls = [f"sqlite:///{tmp_path / f'{shard}.db'}" for shard in (0, 2)]
        tasks = asyncio.all_tasks()
        with pytest.raises(LedgerError, match="shard 2 of a ledger, not 1"):
            await Shards.open(urls, keys=tmp_path)
        assert asyncio.all_tasks() == tasks

    run(test)


def test_pending_transfers_are_resolved_where_they_are(tmp_path: Path) -> None:
    async def test() -> None:
        house = House(tmp_path)
        await house.furnish()
        *_, y, z = house.deposits
        assert shard_of(y) == shard_of(z) == 3
        hold = move(y, z, 10, Flag.PENDING)
        assert await house.shards.post([hold]) == [CREATED]
        junk = msgspec.structs.replace(post(hold), pending_id="x" * 32)
        assert await house.shards.post([post(hold), post(move(y, z, 1)), junk]) == [
            CREATED,
            Outcome.PENDING_TRANSFER_NOT_FOUND,
            Outcome.ID_MUST_BE_VALID,
        ]
        assert (await house.net())[-2:] == [990, 1_010]
        await house.check()
        await house.shards.close()

    run(test)


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_every_step_is_recovered_from(tmp_path: Path, step: str) -> None:
    async def test() -> None:
        house = House(tmp_path)
        await house.furnish()
        a, *_, z = house.deposits
        transfer = move(a, z, 300)
        await house.crash(transfer, step)
        # the start finishes what it finds, and the client sends it again
        await house.open()
        happened = step not in ("note", "reserve")
        assert (await house.net())[::7] == ([700, 1_300] if happened else [1_000, 1_000])
        await house.check()
        assert await house.shards.recover() == 0
        assert await house.shards.post([transfer]) == [Outcome.EXISTS if happened else CREATED]
        assert (await house.net())[::7] == [700, 1_300]
        await house.check()
        await house.shards.close()

    run(test)


def test_nobody_but_the_ledger_resolves_what_is_between_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        house = House(tmp_path)
        await house.furnish()
        a, *_, z = house.deposits
        transfer = move(a, z, 300)
        await house.crash(transfer, "post")
        with monkeypatch.context() as patch:
            patch.setattr(Shards, "recover", lambda shards: asyncio.sleep(0))
            await house.open()
        near, far = settlement_id(0, 3, CNY), settlement_id(3, 0, CNY)
        whole = msgspec.structs.replace(void(transfer), debit=a, credit=near, ledger=CNY, code=1)
        for own in (
            void(transfer), post(transfer), whole, msgspec.structs.replace(whole, credit=near.upper()),
            move(a, near, 1), move(far, z, 1), move(near, far, 1),
        ):  # fmt: skip
            assert await house.shards.post([own]) == [Outcome.NOT_ACROSS_SHARDS]
        linked = move(a, house.deposits[1], 1, Flag.LINKED)
        assert await house.shards.post([linked, void(transfer)]) == [Outcome.NOT_ACROSS_SHARDS] * 2
        assert await house.shards.recover() == 1
        assert (await house.net())[::7] == [700, 1_300]
        await house.check()
        await house.shards.close()

    run(test)


def test_a_crash_before_a_refusal_is_undone(tmp_path: Path) -> None:
    async def test() -> None:
        house = House(tmp_path)
        await house.furnish()
        a, *_, z = house.deposits
        await house.shards.ledger(z).change_account(z, Change(set=int(AccountFlag.CLOSED)))
        await house.crash(move(a, z, 300), "void")
        await house.open()
        assert await house.net() == [1_000] * 8
        await house.check()
        await house.shards.close()

    run(test)


def test_many_at_once_with_crashes(tmp_path: Path) -> None:
    async def test() -> None:
        random = Random(5)
        house = House(tmp_path)
        await house.furnish()
        sent: list[Transfer] = []
        for number in range(6):
            pairs = [random.sample(house.deposits, 2) for _ in range(12)]
            batch = [move(a, b, random.randrange(1, 400)) for a, b in pairs]
            sent += batch
            await asyncio.gather(*(house.shards.post([transfer]) for transfer in batch))
            await house.crash(move(house.deposits[number % 2], house.deposits[-1], 1), STEPS[number])
            await house.open()
            await house.check()
        outcomes = await house.shards.post(sent)
        assert {*outcomes} <= {Outcome.EXISTS, Outcome.ID_ALREADY_FAILED} and Outcome.EXISTS in outcomes
        await house.check()
        await house.shards.close()

    run(test)
