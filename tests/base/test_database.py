"""The store, on every database of the fixture `database` (tests/base/conftest.py)."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import socket
import sqlite3
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from eden.base import changes
from eden.base.audit import AuditLog, entries
from eden.base.changes import KEPT_SECONDS, Change, Feed
from eden.base.database import Database, ping
from eden.base.errors import EdenError
from eden.base.ids import now
from eden.base.problems import Problem
from eden.base.tables import audit, audit_heads, counters
from tests.postgres import postgres_database


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


def test_errors_do_not_say_what_was_written(database: Database) -> None:
    database.write_now(lambda connection: connection.execute(insert(counters).values(name="a", value=1)))
    with pytest.raises(IntegrityError) as raised:
        database.write_now(lambda connection: connection.execute(insert(counters).values(name="a", value=13812345820)))
    assert "13812345820" not in str(raised.value)


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
    began, go_on = threading.Event(), threading.Event()

    def slow(connection: Connection) -> int:
        began.set()
        go_on.wait()
        return changes.next_number(connection, "a")

    async def run() -> list[int]:
        given = [asyncio.ensure_future(store.write(slow)) for _ in range(3)]
        await asyncio.to_thread(began.wait)
        closing = asyncio.create_task(asyncio.to_thread(store.close))
        await asyncio.sleep(0)
        go_on.set()
        await closing
        return await asyncio.gather(*given)

    assert asyncio.run(run()) == [1, 2, 3]


def test_closed_store_says_so(database: Database) -> None:
    """Nobody would answer, and who waits for an answer would wait for ever."""
    store = Database(database.url.render_as_string(hide_password=False))
    store.close()

    async def ask() -> None:
        for asked in (store.read, store.write):
            with pytest.raises(RuntimeError):
                await asked(count)

    asyncio.run(ask())


def test_file_that_cannot_be_opened_is_told_and_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.mkdir()
    store = Database(f"sqlite:///{path}")
    for _ in range(2):
        with pytest.raises(OperationalError, match="unable to open"):
            store.write_now(count)
    path.rmdir()
    store.write_now(lambda connection: counters.create(connection))
    assert store.read_now(count) == 0
    store.close()


def test_file_that_another_process_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first who come are told; when the other one is done, it goes on."""
    monkeypatch.setattr("eden.base.database._BUSY_SECONDS", 0)
    store = Database(f"sqlite:///{tmp_path}/x.db")
    store.write_now(lambda connection: counters.create(connection))
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for _ in range(2):
        with pytest.raises(Problem, match="Another program holds") as caught:
            store.write_now(lambda connection: changes.next_number(connection, "a"))
        assert caught.value.code == "unavailable"
    assert store.read_now(count) == 0
    other.execute("ROLLBACK")
    other.close()
    assert store.write_now(lambda connection: changes.next_number(connection, "a")) == 1
    store.close()


@pytest.mark.parametrize(
    "address",
    [
        "mysql://x/y",
        "sqlite://",
        "sqlite:///:memory:",
        "",
        "eden.db",
        "of high secrecy",
        "postgresql://eden:secrecy@host:port/eden",
        "oracle+nothing://eden:secrecy@host/eden",
    ],
)
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(EdenError, match="sqlite:///PATH or postgresql://") as caught:
        Database(address)
    assert "secrecy" not in str(caught.value)


def test_tls_to_postgres() -> None:
    """The server of the tests has no certificate."""

    def asked(address: str) -> str:
        store = Database(address)
        try:
            store.read_now(ping)
        except DBAPIError as error:
            return str(error.orig)
        finally:
            store.close()
        return "answered"

    with postgres_database() as address:
        for options in ("", "?sslmode=prefer", "?sslmode=disable&application_name=eden"):
            assert asked(address + options) == "answered"
        for mode in ("require", "verify-full"):
            assert asked(f"{address}?sslmode={mode}") == "Server refuses SSL"


def test_impostor_is_not_believed(tmp_path: Path) -> None:
    """A server whose certificate nobody vouches for: it gets no password."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(made - datetime.timedelta(days=1))
        .not_valid_after(made + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "server.pem").write_bytes(pem)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "server.pem")
    heard: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        # the request for TLS, and yes
        connection.recv(8)
        connection.sendall(b"S")
        with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
            heard.append(secure.recv(1000))

    thread = threading.Thread(target=serve)
    thread.start()
    store = Database(f"postgresql://eden:secret@localhost:{listener.getsockname()[1]}/eden?sslmode=verify-full")
    with pytest.raises(EdenError, match=r"certificate is not accepted: self.signed certificate"):
        store.read_now(ping)
    thread.join()
    listener.close()
    store.close()
    assert heard == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("?sslmode=allow", "has sslmode=allow. There are disable, prefer, require, verify-full"),
        ("?sslmode=verify-full&sslrootcert=/nowhere.pem", "sslrootcert names /nowhere.pem, which cannot be used"),
        ("?sslcert=x", "has sslcert, which is not known"),
    ],
)
def test_options_of_an_address_that_are_refused(options: str, words: str) -> None:
    with pytest.raises(EdenError, match=words):
        Database("postgresql://eden@127.0.0.1/eden" + options)


def test_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EdenError, match=r"folder .*/file/data cannot be made"):
        Database(f"sqlite:///{tmp_path}/file/data/eden.db")


def test_what_another_has_just_put_is_looked_at_again(database: Database) -> None:
    """PostgreSQL may tell of a conflict by the key that was taken; one that stays is not tried for ever."""
    database.write_now(lambda connection: connection.execute(insert(counters).values(name="a", value=1)))
    tries: list[int] = []

    def put(connection: Connection) -> None:
        tries.append(1)
        connection.execute(insert(counters).values(name="a", value=2))

    def put_or_look(connection: Connection) -> int:
        if len(tries) < 2:
            put(connection)
        return count(connection)

    if database.dialect == "postgresql":
        assert database.write_now(put_or_look) == 1
        tries.clear()
    with pytest.raises(IntegrityError):
        database.write_now(put)
    assert len(tries) == (3 if database.dialect == "postgresql" else 1)
    assert database.read_now(count) == 1


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
        await asyncio.wait_for(done.wait(), 60)
        order = [n for _, n in sorted(zip(numbers, range(40), strict=True))]
        assert seen == {"first": order, "second": order}
        await first.stop()
        await second.stop()
        other.close()

    asyncio.run(run())


def test_feed_goes_on_after_a_long_silence(database: Database) -> None:
    """All changes were forgotten when the process starts: it has missed nothing."""

    async def run() -> None:
        for _ in range(3):
            await database.write(lambda connection: changes.append(connection, "x", "", {}))
        await database.write(lambda connection: changes.forget_old(connection, now() + 2 * KEPT_SECONDS * 1_000_000))
        feed, heard = Feed(database), asyncio.Event()

        async def hear(change: Change) -> None:
            assert change.seq == 4
            heard.set()

        feed.listen("", hear)
        await feed.start()
        assert feed.seen == 3
        await database.write(lambda connection: changes.append(connection, "x", "", {}))
        await asyncio.wait_for(heard.wait(), 60)
        assert not feed.missed
        await feed.stop()

    asyncio.run(run())


def test_audit_chain_grows_by_many_at_once(database: Database) -> None:
    """Of several processes: nobody is refused, and the chain has no holes and no doubles."""
    log = AuditLog(b"a secret of the server")
    other = Database(database.url.render_as_string(hide_password=False))

    async def run() -> list[int]:
        def append(n: int) -> object:
            chosen, chain = (database, other)[n % 2], "wx"[n % 4 // 2]
            return chosen.write(lambda connection: log.append(connection, chain, "system", "x", str(n)))

        return await asyncio.gather(*(append(n) for n in range(40)))  # type: ignore[call-overload, no-any-return]

    assert sorted(asyncio.run(run())) == sorted([*range(1, 21)] * 2)
    for chain in "wx":
        verdict = database.read_now(lambda connection, chain=chain: log.verify(connection, chain))  # type: ignore[misc]
        assert (verdict.entries, verdict.broken_at) == (20, None)
    other.close()


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
    assert broken(audit_heads.delete()) == 6
    # a workspace has a chain from its first moment
    assert database.read_now(lambda connection: log.verify(connection, "never")).broken_at == 1
    assert broken(update(audit_heads).values(mac="0" * 64)) is not None
    assert database.read_now(lambda c: AuditLog(b"another secret, as long").verify(c, "w")).broken_at is not None


def test_watch_tells_of_what_others_write(database: Database) -> None:
    """On SQLite; on other databases there is nothing that is cheaper than a question."""
    watch = database.watch()
    if database.dialect != "sqlite":
        assert watch is None
        return
    assert watch is not None
    assert [watch.written(), watch.written()] == [True, False]
    database.write_now(lambda connection: changes.next_number(connection, "watched"))
    assert [watch.written(), watch.written()] == [True, False]
    database.read_now(count)
    assert not watch.written()
    watch.close()


def test_feed_that_looks_often_misses_nothing(database: Database) -> None:
    """Changes of this process and of another one, read by a feed that asks only when something was written."""
    got: list[int] = []
    other = Database(database.url.render_as_string(hide_password=False))

    async def listen(change: Change) -> None:
        got.append(change.seq)

    async def work() -> None:
        feed = Feed(database)
        feed.poll_seconds = 0.005
        feed.listen("often.", listen)
        await feed.start()
        first = feed.seen
        for number in range(20):
            store = other if number % 2 else database
            await store.write(lambda connection: changes.append(connection, "often.one", "", {}))
            await asyncio.sleep(0.01 * (number % 3))
        async with asyncio.timeout(20):
            while len(got) < 20:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await feed.stop()
        assert got == [first + 1 + number for number in range(20)]

    with contextlib.closing(other):
        asyncio.run(work())


def test_feed_that_could_not_be_read_is_read_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without anything else being written."""
    got: list[str] = []

    async def listen(change: Change) -> None:
        got.append(change.kind)

    async def work() -> None:
        feed = Feed(database)
        feed.poll_seconds = 0.02
        feed.listen("again.", listen)
        await feed.start()
        read, failed = database.read, asyncio.Event()

        async def fails(_: object) -> object:
            failed.set()
            raise OSError("the disk has gone")

        await asyncio.sleep(0.1)
        monkeypatch.setattr(database, "read", fails)
        await database.write(lambda connection: changes.append(connection, "again.one", "", {}))
        async with asyncio.timeout(20):
            await failed.wait()
            monkeypatch.setattr(database, "read", read)
            while not got:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await feed.stop()

    asyncio.run(work())
