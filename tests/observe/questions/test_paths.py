"""Which nodes and links of paths are shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from eden.observe.insight.engine import Engine
from eden.observe.questions import sql_paths
from eden.observe.questions.interfaces import Events, Paths, Period
from eden.observe.questions.results import OTHER
from eden.observe.questions.sql_paths import _result
from tests.observe.questions.comparing import run

#: step from 1, node, next, ways
ROWS = [
    [1, "home", "list", 90],
    [1, "home", "item", 9],
    [1, "home", "", 1],
    [2, "list", "", 90],
    [2, "item", "cart", 9],
    [3, "cart", "", 9],
]


def test_links_below_the_share_are_left_out() -> None:
    found = _result(Paths(share=0.1), ROWS)
    assert found.total == 100
    assert [(one.source, one.target, one.count) for one in found.links] == [("0:home", "1:list", 90)]
    assert [(one.id, one.count, one.ended) for one in found.nodes] == [("0:home", 100, 1), ("1:list", 90, 90)]


def test_rare_nodes_are_one() -> None:
    found = _result(Paths(share=0, nodes=1), ROWS)
    assert [one.id for one in found.nodes] == ["0:home", "1:list", f"1:{OTHER}", "2:cart"]
    assert [(one.source, one.target) for one in found.links][-1] == (f"1:{OTHER}", "2:cart")


def test_the_last_step_has_no_links() -> None:
    found = _result(Paths(share=0, steps=2), ROWS)
    assert {one.source for one in found.links} == {"0:home"}


def test_an_end_is_where_links_lead() -> None:
    found = _result(Paths(share=0, end="home"), ROWS)
    assert ("1:list", "0:home") in [(one.source, one.target) for one in found.links]


def test_more_nodes_than_have_a_place(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The most frequent have one, and the one that was asked for."""
    monkeypatch.setattr(sql_paths, "LARGEST_NODES", 2)
    began = datetime(2026, 9, 1, tzinfo=UTC)
    # ways: a b, a c d, a
    rows = [(1, "a"), (1, "b"), (2, "a"), (2, "c"), (2, "d"), (3, "a")]
    for second, (session, name) in enumerate(rows):
        at = (began + timedelta(seconds=second)).isoformat()
        row = f'{{"app":1,"at":"{at[:-6]}","name":"{name}","session":"s{session}","id":{second + 1}}}'
        store.insert("events", row.encode())
    period = Period(since=began, until=began + timedelta(days=1))
    now = int(began.timestamp() * 1e6)
    # a and b have places
    question = Paths(period=period, by="event", events=Events(), share=0)
    found = run(store, question, 1, now)
    assert {(one.id, one.count, one.ended) for one in found.nodes} == {
        ("0:a", 3, 1),
        ("1:b", 1, 1),
        (f"1:{OTHER}", 1, 1),
    }
    # a and d
    found = run(store, Paths(period=period, by="event", events=Events(), share=0, end="d"), 1, now)
    assert [(one.id, one.count) for one in found.nodes] == [("0:d", 1), (f"1:{OTHER}", 1), ("2:a", 1)]
