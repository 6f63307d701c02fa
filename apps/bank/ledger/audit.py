"""Is what the store holds what its signed entries say? Everything is read and computed once more.

Found is any byte of the journal, notes, accounts, balances, pending transfers, tree nodes, signed heads, days, closing
balances and postings that is not what follows from the entries, and any entry that is not what was signed. Refusals and
cursors hold no money and are not looked at.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from bank.ledger.records import Row
from bank.ledger.replay import Replay
from bank.ledger.stores.base import JOURNAL_COLUMNS, Store, plain_row

#: rows of one question
_PAGE = 5_000
_SHOWN = 20

_BALANCES = "debits_posted, debits_pending, credits_posted, credits_pending"


class Broken(AssertionError):
    """What the store holds contradicts itself; the message has the first findings."""


async def check_invariants(store: Store, *, day_starts: int = 0) -> Replay:
    """Raises Broken unless every invariant of a ledger holds. What follows from the entries otherwise."""
    findings, replay = await audit(store, day_starts=day_starts)
    if findings:
        raise Broken("\n".join(findings[:_SHOWN]))
    return replay


async def audit(store: Store, *, day_starts: int = 0) -> tuple[list[str], Replay]:
    """All that is wrong, as sentences, and what follows from the entries. The writer should be at rest."""
    heads = await store.fetch("SELECT size, at, note FROM ledger_heads ORDER BY size")
    replay = Replay([row[0] for row in heads], day_starts=day_starts)
    async for entry in _entries(store):
        if len(entry) == 5:
            replay.note(*entry)
        else:
            replay.transfer(entry)
    replay.finish()
    findings = replay.findings
    findings += await _head(store, replay)
    findings += await _accounts(store, replay)
    findings += await _pendings(store, replay)
    findings += _totals(replay)
    return findings, replay


async def _entries(store: Store) -> AsyncIterator[Any]:
    """Rows of the journal and notes, in the order of their index."""
    start = 0
    while True:
        rows = await store.fetch(
            f"SELECT {JOURNAL_COLUMNS} FROM ledger_journal WHERE seq >= ? ORDER BY seq LIMIT {_PAGE}", (start,)
        )
        end = rows[-1][0] + 1 if len(rows) == _PAGE else None
        condition, parameters = ("", (start,)) if end is None else (" AND seq < ?", (start, end))
        notes = await store.fetch(
            f"SELECT seq, at, kind, name, body FROM ledger_notes WHERE seq >= ?{condition}", parameters
        )
        page: list[Row] = [*map(plain_row, rows), *map(tuple, notes)]
        for entry in sorted(page, key=lambda entry: int(entry[0])):
            yield entry
        if end is None:
            return
        start = end


async def _head(store: Store, replay: Replay) -> list[str]:
    findings = []
    head, tree = await store.head()
    if (tree.size, tree.root()) != (replay.tree.size, replay.tree.root()):
        findings.append("the tree's head is not that of the entries")
    if head.number != replay.number or head.at < replay.at or head.account != len(replay.accounts) + 1:
        findings.append("the journal's head is not that of the entries")
    nodes = {(row[0], row[1]): bytes(row[2]) for row in await store.fetch("SELECT * FROM ledger_nodes")}
    if nodes != replay.nodes:
        findings.append("the tree's nodes are not those of the entries")
    return findings


async def _accounts(store: Store, replay: Replay) -> list[str]:
    expected = {
        each.state.number: (
            each.state.id, each.state.ledger, each.state.code, each.state.flags, each.state.transfer_limit,
            each.state.day_limit, each.reference, each.at, *each.state.balances(), each.state.day, each.state.spent,
        )
        for each in replay.accounts.values()
    }  # fmt: skip
    rows = await store.fetch(
        "SELECT a.number, a.id, a.ledger, a.code, a.flags, a.transfer_limit, a.day_limit, a.reference, a.opened_at,"
        f" {_BALANCES}, day, spent FROM ledger_accounts a LEFT JOIN ledger_balances b ON b.number = a.number"
    )
    found = {row[0]: (bytes(row[1]), *row[2:]) for row in rows}
    findings = [
        f"account {number} is not what follows from the entries"
        for number in expected.keys() | found.keys()
        if expected.get(number) != found.get(number)
    ]
    (count,) = await store.fetch("SELECT COUNT(*) FROM ledger_balances")
    if count[0] != len(expected):
        findings.append("there are balances without accounts")
    return findings


async def _pendings(store: Store, replay: Replay) -> list[str]:
    rows = await store.fetch(
        "SELECT id, debit, credit, ledger, code, flags, amount, at, expires, resolution FROM ledger_pendings"
    )
    found = {bytes(row[0]): (bytes(row[1]), bytes(row[2]), *row[3:]) for row in rows}
    expected = {
        each.id: (
            each.debit, each.credit, each.ledger, each.code, each.flags, each.amount, each.at, each.expires,
            int(each.resolution),
        )
        for each in replay.pendings.values()
    }  # fmt: skip
    return [
        f"pending transfer {id_.hex()} is not what follows from the entries"
        for id_ in expected.keys() | found.keys()
        if expected.get(id_) != found.get(id_)
    ]


def _totals(replay: Replay) -> list[str]:
    """Debits equal credits in every currency, and what is reserved is what open pending transfers reserve."""
    sums: dict[int, list[int]] = {}
    for each in replay.accounts.values():
        total = sums.setdefault(each.state.ledger, [0, 0, 0, 0])
        for place, balance in enumerate(each.state.balances()):
            total[place] += balance
    reserved = dict.fromkeys(sums, 0)
    for pending in replay.pendings.values():
        if not pending.resolution:
            reserved[pending.ledger] = reserved.get(pending.ledger, 0) + pending.amount
    return [
        f"currency {ledger}: debits and credits differ"
        for ledger, (debits, debits_pending, credits_, credits_pending) in sums.items()
        if debits != credits_ or not debits_pending == credits_pending == reserved[ledger]
    ]
