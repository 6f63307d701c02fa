"""Which nodes and links of paths are shown."""

from __future__ import annotations

from eden.observe.questions.interfaces import Paths
from eden.observe.questions.results import OTHER
from eden.observe.questions.sql_paths import _result

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
