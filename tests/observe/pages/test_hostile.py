"""Pages over data that nobody would make up: markup and right-to-left marks in names, names without an end, fifty
versions, a single point, zeros, numbers that are none."""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from eden.console.messages import LOCALES
from eden.console.plots import Plot, Series
from eden.console.sparkline import sparkline
from eden.observe.interfaces import AnyRow, ErrorRow
from eden.observe.pages.conditions import join
from tests.console.test_frame import Outline
from tests.observe.pages.stand import NOW, Stand, event
from tests.observe.pages.test_dashboards import BASE, source
from tests.observe.pages.test_saved import save

MARKUP = "</script><img src=x onerror=alert(1)>\"'{{7*7}}"
ODD = f"{MARKUP} \u202eright to left \u05d0\u05d1 | %7C, a\tb"
LONG = "seite/" * 400


def rows(app: int) -> Iterator[AnyRow]:
    common: dict[str, Any] = {"app": app, "received": NOW, "source": "eden", "session": "0" * 16}
    for number in range(50):
        some = common | {"person": f"{ODD}{number}", "device": f"d{number}", "version": f"{number}.0 {MARKUP}"}
        yield event(some | {"page": LONG}, NOW - 60, "$launch", 0.0, kind=MARKUP, phases={"boot": 0})
        yield event(some | {"page": ODD, "platform": ODD}, NOW - 59, "$page_view", 0.0, query=[MARKUP])
        yield event(some | {"page": LONG}, NOW - 58, ODD, None, **{"key <b>": MARKUP, "nothing": math.nan})
    yield event(common | {"person": LONG}, NOW - 57, LONG[:200], 1e300)
    # `$request` without anything that requests have
    yield event(common | {"person": "p"}, NOW - 56, "$request")
    met = common | {"person": ODD, "type": MARKUP, "message": LONG, "fatal": True}
    yield ErrorRow(**met, at=NOW - 50, id="e" * 32, group=7, algorithm=1, raw="{}")


@pytest.fixture(scope="module")
def hostile(stand: Stand) -> Stand:
    assert stand.get("/shop/dashboards").status_code == 200
    stand.put(*rows(stand.app("shop").number))
    return stand


ODD_EVENT = quote(ODD)
ODD_FILTER = quote(join(["platform", "is", ODD]))
PATHS = {
    "overview": "overview?compare=yes",
    "events by version": "events?by=version&shape=area&compare=yes",
    "events in bars": "events?by=platform&shape=bar&measure=p95",
    "an odd event": f"events?event={ODD_EVENT}&by=props.key%20%3Cb%3E&filter={ODD_FILTER}",
    "a sum": "events?measure=sum",
    "a ratio over nothing": "events?measure=ratio&over=nothing",
    "an hour": "events?time=1h",
    "funnel": f"funnel?step=%24launch&step={quote(join([ODD]))}&by=version",
    "retention": "retention?interval=month",
    "paths": "paths",
    "paths of events": f"paths?nodes=event&start={ODD_EVENT}",
    "starts": "performance?compare=yes",
    "requests": "performance?what=request",
    "people": "people",
    "person": f"people/one?person={ODD_EVENT}1",
    "versions": "versions",
    "dashboards": "dashboards",
    "settings": "settings",
}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", PATHS)
def test_every_page_shows_it_as_text(hostile: Stand, name: str, locale: str) -> None:
    answer = hostile.get(f"/shop/{PATHS[name]}", locale=locale)
    assert answer.status_code == 200, answer.text
    check(answer.text)


def check(page: str) -> None:
    outline = Outline(page)
    assert not [tag for tag, attributes in outline.elements if tag == "img" or "onerror" in attributes]
    ids = outline.ids()
    assert len(ids) == len(set(ids))
    for found in re.findall(r'data-plot="([^"]*)"', page):
        json.loads(html.unescape(found), parse_constant=lambda text: pytest.fail(f"{text} is no JSON"))


KINDS: list[dict[str, Any]] = [
    {"question": "overview"},
    {"question": "events"},
    {"question": "properties"},
    {"question": "values", "property": "page"},
    {"question": "trail", "person": f"{ODD}1"},
    {"question": "cohort", "condition": {"is": "did", "events": {}}},
]


@pytest.mark.parametrize("kind", KINDS)
def test_tiles_show_it_as_text(hostile: Stand, kind: dict[str, Any]) -> None:
    saved = save(hostile, MARKUP, kind, "shop")
    made = {"name": ODD, "tiles": [{"question": saved}]}
    board = hostile.office.ask("owner", "POST", f"{BASE}/dashboards", json=made).json()
    check(hostile.get(f"/shop/dashboards/{board['id']}").text)
    tile = hostile.get(source(hostile, board["id"]), **{"HX-Request": "true"})
    assert tile.status_code == 200
    check(tile.text)


def test_what_is_no_number_is_a_gap() -> None:
    values = [1.0, math.nan, math.inf, None]
    plot = Plot("p", "t", ["a", "b", "c", "d"], "x", [Series("s", values, low=values, high=values)])
    series = json.loads(plot.data())["series"][0]
    assert series["values"] == series["low"] == series["high"] == [1.0, None, None, None]
    assert [row[1] for row in plot.rows("en")] == ["1 (1 – 1)", "–", "–", "–"]
    assert "nan" not in sparkline(values, "line") and sparkline([math.nan], "line") == ""
