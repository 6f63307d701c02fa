"""Is what the store holds what its signed entries say? Everything is read and computed once more.

Found is any byte of the journal, notes, accounts, balances, pending transfers, tree nodes, signed heads, days, closing
balances and postings that is not what follows from the entries, and any entry that is not what was signed. Refusals and
cursors hold no money and are not looked at.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import AsyncIterator, Sequence
from typing import Any

from bank.ledger.closing import Day, closings_hash
from bank.ledger.heads import HeadError, open_head
from bank.ledger.records import Row
from bank.ledger.replay import Replay
from bank.ledger.statements import CONSUMER
from bank.ledger.stores.base import BALANCE_COLUMNS, JOURNAL_COLUMNS, NOTE_COLUMNS, Store, plain_row

#: rows of one question
_PAGE = 5_000
_SHOWN = 20


class Broken(AssertionError):
    """What the store holds contradicts itself; the message has the first findings."""


async def check_invariants(store: Store, keys: Sequence[str] = (), *, day_starts: int = 0) -> Replay:
    """Raises Broken unless every invariant of a ledger holds. What follows from the entries otherwise."""
    findings, replay = await audit(store, keys, day_starts=day_starts)
    if findings:
        raise Broken("\n".join(findings[:_SHOWN]))
    return replay


async def audit(store: Store, keys: Sequence[str] = (), *, day_starts: int = 0) -> tuple[list[str], Replay]:
    """All that is wrong, as sentences, and what follows from the entries. The writer should be at rest.

    `keys`: the public ones; without any, signatures of heads are not looked at.
    """
    heads = await store.fetch("SELECT size, at, note FROM ledger_heads ORDER BY size")
    days = await store.fetch("SELECT * FROM ledger_days ORDER BY end_seq, day")
    flushed = (await store.head())[0].flushed
    replay = Replay([row[0] for row in heads], [row[4] for row in days], flushed, day_starts=day_starts)
    try:
        async for entry in _entries(store):
            if len(entry) == 5:
                replay.note(*entry)
            else:
                replay.transfer(entry)
        replay.finish()
    except (struct.error, TypeError, ValueError, OverflowError) as error:
        return [*replay.findings, f"an entry cannot be read: {error}"], replay
    findings = replay.findings
    findings += _heads(heads, keys, replay)
    findings += await _head(store, replay)
    findings += await _accounts(store, replay)
    findings += await _pendings(store, replay)
    findings += await _days(store, days, replay)
    findings += await _postings(store, replay)
    findings += _totals(replay)
    return findings, replay


def _heads(heads: Sequence[tuple[int, int, str]], keys: Sequence[str], replay: Replay) -> list[str]:
    """What was signed is what is there."""
    findings = []
    for size, at, note in heads:
        root = replay.roots.get(size)
        if root is None or note.split("\n")[1:4] != [str(size), base64.b64encode(root).decode(), f"time {at}"]:
            findings.append(f"the head of {size} entries is not that of the entries")
        elif keys:
            try:
                open_head(note, keys)
            except HeadError as error:
                findings.append(f"the head of {size} entries: {error}")
    return findings


async def _days(store: Store, days: Sequence[tuple[Any, ...]], replay: Replay) -> list[str]:
    """Closed days are those of the notes, with the closing balances that follow from the entries."""
    findings = []
    chart = {row[0]: tuple(row[1:]) for row in await store.fetch("SELECT * FROM ledger_chart")}
    if chart != replay.chart:
        findings.append("the chart is not that of the notes")
    if {row[0] for row in days} != replay.day_notes.keys():
        findings.append("the closed days are not those of the notes")
    closings: dict[str, list[tuple[Any, ...]]] = {}
    for row in await store.fetch(f"SELECT account, day, {BALANCE_COLUMNS} FROM ledger_closings"):
        closings.setdefault(row[1], []).append((bytes(row[0]), *row[1:]))
    if closings.keys() - {row[0] for row in days}:
        findings.append("there are closing balances of days that are not closed")
    for row, moved in zip(days, replay.moved, strict=False):
        found = sorted(closings.get(row[0], []))
        fields = dict(zip(Day.__struct_fields__, row, strict=True))
        expected = [(id_, row[0], *balances) for id_, balances in sorted(moved.items())]
        note = fields | {"accounts": len(expected), "balances": closings_hash(expected)}
        if found != expected or replay.day_notes.get(row[0]) != note:
            findings.append(f"the day {row[0]} is not what follows from the entries")
    return findings


async def _postings(store: Store, replay: Replay) -> list[str]:
    """The read model has both sides of each transfer that it has followed, and nothing else."""
    cursor = await store.fetch("SELECT seq FROM ledger_cursors WHERE consumer = ?", (CONSUMER,))
    until = cursor[0][0] if cursor else 0
    (there,) = await store.fetch("SELECT COUNT(*) FROM ledger_postings")
    (right,) = await store.fetch(
        "SELECT COUNT(*) FROM ledger_postings p JOIN ledger_journal j ON j.seq = p.seq"
        " WHERE (j.debit = p.account OR j.credit = p.account) AND p.seq < ?",
        (until,),
    )
    (transfers,) = await store.fetch("SELECT COUNT(*) FROM ledger_journal WHERE seq < ?", (until,))
    if not 0 <= until <= replay.tree.size or not there[0] == right[0] == 2 * transfers[0]:
        return ["the postings are not those of the journal"]
    return []


async def _entries(store: Store) -> AsyncIterator[Any]:
    """Rows of the journal and notes, in the order of their index."""
    start = 0
    while True:
        rows = await store.fetch(
            f"SELECT {JOURNAL_COLUMNS} FROM ledger_journal WHERE seq >= ? ORDER BY seq LIMIT {_PAGE}", (start,)
        )
        end = rows[-1][0] + 1 if len(rows) == _PAGE else None
        condition, parameters = ("", (start,)) if end is None else (" AND seq < ?", (start, end))
        notes = await store.fetch(f"SELECT {NOTE_COLUMNS} FROM ledger_notes WHERE seq >= ?{condition}", parameters)
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
            each.state.day_limit, each.reference, each.at,
        )
        for each in replay.accounts.values()
    }  # fmt: skip
    states = {each.state.number: each.state for each in replay.accounts.values()}
    rows = await store.fetch(
        "SELECT a.number, a.id, a.ledger, a.code, a.flags, a.transfer_limit, a.day_limit, a.reference, a.opened_at,"
        f" {BALANCE_COLUMNS}, day, spent FROM ledger_accounts a LEFT JOIN ledger_balances b ON b.number = a.number"
    )
    found = {row[0]: (bytes(row[1]), *row[2:9]) for row in rows}
    wrong = {number for number in expected.keys() | found.keys() if expected.get(number) != found.get(number)}
    for number, *_, debits, debits_pending, credits_, credits_pending, day, spent in rows:
        if number in states:
            state = states[number]
            # what the table has not got yet is in the journal's last rows; limits are always as they are
            possible = replay.states.get(number, {state.balances()}) if not state.day_limit else {state.balances()}
            balances = (debits, debits_pending, credits_, credits_pending)
            if balances not in possible or (day, spent) != (state.day, state.spent):
                wrong.add(number)
    findings = [f"account {number} is not what follows from the entries" for number in sorted(wrong)]
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
