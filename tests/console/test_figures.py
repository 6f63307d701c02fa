"""Figures as values: funnels, grids, flows, sparklines."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from eden.console.flows import MOST_LINKS, Flow, FlowLink
from eden.console.funnels import Funnel, FunnelStep
from eden.console.grids import LEVELS, Grid, GridRow
from eden.console.sparkline import sparkline


def test_a_funnel_knows_what_is_left_and_what_was_lost() -> None:
    funnel = Funnel(
        "f", "F", [FunnelStep("a", [200, 0]), FunnelStep("b", [50, 0]), FunnelStep("c", [5, 0])], ["x", "y"]
    )
    assert [funnel.share(step) for step in range(3)] == [1, 0.25, 0.025]
    assert [funnel.kept(step) for step in range(3)] == [None, 0.25, 0.1]
    assert funnel.share(2, 1) is None and funnel.kept(1, 1) is None


def test_a_funnel_has_a_count_for_every_group() -> None:
    with pytest.raises(ValueError, match="one count for each"):
        Funnel("f", "F", [FunnelStep("a", [1])], ["x", "y"])


@pytest.mark.parametrize(
    ("value", "level"), [(None, 0), (0, 0), (0.001, 1), (0.1, 1), (0.11, 2), (1, LEVELS), (1.2, LEVELS)]
)
def test_the_colour_of_a_cell_is_its_value(value: float | None, level: int) -> None:
    grid = Grid("g", "G", "Week", "People", ["1"], [GridRow("w", 9, [value])])
    assert grid.level(value) == level


def test_a_grid_has_a_value_for_every_column() -> None:
    with pytest.raises(ValueError, match="one value for each"):
        Grid("g", "G", "Week", "People", ["1", "2"], [GridRow("w", 9, [1.0])])


def test_no_way_of_a_flow_leads_back() -> None:
    flow = Flow("f", "F", ("Step", "From", "To", "Times"), [FlowLink(0, "a", "b", 1500), FlowLink(1, "b", "a", 3)])
    data = json.loads(flow.data())
    assert data["nodes"] == [{"step": 0, "label": "a"}, {"step": 1, "label": "b"}, {"step": 2, "label": "a"}]
    assert data["links"] == [{"source": 0, "target": 1, "value": 1500}, {"source": 1, "target": 2, "value": 3}]
    assert flow.columns() == ["Step", "From", "To", "Times"]
    assert flow.rows("en") == [["1", "a", "b", "1,500"], ["2", "b", "a", "3"]]


def test_a_flow_is_for_eyes() -> None:
    links = [FlowLink(0, str(number), "end", 1) for number in range(MOST_LINKS + 1)]
    with pytest.raises(ValueError, match="are the most"):
        Flow("f", "F", ("", "", "", ""), links)


def paths(values: list[float | None]) -> list[str]:
    drawn = ElementTree.fromstring(sparkline(values, "<Starts>"))
    assert drawn.attrib["aria-label"] == "<Starts>"
    return [path.attrib["d"] for path in drawn]


def test_a_sparkline_begins_at_zero_and_has_gaps() -> None:
    _, line = paths([0, 10, None, 5])
    assert line == "M0.0 26.0L40.0 2.0M120.0 14.0L120.0 14.0"
    assert paths([0, 0])[1] == "M0.0 26.0L120.0 26.0"
    assert sparkline([None, None], "x") == sparkline([], "x") == ""
