"""A dashboard's time and filters, put into the questions of its tiles: as far as a question can take them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from eden.base.problems import Problem
from eden.observe.pages.addresses import when
from eden.observe.pages.period import Period
from eden.observe.questions import interfaces as ask
from eden.observe.questions.interfaces import Filter, Question
from eden.observe.questions.statements import only_common

#: of events, errors and log lines alike
_OF_SEVERAL_TABLES = (ask.Overview, ask.Versions, ask.Release, ask.Trail)
#: µs of a point, about
_LENGTHS: Mapping[str, int] = {
    step: seconds * 1_000_000
    for step, seconds in (("minute", 60), ("hour", 3600), ("day", 86_400), ("week", 604_800), ("month", 2_419_200))
}


class Narrowed(NamedTuple):
    """`question` as a dashboard asks it; `keeps_time`: it has no use for another time; `left_out`: filters that it
    cannot take."""

    question: Question
    keeps_time: bool
    left_out: tuple[Filter, ...]


def narrowed(question: Question, period: Period | None, filters: Sequence[Filter]) -> Narrowed:
    """A kept question with the dashboard's time, if one was chosen, and its filters beside the question's own."""
    keeps_time = period is not None and _is_of_now(question)
    if period is not None and not keeps_time:
        question = msgspec.structs.replace(question, period=when(period), **_interval(question, period))
    taken = [found for found in filters if _takes(question, found)]
    if taken:
        question = msgspec.structs.replace(question, filters=tuple(dict.fromkeys((*question.filters, *taken))))
    return Narrowed(question, keeps_time, tuple(found for found in filters if found not in taken))


def _is_of_now(question: Question) -> bool:
    """Who belongs to a cohort, and what is known of people, is so now."""
    return isinstance(question, ask.Cohort) or _is_of_people(question)


def _is_of_people(question: Question) -> bool:
    return isinstance(question, ask.PropertyValues) and question.property.startswith("person.")


def _takes(question: Question, found: Filter) -> bool:
    if _is_of_people(question):
        return False
    if not isinstance(question, _OF_SEVERAL_TABLES):
        return True
    try:
        only_common((found,))
    except Problem:
        return False
    return True


def _interval(question: Question, period: Period) -> dict[str, Any]:
    """Other steps, where the question's own would make a single point of the time, or far too many."""
    step = getattr(question, "interval", None)
    # those who come back do so by the day or later; what looks back does so day by day
    if step is None or isinstance(question, ask.Retention) or getattr(question, "rolling", None):
        return {}
    points = (period.until - period.since) / _LENGTHS[step]
    return {} if 2 <= points <= ask.LARGEST_POINTS else {"interval": period.step}
