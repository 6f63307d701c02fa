"""From the spool into the events store: once, completely, and around what cannot be stored."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert, select

from eden.base.changes import append
from eden.observe.app_settings import AppSettings
from eden.observe.attachments import GRACE_SECONDS, Attachments, attachment_name
from eden.observe.digest import digest
from eden.observe.digest import inserter as module
from eden.observe.digest.catalogue import Catalogue
from eden.observe.digest.directory import Directory
from eden.observe.digest.progress import Progress
from eden.observe.insight.answering import Answering
from eden.observe.insight.client import LocalInsight
from eden.observe.insight.embedded import Embedded
from eden.observe.insight.engine import Engine, StoreError
from eden.observe.insight.server import Server
from eden.observe.interfaces import Accepted, DocumentRow, EventRow
from eden.observe.models import crash_groups, observe_erasures, observe_properties
from eden.observe.spool.folder import progress_file, segments
from eden.observe.spool.reader import Range
from tests.observe.clickhouse_http import serve
from tests.observe.ingest import OWNER, Ingest, open_ingest, rows


@pytest.fixture
def ingest(tmp_path: Path) -> Iterator[Ingest]:
    with open_ingest(tmp_path) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ingest]:
    with open_ingest(tmp_path, request.param) as made:
        yield made


class Faulty:
    """The store's engine: of its inserts, those with a number from `dies` on end in a fault, before or behind it."""

    def __init__(self, engine: Engine, *, dies: int = 1_000_000, heals: int = 1_000_000, behind: bool = False) -> None:
        self._engine = engine
        self._dies = range(dies, heals)
        self._behind = behind
        self._count = 0
        self.tokens: list[str] = []

    def insert(self, table: str, lines: bytes, *, token: str = "") -> None:
        number, self._count = self._count, self._count + 1
        if number not in self._dies or self._behind:
            self._engine.insert(table, lines, token=token)
            self.tokens.append(token)
        if number in self._dies:
            raise StoreError(0, "the store is away")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


def event(name: str = "x", **more: Any) -> dict[str, Any]:
    return {"type": "event", "name": name, **more}


def test_every_kind_of_record_is_stored(ingest: Ingest, store: Engine) -> None:
    error = {
        "type": "TypeError",
        "message": "x is undefined",
        "stack": "TypeError: x\n    at f (a.js:1:2)",
        "fatal": True,
    }
    ingest.store(
        store,
        ingest.batch(
            event(value=3, props={"a": 1}),
            {"type": "error", "error": error},
            {"type": "log", "level": "warn", "message": "a line", "tag": "t"},
            {"type": "span", "trace": "t", "span": "s", "value": 2.5},
            {"type": "metric", "name": "m", "value": 1},
            {"type": "person", "props": {"plan": "free"}},
            b"no json",
            {"type": "strange"},
        ),
    )
    tables = ("events", "errors", "logs", "spans", "metrics", "people", "quarantine")
    counts = {table: int(rows(store, f"SELECT count() FROM {table}")[0][0]) for table in tables}
    assert counts == dict.fromkeys(tables, 1) | {"quarantine": 2}
    assert rows(store, "SELECT level, logger, message FROM logs") == [[13, "t", "a line"]]
    assert rows(store, "SELECT kind, count FROM metrics") in ([["gauge", "1"]], [["gauge", 1]])
    reasons = rows(store, "SELECT reason, raw FROM quarantine ORDER BY raw")
    assert reasons[0][1] == "no json" and "malformed" in reasons[0][0]
    assert "strange" in reasons[1][0]
    # nothing is left to be read
    assert segments(ingest.spool) == []


def test_the_same_batch_is_stored_once(ingest: Ingest, store: Engine) -> None:
    one = ingest.batch(event(), batch="b")
    ingest.store(store, one, one)
    ingest.store(store, one)
    ingest.store(store, ingest.batch(event(), batch="c"), ingest.batch(event()), ingest.batch(event()))
    # those without a name are never the same
    assert int(rows(store, "SELECT count() FROM events")[0][0]) == 4


def test_one_poison_record_in_ten_thousand(ingest: Ingest, store: Engine) -> None:
    records: list[Any] = [event(props={"n": n}) for n in range(10_000)]
    records[4711] = b'{"type":"event","name":"x","props":{"n":1e999}}'
    ingest.store(store, ingest.batch(*records))
    assert int(rows(store, "SELECT count() FROM events")[0][0]) == 9_999
    ((reason, raw),) = rows(store, "SELECT reason, raw FROM quarantine")
    assert "out of range" in reason and "1e999" in raw


def test_rows_that_the_store_refuses_are_found(ingest: Ingest, store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the rows of a table and the table are not of one mind."""
    real = digest.rows

    def strange(batch: Accepted, about: Any) -> Iterator[Any]:
        for row in real(batch, about):
            if isinstance(row, EventRow) and row.name == "poison":
                row.app = -1
            yield row

    monkeypatch.setattr(module, "rows", strange)
    records = [event("poison" if n in (0, 17, 18, 99) else "x", props={"n": n}) for n in range(100)]
    ingest.store(store, ingest.batch(*records))
    assert int(rows(store, "SELECT count() FROM events")[0][0]) == 96
    found = rows(store, "SELECT reason FROM quarantine")
    assert len(found) == 4 and all("refuses it" in reason for (reason,) in found)


@pytest.mark.parametrize("behind", [False, True])
def test_a_chunk_that_was_broken_off_is_stored_once(ingest: Ingest, store: Engine, behind: bool) -> None:
    """Inserters die before or behind one insert after the other; the next one goes on."""
    error = {"type": "E", "message": "m"}
    ingest.send(ingest.batch(event(), {"type": "error", "error": error}, {"type": "log", "message": "m"}, batch="b"))
    for dies in range(3):
        with ingest.inserter(Faulty(store, dies=dies, behind=behind)) as inserter:
            while not inserter.figures()["digest_failing"]:
                assert not inserter.settled(0.05)
    ingest.store(store, ingest.batch(event(), batch="b"))
    for table in ("events", "errors", "logs"):
        assert int(rows(store, f"SELECT count() FROM {table}")[0][0]) == 1, table
    groups = ingest.ground.database.read_now(lambda connection: connection.execute(select(crash_groups)).all())
    assert [group.occurrences for group in groups] == [1]


def test_a_store_that_is_away_is_waited_for(ingest: Ingest, store: Engine) -> None:
    ingest.send(ingest.batch(event()))
    with ingest.inserter(Faulty(store, dies=0, heals=2)) as inserter:
        assert inserter.settled(20)
        assert inserter.figures()["digest_failing"] == 0
    assert int(rows(store, "SELECT count() FROM events")[0][0]) == 1


def test_a_server_that_cannot_be_reached_is_waited_for(ingest: Ingest, store: Engine) -> None:
    """What comes meanwhile is accepted, and everything is stored once when it is back."""
    if not isinstance(store, Embedded):
        return
    away = threading.Event()
    with serve(store, away) as address:
        server = Server(address, database=store.database)
        ingest.send(ingest.batch(event(), {"type": "log", "message": "m"}))
        away.set()
        with ingest.inserter(server) as inserter:
            while not inserter.figures()["digest_failing"]:
                assert not inserter.settled(0.05)
            ingest.send(ingest.batch(event()))
            assert inserter.figures()["spool_bytes"] > 0
            away.clear()
            assert inserter.settled(60)
            assert inserter.figures()["digest_failing"] == 0
        server.close()
    asked = (
        "(SELECT count() FROM logs), (SELECT count() FROM quarantine), (SELECT sum(events) FROM trends WHERE name = '')"
    )
    assert [int(one) for one in rows(store, f"SELECT count(), {asked} FROM events")[0]] == [2, 1, 0, 2]


def test_crash_groups_are_counted_once_when_a_chunk_is_stored_again(anywhere: Ingest, store: Engine) -> None:
    anywhere.send(anywhere.batch({"type": "error", "error": {"type": "E", "message": "m"}}))
    with anywhere.inserter(store) as inserter:
        assert inserter.settled(20)
    # the last step before a crash that was not written down: that the chunk is done
    progress = sqlite3.connect(progress_file(anywhere.spool))
    places = progress.execute("SELECT name, value FROM facts WHERE name = 'number'").fetchall()
    assert places == [("number", "1")]
    progress.execute("""INSERT INTO facts VALUES ('pending', '[]')""")
    progress.commit()
    progress.close()
    anywhere.store(store)
    groups = anywhere.ground.database.read_now(lambda connection: connection.execute(select(crash_groups)).all())
    assert [group.occurrences for group in groups] == [1]


def test_properties_are_catalogued(anywhere: Ingest, store: Engine) -> None:
    batch = anywhere.batch(
        event("buy", props={"price": 1.5, "item": {"name": "x"}}), event("buy", props={"price": "2"})
    )
    anywhere.store(store, batch)
    anywhere.store(store, anywhere.batch(event("buy", props={"price": 3}), event("plain")))
    found = anywhere.ground.database.read_now(
        lambda connection: connection.execute(
            select(observe_properties.c.event, observe_properties.c.path, observe_properties.c.types)
        ).all()
    )
    assert sorted(tuple(row) for row in found) == [
        ("buy", "item.name", {"text": 1}),
        ("buy", "price", {"number": 2, "text": 1}),
        ("plain", "", {}),
    ]


def test_of_frequent_events_some_are_looked_at(ingest: Ingest) -> None:
    catalogue = Catalogue(ingest.ground.database)
    number = ingest.app.number
    for count in range(1000):
        props = {"a": 1, "rare": "x"} if count % 16 == 7 else {"a": 1}
        catalogue.note(EventRow(app=number, at=1, received=1, name="x", props=props))
    # of an app that is gone meanwhile
    catalogue.note(EventRow(app=99, at=1, received=1, name="x", props={"a": 1}))
    catalogue.flush(force=True)
    rows_found = ingest.ground.database.read_now(
        lambda connection: connection.execute(select(observe_properties.c.path, observe_properties.c.types)).all()
    )
    found = {row.path: row.types for row in rows_found}
    assert found["a"] == {"number": 1000}
    assert found["rare"]["text"] > 0


def test_many_names_do_not_wait(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eden.observe.digest.catalogue._MOST_WAITING", 100)
    monkeypatch.setattr("eden.observe.digest.catalogue._NEW_SECONDS", 10_000.0)
    monkeypatch.setattr("eden.observe.digest.catalogue._COUNTS_SECONDS", 10_000.0)
    catalogue, number = Catalogue(ingest.ground.database), ingest.app.number

    def kept() -> int:
        query = select(observe_properties.c.path)
        return len(ingest.ground.database.read_now(lambda connection: connection.execute(query).all()))

    for count in range(101):
        catalogue.flush()
        assert kept() == 0
        catalogue.note(EventRow(app=number, at=1, received=1, name="x", props={f"p{count}": 1}))
    catalogue.flush()
    assert kept() == 101


def test_people_to_be_forgotten_are_left_out_of_the_spool(anywhere: Ingest, store: Engine) -> None:
    # erasures of long ago are not looked at: nothing waits for so long
    at = time.time_ns() // 1000
    anywhere.store(store, anywhere.batch(event("before"), received=at - 1, user="u1"))

    def erase(connection: Any) -> None:
        connection.execute(
            insert(observe_erasures).values(
                id="e", workspace_id="w", person="u1", requested_by="x", at=at, done_at=None
            )
        )
        append(connection, "observe.erase", "w", {"erasure": "e"})

    anywhere.ground.database.write_now(erase)
    anywhere.store(
        store,
        anywhere.batch(event("spooled"), received=at - 1, user="u1"),
        anywhere.batch(event("other"), received=at - 1, user="u2"),
        anywhere.batch(event("new"), received=at + 1, user="u1"),
    )
    found = {name for (name,) in rows(store, "SELECT DISTINCT name FROM events")}
    # what was stored before is the events store's to forget
    assert found == {"before", "other", "new"}


def test_settings_hold_for_what_is_digested_after_them(anywhere: Ingest, store: Engine) -> None:
    with anywhere.inserter(store) as inserter:
        anywhere.send(anywhere.batch({"type": "log", "message": "order K-1"}))
        assert inserter.settled(20)
        settings = AppSettings(masks=("K-[0-9]{1,9}",))
        asyncio.run(anywhere.apps.set(OWNER, "w", "bank", settings))
        anywhere.send(anywhere.batch({"type": "log", "message": "order K-2"}))
        assert inserter.settled(20)
    assert sorted(rows(store, "SELECT message FROM logs")) == [["order K-1"], ["order [masked]"]]


def test_large_spools_are_stored_in_chunks(ingest: Ingest, store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK_BYTES", 5_000)
    ingest.send(*(ingest.batch(event(props={"text": "x" * 500}), batch=str(n)) for n in range(40)))
    seen = Faulty(store)
    with ingest.inserter(seen) as inserter:
        assert inserter.settled(20)
    assert int(rows(store, "SELECT count() FROM events")[0][0]) == 40
    assert len(seen.tokens) == len(set(seen.tokens)) > 3


def test_lines_bound_a_chunk(ingest: Ingest, store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records of a few bytes become rows of hundreds."""
    monkeypatch.setattr(module, "_CHUNK_LINES", 20)
    monkeypatch.setattr(module, "PIECE_BYTES", 1_000)
    ingest.send(*(ingest.batch(*[event()] * 10, batch=str(n)) for n in range(20)))
    seen = Faulty(store)
    with ingest.inserter(seen) as inserter:
        assert inserter.settled(20)
    assert int(rows(store, "SELECT count() FROM events")[0][0]) == 200
    assert len(seen.tokens) == len(set(seen.tokens)) > 5


def test_a_disk_that_is_full_costs_nothing(ingest: Ingest, store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The intent cannot be written down: what was read is read again."""
    real, failures = Progress.begin, [sqlite3.OperationalError("database or disk is full")] * 2

    def begin(*arguments: Any) -> Any:
        if failures:
            raise failures.pop()
        return real(*arguments)

    monkeypatch.setattr(Progress, "begin", begin)
    ingest.store(store, ingest.batch(event(), batch="a"), ingest.batch(event(), batch="b"))
    assert failures == [] and int(rows(store, "SELECT count() FROM events")[0][0]) == 2


def test_files_are_kept_as_long_as_documents_name_them(ingest: Ingest, store: Engine) -> None:
    clock = [0.0]
    attachments = Attachments(ingest.ground.blobs, LocalInsight(Answering(store)), lambda: clock[0])
    keep = Directory(ingest.ground)._keep
    named, unnamed = keep(b"a minidump"), keep(b"of a person who was forgotten")
    assert named is not None and unnamed is not None and keep(bytes(50_000_001)) is None
    row = DocumentRow(app=1, at=1790000000, received=1790000000, kind="attachment", id="1", blob=named)
    store.insert("documents", msgspec.json.encode(row))

    async def sweep() -> int:
        return await attachments.sweep()

    # not at once: its document may be on its way
    assert asyncio.run(sweep()) == 0
    clock[0] = GRACE_SECONDS
    assert asyncio.run(sweep()) == 1
    there = [asyncio.run(ingest.ground.blobs.exists(attachment_name(one))) for one in (named, unnamed)]
    assert there == [True, False]


# progress


def test_keys_are_remembered_over_restarts(tmp_path: Path) -> None:
    file = tmp_path / "progress.db"
    progress = Progress(file)
    _, fresh = progress.begin([Range("s", 0, 10)], [b"a", b"", b"b", b"a", b""], 1)
    assert fresh == [True, True, True, False, True]
    progress.close()
    # killed before it was done: the same answer
    progress = Progress(file)
    assert progress.pending is not None and progress.pending.ranges == (Range("s", 0, 10),)
    assert progress.again([b"a", b"", b"b", b"a", b""]) == [True, True, True, False, True]
    progress.done()
    assert progress.places() == {"s": 10}
    _, fresh = progress.begin([Range("s", 10, 20)], [b"c", b"a"], 1)
    assert fresh == [True, False]
    progress.done()
    progress.forget(["s"], 1)
    assert progress.places() == {}
    progress.close()


def test_old_keys_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eden.observe.digest.progress.MOST_SEEN", 3)
    monkeypatch.setattr("eden.observe.digest.progress._TRIM_EVERY", 1)
    progress = Progress(tmp_path / "progress.db")
    for number in range(6):
        progress.begin([Range("s", number, number + 1)], [str(number).encode()], 1)
        progress.done()
        progress.forget([], 1)
    _, fresh = progress.begin([Range("s", 6, 7)], [b"0", b"5"], 1)
    assert fresh == [True, False]
    progress.close()
