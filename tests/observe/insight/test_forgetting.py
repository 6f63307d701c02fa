"""Forgetting people: hidden at once, off the roll-ups, out of the tables, whatever comes in between."""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any
from unittest.mock import MagicMock, PropertyMock

import pytest

from eden.observe import schema
from eden.observe.app_settings import AppSettings
from eden.observe.apps import App
from eden.observe.insight import erasure, hidden, keeper, uncounting
from eden.observe.insight import forgetter as forgetter_module
from eden.observe.insight.answering import Answering
from eden.observe.insight.client import LocalInsight
from eden.observe.insight.engine import Engine, Limits, StoreError
from eden.observe.insight.forgetter import Forgetter
from eden.observe.insight.hidden import Gone
from eden.observe.sql.queries import Queries
from tests.observe.insight.test_store import AT, COUNTABLE, COUNTED, DAY, SEEABLE, SEEN, put, rows, visits

#: received up to then
BEFORE = (AT + 5 * DAY) * 1_000_000


def seen(engine: Engine, sql: str) -> list[list[object]]:
    """What a question finds."""
    found: list[list[object]] = json.loads(engine.read(sql, limits=Limits()))["data"]
    return found


def is_counted(engine: Engine) -> bool:
    """Whether the roll-ups have what questions find in the events, and people were seen when these were."""
    counted = seen(engine, COUNTED)
    return counted == seen(engine, COUNTABLE) and bool(counted) and seen(engine, SEEN) == seen(engine, SEEABLE)


def is_stored(engine: Engine) -> bool:
    """Whether nothing is hidden any more, and the same holds of what is in the tables."""
    return not engine.hidden.gone and rows(engine, COUNTED) == rows(engine, COUNTABLE) and (
        rows(engine, SEEN) == rows(engine, SEEABLE)
    )  # fmt: skip


def crowd(engine: Engine, seed: int, events: int = 400, **same: object) -> None:
    """People who come with and without signing in, on several devices, some on the same; sessions go on. What is the
    `same` of all events comes last."""
    chance = random.Random(seed)
    lines = []
    for _ in range(events):
        device = f"d{chance.randrange(8)}"
        user = chance.choice(["", "", f"u{chance.randrange(6)}"])
        line = {
            "at": AT + chance.randrange(3 * DAY // 100) * 100,
            "person": user or device,
            "device": device,
            "session": f"{device}-{chance.randrange(3)}",
            "name": chance.choice(["$launch", "pay", ""]),
            "version": chance.choice(["1.0", "1.1"]),
            "platform": chance.choice(["ios", ""]),
            **same,
        }
        lines.append({**line, "value": chance.randrange(1000) / 8} if chance.random() < 0.5 else line)
    put(engine, "events", *lines)


def test_a_person_is_gone_from_every_table(store: Engine) -> None:
    visits(store)
    late = {"at": AT + 9 * DAY, "name": "pay", "person": "u3", "device": "d3", "session": "s"}
    put(store, "events", late, {**late, "at": AT, "arrived": AT + 9 * DAY})
    put(store, "errors", {"id": "1", "person": "u3"}, {"id": "2", "person": "u4", "device": "u3"}, {"id": "3"})
    for table in ("logs", "spans", "metrics", "documents"):
        put(store, table, {"person": "u3"}, {"device": "u3"}, {"person": "u4"})
    store.insert("people", b'{"app":1,"at":1790000000,"key":"u3"}\n{"app":1,"at":1790000000,"key":"u4"}')
    store.insert(
        "people",
        b'{"app":2,"at":1790000000,"key":"u3"}\n'
        b'{"app":1,"at":1790000000,"kind":"alias","key":"a","props":{"person":"u3"}}',
    )
    others = rows(store, "SELECT * FROM events WHERE person != 'u3' ORDER BY id, at, name")
    erasure.erase(store, 1, "u3", BEFORE)
    for find in (seen, rows):
        assert find(store, "SELECT * FROM events WHERE person != 'u3' ORDER BY id, at, name") == others
        # what came later is somebody new
        assert find(store, "SELECT count() FROM events WHERE person = 'u3'") == [[2]]
        for table in ("errors", "logs", "spans", "metrics", "documents"):
            assert find(store, f"SELECT count() FROM {table}") == [[1]], table
        assert find(store, "SELECT app, key FROM people ORDER BY app") == [[1, "u4"], [2, "u3"]]
        assert find(store, "SELECT app, key FROM people FINAL ORDER BY app") == [[1, "u4"], [2, "u3"]]
        assert is_counted(store)
        # hidden by then, deleted afterwards
        erasure.take_out(store)
    assert store.hidden.gone == () and rows(store, "SELECT count() FROM forgotten") == [[0]]
    # by a device, and once more
    for _ in range(2):
        erasure.erase(store, 1, "d2", BEFORE)
        assert seen(store, "SELECT count() FROM events WHERE device = 'd2'") == [[0]]
        assert is_counted(store)


@pytest.mark.parametrize(
    "ask",
    [
        "SELECT count() FROM events WHERE person = 'u3'",
        "WITH e AS (SELECT * FROM events) SELECT count() FROM e AS x WHERE x.person = 'u3'",
        "SELECT count() FROM numbers(1) WHERE 'u3' IN (SELECT person FROM events)",
        "SELECT count() FROM events AS a JOIN events AS b ON a.id = b.id WHERE a.person = 'u3' AND b.at = a.at",
        "SELECT countIf(person = 'u3') FROM (SELECT person FROM events UNION ALL SELECT person FROM events)",
        "SELECT countIf(events.person = 'u3') FROM events PREWHERE device = 'd3'",
        "SELECT sum(has(people, 'u3')) FROM (SELECT groupUniqArray(person) AS people FROM events)",
    ],
)
def test_no_question_sees_who_is_hidden(store: Engine, ask: str) -> None:
    visits(store)
    assert seen(store, ask) != [[0]]
    for settings in ({}, {hidden.FILTERS: schema.only(1, 2)}):
        store.hidden.note(store, Gone(1, "u3", BEFORE // 1000))
        assert json.loads(store.read(ask, limits=Limits(), settings=settings))["data"] == [[0]]
        store.hidden.remove(store, store.hidden.gone)
    assert seen(store, ask) != [[0]]


def test_peoples_sql_and_files_do_not_see_who_is_hidden(store: Engine) -> None:
    visits(store)
    erasure.erase(store, 1, "u3", BEFORE)
    insight = LocalInsight(Answering(store))
    queries = Queries(insight)
    bank = App(1, "w", "bank", AppSettings(), 1)

    async def ask(text: str) -> list[list[Any]]:
        checked = await queries.check(text, [bank], {}, now=AT * 1_000_000)
        return (await queries.ask(checked)).rows

    assert asyncio.run(ask("SELECT countIf(person = 'u3'), count() > 0 FROM events")) == [[0, 1]]
    # a join of tables that are both filtered
    joined = "SELECT count() FROM events AS a JOIN (SELECT DISTINCT person FROM events) AS b ON a.person = b.person"
    assert asyncio.run(ask(f"{joined} WHERE b.person = 'u3'")) == [[0]]
    file = asyncio.run(insight.fetch("SELECT person FROM events", form="CSV", app=1))
    assert b"u4" in file and b"u3" not in file


@pytest.mark.parametrize(
    "name", ["it's", 'a"b', "a\\b", "a`b", "'); DROP TABLE events; --", "用户", "a{b}:c", "\n\t\x01"]
)
def test_any_name_can_be_forgotten(store: Engine, name: str) -> None:
    put(store, "events", {"person": name}, {"person": "other"}, {"device": name})
    erasure.erase(store, 1, name, BEFORE)
    assert seen(store, "SELECT person FROM events") == [["other"]]
    assert erasure.take_out(store) == 1
    assert rows(store, "SELECT person FROM events") == [["other"]]


@pytest.mark.parametrize("seed", range(3))
def test_rollups_are_what_is_left_in_random_worlds(store: Engine, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    anew: list[Gone] = []
    count_anew = erasure._count_anew

    def counting_anew(engine: Engine, gone: Gone) -> None:
        anew.append(gone)
        count_anew(engine, gone)

    monkeypatch.setattr(erasure, "_count_anew", counting_anew)
    for part in range(3):
        crowd(store, seed * 10 + part, 150)
    names = [f"u{number}" for number in range(6)] + [f"d{number}" for number in range(8)]
    for name in chance.sample(names, 5):
        before = len(anew)
        overlaps = bool(rows(store, f"SELECT 1 FROM events WHERE {Gone(1, name, BEFORE // 1000).condition('events')}"
                                    f" AND ({store.hidden.rows('events')}) LIMIT 1"))  # fmt: skip
        erasure.erase(store, 1, name, BEFORE)
        assert is_counted(store), name
        # counting anew is for those whose events are off already; all others cost what they did, not what all did
        assert (len(anew) > before) == overlaps
        if chance.random() < 0.4:
            erasure.take_out(store)
            assert is_counted(store), name
        if chance.random() < 0.4:
            # who comes again is somebody new
            crowd(store, chance.randrange(1 << 30), 20, arrived=AT + 9 * DAY)
            assert is_counted(store), name
    erasure.take_out(store)
    assert is_counted(store) and is_stored(store)


def test_sessions_that_go_on_without_the_person_stay_counted(store: Engine) -> None:
    put(
        store,
        "events",
        {"name": "a", "person": "d1", "device": "d1", "session": "s"},
        {"name": "a", "person": "u1", "device": "d1", "session": "s"},
        {"name": "a", "person": "u1", "device": "d1", "session": "t"},
        # signed in on a server, which knows no device
        {"name": "b", "person": "u2", "session": "s"},
    )
    erasure.erase(store, 1, "u1", BEFORE)
    assert seen(store, "SELECT sum(events), uniqMerge(persons), uniqMerge(sessions) FROM trends WHERE name = ''") == [
        [2, 2, 1]
    ]
    assert is_counted(store)


def test_what_is_left_tells_when_people_were_seen(store: Engine) -> None:
    put(
        store,
        "events",
        {"person": "u1", "device": "d1", "at": AT},
        {"person": "u1", "device": "d2", "at": AT + 0.123},
        {"person": "u1", "device": "d1", "at": AT + 9},
        {"person": "u2", "device": "d1", "at": AT},
        {"person": "u3", "device": "d3", "at": AT},
        {"app": 2, "person": "u2", "device": "d1", "at": AT},
    )
    asked = "SELECT app, person, toUnixTimestamp64Milli(min(first)) - {0}, toUnixTimestamp64Milli(max(last)) - {0}"
    asked = asked.format(AT * 1000) + " FROM seen GROUP BY ALL ORDER BY ALL"
    before = [[1, "u1", 0, 9000], [1, "u2", 0, 0], [1, "u3", 0, 0], [2, "u2", 0, 0]]
    milliseconds = {"output_format_json_quote_64bit_integers": 0}
    assert json.loads(store.query(asked, settings=milliseconds))["data"] == before
    erasure.erase(store, 1, "d1", BEFORE)
    left = [[1, "u1", 123, 123], *before[2:]]
    assert json.loads(store.query(asked, settings=milliseconds))["data"] == left
    put(store, "events", {"person": "u2", "device": "d1", "at": AT + 5, "arrived": AT + 9 * DAY})
    for _ in range(2):
        assert json.loads(store.query(asked, settings=milliseconds))["data"] == [
            left[0], [1, "u2", 5000, 5000], *left[1:]
        ]  # fmt: skip
        erasure.take_out(store)


def test_many_people_in_one_slot(store: Engine) -> None:
    """States that are thinned, and more elements than a byte of length can say."""
    store.query(
        "INSERT INTO events (app, at, name, person, device) SELECT 1, toDateTime64({at:UInt32}, 3, 'UTC'), 'e',"
        " concat('p', toString(number)), concat('d', toString(number)) FROM numbers(200000)",
        {"at": AT},
    )
    asked = "SELECT sum(events), uniqMerge(persons) FROM trends WHERE name = 'e'"
    [[_, before]] = seen(store, asked)
    for number in range(3):
        erasure.erase(store, 1, f"p{number}", BEFORE)
    [[events, after]] = seen(store, asked)
    assert events == 200_000 - 3
    # every 2^thinned one of them is in the state
    assert isinstance(before, int) and isinstance(after, int) and 0 <= before - after < 30
    assert [[after]] == seen(store, "SELECT uniq(person) FROM events")


def test_numbers_that_cannot_be_subtracted_are_counted_anew(store: Engine) -> None:
    put(store, "events", *({"name": "e", "person": f"u{n}", "value": 1.7e308} for n in range(4)))
    put(store, "events", {"name": "e", "person": "u9", "value": 3})
    for number in range(4):
        erasure.erase(store, 1, f"u{number}", BEFORE)
    assert seen(store, "SELECT sum(events), sum(measured), sum(total) FROM trends WHERE name = 'e'") == [[1, 1, 3]]


# what comes in between


class Killed(Exception):
    """The process was."""


def _killing(engine: Engine, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Ends with the step number `after` of those that change something."""
    steps = 0

    def counting(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal steps
            changes = real.__name__ == "load" or arguments[0].lstrip().startswith(("INSERT", "DELETE"))
            if changes and steps == after:
                raise Killed
            steps += changes
            return real(*arguments, **options)

        return call

    monkeypatch.setattr(engine, "query", counting(engine.query))
    monkeypatch.setattr(engine, "load", counting(engine.load))


@pytest.mark.parametrize("after", range(11))
def test_a_process_that_is_killed_leaves_nothing_wrong(
    store: Engine, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(store, 1)
    # of several people, who have other devices, too
    put(store, "logs", {"device": "d1"})
    ended = False
    with monkeypatch.context() as patch:
        _killing(store, patch, after)
        try:
            erasure.erase(store, 1, "d1", BEFORE)
            erasure.take_out(store)
            ended = True
        except Killed:
            pass
    # the next process
    store.hidden.load(store)
    if not ended:
        erasure.erase(store, 1, "d1", BEFORE)
        assert is_counted(store)
        erasure.take_out(store)
    assert store.hidden.gone == ()
    assert rows(store, "SELECT count() FROM events WHERE 'd1' IN (person, device)") == [[0]]
    assert rows(store, "SELECT count() FROM logs") == [[0]]
    assert is_stored(store)
    # that many steps there are, and no more
    assert ended == (after >= 10)


def test_the_next_process_finishes_without_being_asked(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd(store, 2)
    with monkeypatch.context() as patch:
        # the roll-ups are without the rows, and the new ones are not there
        _killing(store, patch, 2)
        with pytest.raises(Killed):
            erasure.erase(store, 1, "u1", BEFORE)
    assert not is_counted(store)
    store.hidden.load(store)
    assert erasure.take_out(store) == 1
    assert is_stored(store)


def test_rows_that_come_late_are_forgotten_too(store: Engine) -> None:
    """Of a chunk that was digested before, and is inserted after."""
    crowd(store, 3)
    late = {"name": "pay", "person": "u1", "device": "d1", "session": "late"}
    erasure.erase(store, 1, "u1", BEFORE)
    put(store, "events", late)
    # the inserter asks again
    erasure.erase(store, 1, "u1", BEFORE)
    assert is_counted(store)
    put(store, "events", late)
    # it was killed before it could
    erasure.take_out(store)
    assert is_counted(store) and is_stored(store)
    put(store, "events", late)
    erasure.erase(store, 1, "u1", BEFORE)
    assert is_counted(store)


def test_rows_that_come_while_parts_are_changed_stay_hidden(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd(store, 4)
    erasure.erase(store, 1, "u1", BEFORE)
    wait = erasure._wait_for_changes

    def waiting(engine: Engine, seconds: float) -> None:
        wait(engine, seconds)
        put(engine, "events", {"name": "pay", "person": "u1"})
        put(engine, "logs", {"person": "u1"})

    with monkeypatch.context() as patch:
        patch.setattr(erasure, "_wait_for_changes", waiting)
        assert erasure.take_out(store) == 0
    assert seen(store, "SELECT count() FROM events WHERE person = 'u1'") == [[0]]
    assert seen(store, "SELECT count() FROM logs") == [[0]]
    assert erasure.take_out(store) == 1
    assert is_stored(store)


def test_nothing_is_written_for_somebody_unknown(store: Engine) -> None:
    visits(store)
    erasure.erase(store, 1, "nobody", BEFORE)
    erasure.erase(store, 2, "u3", BEFORE)
    assert store.hidden.gone == () and rows(store, "SELECT count() FROM forgotten") == [[0]]


def test_a_change_that_fails_is_told(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "_MASK_SECONDS", 0.0)
    monkeypatch.setattr(erasure, "_rows", lambda *_: [["events", "no space left on device"]])
    with pytest.raises(StoreError, match="Rows of events could not be deleted: no space"):
        erasure._wait_for_changes(store, 0.0)


def test_deletions_do_not_wait_for_their_turn(store: Engine) -> None:
    """The engine may look for them a second later."""
    if store.kind != "embedded":
        return
    crowd(store, 1)
    store.query("SYSTEM STOP MERGES trends")
    erasure.erase(store, 1, "u1", BEFORE)
    assert not rows(store, "SELECT 1 FROM system.mutations WHERE NOT is_done AND database = currentDatabase()")
    assert is_counted(store)


def test_as_many_rows_come_late_as_were_taken_out(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their number tells nothing of them."""
    one = {"name": "pay", "person": "u1", "device": "d1", "session": "s"}
    put(store, "events", one, {**one, "person": "u2", "device": "d2"})
    erasure.erase(store, 1, "u1", BEFORE)
    wait = erasure._wait_for_changes
    waits: list[float] = []

    def waiting(engine: Engine, seconds: float) -> None:
        wait(engine, seconds)
        waits.append(seconds)
        if len(waits) == 2:
            put(engine, "events", one)

    monkeypatch.setattr(erasure, "_wait_for_changes", waiting)
    assert erasure.take_out(store) == 0
    assert erasure.take_out(store) == 1
    assert is_stored(store) and rows(store, "SELECT person FROM events") == [["u2"]]


@pytest.mark.parametrize("steps", range(6))
def test_two_kills_in_the_midst_of_deleting_and_counting_anew(
    store: Engine, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first process was deleting the rows, and the engine goes on with that. The second one counts anew, since rows
    came late. The third one has to know what that was."""
    crowd(store, 5)
    # some do things on other devices as well
    erasure.erase(store, 1, "d1", BEFORE)
    # on the embedded engine deletions are made where merges are
    store.query("SYSTEM STOP MERGES events")
    wait = erasure._wait_for_changes
    with monkeypatch.context() as patch:
        waits: list[float] = []

        def dying(engine: Engine, seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 2:
                raise Killed

        patch.setattr(erasure, "_wait_for_changes", dying)
        with pytest.raises(Killed):
            erasure.take_out(store)
    assert erasure._changes(store)
    put(store, "events", {"name": "pay", "person": "u1", "device": "d1", "session": "late"})
    store.hidden.load(store)
    with monkeypatch.context() as patch:

        def waiting(engine: Engine, seconds: float) -> None:
            engine.query("SYSTEM START MERGES events")
            wait(engine, seconds)

        patch.setattr(erasure, "_wait_for_changes", waiting)
        _killing(store, patch, steps)
        with suppress(Killed):
            erasure.erase(store, 1, "d1", BEFORE)
    store.query("SYSTEM START MERGES events")
    wait(store, 60.0)
    store.hidden.load(store)
    erasure.take_out(store)
    assert is_stored(store)


# on the disk


def test_the_forgotten_leaves_the_disk(store: Engine) -> None:
    visits(store)
    erasure.erase(store, 1, "u3", BEFORE)
    erasure.take_out(store)
    marked = "SELECT count() > 0 FROM system.parts WHERE active AND database = currentDatabase()"
    marked += " AND has_lightweight_delete"
    assert rows(store, marked) == [[1]]
    assert keeper.scrub(store) >= 2
    assert rows(store, marked) == [[0]]
    assert keeper.scrub(store) == 0
    assert rows(store, "SELECT count() FROM events WHERE person = 'u3'") == [[0]]


def test_the_forgotten_leaves_the_disk_within_a_day(store: Engine) -> None:
    """Behind the deletion a round writes parts anew, and the engine keeps the old ones a while."""
    sql = "SELECT toFloat64(value) FROM system.merge_tree_settings WHERE name = 'old_parts_lifetime'"
    [[kept]] = json.loads(store.query(sql))["data"]
    rounds = keeper._FIRST_SECONDS + keeper._SECONDS
    assert forgetter_module._GATHER_SECONDS * forgetter_module._MOST_TIMES + rounds + kept < 12 * 3600


# the worker


@pytest.fixture
def forgetter(store: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forgetter]:
    monkeypatch.setattr("eden.observe.insight.forgetter._GATHER_SECONDS", 0.0)
    monkeypatch.setattr("eden.observe.insight.forgetter._AGAIN_SECONDS", 0.01)
    made = Forgetter(store)
    yield made
    made.stop()


def test_the_worker_takes_out_who_is_forgotten(
    store: Engine, forgetter: Forgetter, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()
    failures: Sequence[Exception] = [StoreError(0, "No space left."), ValueError("a bug")]
    left = list(failures)
    take_out = erasure.take_out

    def failing(engine: Engine) -> int:
        if left:
            raise left.pop()
        taken = take_out(engine)
        if not engine.hidden.gone:
            done.set()
        return taken

    monkeypatch.setattr("eden.observe.insight.forgetter.take_out", failing)
    visits(store)
    erasure.erase(store, 1, "u3", BEFORE)
    assert forgetter.figures() == {"forgetting": 1.0, "forgetting_failing": 0.0}
    forgetter.start()
    assert done.wait(30) and not left
    assert rows(store, "SELECT count() FROM events WHERE person = 'u3'") == [[0]]
    forgetter.stop()
    assert forgetter.figures() == {"forgetting": 0.0, "forgetting_failing": 0.0}


def test_people_are_taken_out_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eden.observe.insight.forgetter._GATHER_SECONDS", 0.0)
    looks = [(), (one := Gone(1, "a", 5),), (one,), (one, Gone(1, "b", 6)), (one,), (one,)]
    hidden = MagicMock(wait=lambda seconds: True)
    gone = type(hidden).gone = PropertyMock(side_effect=looks)
    taken: list[int] = []
    made = Forgetter(MagicMock(hidden=hidden))

    def take(engine: object) -> int:
        taken.append(gone.call_count)
        made._end.set()
        return 1

    monkeypatch.setattr("eden.observe.insight.forgetter.take_out", take)
    made.start()
    made._thread.join(30)
    assert taken == [6]


# on a cluster


class Recorded:
    """An engine of a cluster that only writes down."""

    def __init__(self) -> None:
        self.cluster = "prod"
        self.said: list[tuple[str, Mapping[str, Any]]] = []
        self.hidden = hidden.Hidden()

    def query(
        self, sql: str, parameters: object = None, *, settings: Mapping[str, Any] | None = None, form: str = ""
    ) -> bytes:
        self.said.append((sql, settings or {}))
        return b'{"data":[]}'


def test_on_a_cluster_rows_go_on_all_machines() -> None:
    engine: Any = Recorded()
    erasure._delete(engine, "events", "x = 1", {}, hidden.SYNC)
    engine.hidden.remove(engine, [Gone(1, "u", 5)])
    erasure._wait_for_changes(engine, 0.0)
    deleted, forgotten, _, waited = [sql for sql, _ in engine.said]
    assert deleted == "DELETE FROM events_local ON CLUSTER 'prod' WHERE x = 1"
    assert forgotten.startswith("DELETE FROM forgotten_local ON CLUSTER 'prod' WHERE")
    assert "FROM clusterAllReplicas('prod', system.mutations)" in waited


def test_on_a_cluster_conditions_hold_for_the_tables_of_each_machine() -> None:
    made = hidden.Hidden()
    made._gone = (Gone(1, "u", 5),)
    settings = made.filtered({hidden.FILTERS: schema.only(1), "max_threads": 2}, "prod", "eden")
    assert settings["max_threads"] == 2
    # sessions of other machines may be of another database
    for table in ("events", "events_local", "people_local", "trends_local", "eden.events_local", "eden.people_local"):
        assert f"'{table}':'(app IN (1))" in settings[hidden.FILTERS]
    assert "_local" not in made.filtered({})[hidden.FILTERS]
    assert hidden.Hidden().filtered({"max_threads": 2}, "prod") == {"max_threads": 2}


def test_lengths_are_written_as_they_are_read() -> None:
    for number in (0, 1, 127, 128, 300, 2**14, 2**21 + 5):
        assert uncounting._Reader(uncounting._length(number))._length() == number
