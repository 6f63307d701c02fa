"""Jobs, on every database of the fixture `database`: claims, leases, tries, periods, stopping."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from eden.base import jobs
from eden.base.database import Database
from eden.base.ids import now
from eden.base.jobs import (
    Handler,
    Jobs,
    claim,
    delay_before,
    enqueue,
    ensure_periodic,
    fail,
    finish,
    prolong,
    release,
)
from eden.base.tables import jobs as table

LEASES = {"a": 60.0, "b": 60.0}
SECOND = 1_000_000


def rows(database: Database) -> list[Any]:
    return list(database.read_now(lambda connection: connection.execute(select(table).order_by(table.c.id)).all()))


def add(database: Database, kind: str = "a", **options: Any) -> None:
    database.write_now(lambda connection: enqueue(connection, kind, {"n": 1}, **options))


def take(database: Database, at: int | None = None, limit: int = 100) -> list[jobs.Job]:
    return database.write_now(lambda connection: claim(connection, LEASES, now() if at is None else at, limit))


def other_process(database: Database) -> Database:
    return Database(database.url.render_as_string(hide_password=False))


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen")


def test_each_job_is_claimed_once_by_many_processes(database: Database) -> None:
    for _ in range(40):
        add(database)
    others = [other_process(database) for _ in range(3)]
    claimed: list[str] = []

    def work(store: Database) -> None:
        while found := take(store, limit=3):
            claimed.extend(job.id for job in found)

    threads = [threading.Thread(target=work, args=(store,)) for store in (database, *others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in others:
        store.close()
    assert len(claimed) == len(set(claimed)) == 40


def test_claim_takes_what_is_due_of_its_kinds_in_order(database: Database) -> None:
    at = now()
    add(database, key="third", run_at=at - 10)
    add(database, key="first", run_at=at - 30)
    add(database, key="second", run_at=at - 20)
    add(database, key="later", run_at=at + 3600 * SECOND)
    add(database, kind="unknown", run_at=at - 40)
    assert [job.key for job in take(database, at, 2)] == ["first", "second"]
    assert [job.key for job in take(database, at)] == ["third"]
    assert [job.key for job in take(database, at + 3601 * SECOND)][-1:] == ["later"]


def test_lease_of_a_dead_holder_runs_out(database: Database) -> None:
    add(database)
    at = now()
    (dead,) = take(database, at)
    assert take(database, at + 59 * SECOND) == []
    (heir,) = take(database, at + 61 * SECOND)
    assert (heir.id, heir.attempts) == (dead.id, 2)
    # the dead one was only asleep: nothing of what it does now counts
    assert not database.write_now(lambda connection: prolong(connection, dead, at + 999 * SECOND))
    database.write_now(lambda connection: finish(connection, dead, None))
    database.write_now(lambda connection: fail(connection, dead, "late", None))
    database.write_now(lambda connection: release(connection, dead))
    (row,) = rows(database)
    assert (row.state, row.attempts) == (jobs.RUNNING, 2)
    assert database.write_now(lambda connection: prolong(connection, heir, at + 200 * SECOND))
    assert take(database, at + 199 * SECOND) == []
    database.write_now(lambda connection: finish(connection, heir, None))
    assert rows(database) == []


def test_same_key_waits_once_and_moves(database: Database) -> None:
    later = now() + 3600 * SECOND
    add(database, key="k", run_at=later)
    add(database, key="k", run_at=1)
    add(database, kind="b", key="k", run_at=later)
    assert [(row.kind, row.run_at) for row in rows(database)] == [("a", 1), ("b", later)]


def test_same_key_while_it_runs_runs_once_more(database: Database) -> None:
    add(database, key="k")
    (first,) = take(database)
    database.write_now(lambda connection: enqueue(connection, "a", {"n": 2}, key="k"))
    assert take(database) == []
    database.write_now(lambda connection: finish(connection, first, None))
    (second,) = take(database)
    assert second.payload == {"n": 2}
    assert second.attempts == 1
    database.write_now(lambda connection: finish(connection, second, None))
    assert rows(database) == []


def test_failed_key_can_be_enqueued_again(database: Database) -> None:
    add(database, key="k")
    (job,) = take(database)
    database.write_now(lambda connection: fail(connection, job, "broken", None))
    assert [(row.state, row.error) for row in rows(database)] == [(jobs.FAILED, "broken")]
    assert take(database) == []
    assert database.read_now(jobs.counts) == {jobs.FAILED: 1}
    add(database, key="k")
    assert [(row.state, row.attempts, row.error) for row in rows(database)] == [(jobs.WAITING, 0, None)]


def test_old_failures_are_forgotten(database: Database) -> None:
    add(database, key="k")
    (job,) = take(database)
    database.write_now(lambda connection: fail(connection, job, "broken", None))
    database.write_now(lambda connection: jobs.forget_failed(connection, now()))
    assert len(rows(database)) == 1
    database.write_now(lambda connection: jobs.forget_failed(connection, now() + 15 * 24 * 3600 * SECOND))
    assert rows(database) == []


def test_delays_grow_to_an_hour() -> None:
    for attempt, seconds in [(1, 1), (2, 4), (3, 16), (4, 64), (7, 3600), (50, 3600), (10_000, 3600)]:
        assert 0.75 * seconds <= delay_before(attempt) <= 1.25 * seconds


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


def test_handlers_are_called(database: Database) -> None:
    async def work() -> None:
        seen: list[int] = []
        ends: list[tuple[str, str]] = []

        async def handler(payload: dict[str, Any]) -> None:
            seen.append(payload["n"])

        hands = Jobs(database)
        hands.handle("a", handler)
        hands.on_end = lambda kind, outcome, seconds: ends.append((kind, outcome))
        database.write_now(lambda connection: enqueue(connection, "a", {"n": 1}))
        await hands.start()
        await database.write(lambda connection: enqueue(connection, "a", {"n": 2}))
        await until(lambda: len(ends) == 2)
        await hands.stop()
        assert sorted(seen) == [1, 2]
        assert ends == [("a", "done")] * 2
        assert rows(database) == []
        with pytest.raises(ValueError, match="two handlers"):
            hands.handle("a", handler)

    run(work)


def test_enqueued_in_a_failing_write_is_not_there(database: Database) -> None:
    def work(connection: Connection) -> None:
        enqueue(connection, "a", {})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.write_now(work)
    assert rows(database) == []


def test_failures_are_tried_again_then_stay(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        tries: list[str] = []

        async def broken(payload: dict[str, Any]) -> None:
            tries.append("broken")
            raise RuntimeError("no luck")

        async def endless(payload: dict[str, Any]) -> None:
            tries.append("endless")
            await asyncio.Event().wait()

        hands = Jobs(database)
        hands.handle("a", Handler(broken, tries=2))
        hands.handle("b", Handler(endless, tries=1, timeout=0.01))
        add(database)
        add(database, kind="b")
        await hands.start()
        await until(lambda: {row.kind: row.state for row in rows(database)} == {"a": jobs.WAITING, "b": jobs.FAILED})
        # not before its time; then the time comes
        database.write_now(
            lambda connection: connection.execute(update(table).where(table.c.kind == "a").values(run_at=1))
        )
        await until(lambda: all(row.state == jobs.FAILED for row in rows(database)))
        await hands.stop()
        assert sorted(tries) == ["broken", "broken", "endless"]
        assert sorted(row.error for row in rows(database)) == ["RuntimeError: no luck", "TimeoutError: "]

    with caplog.at_level(logging.CRITICAL, "eden.jobs"):
        run(work)


def test_database_that_takes_no_change_is_not_asked_without_rest(
    database: Database, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write of a claim that failed ends with a commit of nothing, which wakes whoever waits for work."""
    add(database, "a")
    rests: list[float] = []
    sleep = asyncio.sleep

    def refuse(*_: object) -> list[jobs.Job]:
        raise RuntimeError("only to be read")

    async def rest(seconds: float) -> None:
        rests.append(seconds)
        await sleep(0)

    async def nothing(_: dict[str, Any]) -> None:
        pass

    async def main() -> None:
        worker = Jobs(database)
        worker.handle("a", nothing)
        await worker.start()
        for _ in range(2000):
            if caplog.text.count("jobs could not be read") > 1:
                break
            await sleep(0.01)
        await worker.stop()

    monkeypatch.setattr(jobs, "claim", refuse)
    monkeypatch.setattr("eden.base.jobs.asyncio.sleep", rest)
    with caplog.at_level(logging.ERROR, "eden.jobs"):
        asyncio.run(main())
    failures = caplog.text.count("jobs could not be read")
    assert failures > 1
    assert rests.count(jobs.POLL_SECONDS) == failures


def test_cancelled_from_within_is_a_failure(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    """As when work that several share is given up: it must not run again and again at once."""

    async def work() -> None:
        async def shared(payload: dict[str, Any]) -> None:
            future = asyncio.get_running_loop().create_future()
            future.cancel()
            await future

        hands = Jobs(database)
        hands.handle("a", Handler(shared, tries=1))
        add(database)
        await hands.start()
        await until(lambda: rows(database)[0].state == jobs.FAILED)
        await hands.stop()
        assert rows(database)[0].error == "CancelledError: "

    with caplog.at_level(logging.CRITICAL, "eden.jobs"):
        run(work)


def test_a_job_that_kills_its_processes_is_given_up(database: Database) -> None:
    async def work() -> None:
        async def never(payload: dict[str, Any]) -> None:
            raise AssertionError("a job was run that had killed its processes")

        add(database, key="k")
        for _ in range(2):
            take(database)
            database.write_now(lambda connection: connection.execute(update(table).values(lease_until=1)))
        hands = Jobs(database)
        hands.handle("a", Handler(never, tries=2))
        await hands.start()
        await until(lambda: rows(database)[0].state == jobs.FAILED)
        await hands.stop()
        assert rows(database)[0].error == "Every process that ran it ended."

    run(work)


def test_periodic_job_runs_in_one_process_at_a_time(database: Database) -> None:
    async def work() -> None:
        stores = [database, other_process(database), other_process(database)]
        running = 0
        runs = 0
        most = 0

        async def handler(payload: dict[str, Any]) -> None:
            nonlocal running, runs, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.02)
            running -= 1
            runs += 1

        all_hands = [Jobs(store) for store in stores]
        for hands in all_hands:
            hands.handle("a", Handler(handler, every=0.01))
        await asyncio.gather(*(hands.start() for hands in all_hands))
        await until(lambda: runs >= 6)
        for hands in all_hands:
            await hands.stop()
        assert most == 1
        assert [(row.kind, row.key, row.state) for row in rows(database)] == [("a", "periodic", jobs.WAITING)]
        for store in stores[1:]:
            store.close()

    run(work)


def test_a_clock_that_was_ahead_stops_no_periodic_job(database: Database) -> None:
    at, kinds = now(), {"a": 30.0, "b": 30.0, "c": 86_400.0}

    def ensure() -> dict[str, int]:
        database.write_now(lambda connection: ensure_periodic(connection, kinds, at))
        return {row.kind: row.run_at for row in rows(database)}

    ensure()
    # a year ahead; one that failed and is tried again within the hour; one that is daily
    due = {"a": at + 365 * 86_400 * SECOND, "b": at + 3600 * SECOND, "c": at + 86_400 * SECOND}
    for kind, run_at in due.items():
        database.write_now(
            lambda connection, kind=kind, run_at=run_at: connection.execute(  # type: ignore[misc]
                update(table).where(table.c.kind == kind).values(run_at=run_at)
            )
        )
    assert ensure() == {**due, "a": at}


def test_stop_waits_and_then_gives_back(database: Database) -> None:
    async def work() -> None:
        begun = asyncio.Event()
        ended: list[str] = []

        async def quick(payload: dict[str, Any]) -> None:
            begun.set()
            await asyncio.sleep(0.05)
            ended.append("quick")

        async def slow(payload: dict[str, Any]) -> None:
            begun.set()
            await asyncio.Event().wait()

        for handler, wait, left in [(quick, 20.0, []), (slow, 0.01, [(jobs.WAITING, 0)])]:
            begun.clear()
            hands = Jobs(database)
            hands.handle("a", handler)
            add(database)
            await hands.start()
            await asyncio.wait_for(begun.wait(), 20)
            await hands.stop(wait)
            assert [(row.state, row.attempts) for row in rows(database)] == left
        assert ended == ["quick"]
        await hands.stop()

    run(work)


def test_lease_is_prolonged_while_the_handler_runs(database: Database) -> None:
    async def work() -> None:
        go_on = asyncio.Event()

        async def handler(payload: dict[str, Any]) -> None:
            await go_on.wait()

        hands = Jobs(database)
        hands.handle("a", Handler(handler, lease=0.3))
        add(database)
        await hands.start()
        await until(lambda: rows(database)[0].lease_until is not None)
        first = rows(database)[0].lease_until
        await until(lambda: rows(database)[0].lease_until > first + 300_000)
        go_on.set()
        await until(lambda: rows(database) == [])
        await hands.stop()

    run(work)
