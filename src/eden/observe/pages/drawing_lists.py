"""Answers that are lists: people, what one of them did, names of events and properties, values."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from eden.console import formats
from eden.observe.interfaces import AUTOMATIC
from eden.observe.pages.desk import Desk
from eden.observe.pages.figures import Drawing, Stat, Table, number_column
from eden.observe.pages.words import event_words, micros, property_words
from eden.observe.questions import interfaces as ask
from eden.observe.questions import results
from eden.observe.questions.interfaces import Question


def draw_list(desk: Desk, question: Question, result: Any, key: str) -> Drawing:
    """The figures of a question that has neither lines nor ways."""
    if isinstance(question, ask.Cohort):
        return _cohort(desk, result, key)
    if isinstance(question, ask.Trail):
        return _trail(desk, result, key)
    if isinstance(question, ask.EventNames):
        return _events(desk, result, key)
    if isinstance(question, ask.PropertyNames):
        return _properties(desk, result, key)
    assert isinstance(question, ask.PropertyValues)
    return _values(desk, question, result, key)


def cohort_stats(desk: Desk, result: results.CohortResult) -> list[Stat]:
    """How many they are, and which part of all."""
    return [
        Stat(desk.t("observe.unit.person"), formats.number(result.size, desk.locale)),
        Stat(
            desk.t("observe.draw.of-all"),
            formats.percent(result.size / result.of, desk.locale, 1) if result.of else "–",
        ),
    ]


def _cohort(desk: Desk, result: results.CohortResult, key: str) -> Drawing:
    columns = [desk.t("observe.people.person"), desk.t("observe.people.first"), desk.t("observe.people.last")]
    rows = [
        [
            _link(desk.here("people/one", person=member.person), member.person),
            formats.time_element(micros(member.first_seen), desk.locale, "date"),
            formats.time_element(micros(member.last_seen), desk.locale, "relative"),
        ]
        for member in result.members
    ]
    tables = [Table(f"{key}-people", desk.t("observe.people.list"), columns, rows)] if rows else []
    # nobody is an answer, too
    return Drawing(stats=cohort_stats(desk, result), tables=tables, empty=not result.of)


def _trail(desk: Desk, result: results.TrailResult, key: str) -> Drawing:
    columns = [
        desk.t("observe.draw.time"), desk.t("observe.draw.what"), desk.t("observe.property.page"),
        desk.t("observe.property.version"),
    ]  # fmt: skip
    rows = [
        [
            formats.time_element(micros(entry.at), desk.locale),
            event_words(desk, entry.title) if entry.title in AUTOMATIC else entry.title[:200],
            entry.page,
            entry.version,
        ]
        for entry in result.entries
    ]
    stats = [Stat(desk.t("observe.unit.session"), formats.number(len(result.sessions), desk.locale))]
    return Drawing(stats=stats, tables=[Table(key, desk.t("observe.person.trail"), columns, rows)], empty=not rows)


def _events(desk: Desk, result: results.EventNamesResult, key: str) -> Drawing:
    columns = [
        desk.t("observe.property.name"), number_column(desk.t("observe.draw.times")),
        number_column(desk.t("observe.unit.person")), desk.t("observe.people.last"),
    ]  # fmt: skip
    rows = [
        [
            event_words(desk, event.name),
            formats.number(event.count, desk.locale),
            formats.number(event.persons, desk.locale),
            formats.time_element(micros(event.last_seen), desk.locale, "relative"),
        ]
        for event in result.events
    ]
    return Drawing(tables=[Table(key, desk.t("observe.ask.events"), columns, rows)], empty=not rows)


def _properties(desk: Desk, result: results.PropertyNamesResult, key: str) -> Drawing:
    columns = [desk.t("observe.filter.property"), desk.t("observe.draw.kinds")]
    rows = [
        [property_words(desk, each.name), ", ".join(f"{kind} {count:,}" for kind, count in each.types.items())]
        for each in result.properties
    ]
    title = desk.t("observe.draw.properties", count=result.sample)
    return Drawing(tables=[Table(key, title, columns, rows)], empty=not rows)


def _values(desk: Desk, question: ask.PropertyValues, result: results.PropertyValuesResult, key: str) -> Drawing:
    name = property_words(desk, question.property)
    columns = [name, number_column(desk.t("observe.draw.times"))]
    rows = [
        [each.value or desk.t("observe.group.unset"), formats.number(each.count, desk.locale)] for each in result.values
    ]
    return Drawing(tables=[Table(key, name, columns, rows)], empty=not rows)


def _link(address: str, words: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(address, words)
