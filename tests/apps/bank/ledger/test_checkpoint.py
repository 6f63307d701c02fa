"""Balances are right after a crash, although their table follows the journal."""

from __future__ import annotations

from random import Random

import pytest

from bank.ledger.accounts import Change
from bank.ledger.audit import check_invariants
from bank.ledger.interfaces import Flag, Outcome
from bank.ledger.known import KnownIds
from tests.apps.bank.ledger.kit import START, Clock, Opener, furnished, move, post, run


def test_a_crash_between_journal_and_table(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bank.ledger.checkpoint._ROWS", 1)

    async def test() -> None:
        clock, random = Clock(), Random(4)
        ledger = await opener(clock)
        it = await furnished(ledger, clock, deposits=9)
        await ledger.change_account(it.deposits[0], Change(day_limit=700))
        expected = dict.fromkeys(it.deposits, 1_000)
        spent = 0
        flushed = set()
        for _ in range(6):
            for _ in range(25):
                a, b = random.sample(it.deposits, 2)
                amount = random.randrange(1, 60)
                if (await it.ledger.post([move(a, b, amount)]))[0].done:
                    expected[a] -= amount
                    expected[b] += amount
                    spent += amount if a == it.deposits[0] else 0
            hold = move(it.deposits[1], it.deposits[2], 5, Flag.PENDING)
            assert await it.ledger.post([hold, post(hold, 1)]) == [Outcome.CREATED] * 2
            expected[it.deposits[1]] -= 1
            expected[it.deposits[2]] += 1
            head, _ = await it.ledger.store.head()
            assert head.flushed < head.seq
            flushed.add(head.flushed)
            await check_invariants(it.ledger.store)
            await it.ledger.writer.abandon()
            it.ledger = await opener(clock)
            assert [await it.net(each) for each in it.deposits] == list(expected.values())
            assert await it.pending(it.deposits[1]) == (0, 0)
        assert len(flushed) > 3
        over = move(it.deposits[0], it.deposits[1], 701 - spent)
        assert await it.ledger.post([over]) == [Outcome.EXCEEDS_DAY_LIMIT]
        await it.ledger.settle()
        head, _ = await it.ledger.store.head()
        assert head.flushed == head.seq
        await check_invariants(it.ledger.store)
        await it.ledger.close()

    run(test)


def test_accounts_are_forgotten_and_read_again(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bank.ledger.writer._ACCOUNTS", 4)
    monkeypatch.setattr("bank.ledger.checkpoint._ROWS", 3)

    async def test() -> None:
        clock, random = Clock(), Random(5)
        ledger = await opener(clock)
        it = await furnished(ledger, clock, deposits=12)
        expected = dict.fromkeys(it.deposits, 1_000)
        for _ in range(60):
            a, b = random.sample(it.deposits, 2)
            assert await it.one(move(a, b, 1)) == Outcome.CREATED
            expected[a] -= 1
            expected[b] += 1
        assert [await it.net(each) for each in it.deposits] == list(expected.values())
        await check_invariants(ledger.store)
        await ledger.close()

    run(test)


def test_ids_are_known_or_doubtful() -> None:
    def id_(seconds: int, number: int = 0) -> bytes:
        return (((START // 1_000 + seconds * 1_000) << 80) + number).to_bytes(16, "big")

    known = KnownIds(id_(0), generation=4)
    assert known.doubtful([id_(-1), id_(0), id_(1)]) == [id_(-1), id_(0)]
    known.add([id_(1), id_(9_999)], START)
    assert known.doubtful([id_(1), id_(2), id_(9_999)]) == [id_(1), id_(9_999)]
    for second in range(2, 20):
        known.add([id_(second)], START)
    # what was forgotten is doubtful, and so is what is older; the one of the future is still known, and lifts nothing
    assert known.doubtful([id_(3), id_(3, 7), id_(9_999)]) == [id_(3), id_(3, 7), id_(9_999)]
    assert known.doubtful([id_(21), id_(9_998)]) == []
    # too many from the future: every one is looked up
    for number in range(20):
        known.add([id_(50_000, number)], START)
    assert known.doubtful([id_(99_999)]) == [id_(99_999)]
