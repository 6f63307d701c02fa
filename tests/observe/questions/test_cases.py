"""Named questions about one world of rows: the engine's answer is the reference's, to the last digit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from eden.observe.insight.engine import Engine
from eden.observe.questions.asking import asking, statement
from eden.observe.questions.interfaces import (
    AllOf,
    AnyFilter,
    AnyOf,
    Breakdown,
    Cohort,
    Did,
    EventNames,
    Events,
    Exclusion,
    Filter,
    Funnel,
    Has,
    InCohort,
    Measure,
    Not,
    Overview,
    Paths,
    Percentiles,
    Period,
    Question,
    Release,
    Retention,
    Step,
    Trend,
    Versions,
)
from tests.observe.questions.comparing import differences, run
from tests.observe.questions.conftest import CLEAN
from tests.observe.questions.reference import World
from tests.observe.questions.world import HOSTILE


def days(first: int, last: int | None = None, zone: str = "UTC", **more: int) -> Period:
    """October 2026, from the beginning of a day to that of another one (none: now)."""
    until = None if last is None else datetime(2026, 10, last, tzinfo=ZoneInfo(zone))
    return Period(since=datetime(2026, 10, first, tzinfo=ZoneInfo(zone)) + timedelta(**more), until=until, zone=zone)


def of(*names: str, where: tuple[AnyFilter, ...] = ()) -> Events:
    return Events(names=names, filters=where)


def where(name: str, operator: str = "is", *values: str | float) -> Filter:
    return Filter(property=name, operator=operator, values=values)  # type: ignore[arg-type]


FORTNIGHT = days(16)
BERLIN = days(20, 28, "Europe/Berlin")
VIEW, CART, PAY = of("$page_view"), of("cart"), of("pay")
#: the last of them are an hour that comes twice in Berlin
MINUTES = Period(
    since=datetime(2026, 10, 24, 23, 50, tzinfo=ZoneInfo("UTC")),
    until=datetime(2026, 10, 25, 1, 40, tzinfo=ZoneInfo("UTC")),
)
BUYERS = Did(events=PAY, days=10, at_least=2)
BY_KIND = Breakdown(by=("props.kind",), top=2)


def trend(events: Events = VIEW, period: Period = FORTNIGHT, **more) -> Trend:  # type: ignore[no-untyped-def]
    measure: Any = more.pop("measure", "count")
    measured = measure if isinstance(measure, Measure) else Measure(kind=measure)
    return Trend(events=events, period=period, measure=measured, **more)


def filtered(*filters: AnyFilter) -> Trend:
    return trend(of(), filters=filters, period=FORTNIGHT)


def funnel(*steps: Events | Step, **more) -> Funnel:  # type: ignore[no-untyped-def]
    made = tuple(one if isinstance(one, Step) else Step(events=one) for one in steps)
    return Funnel(steps=made, **{"period": FORTNIGHT, **more})


TRENDS: dict[str, Question] = {
    "count by day": trend(),
    "count by day, from rows": trend(source="rows"),
    "count of all events": trend(of()),
    "count of two events": trend(of("cart", "pay")),
    "count of an event that never came": trend(of("none")),
    "count of a period without rows": trend(period=days(1, 5)),
    "count by hour where an hour comes twice": trend(of(), BERLIN, interval="hour"),
    "count by day where a day has 25 hours": trend(of(), BERLIN),
    "count by minute": trend(of(), MINUTES, interval="minute"),
    "count by week, on Mondays": trend(of(), days(13, None, "Europe/Berlin"), interval="week"),
    "count by month": trend(of(), days(1), interval="month"),
    "days of Shanghai": trend(of(), days(16, 29, "Asia/Shanghai")),
    "days of Kathmandu, a quarter off the hour": trend(of(), days(16, 29, "Asia/Kathmandu")),
    "hours of Kathmandu": trend(of(), days(26, 28, "Asia/Kathmandu"), interval="hour"),
    "days of Los Angeles": trend(of(), days(16, None, "America/Los_Angeles")),
    "days of Kiritimati, a day ahead": trend(of(), days(16, None, "Pacific/Kiritimati")),
    "a period that begins within a day": trend(of(), days(20, None, "UTC", hours=7, minutes=13, milliseconds=1)),
    "a period that ends within a slot": trend(
        of(),
        Period(
            since=datetime(2026, 10, 20, tzinfo=ZoneInfo("UTC")),
            until=datetime(2026, 10, 25, 1, 30, 0, 1000, ZoneInfo("UTC")),
        ),
    ),
    "people": trend(measure="persons"),
    "people of all events": trend(of(), measure="persons"),
    "devices": trend(measure="devices"),
    "sessions": trend(measure="sessions"),
    "sessions of all events": trend(of(), measure="sessions"),
    "events per person": trend(measure="per_person"),
    "sum of value": trend(measure="sum"),
    "average of value": trend(measure="average"),
    "minimum of value": trend(measure="minimum"),
    "maximum of value": trend(measure="maximum"),
    "median of value": trend(measure=Measure(kind="percentile", percentile=50)),
    "p99 of value": trend(measure=Measure(kind="percentile", percentile=99)),
    "sum of a property of mixed types": trend(of(), measure=Measure(kind="sum", of="props.amount")),
    "average of a property deep inside": trend(of(), measure=Measure(kind="average", of="props.phases.script.ms")),
    "sum of codes": trend(of(), measure=Measure(kind="sum", of="code")),
    "ratio of two events": trend(PAY, measure=Measure(kind="ratio", over=CART)),
    "ratio of people": trend(PAY, measure=Measure(kind="person_ratio", over=VIEW)),
    "ratio of an event and all": trend(
        of("$request", where=(where("props.status", "gte", 400),)), measure=Measure(kind="ratio", over=of("$request"))
    ),
    "count by version": trend(breakdown=Breakdown(by=("version",))),
    "count by version, top 1": trend(breakdown=Breakdown(by=("version",), top=1)),
    "people by platform": trend(measure="persons", breakdown=Breakdown(by=("platform",), top=2)),
    "count by code": trend(breakdown=Breakdown(by=("code",), top=2)),
    "count by name": trend(of(), breakdown=Breakdown(by=("name",), top=4)),
    "people by name and version": trend(of(), measure="persons", breakdown=Breakdown(by=("name", "version"), top=5)),
    "count by property": trend(breakdown=BY_KIND),
    "count by a property of mixed types": trend(of(), breakdown=Breakdown(by=("props.amount",), top=5)),
    "count by a hostile property": trend(of(), breakdown=Breakdown(by=(f"props.{HOSTILE}", "country"), top=3)),
    "average by property": trend(measure="average", breakdown=BY_KIND),
    "ratio by country": trend(
        PAY, measure=Measure(kind="ratio", over=VIEW), breakdown=Breakdown(by=("country",), top=2)
    ),
    "median by version and page": trend(
        measure=Measure(kind="percentile", percentile=50), breakdown=Breakdown(by=("version", "page"), top=4)
    ),
    "people of two days": trend(of(), measure="persons", rolling=2),
    "people of a week in Berlin": trend(of(), BERLIN, measure="persons", rolling=7),
    "count of three days by version": trend(rolling=3, breakdown=Breakdown(by=("version",), top=2)),
    "average of two days": trend(period=days(25, 29), measure="average", rolling=2),
    "cumulative count": trend(cumulative=True),
    "cumulative people": trend(of(), measure="persons", cumulative=True),
    "cumulative people by version": trend(
        of(), measure="persons", cumulative=True, breakdown=Breakdown(by=("version",), top=2)
    ),
    "cumulative average": trend(measure="average", cumulative=True),
}

FILTERS: dict[str, Question] = {
    "is": filtered(where("version", "is", "1.1")),
    "is one of": filtered(where("version", "is", "1.1", "1.2")),
    "is nothing": filtered(where("version", "is", "")),
    "is not": filtered(where("props.kind", "is_not", "cold")),
    "is a number": filtered(where("props.amount", "is", 7.0)),
    "is a number or a text": filtered(where("props.amount", "is", 1.0, "many")),
    "is not a number": filtered(where("props.amount", "is_not", 7.0)),
    "is true": filtered(where("props.amount", "is", "true")),
    "is a text that looks like a day": filtered(where("props.kind", "is", "2026-10-01")),
    "is a text that looks like a number": filtered(where("props.kind", "is", "13")),
    "contains, whatever the case": filtered(where("props.kind", "contains", "HO")),
    "contains one of": filtered(where("country", "contains", "c", "U")),
    "contains not": filtered(where("props.kind", "contains_not", "o")),
    "matches": filtered(where("props.kind", "matches", "^(c|W)", "t$")),
    "matches not": filtered(where("props.kind", "matches_not", "[oa]")),
    "greater": filtered(where("value", "gt", 500)),
    "greater, of text": filtered(where("props.amount", "gt", "7")),
    "at least": filtered(where("props.amount", "gte", 7)),
    "less": filtered(where("props.amount", "lt", 0)),
    "at most, of codes": filtered(where("code", "lte", 110)),
    "between": filtered(where("props.phases.boot", "between", 3, 5)),
    "set": filtered(where("props.amount", "set")),
    "not set": filtered(where("props.kind", "not_set")),
    "value is set": filtered(where("value", "set")),
    "an object is not set": filtered(where("props.phases", "set")),
    "a hostile name": filtered(where(f"props.{HOSTILE}", "is", "x")),
    "a hostile value": filtered(where("props.kind", "is", "'); DROP TABLE events --", "{p0:String}", "\\")),
    "two filters": filtered(where("version", "is", "1.1"), where("props.kind", "set")),
    "a person's property": filtered(where("person.plan", "is", "gold")),
    "a person's property is not": filtered(where("person.plan", "is_not", "gold")),
    "a person's number": filtered(where("person.age", "between", 20, 50)),
    "a person's property is not set": filtered(where("person.plan", "not_set")),
    "in a cohort": filtered(InCohort(cohort=BUYERS)),
    "not in a cohort": filtered(InCohort(cohort=BUYERS, inside=False)),
    "in a cohort of all others": filtered(InCohort(cohort=Not(condition=BUYERS))),
    "filters of the events": trend(of("$page_view", "pay", where=(where("page", "is", "home", "list"),))),
}

FUNNELS: dict[str, Question] = {
    "three steps": funnel(VIEW, CART, PAY),
    "two steps within a minute": funnel(VIEW, CART, window=60),
    "a step within a minute of the one before": funnel(VIEW, Step(events=CART, within=60), PAY),
    "both windows": funnel(VIEW, Step(events=CART, within=3600), Step(events=PAY, within=86_400), window=90_000),
    "the same event twice": funnel(VIEW, VIEW),
    "there and back": funnel(VIEW, CART, VIEW),
    "any event after an event": funnel(PAY, of()),
    "steps by page": funnel(
        of("$page_view", where=(where("page", "is", "home"),)),
        of("$page_view", where=(where("page", "is", "item"),)),
        CART,
    ),
    "steps that overlap": funnel(of("$page_view", "cart"), of("cart", "pay"), PAY),
    "devices": funnel(VIEW, CART, PAY, unit="device"),
    "sessions": funnel(VIEW, CART, unit="session"),
    "strict": funnel(VIEW, CART, order="strict"),
    "strict, three steps": funnel(VIEW, of("$tap", "search"), of("cart", "pay"), order="strict"),
    "strict, the same event": funnel(VIEW, VIEW, CART, order="strict"),
    "strict, with a quiet step": funnel(of("$request"), CART, order="strict"),
    "strict, by country": funnel(VIEW, CART, order="strict", breakdown=Breakdown(by=("country",), top=2)),
    "strict, a quiet event in between": funnel(
        VIEW, CART, order="strict", exclusions=(Exclusion(events=of("$request")),)
    ),
    "any order": funnel(PAY, VIEW, CART, order="unordered"),
    "any order, within a minute": funnel(PAY, VIEW, CART, order="unordered", window=60),
    "any order, steps that overlap": funnel(
        of("$page_view", where=(where("page", "is", "cart"),)), VIEW, of("$page_view", "pay"), order="unordered"
    ),
    "any order, the same event": funnel(VIEW, VIEW, VIEW, order="unordered", window=7200),
    "any order, an exclusion": funnel(
        PAY, VIEW, CART, order="unordered", exclusions=(Exclusion(events=of("search", "$tap")),)
    ),
    "any order, by country": funnel(
        PAY, CART, order="unordered", breakdown=Breakdown(by=("country",), top=2), unit="device"
    ),
    "any order, nobody": funnel(of("none"), of("nothing"), order="unordered"),
    "any order, twelve steps": funnel(*([VIEW, CART, PAY] * 4), order="unordered"),
    "an exclusion": funnel(VIEW, CART, PAY, exclusions=(Exclusion(events=of("search")),)),
    "an exclusion between two steps": funnel(
        VIEW, CART, PAY, exclusions=(Exclusion(events=of("search", "$tap"), after=2),)
    ),
    "two exclusions": funnel(
        VIEW, CART, PAY, exclusions=(Exclusion(events=of("search"), after=1), Exclusion(events=of("$tap"), after=2))
    ),
    "an exclusion that is a step": funnel(
        VIEW, CART, PAY, exclusions=(Exclusion(events=of("$page_view", where=(where("page", "is", "me"),))),)
    ),
    "by version": funnel(VIEW, CART, PAY, breakdown=Breakdown(by=("version",))),
    "by a property, top 1": funnel(VIEW, CART, breakdown=Breakdown(by=("props.kind",), top=1)),
    "by two": funnel(VIEW, CART, breakdown=Breakdown(by=("country", "platform"), top=3)),
    "with a filter": funnel(VIEW, CART, filters=(where("platform", "is", "ios"),)),
    "of a cohort": funnel(VIEW, CART, filters=(InCohort(cohort=BUYERS),)),
    "nobody begins": funnel(of("none"), CART),
    "twelve steps": funnel(*([VIEW, CART, PAY] * 4)),
}

OTHERS: dict[str, Question] = {
    "retention by day": Retention(period=days(20), start=VIEW, back=VIEW),
    "retention by day in Shanghai": Retention(period=days(20, None, "Asia/Shanghai"), start=VIEW, back=PAY),
    "retention, unbounded": Retention(period=days(20), start=VIEW, back=CART, bounded=False),
    "retention, recurring": Retention(period=days(18), start=CART, back=VIEW, mode="recurring"),
    "retention, recurring and unbounded": Retention(
        period=days(18), start=PAY, back=PAY, mode="recurring", bounded=False
    ),
    "retention by week": Retention(period=days(1), start=VIEW, back=VIEW, interval="week"),
    "retention by month": Retention(
        period=Period(since=datetime(2026, 8, 1, tzinfo=ZoneInfo("UTC"))), start=VIEW, back=VIEW, interval="month"
    ),
    "retention of devices": Retention(period=days(22), start=VIEW, back=of(), unit="device"),
    "retention of any event": Retention(period=days(22, 28), start=of(), back=of()),
    "retention with a filter": Retention(
        period=days(22), start=VIEW, back=VIEW, filters=(where("version", "is", "1.1"),)
    ),
    "paths of pages": Paths(period=FORTNIGHT, share=0),
    "paths with repeats": Paths(period=FORTNIGHT, share=0, collapse=False),
    "paths from a page": Paths(period=FORTNIGHT, share=0, start="item", unit="person"),
    "paths to a page": Paths(period=FORTNIGHT, share=0, end="cart", unit="person", steps=4),
    "paths of events": Paths(period=FORTNIGHT, share=0, by="event", events=of(), unit="device", steps=10, nodes=50),
    "paths with few nodes": Paths(period=FORTNIGHT, share=0, by="event", events=of(), nodes=2),
    "paths from nowhere": Paths(period=FORTNIGHT, share=0, start="none"),
    "percentiles of value": Percentiles(period=FORTNIGHT, events=VIEW),
    "percentiles by version": Percentiles(period=FORTNIGHT, events=VIEW, breakdown=Breakdown(by=("version",), top=2)),
    "percentiles by day": Percentiles(period=BERLIN, events=of(), interval="day", percentiles=(0, 50, 100)),
    "percentiles of a property": Percentiles(
        period=FORTNIGHT,
        events=of(),
        of="props.amount",
        breakdown=Breakdown(by=("props.kind", "page"), top=4),
        interval="week",
    ),
    "percentiles of nothing": Percentiles(period=FORTNIGHT, events=of("none"), interval="day"),
    "percentiles deep inside": Percentiles(period=FORTNIGHT, events=of(), of="props.phases.script.ms"),
    "cohort of who did": Cohort(condition=Did(events=PAY, days=3)),
    "cohort of who did twice": Cohort(condition=BUYERS),
    "cohort of who did once or twice": Cohort(condition=Did(events=CART, days=20, at_most=2)),
    "cohort of who did not": Cohort(condition=Not(condition=Did(events=PAY, days=3))),
    "cohort by property": Cohort(condition=Has(filter=where("person.plan", "is", "gold"))),
    "cohort of everything": Cohort(
        condition=AllOf(
            conditions=(Did(events=VIEW), AnyOf(conditions=(BUYERS, Has(filter=where("person.age", "gt", 40)))))
        )
    ),
    "cohort, the second page": Cohort(condition=Did(events=of(), days=20), limit=3, after="u11"),
    "cohort within a version": Cohort(condition=Did(events=VIEW, days=20), filters=(where("version", "is", "1.2"),)),
    "versions": Versions(period=FORTNIGHT),
    "versions by code, top 2": Versions(period=FORTNIGHT, by="code", top=2),
    "versions of one platform": Versions(period=BERLIN, filters=(where("platform", "is", "ios"),)),
    "versions in one country": Versions(period=BERLIN, filters=(where("country", "is", "CN"),)),
    "a release against all others": Release(period=days(18), code=110),
    "a release against one": Release(
        period=days(18, None, "Asia/Kathmandu", hours=5, minutes=7), code=120, against=(100,)
    ),
    "a release that nobody has": Release(period=days(18), code=999),
    "a release within a cohort": Release(period=days(18), code=110, filters=(InCohort(cohort=Did(events=VIEW)),)),
    "overview": Overview(period=FORTNIGHT),
    "overview of Berlin, top 2": Overview(period=BERLIN, top=2, compare=False),
    "overview of a version": Overview(period=FORTNIGHT, filters=(where("version", "is", "1.1"),)),
    "names of events": EventNames(period=FORTNIGHT),
    "names of events, the first two": EventNames(period=BERLIN, limit=2, filters=(where("version", "set"),)),
}

CASES = {
    f"{kind}: {name}": question
    for kind, cases in (("trend", TRENDS), ("filter", FILTERS), ("funnel", FUNNELS), ("other", OTHERS))
    for name, question in cases.items()
}


@pytest.mark.parametrize("name", CASES)
def test_the_engine_and_the_reference_agree(worlds: tuple[Engine, dict[int, World]], name: str) -> None:
    store, found = worlds
    question = CASES[name]
    if isinstance(question, Trend | EventNames):
        # an event that came twice is in roll-ups twice
        question = replace(question, source="rows")
    assert differences(store, found[1], question, 1) == []


@pytest.mark.parametrize("name", TRENDS)
def test_rollups_hold_the_same_numbers(worlds: tuple[Engine, dict[int, World]], name: str) -> None:
    store, found = worlds
    assert differences(store, found[CLEAN], TRENDS[name], CLEAN) == []


@pytest.mark.parametrize("name", [name for name in OTHERS if isinstance(OTHERS[name], EventNames)])
def test_names_of_events_are_in_rollups(worlds: tuple[Engine, dict[int, World]], name: str) -> None:
    store, found = worlds
    assert differences(store, found[CLEAN], OTHERS[name], CLEAN) == []
    assert "trends" in statement(OTHERS[name], CLEAN, found[CLEAN].now).sql


@pytest.mark.parametrize("name", [name for name in OTHERS if isinstance(OTHERS[name], Overview)])
def test_who_is_new_is_looked_up(worlds: tuple[Engine, dict[int, World]], name: str) -> None:
    store, found = worlds
    question = OTHERS[name]
    assert differences(store, found[CLEAN], question, CLEAN) == []
    [new] = [one.sql for one in next(asking(question, CLEAN, found[CLEAN].now)) if one.name == "new"]
    assert ("FROM seen" in new) == (not question.filters)


def test_rollups_are_used(worlds: tuple[Engine, dict[int, World]]) -> None:
    store, found = worlds
    used = {name for name, question in TRENDS.items() if run(store, question, CLEAN, found[CLEAN].now).rollups}
    assert {"count by day", "cumulative people by version", "sessions of all events"} <= used
    assert used.isdisjoint(
        {"count by day, from rows", "count by minute", "devices", "sessions", "count by property", "median of value"}
    )


def test_there_are_enough() -> None:
    assert len(CASES) >= 100
