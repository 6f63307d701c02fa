"""The store, on every database of the fixture `database` (tests/base/conftest.py)."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, insert, select, update

from eden.base import changes
from eden.base.audit import AuditLog, entries
from eden.base.changes import Change, Feed
from eden.base.database import Database
from eden.base.errors import EdenError
from eden.base.tables import audit, audit_heads, counters


def count(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(counters)).scalar_one())


def test_write_then_read(database: Database) -> None:
    database.write_now(lambda connection: connection.execute(insert(counters).values(name="a", value=1)))
    assert database.read_now(count) == 1


def test_failing_write_undoes_itself_alone(database: Database) -> None:
    async def run() -> list[object]:
        def add(name: str, *, fail: bool) -> object:
            def work(connection: Connection) -> str:
                connection.execute(insert(counters).values(name=name, value=1))
                if fail:
                    raise ZeroDivisionError(name)
                return name

            return database.write(work)

        names = [add(f"n{i}", fail=i % 3 == 0) for i in range(30)]
        return await asyncio.gather(*names, return_exceptions=True)  # type: ignore[call-overload, no-any-return]

    results = asyncio.run(run())
    assert [isinstance(result, ZeroDivisionError) for result in results] == [i % 3 == 0 for i in range(30)]
    assert database.read_now(count) == 20


def test_counter_counts_every_write_once(database: Database) -> None:
    """Writers of several threads: PostgreSQL's conflicts are tried again, SQLite's writes share commits."""
    found: list[int] = []

    def run() -> None:
        for _ in range(10):
            found.append(database.write_now(lambda connection: changes.next_number(connection, "c")))

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(1, 61))


def test_close_finishes_what_was_given(tmp_path: Path) -> None:
    store = Database(f"sqlite:///{tmp_path}/x.db")
    with store.engine.begin() as connection:
        counters.create(connection)
    results = []
    thread = threading.Thread(
        target=lambda: results.append(store.write_now(lambda c: changes.next_number(c, "a"))), daemon=True
    )
    thread.start()
    thread.join()
    store.close()
    assert results == [1]


@pytest.mark.parametrize("address", ["mysql://x/y", "sqlite://", "sqlite:///:memory:"])
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(EdenError, match="sqlite:///PATH or postgresql://"):
        Database(address)


def test_feed_gives_every_change_in_order_to_every_process(database: Database) -> None:
    async def run() -> None:
        other = Database(database.url.render_as_string(hide_password=False))
        first, second = Feed(database), Feed(other)
        seen: dict[str, list[int]] = {"first": [], "second": []}
        done = asyncio.Event()

        def listener(name: str) -> changes.Listener:
            async def hear(change: Change) -> None:
                seen[name].append(change.payload["n"])
                if all(len(numbers) == 40 for numbers in seen.values()):
                    done.set()
                if change.payload["n"] == 3:
                    raise ZeroDivisionError("a listener's fault")

            return hear

        first.listen("release.", listener("first"))
        second.listen("release.halted", listener("second"))
        await first.start()
        await second.start()

        def tell(n: int) -> object:
            return (database if n % 2 else other).write(
                lambda connection: changes.append(connection, "release.halted", "w", {"n": n})
            )

        numbers = await asyncio.gather(*(tell(n) for n in range(40)))  # type: ignore[call-overload]
        await asyncio.wait_for(done.wait(), 20)
        order = [n for _, n in sorted(zip(numbers, range(40), strict=True))]
        assert seen == {"first": order, "second": order}
        await first.stop()
        await second.stop()
        other.close()

    asyncio.run(run())


def test_audit_chain_shows_every_change(database: Database) -> None:
    log = AuditLog(b"a secret of the server")

    def fill(connection: Connection) -> None:
        for n in range(5):
            log.append(connection, "w", "user:a@b.c", "release.halt", f"release {n}", {"reason": "为什么", "n": n})

    database.write_now(fill)
    assert database.read_now(lambda connection: log.verify(connection, "w")).broken_at is None
    newest = database.read_now(lambda connection: entries(connection, "w", limit=2))
    assert [entry.seq for entry in newest] == [5, 4]
    assert newest[0].detail == {"reason": "为什么", "n": 4}
    assert database.read_now(lambda c: [entry.seq for entry in entries(c, "w", before=4, limit=2)]) == [3, 2]

    def broken(change: object) -> int | None:
        class Undo(Exception):
            pass

        result: list[int | None] = []

        def work(connection: Connection) -> None:
            connection.execute(change)  # type: ignore[call-overload]
            result.append(log.verify(connection, "w").broken_at)
            raise Undo

        with pytest.raises(Undo):
            database.write_now(work)
        return result[0]

    third = audit.c.seq == 3
    assert broken(update(audit).where(third).values(actor="user:x")) == 3
    assert broken(update(audit).where(third).values(at=audit.c.at + 1)) == 3
    assert broken(update(audit).where(third).values(detail="{}")) == 3
    assert broken(audit.delete().where(third)) == 3
    assert broken(audit.delete().where(audit.c.seq == 5)) == 5
    assert broken(audit_heads.delete()) is not None
    assert broken(update(audit_heads).values(mac="0" * 64)) is not None
    assert database.read_now(lambda c: AuditLog(b"another secret, as long").verify(c, "w")).broken_at is not None
