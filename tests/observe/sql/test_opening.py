"""The SQL behind an answer is opened on the page of SQL: every kind of question, and it gives the same rows."""

from __future__ import annotations

import asyncio
import json

from eden.observe.app_settings import AppSettings
from eden.observe.apps import App
from eden.observe.insight.answering import Answering
from eden.observe.insight.client import LocalInsight
from eden.observe.insight.engine import Engine, Limits
from eden.observe.pages.inlining import askable
from eden.observe.questions.asking import asking
from eden.observe.questions.interfaces import (
    Breakdown,
    Cohort,
    Did,
    EventNames,
    Events,
    Funnel,
    Measure,
    Overview,
    Paths,
    Percentiles,
    Period,
    PropertyNames,
    PropertyValues,
    Question,
    Release,
    Retention,
    Step,
    Trail,
    Trend,
    Versions,
)
from eden.observe.sql.queries import Queries

NOW = 1_790_000_000_000_000
APP = App(1, "w", "mine", AppSettings(), 1)
_STEPS = tuple(Step(events=Events(names=(name,))) for name in ("$launch", "$page_view", "pay"))
QUESTIONS: tuple[Question, ...] = (
    Trend(),
    Trend(measure=Measure(kind="persons"), breakdown=Breakdown(by=("version",)), compare=True),
    Trend(measure=Measure(kind="percentile"), rolling=7),
    Funnel(steps=_STEPS, breakdown=Breakdown(by=("version",))),
    Funnel(steps=_STEPS, order="strict"),
    Funnel(steps=_STEPS, order="unordered"),
    Retention(),
    Retention(mode="recurring"),
    Paths(),
    Percentiles(of="props.phases.boot", breakdown=Breakdown(by=("version",))),
    Cohort(condition=Did(events=Events(names=("pay",)))),
    Versions(),
    Release(code=11),
    Overview(period=Period(last="2d")),
    EventNames(),
    PropertyNames(),
    PropertyValues(property="props.kind"),
)


def test_every_kind_of_question_is_opened(store: Engine) -> None:
    rows = [
        {
            "app": app, "at": NOW / 1e6 - 3600 * number, "name": ("$launch", "$page_view", "pay")[number % 3],
            "person": f"u{number % 4}", "session": f"s{number % 5}", "version": f"1.{number % 2}",
            "code": 10 + number % 2, "id": number + 1, "value": number, "page": "home",
            "props": {"kind": "a", "phases": {"boot": number}},
        }
        for app in (1, 2) for number in range(30)
    ]  # fmt: skip
    store.insert("events", "\n".join(map(json.dumps, rows)).encode())
    insight = LocalInsight(Answering(store))
    queries = Queries(insight)

    async def look(question: Question) -> None:
        going = asking(question, 1, NOW)
        statements = next(going)
        while True:
            answers = []
            for one in statements:
                text = askable(one.sql, one.parameters)
                assert text, (question, one.sql)
                checked = await queries.check(text, [APP], {}, now=NOW)
                opened = await queries.ask(checked, limits=Limits(seconds=20))
                answers.append((await insight.ask(one.sql, one.parameters)).rows)
                assert sorted(map(repr, opened.rows)) == sorted(map(repr, answers[-1])), (question, one.name)
            try:
                statements = going.send(answers)
            except StopIteration:
                return

    for question in QUESTIONS:
        asyncio.run(look(question))


def test_a_trail_is_shown_only() -> None:
    """It takes the newest of each and a page of these at once, which the page of SQL does not know."""
    [statement, *_] = next(asking(Trail(person="u1"), 1, NOW))
    assert askable(statement.sql, statement.parameters) == ""
