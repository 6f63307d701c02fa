"""Was what clients saw possible? Judges a history of a ledger under faults, after Jepsen's bank test and TigerBeetle's.

A history is what clients noted: requests with their outcome, or none when the answer was lost, and reads of all
accounts, each with when it began and ended. At the end comes what the journal holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bank.ledger.interfaces import Balances, Outcome, Posted, Transfer


class Sent(NamedTuple):
    """A transfer that was sent once; `outcome` null: nobody knows. Times are any that order events."""

    began: float
    ended: float
    transfer: Transfer
    outcome: Outcome | None


class Read(NamedTuple):
    """Balances of all accounts at one instant between two times."""

    began: float
    ended: float
    balances: Mapping[str, Balances]


def anomalies(
    sent: Sequence[Sent], reads: Sequence[Read], journal: Sequence[Posted], debtors: frozenset[str] = frozenset()
) -> list[str]:
    """What cannot be, as sentences. `debtors`: accounts that may be below zero. All transfers are plain ones."""
    found: list[str] = []
    there = Counter(posted.transfer.id for posted in journal)
    found += [f"doubled: {id_} is in the journal {count} times" for id_, count in there.items() if count > 1]
    by_id: dict[str, list[Sent]] = {}
    for each in sent:
        by_id.setdefault(each.transfer.id, []).append(each)
    found += [f"invented: nobody sent {id_}" for id_ in there.keys() - by_id.keys()]
    for id_, times in by_id.items():
        outcomes = {each.outcome for each in times if each.outcome}
        done = {outcome for outcome in outcomes if outcome.done}
        if done and id_ not in there:
            found.append(f"lost: {id_} was acknowledged")
        if outcomes - done and id_ in there:
            found.append(f"came after all: {id_} was refused")
        if [each.outcome for each in times].count(Outcome.CREATED) > 1:
            found.append(f"created twice: {id_}")
    found += _impossible_reads(sent, reads, there, debtors)
    return found


def _impossible_reads(
    sent: Sequence[Sent], reads: Sequence[Read], there: Counter[str], debtors: frozenset[str]
) -> list[str]:
    """A read shows at least what was acknowledged before it began, and nothing that was sent after it ended."""
    began: dict[str, Sent] = {}
    acknowledged: dict[str, Sent] = {}
    for each in sent:
        id_ = each.transfer.id
        if id_ in there:
            if id_ not in began or each.began < began[id_].began:
                began[id_] = each
            if each.outcome and (id_ not in acknowledged or each.ended < acknowledged[id_].ended):
                acknowledged[id_] = each
    least = _debits([(each.ended, each) for each in acknowledged.values()], [read.began for read in reads])
    most = _debits([(each.began, each) for each in began.values()], [read.ended for read in reads])
    found = []
    for read, low, high in zip(reads, least, most, strict=True):
        if sum(balances.net for balances in read.balances.values()):
            found.append("a read adds up to something")
        for account, balances in read.balances.items():
            if balances.net < 0 and account not in debtors:
                found.append(f"negative: {account} has {balances.net}")
            if not low[account] <= balances.debits_posted <= high[account]:
                found.append(f"stale or early: {account} shows {balances.debits_posted} of debits")
    return found


def _debits(moved: list[tuple[float, Sent]], times: Sequence[float]) -> list[Counter[str]]:
    """The sums of debits of each account before each of the times."""
    moved.sort(key=lambda each: each[0])
    sums: Counter[str] = Counter()
    found: list[Counter[str]] = [sums] * len(times)
    place = 0
    for number in sorted(range(len(times)), key=times.__getitem__):
        while place < len(moved) and moved[place][0] < times[number]:
            transfer = moved[place][1].transfer
            sums[transfer.debit] += transfer.amount
            place += 1
        found[number] = sums.copy()
    return found
