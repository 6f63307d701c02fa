"""Dashboards of kept questions, at the console and over the API."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import msgspec
import pytest

from eden.observe.dashboards import MOST_TILES
from eden.observe.questions.interfaces import Question, Trend
from tests.observe.pages.stand import Stand, text


def question_of(stand: Stand, path: str) -> dict[str, str]:
    """The fields of the page's form that keeps its question, written out."""
    page = stand.get(path).text
    fields = dict(re.findall(r'name="(question|shape)" value="([^"]*)"', page))
    question = msgspec.json.decode(html.unescape(fields["question"]), type=Question)
    return {"question": json.dumps(msgspec.to_builtins(question)), "shape": fields["shape"]}


def keep(stand: Stand, path: str, name: str, board: str = "") -> str:
    """The id of the dashboard with the question of a page."""
    answer = stand.post("/bank/questions", name=name, dashboard=board, **question_of(stand, path))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).rpartition("/")[2]


def source(stand: Stand, board: str, place: int = 0, time: str = "") -> str:
    """The path of a tile's answer."""
    page = stand.get(f"/bank/dashboards/{board}{time}").text
    found = re.findall(r'class="tile-body" hx-get="([^"]*)"', page)
    return html.unescape(found[place]).partition("/analysis")[2]


def followed(stand: Stand, path: str) -> tuple[str, str]:
    """Where a saved question's address leads to, and what is there."""
    answer = stand.get(path)
    there = path if answer.status_code == 200 else str(answer.headers["location"]).partition("/analysis")[2]
    return there, stand.get(there).text


def tiles(stand: Stand, board: str) -> list[tuple[str, str]]:
    page = stand.get(f"/bank/dashboards/{board}").text
    return re.findall(r'data-width="(\d)".*?<h2[^>]*><a [^>]*>([^<]*)</a>', page, flags=re.DOTALL)


def act(stand: Stand, board: str, do: str, **values: Any) -> int:
    page = stand.get(f"/bank/dashboards/{board}").text
    found = re.search(r'name="revision" value="(\d+)"', page)
    assert found is not None
    answer = stand.post(f"/bank/dashboards/{board}", do=do, **({"revision": found[1]} | values))
    assert answer.status_code == 303
    return answer.status_code


def test_a_page_becomes_a_tile(stand: Stand) -> None:
    path = "/bank/events?event=%24launch&measure=persons&by=platform&shape=bar&time=28d"
    board = keep(stand, path, "Who <launches>")
    page = stand.get(f"/bank/dashboards/{board}").text
    assert "Who &lt;launches&gt;" in page and 'hx-trigger="load"' in page
    # the tile leads to the page as it was
    address = html.unescape(re.findall(r'<h2[^>]*><a href="([^"]*)"', page)[0]).partition("/analysis")[2]
    there, opened = followed(stand, address)
    assert there.startswith("/bank/events?") and "Who &lt;launches&gt;" in opened
    asked = question_of(stand, there)
    wanted = question_of(stand, path)
    assert json.loads(asked["question"]) | {"interval": "day"} == json.loads(wanted["question"]) | {"interval": "day"}
    assert asked["shape"] == "bar"
    tile = stand.get(source(stand, board), **{"HX-Request": "true"})
    assert "<html" not in tile.text and '"kind":"bar"' in html.unescape(tile.text)
    assert stand.get(f"/bank/dashboards/{board}/tiles/0?question=another").status_code == 404
    # another time for all tiles; the usual one is a choice as well, and not made before it is
    assert 'aria-current="true">7 days' not in page and f"dashboards/{board}?time=7d" in page
    for time in ("1h", "7d"):
        other = source(stand, board, time=f"?time={time}")
        assert f"time={time}" in other
        assert stand.get(other, **{"HX-Request": "true"}).text != tile.text
    chosen = stand.get(f"/bank/dashboards/{board}?time=7d").text
    assert re.search(r'aria-current="true">\s*7 days', chosen)


def test_tiles_are_put_in_order(stand: Stand) -> None:
    board = keep(stand, "/bank/events", "a")
    for name, path in (("b", "/bank/retention"), ("c", "/bank/versions")):
        assert keep(stand, path, name, board) == board
    assert tiles(stand, board) == [("1", "a"), ("1", "b"), ("1", "c")]
    act(stand, board, "up-2")
    act(stand, board, "width-0")
    assert tiles(stand, board) == [("2", "a"), ("1", "c"), ("1", "b")]
    act(stand, board, "down-0")
    act(stand, board, "bar-1")
    assert '"kind":"bar"' in html.unescape(stand.get(source(stand, board, 1), **{"HX-Request": "true"}).text)
    act(stand, board, "remove-2")
    assert tiles(stand, board) == [("1", "c"), ("2", "a")]
    # a place that is not there
    act(stand, board, "up-9")
    act(stand, board, "rename", name="Release watch")
    assert "Release watch" in stand.get("/bank/dashboards").text
    # somebody else was faster
    act(stand, board, "up-1", revision="1")
    assert tiles(stand, board) == [("1", "c"), ("2", "a")]
    # the answer leads to the tile where it is then, at the same time
    revision = re.findall(r'name="revision" value="(\d+)"', stand.get(f"/bank/dashboards/{board}").text)[0]
    answer = stand.post(f"/bank/dashboards/{board}?time=28d", do="up-1", revision=revision)
    assert answer.headers["location"].endswith(f"/dashboards/{board}?time=28d#place-0")


def test_a_question_is_put_on_another_dashboard(stand: Stand) -> None:
    """One that was taken off is not lost: it is added again, whatever others do to the dashboard meanwhile."""
    board = keep(stand, "/bank/events", "again")
    act(stand, board, "remove-0")
    assert tiles(stand, board) == []
    page = stand.get(f"/bank/dashboards/{board}").text
    found = re.findall(r'<option value="([0-9a-f-]{36})">again</option>', page)
    for count in (1, 2):
        added = stand.post(f"/bank/dashboards/{board}", do="add", question=found[0])
        assert added.headers["location"].endswith(f"#place-{count - 1}")
        assert tiles(stand, board) == [("1", "again")] * count
    stand.post(f"/bank/dashboards/{board}", do="add", question="nothing")
    assert len(tiles(stand, board)) == 2


def test_a_question_goes_with_its_tiles(stand: Stand) -> None:
    board = keep(stand, "/bank/paths", "to be removed")
    found = stand.get("/bank/dashboards").text
    ids = re.findall(r'id="remove-([0-9a-f-]{36})"', found)
    named = [each for each in ids if "to be removed" in found.partition(f"remove-{each}")[0].rpartition("<tr")[2]]
    # whoever removes it is told of its tiles before
    assert "It is also taken off: Dashboard." in found.partition(f'id="remove-{named[0]}"')[2].partition("</dialog>")[0]
    # another app's page has no such question
    assert stand.post(f"/shop/questions/{named[0]}/remove").status_code == 404
    assert stand.post(f"/bank/questions/{named[0]}/remove").status_code == 303
    assert stand.post(f"/bank/questions/{named[0]}/remove").status_code == 404
    assert tiles(stand, board) == []
    assert "This dashboard has no tiles" in stand.get(f"/bank/dashboards/{board}").text
    assert stand.post(f"/bank/dashboards/{board}/remove").status_code == 303
    assert stand.get(f"/bank/dashboards/{board}").status_code == 404


def test_a_question_that_is_none_is_refused(stand: Stand) -> None:
    for question in ("", "{}", '{"question":"trend","measure":{"kind":"magic"}}'):
        answer = stand.post("/bank/questions", name="x", question=question)
        assert answer.status_code == 400
    refused = stand.post("/bank/questions", name=" ", question=msgspec.json.encode(Trend()).decode())
    assert refused.headers["location"].endswith("/bank/dashboards")


def test_a_tile_that_cannot_be_answered_leaves_the_others(stand: Stand) -> None:
    made = stand.office.ask(
        "owner", "POST", "/workspaces/test/observe/apps/bank/questions",
        json={"name": "odd", "question": {"question": "trend", "breakdown": {"by": ["nothing"]}}},
    ).json()  # fmt: skip
    board = stand.office.ask(
        "owner", "POST", "/workspaces/test/observe/dashboards",
        json={"name": "Odd", "tiles": [{"question": made["id"]}]},
    ).json()  # fmt: skip
    tile = stand.get(source(stand, board["id"]), **{"HX-Request": "true"})
    assert tile.status_code == 200 and "There is no property nothing" in text(tile.text)
    # of another app of the workspace, the same dashboard
    assert stand.get(f"/shop/dashboards/{board['id']}").status_code == 200


BASE = "/workspaces/test/observe"
#: a question of each kind, and what its tile says at the time and with the filters of an address
ANDROIDS = "filter=platform%7Cis%7Candroid"
NARROWED: dict[str, tuple[dict[str, Any], str, str]] = {
    # kind: (the rest of the question, in all its own time, of those with androids)
    "trend": ({"measure": {"kind": "persons"}, "events": {"names": ["$launch"]}}, "People 12", "People 4"),
    "funnel": (
        {"steps": [{"events": {"names": ["$launch"]}}, {"events": {"names": ["$page_view"]}}]},
        "Began 12",
        "Began 4",
    ),
    "retention": ({"mode": "recurring"}, "Came back", "Came back"),
    "paths": ({}, "Ways 53", "Ways 17"),
    "percentiles": ({}, "p50 800 ms", "p50"),
    "cohort": (
        {"condition": {"is": "did", "events": {"names": ["$launch"]}}},
        "People 12 Of all people 100 %",
        "People 4 Of all people 100 %",
    ),
    "trail": ({"person": "p04"}, "Sessions 3", "Nothing in this time"),
    "versions": ({}, "1.1.0", "1.1.0"),
    "release": ({"code": 10100}, "This version · People 6", "This version · People 2"),
    "overview": ({}, "People 12", "People 4"),
    "events": ({}, "Launch 53 12", "Launch 17 4"),
    "properties": ({}, "first bool 53", "first bool 17"),
    "values": ({"property": "platform"}, "ios", "android"),
}


def board_of(stand: Stand, question: dict[str, Any]) -> str:
    """The id of a new dashboard with one tile."""
    body = {"name": "narrowed", "question": question}
    saved = stand.office.ask("owner", "POST", f"{BASE}/apps/bank/questions", json=body).json()
    made = {"name": "Narrowed", "tiles": [{"question": saved["id"]}]}
    return str(stand.office.ask("owner", "POST", f"{BASE}/dashboards", json=made).json()["id"])


def tile_of(stand: Stand, board: str, query: str = "", locale: str = "en") -> str:
    """What the only tile says on the dashboard with a query."""
    path = source(stand, board, time=query and f"?{query}")
    answer = stand.get(path, locale=locale, **{"HX-Request": "true"})
    assert answer.status_code == 200, answer.text
    return html.unescape(text(answer.text))


@pytest.mark.parametrize("kind", NARROWED)
def test_the_filters_of_a_dashboards_address_hold_for_every_tile(stand: Stand, kind: str) -> None:
    rest, own, androids = NARROWED[kind]
    board = board_of(stand, {"question": kind, **rest})
    assert own in tile_of(stand, board)
    narrowed = tile_of(stand, board, ANDROIDS)
    assert androids in narrowed and "without the filter" not in narrowed
    # nobody has it: nothing is left, of any kind
    nobody = tile_of(stand, board, "filter=platform%7Cis%7Cnobody")
    assert "Nothing in this time" in nobody, nobody
    page = stand.get(f"/bank/dashboards/{board}?{ANDROIDS}").text
    assert "Platform is android" in text(page) and 'id="filter-property"' in page


@pytest.mark.parametrize("kind", NARROWED)
def test_the_time_of_a_dashboards_address_holds_for_every_tile(stand: Stand, kind: str) -> None:
    """Nobody came in October; a cohort is of now, and says so."""
    rest, own, _ = NARROWED[kind]
    board = board_of(stand, {"question": kind, **rest})
    october = tile_of(stand, board, "time=custom&since=2026-10-01&until=2026-10-02")
    if kind == "cohort":
        assert own in october and "about now, whatever the time" in october
        assert "不受看板时间影响" in tile_of(stand, board, "time=28d", locale="zh")
    else:
        assert "Nothing in this time" in october, october
    assert "whatever the time" not in tile_of(stand, board)


def test_a_tile_that_cannot_take_a_filter_says_so(stand: Stand) -> None:
    """Beside one that it can take. Its numbers are those of the tile without it."""
    query = f"{ANDROIDS}&filter=props.kind%7Cis%7Cwarm"
    for kind in ("overview", "versions", "release", "trail"):
        rest = NARROWED[kind][0]
        said = tile_of(stand, board_of(stand, {"question": kind, **rest}), query)
        assert "Asked without the filter kind is warm, which" in said and NARROWED[kind][2] in said, said
    board = board_of(stand, {"question": "overview"})
    assert "此查询不支持筛选“kind 等于 warm”" in tile_of(stand, board, query, locale="zh")
    # what is about single events takes it
    trend = {"question": "trend", **NARROWED["trend"][0]}
    warm = tile_of(stand, board_of(stand, trend), query)
    assert "without the filter" not in warm and "Nothing in this time" in warm


def test_a_tiles_own_filters_stay(stand: Stand) -> None:
    own = [{"by": "property", "property": "version", "values": ["1.0.0"]}]
    board = board_of(stand, {"question": "trend", "filters": own, **NARROWED["trend"][0]})
    assert "People 6" in tile_of(stand, board) and "People 2" in tile_of(stand, board, ANDROIDS)


def test_steps_fit_the_time_that_was_chosen(stand: Stand) -> None:
    """An hour by the day would be one point; 90 days by the minute more than can be drawn."""
    for interval, time, points in (("day", "24h", 24), ("minute", "90d", 90), ("week", "90d", 13), ("day", "7d", 7)):
        board = board_of(stand, {"question": "trend", "interval": interval})
        path = source(stand, board, time=f"?time={time}")
        tile = stand.get(path, **{"HX-Request": "true"}).text
        plot = json.loads(html.unescape(re.findall(r'data-plot="([^"]*)"', tile)[0]))
        assert points <= len(plot["x"]) <= points + 1, (interval, time, len(plot["x"]))


def test_filters_stay_while_a_dashboard_is_changed(stand: Stand) -> None:
    board = board_of(stand, {"question": "overview"})
    page = stand.get(f"/bank/dashboards/{board}?time=28d&{ANDROIDS}").text
    # the way back to each tile's own time
    assert f'href="/console/test/analysis/bank/dashboards/{board}?{ANDROIDS}"' in page
    [action] = set(re.findall(rf'<form method="post" action="[^"]*/analysis([^"]*{board}[?][^"]*)"', page))
    revision = re.findall(r'name="revision" value="(\d+)"', page)[0]
    answer = stand.post(html.unescape(action), do="width-0", revision=revision)
    assert answer.headers["location"].endswith(f"{board}?{ANDROIDS}&time=28d#place-0")
    # from page to page, too
    assert f"dashboards/{board}?{ANDROIDS}" in stand.get(f"/bank/dashboards?{ANDROIDS}").text


def test_the_api_keeps_questions(stand: Stand) -> None:
    office = stand.office
    question = {"question": "trend", "events": {"names": ["$launch"]}, "measure": {"kind": "persons"}}
    made = office.ask("developer", "POST", f"{BASE}/apps/bank/questions", json={"name": "People", "question": question})
    assert made.status_code == 201
    found = [one for one in office.get("auditor", f"{BASE}/apps/bank/questions") if one["id"] == made.json()["id"]]
    assert found == [made.json()] and found[0]["question"] == question and found[0]["app"] == "bank"
    assert office.get("auditor", f"{BASE}/apps/shop/questions") == []
    assert office.ask("auditor", "POST", f"{BASE}/apps/bank/questions", json=question).status_code == 403
    assert office.ask("stranger", "GET", f"{BASE}/apps/bank/questions").status_code == 404
    gone = f"{BASE}/apps/bank/questions/{found[0]['id']}"
    assert office.get("auditor", gone) == found[0] and found[0]["revision"] == 1
    # renamed, changed; the second of two editors is told
    renamed = office.ask("developer", "PUT", gone, json={"name": " Persons ", "revision": 1}).json()
    assert renamed == found[0] | {"name": "Persons", "revision": 2}
    late = office.ask("developer", "PUT", gone, json={"question": {"question": "overview"}, "revision": 1})
    assert late.status_code == 409 and "meanwhile" in late.text
    other = {"question": "overview"}
    changed = office.ask("developer", "PUT", gone, json={"question": other, "revision": 2}).json()
    assert changed == renamed | {"question": other, "revision": 3}
    assert office.get("auditor", gone) == changed
    for wrong in ({"name": " "}, {"question": {"question": "magic"}}, {"name": "x" * 201}):
        assert office.ask("developer", "PUT", gone, json=wrong).status_code in (400, 422)
    assert office.ask("auditor", "PUT", gone, json={"name": "x"}).status_code == 403
    assert office.ask("stranger", "GET", gone).status_code == 404
    # not under the name of another app
    elsewhere = f"{BASE}/apps/shop/questions/{found[0]['id']}"
    for method, body in (("GET", None), ("PUT", {"name": "x"}), ("DELETE", None)):
        assert office.ask("developer", method, elsewhere, json=body).status_code == 404
    assert office.ask("developer", "DELETE", gone).status_code == 204
    assert office.ask("developer", "DELETE", gone).status_code == 404


def test_the_api_keeps_dashboards(stand: Stand) -> None:
    office = stand.office
    made = office.ask("developer", "POST", f"{BASE}/dashboards", json={"name": "Mine"}).json()
    where = f"{BASE}/dashboards/{made['id']}"
    changed = office.ask("developer", "PUT", where, json={"name": "Ours", "revision": made["revision"]})
    assert changed.json()["name"] == "Ours" and changed.json()["revision"] == made["revision"] + 1
    assert office.ask("developer", "PUT", where, json={"name": "x", "revision": made["revision"]}).status_code == 409
    assert office.get("auditor", where)["name"] == "Ours"
    assert made["id"] in [one["id"] for one in office.get("auditor", f"{BASE}/dashboards")]
    assert office.ask("stranger", "GET", where).status_code == 404
    assert office.ask("developer", "DELETE", where).status_code == 204
    assert office.ask("auditor", "GET", where).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": "x" * 201},
        {"name": "x", "tiles": [{"question": "nobody"}]},
        {"name": "x", "tiles": [{"question": "q", "width": 3}]},
        {"name": "x", "tiles": [{"question": "q"}] * (MOST_TILES + 1)},
    ],
)
def test_a_dashboard_that_is_none_is_refused(stand: Stand, body: dict[str, Any]) -> None:
    assert stand.office.ask("owner", "POST", f"{BASE}/dashboards", json=body).status_code == 400
