"""Every kind of question and who answers it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from eden.observe.questions import (
    sql_catalogue,
    sql_funnel,
    sql_overview,
    sql_paths,
    sql_people,
    sql_percentiles,
    sql_retention,
    sql_trend,
    sql_versions,
)
from eden.observe.questions.interfaces import (
    Cohort,
    EventNames,
    Funnel,
    Overview,
    Paths,
    Percentiles,
    PropertyNames,
    PropertyValues,
    Question,
    Release,
    Retention,
    Trail,
    Trend,
    Versions,
)
from eden.observe.questions.results import Result
from eden.observe.questions.statements import Asking, Rows, Statement

_ASK: dict[type[Question], Callable[[Any, int, int], Asking[Any]]] = {
    Trend: sql_trend.ask,
    Funnel: sql_funnel.ask,
    Retention: sql_retention.ask,
    Paths: sql_paths.ask,
    Percentiles: sql_percentiles.ask,
    Cohort: sql_people.ask_cohort,
    Trail: sql_people.ask_trail,
    Versions: sql_versions.ask_versions,
    Release: sql_versions.ask_release,
    Overview: sql_overview.ask,
    EventNames: sql_catalogue.ask_events,
    PropertyNames: sql_catalogue.ask_properties,
    PropertyValues: sql_catalogue.ask_values,
}


def asking(question: Question, app: int, now: int) -> Asking[Result]:
    """The question as a generator: statements out, rows in, the result in the end. `now` in microseconds.

    Raises Problem `invalid` when it asks for something that there is not.
    """
    return cast("Asking[Result]", _ASK[type(question)](question, app, now))


def statement(question: Question, app: int, now: int) -> Statement:
    """The first statement that the question runs."""
    return next(asking(question, app, now))[0]


__all__ = ["Rows", "Statement", "asking", "statement"]
