"""Several ledgers that are one: an account lives in the shard that its id names.

Within a shard a transfer is one commit. Across two it is a pending transfer in each, through settlement accounts:

1. a note in the debit shard says what is to be done;
2. pending in the debit shard, from the account to the settlement account with the other shard;
3. pending in the credit shard, from its settlement account to the account; if that is refused, 2 is voided;
4. 2 is posted: from here on it happens;
5. 3 is posted.

Each step has an id that follows from the transfer's, so every step can be made again: by the client who sends the
transfer again, or by `recover`, which drives on whatever is open after a crash. When nothing is open, the settlement
accounts of each pair of shards cancel out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from bank.ledger.canonical import prepare
from bank.ledger.closing import TrialBalance, TrialLine
from bank.ledger.interfaces import (
    Account,
    Flag,
    LedgerError,
    NewAccount,
    Outcome,
    Transfer,
)
from bank.ledger.ledger import Ledger
from bank.ledger.records import Resolution
from eden.base.ids import now

#: code of the settlement accounts
SETTLEMENT = 9901
_NOTE = "cross"
_PREFIX = b"SETTLE"
#: ids of transfers that begin so are of steps, so that nobody takes one before it is needed
_STEP = "00000001"
_WITHIN = int(Flag.LINKED | Flag.PENDING | Flag.CLOSING)
#: fields of a transfer in the order in which differences are told
_DIFFERENCES = ("debit", "credit", "amount", "reference", "data", "ledger", "code")


def settlement_id(shard: int, peer: int, ledger: int) -> str:
    """The account of a shard in which it owes to, or is owed by, another one, in a currency."""
    return (_PREFIX + ledger.to_bytes(4, "big") + bytes(4) + bytes([peer, shard])).hex()


def shard_of(account: str) -> int:
    """The shard that an account's id names; -1 when it names none."""
    try:
        return int(account[-2:], 16) if len(account) == 32 else -1
    except ValueError:
        return -1


def _is_own(transfer: Transfer) -> bool:
    """Whether it is what only the ledger itself makes: a side or a step of a transfer across shards."""
    settled = any(account.startswith(_PREFIX.hex()) for account in (transfer.debit, transfer.credit))
    return settled or transfer.id.startswith(_STEP)


def _spelled(transfer: Transfer) -> Transfer:
    """The same transfer with its ids as stores give them: the ids of its steps and its mark follow from them."""
    ids = {name: getattr(transfer, name).lower() for name in ("id", "debit", "credit", "pending_id", "data")}
    return msgspec.structs.replace(transfer, **ids)


def _step_id(id_: str, step: str) -> str:
    return _STEP + sha256(f"{step} {id_}".encode()).hexdigest()[: 32 - len(_STEP)]


def _digest(transfer: Transfer) -> str:
    return sha256(msgspec.json.encode(transfer)).hexdigest()[:32]


class Shards:
    """The ledgers of all shards. `reached` is told each step of a transfer across shards, before it is made."""

    def __init__(self, ledgers: Sequence[Ledger], reached: Callable[[str], None] = lambda step: None) -> None:
        self.ledgers = ledgers
        self._reached = reached
        self._settling: set[tuple[int, int, int]] = set()

    @classmethod
    async def open(
        cls,
        urls: Sequence[str],
        *,
        keys: Path,
        clock: Callable[[], int] = now,
        reached: Callable[[str], None] = lambda step: None,
    ) -> Shards:
        """Open shard 0, 1, … at these addresses, with a file of keys each in a folder, and finish what is open."""
        if not 0 < len(urls) <= 256:
            raise LedgerError("ledger-shards", "A ledger has 1 to 256 shards.", "Give an address for each of them.")
        async with AsyncExitStack() as opened:
            ledgers = []
            for shard, url in enumerate(urls):
                ledger = await Ledger.open(url, keys=keys / f"shard-{shard}.json", shard=shard, clock=clock)
                opened.push_async_callback(ledger.close)
                ledgers.append(ledger)
            shards = cls(ledgers, reached)
            await shards.recover()
            opened.pop_all()
        return shards

    async def close(self) -> None:
        for ledger in self.ledgers:
            await ledger.close()

    def ledger(self, account: str) -> Ledger:
        """The ledger that an account lives in. Raises LedgerError when its id names a shard that there is not."""
        shard = shard_of(account)
        if not 0 <= shard < len(self.ledgers):
            raise LedgerError("ledger-shard", f"{account} is in no shard of this ledger.", "Look at the account's id.")
        return self.ledgers[shard]

    async def create_accounts(self, new: Sequence[NewAccount]) -> list[Outcome]:
        """The outcome of each account, which is opened in the shard that its id names."""
        outcomes: list[Outcome] = [Outcome.ID_MUST_BE_VALID] * len(new)
        for shard, ledger in enumerate(self.ledgers):
            places = [place for place, account in enumerate(new) if shard_of(account.id) == shard]
            for place, outcome in zip(
                places, await ledger.create_accounts([new[place] for place in places]), strict=True
            ):
                outcomes[place] = outcome
        return outcomes

    async def accounts(self, ids: Sequence[str]) -> list[Account | None]:
        """The accounts with these ids, in their order; null for those that there are not."""
        found: dict[str, Account | None] = {}
        for shard, ledger in enumerate(self.ledgers):
            wanted = [id_ for id_ in ids if shard_of(id_) == shard]
            found |= zip(wanted, await ledger.accounts(wanted), strict=True)
        return [found.get(id_) for id_ in ids]

    async def post(self, transfers: Sequence[Transfer]) -> list[Outcome]:
        """The outcome of each transfer. What stays within shards is decided first, each shard's in the given order.

        Pending and linked transfers are within a shard; settlement accounts and ids of steps are the ledger's alone.
        """
        transfers = [_spelled(transfer) for transfer in transfers]
        outcomes: list[Outcome | None] = [None] * len(transfers)
        within: dict[int, list[int]] = {}
        across: list[int] = []
        for chain in _chains(transfers):
            found = [await self._places(transfers[place]) for place in chain]
            shards = {shard for pair in found for shard in pair or ()}
            if None in found or (len(shards) != 1 and len(chain) > 1):
                for place in chain:
                    outcomes[place] = Outcome.NOT_ACROSS_SHARDS
            elif len(shards) == 1 and min(shards) < len(self.ledgers):
                within.setdefault(min(shards), []).extend(chain)
            else:
                across += chain
        await asyncio.gather(*(self._within(shard, places, transfers, outcomes) for shard, places in within.items()))
        answers = await asyncio.gather(*(self._across(transfers[place]) for place in across))
        for place, outcome in zip(across, answers, strict=True):
            outcomes[place] = outcome
        return [outcome for outcome in outcomes if outcome is not None]

    async def _within(
        self, shard: int, places: Sequence[int], transfers: Sequence[Transfer], outcomes: list[Outcome | None]
    ) -> None:
        found = await self.ledgers[shard].post([transfers[place] for place in places])
        for place, outcome in zip(places, found, strict=True):
            outcomes[place] = outcome

    async def _places(self, transfer: Transfer) -> tuple[int, int] | None:
        """The shards of a transfer's accounts; what resolves a pending one belongs where that is. Null for what only
        the ledger itself may do: move money of settlement accounts."""
        if _is_own(transfer):
            return None
        if transfer.flags & (Flag.POST | Flag.VOID) and not (transfer.debit and transfer.credit):
            if prepare([transfer])[0].fault is None:
                for shard, ledger in enumerate(self.ledgers):
                    (there,) = await ledger.transfers([transfer.pending_id])
                    if there is not None:
                        return None if _is_own(there.transfer) else (shard, shard)
            return 0, 0
        debit, credit = shard_of(transfer.debit), shard_of(transfer.credit)
        # what names no shard is refused by any ledger
        return (debit if debit >= 0 else max(credit, 0)), (credit if credit >= 0 else max(debit, 0))

    async def _across(self, transfer: Transfer) -> Outcome:
        fault = prepare([transfer])[0].fault
        if fault is not None:
            return fault
        if transfer.flags:
            return Outcome.NOT_ACROSS_SHARDS
        near, far = shard_of(transfer.debit), shard_of(transfer.credit)
        if near >= len(self.ledgers):
            return Outcome.DEBIT_ACCOUNT_NOT_FOUND
        if far >= len(self.ledgers):
            return Outcome.CREDIT_ACCOUNT_NOT_FOUND
        debited = self.ledgers[near]
        await self._settle(near, far, transfer.ledger)
        if await debited.transfers([transfer.id]) == [None]:
            self._reached("note")
            await debited.note(_NOTE, transfer.id, msgspec.to_builtins(transfer))
        self._reached("reserve")
        (reserved,) = await debited.post([_leg(transfer, credit=settlement_id(near, far, transfer.ledger), mark=True)])
        if reserved is Outcome.EXISTS_WITH_DIFFERENT_DATA:
            return await self._difference(debited, transfer)
        if not reserved.done:
            return reserved
        return await self._finish(transfer, near, far, reserved)

    async def _finish(self, transfer: Transfer, near: int, far: int, reserved: Outcome) -> Outcome:
        debited, credited = self.ledgers[near], self.ledgers[far]
        self._reached("reserve there")
        (there,) = await credited.post([_leg(transfer, debit=settlement_id(far, near, transfer.ledger))])
        if not there.done:
            self._reached("void")
            await debited.post([Transfer(_step_id(transfer.id, "void"), pending_id=transfer.id, flags=int(Flag.VOID))])
            return there
        final = Transfer(
            _step_id(transfer.id, "post"),
            pending_id=transfer.id,
            flags=int(Flag.POST),
            reference=transfer.reference,
            data=transfer.data,
        )
        self._reached("post")
        await _must(debited, final)
        self._reached("post there")
        await _must(credited, final)
        self._reached("end")
        return reserved

    async def _difference(self, ledger: Ledger, transfer: Transfer) -> Outcome:
        """What is other in a transfer whose id is taken."""
        (there,) = await ledger.transfers([transfer.id])
        first = await _intent(ledger, transfer.id, there.transfer.data) if there else None
        for name in _DIFFERENCES if first else ():
            if getattr(first, name) != getattr(transfer, name):
                suffix = "_account_id" if name in ("debit", "credit") else ""
                return Outcome(f"exists_with_different_{name}{suffix}")
        return Outcome.EXISTS_WITH_DIFFERENT_DATA

    async def _settle(self, near: int, far: int, ledger: int) -> None:
        """See to it that the settlement accounts of two shards are there."""
        if (near, far, ledger) in self._settling:
            return
        for shard, peer in ((near, far), (far, near)):
            account = NewAccount(settlement_id(shard, peer, ledger), ledger, SETTLEMENT)
            await self.ledgers[shard].create_accounts([account])
        self._settling |= {(near, far, ledger), (far, near, ledger)}

    async def recover(self) -> int:
        """Drive on what is open between shards; how many transfers that were. Run it at the start, or at any time."""
        opened: dict[str, int] = {}
        for shard, ledger in enumerate(self.ledgers):
            for id_, debit, credit in await ledger.store.fetch(
                "SELECT id, debit, credit FROM ledger_pendings WHERE resolution = ?", (Resolution.OPEN.value,)
            ):
                if bytes(credit).startswith(_PREFIX):
                    opened[bytes(id_).hex()] = shard
                elif bytes(debit).startswith(_PREFIX):
                    # the settlement account says in which shard it began
                    opened[bytes(id_).hex()] = bytes(debit)[-2]
        for id_, shard in opened.items():
            (there,) = await self.ledgers[shard].transfers([id_])
            transfer = await _intent(self.ledgers[shard], id_, there.transfer.data if there else "")
            if transfer is None:
                raise LedgerError(
                    "ledger-settlement",
                    f"The transfer {id_} is open between shards, but shard {shard} has no note of it.",
                    "Compare the shard's database with its last signed head: an old copy may have been put back.",
                )
            await self._across(transfer)
        return len(opened)

    async def settled(self) -> bool:
        """Whether each pair of shards agrees on what one owes the other, in every currency."""
        net: dict[tuple[int, int, int], int] = {}
        for ledger in self.ledgers:
            await ledger.settle()
            for id_, debits, credits_ in await ledger.store.fetch(
                "SELECT a.id, b.debits_posted, b.credits_posted FROM ledger_accounts a"
                " JOIN ledger_balances b ON b.number = a.number WHERE a.code = ?",
                (SETTLEMENT,),
            ):
                raw = bytes(id_)
                pair = (int.from_bytes(raw[6:10], "big"), min(raw[-2:]), max(raw[-2:]))
                net[pair] = net.get(pair, 0) + credits_ - debits
        return not any(net.values())

    async def trial_balance(self, at: int | None = None) -> TrialBalance:
        """The trial balance over all shards; settlement accounts cancel out in it."""
        sums: dict[tuple[Any, ...], list[int]] = {}
        balanced = True
        for ledger in self.ledgers:
            one = await ledger.trial_balance(at)
            balanced = balanced and one.balanced
            for line in one.lines:
                *place, debits, credits_, count = msgspec.structs.astuple(line)
                total = sums.setdefault(tuple(place), [0, 0, 0])
                for number, value in enumerate((debits, credits_, count)):
                    total[number] += value
        return TrialBalance(at, [TrialLine(*place, *total) for place, total in sorted(sums.items())], balanced)


def _leg(transfer: Transfer, *, debit: str = "", credit: str = "", mark: bool = False) -> Transfer:
    """A side of a transfer across shards; the first carries the mark of the whole of it."""
    return msgspec.structs.replace(
        transfer,
        debit=debit or transfer.debit,
        credit=credit or transfer.credit,
        flags=int(Flag.PENDING),
        data=_digest(transfer) if mark else transfer.data,
    )


async def _must(ledger: Ledger, final: Transfer) -> None:
    """What is reserved can be posted: if not, somebody has resolved it by hand."""
    (outcome,) = await ledger.post([final])
    if not outcome.done:
        raise LedgerError(
            "ledger-settlement",
            f"The pending transfer {final.pending_id} between shards could not be posted: {outcome}.",
            "Nobody but the ledger may resolve it. Book the difference between the settlement accounts by hand.",
        )


async def _intent(ledger: Ledger, id_: str, mark: str) -> Transfer | None:
    """What was to be done, from the note that carries the mark."""
    for (body,) in await ledger.store.fetch("SELECT body FROM ledger_notes WHERE kind = ? AND name = ?", (_NOTE, id_)):
        transfer = msgspec.json.decode(body, type=Transfer)
        if _digest(transfer) == mark:
            return transfer
    return None


def _chains(transfers: Sequence[Transfer]) -> list[list[int]]:
    """The places of transfers that happen together."""
    chains: list[list[int]] = [[]]
    for place, transfer in enumerate(transfers):
        chains[-1].append(place)
        if not transfer.flags & Flag.LINKED:
            chains.append([])
    return [chain for chain in chains if chain]
