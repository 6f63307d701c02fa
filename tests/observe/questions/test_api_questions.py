"""Questions over HTTP: who may, answers, errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from eden.observe.digest.catalogue import Catalogue
from eden.observe.insight.answering import Answering
from eden.observe.insight.client import LocalInsight
from eden.observe.insight.engine import Engine
from eden.observe.interfaces import EventRow
from tests.observe.sql.stand import Stand, open_stand


@pytest.fixture(scope="module")
def stand(kept_store: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with open_stand(tmp_path_factory.mktemp("office"), LocalInsight(Answering(kept_store))) as stand:
        for program, count in (("bank", 3), ("shop", 5)):
            rows = [
                {"app": stand.app(program).number, "at": stand.seconds - 60 - n, "arrived": stand.seconds,
                 "name": "pay" if n else "$launch", "person": f"{program}-{n % 2}", "id": n + 1,
                 "props": {"kind": f"k{n}"}}
                for n in range(count)
            ]  # fmt: skip
            kept_store.insert("events", b"\n".join(json.dumps(row).encode() for row in rows))
        yield stand


def ask(stand: Stand, question: Any, who: str = "owner", program: str = "bank") -> Any:
    return stand.office.ask(who, "POST", f"{stand.path(program)}/ask", json=question)


def test_an_answer_names_its_sql(stand: Stand) -> None:
    answer = ask(stand, {"question": "trend", "period": {"last": "2d"}, "events": {"names": ["pay"]}})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["result"]["result"] == "trend"
    assert body["result"]["series"][0]["total"] == 2
    [statement] = body["statements"]
    assert statement["sql"].startswith("SELECT ") and ["pay"] in statement["parameters"].values()
    assert body["seconds"] >= statement["seconds"] >= 0


def test_an_app_sees_its_own_rows(stand: Stand) -> None:
    funnel = {"question": "funnel", "steps": [{"events": {"names": ["$launch"]}}, {"events": {}}]}
    assert ask(stand, funnel).json()["result"]["whole"]["steps"][0]["reached"] == 1
    names = stand.office.get("owner", f"{stand.path('shop')}/events")["events"]
    assert [(one["name"], one["count"], one["persons"]) for one in names] == [("pay", 4, 2), ("$launch", 1, 1)]


@pytest.mark.parametrize(
    "question",
    [
        {"question": "retention"}, {"question": "paths"}, {"question": "percentiles"}, {"question": "versions"},
        {"question": "overview"}, {"question": "release", "code": 3}, {"question": "trail", "person": "bank-1"},
        {"question": "cohort", "condition": {"is": "did", "events": {"names": ["pay"]}}},
        {"question": "properties"}, {"question": "values", "property": "props.kind"}, {"question": "events"},
    ],
    ids=lambda question: question["question"],
)  # fmt: skip
def test_every_question_is_answered(stand: Stand, question: dict[str, Any]) -> None:
    answer = ask(stand, question)
    assert answer.status_code == 200, answer.text
    assert answer.json()["result"]["result"] == question["question"]


def catalogue(stand: Stand, program: str, at: int, *rows: tuple[str, dict[str, Any]]) -> None:
    """Events and their properties, as they arrive at `at` (µs)."""
    kept = Catalogue(stand.office.ground.database, lambda: at)
    for name, props in rows:
        kept.note(EventRow(app=stand.app(program).number, at=at / 1e6, received=at / 1e6, name=name, props=props))
    kept.flush(force=True)


def test_pickers(stand: Stand) -> None:
    path, at = stand.path("bank"), int(stand.seconds * 1_000_000)
    catalogue(stand, "bank", at - 40 * 86_400_000_000, ("pay", {"old": 1, "kind": "x"}))
    catalogue(
        stand, "bank", at, ("pay", {"kind": "x", "n": 1}), ("pay", {"kind": 7}), ("view", {"kind": True}), ("plain", {})
    )
    catalogue(stand, "shop", at, ("pay", {"secret": 1}))
    found = stand.office.get("owner", f"{path}/properties", params={"event": "pay", "last": "1d"})["properties"]
    assert [(one["name"], one["types"]) for one in found] == [
        ("props.kind", {"text": 2, "number": 1}), ("props.n", {"number": 1}),
    ]  # fmt: skip
    assert found[0]["first_seen"] < found[0]["last_seen"] == found[1]["first_seen"]
    found = stand.office.get("owner", f"{path}/properties")["properties"]
    assert [(one["name"], one["types"]) for one in found] == [
        ("props.kind", {"text": 2, "number": 1, "bool": 1}), ("props.n", {"number": 1}),
    ]  # fmt: skip
    everything = stand.office.get("owner", f"{path}/properties", params={"last": "60d"})["properties"]
    assert [one["name"] for one in everything] == ["props.kind", "props.n", "props.old"]
    values = stand.office.get("owner", f"{path}/values", params={"property": "props.kind", "like": "K1"})
    assert values["values"] == [{"value": "k1", "count": 1}]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"question": "nothing"}, "nothing"),
        ({"question": "trend", "period": {"zone": "Mars/Base"}}, "There is no time zone Mars/Base"),
        ({"question": "trend", "period": {"since": "2026-02-02T00:00:00Z", "until": "2026-02-01T00:00:00Z"}}, "ends"),
        (
            {"question": "trend", "filters": [{"by": "property", "property": "password", "operator": "set"}]},
            "no property password",
        ),
        ({"question": "trend", "interval": "minute", "period": {"last": "9d"}}, "more than 1,500 points"),
        ({"question": "trend", "measure": {"kind": "ratio"}}, "measure.over"),
        ({"question": "trend", "rolling": 7, "interval": "hour"}, "interval of a day"),
        ({"question": "trail"}, "whose trail"),
        (
            {"question": "versions", "filters": [{"by": "property", "property": "props.a", "operator": "set"}]},
            "props.a",
        ),
        ({"question": "funnel", "steps": [{"events": {}}]}, "steps"),
        (
            {
                "question": "trend",
                "filters": [{"by": "property", "property": "page", "operator": "gt", "values": ["x"]}],
            },
            "compares numbers",
        ),
    ],
)
def test_errors(stand: Stand, question: Any, said: str) -> None:
    answer = ask(stand, question)
    assert answer.status_code == 400, answer.text
    assert said in answer.text


def test_a_pattern_that_is_none(stand: Stand) -> None:
    filters = [{"by": "property", "property": "page", "operator": "matches", "values": ["("]}]
    answer = ask(stand, {"question": "trend", "filters": filters})
    assert (answer.status_code, answer.json()["code"]) == (422, "insight-refused")


def test_who_may(stand: Stand) -> None:
    assert ask(stand, {"question": "overview"}, who="").status_code == 401
    assert ask(stand, {"question": "overview"}, who="stranger").status_code in (403, 404)
    missing = stand.office.ask("owner", "GET", f"{stand.path('nothing')}/events")
    assert missing.status_code == 404
