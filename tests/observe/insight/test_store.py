"""A store over time: steps, retention, order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import pytest

from eden.base.errors import EdenError
from eden.observe import schema
from eden.observe.app_settings import RETENTION, AppSettings
from eden.observe.insight import keeper, steps
from eden.observe.insight.embedded import Embedded
from eden.observe.insight.engine import Engine
from eden.observe.insight.status import Status, look

NOW = datetime(2026, 9, 25, tzinfo=UTC)
DAY = 86_400
AT = 1_790_000_000  # 21 September 2026, 14:13:20


def rows(engine: Engine, sql: str) -> list[list[object]]:
    found: list[list[object]] = json.loads(engine.query(sql))["data"]
    return found


def put(engine: Engine, table: str, *events: Mapping[str, object]) -> None:
    lines = [json.dumps({"app": 1, "at": AT, **event}) for event in events]
    engine.insert(table, "\n".join(lines).encode())


# steps


def test_steps_are_taken_once(store: Engine) -> None:
    taken: list[int] = []

    def step(number: int) -> Iterator[str]:
        taken.append(number)
        yield f"CREATE TABLE IF NOT EXISTS extra_{number} (a UInt8) ENGINE = MergeTree ORDER BY a"

    two = {1: lambda _: step(1), 2: lambda _: step(2)}
    assert steps.upgrade(store, two) == 2 and steps.upgrade(store, two) == 0
    assert steps.upgrade(store, {**two, 3: lambda _: step(3)}) == 1
    assert taken == [1, 2, 3] and steps.current(store) == 3


def test_an_interrupted_step_is_taken_again(store: Engine) -> None:
    def broken(_: str) -> Iterator[str]:
        yield "CREATE TABLE IF NOT EXISTS extra (a UInt8) ENGINE = MergeTree ORDER BY a"
        yield "no SQL"

    with pytest.raises(EdenError):
        steps.upgrade(store, {1: broken})
    assert steps.current(store) == 0
    assert steps.upgrade(store) == 1 and steps.current(store) == max(steps.STEPS)


def test_a_newer_store_is_refused(store: Engine) -> None:
    steps.upgrade(store)
    store.insert("schema_steps", b'{"step": 99}')
    with pytest.raises(EdenError, match="at step 99") as caught:
        steps.upgrade(store)
    assert caught.value.code == "newer-store"


def test_a_store_from_before_the_first_step_is_refused(store: Engine) -> None:
    steps.upgrade(store, {1: lambda _: iter(())})
    with pytest.raises(EdenError, match="before the first release") as caught:
        steps.upgrade(store, {2: lambda _: iter(())})
    assert caught.value.code == "old-store"
    assert steps.current(store) == 1


def test_statements_of_a_cluster() -> None:
    made = list(schema.statements("prod"))
    for name, table in schema.TABLES.items():
        [local] = [sql for sql in made if f" {name}_local ON CLUSTER 'prod' (" in sql]
        assert f"Replicated{table.engine.partition('(')[0]}('/clickhouse/tables/{{shard}}/" in local
        [spread] = [sql for sql in made if f" {name} ON CLUSTER 'prod' AS {name}_local" in sql]
        assert f"Distributed('prod', currentDatabase(), '{name}_local'" in spread
    for view, sql in zip(("trends", "seen"), made[-2:], strict=True):
        assert f"TO {view}_local" in sql and "FROM events_local" in sql
    # what one person did is on one machine, and so is when
    [seen] = [sql for sql in made if "AS seen_local" in sql]
    assert "cityHash64(person)" in seen
    assert all("ON CLUSTER 'prod'" in sql for sql in made)


# roll-ups

COUNTED = """SELECT name, slot, version, sum(events), uniqMerge(persons), uniqMerge(sessions), sum(measured),
    round(sum(total), 6) FROM trends GROUP BY ALL ORDER BY ALL"""
COUNTABLE = """SELECT arrayJoin(arrayDistinct([toString(name), ''])) AS n, toStartOfFifteenMinutes(at) AS slot, version,
    count(), uniq(person), if(n = '', uniq(session), 0), count(value), round(sum(ifNull(value, 0)), 6)
    FROM events GROUP BY ALL ORDER BY ALL"""
SEEN = "SELECT app, person, min(first), max(last) FROM seen GROUP BY ALL ORDER BY ALL"
SEEABLE = "SELECT app, person, min(at), max(at) FROM events WHERE person != '' GROUP BY ALL ORDER BY ALL"
PARTS = "FROM system.parts WHERE active AND database = currentDatabase()"


def visits(engine: Engine) -> None:
    for batch in range(3):
        put(
            engine,
            "events",
            *(
                {
                    "at": AT + 700 * number + batch,
                    "name": ("$launch", "pay")[number % 2],
                    "person": f"u{number % 7}",
                    "device": f"d{number % 5}",
                    "session": f"s{number % 11}",
                    "version": f"1.{number % 3}",
                    "platform": "ios",
                    **({"value": number / 4} if number % 3 else {}),
                }
                for number in range(60)
            ),
        )


def test_rollups_are_what_the_events_are(store: Engine) -> None:
    visits(store)
    assert rows(store, COUNTED) == rows(store, COUNTABLE)
    put(store, "events", {"name": "e", "device": "d"}, {"app": 2, "name": "e", "person": "u3", "at": AT + 0.123})
    assert rows(store, SEEN) == rows(store, SEEABLE) and len(rows(store, SEEN)) == 8


# retention


def test_who_comes_back_is_known_since_the_first_time(store: Engine) -> None:
    long_ago, now = NOW.timestamp() - 500 * DAY, NOW.timestamp()
    put(store, "events", *({"app": app, "person": one, "at": long_ago} for app in (1, 2) for one in ("back", "gone")))
    for at in (long_ago - DAY, now):
        # in another part
        put(store, "events", {"person": "back", "at": at})
    apps = {1: AppSettings(), 2: AppSettings(retention={"events": 600})}
    assert keeper.retain(store, apps, NOW) > 0
    kept = "SELECT app, person, toUnixTimestamp(min(first)), toUnixTimestamp(max(last)) FROM seen"
    assert rows(store, f"{kept} GROUP BY ALL ORDER BY ALL") == [
        [1, "back", long_ago - DAY, now], [2, "back", long_ago, long_ago], [2, "gone", long_ago, long_ago]
    ]  # fmt: skip
    assert rows(store, "SELECT app, person FROM events ORDER BY ALL") == [[1, "back"], [2, "back"], [2, "gone"]]
    assert keeper.retain(store, apps, NOW) == 0


def test_each_app_keeps_what_it_wants(store: Engine) -> None:
    for app in (1, 2):
        for days in (1, 20, 40, 100, 500):
            row = {"app": app, "at": NOW.timestamp() - days * DAY, "person": "p", "session": "s"}
            put(store, "events", {**row, "name": "e"})
            put(store, "errors", row)
            put(store, "logs", row)
    store.insert("quarantine", b'{"app":1,"received":1780000000}\n{"app":1,"received":1790000000}')
    apps = {1: AppSettings(), 2: AppSettings(retention={"events": 30, "logs": 200})}
    assert keeper.retain(store, apps, NOW) > 0
    kept = "SELECT app, dateDiff('day', at, toDateTime64('2026-09-25 00:00:00', 3, 'UTC')) FROM {} ORDER BY ALL"
    assert rows(store, kept.format("events")) == [[1, 1], [1, 20], [1, 40], [1, 100], [2, 1], [2, 20]]
    assert rows(store, kept.format("errors")) == [[app, days] for app in (1, 2) for days in (1, 20, 40)]
    assert rows(store, kept.format("logs")) == [[1, 1], [1, 20], [2, 1], [2, 20], [2, 40], [2, 100]]
    assert rows(store, "SELECT count() FROM quarantine") == [[1]]
    assert rows(store, COUNTED) == rows(store, COUNTABLE)
    assert keeper.retain(store, apps, NOW) == 0
    # nobody keeps what is older than 400 days
    oldest = f"SELECT min(partition_id) {PARTS} AND table = 'events'"
    assert rows(store, oldest) == [["202606"]]


def test_every_kind_is_kept_for_as_long_as_it_says(store: Engine) -> None:
    """By default, and where an app says something else of all of them."""
    apps = {1: AppSettings(), 2: AppSettings(retention=dict.fromkeys(RETENTION, 10))}
    kept = {1: RETENTION, 2: dict.fromkeys(RETENTION, 10)}
    for app, days in kept.items():
        for table in RETENTION:
            moments = [NOW.timestamp() - (days[table] + more) * DAY for more in (-0.5, 0.5)]
            lines = [{"app": app, schema.TABLES[table].moment: moment} for moment in moments]
            store.insert(table, "\n".join(map(json.dumps, lines)).encode())
    keeper.retain(store, apps, NOW)
    for table in RETENTION:
        moment = schema.TABLES[table].moment
        ages = f"SELECT app, toUnixTimestamp({moment}) FROM {table} ORDER BY app"
        assert rows(store, ages) == [
            [app, int(NOW.timestamp() - (days[table] - 0.5) * DAY)] for app, days in kept.items()
        ]
    assert set(RETENTION) == set(schema.NAMES) - {"people"}


def test_months_that_are_over_are_merged(store: Engine) -> None:
    store.query("SYSTEM STOP MERGES events")
    for at in (AT, AT, AT - 90 * DAY, AT - 90 * DAY):
        put(store, "events", {"at": at})
    store.query("SYSTEM START MERGES events")
    # this month is not over
    assert keeper.settle_months(store, datetime(2026, 7, 25, tzinfo=UTC)) == 0
    keeper.settle_months(store, datetime(2026, 9, 25, tzinfo=UTC))
    parts = f"SELECT count() {PARTS} AND partition_id = '202606' AND table = 'events'"
    assert rows(store, parts) == [[1]]
    assert keeper.settle_months(store, datetime(2026, 9, 25, tzinfo=UTC)) == 0


def test_the_engine_takes_no_more_than_it_may(store: Engine) -> None:
    """By itself it would take most of the machine."""
    if isinstance(store, Embedded):
        cap = "SELECT toUInt32(value) FROM system.server_settings WHERE name = 'max_server_memory_usage'"
        assert rows(store, cap) == [[900_000_000]]


def test_status(store: Engine) -> None:
    visits(store)
    found = look(store, [], cap=5)
    status = json.loads(found)
    assert status["engine"] == store.kind and status["version"].count(".") >= 2
    assert status["tables"]["events"]["rows"] == 180 and status["tables"]["events"]["bytes"] > 0
    assert Status.__struct_fields__ == tuple(status)
