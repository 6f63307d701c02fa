"""Questions as addresses and back, and the times that addresses name: pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.base.problems import Problem
from eden.console.forms import Form
from eden.observe.pages import addresses
from eden.observe.pages.addresses import Query, place_of
from eden.observe.pages.conditions import (
    form_events,
    join,
    made_filter,
    read_events,
    read_filter,
    split,
    write_events,
    write_filter,
)
from eden.observe.pages.inlining import inlined
from eden.observe.pages.period import CHOICES, read_period, read_zone
from eden.observe.questions import interfaces as ask
from eden.observe.questions.interfaces import Events, Filter

#: 20 November 2026, 23:30 UTC: the next day in Shanghai
NOW = int(datetime(2026, 11, 20, 23, 30, tzinfo=UTC).timestamp()) * 1_000_000
SHANGHAI = ZoneInfo("Asia/Shanghai")

words = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), min_size=1).filter(
    lambda text: text == text.strip()
)
names = st.sampled_from(["version", "platform", "props.kind", "person.plan", "page"])
numbers = st.integers(-1000, 1000).map(float)
filters = st.one_of(
    st.builds(
        lambda name, operator, values: Filter(property=name, operator=operator, values=tuple(values)),
        names,
        st.sampled_from(["is", "is_not", "contains", "matches"]),
        st.lists(words, min_size=1, max_size=3),
    ),
    st.builds(
        lambda name, operator, value: Filter(property=name, operator=operator, values=(value,)),
        names,
        st.sampled_from(["gt", "gte", "lt", "lte"]),
        numbers,
    ),
    st.builds(
        lambda name, low, more: Filter(property=name, operator="between", values=(low, low + abs(more))),
        names,
        numbers,
        numbers,
    ),
    st.builds(
        lambda name, operator: Filter(property=name, operator=operator), names, st.sampled_from(["set", "not_set"])
    ),
)


def form(query: Query) -> Form:
    return Form({name: [value] if isinstance(value, str) else value for name, value in query.items() if value})


def period_of(query: Query, zone: str = "UTC") -> Any:
    first = {name: value for name, value in query.items() if isinstance(value, str) and value}
    return read_period(first, NOW, ZoneInfo(zone))


@given(filters)
def test_a_filter_comes_back(found: Filter) -> None:
    assert read_filter(write_filter(found)) == found


@given(st.lists(words, max_size=4))
def test_parts_come_back(parts: list[str]) -> None:
    assert split(join(parts)) == (parts or [""])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a|",
        "a|is",
        "a|is|",
        "a|gt|x",
        "a|gt|1|2",
        "a|between|1",
        "|is|b",
        "a|unheard|b",
        "a|gt|nan",
        "a|gt|inf",
    ],
)
def test_what_means_nothing_is_no_filter(text: str) -> None:
    assert read_filter(text) is None


def test_a_filter_of_a_form() -> None:
    assert made_filter("page", "is", "a, b，c") == Filter(property="page", operator="is", values=("a", "b", "c"))
    assert made_filter("value", "between", "9,1") == Filter(property="value", operator="between", values=(1.0, 9.0))
    assert made_filter("page", "is", " , ") is None


some_events = st.builds(
    lambda names, found: Events(names=tuple(names), filters=tuple(found)),
    st.lists(words.filter(lambda name: name != "*"), max_size=3, unique=True),
    st.lists(filters, max_size=3),
)


@given(some_events)
def test_events_come_back(events: Events) -> None:
    assert read_events(write_events(events)) == events


def test_events_of_a_form() -> None:
    """Any of the events, all of the conditions; what is not filled in is left out."""
    filled = Form(
        {
            "back-name": ["a", "b", "a"],
            "back-property": ["page", "", "value"],
            "back-operator": ["is", "is", "gt"],
            "back-value": ["x, y", "z", "7"],
        }
    )
    page, value = Filter(property="page", values=("x", "y")), Filter(property="value", operator="gt", values=(7.0,))
    assert form_events(filled, "back") == Events(names=("a", "b"), filters=(page, value))
    assert form_events(filled, "start") == Events()


def test_a_large_number_keeps_its_digits() -> None:
    found = Filter(property="value", operator="gt", values=(12345678.5,))
    assert read_filter(write_filter(found)) == found and write_filter(found) == "value|gt|12345678.5"


periods = st.sampled_from(
    [*(ask.Period(last="60m" if key == "1h" else key) for key in CHOICES)]
)  # fmt: skip
common: dict[str, Any] = {"period": periods, "filters": st.lists(filters, max_size=3, unique_by=repr).map(tuple)}
event_names = st.lists(words, max_size=3, unique=True).map(tuple)
breakdowns = st.one_of(st.none(), names.map(lambda name: ask.Breakdown(by=(name,))))
trends = st.builds(
    ask.Trend,
    **common,
    events=some_events,
    measure=st.one_of(
        st.builds(ask.Measure, kind=st.sampled_from(["count", "persons", "sessions", "per_person"])),
        st.builds(ask.Measure, kind=st.sampled_from(["sum", "average"]), of=names),
        st.sampled_from([50.0, 90.0, 95.0, 99.0]).map(lambda at: ask.Measure(kind="percentile", percentile=at)),
        some_events.map(lambda events: ask.Measure(kind="ratio", over=events)),
    ),
    interval=st.sampled_from(["hour", "day", "week"]),
    breakdown=breakdowns,
    compare=st.booleans(),
)
steps = st.builds(lambda events: ask.Step(events=events), some_events)
funnels = st.builds(
    ask.Funnel,
    **common,
    steps=st.lists(steps, min_size=2, max_size=5).map(tuple),
    window=st.sampled_from(addresses.WINDOWS),
    unit=st.sampled_from(["person", "device", "session"]),
    order=st.sampled_from(["ordered", "strict", "unordered"]),
    exclusions=st.lists(words, max_size=2).map(
        lambda found: tuple(ask.Exclusion(events=Events(names=(name,))) for name in found)
    ),
    breakdown=breakdowns,
    compare=st.booleans(),
)
retentions = st.builds(
    ask.Retention,
    **common,
    start=some_events,
    back=some_events,
    interval=st.sampled_from(["day", "week", "month"]),
    mode=st.sampled_from(["first", "recurring"]),
    bounded=st.booleans(),
    unit=st.sampled_from(["person", "device"]),
)


dids = st.builds(ask.Did, events=some_events, days=st.sampled_from(addresses.DAYS), at_least=st.integers(1, 1_000_000))
cohorts = st.builds(
    ask.Cohort,
    filters=common["filters"],
    condition=st.one_of(dids, dids.map(lambda did: ask.Not(condition=did))),
)


@given(st.one_of(trends, funnels, retentions, cohorts))
def test_a_question_is_its_address(question: Any) -> None:
    """Whoever opens a kept question on its page asks just the same."""
    place = place_of(question, NOW)
    assert place is not None
    tab, query = place
    assert READERS[tab](form(query), period_of(query)) == question


READERS: dict[str, Callable[[Form, Any], Any]] = {
    "overview": addresses.read_overview,
    "events": addresses.read_trend,
    "funnel": addresses.read_funnel,
    "retention": addresses.read_retention,
    "paths": addresses.read_paths,
    "performance": addresses.read_percentiles,
    "versions": addresses.read_versions,
    "people": addresses.read_cohort,
}


@pytest.mark.parametrize(
    "question",
    [
        addresses.read_paths(form({"nodes": "event", "end": "pay", "steps": "6"}), period_of({"time": "28d"})),
        addresses.read_percentiles(form({"what": "request", "by": "none"}), period_of({"time": "24h"})),
        addresses.read_percentiles(form({}), period_of({"compare": "yes"})),
        addresses.read_versions(form({"kind": "release"}), period_of({})),
        addresses.read_overview(form({"filter": ["platform|is|ios"]}), period_of({"time": "1h", "compare": "yes"})),
        addresses.read_trend(
            form({"mode": "rolling-7"}), period_of({"time": "custom", "since": "2026-10-01", "until": "2026-10-31"})
        ),
        addresses.read_trend(
            form({}), period_of({"time": "custom", "since": "2026-10-01", "until": "2026-10-31"}, "Asia/Shanghai")
        ),
    ],
)
def test_other_questions_are_their_addresses(question: Any) -> None:
    place = place_of(question, NOW)
    assert place is not None
    tab, query = place
    assert READERS[tab](form(query), period_of(query, question.period.zone)) == question


def test_a_period_up_to_today_is_the_same_tomorrow() -> None:
    """Its last day was not over when it was kept."""
    asked: Query = {"time": "custom", "since": "2026-11-18", "until": "2026-11-20"}
    question = addresses.read_trend(form({}), period_of(asked))
    assert question.period.until == datetime.fromtimestamp(NOW / 1e6, UTC)
    found = place_of(question, NOW + 86_400_000_000)
    assert found is not None and {name: found[1][name] for name in asked} == asked


@pytest.mark.parametrize(
    "question",
    [
        ask.Trail(person="p"),
        ask.PropertyValues(property="version"),
        ask.Release(code=1),
        ask.Trend(period=ask.Period(last="12M")),
        ask.Trend(period=ask.Period(last="24h"), measure=ask.Measure(kind="percentile", percentile=75.0)),
        ask.Trend(breakdown=ask.Breakdown(by=("version", "platform"))),
        ask.Trend(events=Events(names=("a",), label="My own")),
        ask.Retention(start=Events(names=("*",))),
        ask.Funnel(steps=(ask.Step(events=Events(names=("a",))), ask.Step(events=Events(names=("b",)), within=60))),
        ask.Retention(back=Events(filters=(ask.InCohort(cohort=ask.Has(filter=Filter(property="plan"))),))),
        ask.Paths(),
        ask.Percentiles(events=Events(names=("other",)), interval="day"),
        ask.Overview(top=20),
        ask.Cohort(condition=ask.Has(filter=Filter(property="plan", values=("gold",)))),
        ask.Cohort(condition=ask.Did(events=Events(), at_most=3)),
        ask.Cohort(condition=ask.Not(condition=ask.AllOf(conditions=(ask.Did(events=Events()),)))),
    ],
)
def test_a_question_that_a_page_would_cut_is_opened_by_itself(question: Any) -> None:
    assert place_of(question, NOW) is None


def test_days_are_the_readers() -> None:
    """It is the 21st in Shanghai; seven days are today and six before."""
    for zone, first in (("Asia/Shanghai", "2026-11-15"), ("UTC", "2026-11-14")):
        found = read_period({}, NOW, ZoneInfo(zone))
        assert found.days == (first, "2026-11-21" if zone != "UTC" else "2026-11-20")
        assert datetime.fromtimestamp(found.since / 1e6, ZoneInfo(zone)).hour == 0
        assert found.until == NOW and found.step == "day"


def test_a_period_of_dates() -> None:
    found = read_period({"time": "custom", "since": "2026-11-03", "until": "2026-11-01"}, NOW, SHANGHAI)
    assert found.days == ("2026-11-01", "2026-11-03")
    assert (found.until - found.since) == 3 * 86_400 * 1_000_000
    assert found.query() == {"time": "custom", "since": "2026-11-01", "until": "2026-11-03"}
    # the future has not been reported, and nothing is older than what is kept
    future = read_period({"time": "custom", "since": "2026-11-20", "until": "2030-01-01"}, NOW, SHANGHAI)
    assert future.until == NOW
    long_ago = read_period({"time": "custom", "since": "1970-01-01", "until": "2026-11-20"}, NOW, SHANGHAI)
    assert long_ago.since > 0 and long_ago.step == "week"


@pytest.mark.parametrize("query", [{"time": "9y"}, {"time": "custom"}, {"time": "custom", "since": "x", "until": "y"}])
def test_a_period_that_is_none_is_the_usual_one(query: dict[str, str]) -> None:
    assert read_period(query, NOW, SHANGHAI) == read_period({}, NOW, SHANGHAI)


@pytest.mark.parametrize("name", [None, "", "Nowhere/City", "../../etc/passwd", "/etc/passwd", "x" * 100, "A\0B"])
def test_a_zone_that_is_none(name: str | None) -> None:
    assert read_zone(name).key == "UTC"


def test_short_times_have_short_steps() -> None:
    steps = [read_period({"time": key}, NOW, SHANGHAI).step for key in CHOICES]
    assert steps == ["minute", "hour", "day", "day", "day"]


def test_questions_follow_the_rules_of_the_api() -> None:
    broken = ask.Trend(breakdown=ask.Breakdown(by=("no property; at all",)))
    with pytest.raises(Problem, match="A property is a column"):
        addresses.checked(broken)


def test_values_are_written_into_sql() -> None:
    sql = "SELECT {a:String}, {b:Array(String)}, {c:UInt32}, {d:Nullable(Float64)}, {unknown:String}"
    values = {"a": "it's \\ {b:String}\n", "b": ["x", "'"], "c": 7, "d": None}
    assert inlined(sql, values) == "SELECT 'it\\'s \\\\ {b:String}\\n', ['x', '\\''], 7, NULL, {unknown:String}"
