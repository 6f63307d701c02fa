"""What pages with a question have in common: filters that can be taken away, choices, the question to be kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter
from markupsafe import Markup

from eden.base.api.access import needs
from eden.console.http import html
from eden.console.plots import Mark
from eden.observe.pages.addresses import read_filter, when
from eden.observe.pages.desk import Desk, TheDesk
from eden.observe.pages.drawing import Drawing, draw
from eden.observe.pages.kit import APP
from eden.observe.pages.words import PROPERTIES, event_words, filter_words, property_words
from eden.observe.questions.interfaces import PropertyValues, Question
from eden.observe.questions.results import Answered, EventFigures, PropertyValuesResult

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
        events=event_choices(desk, events, chosen),
        boards=boards,
        **values,
    )


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
