"""That requests share a commit changes nothing: not their outcomes, and not what they leave."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from random import Random

import msgspec
import pytest

from bank.ledger.audit import check_invariants
from bank.ledger.interfaces import Flag, NewAccount, Outcome, Transfer
from bank.ledger.ledger import Ledger
from bank.ledger.merkle import Frontier
from bank.ledger.records import Changes, Head
from bank.ledger.stores.base import Node
from tests.apps.bank.ledger.kit import CASH, CNY, DEPOSIT, NO_OVERDRAFT, Clock, Opener, desk, move, run

ACCOUNTS = [f"{number:032x}" for number in range(1, 8)]


def requests(random: Random, count: int) -> list[list[Transfer]]:
    """Transfers of every kind: chains, holds and what becomes of them, copies, and what is refused."""
    made: list[list[Transfer]] = []
    holds: list[str] = []

    def one(flags: int = 0) -> Transfer:
        id_ = f"{random.getrandbits(120):032x}"
        kind = random.random()
        if holds and kind < 0.35:
            resolve = Flag.POST if kind < 0.2 else Flag.VOID
            amount = random.choice([0, 0, random.randrange(1, 80)]) if resolve is Flag.POST else 0
            return Transfer(id_, pending_id=random.choice(holds), amount=amount, flags=int(resolve) | flags)
        debit, credit = random.sample(ACCOUNTS, 2)
        pending = int(Flag.PENDING) if kind > 0.7 else 0
        if pending:
            holds.append(id_)
        return Transfer(id_, debit, credit, random.randrange(1, 120), CNY, 1, pending | flags)

    for _ in range(count):
        if made and random.random() < 0.15:
            # a copy, or nearly one
            copy = random.choice(made)
            if random.random() < 0.3:
                copy = [*copy[:-1], msgspec.structs.replace(copy[-1], amount=copy[-1].amount + 1)]
            made.append(copy)
        elif random.random() < 0.2:
            made.append([one(int(Flag.LINKED)), one(int(Flag.LINKED)), one()])
        else:
            made.append([one() for _ in range(random.randrange(1, 4))])
    return made


@pytest.mark.parametrize("seed", range(6))
def test_one_by_one_or_all_at_once(tmp_path: Path, seed: int) -> None:
    async def test() -> None:
        sent = requests(Random(seed), 150)
        results = []
        for name in ("alone", "together"):
            ledger = await Ledger.open(f"sqlite:///{tmp_path / name}.db", keys=tmp_path / "keys.json", clock=Clock())
            new = [NewAccount(ACCOUNTS[0], CNY, CASH)]
            new += [NewAccount(id_, CNY, DEPOSIT, int(NO_OVERDRAFT)) for id_ in ACCOUNTS[1:]]
            await ledger.create_accounts(new)
            if name == "alone":
                outcomes = [await ledger.post(request) for request in sent]
            else:
                outcomes = await asyncio.gather(*(ledger.post(request) for request in sent))
            balances = [account.balances for account in await ledger.accounts(ACCOUNTS) if account]
            results.append(([*outcomes], balances))
            # and once more, as a client would that lost all answers
            again = [await ledger.post(request) for request in sent]
            for request, first, second in zip(sent, outcomes, again, strict=True):
                for transfer, before, after in zip(request, first, second, strict=True):
                    assert before.done is after.done, (transfer, before, after)
            assert [account.balances for account in await ledger.accounts(ACCOUNTS) if account] == balances
            await check_invariants(ledger.store)
            await ledger.close()
        assert results[0] == results[1]
        seen = {outcome for request in results[0][0] for outcome in request}
        assert {Outcome.CREATED, Outcome.EXISTS, Outcome.EXCEEDS_CREDITS, Outcome.LINKED_EVENT_FAILED} <= seen

    run(test)


def test_requests_that_come_together_share_a_commit_and_are_answered_after_it(opener: Opener) -> None:
    """A commit has the transfers, their leaves and the tree that they make; one that lacks funds fails alone."""

    async def test() -> None:
        async with desk(opener, deposits=8) as it:
            a, b, *_ = it.deposits
            commit, sizes = it.ledger.store.commit, [it.ledger.writer.tree.size]
            commits: list[int] = []
            poor = move(a, b, 1_000_000)
            transfers = [move(a, b, 1) for _ in range(63)]
            transfers.insert(30, poor)

            async def watched(changes: Changes, head: Head, tree: Frontier, nodes: Sequence[Node]) -> None:
                if changes.rows:
                    assert len(changes.entries) == len(changes.rows) == tree.size - sizes[-1]
                    assert not any(answer.done() for answer in answers)
                    commits.append(len(changes.rows))
                await commit(changes, head, tree, nodes)
                sizes.append(tree.size)

            it.ledger.store.commit = watched  # type: ignore[method-assign]
            answers = [it.ledger.post([transfer]) for transfer in transfers]
            outcomes = [outcome for (outcome,) in await asyncio.gather(*answers)]
            it.ledger.store.commit = commit  # type: ignore[method-assign]
            assert commits == [63]
            assert outcomes == [Outcome.EXCEEDS_CREDITS if each is poor else Outcome.CREATED for each in transfers]
            assert await it.net(b) == 1_063

    run(test)
