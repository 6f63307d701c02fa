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
