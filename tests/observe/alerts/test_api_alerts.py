"""Alerts over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from eden.observe.insight.answering import Answering
from eden.observe.insight.client import LocalInsight
from eden.observe.insight.engine import Engine
from tests.observe.alerts.conftest import WebServer
from tests.observe.sql.stand import Stand, open_stand

RULE = {
    "subject": {"of": "sql", "sql": "SELECT count() FROM events"},
    "condition": {"when": "threshold", "direction": "above", "value": 2},
}


@pytest.fixture(scope="module")
def stand(kept_store: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with open_stand(tmp_path_factory.mktemp("office"), LocalInsight(Answering(kept_store))) as stand:
        yield stand


def ask(stand: Stand, method: str, path: str = "", who: str = "owner", **more: Any) -> Any:
    return stand.office.ask(who, method, f"{stand.path('bank')}/alerts{path}", **more)


def make(stand: Stand, **more: Any) -> dict[str, Any]:
    answer = ask(stand, "POST", json={"name": "Sales", "rule": RULE, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_from_begin_to_end(stand: Stand) -> None:
    made = make(stand, channels=[{"by": "webhook", "url": "https://hooks.example.com/x?token=t"}])
    [channel] = made["channels"]
    assert channel["where"] == "hooks.example.com" and channel["secret"].startswith("whsec_")
    found = ask(stand, "GET", f"/{made['id']}").json()
    # what opens a channel is shown once
    assert found["channels"] == [{**channel, "secret": None}] and "token=t" not in str(found)
    mail = {"by": "email", "server": "smtp://u:p@mail.example", "sender": "e@x.example", "to": ["a@x.example"]}
    changed = ask(
        stand, "PATCH", f"/{made['id']}",
        json={"name": "More sales", "language": "zh", "revision": 1,
              "channels": [{"by": "kept", "id": channel["id"]}, mail]},
    ).json()  # fmt: skip
    assert [one["where"] for one in changed["channels"]] == ["hooks.example.com", "a@x.example"]
    assert (made["language"], changed["language"]) == ("en", "zh")
    assert changed["channels"][0]["secret"] is None and changed["revision"] == 2 and "p@mail" not in str(changed)
    assert [one["name"] for one in ask(stand, "GET").json()] == ["More sales"]
    assert ask(stand, "PATCH", f"/{made['id']}", json={"name": "x", "revision": 1}).status_code == 409
    muted = ask(stand, "POST", f"/{made['id']}/mute", json={"until": "2100-01-01T00:00:00Z"}).json()
    assert muted["muted_until"].startswith("2100-01-01")
    assert ask(stand, "POST", f"/{made['id']}/mute", json={"until": None}).json()["muted_until"] is None
    assert ask(stand, "GET", f"/{made['id']}/incidents").json()["items"] == []
    assert ask(stand, "DELETE", f"/{made['id']}").status_code == 204
    assert ask(stand, "GET", f"/{made['id']}").status_code == 404


def test_a_test_of_a_channel(stand: Stand, web: WebServer) -> None:
    made = make(stand, channels=[{"by": "webhook", "url": web.address}])
    path = f"/{made['id']}/channels/{made['channels'][0]['id']}/test"
    assert ask(stand, "POST", path).json() == {"told": True, "trouble": ""}
    web.answers = [500]
    assert ask(stand, "POST", path).json() == {"told": False, "trouble": "127.0.0.1 answered 500."}
    assert len(web.got) == 2
    assert ask(stand, "POST", f"/{made['id']}/channels/none/test").status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"subject": {"of": "sql", "sql": "SELECT * FROM system.one"}}, "subject.sql"),
        ({"condition": {"when": "sequential"}}, "condition"),
        ({"subject": {"of": "question", "question": {"question": "paths"}}}, "subject.question"),
    ],
)
def test_what_does_not_fit_together(stand: Stand, change: dict[str, Any], field: str) -> None:
    answer = ask(stand, "POST", json={"name": "x", "rule": {**RULE, **change}})
    assert answer.status_code == 400 and answer.json()["errors"][0]["field"] == field


def test_who_may(stand: Stand) -> None:
    made = make(stand)
    for who, method, path, body, status in (
        ("reviewer", "GET", f"/{made['id']}", None, 200),
        ("reviewer", "POST", "", {"name": "x", "rule": RULE}, 403),
        ("reviewer", "PATCH", f"/{made['id']}", {"name": "x"}, 403),
        ("reviewer", "POST", f"/{made['id']}/mute", {"until": None}, 403),
        ("reviewer", "DELETE", f"/{made['id']}", None, 403),
        ("stranger", "GET", f"/{made['id']}", None, 404),
    ):
        assert ask(stand, method, path, who=who, json=body).status_code == status, (who, method, path)
