"""The demo's dashboard and alerts are what the API takes, and about what the made-up people do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from eden.demo.board import put_up
from eden.demo.generated import DAY, Crowd, Shipped
from eden.demo.service import visit_seconds
from eden.observe.api_alerts import NewAlert
from eden.observe.api_dashboards import NewDashboard, NewQuestion
from eden.observe.questions.interfaces import Funnel


class Kept:
    """A client whose server keeps what it is sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []

    async def post(self, path: str, body: Any) -> Any:
        self.sent.append((path, body))
        return {"id": f"made-{len(self.sent)}"}


@pytest.fixture(scope="module")
def sent() -> list[tuple[str, Any]]:
    client = Kept()
    asyncio.run(put_up(client, "bank"))  # type: ignore[arg-type]
    return client.sent


def of_kind(sent: list[tuple[str, Any]], kind: str, form: Any) -> list[Any]:
    found = [msgspec.convert(body, form) for path, body in sent if path.endswith(f"/{kind}")]
    assert found
    return found


def test_everything_is_on_the_dashboard(sent: list[tuple[str, Any]]) -> None:
    questions = of_kind(sent, "questions", NewQuestion)
    [board] = of_kind(sent, "dashboards", NewDashboard)
    assert [tile.question for tile in board.tiles] == [f"made-{number}" for number in range(1, len(questions) + 1)]
    alerts = of_kind(sent, "alerts", NewAlert)
    # read in both languages
    assert all(" · " in one.name and not one.name.isascii() for one in (*questions, board, *alerts))


def test_it_asks_for_what_there_is(sent: list[tuple[str, Any]]) -> None:
    until = 1_790_000_000_000
    shipped = [Shipped("1.0.0", 10_000, "first", until - 40 * DAY)]
    records = [msgspec.json.decode(line) for visit in Crowd(60).month(until, shipped) for line in visit.splitlines()]
    there = {record["name"] for record in records if record.get("type") == "event"}
    asked = {name for _, body in sent for name in names(body)}
    assert asked and asked <= there
    [funnel] = [one.question for one in of_kind(sent, "questions", NewQuestion) if isinstance(one.question, Funnel)]
    assert len(funnel.steps) == 5


def names(value: Any) -> Iterator[str]:
    """Of events that are asked for, wherever they stand."""
    if isinstance(value, dict):
        yield from value.get("names", ())
        for inner in value.values():
            yield from names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from names(inner)


def test_visits_become_rarer() -> None:
    def visits(seconds: float) -> int:
        at, count = 0.0, 0
        while at < seconds:
            at += visit_seconds(at)
            count += 1
        return count

    assert visit_seconds(0) == 2
    # one day of the month has about 170
    assert 100 < visits(3600) < 300
    assert visits(7 * 86_400) - visits(6 * 86_400) == 86_400 / 60
