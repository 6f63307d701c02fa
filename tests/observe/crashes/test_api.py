"""Crashes, logs and pulls over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from eden.base.ids import now
from eden.observe.crashes.document import ErrorDocument, Frame, Thrown
from eden.observe.crashes.finish import finished
from eden.observe.crashes.note import note_errors
from eden.observe.crashes.service import Crashes
from eden.observe.insight.answering import Answering
from eden.observe.insight.client import LocalInsight
from eden.observe.insight.engine import Engine
from eden.observe.interfaces import ErrorRow, LogRow, Row
from eden.observe.logs.pulls import Pulls
from eden.observe.logs.service import Logs
from tests.observe.sql.stand import Stand, open_stand


@pytest.fixture(scope="module")
def stand(kept_store: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """With 30 groups of errors, the first of which happened three times, and 30 log lines."""
    insight = LocalInsight(Answering(kept_store))
    with open_stand(tmp_path_factory.mktemp("office"), insight) as stand:
        observe = stand.observe
        observe.crashes = Crashes(observe.ground, observe.apps, insight)
        observe.logs = Logs(observe.apps, insight)
        observe.pulls = Pulls(observe.ground, observe.apps, insight)
        app, seconds = stand.app("bank").number, stand.seconds - 60

        def error(number: int, at: float, **more: Any) -> ErrorRow:
            frame = Frame(function="tap", file="pages/a.ts", line=3, in_app=True, source="tap()")
            thrown = Thrown(type=f"E{number:02}", value="x", frames=[frame])
            document = ErrorDocument(id=f"{number}-{at}", at=at, exceptions=[thrown], fatal=number == 0)
            base = Row(app=app, at=at, received=at, version="1.2", code=12, **{"person": "p", "device": "d", **more})
            return finished(document, base)

        errors = [error(number, seconds - number) for number in range(30)]
        errors += [error(0, seconds - 100, person="q"), error(0, seconds - 200)]
        lines = [
            LogRow(app=app, at=seconds - number, received=seconds, message=f"line {number}", device="d", level=17)
            for number in range(30)
        ]
        kept_store.insert("errors", msgspec.json.Encoder().encode_lines(errors))
        kept_store.insert("logs", msgspec.json.Encoder().encode_lines(lines))
        stand.office.ground.database.write_now(lambda connection: note_errors(connection, errors, now()))
        yield stand


def ask(stand: Stand, method: str, path: str, status: int = 200, who: str = "owner", **more: Any) -> Any:
    answer = stand.office.ask(who, method, f"{stand.path('bank')}/{path}", **more)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_groups_page_by_page(stand: Stand) -> None:
    titles: list[str] = []
    cursor = ""
    while True:
        found = ask(
            stand,
            "GET",
            f"crashes?limit=12&sort=first_seen&cursor={cursor}" if cursor else "crashes?limit=12&sort=first_seen",
        )
        titles += [line["group"]["title"] for line in found["items"]]
        cursor = found["next_cursor"]
        if cursor is None:
            break
    assert sorted(titles) == [f"E{number:02}: x" for number in range(30)]
    [line] = ask(stand, "GET", "crashes?fatal=true")["items"]
    assert line["figures"] | {"first_at": "", "last_at": ""} == {
        "occurrences": 3, "persons": 2, "devices": 1, "fatal": 3, "first_at": "", "last_at": "",
    }  # fmt: skip
    assert sum(line["trend"]) == 3
    assert ask(stand, "GET", "crashes?state=closed")["items"] == []
    assert ask(stand, "GET", "crashes?sort=wrong", 400)["code"] == "invalid"
    assert ask(stand, "GET", "crashes?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", 400)["code"] == "invalid"
    assert ask(stand, "GET", "crashes?cursor=wrong", 400)["code"] == "invalid"


def test_a_group_and_its_errors(stand: Stand) -> None:
    [line] = ask(stand, "GET", "crashes?text=E00")["items"]
    path = f"crashes/{line['group']['id']}"
    found = ask(stand, "GET", path)
    assert found["group"] == line["group"]
    assert [(one["version"], one["occurrences"]) for one in found["versions"]] == [("1.2", 3)]
    assert {one["person"] for one in found["persons"]} == {"p", "q"}
    assert sum(point["occurrences"] for point in found["trend"]) == 3
    first = ask(stand, "GET", f"{path}/errors?limit=2")
    rest = ask(stand, "GET", f"{path}/errors?cursor={first['next_cursor']}")
    assert len({one["id"] for one in (*first["items"], *rest["items"])}) == 3
    whole = ask(stand, "GET", f"{path}/errors/{first['items'][0]['id']}")
    assert whole["document"]["exceptions"][0]["frames"][0]["source"] == "tap()"
    assert ask(stand, "GET", f"{path}/errors/nothing", 404)["code"] == "not-found"
    assert ask(stand, "GET", "crashes/nothing", 404)["code"] == "not-found"


def test_decisions(stand: Stand) -> None:
    [line] = ask(stand, "GET", "crashes?text=E01")["items"]
    path = f"crashes/{line['group']['id']}"
    closed = ask(stand, "POST", f"{path}/close", json={"code": 13, "revision": 1})
    assert (closed["state"], closed["closed_in"], closed["revision"]) == ("closed", 13, 2)
    assert ask(stand, "POST", f"{path}/reopen", 409, json={"revision": 1})["code"] == "conflict"
    muted = ask(stand, "POST", f"{path}/mute", json={"until": "2099-01-01T00:00:00Z"}, status=400)
    assert muted["errors"][0]["field"] == "until"
    assert ask(stand, "POST", f"{path}/mute", json={"more": 10})["muted_above"] == 11
    assert ask(stand, "POST", f"{path}/reopen", json={})["state"] == "open"
    user = stand.office.people["developer"]
    assert ask(stand, "PUT", f"{path}/assignment", json={"user_id": user})["assignee"] == "The developer"
    assert ask(stand, "PUT", f"{path}/assignment", json={"user_id": None})["assigned_to"] is None
    assert [one["action"] for one in ask(stand, "GET", path)["activities"]][-2:] == ["closed", "new"]
    assert ask(stand, "POST", f"{path}/close", 403, who="auditor", json={})["code"] == "forbidden"


def test_lines(stand: Stand) -> None:
    first = ask(stand, "GET", "logs?limit=20&level=error&text=line")
    rest = ask(stand, "GET", f"logs?limit=20&level=error&text=line&cursor={first['next_cursor']}")
    assert [line["message"] for line in (*first["items"], *rest["items"])] == [f"line {number}" for number in range(30)]
    assert rest["next_cursor"] is None
    line = first["items"][5]
    at, received, seq = line["place"]
    found = ask(stand, "GET", f"logs/around?at={at}&received={received}&seq={seq}&device=d")
    assert found["line"] == line
    assert (found["before"][-1]["message"], found["after"][0]["message"]) == ("line 6", "line 4")
    assert ask(stand, "GET", "logs?level=fatal")["items"] == []
    assert ask(stand, "GET", "logs/around?at=1&received=1&seq=1&device=d", 404)["code"] == "not-found"


def test_pulls(stand: Stand) -> None:
    wanted = {
        "device": "d", "reason": "it hangs", "since": "2026-11-01T00:00:00Z", "until": "2026-11-02T00:00:00Z",
    }  # fmt: skip
    made = ask(stand, "POST", "pulls", 201, json=wanted)
    assert (made["state"], made["device"], made["lines"]) == ("waiting", "d", 0)
    assert ask(stand, "POST", "pulls", 409, json=wanted)["code"] == "conflict"
    assert ask(stand, "GET", "pulls")["items"][0] == made
    assert ask(stand, "GET", f"pulls/{made['id']}") == made
    assert ask(stand, "POST", f"pulls/{made['id']}/cancel")["state"] == "cancelled"
    assert ask(stand, "POST", "pulls", 400, json={**wanted, "until": wanted["since"]})["code"] == "invalid"
    assert ask(stand, "POST", "pulls", 403, who="auditor", json=wanted)["code"] == "forbidden"
