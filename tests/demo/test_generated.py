"""The made-up month: the same for the same seed, and such that every page of the console has something to show."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from eden.demo.generated import DAY, Crowd, Shipped

UNTIL = 1_790_000_000_000
SHIPPED = [
    Shipped("1.0.0", 10_000, "first", UNTIL - 40 * DAY),
    Shipped("1.1.0", 10_100, "second", UNTIL - 12 * DAY),
    Shipped("1.2.0", 10_200, "third", UNTIL - 4 * DAY, share=0.4, faulty=1.0),
]


@pytest.fixture(scope="module")
def batches() -> list[list[dict[str, Any]]]:
    return [[msgspec.json.decode(line) for line in batch.splitlines()] for batch in Crowd(400).month(UNTIL, SHIPPED)]


def test_the_same_seed_gives_the_same_month() -> None:
    assert list(Crowd(20).month(UNTIL, SHIPPED)) == list(Crowd(20).month(UNTIL, SHIPPED))
    assert list(Crowd(20).month(UNTIL, SHIPPED)) != list(Crowd(20, seed=8).month(UNTIL, SHIPPED))


def test_nothing_is_of_the_future_or_older_than_the_month(batches: list[list[dict[str, Any]]]) -> None:
    begun = [records[0]["at"] for _, *records in batches]
    # the last of the 28 days is today
    assert UNTIL - 28 * DAY <= min(begun) <= UNTIL - 26 * DAY
    assert UNTIL - DAY <= max(begun) < UNTIL
    assert all(batch[0]["generated"] for batch in batches)


def test_nights_and_sundays_are_quiet(batches: list[list[dict[str, Any]]]) -> None:
    shanghai = timezone(timedelta(hours=8))
    begun = [datetime.fromtimestamp(records[0]["at"] / 1000, shanghai) for _, *records in batches]
    hours, days = Counter(moment.hour for moment in begun), Counter(moment.weekday() for moment in begun)
    assert sum(hours[hour] for hour in range(5)) < 0.05 * len(begun)
    assert sum(hours[hour] for hour in range(7, 23)) > 0.9 * len(begun)
    assert days[6] < 0.9 * sum(days[day] for day in range(6)) / 6


def test_some_visits_end_with_the_program(batches: list[list[dict[str, Any]]]) -> None:
    ended = [records for _, *records in batches if any(one.get("error", {}).get("fatal") for one in records)]
    assert 0 < len(ended) < 0.05 * len(batches)
    for records in ended:
        [error] = [one["error"] for one in records if one.get("error", {}).get("fatal")]
        assert (error["type"], error["mechanism"]) == ("hung", "host")
        assert records[-1].get("error") == error


def test_batches_and_records_have_ids_of_their_own(batches: list[list[dict[str, Any]]]) -> None:
    names = [batch[0]["batch"] for batch in batches]
    ids = [record["id"] for _, *records in batches for record in records]
    assert len(set(names)) == len(names)
    assert len(set(ids)) == len(ids)


def test_every_kind_of_record_is_there(batches: list[list[dict[str, Any]]]) -> None:
    records = [record for _, *rest in batches for record in rest]
    kinds = Counter(record["type"] for record in records)
    names = Counter(record["name"] for record in records if record["type"] == "event")
    assert min(kinds[kind] for kind in ("event", "error", "log")) > 20
    assert names["$launch"] == len(batches)
    assert {"$page_view", "$page_leave", "$tap", "$request", "$set_data", "$long_task", "$error"} <= set(names)
    funnel = [names[name] for name in ("loan_scan", "loan_plan", "loan_document", "loan_confirm", "loan_signed")]
    assert funnel == sorted(funnel, reverse=True)
    assert funnel[-1] > 10


def test_some_requests_fail_with_an_answer_and_some_without(batches: list[list[dict[str, Any]]]) -> None:
    asked = [record["props"] for _, *rest in batches for record in rest if record.get("name") == "$request"]
    statuses = Counter(props["status"] for props in asked)
    assert set(statuses) == {0, 200, 500, 502} and min(statuses.values()) > 3
    assert statuses[200] > 0.98 * len(asked)
    assert all(("failure" in props) == (props["status"] == 0) for props in asked)


def test_a_version_is_with_its_share_from_its_day_on(batches: list[list[dict[str, Any]]]) -> None:
    versions = {name: Counter[str]() for name in ("before", "now")}
    for header, first, *_ in batches:
        versions["now" if first["at"] > UNTIL - 4 * DAY else "before"][header["program"]["version"]] += 1
    assert not versions["before"]["1.2.0"]
    assert 0.25 < versions["now"]["1.2.0"] / versions["now"].total() < 0.55
    assert not versions["now"]["1.0.0"]


def test_the_new_version_has_an_error_of_its_own(batches: list[list[dict[str, Any]]]) -> None:
    found = Counter(
        (header["program"]["version"], record["error"]["type"])
        for header, *records in batches
        for record in records
        if record["type"] == "error"
    )
    assert found["1.2.0", "TypeError"] > 0
    assert not found["1.1.0", "TypeError"]
    assert found["1.1.0", "Error"] > 0


def test_a_visit_of_now_has_nothing_of_the_future() -> None:
    crowd = Crowd(50)
    visits = [[msgspec.json.decode(line) for line in crowd.visit(UNTIL, SHIPPED).splitlines()] for _ in range(30)]
    assert len({header["device"] for header, *_ in visits}) > 10
    for _, first, *others in visits:
        assert UNTIL - 180_000 < first["at"] <= UNTIL
        assert all(record["at"] <= UNTIL for record in others)
    assert any(others for _, _, *others in visits)
