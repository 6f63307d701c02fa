"""Periods and intervals of calendars, against what the zones' clocks show."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.base.api.times import microseconds, moment
from eden.base.problems import Problem
from eden.observe.questions.interfaces import Interval, Period
from eden.observe.questions.times import Range, before, begin, edges, following, resolve, zone_of

ZONES = ("UTC", "Europe/Berlin", "Asia/Kathmandu", "America/Santiago", "Africa/Cairo", "Australia/Lord_Howe",
         "Pacific/Apia", "America/Havana")  # fmt: skip

#: microseconds, twenty years
POINTS = st.integers(1_230_000_000_000_000, 1_860_000_000_000_000)


def at(text: str) -> int:
    return microseconds(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("last", "since"),
    [
        ("1d", "2026-10-30T00:00+01:00"),
        ("7d", "2026-10-24T00:00+02:00"),
        ("2w", "2026-10-19T00:00+02:00"),
        ("1M", "2026-10-01T00:00+02:00"),
        ("12M", "2025-11-01T00:00+01:00"),
        ("24h", "2026-10-29T12:00+01:00"),
        ("5m", "2026-10-30T11:16+01:00"),
    ],
)
def test_the_last_ones_and_the_one_that_runs(last: str, since: str) -> None:
    now = at("2026-10-30T11:20:30.123456+01:00")
    found = resolve(Period(last=last, zone="Europe/Berlin"), now)
    assert moment(found.since) == datetime.fromisoformat(since)
    assert found.until == now + 1000


@pytest.mark.parametrize(
    ("period", "since", "until"),
    [
        # the same time of the day a week before, though clocks were put back meanwhile
        (Period(last="7d", zone="Europe/Berlin"), "2026-10-17T00:00+02:00", "2026-10-23T11:20+02:00"),
        (Period(last="24h", zone="Europe/Berlin"), "2026-10-28T12:00+01:00", "2026-10-29T11:20+01:00"),
        (Period(last="1M", zone="Europe/Berlin"), "2026-09-01T00:00+02:00", "2026-09-30T11:20+02:00"),
        (
            Period(since=datetime.fromisoformat("2026-10-20T00:00+02:00"), zone="Europe/Berlin"),
            "2026-10-09T00:00+02:00",
            "2026-10-19T11:20+02:00",
        ),
        (
            Period(
                since=datetime.fromisoformat("2026-10-20T01:00Z"), until=datetime.fromisoformat("2026-10-20T04:00Z")
            ),
            "2026-10-19T22:00Z",
            "2026-10-20T01:00Z",
        ),
    ],
)
def test_the_period_before(period: Period, since: str, until: str) -> None:
    now = at("2026-10-30T11:20+01:00")
    earlier = before(period, resolve(period, now))
    assert moment(earlier.since) == datetime.fromisoformat(since)
    assert moment(earlier.until) - datetime.fromisoformat(until) in (timedelta(0), timedelta(milliseconds=1))


def test_days_without_a_midnight() -> None:
    zone = zone_of("America/Santiago")
    found = Range(at("2026-09-05T12:00-04:00"), at("2026-09-07T12:00-03:00"), zone)
    shown = [moment(second * 1_000_000).astimezone(zone).isoformat() for second in edges(found, "day")]
    assert shown == ["2026-09-05T00:00:00-04:00", "2026-09-06T01:00:00-03:00", "2026-09-07T00:00:00-03:00"]


def test_half_hours_of_lord_howe() -> None:
    # clocks go back by half an hour at two: the hour from half past one is there twice in part
    found = Range(at("2026-04-04T14:00Z"), at("2026-04-04T16:30Z"), zone_of("Australia/Lord_Howe"))
    zone = found.zone
    shown = [moment(second * 1_000_000).astimezone(zone).strftime("%H:%M %z") for second in edges(found, "hour")]
    assert shown[0] == "01:00 +1100" and shown[-1] == "02:00 +1030"


@given(
    st.sampled_from(ZONES),
    st.sampled_from(("minute", "hour", "day", "week", "month")),
    POINTS,
)
def test_intervals_follow_each_other(zone_name: str, unit: Interval, point: int) -> None:
    zone = zone_of(zone_name)
    start = begin(point, unit, zone)
    end = following(start, unit, zone)
    assert start <= point < end
    assert begin(start, unit, zone) == start == begin(end - 1, unit, zone)


@given(
    st.sampled_from(ZONES),
    st.sampled_from(("hour", "day", "week")),
    POINTS,
)
def test_edges_cover_the_range(zone_name: str, unit: Interval, point: int) -> None:
    found = Range(point, point + 40 * 3_600_000_000, zone_of(zone_name))
    seconds = edges(found, unit)
    assert seconds[0] * 1_000_000 <= found.since and seconds[-1] * 1_000_000 < found.until
    assert all(one < other for one, other in pairwise(seconds))


@pytest.mark.parametrize("period", [Period(zone="Nowhere/At_All", last="1d"), Period(), Period(last="900d")])
def test_what_is_no_period(period: Period) -> None:
    with pytest.raises(Problem) as caught:
        resolve(period, at("2026-10-30T11:20+01:00"))
    assert caught.value.code == "invalid"
