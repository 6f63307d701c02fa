"""Kills, crashes of the database, failing commits, doubled and late requests: nothing is lost, doubled or invented."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import cast

import pytest

from bank.ledger.audit import Broken, check_invariants
from bank.ledger.checker import Read, Sent, anomalies
from bank.ledger.interfaces import Balances, Fenced, LedgerError, Outcome, Posted, Transfer
from bank.ledger.ledger import Ledger
from bank.ledger.reading import reading
from bank.ledger.stores.base import patiently
from bench._ledger_faults import crash_of_postgres, under_faults
from bench._ledger_server import fail_sometimes
from tests.apps.bank.ledger.kit import CNY, Clock, Opener, desk, furnished, move, run
from tests.postgres import postgres_database


def test_kills_of_the_writer(tmp_path: Path) -> None:
    verdict = under_faults(f"sqlite:///{tmp_path / 'l.db'}", 5)
    assert verdict.findings == []
    assert verdict.faults == 5 and verdict.acknowledged > 50


def test_kills_of_the_writer_and_crashes_of_the_database() -> None:
    with postgres_database() as address:
        verdict = under_faults(address, 4, seed=2, other=crash_of_postgres(address))
    assert verdict.findings == []
    assert verdict.faults == 4 and verdict.acknowledged > 50


def test_commits_that_fail_are_decided_again(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener, deposits=6) as it:
            fail_sometimes(it.ledger, 0.4, Random(1))
            random = Random(2)
            pairs = [random.sample(it.deposits, 2) for _ in range(120)]
            sent = [move(a, b, random.randrange(1, 500)) for a, b in pairs]
            answers = await asyncio.gather(*(it.ledger.post([transfer]) for transfer in sent))
            kept = {posted.transfer.id for posted in await it.ledger.entries(0)}
            for transfer, (outcome,) in zip(sent, answers, strict=True):
                assert (transfer.id in kept) is outcome.done
            assert sum([await it.net(each) for each in it.deposits]) == 6_000

    run(test)


def test_a_store_that_never_takes_a_commit_is_given_up(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            monkeypatch.setattr("bank.ledger.writer._TRIES", 3)
            commit = it.ledger.store.commit
            fail_sometimes(it.ledger, 2.0, Random(1))
            with pytest.raises(LedgerError, match="3 times"):
                await it.ledger.post([move(it.cash, it.deposits[0], 1)])
            it.ledger.store.commit = commit  # type: ignore[method-assign]
            assert await it.one(move(it.cash, it.deposits[0], 1)) == Outcome.CREATED

    run(test)


def test_a_question_is_asked_again_while_a_server_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bank.ledger.stores.base._TRIES", 3)
    answers: list[Exception | int] = []

    async def ask() -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def test() -> None:
        answers[:] = [ConnectionError(), ConnectionError(), 1]
        assert await patiently(ask, (OSError,)) == 1
        answers[:] = [ConnectionError()] * 3
        with pytest.raises(ConnectionError):
            await patiently(ask, (OSError,))
        answers[:] = [ValueError(), 1]
        with pytest.raises(ValueError):
            await patiently(ask, (OSError,))

    run(test)


def test_two_processes_never_write_one_shard(opener: Opener) -> None:
    async def test() -> None:
        clock = Clock()
        old = await opener(clock)
        it = await furnished(old, clock)
        new = await opener(clock)
        transfer = move(it.cash, it.deposits[0], 1)
        with pytest.raises(Fenced):
            await old.post([transfer])
        with pytest.raises(Fenced):
            await old.post([transfer])
        assert await new.post([transfer]) == [Outcome.CREATED]
        await check_invariants(new.store, new.public_keys())
        await old.close()
        await new.close()

    run(test)


def test_a_closed_ledger_says_so(opener: Opener) -> None:
    async def test() -> None:
        clock = Clock()
        ledger = await opener(clock)
        it = await furnished(ledger, clock)
        answer = asyncio.create_task(it.one(move(it.cash, it.deposits[0], 1)))
        await asyncio.sleep(0)
        await ledger.close()
        assert await answer == Outcome.CREATED
        with pytest.raises(LedgerError, match="closed"):
            await it.one(move(it.cash, it.deposits[0], 1))

    run(test)


def test_the_wrong_shard_or_address_is_refused(tmp_path: Path) -> None:
    async def test() -> None:
        url, keys = f"sqlite:///{tmp_path / 'l.db'}", tmp_path / "k.json"
        await (await Ledger.open(url, keys=keys)).close()
        writer = await Ledger.open(url, keys=keys)
        with pytest.raises(LedgerError, match="shard 0"):
            await Ledger.open(url, keys=keys, shard=1)
        with pytest.raises(LedgerError, match="shard 0"):
            async with reading(url, shard=1):
                pass
        # who asked for another is not in the writer's way
        await writer.note("still", "there", {})
        await writer.close()
        for address in ("sqlite://", "mongodb://x/y", f"sqlite:///{tmp_path}"):
            with pytest.raises(LedgerError):
                await Ledger.open(address, keys=keys)

    run(test)


def test_tables_of_another_version_are_refused(opener: Opener) -> None:
    async def test() -> None:
        ledger = await opener(Clock())
        await ledger.store.load("UPDATE ledger_head SET step = step + 1")
        with pytest.raises(LedgerError, match="tables are of step 2"):
            await opener(Clock())
        await ledger.close()

    run(test)


def test_a_database_that_there_is_not_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bank.ledger.writer._TRIES", 2)

    async def test(*addresses: str) -> None:
        for address in addresses:
            with pytest.raises(LedgerError):
                await Ledger.open(address, keys=tmp_path / "k.json")

    with postgres_database() as address:
        nothing = f"{tmp_path}/nobody.sock"
        run(
            test, f"{address}_not", "postgresql://postgres@127.0.0.1:1/x", f"oceanbase://root@x/y?unix_socket={nothing}"
        )


def test_an_audit_raises_what_it_finds(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            commit = it.ledger.store.commit

            async def greedy(*arguments: object) -> None:
                changes = cast(SimpleNamespace, arguments[0])
                for account in changes.touched.values():
                    account.credits_posted += 1
                await commit(*arguments)  # type: ignore[arg-type]

            ledger = it.ledger
            ledger.store.commit = greedy  # type: ignore[method-assign, assignment]
            await it.one(move(it.cash, it.deposits[0], 1))
            with pytest.raises(Broken, match="account"):
                await check_invariants(ledger.store)
            # mended, so that the ledger is whole in the end
            await ledger.store.load("UPDATE ledger_balances SET credits_posted = credits_posted - 1 WHERE number < 3")

    run(test)


def _sent(transfer: Transfer, outcome: Outcome | None, began: float = 1, ended: float = 2) -> Sent:
    return Sent(began, ended, transfer, outcome)


def test_the_checker_sees_what_cannot_be() -> None:
    a, b = "0a" * 16, "0b" * 16
    transfer, other = Transfer("01" * 16, a, b, 5, CNY, 1), Transfer("02" * 16, a, b, 5, CNY, 1)
    entry, second = Posted(transfer, 0, 1), Posted(other, 1, 2)
    created, refused = Outcome.CREATED, Outcome.EXCEEDS_CREDITS
    debtors = frozenset({a})

    def read(debits: int, credited: int, began: float = 3) -> Read:
        return Read(began, began + 1, {a: Balances(debits, 0, 0, 0), b: Balances(0, 0, credited, 0)})

    good = [_sent(transfer, None), _sent(transfer, created), _sent(transfer, Outcome.EXISTS)]
    assert anomalies(good, [read(5, 5)], [entry], debtors) == []
    assert anomalies([_sent(other, refused), *good], [], [entry]) == []
    for history, reads, journal, word in (
        (good, [], [entry, entry], "doubled"),
        (good, [], [entry, second], "invented"),
        (good, [], [], "lost"),
        ([_sent(transfer, refused)], [], [entry], "came after all"),
        ([*good, _sent(transfer, created)], [], [entry], "created twice"),
        (good, [read(5, 4)], [entry], "adds up"),
        (good, [read(0, 0)], [entry], "stale"),
        (good, [read(5, 5, began=0.1)], [entry], "early"),
    ):
        if word == "early":
            reads = [Read(0.1, 0.2, reads[0].balances)]
        found = anomalies(history, reads, journal, debtors)
        assert any(word in sentence for sentence in found), (word, found)
    assert any("negative" in sentence for sentence in anomalies(good, [read(5, 5)], [entry]))
