"""What pages with a question have in common: filters that can be taken away, choices, the question to be kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter
from markupsafe import Markup

from eden.base.api.access import needs
from eden.base.problems import Problem
from eden.console.http import html
from eden.console.plots import Mark
from eden.observe.dashboards import Dashboard
from eden.observe.pages.addresses import place_of, when
from eden.observe.pages.conditions import form_fields, read_filter, written_value
from eden.observe.pages.desk import Desk, Elsewhere, TheDesk
from eden.observe.pages.drawing import draw
from eden.observe.pages.figures import Drawing
from eden.observe.pages.kit import APP
from eden.observe.pages.words import PROPERTIES, event_words, filter_words, property_words
from eden.observe.questions.interfaces import Filter, PropertyValues, Question
from eden.observe.questions.results import Answered, EventFigures, PropertyValuesResult
from eden.observe.saved_questions import SavedQuestion

#: suggestions for the value of a filter
_VALUES = 50

Choice = tuple[str, str]


def chips(desk: Desk) -> list[Choice]:
    """The page's filters in words, each with the address of the page without it."""
    texts = desk.asked.all("filter")
    return [
        (filter_words(desk, found), desk.varied(filter=[other for other in texts if other != text]))
        for text in texts
        if (found := read_filter(text)) is not None
    ]


async def property_choices(desk: Desk) -> list[Choice]:
    """Properties to filter by, or to make groups by, with their names."""
    found = [*PROPERTIES, *await desk.properties()]
    return [(name, property_words(desk, name)) for name in found]


def event_choices(desk: Desk, events: Sequence[EventFigures], chosen: Sequence[str] = ()) -> list[Choice]:
    """Events to choose from; those that are chosen are among them even if they have not happened lately."""
    names = list(dict.fromkeys([*(event.name for event in events), *(name for name in chosen if name)]))
    return [(name, event_words(desk, name)) for name in names]


def picking(desk: Desk, events: Sequence[EventFigures], chosen: Sequence[str] = ()) -> dict[str, Any]:
    """What the fields for events and their conditions need."""
    return {
        "events": event_choices(desk, events, chosen),
        "condition_words": partial(filter_words, desk),
        "values_of": _values_of,
    }


async def asked_page(
    desk: Desk,
    tab: str,
    template: str,
    question: Question | None,
    *,
    name: str = "",
    shape: str = "line",
    chosen: Sequence[str] = (),
    marks: Sequence[Mark] = (),
    **values: Any,
) -> Response[bytes]:
    """The page of a question with its answer; `name` is what it would be called when it is kept, `marks` are moments
    for its first plot."""
    events, properties, boards, answered = await asyncio.gather(
        desk.event_names(), property_choices(desk), desk.boards(), _answered(desk, question)
    )
    drawing = Drawing(empty=True)
    if question is not None and answered is not None:
        drawing = draw(desk, question, answered, shape=shape)
        if marks and drawing.plots:
            first, *others = drawing.plots
            drawing = replace(drawing, plots=[replace(first, marks=marks), *others])
        if drawing.empty:
            await desk.check_reports(tab)
    return desk.page(
        template,
        tab=tab,
        comparable=hasattr(question, "compare"),
        question=question,
        kept=kept(question),
        name=name,
        drawing=drawing,
        chips=chips(desk),
        properties=properties,
        boards=boards,
        **picking(desk, events, chosen),
        **await saved_values(desk, question, boards),
        **values,
    )


def _values_of(found: Filter) -> str:
    return ", ".join(written_value(value) for value in found.values)


def rebuilt(desk: Desk, **changes: str | Sequence[str]) -> Elsewhere:
    """To the address of the page as a form of it says: `changes` stand for its fields of events and its button."""
    gone = dict.fromkeys([*form_fields(desk.asked), "do"], "")
    return Elsewhere(desk.varied(**{**gone, **changes}))


async def saved_values(desk: Desk, question: Question | None, boards: Sequence[Dashboard]) -> dict[str, Any]:
    """Of the saved question that the page was opened with: itself, as `saved`, whether the page asks something else by
    now, and the names of the dashboards that have it."""
    saved = await _saved(desk, question)
    if saved is None or question is None:
        return {"saved": None}
    return {
        "saved": saved,
        "saved_changed": place_of(question, desk.now) != place_of(saved.question, desk.now),
        "saved_on": on_boards(saved, boards),
    }


async def _saved(desk: Desk, question: Question | None) -> SavedQuestion | None:
    if not (saved_id := desk.asked.one("saved")):
        return None
    try:
        saved = await desk.questions.get(*desk.caller, desk.app.key, saved_id)
    except Problem as problem:
        # removed meanwhile: the page still asks it
        if problem.code != "not-found":
            raise
        return None
    return saved if type(saved.question) is type(question) else None


def on_boards(saved: SavedQuestion, boards: Sequence[Dashboard]) -> list[str]:
    """The names of the dashboards that have a question."""
    return [board.name for board in boards if any(tile.question == saved.id for tile in board.tiles)]


async def _answered(desk: Desk, question: Question | None) -> Answered | None:
    return None if question is None else await desk.ask(question)


def kept(question: Question | None) -> str:
    """A question as a form keeps it."""
    return "" if question is None else msgspec.json.encode(question).decode()


PropertyText = Annotated[str, QueryParameter(name="filter-property", max_length=200)]


@get(f"{APP}/values", opt=needs("observe.read"))
async def show_values(desk: TheDesk, name: PropertyText = "") -> Response[bytes]:
    """The most frequent values of a property, for the field of a filter."""
    if not name:
        return html(b"")
    answered = await desk.ask(PropertyValues(property=name, period=when(desk.period), limit=_VALUES))
    assert isinstance(answered.result, PropertyValuesResult)
    options = Markup("").join(Markup('<option value="{}">').format(found.value) for found in answered.result.values)
    return html(options.encode())


HANDLERS: tuple[Any, ...] = (show_values,)
