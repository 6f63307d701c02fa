from __future__ import annotations

import json

import pytest

from eden.console.plots import MOST_POINTS, Mark, Plot, Series

MOMENTS = [1_795_161_600_000_000, 1_795_165_200_000_000]


def plot(**values: object) -> Plot:
    made = {"id": "p", "title": "P", "x": MOMENTS, "x_title": "Time", "series": [Series("A", [1, None])], **values}
    return Plot(**made)  # type: ignore[arg-type]


def test_the_browser_gets_milliseconds() -> None:
    data = json.loads(plot(marks=[Mark(MOMENTS[1], "halt")]).data())
    assert data["time"] and data["x"] == [1_795_161_600_000, 1_795_165_200_000]
    assert data["marks"] == [{"at": 1_795_165_200_000, "label": "halt"}]
    assert data["series"] == [
        {"name": "A", "kind": "line", "values": [1, None], "low": None, "high": None, "before": 0}
    ]


def test_names_stay_names() -> None:
    data = json.loads(plot(x=["1.0", "1.1"]).data())
    assert not data["time"] and data["x"] == ["1.0", "1.1"]


def test_the_table_has_the_same_numbers() -> None:
    rates = Series("Rate", [0.0012, None], low=[0.001, None], high=[0.0021, None])
    figure = plot(series=[rates, Series("Control", [0.001, 0.5])], unit="percent")
    assert figure.columns() == ["Time", "Rate", "Control"]
    (_, *first), (_, *second) = figure.rows("en")
    assert first == ["0.12 % (0.1 % – 0.21 %)", "0.1 %"]
    assert second == ["–", "50 %"]
    assert "2026-11-20T08:00:00Z" in figure.rows("zh")[0][0]


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("count", "1,500"),
        ("bytes", "1.5 kB"),
        ("seconds", "25 min"),
        ("percent", "150,000 %"),
        ("milliseconds", "1.5 s"),
    ],
)
def test_units(unit: str, text: str) -> None:
    assert plot(unit=unit).write(1500, "en") == text


@pytest.mark.parametrize(
    "series", [Series("A", [1]), Series("A", [1, 2], low=[1, 2]), Series("A", [1, 2], low=[1], high=[1, 2])]
)
def test_a_series_has_a_value_for_every_point(series: Series) -> None:
    with pytest.raises(ValueError, match="None is a value"):
        plot(series=[series])


def test_a_page_is_no_archive() -> None:
    with pytest.raises(ValueError, match="are the most"):
        plot(x=list(range(MOST_POINTS + 1)), series=[])
