"""Saved questions at the console: opened again, changed, renamed, removed; every kind of question drawn."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from eden.observe.questions.interfaces import QUESTIONS, Question
from tests.console.test_frame import Outline
from tests.observe.pages.stand import Stand, text
from tests.observe.pages.test_dashboards import BASE, followed, question_of, source

LAUNCHES = {"names": ["$launch"]}
#: one of each kind → what its tile says
KINDS: dict[str, tuple[dict[str, Any], str]] = {
    "trend": ({"events": LAUNCHES, "measure": {"kind": "persons"}}, "People 12"),
    "funnel": ({"steps": [{"events": LAUNCHES}, {"events": {"names": ["$page_view"]}}]}, "All the way 100 %"),
    "retention": ({}, "Came back"),
    "paths": ({}, "pages/home/home"),
    "percentiles": ({}, "p95 800 ms"),
    "cohort": ({"condition": {"is": "did", "events": LAUNCHES}}, "People 12 Of all people 100 %"),
    "trail": ({"person": "p04"}, "of <4>"),
    "versions": ({}, "Share of active people by version"),
    "release": ({"code": 10100}, "People without a crash"),
    "overview": ({}, "Crash-free people 91.67 %"),
    "events": ({}, "Launch"),
    "properties": ({}, "phases.boot"),
    "values": ({"property": "version"}, "1.1.0"),
}


def save(stand: Stand, name: str, question: dict[str, Any], app: str = "bank") -> str:
    body = {"name": name, "question": question}
    made = stand.office.ask("owner", "POST", f"{BASE}/apps/{app}/questions", json=body).json()
    return str(made["id"])


def test_every_kind_of_question_is_among_them() -> None:
    assert {kind.__struct_config__.tag for kind in QUESTIONS} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_question_is_drawn(stand: Stand, kind: str) -> None:
    """As a tile, and on the page that shows it, in both languages."""
    rest, said = KINDS[kind]
    saved = save(stand, f"A <{kind}>", {"question": kind, **rest})
    made = {"name": kind, "tiles": [{"question": saved}]}
    board = stand.office.ask("owner", "POST", f"{BASE}/dashboards", json=made).json()
    tile = stand.get(source(stand, board["id"]), **{"HX-Request": "true"}).text
    assert said in html.unescape(text(tile)), text(tile)
    for locale in ("en", "zh"):
        there = followed(stand, f"/bank/questions/{saved}")[0]
        page = stand.get(there, locale=locale).text
        assert f"A &lt;{kind}&gt;" in page
        ids = Outline(page).ids()
        assert len(ids) == len(set(ids))
        drawn = text(page)
        assert not re.search(r"\bobserve\.[a-z-]+\.[a-z]", drawn)
        if locale == "en":
            assert said in html.unescape(drawn), drawn
            statements = re.findall(r"The SQL behind these numbers \((\d+)\)", drawn)
            # a page of a trail is asked in a way that the page of SQL does not know
            assert drawn.count("Open in SQL") == sum(map(int, statements)) - 2 * (kind == "trail") > 0
    # where nothing was reported the tile says so, and is not an error
    shop = save(stand, "s", {"question": kind, **rest}, "shop")
    stand.office.ask("owner", "PUT", f"{BASE}/dashboards/{board['id']}", json={"tiles": [{"question": shop}]})
    nothing = text(stand.get(source(stand, board["id"]), **{"HX-Request": "true"}).text)
    assert "Nothing in this time" in nothing, nothing


def opened(stand: Stand, saved: str) -> str:
    return followed(stand, f"/bank/questions/{saved}")[0]


def revision_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["revision"][0]


def stored(stand: Stand, saved: str) -> dict[str, Any]:
    found: dict[str, Any] = stand.office.get("auditor", f"{BASE}/apps/bank/questions/{saved}")
    return found


def button(page: str) -> dict[str, str]:
    """What the button "Save" of a changed question sends."""
    form = re.search(r'<form class="inline" method="post" action="[^"]*/questions/[^"/]*">(.*?)</form>', page)
    assert form is not None, text(page)
    fields = {name: html.unescape(value) for name, value in re.findall(r'name="([^"]*)" value="([^"]*)"', form[1])}
    question = msgspec.json.decode(fields["question"], type=Question)
    return fields | {"question": msgspec.json.encode(question).decode()}


def test_a_question_is_opened_changed_and_saved(stand: Stand) -> None:
    saved = save(stand, "Launches", {"question": "trend", "events": LAUNCHES, "period": {"last": "28d"}})
    address = opened(stand, saved)
    page = stand.get(address).text
    assert "Saved question Launches" in text(page) and "changed, not saved" not in page
    assert 'action="/console/test/analysis/bank/questions/' in page and ">Save as new<" in page
    # another measure: the page asks it, and nothing is saved yet
    changed = f"{address}&measure=persons&filter=platform%7Cis%7Cios"
    page = stand.get(changed).text
    assert "changed, not saved" in page and stored(stand, saved)["revision"] == 1
    answer = stand.post(f"/bank/questions/{saved}", **button(page))
    assert answer.status_code == 303 and answer.headers["location"].endswith(f"/bank/questions/{saved}")
    now = stored(stand, saved)
    assert now["name"] == "Launches" and now["revision"] == 2
    assert now["question"]["measure"]["kind"] == "persons" and now["question"]["filters"]
    page = stand.get(opened(stand, saved)).text
    assert "changed, not saved" not in page
    # with a form of the page it stays opened
    form = stand.get(f"{opened(stand, saved)}&do=show&event-name=b").headers["location"]
    assert parse_qs(urlsplit(form).query)["saved"] == [saved]


def test_two_editors_lose_nothing(stand: Stand) -> None:
    saved = save(stand, "Ours", {"question": "trend", "events": LAUNCHES, "period": {"last": "28d"}})
    address = opened(stand, saved)
    mine, theirs = f"{address}&measure=persons", f"{address}&measure=sessions"
    ours = [button(stand.get(each).text) for each in (mine, theirs)]
    assert stand.post(f"/bank/questions/{saved}", **ours[0]).headers["location"].endswith(saved)
    refused = stand.post(f"/bank/questions/{saved}", **ours[1])
    # back to what the second one asks, with what happened; it can still be kept as a new one
    assert refused.headers["location"].partition("/analysis")[2] == theirs
    flash = refused.headers["set-cookie"].partition(";")[0]
    cookies = stand.office.sign_in("owner")["Cookie"] + f"; {flash}"
    said = text(stand.get(theirs, Cookie=cookies).text)
    assert "Somebody changed the question Ours meanwhile" in said and "Save as new" in said
    assert stored(stand, saved)["question"]["measure"]["kind"] == "persons"
    new = stand.post("/bank/questions", name="Mine", dashboard="", **question_of(stand, theirs))
    assert "/dashboards/" in new.headers["location"]
    assert stored(stand, saved)["revision"] == 2


def test_a_question_is_renamed(stand: Stand) -> None:
    """What the page asks meanwhile is not lost, and can be saved afterwards."""
    saved = save(stand, "Old", {"question": "trend", "events": LAUNCHES, "period": {"last": "28d"}})
    changed = f"{opened(stand, saved)}&measure=persons"
    back = f"/console/test/analysis{changed}"
    renamed = stand.post(f"/bank/questions/{saved}", name="New", revision="1", back=back)
    there = renamed.headers["location"].partition("/analysis")[2]
    page = stand.get(there).text
    assert "Saved question New" in text(page) and "changed, not saved" in page and revision_of(there) == "2"
    assert stand.post(f"/bank/questions/{saved}", **button(page)).headers["location"].endswith(saved)
    assert stored(stand, saved)["name"] == "New" and stored(stand, saved)["revision"] == 3
    # no name, too late, not somebody who may; nobody is sent out of the house
    for values in ({"name": " ", "revision": "3"}, {"name": "x", "revision": "1"}, {"name": "x"}):
        assert stand.post(f"/bank/questions/{saved}", back=back, **values).status_code == 303
    assert stand.post(f"/bank/questions/{saved}", who="auditor", name="x", revision="3").status_code == 403
    out = stand.post(f"/bank/questions/{saved}", name="Out", revision="3", back="https://elsewhere.example/")
    assert out.headers["location"] == "/console/"
    assert stored(stand, saved)["name"] == "Out"


def test_who_may_only_look_sees_no_way_to_change(stand: Stand) -> None:
    saved = save(stand, "Look", {"question": "overview"})
    page = stand.get(opened(stand, saved), who="auditor").text
    assert "Saved question Look" in text(page) and "rename-question" not in page and "/remove" not in page


def test_a_question_without_a_form_keeps_all_its_parts(stand: Stand) -> None:
    """No page opens it and saves less than it was."""
    question = {"question": "trend", "breakdown": {"by": ["version", "platform"]}, "measure": {"kind": "persons"}}
    saved = save(stand, "Both", question)
    there, page = followed(stand, f"/bank/questions/{saved}")
    assert there == f"/bank/questions/{saved}" and "than the forms of these pages have" in page
    assert "1.1.0 · ios" in text(page) and "SELECT" in page
    stand.post(f"/bank/questions/{saved}", name="Two", revision="1", back=f"/console/test/analysis{there}")
    assert stored(stand, saved)["question"] == question and stored(stand, saved)["name"] == "Two"


def test_a_question_that_was_removed_meanwhile(stand: Stand) -> None:
    saved = save(stand, "Gone", {"question": "trend", "events": LAUNCHES})
    address = f"{opened(stand, saved)}&measure=persons"
    fields = button(stand.get(address).text)
    assert stand.post(f"/bank/questions/{saved}/remove").status_code == 303
    # the page still asks it
    page = stand.get(address).text
    assert "Saved question" not in text(page) and json.loads(question_of(stand, address)["question"])
    assert stand.post(f"/bank/questions/{saved}", **fields).headers["location"].endswith("measure=persons")
    assert stand.get(f"/bank/questions/{saved}").status_code == 404
