"""Random questions about random worlds; every seed is a case of its own, the same each time."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from eden.observe.insight.engine import Engine
from eden.observe.questions.interfaces import (
    AnyFilter,
    Breakdown,
    Cohort,
    Condition,
    Did,
    Events,
    Exclusion,
    Filter,
    Funnel,
    Has,
    InCohort,
    Measure,
    Not,
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
from tests.observe.questions.comparing import differences
from tests.observe.questions.conftest import SMALL, SMALL_WORLDS
from tests.observe.questions.reference import World
from tests.observe.questions.world import HOSTILE, NAMES, PAGES

ZONES = ("UTC", "Europe/Berlin", "Asia/Shanghai", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe")
PROPERTIES = ("version", "platform", "country", "page", "code", "props.kind", "props.amount", f"props.{HOSTILE}")


class Asker:
    """Makes questions of a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def question(self) -> Question:
        makers = (self.trend, self.funnel, self.funnel, self.retention, self.paths, self.percentiles, self.people,
                  self.versions)  # fmt: skip
        return self.random.choice(makers)()

    def maybe(self, chance: float = 0.3) -> bool:
        return self.random.random() < chance

    def period(self) -> Period:
        zone = self.random.choice(ZONES)
        since = datetime(2026, 10, 26, self.random.choice((0, 0, 5)), tzinfo=ZoneInfo(zone))
        until = since + timedelta(days=self.random.randint(1, 4), milliseconds=self.random.choice((0, 1)))
        return Period(since=since, until=None if self.maybe() else until, zone=zone)

    def events(self) -> Events:
        names = tuple(self.random.sample(sorted(set(NAMES)), self.random.choice((0, 1, 1, 1, 2, 3))))
        return Events(names=names, filters=(self.filter(),) if self.maybe(0.2) else ())

    def filter(self) -> AnyFilter:
        if self.maybe(0.1):
            return InCohort(cohort=self.condition(), inside=self.maybe(0.5))
        name = self.random.choice((*PROPERTIES, "person.plan", "value"))
        operator = self.random.choice(
            ("is", "is_not", "contains", "contains_not", "matches", "gt", "lte", "between", "set", "not_set")
        )
        if operator in ("gt", "lte", "between"):
            return Filter(property=name, operator=operator, values=(1.0, 110.0) if operator == "between" else (5.0,))  # type: ignore[arg-type]
        values = self.random.sample(("1.1", "ios", "cold", "7", "gold", "x", "o", "home", "110"), 3)
        return Filter(property=name, operator=operator, values=tuple(values))  # type: ignore[arg-type]

    def filters(self) -> tuple[AnyFilter, ...]:
        return tuple(self.filter() for _ in range(self.random.choice((0, 0, 0, 1, 2))))

    def condition(self) -> Condition:
        did = Did(
            events=Events(names=(self.random.choice(NAMES),)),
            days=self.random.randint(1, 5),
            at_least=self.random.randint(1, 3),
        )
        has = Has(filter=Filter(property="person.age", operator="gt", values=(40.0,)))
        return self.random.choice((did, has, Not(condition=did), Not(condition=has)))

    def breakdown(self) -> Breakdown | None:
        if self.maybe(0.5):
            return None
        by = tuple(self.random.sample(PROPERTIES, self.random.choice((1, 1, 2))))
        return Breakdown(by=by, top=self.random.randint(1, 4))

    def trend(self) -> Trend:
        kind = self.random.choice(
            ("count", "persons", "devices", "sessions", "per_person", "sum", "average", "percentile", "ratio",
             "person_ratio")
        )  # fmt: skip
        measure = Measure(kind=kind, of=self.random.choice(("value", "props.amount")), over=self.events())  # type: ignore[arg-type]
        if "ratio" not in kind:
            measure = Measure(kind=measure.kind, of=measure.of, percentile=self.random.choice((0, 50, 95, 100)))
        return Trend(
            events=self.events(), measure=measure, interval=self.random.choice(("hour", "day", "day", "week")),
            breakdown=self.breakdown(), cumulative=self.maybe(0.2), source="rows", period=self.period(),
            filters=self.filters(),
        )  # fmt: skip

    def funnel(self) -> Funnel:
        order = self.random.choice(("ordered", "ordered", "strict", "unordered"))
        steps = tuple(
            Step(
                events=self.events(),
                within=self.random.choice((60, 3600)) if order != "unordered" and self.maybe(0.2) else None,
            )
            for _ in range(self.random.randint(2, 5))
        )
        exclusions = (
            Exclusion(events=self.events(), after=None if order != "ordered" or self.maybe(0.5) else 1),
        ) if self.maybe(0.4) else ()  # fmt: skip
        return Funnel(
            steps=steps, order=order, exclusions=exclusions, breakdown=self.breakdown(),  # type: ignore[arg-type]
            window=self.random.choice((1, 60, 7200, 86_400 * 7)), period=self.period(), filters=self.filters(),
            unit=self.random.choice(("person", "device", "session")),
        )  # fmt: skip

    def retention(self) -> Retention:
        return Retention(
            start=self.events(), back=self.events(), mode=self.random.choice(("first", "recurring")),
            bounded=self.maybe(0.5), unit=self.random.choice(("person", "device")), period=self.period(),
            filters=self.filters(),
        )  # fmt: skip

    def paths(self) -> Paths:
        anchor = self.random.choice(PAGES) or None
        return Paths(
            by="page", events=self.events(), collapse=self.maybe(0.5), share=0, nodes=self.random.randint(1, 6),
            start=anchor if self.maybe(0.3) else None, end=anchor if self.maybe(0.3) else None,
            steps=self.random.randint(2, 6), unit=self.random.choice(("person", "session")), period=self.period(),
        )  # fmt: skip

    def percentiles(self) -> Percentiles:
        return Percentiles(
            events=self.events(), of=self.random.choice(("value", "props.amount", "code")), period=self.period(),
            breakdown=self.breakdown(), interval=self.random.choice((None, "day", "hour")), filters=self.filters(),
        )  # fmt: skip

    def people(self) -> Cohort:
        return Cohort(condition=self.condition(), limit=self.random.randint(1, 10))

    def versions(self) -> Question:
        if self.maybe(0.5):
            return Versions(period=self.period(), by=self.random.choice(("version", "code")))
        return Release(period=self.period(), code=self.random.choice((100, 110, 120)))


@pytest.mark.parametrize("seed", range(96))
def test_random_questions_have_the_same_answers(worlds: tuple[Engine, dict[int, World]], seed: int) -> None:
    store, found = worlds
    app = SMALL + seed % SMALL_WORLDS
    question = Asker(seed).question()
    assert differences(store, found[app], question, app) == [], question
