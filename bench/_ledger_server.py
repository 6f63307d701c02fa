"""A ledger behind a socket, in a process to be killed: `python -m bench._ledger_server URL KEYS SOCKET CONFLICTS`.

Each line of a connection is a JSON array: a number of the caller's, and transfers, or null for the balances of all
accounts; the answer has the same number. CONFLICTS is the share of commits that fail with a serialization failure: half
of them before anything was written, half after the commit, when the writer cannot know.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from bank.ledger.interfaces import Transfer
from bank.ledger.ledger import Ledger
from bank.ledger.merkle import Frontier
from bank.ledger.records import Changes, Head
from bank.ledger.stores.base import Conflict, Node

_LINE = 1 << 20


def fail_sometimes(ledger: Ledger, share: float, random: Random) -> None:
    """From now on some commits fail with a conflict, before or after."""
    commit = ledger.store.commit

    async def failing(changes: Changes, head: Head, tree: Frontier, nodes: Sequence[Node]) -> None:
        chance = random.random()
        if chance < share / 2:
            raise Conflict("injected before the commit")
        await commit(changes, head, tree, nodes)
        if chance < share:
            raise Conflict("injected after the commit")

    ledger.store.commit = failing  # type: ignore[method-assign]


async def serve(url: str, keys: Path, socket: str, share: float) -> None:
    ledger = await Ledger.open(url, keys=keys)
    fail_sometimes(ledger, share, Random())
    tasks: set[asyncio.Task[None]] = set()

    async def answer(line: bytes, writer: asyncio.StreamWriter) -> None:
        number, wanted = msgspec.json.decode(line, type=tuple[int, list[Transfer] | None])
        found: Any = await ledger.post(wanted) if wanted is not None else await _balances(ledger)
        writer.write(msgspec.json.encode([number, found]) + b"\n")

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            task = asyncio.create_task(answer(line, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    server = await asyncio.start_unix_server(connected, socket, limit=_LINE)
    print("ready", flush=True)
    await server.serve_forever()


async def _balances(ledger: Ledger) -> dict[str, Sequence[int]]:
    ids = [bytes(row[0]).hex() for row in await ledger.store.fetch("SELECT id FROM ledger_accounts")]
    return {each.id: msgspec.structs.astuple(each.balances) for each in await ledger.accounts(ids) if each}


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2]), sys.argv[3], float(sys.argv[4])))
