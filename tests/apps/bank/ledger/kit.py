"""What tests of the ledger share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bank.ledger.audit import check_invariants
from bank.ledger.interfaces import AccountFlag, Flag, NewAccount, Outcome, Transfer, new_id, new_transfer_id
from bank.ledger.ledger import Ledger

CNY, EUR = 156, 978
DEPOSIT, CASH = 2001, 1001
#: the first moment of tests: 2026-11-26 00:00 UTC
START = 1_795_651_200_000_000
SECOND = 1_000_000
NO_OVERDRAFT = AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS


@dataclass
class Clock:
    """Time that a test sets; each look takes a microsecond."""

    now: int = START

    def __call__(self) -> int:
        self.now += 1
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)


def run(test: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> None:
    asyncio.run(test(*arguments))


def move(debit: str, credit: str, amount: int, flags: int = 0, **others: Any) -> Transfer:
    return Transfer(new_transfer_id(), debit, credit, amount, others.pop("ledger", CNY), 1, int(flags), **others)


def post(pending: Transfer, amount: int = 0, flags: int = 0) -> Transfer:
    return Transfer(new_transfer_id(), pending_id=pending.id, amount=amount, flags=int(Flag.POST | flags))


def void(pending: Transfer, flags: int = 0) -> Transfer:
    return Transfer(new_transfer_id(), pending_id=pending.id, flags=int(Flag.VOID | flags))


@dataclass
class Desk:
    """A ledger with a cash account and a few deposits that hold 1,000 each."""

    ledger: Ledger
    clock: Clock
    cash: str
    deposits: list[str]

    async def one(self, transfer: Transfer) -> Outcome:
        (outcome,) = await self.ledger.post([transfer])
        return outcome

    async def net(self, account: str) -> int:
        (found,) = await self.ledger.accounts([account])
        assert found is not None
        return found.balances.net

    async def pending(self, account: str) -> tuple[int, int]:
        (found,) = await self.ledger.accounts([account])
        assert found is not None
        return found.balances.debits_pending, found.balances.credits_pending

    async def open(self, **fields: Any) -> str:
        """The id of a new account, a deposit unless said otherwise."""
        usual: dict[str, Any] = {"id": new_id(), "ledger": CNY, "code": DEPOSIT, "flags": int(NO_OVERDRAFT)}
        account = NewAccount(**usual | fields)
        assert await self.ledger.create_accounts([account]) == [Outcome.CREATED]
        return account.id


Opener = Callable[[Clock], Awaitable[Ledger]]


async def furnished(ledger: Ledger, clock: Clock, deposits: int = 4, each: int = 1_000) -> Desk:
    cash, *others = [new_id() for _ in range(deposits + 1)]
    new = [NewAccount(cash, CNY, CASH), *(NewAccount(id_, CNY, DEPOSIT, int(NO_OVERDRAFT)) for id_ in others)]
    assert await ledger.create_accounts(new) == [Outcome.CREATED] * (deposits + 1)
    outcomes = await ledger.post([move(cash, id_, each) for id_ in others])
    assert outcomes == [Outcome.CREATED] * deposits
    return Desk(ledger, clock, cash, others)


@asynccontextmanager
async def desk(opener: Opener, deposits: int = 4, each: int = 1_000) -> AsyncIterator[Desk]:
    """A furnished ledger whose invariants hold in the end."""
    clock = Clock()
    ledger = await opener(clock)
    try:
        yield await furnished(ledger, clock, deposits, each)
        await check_invariants(ledger.store, ledger.public_keys())
    finally:
        await ledger.close()


def opener_of(url: str, keys: Path) -> Opener:
    return partial(_opened, url, keys)


async def _opened(url: str, keys: Path, clock: Clock) -> Ledger:
    return await Ledger.open(url, keys=keys, clock=clock)
