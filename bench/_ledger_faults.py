"""A ledger under faults: its process is killed, its database too, commits fail, requests come twice or late.

Clients send transfers among few accounts until each has a known outcome: what got no answer is sent again. Some are
sent twice at once, some once more much later. In the end the history is judged (`bank.ledger.checker`) and every
invariant looked at.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import msgspec

from bank.ledger.audit import audit
from bank.ledger.checker import Read, Sent, anomalies
from bank.ledger.interfaces import AccountFlag, Balances, NewAccount, Outcome, Posted, Transfer, new_id, new_transfer_id
from bank.ledger.ledger import Ledger

CNY = 156
_ACCOUNTS = 8
_CLIENTS = 8
_EACH = 10_000
#: transfers that are acknowledged for each fault at least, however slow the machine is
_BETWEEN = 15
#: longest wait for them, seconds
_SLOW_S = 120
#: longest wait for an answer; a killed process closes its connections sooner
_PATIENCE_S = 30

#: a fault that is not the process's: kills the database, say
Fault = Callable[[], Awaitable[None]]


@dataclass
class Verdict:
    """What came of it. `unknown`: answers that were lost, and asked for again."""

    faults: int = 0
    transfers: int = 0
    acknowledged: int = 0
    unknown: int = 0
    findings: list[str] = field(default_factory=list)


class Server:
    """The ledger's process. `kill` ends it without a word, `start` brings up another."""

    def __init__(self, url: str, folder: Path, conflicts: float) -> None:
        self._arguments = [url, str(folder / "keys.json")]
        self._folder, self._conflicts = folder, conflicts
        self._number = 0
        self.socket = ""
        self._process: asyncio.subprocess.Process | None = None
        self.up = asyncio.Event()

    async def start(self) -> None:
        self._number += 1
        socket = str(self._folder / f"{self._number}.sock")
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bench._ledger_server", *self._arguments, socket, str(self._conflicts)),
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        assert self._process.stdout is not None
        if await self._process.stdout.readline() != b"ready\n":
            raise RuntimeError("the ledger's process did not start")
        self.socket = socket
        self.up.set()

    async def kill(self) -> None:
        self.up.clear()
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)
            await self._process.wait()


class Lost(Exception):
    """No answer came."""


class Connection:
    """To the ledger's process; opened again when it is gone."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._number = 0

    async def ask(self, wanted: list[Transfer] | None) -> bytes:
        self._number += 1
        try:
            if self._streams is None:
                await self._server.up.wait()
                self._streams = await asyncio.open_unix_connection(self._server.socket, limit=1 << 20)
            reader, writer = self._streams
            writer.write(msgspec.json.encode([self._number, wanted]) + b"\n")
            line = await asyncio.wait_for(reader.readline(), _PATIENCE_S)
            if not line.endswith(b"\n"):
                raise Lost
            return line
        except (OSError, TimeoutError, Lost):
            self.close()
            raise Lost from None

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class Trial:
    """One run."""

    def __init__(self, url: str, folder: Path, faults: int, seed: int, conflicts: float, other: Fault | None) -> None:
        self._url, self._folder, self._faults, self._other = url, folder, faults, other
        self._random = Random(seed)
        self._server = Server(url, folder, conflicts)
        self._cash, *self._deposits = [new_id() for _ in range(_ACCOUNTS + 1)]
        self._opening: list[Transfer] = []
        self._sent: list[Sent] = []
        self._reads: list[Read] = []
        self._late: list[Transfer] = []
        self._verdict = Verdict()
        self._over = asyncio.Event()
        self._moved = asyncio.Condition()

    async def run(self) -> Verdict:
        await self._furnish()
        await self._server.start()
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(_CLIENTS):
                    tasks.create_task(self._client(Random(self._random.random())))
                tasks.create_task(self._reader())
                for number in range(self._faults):
                    await asyncio.sleep(self._random.uniform(0.05, 0.3))
                    await self._moves(_BETWEEN * (number + 1))
                    if self._other is not None and number % 2:
                        await self._other()
                    else:
                        await self._server.kill()
                        await self._server.start()
                    self._verdict.faults += 1
                self._over.set()
        finally:
            await self._server.kill()
        return await self._judge()

    async def _moves(self, acknowledged: int) -> None:
        """Wait until so many were acknowledged: on a slow machine, too, faults are among transfers."""
        async with asyncio.timeout(_SLOW_S), self._moved:
            await self._moved.wait_for(lambda: self._verdict.acknowledged >= acknowledged)

    async def _furnish(self) -> None:
        ledger = await Ledger.open(self._url, keys=self._folder / "keys.json")
        flag = int(AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS)
        await ledger.create_accounts(
            [NewAccount(self._cash, CNY, 1001), *(NewAccount(id_, CNY, 2001, flag) for id_ in self._deposits)]
        )
        self._opening = [Transfer(new_transfer_id(), self._cash, id_, _EACH, CNY, 1) for id_ in self._deposits]
        began = time.monotonic()
        outcomes = await ledger.post(self._opening)
        ended = time.monotonic()
        self._sent += [Sent(began, ended, *each) for each in zip(self._opening, outcomes, strict=True)]
        await ledger.close()

    async def _client(self, random: Random) -> None:
        first, second = Connection(self._server), Connection(self._server)
        while not self._over.is_set():
            await asyncio.sleep(random.uniform(0, 0.01))
            # half of them to one account; some more than there is
            debit, credit = random.sample(self._deposits, 2)
            credit = self._deposits[0] if random.random() < 0.5 and debit != self._deposits[0] else credit
            transfer = Transfer(new_transfer_id(), debit, credit, random.randrange(1, _EACH // 2), CNY, 1)
            sends = [self._send(first, transfer)]
            if random.random() < 0.2:
                sends.append(self._send(second, transfer))
            await asyncio.gather(*sends)
            if random.random() < 0.1:
                self._late.append(transfer)
            if self._late and random.random() < 0.1:
                # much later, and out of order
                await self._send(second, self._late.pop(random.randrange(len(self._late))))
        first.close()
        second.close()

    async def _send(self, connection: Connection, transfer: Transfer) -> None:
        """Until there is an answer; tries that got none are in the history, too."""
        while True:
            began = time.monotonic()
            try:
                line = await connection.ask([transfer])
            except Lost:
                self._sent.append(Sent(began, time.monotonic(), transfer, None))
                self._verdict.unknown += 1
                continue
            _, (outcome,) = msgspec.json.decode(line, type=tuple[int, list[Outcome]])
            self._sent.append(Sent(began, time.monotonic(), transfer, outcome))
            self._verdict.acknowledged += outcome.done
            async with self._moved:
                self._moved.notify_all()
            return

    async def _reader(self) -> None:
        connection = Connection(self._server)
        while not self._over.is_set():
            began = time.monotonic()
            with contextlib.suppress(Lost):
                line = await connection.ask(None)
                _, found = msgspec.json.decode(line, type=tuple[int, dict[str, tuple[int, int, int, int]]])
                balances = {id_: Balances(*four) for id_, four in found.items()}
                self._reads.append(Read(began, time.monotonic(), balances))
            await asyncio.sleep(0.1)
        connection.close()

    async def _judge(self) -> Verdict:
        ledger = await Ledger.open(self._url, keys=self._folder / "keys.json")
        journal: list[Posted] = []
        while page := await ledger.entries(journal[-1].seq + 1 if journal else 0):
            journal += page
        findings, _ = await audit(ledger.store, ledger.public_keys())
        total = sum(each.balances.net for each in await ledger.accounts([self._cash, *self._deposits]) if each)
        await ledger.close()
        if total:
            findings.append(f"the total became {total}")
        findings += anomalies(self._sent, self._reads, journal, frozenset({self._cash}))
        if not self._reads or len(journal) <= len(self._opening):
            findings.append("nothing happened")
        self._verdict.transfers, self._verdict.findings = len(journal), findings
        return self._verdict


def under_faults(
    url: str, faults: int, *, seed: int = 1, conflicts: float = 0.05, other: Fault | None = None
) -> Verdict:
    """Run a new ledger at an address under so many faults, of which every second one is the `other`."""
    with tempfile.TemporaryDirectory(prefix="ledger-") as folder:

        async def run() -> Verdict:
            return await Trial(url, Path(folder), faults, seed, conflicts, other).run()

        return asyncio.run(run())


def crash_of_postgres(url: str) -> Fault:
    """Kills the backend of a connection, at which the server stops all others and recovers from its log."""

    async def crash() -> None:
        import asyncpg

        connection = await asyncpg.connect(url)
        (pid,) = await connection.fetchrow("SELECT pg_backend_pid()")
        os.kill(pid, signal.SIGKILL)
        connection.terminate()

    return crash
