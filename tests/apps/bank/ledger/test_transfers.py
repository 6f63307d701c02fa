"""What becomes of transfers: TigerBeetle's outcomes, one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from bank.ledger.accounts import Change
from bank.ledger.audit import check_invariants
from bank.ledger.interfaces import (
    MOST,
    AccountFlag,
    Flag,
    NewAccount,
    Outcome,
    Transfer,
    new_id,
    new_transfer_id,
)
from bank.ledger.records import Row
from bank.ledger.rules import expiry_id
from eden.base.ids import now
from tests.apps.bank.ledger.kit import CNY, DEPOSIT, EUR, Clock, Opener, desk, furnished, move, post, run, void

CREATED = Outcome.CREATED


def test_money_moves_and_a_member_without_funds_does_not_fail_its_batch(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, c, _ = it.deposits
            outcomes = await it.ledger.post([move(a, b, 300), move(a, c, 701), move(b, c, 1_300)])
            assert outcomes == [CREATED, Outcome.EXCEEDS_CREDITS, CREATED]
            assert [await it.net(each) for each in (a, b, c)] == [700, 0, 2_300]

    run(test)


def test_the_same_request_again_gives_the_same_answer(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, *_ = it.deposits
            transfer = move(a, b, 10, reference="rent", data="0f" * 16)
            assert await it.ledger.post([transfer, transfer]) == [CREATED, Outcome.EXISTS]
            assert await it.one(transfer) == Outcome.EXISTS
            differences: dict[Outcome, dict[str, Any]] = {
                Outcome.EXISTS_WITH_DIFFERENT_AMOUNT: {"amount": 11},
                Outcome.EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT_ID: {"debit": it.cash},
                Outcome.EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT_ID: {"credit": it.cash},
                Outcome.EXISTS_WITH_DIFFERENT_CODE: {"code": 2},
                Outcome.EXISTS_WITH_DIFFERENT_LEDGER: {"ledger": EUR},
                Outcome.EXISTS_WITH_DIFFERENT_FLAGS: {"flags": Flag.PENDING},
                Outcome.EXISTS_WITH_DIFFERENT_REFERENCE: {"reference": "Rent"},
                Outcome.EXISTS_WITH_DIFFERENT_DATA: {"data": ""},
            }
            for outcome, other in differences.items():
                assert await it.one(msgspec.structs.replace(transfer, **other)) == outcome
            assert await it.net(a) == 990

    run(test)


def test_what_was_refused_stays_refused(opener: Opener) -> None:
    """A copy of the request that arrives late must not do what its sender was told had failed."""

    async def test() -> None:
        async with desk(opener) as it:
            a, b, *_ = it.deposits
            late = move(a, b, 1_500)
            assert await it.one(late) == Outcome.EXCEEDS_CREDITS
            assert await it.one(move(it.cash, a, 5_000)) == CREATED
            assert await it.one(late) == Outcome.ID_ALREADY_FAILED
            assert await it.ledger.post([late, late]) == [Outcome.ID_ALREADY_FAILED] * 2
            assert await it.net(a) == 6_000

    run(test)


FAULTS: list[tuple[dict[str, Any], Outcome]] = [
    ({"id": "xyz"}, Outcome.ID_MUST_BE_VALID),
    ({"id": "00" * 16}, Outcome.ID_MUST_BE_VALID),
    ({"id": "00000000" + "ff" * 12}, Outcome.ID_MUST_BE_VALID),
    ({"amount": 0}, Outcome.AMOUNT_MUST_BE_VALID),
    ({"amount": -1}, Outcome.AMOUNT_MUST_BE_VALID),
    ({"amount": 1.0}, Outcome.AMOUNT_MUST_BE_VALID),
    ({"amount": True}, Outcome.AMOUNT_MUST_BE_VALID),
    ({"amount": MOST + 1}, Outcome.AMOUNT_MUST_BE_VALID),
    ({"ledger": 0}, Outcome.LEDGER_MUST_NOT_BE_ZERO),
    ({"ledger": EUR}, Outcome.TRANSFER_MUST_HAVE_THE_SAME_LEDGER_AS_ACCOUNTS),
    ({"code": 0}, Outcome.CODE_MUST_NOT_BE_ZERO),
    ({"flags": 8192}, Outcome.RESERVED_FLAG),
    ({"flags": Flag.EXPIRED}, Outcome.RESERVED_FLAG),
    ({"flags": Flag.POST | Flag.VOID}, Outcome.FLAGS_ARE_MUTUALLY_EXCLUSIVE),
    ({"flags": Flag.POST}, Outcome.PENDING_ID_MUST_BE_VALID),
    ({"flags": Flag.POST | Flag.CLOSING}, Outcome.CLOSING_TRANSFER_MUST_NOT_RESOLVE),
    ({"pending_id": "01" * 16}, Outcome.PENDING_ID_MUST_BE_ZERO),
    ({"timeout_s": 5}, Outcome.TIMEOUT_RESERVED_FOR_PENDING_TRANSFER),
    ({"reference": "x" * 65}, Outcome.REFERENCE_MUST_BE_VALID),
    ({"reference": "a\x00b"}, Outcome.REFERENCE_MUST_BE_VALID),
    ({"reference": "\ud800"}, Outcome.REFERENCE_MUST_BE_VALID),
    ({"data": "01"}, Outcome.DATA_MUST_BE_VALID),
    ({"debit": "02" * 16}, Outcome.DEBIT_ACCOUNT_NOT_FOUND),
    ({"credit": "02" * 16}, Outcome.CREDIT_ACCOUNT_NOT_FOUND),
    ({"debit": ""}, Outcome.DEBIT_ACCOUNT_NOT_FOUND),
    ({"flags": Flag.LINKED}, Outcome.LINKED_EVENT_CHAIN_OPEN),
]


def test_what_is_wrong_is_said(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, *_ = it.deposits
            for fields, outcome in FAULTS:
                assert await it.one(msgspec.structs.replace(move(a, b, 1), **fields)) == outcome
            assert await it.one(move(a, a, 1)) == Outcome.ACCOUNTS_MUST_BE_DIFFERENT
            assert (await it.net(a), await it.net(b)) == (1_000, 1_000)

    run(test)


def test_accounts_are_opened_once(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            account = NewAccount(new_id(), EUR, DEPOSIT, reference="林晓雨")
            create = it.ledger.create_accounts
            assert await create([account, account]) == [CREATED, Outcome.EXISTS]
            assert await create([msgspec.structs.replace(account, code=1)]) == [Outcome.EXISTS_WITH_DIFFERENT_CODE]
            assert await create([msgspec.structs.replace(account, ledger=CNY)]) == [
                Outcome.EXISTS_WITH_DIFFERENT_LEDGER
            ]
            assert await create(
                [NewAccount("1", CNY, 1), NewAccount(new_id(), 0, 1), NewAccount(new_id(), CNY, 0)]
            ) == [
                Outcome.ID_MUST_BE_VALID,
                Outcome.LEDGER_MUST_NOT_BE_ZERO,
                Outcome.CODE_MUST_NOT_BE_ZERO,
            ]
            (found, none) = await it.ledger.accounts([account.id, new_id()])
            assert none is None and found is not None
            assert (found.reference, found.ledger, found.balances.net) == ("林晓雨", EUR, 0)
            assert await it.one(move(it.deposits[0], account.id, 1)) == Outcome.ACCOUNTS_MUST_HAVE_THE_SAME_LEDGER

    run(test)


def test_pending_then_posted_in_part(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, *_ = it.deposits
            hold = move(a, b, 800, Flag.PENDING)
            assert await it.one(hold) == CREATED
            assert (await it.net(a), await it.pending(a), await it.pending(b)) == (1_000, (800, 0), (0, 800))
            # what is reserved cannot be spent elsewhere, and is not yet the other's
            assert await it.one(move(a, b, 201)) == Outcome.EXCEEDS_CREDITS
            assert await it.one(move(b, a, 1_001)) == Outcome.EXCEEDS_CREDITS
            assert await it.one(post(hold, 801)) == Outcome.EXCEEDS_PENDING_TRANSFER_AMOUNT
            part = post(hold, 300)
            assert await it.one(part) == CREATED
            assert (await it.net(a), await it.net(b), await it.pending(a)) == (700, 1_300, (0, 0))
            assert await it.one(part) == Outcome.EXISTS
            assert await it.one(msgspec.structs.replace(part, amount=301)) == Outcome.EXISTS_WITH_DIFFERENT_AMOUNT
            assert await it.one(post(hold)) == Outcome.PENDING_TRANSFER_ALREADY_POSTED
            assert await it.one(void(hold)) == Outcome.PENDING_TRANSFER_ALREADY_POSTED
            (found,) = await it.ledger.transfers([part.id])
            assert found is not None and (found.transfer.debit, found.transfer.amount, found.released) == (a, 300, 800)

    run(test)


def test_pending_then_voided(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, *_ = it.deposits
            hold = move(a, b, 800, Flag.PENDING)
            release = void(hold)
            # all in one batch
            assert await it.ledger.post([hold, release, move(a, b, 1_000)]) == [CREATED] * 3
            assert await it.pending(b) == (0, 0)
            assert await it.one(release) == Outcome.EXISTS
            assert await it.one(post(hold)) == Outcome.PENDING_TRANSFER_ALREADY_VOIDED

    run(test)


def test_resolving_says_what_does_not_fit(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, c, _ = it.deposits
            hold, plain = move(a, b, 100, Flag.PENDING), move(a, b, 100)
            assert await it.ledger.post([hold, plain]) == [CREATED] * 2
            replace = msgspec.structs.replace
            for changed, outcome in [
                (replace(post(hold), debit=c), Outcome.PENDING_TRANSFER_HAS_DIFFERENT_DEBIT_ACCOUNT_ID),
                (replace(post(hold), credit=c), Outcome.PENDING_TRANSFER_HAS_DIFFERENT_CREDIT_ACCOUNT_ID),
                (replace(post(hold), ledger=EUR), Outcome.PENDING_TRANSFER_HAS_DIFFERENT_LEDGER),
                (replace(post(hold), code=9), Outcome.PENDING_TRANSFER_HAS_DIFFERENT_CODE),
                (replace(void(hold), amount=99), Outcome.PENDING_TRANSFER_HAS_DIFFERENT_AMOUNT),
                (post(plain), Outcome.PENDING_TRANSFER_NOT_PENDING),
                (post(move(a, b, 1)), Outcome.PENDING_TRANSFER_NOT_FOUND),
            ]:
                assert await it.one(changed) == outcome
            same = move(a, b, 1)
            assert await it.ledger.post([same, post(same)]) == [CREATED, Outcome.PENDING_TRANSFER_NOT_PENDING]
            whole = replace(post(hold), debit=a, credit=b, ledger=CNY, code=1, amount=100)
            assert await it.one(whole) == CREATED
            assert await it.one(replace(whole, amount=0, debit="", credit="", ledger=0, code=0)) == Outcome.EXISTS

    run(test)


def test_a_pending_transfer_expires(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, *_ = it.deposits
            short, long = move(a, b, 600, Flag.PENDING, timeout_s=60), move(a, b, 400, Flag.PENDING, timeout_s=120)
            assert await it.ledger.post([short, long]) == [CREATED] * 2
            it.clock.forward(58)
            assert await it.one(move(a, b, 1)) == Outcome.EXCEEDS_CREDITS
            it.clock.forward(3)
            # the money is free again before anything else is decided
            assert await it.ledger.post([move(a, b, 600), post(short)]) == [CREATED, Outcome.PENDING_TRANSFER_EXPIRED]
            assert await it.pending(a) == (400, 0)
            assert await it.one(post(long)) == CREATED
            it.clock.forward(120)
            await it.ledger.expire()
            assert (await it.net(a), await it.pending(a)) == (0, (0, 0))

    run(test)


def test_nobody_takes_the_id_of_an_expiry_before(opener: Opener) -> None:
    """It follows from that of the pending transfer, so who knows this one knows it."""

    async def test() -> None:
        async with desk(opener) as it:
            a, b, *_ = it.deposits
            hold = move(a, b, 600, Flag.PENDING, timeout_s=60)
            end = expiry_id(bytes.fromhex(hold.id)).hex()
            taking = msgspec.structs.replace(move(a, b, 1), id=end)
            assert await it.ledger.post([hold, taking]) == [CREATED, Outcome.ID_MUST_BE_VALID]
            it.clock.forward(61)
            assert await it.one(move(a, b, 1_000)) == CREATED
            (ended,) = await it.ledger.transfers([end])
            assert ended is not None and ended.released == 600

    run(test)


def test_ids_of_expiries_do_not_make_others_doubtful(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store is asked for no id of a new transfer, however many pending ones have expired."""
    monkeypatch.setattr("bank.ledger.known._FAR", 4)

    async def test() -> None:
        # as the clock that makes the ids
        clock = Clock(now())
        ledger = await opener(clock)
        it = await furnished(ledger, clock)
        a, b, *_ = it.deposits
        for _ in range(9):
            assert await it.one(move(a, b, 1, Flag.PENDING, timeout_s=1)) == CREATED
            clock.forward(2)
            await ledger.expire()
        await ledger.close()
        it.ledger = await opener(clock)
        rows = it.ledger.store.rows

        async def none(ids: Iterable[bytes]) -> list[Row]:
            raise AssertionError("the store was asked for ids")

        it.ledger.store.rows = none  # type: ignore[method-assign]
        for _ in range(9):
            assert await it.one(move(a, b, 1)) == CREATED
        it.ledger.store.rows = rows  # type: ignore[method-assign]
        await check_invariants(it.ledger.store)
        await it.ledger.close()

    run(test)


def test_chains_happen_as_wholes(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, c, d = it.deposits
            linked = Flag.LINKED
            good = [move(a, b, 500, linked), move(b, c, 1_500, linked), move(c, d, 2_500)]
            assert await it.ledger.post(good) == [CREATED] * 3
            assert await it.ledger.post(good) == [Outcome.EXISTS] * 3
            bad = [move(a, b, 500, linked), move(b, c, 501, linked), move(d, a, 1)]
            failed = Outcome.LINKED_EVENT_FAILED
            outcomes = await it.ledger.post([move(d, a, 1), *bad, move(d, a, 1)])
            assert outcomes == [CREATED, failed, Outcome.EXCEEDS_CREDITS, failed, CREATED]
            assert [await it.net(each) for each in (a, b, c, d)] == [502, 0, 0, 3_498]
            # the same again fails for good, though there are funds now
            assert await it.one(move(d, b, 1_000)) == CREATED
            assert await it.ledger.post(bad) == [failed, Outcome.ID_ALREADY_FAILED, failed]
            half = [msgspec.structs.replace(good[2], flags=linked), move(d, a, 1)]
            assert (await it.ledger.post(half))[0] == Outcome.EXISTS_WITH_DIFFERENT_FLAGS

    run(test)


def test_a_failed_chain_undoes_holds_posts_and_closing(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, c, d = it.deposits
            hold = move(a, b, 300, Flag.PENDING)
            assert await it.one(hold) == CREATED
            inner = move(c, d, 5, Flag.PENDING | Flag.LINKED)
            chain = [
                post(hold, 100, Flag.LINKED),
                inner,
                post(inner, 0, Flag.LINKED),
                move(d, a, 2, Flag.CLOSING | Flag.LINKED),
                move(b, c, 1_000_000),
            ]
            assert (await it.ledger.post(chain))[-1] == Outcome.EXCEEDS_CREDITS
            assert [await it.net(each) for each in (a, b, c, d)] == [1_000] * 4
            assert await it.pending(a) == (300, 0)
            chain = [*(msgspec.structs.replace(each, id=new_transfer_id()) for each in chain[:1]), move(d, a, 1)]
            assert await it.ledger.post(chain) == [CREATED] * 2

    run(test)


def test_currencies_are_exchanged_by_linked_legs(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, *_ = it.deposits
            ours, theirs = await it.open(flags=0), await it.open(flags=0, ledger=EUR)
            euros = await it.open(ledger=EUR)
            legs = [move(a, ours, 780, Flag.LINKED), move(theirs, euros, 100, ledger=EUR)]
            assert await it.ledger.post(legs) == [CREATED] * 2
            assert (await it.net(a), await it.net(euros)) == (220, 100)

    run(test)


def test_frozen_closed_and_limited_accounts(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, c, _ = it.deposits
            change = it.ledger.change_account
            await change(a, Change(set=int(AccountFlag.DEBITS_FROZEN), reason="court order"))
            assert await it.one(move(a, b, 1)) == Outcome.DEBIT_ACCOUNT_FROZEN
            assert await it.one(move(b, a, 1)) == CREATED
            await change(a, Change(set=int(AccountFlag.FROZEN)))
            assert await it.one(move(b, a, 1)) == Outcome.CREDIT_ACCOUNT_FROZEN
            await change(a, Change(clear=int(AccountFlag.FROZEN), transfer_limit=100, day_limit=250))
            assert await it.one(move(a, b, 101)) == Outcome.EXCEEDS_TRANSFER_LIMIT
            hold = move(a, b, 100, Flag.PENDING)
            assert await it.ledger.post([move(a, b, 100), hold, move(a, b, 51)]) == [
                CREATED,
                CREATED,
                Outcome.EXCEEDS_DAY_LIMIT,
            ]
            # what was not used of a hold may be spent the same day
            assert await it.ledger.post([post(hold, 40), move(a, b, 100), move(a, b, 11)]) == [
                CREATED,
                CREATED,
                Outcome.EXCEEDS_DAY_LIMIT,
            ]
            it.clock.forward(86_400)
            assert await it.one(move(a, b, 100)) == CREATED
            await change(c, Change(set=int(AccountFlag.CLOSED)))
            assert await it.one(move(b, c, 1)) == Outcome.CREDIT_ACCOUNT_ALREADY_CLOSED
            assert await it.one(move(c, b, 1)) == Outcome.DEBIT_ACCOUNT_ALREADY_CLOSED

    run(test)


def test_a_days_limit_counts_from_when_there_is_one(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, *_ = it.deposits
            assert await it.one(move(a, b, 500)) == CREATED
            await it.ledger.change_account(a, Change(day_limit=100))
            assert await it.ledger.post([move(a, b, 100), move(a, b, 1)]) == [CREATED, Outcome.EXCEEDS_DAY_LIMIT]

    run(test)


def test_closing_transfers(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, *_ = it.deposits
            closing = move(a, b, 1_000, Flag.CLOSING | Flag.PENDING)
            assert await it.one(closing) == CREATED
            assert await it.one(move(b, a, 1)) == Outcome.CREDIT_ACCOUNT_ALREADY_CLOSED
            assert await it.one(void(closing)) == CREATED
            assert await it.one(move(a, b, 1_000)) == CREATED
            assert await it.one(move(a, b, 0, Flag.CLOSING)) == CREATED
            assert await it.one(move(b, a, 1)) == Outcome.CREDIT_ACCOUNT_ALREADY_CLOSED

    run(test)


def test_a_loan_is_not_overpaid(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            loan = await it.open(flags=int(AccountFlag.CREDITS_MUST_NOT_EXCEED_DEBITS))
            a, *_ = it.deposits
            outcomes = await it.ledger.post([move(loan, a, 500), move(a, loan, 501), move(a, loan, 500)])
            assert outcomes == [CREATED, Outcome.EXCEEDS_DEBITS, CREATED]

    run(test)


def test_balances_do_not_overflow(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            big = await it.open()
            request = [move(it.cash, big, MOST) for _ in range(513)]
            outcomes = await it.ledger.post(request)
            assert outcomes.count(CREATED) >= 511 and outcomes[-1] == Outcome.OVERFLOWS_BALANCE

    run(test)


def test_ids_out_of_order_and_from_the_future(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, *_ = it.deposits
            ids = ["ff" * 16, "01" * 16, "fe" * 16, "02" * 16]
            batch = [Transfer(id_, a, b, 1, CNY, 1) for id_ in ids]
            for transfer in batch:
                assert await it.one(transfer) == CREATED
            assert await it.ledger.post(batch) == [Outcome.EXISTS] * 4
            # text in capitals is the same id
            assert await it.one(msgspec.structs.replace(batch[0], id="FF" * 16)) == Outcome.EXISTS
            assert await it.ledger.transfers(["FF" * 16]) == await it.ledger.transfers(["ff" * 16]) != [None]
            assert await it.ledger.accounts([a.upper()]) == await it.ledger.accounts([a]) != [None]

    run(test)
