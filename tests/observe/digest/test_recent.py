"""Records that come again in another batch are stored once, whatever happens in between."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from eden.observe import schema
from eden.observe.digest.progress import Progress
from eden.observe.digest.recent import Recent
from eden.observe.insight.engine import Engine
from eden.observe.models import crash_groups
from eden.observe.spool.folder import progress_file
from eden.observe.spool.reader import Range
from tests.observe.digest.test_inserter import Faulty, event
from tests.observe.ingest import OWNER, Ingest, open_ingest, rows


@pytest.fixture
def ingest(tmp_path: Path) -> Iterator[Ingest]:
    with open_ingest(tmp_path) as made:
        yield made


def named(*numbers: int) -> list[dict[str, Any]]:
    """Events with these ids."""
    return [event(id=f"{number:016x}") for number in numbers]


def counted(store: Engine, name: str = "x") -> tuple[int, int, int]:
    """Events of a name: rows, as the roll-ups have them, and all of these."""
    found = (
        "SELECT count() FROM events",
        f"SELECT sum(events) FROM trends WHERE name = '{name}'",
        "SELECT sum(events) FROM trends WHERE name = ''",
    )
    first, second, third = (int(rows(store, sql)[0][0] or 0) for sql in found)
    return first, second, third


def test_an_event_in_two_batches_is_stored_once(ingest: Ingest, store: Engine) -> None:
    ingest.store(store, ingest.batch(*named(1, 2, 3, 2), batch="a"))
    ingest.send(ingest.batch(*named(3, 4, 5), batch="b"), ingest.batch(*named(5, 6), batch="c"))
    with ingest.inserter(store) as inserter:
        assert inserter.settled(20)
        assert inserter.figures()["repeated_rows"] == 2
        assert inserter.figures()["digest_rows"] == 3
    assert counted(store) == (6, 6, 6)
    # nothing but repetitions
    ingest.store(store, ingest.batch(*named(1, 6), batch="d"))
    assert counted(store) == (6, 6, 6)
    ids = sorted(int(id_) for (id_,) in rows(store, "SELECT id FROM events"))
    assert ids == [1, 2, 3, 4, 5, 6]


def test_events_without_ids_and_of_other_apps_are_no_repetitions(ingest: Ingest, store: Engine) -> None:
    ingest.shelf.keys.append("shop")
    other = asyncio.run(ingest.apps.get(OWNER, "w", "shop")).number
    one = ingest.batch(*named(1), event(), event(), batch="a")
    ingest.store(store, one, msgspec.structs.replace(one, app=other, key=b"another"))
    assert counted(store) == (6, 6, 6)
    ingest.store(store, ingest.batch(*named(1), event(), batch="b"))
    assert counted(store) == (7, 7, 7)


def test_errors_in_two_batches_are_stored_and_noted_once(ingest: Ingest, store: Engine) -> None:
    error = {"type": "error", "error": {"type": "E", "message": "m"}}
    first, second = {**error, "id": "e" * 32}, {**error, "id": "f" * 32}
    # an event may have the id of its error
    ingest.store(store, ingest.batch(first, event(id="e" * 32), batch="a"))
    ingest.store(store, ingest.batch(first, second, event(id="e" * 32), batch="b"))
    # without an id, nobody knows: two of a millisecond are two
    at = 1_790_000_000_000
    ingest.store(store, ingest.batch({**error, "at": at}, {**error, "at": at}), ingest.batch({**error, "at": at}))
    assert int(rows(store, "SELECT count() FROM errors")[0][0]) == 5
    assert int(rows(store, "SELECT uniqExact(id) FROM errors")[0][0]) == 5
    assert counted(store) == (1, 1, 1)
    groups = ingest.ground.database.read_now(lambda connection: connection.execute(select(crash_groups)).all())
    assert [group.occurrences for group in groups] == [5]


@pytest.mark.parametrize("behind", [False, True])
def test_a_chunk_that_was_broken_off_keeps_what_is_its_own(ingest: Ingest, store: Engine, behind: bool) -> None:
    """It was inserted, or not, and was not written down as done: by another process, and by the same one."""
    ingest.store(store, ingest.batch(*named(1, 2), batch="a"))
    ingest.send(ingest.batch(*named(2, 3, 3), {"type": "log", "message": "m"}, batch="b"))
    for dies in range(2):
        with ingest.inserter(Faulty(store, dies=dies, behind=behind)) as inserter:
            while not inserter.figures()["digest_failing"]:
                assert not inserter.settled(0.05)
    with ingest.inserter(Faulty(store, dies=0, heals=3, behind=behind)) as inserter:
        assert inserter.settled(20)
        ingest.send(ingest.batch(*named(3, 4), batch="c"))
        assert inserter.settled(20)
    assert counted(store) == (4, 4, 4)
    assert int(rows(store, "SELECT count() FROM logs")[0][0]) == 1


def test_done_is_not_done_when_the_disk_is_full(ingest: Ingest, store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    real, failures = Progress.done, [OSError("database or disk is full")] * 2

    def done(*arguments: Any) -> None:
        if failures:
            raise failures.pop()
        real(*arguments)

    monkeypatch.setattr(Progress, "done", done)
    ingest.store(store, ingest.batch(*named(1, 2), batch="a"))
    ingest.store(store, ingest.batch(*named(2, 3), batch="b"))
    assert failures == [] and counted(store) == (3, 3, 3)


def test_a_spool_that_moves_takes_along_what_is_known(ingest: Ingest, store: Engine) -> None:
    ingest.store(store, ingest.batch(*named(1, 2), batch="a"))
    away = ingest.folder / "away"
    shutil.move(ingest.spool, away)
    shutil.move(away, ingest.spool)
    ingest.store(store, ingest.batch(*named(1, 2), batch="a"), ingest.batch(*named(2, 3), batch="b"))
    assert counted(store) == (3, 3, 3)


def test_an_old_spool_beside_a_newer_store_loses_nothing(ingest: Ingest, store: Engine) -> None:
    """A data folder of yesterday is put back, and the store, elsewhere, is of today."""
    ingest.store(store, ingest.batch(*named(1), batch="a"))
    shutil.copytree(ingest.spool, ingest.folder / "yesterday")
    ingest.store(store, ingest.batch(*named(2), batch="b"))
    shutil.rmtree(ingest.spool)
    shutil.move(ingest.folder / "yesterday", ingest.spool)
    # the chunk has the number of the one before
    ingest.store(store, ingest.batch(*named(3), batch="c"))
    assert counted(store) == (3, 3, 3)


def test_another_store_has_seen_nothing(ingest: Ingest, store: Engine) -> None:
    """It was lost, and what is sent again is wanted: the same batch, and its events in another one."""
    one = ingest.batch(*named(1, 2), batch="a")
    ingest.store(store, one)
    for statement in ("DROP VIEW trends_view", "DROP TABLE events SYNC", "TRUNCATE TABLE trends"):
        store.query(statement)
    for statement in schema.statements():
        store.query(statement)
    ingest.store(store, one, ingest.batch(*named(2, 3), batch="b"))
    ingest.store(store, one, ingest.batch(*named(1, 3), batch="c"))
    assert counted(store) == (3, 3, 3)


def test_a_spool_that_is_removed_while_it_is_read(ingest: Ingest, store: Engine) -> None:
    with ingest.inserter(store) as inserter:
        ingest.send(ingest.batch(*named(1, 2), batch="a"))
        assert inserter.settled(20)
        shutil.rmtree(ingest.spool)
        ingest.send(ingest.batch(*named(2, 3), batch="b"))
        assert inserter.settled(20)
    assert progress_file(ingest.spool).exists()
    # what was known before is known to the next process
    ingest.store(store, ingest.batch(*named(1, 2), batch="a"), ingest.batch(*named(3, 4), batch="d"))
    assert counted(store) == (4, 4, 4)


# what is remembered


def test_as_a_set_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random chunks with faults and restarts in between, beside two plain sets."""
    monkeypatch.setattr("eden.observe.digest.progress._PAGE", 200)
    chance, most = random.Random(11), 300
    older: set[tuple[int, int]] = set()
    newer: set[tuple[int, int]] = set()
    progress = Progress(tmp_path / "progress.db")
    recent = Recent(progress.name.encode(), most)
    for number in range(250):
        records = [(chance.randrange(3), chance.randrange(1_500)) for _ in range(chance.randrange(60))]
        wanted, mine = [], set[tuple[int, int]]()
        for place, record in enumerate(records):
            if record[1] and record in older | newer | mine:
                wanted.append(place)
            elif record[1]:
                mine.add(record)
        progress.begin([Range("s", number, number + 1)], [], 1)
        for _ in range(chance.randrange(1, 3)):
            recent.forget()
            assert recent.late([app for app, _ in records], [id_ for _, id_ in records]) == wanted
            if chance.random() < 0.2:
                # killed: nothing of this chunk was written
                progress.close()
                progress = Progress(tmp_path / "progress.db")
                recent = Recent(progress.name.encode(), most)
                recent.load(progress.recent())
                assert recent.late([app for app, _ in records], [id_ for _, id_ in records]) == wanted
        progress.done(recent.fresh, recent.generation)
        recent.keep()
        newer |= mine
        if len(newer) >= most:
            older, newer = newer, set()
    assert recent.generation > 5
    kept = sum(len(keys) for _, keys in progress.recent()) / 8
    assert kept <= 2 * most + 120
    progress.close()


def test_as_many_as_promised_are_known() -> None:
    recent = Recent(b"x", most=5_000)
    for start in range(0, 50_000, 1_000):
        assert recent.late([1] * 1_000, range(start, start + 1_000)) == []
        recent.keep()
    assert recent.late([1] * 5_000, range(45_000, 50_000)) == list(range(5_000))
    # of long ago: nobody knows
    assert recent.late([1] * 1_000, range(1_000, 2_000)) == []


def test_ids_at_the_ends_of_what_there_is() -> None:
    recent = Recent(b"x")
    ids = [0, 1, 2**63, 2**64 - 1]
    assert recent.late([2**32 - 1] * 4, ids) == []
    recent.keep()
    assert recent.late([2**32 - 1] * 4, ids) == [1, 2, 3]
    assert recent.late([2**33 - 1] * 4, ids) == []
