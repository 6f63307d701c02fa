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
    address = html.unescape(re.findall(r'<h2[^>]*><a href="([^"]*)"', page)[0])
    there = stand.get(address.partition("/analysis")[2])
    asked = question_of(stand, address.partition("/analysis")[2])
    wanted = question_of(stand, path)
    assert json.loads(asked["question"]) | {"interval": "day"} == json.loads(wanted["question"]) | {"interval": "day"}
    assert asked["shape"] == "bar"
    assert there.status_code == 200
    tile = stand.get(f"/bank/dashboards/{board}/tiles/0", **{"HX-Request": "true"})
    assert "<html" not in tile.text and '"kind":"bar"' in html.unescape(tile.text)
    assert stand.get(f"/bank/dashboards/{board}/tiles/1").status_code == 404
    # another time for all tiles
    hour = stand.get(f"/bank/dashboards/{board}/tiles/0?time=1h", **{"HX-Request": "true"}).text
    assert len(hour) != len(tile.text)
    assert "tiles/0?time=1h" in stand.get(f"/bank/dashboards/{board}?time=1h").text


def test_tiles_are_put_in_order(stand: Stand) -> None:
    board = keep(stand, "/bank/events", "a")
    for name, path in (("b", "/bank/retention"), ("c", "/bank/versions")):
        assert keep(stand, path, name, board) == board
    assert tiles(stand, board) == [("1", "a"), ("1", "b"), ("1", "c")]
    act(stand, board, "up-2")
    act(stand, board, "width-0")
    assert tiles(stand, board) == [("2", "a"), ("1", "c"), ("1", "b")]
    act(stand, board, "down-0")
    act(stand, board, "remove-2")
    assert tiles(stand, board) == [("1", "c"), ("2", "a")]
    # a place that is not there
    act(stand, board, "up-9")
    act(stand, board, "rename", name="Release watch")
    assert "Release watch" in stand.get("/bank/dashboards").text
    # somebody else was faster
    act(stand, board, "up-1", revision="1")
    assert tiles(stand, board) == [("1", "c"), ("2", "a")]


def test_a_question_goes_with_its_tiles(stand: Stand) -> None:
    board = keep(stand, "/bank/paths", "to be removed")
    found = stand.get("/bank/dashboards").text
    ids = re.findall(r'id="remove-([0-9a-f-]{36})"', found)
    named = [each for each in ids if "to be removed" in found.partition(f"remove-{each}")[0].rpartition("<tr")[2]]
    assert stand.post(f"/bank/questions/{named[0]}/remove").status_code == 303
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
    tile = stand.get(f"/bank/dashboards/{board['id']}/tiles/0", **{"HX-Request": "true"})
    assert tile.status_code == 200 and "There is no property nothing" in text(tile.text)
    # of another app of the workspace, the same dashboard
    assert stand.get(f"/shop/dashboards/{board['id']}").status_code == 200


BASE = "/workspaces/test/observe"


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
