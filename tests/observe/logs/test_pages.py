"""Pages of logs: lines, a line among its neighbours, what comes in, phones that are asked; in both languages."""

from __future__ import annotations

import asyncio
import html as html_module
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from eden.base.problems import Problem
from eden.console.frame import Room
from eden.observe.insight.answering import Answering
from eden.observe.insight.client import LocalInsight
from eden.observe.insight.engine import Engine
from eden.observe.interfaces import EventRow, LogRow
from eden.observe.logs.note import note_pulls
from eden.observe.logs.pulls import Pulls
from eden.observe.logs.service import Logs
from eden.observe.pages import logs as module
from tests.console.rules import room_problems
from tests.observe.sql.stand import Stand, open_stand


@dataclass
class Pages:
    stand: Stand
    engine: Engine

    def put(self, message: str, *, before: float = 60, **more: Any) -> None:
        at = self.stand.seconds - before
        row = LogRow(app=self.app, at=at, received=at, message=message, **{"device": "phone-1", **more})
        self.engine.insert("logs", msgspec.json.encode(row))
        micros = int(self.stand.seconds * 1_000_000)
        self.stand.office.ground.database.write_now(lambda connection: note_pulls(connection, [row], micros))

    @property
    def app(self) -> int:
        return self.stand.app("bank").number

    def show(self, path: str = "", who: str = "owner", locale: str = "en") -> tuple[int, str]:
        headers = self.stand.office.sign_in(who) | {"Accept-Language": locale}
        found = self.stand.office.client.get(self.address(path), headers=headers)
        return found.status_code, found.text

    def post(self, path: str, who: str = "owner", **fields: str) -> tuple[int, str, str]:
        """Status, where it leads, the page."""
        found = self.stand.office.client.post(
            self.address(path), headers=self.stand.office.sign_in(who), data=fields, follow_redirects=False
        )
        return found.status_code, found.headers.get("location", ""), found.text

    def address(self, path: str) -> str:
        return f"/console/{self.stand.office.here}/analysis/bank/logs{path}"


@pytest.fixture(scope="module")
def pages(kept_store: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    insight = LocalInsight(Answering(kept_store))
    with open_stand(tmp_path_factory.mktemp("office"), insight) as stand:
        observe = stand.observe
        observe.logs = Logs(observe.apps, insight)
        observe.pulls = Pulls(observe.ground, observe.apps, insight)
        yield Pages(stand, kept_store)


def lines(html: str) -> list[str]:
    """Messages of the page's lines."""
    return re.findall(r'<div class="log-words"><code>(.*?)</code>', html)


def test_the_words_of_the_room() -> None:
    problems = room_problems(Room("observe", Path("src/eden/observe")))
    ours = ("observe.crashes", "observe.logs", "analysis-crash", "analysis-log")
    assert [problem for problem in problems if any(name in problem for name in ours)] == []


def test_nothing_was_ever_reported(pages: Pages) -> None:
    assert "Nothing has been reported yet" in pages.show()[1]
    event = EventRow(app=pages.app, at=pages.stand.seconds, received=pages.stand.seconds, name="$launch")
    pages.engine.insert("events", msgspec.json.encode(event))
    assert "No line in this time" in pages.show()[1]
    assert "No line fits" in pages.show("?q=money")[1]


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_lines(pages: Pages, locale: str) -> None:
    pages.engine.query("TRUNCATE TABLE logs")
    pages.put("payment <declined>", before=9, level=17, logger="pay", props={"code": 7}, version="1.2")
    pages.put("hello", before=5, device="phone-2")
    status, html = pages.show(locale=locale)
    assert status == 200
    assert lines(html) == ["hello", "payment &lt;declined&gt;"]
    assert "code 7" in html and 'data-tone="bad"' in html and '<option value="pay">' in html
    assert "data-tail" not in html
    for query, found in {
        "?q=declined": 1,
        "?level=error": 1,
        "?level=nothing": 2,
        "?tag=pay": 1,
        "?device=phone-2": 1,
        "?version=1.2": 1,
        "?q=-payment": 1,
        "?q=nothing": 0,
    }.items():
        assert (query, len(lines(pages.show(query)[1]))) == (query, found)


def test_pages_of_lines(pages: Pages) -> None:
    pages.engine.query("TRUNCATE TABLE logs")
    at = pages.stand.seconds - 30
    rows = [LogRow(app=pages.app, at=at, received=at, message=f"m{number}", seq=number) for number in range(150)]
    pages.engine.insert("logs", msgspec.json.Encoder().encode_lines(rows))
    _, html = pages.show()
    assert lines(html)[0] == "m149" and len(lines(html)) == 100
    following = re.search(r'href="([^"]*cursor=[^"]*)"[^>]*rel="next"', html)
    assert following is not None
    rest = pages.stand.office.client.get(
        following[1].replace("&amp;", "&"), headers=pages.stand.office.sign_in("owner")
    ).text
    assert lines(rest) == [f"m{number}" for number in reversed(range(50))]


def test_around_a_line(pages: Pages) -> None:
    pages.engine.query("TRUNCATE TABLE logs")
    for number in range(3):
        pages.put(f"m{number}", before=9 - number)
    pages.put("somebody else", before=8, device="phone-2")
    _, html = pages.show("?q=m1")
    around = re.search(r'href="[^"]*/logs(/around[^"#]*)#line"', html)
    assert around is not None
    status, html = pages.show(around[1].replace("&amp;", "&"))
    assert status == 200
    assert lines(html) == ["m0", "m1", "m2"]
    assert html.count('aria-current="true" id="line"') == 1
    assert pages.show("/around?device=phone-1&at=1&received=1&seq=1")[0] == 404
    assert pages.show("/around?device=phone-1&at=x")[0] == 404


def test_following(pages: Pages) -> None:
    _, html = pages.show("?live=yes&q=pay&level=warn")
    tail = re.search(r'data-tail="([^"]*)"', html)
    assert tail is not None
    path, _, query = html_module.unescape(tail[1]).partition("?")
    assert path == pages.address("/tail")
    asked = parse_qs(query)
    # it goes on where the page ends
    assert int(asked.pop("after")[0]) <= pages.stand.seconds * 1000
    assert asked == {"live": ["yes"], "q": ["pay"], "level": ["warn"]}


@pytest.fixture
def desk(pages: Pages) -> Any:
    """What the stream needs of a request."""
    observe = SimpleNamespace(ground=SimpleNamespace(stopping=asyncio.Event()))
    console = SimpleNamespace(render=lambda *_, lines, **__: "\n".join(one["line"].message for one in lines).encode())
    return SimpleNamespace(
        observe=observe, console=console, view=None, period=SimpleNamespace(zone=None), t=str, here=lambda *_, **__: ""
    )


STILL = b": still here\n\n"


class Coming:
    """Lines look by look; None: the events store is away."""

    def __init__(self, *looks: list[str] | None) -> None:
        self.looks = list(looks)
        self.mark = 6

    async def fresh(self) -> list[Any]:
        if not self.looks:
            return []
        self.mark += 1
        found = self.looks.pop(0)
        if found is None:
            raise Problem("insight-unavailable", "It starts.")
        return [SimpleNamespace(message=text, level=9, at=0, props={}, place=(0, 0, 0), device="") for text in found]


def test_the_stream(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_clock", lambda *_: "")

    async def work() -> list[bytes]:
        events: list[bytes] = []
        coming = Coming(["a", "b"], None, ["c\nd"])
        async for event in module.tail_events(desk, coming, look=0.0, heartbeat=0.0):  # type: ignore[arg-type]
            events.append(event)
            assert len(module._tails) == 1
            if not coming.looks and event == STILL:
                desk.observe.ground.stopping.set()
        return events

    assert asyncio.run(work()) == [
        b"retry: 2000\nevent: begun\nid: 6\ndata: -\n\n",
        b"event: lines\nid: 7\ndata: b\ndata: a\n\n",
        # the events store was away: the page waits with it
        STILL,
        b"event: lines\nid: 9\ndata: c\ndata: d\n\n",
        STILL,
    ]
    assert not module._tails


def test_a_stream_ends_and_is_asked_for_anew(desk: Any) -> None:
    async def work() -> list[bytes]:
        return [event async for event in module.tail_events(desk, Coming(), look=0.001, lifetime=0.01)]  # type: ignore[arg-type]

    assert asyncio.run(work()) == [b"retry: 2000\nevent: begun\nid: 6\ndata: -\n\n"]


def test_there_are_only_so_many_streams(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_tails", {object() for _ in range(module.MOST_TAILS)})
    assert pages.show("/tail")[0] == 429


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_a_phone_is_asked(pages: Pages, locale: str) -> None:
    device = f"phone-{locale}"
    status, html = pages.show(f"/pulls?device={device}", locale=locale)
    assert status == 200
    assert f'value="{device}"' in html
    status, location, _ = pages.post("/pulls", device=device, reason="it hangs", hours="24", wait="72")
    assert status == 303
    pull_id = location.rpartition("/")[2]
    _, html = pages.show(f"/pulls/{pull_id}", locale=locale)
    assert f'data-live="pull:{pull_id}"' in html and "it hangs" in html
    assert pages.stand.observe.pulls.wanted(pages.app, device) is not None
    pages.put("from the phone", device=device, pull=pull_id, props={"pull_done": True})
    _, html = pages.show(f"/pulls/{pull_id}", locale=locale)
    assert lines(html) == ["from the phone"]
    assert ("The phone has sent 1 line." if locale == "en" else "手机已发送 1 行") in html
    assert device in pages.show("/pulls", locale=locale)[1]
    # what has arrived is not cancelled
    assert pages.post(f"/pulls/{pull_id}/cancel")[0] == 303
    assert "1 line" in pages.show(f"/pulls/{pull_id}")[1]


def test_a_pull_is_cancelled(pages: Pages) -> None:
    _, location, _ = pages.post("/pulls", device="phone-c", reason="r", hours="1", wait="1")
    pull_id = location.rpartition("/")[2]
    pages.post(f"/pulls/{pull_id}/cancel")
    assert "Nobody waits for it any more." in pages.show(f"/pulls/{pull_id}")[1]
    assert pages.show("/pulls/nothing")[0] == 404


def test_mistakes_are_said_beside_their_fields(pages: Pages) -> None:
    status, _, html = pages.post("/pulls", device="", reason="", hours="24", wait="72")
    assert status == 422
    assert "Write the device&#39;s id" in html and "Say why" in html
    assert pages.post("/pulls", device="d", reason="r", hours="5", wait="72")[0] == 422
    pages.post("/pulls", device="twice", reason="r", hours="1", wait="1")
    status, _, html = pages.post("/pulls", device="twice", reason="r", hours="1", wait="1")
    assert status == 422
    assert "is being asked for its log already" in html


def test_who_may_look_only(pages: Pages) -> None:
    status, html = pages.show("/pulls", who="auditor")
    assert status == 200
    assert 'id="ask"' not in html
    assert pages.post("/pulls", who="auditor", device="d", reason="r", hours="1", wait="1")[0] == 403
