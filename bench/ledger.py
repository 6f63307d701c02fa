"""The ledger's figures: durable transfers per second over each store, replay, edits that are found, faults.

A quick run weighs no rate: so few transfers say nothing of one.

10,000 accounts; deposits that cannot be overdrawn; every transfer is one request of its own, answered after its commit
(SQLite: write-ahead log with a sync for each commit; PostgreSQL: synchronous commit on a server of its own). All
invariants are computed once more from the entries after each run. `hot`: all of the money goes to one
merchant. `…_cpu_us` is processor time of the client and the ledger in one process, per transfer.
"""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import NamedTuple

import uvloop

from bank.ledger.audit import check_invariants
from bank.ledger.interfaces import AccountFlag, Flag, NewAccount, Outcome, Transfer, new_id, new_transfer_id
from bank.ledger.ledger import Ledger
from bench._harness import Figure, Part
from bench._ledger_edits import Editor, receipt_edit_is_found
from bench._ledger_faults import crash_of_postgres, under_faults
from bench._ledger_gateway import through_gateway
from bench._ledger_kills import under_kills
from tests.postgres import postgres_database
from tests.seekdb import seekdb_database

CNY = 156
ACCOUNTS = 10_000
_OPENED_AT_ONCE = 500


class Rate(NamedTuple):
    """Transfers per second, the 99th percentile of their times in ms, and processor time per transfer in µs."""

    per_second: float
    p99_ms: float
    cpu_us: float


@asynccontextmanager
async def furnished(url: str, folder: Path) -> AsyncIterator[tuple[Ledger, list[str]]]:
    """A ledger with cash and 10,000 deposits that hold enough; its invariants hold in the end."""
    ledger = await Ledger.open(url, keys=folder / "keys.json")
    cash, *deposits = [new_id() for _ in range(ACCOUNTS + 1)]
    flag = int(AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS)
    new = [NewAccount(cash, CNY, 1001), *(NewAccount(id_, CNY, 2001, flag) for id_ in deposits)]
    for start in range(0, len(new), _OPENED_AT_ONCE):
        await ledger.create_accounts(new[start : start + _OPENED_AT_ONCE])
    for start in range(0, len(deposits), _OPENED_AT_ONCE):
        await ledger.post([_transfer(cash, id_, 1_000_000_000) for id_ in deposits[start : start + _OPENED_AT_ONCE]])
    try:
        yield ledger, deposits
        await check_invariants(ledger.store, ledger.public_keys())
    finally:
        await ledger.close()


def _transfer(debit: str, credit: str, amount: int) -> Transfer:
    return Transfer(new_transfer_id(), debit, credit, amount, CNY, 1)


async def rate(ledger: Ledger, clients: int, count: int, pairs: Callable[[], tuple[str, str]]) -> Rate:
    """So many clients, each with one request under way, until `count` transfers are answered."""
    random = Random(clients)
    # made beforehand, in the order of their ids
    waiting = iter([[_transfer(*pairs(), random.randrange(1, 100))] for _ in range(count)])
    # so many at once are of this measurement: the ledger's garbage is not looked for among them
    gc.freeze()
    times: list[float] = []

    async def client() -> None:
        for request in waiting:
            began = time.perf_counter()
            (outcome,) = await ledger.post(request)
            times.append(time.perf_counter() - began)
            if outcome is not Outcome.CREATED:
                raise AssertionError(f"a transfer was not created: {outcome}")

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(client() for _ in range(clients)))
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    times.sort()
    return Rate(count / seconds, 1_000 * times[int(len(times) * 0.99)], 1_000_000 * cpu / count)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ledger-") as folder:
        yield Path(folder)


def _throughput(
    name: str, url: str, quick: bool, target: float | None, p99_ms: float | None, count: int = 200_000
) -> Iterable[Figure]:
    """Uniform and hot in turns, so that the machine is the same for both; the best of the rounds."""
    rounds = 3
    if quick:
        rounds, count, target, p99_ms = 1, 2_000, None, None

    async def run() -> tuple[list[Rate], list[Rate], Rate]:
        with _folder() as folder:
            async with furnished(url, folder) as (ledger, deposits):
                random = Random(1)

                def uniform() -> tuple[str, str]:
                    debit, credit = random.sample(deposits, 2)
                    return debit, credit

                def hot() -> tuple[str, str]:
                    return random.choice(deposits[1:]), deposits[0]

                found: tuple[list[Rate], list[Rate]] = ([], [])
                for _ in range(rounds):
                    found[0].append(await rate(ledger, 64, count, uniform))
                    found[1].append(await rate(ledger, 64, count, hot))
                return *found, await rate(ledger, 512, count, uniform)

    uniform, hot, many = uvloop.run(run())
    best = max(uniform)
    yield Figure(f"{name}_per_s", best.per_second, target, at_least=True)
    yield Figure(f"{name}_p99_ms", best.p99_ms, p99_ms)
    yield Figure(f"{name}_cpu_us", min(each.cpu_us for each in uniform))
    yield Figure(f"{name}_hot_per_s", max(hot).per_second)
    share = 100 * max(one.per_second / other.per_second for one, other in zip(hot, uniform, strict=True))
    yield Figure(f"{name}_hot_percent", share, 90 if target else None, at_least=True)
    yield Figure(f"{name}_512_clients_per_s", many.per_second)
    yield Figure(f"{name}_512_clients_p99_ms", many.p99_ms)


def sqlite(quick: bool) -> Iterable[Figure]:
    with _folder() as folder:
        yield from _throughput("sqlite", f"sqlite:///{folder / 'ledger.db'}", quick, 45_000, 5)


def postgres(quick: bool) -> Iterable[Figure]:
    with postgres_database(durable=True) as address:
        yield from _throughput("postgres", address, quick, 25_000, 10)


def oceanbase(quick: bool) -> Iterable[Figure]:
    with seekdb_database() as address:
        yield from _throughput("oceanbase", address, quick, None, None, count=20_000)


def replay(quick: bool) -> Iterable[Figure]:
    """A day of a bank: 1.5 million transfers in requests of one, of which some are held first, some refused."""
    count = 3_000 if quick else 1_500_000

    async def run(folder: Path) -> tuple[float, int]:
        async with furnished(f"sqlite:///{folder / 'ledger.db'}", folder) as (ledger, deposits):
            random = Random(3)
            done = 0

            def requests() -> Iterator[tuple[list[Transfer], Outcome]]:
                for number in range(count):
                    debit, credit = random.sample(deposits, 2)
                    transfer = _transfer(debit, credit, random.randrange(1, 100_000))
                    kind = number % 20
                    if kind == 0:
                        hold = Transfer(new_transfer_id(), debit, credit, 50, CNY, 1, int(Flag.PENDING))
                        part = Transfer(new_transfer_id(), pending_id=hold.id, amount=20, flags=int(Flag.POST))
                        yield [hold, part], Outcome.CREATED
                    elif kind == 1:
                        yield [Transfer(transfer.id, debit, credit, 1 << 50, CNY, 1)], Outcome.EXCEEDS_CREDITS
                    else:
                        yield [transfer], Outcome.CREATED

            waiting = requests()

            async def client() -> None:
                nonlocal done
                for request, expected in waiting:
                    outcomes = await ledger.post(request)
                    if {*outcomes} != {expected}:
                        raise AssertionError(f"{expected} was to come of transfers, and {outcomes} came")
                    done += len(request)

            began = time.perf_counter()
            await asyncio.gather(*(client() for _ in range(256)))
            return time.perf_counter() - began, done

    with _folder() as folder:
        seconds, done = uvloop.run(run(folder))
    yield Figure("replay_transfers", done)
    yield Figure("replay_s", seconds, None if quick else 600)


def edits(quick: bool) -> Iterable[Figure]:
    """Single bytes changed in rows, one after the other, each followed by an audit; and in receipts."""
    rows, receipts = (20, 200) if quick else (5_000, 5_000)

    async def run(folder: Path) -> tuple[int, int]:
        ledger = await Ledger.open(f"sqlite:///{folder / 'ledger.db'}", keys=folder / "keys.json")
        cash, *deposits = [new_id() for _ in range(9)]
        await ledger.create_accounts([NewAccount(id_, CNY, 1) for id_ in (cash, *deposits)])
        sent = [_transfer(cash, id_, 1_000) for id_ in deposits]
        for debit, credit in pairwise(deposits):
            hold = Transfer(new_transfer_id(), debit, credit, 50, CNY, 1, int(Flag.PENDING), reference="hold")
            part = Transfer(new_transfer_id(), pending_id=hold.id, amount=20, flags=int(Flag.POST))
            sent += [hold, part, _transfer(debit, credit, 3)]
        await ledger.post(sent)
        await ledger.statement(deposits[0])
        await ledger.close_day("2026-01-01", (await ledger.head()).at)
        await ledger.post([_transfer(deposits[0], deposits[1], 1)])
        await ledger.head()
        await ledger.settle()
        random = Random(5)
        editor = Editor(folder / "ledger.db", random)
        missed = 0
        for _ in range(rows):
            found, what = await editor.found(ledger)
            if not found:
                print(what)
                missed += 1
        editor.close()
        keys, proven = ledger.public_keys(), (await ledger.receipt(sent[-2].id)).encoded()
        refused = sum(receipt_edit_is_found(proven, keys, random) for _ in range(receipts))
        await ledger.close()
        return missed, receipts - refused

    with _folder() as folder:
        missed_rows, missed_receipts = asyncio.run(run(folder))
    yield Figure("row_edits_missed", missed_rows, 0)
    yield Figure("receipt_edits_missed", missed_receipts, 0)


def faults(quick: bool) -> Iterable[Figure]:
    """The ledger's process and the database are killed, 5 % of commits fail, requests come twice, late and again."""
    count = 3 if quick else 500
    with _folder() as folder:
        verdicts = [under_faults(f"sqlite:///{folder / 'ledger.db'}", count)]
    with postgres_database(durable=True) as address:
        verdicts.append(under_faults(address, count, seed=2, other=crash_of_postgres(address)))
    for verdict in verdicts:
        for finding in verdict.findings[:10]:
            print(finding)
    yield Figure("faults", sum(verdict.faults for verdict in verdicts), 2 * count, at_least=True)
    yield Figure("faults_transfers", sum(verdict.transfers for verdict in verdicts))
    yield Figure("faults_answers_lost", sum(verdict.unknown for verdict in verdicts))
    yield Figure("faults_anomalies", sum(len(verdict.findings) for verdict in verdicts), 0)


def gateway(quick: bool) -> Iterable[Figure]:
    """Phones pay at tills: signed calls over connections that stay, through a worker of the gateway and the bank's
    process to the ledger. Phones, gateway and bank share the machine's cores, and each one's processor time is told."""
    people, calls, connections, rounds = (20, 300, 10, 1) if quick else (1_000, 30_000, 250, 3)
    found = through_gateway(people, calls, connections, rounds)
    best = min(found, key=lambda each: each.measured.seconds)
    yield Figure("gateway_per_s", calls / best.measured.seconds, None if quick else 4_500, at_least=True)
    yield Figure("gateway_p50_ms", best.measured.p50)
    yield Figure("gateway_p99_ms", best.measured.p99)
    yield Figure("gateway_workers_cpu_us", min(each.gateway_us for each in found))
    yield Figure("gateway_bank_cpu_us", min(each.bank_us for each in found))
    yield Figure("gateway_phones_cpu_us", min(each.phones_us for each in found))


def kills(quick: bool) -> Iterable[Figure]:
    """Phones pay through the gateway while its workers and the bank's process are killed."""
    count = 4 if quick else 200
    verdict = under_kills(count)
    for said, times in verdict.refused.most_common(5):
        print(f"{times} × {said}")
    yield Figure("kills", verdict.kills, count, at_least=True)
    yield Figure("kills_payments", verdict.payments)
    yield Figure("kills_answers_lost", verdict.lost)
    yield Figure("kills_anomalies", verdict.refused.total(), 0)


PARTS: dict[str, Part] = {
    "sqlite": sqlite,
    "postgres": postgres,
    "oceanbase": oceanbase,
    "replay": replay,
    "edits": edits,
    "faults": faults,
    "gateway": gateway,
    "kills": kills,
}
