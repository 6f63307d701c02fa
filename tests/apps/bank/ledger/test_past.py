"""Statements, balances at any time, ends of days, the general ledger, and the outbox."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bank.ledger.closing import ChartLine
from bank.ledger.interfaces import Balances, Flag, LedgerError, Outcome
from tests.apps.bank.ledger.kit import CASH, CNY, DEPOSIT, EUR, SECOND, START, Opener, desk, move, post, run

DAY = 86_400_000_000


def test_statements_are_paged_from_new_to_old(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, *_ = it.deposits
            sent = [move(a, b, number + 1, reference=f"no {number}") for number in range(7)]
            assert await it.ledger.post(sent) == [Outcome.CREATED] * 7
            seen, before = [], None
            while True:
                page = await it.ledger.statement(a, before=before, limit=3)
                seen += page.lines
                before = page.next
                if before is None:
                    break
            assert [line.posted.transfer for line in seen[:-1]] == sent[::-1]
            assert [line.after.net for line in seen] == [972, 979, 985, 990, 994, 997, 999, 1_000]
            assert [line.debited for line in seen] == [True] * 7 + [False]
            # what came since is there too, and the other side has its own view
            assert await it.one(move(b, a, 1)) == Outcome.CREATED
            page = await it.ledger.statement(b, limit=1)
            assert (page.lines[0].debited, page.lines[0].after.net) == (True, 1_027)
            assert (await it.ledger.statement("07" * 16)).lines == []

    run(test)


def test_balances_at_any_time(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, *_ = it.deposits
            hold = move(a, b, 100, Flag.PENDING)
            for each in (hold, move(a, b, 7), post(hold, 60)):
                assert await it.one(each) == Outcome.CREATED
                it.clock.forward(10)
            (reserved, moved, posted) = (await it.ledger.entries(0))[-3:]
            at = it.ledger.balance_at
            assert await at(a, START) == Balances()
            assert await at(a, reserved.at - 1) == Balances(0, 0, 1_000, 0)
            assert await at(a, reserved.at) == Balances(0, 100, 1_000, 0)
            assert await at(b, moved.at) == Balances(0, 0, 1_007, 100)
            assert await at(a, posted.at - 1) == await at(a, moved.at)
            assert await at(a, it.clock.now) == Balances(67, 0, 1_000, 0)

    run(test)


def test_a_day_that_was_closed_without_an_answer(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            commit = it.ledger.store.commit

            async def silent(*arguments: Any) -> None:
                it.ledger.store.commit = commit  # type: ignore[method-assign]
                await commit(*arguments)
                raise ConnectionError("the answer was lost")

            it.clock.now = START + DAY
            it.ledger.store.commit = silent  # type: ignore[method-assign, assignment]
            with pytest.raises(ConnectionError):
                await it.ledger.close_day("2026-11-26", START + DAY)
            day = await it.ledger.close_day("2026-11-26", START + DAY)
            assert (await it.ledger.days(), day.end_number) == ([day], 4)

    run(test)


def test_what_is_under_way_at_the_cut_off_is_of_the_day(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, *_ = it.deposits
            commit, reached, on = it.ledger.store.commit, asyncio.Event(), asyncio.Event()

            async def slow(*arguments: Any) -> None:
                reached.set()
                await on.wait()
                await commit(*arguments)

            it.ledger.store.commit = slow  # type: ignore[method-assign, assignment]
            last = it.ledger.post([move(a, b, 5)])
            await reached.wait()
            it.clock.now = START + DAY
            closing = asyncio.create_task(it.ledger.close_day("2026-11-26", START + DAY))
            # it has asked for all that it asks for without waiting for the commit
            await asyncio.sleep(0.2)
            on.set()
            day = await closing
            assert await last == [Outcome.CREATED]
            (entry,) = [entry for entry in await it.ledger.entries(0) if entry.transfer.amount == 5]
            assert entry.at < START + DAY and entry.voucher == "2026-11-26-0000005"
            assert day.end_number == 5
            # a clock that is set back makes nothing happen before the cut-off
            it.clock.now = START + DAY - SECOND
            assert await it.one(move(a, b, 6)) == Outcome.CREATED
            assert (await it.ledger.entries(0))[-1].at >= START + DAY

    run(test)


def test_days_are_closed_without_stopping(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, *_ = it.deposits
            first = move(a, b, 5)
            assert await it.one(first) == Outcome.CREATED
            it.clock.now = START + DAY
            second = [move(a, b, 10), move(b, a, 20)]
            assert await it.ledger.post(second) == [Outcome.CREATED] * 2
            with pytest.raises(LedgerError):
                await it.ledger.close_day("2026-11-27", START + 2 * DAY)
            (unclosed,) = await it.ledger.transfers([first.id])
            assert unclosed is not None and unclosed.voucher == ""
            day = await it.ledger.close_day("2026-11-26", START + DAY)
            assert (day.first_number, day.end_number) == (0, 5)
            assert await it.ledger.close_day("2026-11-26", START + DAY) == day
            with pytest.raises(LedgerError):
                await it.ledger.close_day("2026-11-25", START + DAY + 1)
            it.clock.now = START + 2 * DAY
            assert await it.one(move(a, b, 30)) == Outcome.CREATED
            await it.ledger.close_day("2026-11-27", START + 2 * DAY)
            # a day on which nothing happened
            it.clock.now = START + 4 * DAY
            assert (await it.ledger.close_day("2026-11-28", START + 3 * DAY)).day == "2026-11-28"
            found = await it.ledger.transfers([first.id, second[0].id, second[1].id])
            vouchers = [each.voucher for each in found if each]
            assert vouchers == ["2026-11-26-0000005", "2026-11-27-0000001", "2026-11-27-0000002"]
            lines = (await it.ledger.statement(a)).lines
            assert [line.posted.voucher[:10] for line in lines] == ["2026-11-28"] + ["2026-11-27"] * 2 + [
                "2026-11-26"
            ] * 2
            assert [each.day for each in await it.ledger.days()] == ["2026-11-26", "2026-11-27", "2026-11-28"]

    run(test)


CHART = [
    ChartLine(CASH, "1001", "asset", "Cash", "库存现金"),
    ChartLine(DEPOSIT, "2001", "liability", "Deposits", "吸收存款"),
]


def test_trial_balance_now_and_then(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, *_ = it.deposits
            await it.ledger.set_chart(CHART[:1])
            times, balances = [], []
            for number in range(6):
                assert await it.one(move(it.cash, a, 100 + number)) == Outcome.CREATED
                assert await it.one(move(a, b, number + 1)) == Outcome.CREATED
                times.append((await it.ledger.entries(0))[-1].at)
                balances.append(await it.ledger.trial_balance())
                it.clock.now = START + (number + 1) * DAY
                if number % 2:
                    await it.ledger.close_day(f"2026-11-{26 + number}", it.clock.now - 3_600_000_000)
            assert [line.name for line in balances[0].lines] == ["not in the chart", "Cash"]
            await it.ledger.set_chart(CHART)
            for at, then in zip(times, balances, strict=True):
                found = await it.ledger.trial_balance(at)
                assert found.balanced and then.balanced
                assert [(line.debits, line.credits, line.accounts) for line in found.lines] == sorted(
                    [(line.debits, line.credits, line.accounts) for line in then.lines], reverse=True
                )
                assert [(line.account, line.name_zh) for line in found.lines] == [
                    ("1001", "库存现金"),
                    ("2001", "吸收存款"),
                ]
            assert await it.ledger.trial_balance(START) == type(found)(START, [], True)
            euros = [await it.open(flags=0, ledger=EUR) for _ in range(2)]
            assert await it.one(move(euros[0], euros[1], 12, ledger=EUR)) == Outcome.CREATED
            lines = (await it.ledger.trial_balance()).lines
            assert [(line.ledger, line.account) for line in lines] == [(CNY, "1001"), (CNY, "2001"), (EUR, "2001")]

    run(test)


def test_consumers_follow_the_journal_at_their_own_pace(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, *_ = it.deposits
            assert await it.ledger.cursor("mail") == 0
            seen: list[str] = []
            while entries := await it.ledger.entries(await it.ledger.cursor("mail"), limit=3):
                seen += [entry.transfer.id for entry in entries]
                await it.ledger.advance("mail", entries[-1].seq + 1)
            assert len(seen) == 4
            new = move(a, b, 1)
            assert await it.one(new) == Outcome.CREATED
            (entry,) = await it.ledger.entries(await it.ledger.cursor("mail"))
            assert entry.transfer == new

    run(test)
