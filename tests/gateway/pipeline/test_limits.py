"""Token buckets on three levels, for everybody, each device and each user."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from eden.gateway.interfaces import App, Limits
from eden.gateway.pipeline.local import LocalBuckets
from tests.gateway.pipeline.house import APP, House, catalogue, document, header


def passes(house: House, **rest: Any) -> int:
    """How many calls pass in a row; at most 50."""
    for number in range(50):
        if house.pipeline.before(house.exchange(**rest)) is not None:
            return number
    return 50


def app_with(**limits: Any) -> App:
    return msgspec.structs.replace(APP, limits=Limits(**limits))


@pytest.mark.parametrize(
    ("own", "default", "app", "app_default", "expected"),
    [
        ({"rate": 5}, None, None, None, 5),
        (None, {"rate": 4}, None, None, 4),
        # an operation's own is in place of the default, even where it is higher
        ({"rate": 9}, {"rate": 4}, None, None, 9),
        # with that of the app, the lower wins
        ({"rate": 9}, None, {"rate": 3}, None, 3),
        ({"rate": 2}, None, {"rate": 3}, None, 2),
        (None, {"rate": 4}, None, {"rate": 6}, 4),
        (None, {"rate": 8}, None, {"rate": 6}, 6),
        (None, None, {"rate": 7}, {"rate": 6}, 7),
        ({"rate": 5, "burst": 12}, None, None, None, 12),
        ({"rate": 0.1}, None, None, None, 1),
        (None, None, None, None, 50),
    ],
)
def test_three_levels(own: Any, default: Any, app: Any, app_default: Any, expected: int) -> None:
    defaults = {name: value for name, value in (("limits", default), ("app_limits", app_default)) if value}
    made = catalogue({"limits": own} if own else {}, defaults=defaults)
    house = House(made, app_with(**app) if app else APP)
    assert passes(house) == expected


def test_the_default_is_of_each_operation() -> None:
    operation = {"group": "bank", "open": True}
    made = catalogue(
        operations={"one": operation, "two": operation, "three": {**operation, "limits": {"rate": 30}}},
        defaults={"limits": {"rate": 3}, "app_limits": {"rate": 10}},
    )
    house = House(made)
    assert [passes(house, operation=name) for name in ("one", "two", "three")] == [3, 3, 4]


def test_tokens_come_back_with_time() -> None:
    house = House(catalogue({"limits": {"rate": 2, "burst": 4}}))
    assert passes(house) == 4
    house.seconds += 0.4
    assert passes(house) == 0
    house.seconds += 0.1
    assert passes(house) == 1
    house.seconds += 100
    assert passes(house) == 4


def test_devices_have_buckets_of_their_own() -> None:
    house = House(catalogue({"limits": {"per_device": 2}}))
    for device in ("phone-1", "phone-2"):
        assert passes(house, headers={"x-eden-device": device}) == 2
    # without a name the address is the device
    assert passes(house, peer="192.0.2.1") == 2
    assert passes(house, peer="192.0.2.2") == 2


def test_a_refused_call_takes_nothing() -> None:
    house = House(catalogue({"limits": {"rate": 10, "per_device": 1}}))
    assert passes(house, headers={"x-eden-device": "greedy"}) == 1
    for _ in range(30):
        house.stops(headers={"x-eden-device": "greedy"})
    for number in range(9):
        house.passes(headers={"x-eden-device": f"modest-{number}"})
    assert house.stops(headers={"x-eden-device": "late"}).code == 1002


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_a_caller_over_the_limit_is_told(language: str) -> None:
    own = {"rate": 1, "answer": {"tips": {"en": "Queue, please.", "zh": "请排队"}}}
    house = House(catalogue({"limits": own}))
    house.passes()
    exchange = house.exchange(headers={"accept-language": language})
    answer = house.pipeline.before(exchange)
    assert answer is not None
    assert exchange.limited
    assert (answer.status, answer.code, header(answer, "retry-after")) == (429, 1002, "2")
    assert document(answer)["tips"] == {"en": "Queue, please.", "zh": "请排队"}[language]


def test_a_result_in_place_of_an_error() -> None:
    own = {"rate": 1, "answer": {"status": 1000, "result": {"items": []}}}
    house = House(catalogue({"limits": own}))
    house.passes()
    answer = house.stops()
    assert (answer.status, answer.code, document(answer)) == (200, 1000, {"items": []})
    assert header(answer, "result-status") == "1000"


def test_another_code() -> None:
    house = House(catalogue({"limits": {"rate": 1, "answer": {"status": 5100, "tips": {"en": "Not now."}}}}))
    house.passes()
    answer = house.stops(wire="mgw")
    assert (answer.status, document(answer)) == (
        200,
        {"resultStatus": 5100, "tips": "Not now.", "memo": "Too many calls."},
    )


def test_buckets_of_one_process_are_bounded() -> None:
    buckets = LocalBuckets(most=2)
    for name in (b"a", b"b", b"c"):
        assert buckets.take([(name, 1, 1)], 0) == -1
    # the one that waited longest was forgotten
    assert buckets.take([(b"c", 1, 1)], 0) == 0
    assert buckets.take([(b"b", 1, 1)], 0) == 0
    assert buckets.take([(b"a", 1, 1)], 0) == -1
    assert buckets.take([(b"x", 1, 1), (b"a", 1, 1)], 0) == 1
