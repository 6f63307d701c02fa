"""Counting: nothing is lost between a worker's memory, the second's row, its minute and its hour."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from eden.base.database import Database
from eden.base.identity.principal import SYSTEM, Principal
from eden.base.ids import new_id
from eden.base.problems import Problem
from eden.base.tables import workspaces
from eden.base.telemetry import Metrics
from eden.gateway.exchange import Answer, Exchange
from eden.gateway.figures import DAY, HOUR, MINUTE, SECOND, Figures, Tally, decode, merge
from eden.gateway.figures_read import FigureViews
from eden.gateway.histograms import bucket, middle, quantile
from eden.gateway.models import gateway_catalogues, gateway_figures, gateway_traces
from eden.gateway.published import Published
from eden.gateway.traces import MOST, MOST_OF_ONE, TraceLookup, forget, normal
from tests.stores import database, store

__all__ = ["database", "store"]

AT = 1_764_158_400 * SECOND
OPERATION = "eden.bank.account.overview.get"
TRACE = "0af7651916cd43dd8448eb211c80319c"


def a_workspace(database: Database) -> str:
    workspace = new_id()
    row = {"id": workspace, "slug": workspace, "name": "Test", "settings": {}, "created_at": AT}
    database.write_now(lambda connection: connection.execute(insert(workspaces).values(row)))
    return workspace


def a_route(workspace: str, operation: str = OPERATION) -> Any:
    return SimpleNamespace(workspace_id=workspace, operation=operation, version="1")


def an_exchange(workspace: str, operation: str = OPERATION, target: bytes = b"?account=4711&of=today") -> Exchange:
    table: Any = SimpleNamespace(workspace_id=workspace)
    exchange = Exchange(
        table, a_route(workspace, operation), "rpc", operation, b"GET", target, [], "127.0.0.1", TRACE, AT // 1000, 0.0
    )
    exchange.app, exchange.upstream = "shop", "bank/main"
    return exchange


def rows(database: Database, length: int) -> list[Any]:
    def work(connection: Connection) -> list[Any]:
        query = select(gateway_figures).where(gateway_figures.c.length == length).order_by(gateway_figures.c.at)
        return list(connection.execute(query))

    return database.read_now(work)


def test_buckets_are_at_most_a_thirtysecond_wrong() -> None:
    chance = random.Random(5)
    values = [*range(2000), *(chance.randrange(1 << chance.randrange(1, 50)) for _ in range(5000))]
    for value in values:
        assert abs(middle(bucket(value)) - value) <= max(value / 32, 0)
    indices = [bucket(value) for value in range(100_000)]
    assert indices == sorted(indices)
    assert len(set(indices)) < 250


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99, 1.0])
def test_quantiles_are_at_most_a_thirtysecond_wrong(share: float) -> None:
    chance = random.Random(9)
    values = sorted(int(chance.lognormvariate(8, 2)) for _ in range(4000))
    buckets: dict[int, int] = {}
    for value in values:
        buckets[bucket(value)] = buckets.get(bucket(value), 0) + 1
    exact = values[max(0, -int(-share * len(values) // 1) - 1)]
    found = quantile(buckets, share)
    assert found is not None
    assert abs(found - exact) <= exact / 32
    assert quantile({}, share) is None


def test_calls_are_written_once_a_second_and_seen(database: Database) -> None:
    workspace, other = a_workspace(database), a_workspace(database)
    metrics = Metrics()
    one, two = Figures(metrics, "here:1"), Figures(metrics, "here:2")
    for micros in range(1000, 101_000, 1000):
        one.note(a_route(workspace), 1000, 200, micros, micros % 4000 == 0, False)
    two.note(a_route(workspace), 1002, 429, 50, False, True)
    two.note(a_route(workspace), 1000, 503, 50, False, False)
    two.note(a_route(other), 1000, 200, 50, False, False)
    asyncio.run(one.write(database, AT + 1 * SECOND))
    asyncio.run(two.write(database, AT + 1 * SECOND))
    asyncio.run(one.write(database, AT + 2 * SECOND))
    assert [(row.worker, row.at) for row in rows(database, 1)].count(("here:1", AT)) == 1
    assert len(rows(database, 1)) == 3

    views = FigureViews(SimpleNamespace(database=database), lambda: AT + 20 * SECOND)  # type: ignore[arg-type]
    found = asyncio.run(views.operation(SYSTEM, workspace, OPERATION))
    assert (found.total.calls, found.total.limited, found.codes) == (102, 1, {1000: 101, 1002: 1})
    assert found.total.errors == 2 / 102
    assert found.total.cached == 25 / 102
    assert found.total.p50 == pytest.approx(49, rel=0.05)
    assert found.total.p99 == pytest.approx(99, rel=0.05)
    assert sum(step.calls for step in found.steps) == 102
    assert len(found.steps) == 60
    glance = asyncio.run(views.glance(SYSTEM, workspace, [OPERATION, "a.b"]))
    assert glance.keys() == {OPERATION}
    assert glance[OPERATION].rate == 102 / 300
    everything = asyncio.run(views.operation(SYSTEM, workspace, None))
    assert everything.total.calls == 102
    text = metrics.text()[0].decode()
    assert 'eden_gateway_calls_total{code="1000"} 102.0' in text
    assert "eden_gateway_cached_total 25.0" in text
    stranger = Principal("user", "s", "user:s", "s", permissions={})
    with pytest.raises(Problem, match="workspace"):
        asyncio.run(views.operation(stranger, workspace, OPERATION))


def test_what_is_just_being_written_is_not_lost_when_a_worker_ends(database: Database) -> None:
    workspace, figures = a_workspace(database), Figures(Metrics(), "ending:1")

    class Slow:
        def __init__(self) -> None:
            self.begun, self.goes_on = asyncio.Event(), asyncio.Event()

        async def write(self, work: Callable[[Connection], None]) -> None:
            self.begun.set()
            await self.goes_on.wait()
            await database.write(work)

    async def work() -> None:
        slow = Slow()
        figures.note(a_route(workspace), 1000, 200, 50, False, False)
        running = asyncio.create_task(figures.run(slow, lambda: AT + SECOND - 1))  # type: ignore[arg-type]
        await slow.begun.wait()
        figures.note(a_route(workspace), 1000, 200, 50, False, False)
        running.cancel()
        await asyncio.sleep(0)
        slow.goes_on.set()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(work())
    assert sum(decode(row.tally).calls for row in rows(database, 1) if row.workspace_id == workspace) == 2


def test_the_last_minute_is_published(database: Database) -> None:
    workspace, quiet = a_workspace(database), a_workspace(database)
    metrics, figures = Metrics(), Figures(Metrics(), "elsewhere:1")
    published = Published(metrics)

    def text(at: int) -> str:
        published.tell(database.read_now(lambda connection: published.look(connection, at)))
        return metrics.text()[0].decode()

    figures.note(a_route(workspace), 1000, 200, 40_000, True, False)
    figures.note(a_route(workspace, "eden.bank.payment.transfer.create"), 1002, 429, 40_000, False, True)
    figures.note(a_route(quiet), 1000, 200, 10, False, False)
    asyncio.run(figures.write(database, AT + SECOND))
    now = text(AT + 30 * SECOND)
    for name, count in (("calls", 2), ("errors", 1), ("cached", 1), ("limited", 1)):
        assert f'eden_gateway_{name}{{workspace="{workspace}"}} {count}.0' in now
    assert f'eden_gateway_calls{{workspace="{quiet}"}} 1.0' in now
    found = re.search(rf'latency_seconds{{quantile="0.95",workspace="{workspace}"}} (.+)', now)
    assert found is not None
    assert float(found[1]) == pytest.approx(0.04, rel=0.05)

    row = {"workspace_id": workspace, "revision": 1, "document": b"", "summary": {}, "at": AT}
    row |= {"author": "", "author_id": workspace, "note": ""}
    database.write_now(lambda connection: connection.execute(insert(gateway_catalogues).values(row)))
    later = text(AT + 5 * MINUTE)
    assert f'eden_gateway_calls{{workspace="{workspace}"}} 0.0' in later
    assert f'latency_seconds{{quantile="0.5",workspace="{workspace}"}} NaN' in later


def test_merging_loses_nothing_and_ends(database: Database) -> None:
    workspace = a_workspace(database)
    figures = Figures(Metrics(), "here:1")
    chance = random.Random(3)
    expected = Tally()
    for second in range(130):
        for _ in range(3):
            micros = chance.randrange(1, 1_000_000)
            expected.add(Tally(calls=1, micros=micros, codes={1000: 1}, statuses={2: 1}, buckets={bucket(micros): 1}))
            figures.note(a_route(workspace), 1000, 200, micros, False, False)
        asyncio.run(figures.write(database, AT + (second + 1) * SECOND))

    def merged(at: int) -> None:
        while database.write_now(lambda connection: merge(connection, at)):
            pass

    def total() -> Tally:
        sums = Tally()
        for length in (1, 60, 3600):
            for row in rows(database, length):
                sums.add(decode(row.tally))
        return sums

    merged(AT + 15 * MINUTE + 90 * SECOND)
    # the first minute is whole and old enough, the second is not
    assert [row.at for row in rows(database, 60)] == [AT]
    assert len(rows(database, 1)) == 70
    assert total() == expected
    merged(AT + HOUR)
    assert rows(database, 1) == []
    assert [decode(row.tally).calls for row in rows(database, 60)] == [180, 180, 30]
    assert total() == expected
    merged(AT + 3 * DAY)
    assert [(row.at, decode(row.tally)) for row in rows(database, 3600)] == [(AT, expected)]
    merged(AT + 402 * DAY)
    assert total() == Tally()


def test_what_the_database_does_not_take_waits(database: Database) -> None:
    workspace = a_workspace(database)

    class Broken:
        async def write(self, work: Any) -> None:
            raise OSError("the disk is full")

    metrics = Metrics()
    figures = Figures(metrics, "here:1")
    figures.note(a_route(workspace), 1000, 200, 5, False, False)
    # of two calls with a trace one is none of an operation's
    figures.trace(an_exchange(workspace), Answer(502, [], code=4002), 5)
    figures.trace(an_exchange(workspace, ""), Answer(404, [], code=3000), 5)
    asyncio.run(figures.write(Broken(), AT))  # type: ignore[arg-type]
    figures.note(a_route(workspace), 1000, 200, 7, False, False)
    asyncio.run(figures.write(database, AT + SECOND))
    (row,) = rows(database, 1)
    assert decode(row.tally) == Tally(
        calls=2, micros=12, codes={1000: 2}, statuses={2: 2}, buckets={bucket(5): 1, bucket(7): 1}, dropped=1
    )
    assert b"eden_gateway_traces_dropped_total 2.0" in metrics.text()[0]


def test_traces_of_failed_and_slow_calls_are_found_by_id(database: Database) -> None:
    workspace, other = a_workspace(database), a_workspace(database)
    figures = Figures(Metrics(), "here:1", slow_micros=500_000)
    exchange = an_exchange(workspace)
    figures.trace(exchange, Answer(200, []), 499_999)
    figures.trace(exchange, Answer(502, [], code=4002, reason="The service cannot be reached"), 3000)
    figures.trace(exchange, Answer(200, []), 500_000)
    asyncio.run(figures.write(database, AT + SECOND))

    lookup = TraceLookup(SimpleNamespace(database=database))  # type: ignore[arg-type]
    failed, slow = asyncio.run(lookup.find(SYSTEM, workspace, TRACE))
    assert (failed.code, failed.status, failed.reason) == (4002, 502, "The service cannot be reached")
    assert (failed.operation, failed.upstream, failed.attempts, failed.worker) == (OPERATION, "bank/main", 1, "here:1")
    assert (slow.code, slow.micros) == (1000, 500_000)
    # what a caller gave is not kept
    assert failed.parameters == ("account", "of")
    assert asyncio.run(lookup.find(SYSTEM, other, TRACE)) == []
    assert [one.code for one in asyncio.run(lookup.latest(SYSTEM, workspace, OPERATION))] == [1000, 4002]
    assert asyncio.run(lookup.latest(SYSTEM, workspace, "a.b")) == []
    database.write_now(lambda connection: forget(connection, AT + 6 * DAY))
    assert len(asyncio.run(lookup.find(SYSTEM, workspace, TRACE))) == 2
    database.write_now(lambda connection: forget(connection, AT + 8 * DAY))
    assert asyncio.run(lookup.find(SYSTEM, workspace, TRACE)) == []


def test_what_is_no_call_is_found_in_each_workspace_by_its_id_only(database: Database) -> None:
    one, two, other = (a_workspace(database) for _ in range(3))
    figures = Figures(Metrics(), "here:1")
    for number in range(12):
        exchange = an_exchange(one, "")
        exchange.trace = f"{number:032x}"
        figures.trace(exchange, Answer(400, [], code=3002), 0, [one, two])
    asyncio.run(figures.write(database, AT + SECOND))
    lookup = TraceLookup(SimpleNamespace(database=database))  # type: ignore[arg-type]

    def found(workspace: str) -> list[int]:
        return [len(asyncio.run(lookup.find(SYSTEM, workspace, f"{number:032x}"))) for number in range(12)]

    assert found(one) == found(two) == [1] * (MOST_OF_ONE // 2) + [0, 0]
    assert found(other) == [0] * 12
    assert asyncio.run(lookup.latest(SYSTEM, one)) == []


def test_traces_are_bounded_and_what_is_dropped_is_counted(database: Database) -> None:
    workspace = a_workspace(database)
    figures = Figures(Metrics(), "here:1")
    for number in range(8):
        for _ in range(50):
            figures.trace(an_exchange(workspace, f"a.{number}"), Answer(502, [], code=4002), 10)
    asyncio.run(figures.write(database, AT + SECOND))

    def kept(connection: Connection) -> list[str]:
        return list(connection.execute(select(gateway_traces.c.operation)).scalars())

    found = database.read_now(kept)
    assert len(found) == MOST
    assert found.count("a.0") == MOST_OF_ONE
    dropped = {row.operation: decode(row.tally).dropped for row in rows(database, 1)}
    assert sum(dropped.values()) == 400 - MOST
    # the next second has room again
    figures.trace(an_exchange(workspace, "a.7"), Answer(502, [], code=4002), 10)
    asyncio.run(figures.write(database, AT + 2 * SECOND))
    assert len(database.read_now(kept)) == MOST + 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (TRACE, TRACE),
        (f" {TRACE.upper()}\n", TRACE),
        (f"00-{TRACE}-b7ad6b7169203331-01", TRACE),
        ("0af76519", None),
        ("", None),
    ],
)
def test_trace_ids_are_found_in_what_people_paste(text: str, found: str | None) -> None:
    assert normal(text) == found
