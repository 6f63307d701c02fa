"""How often, how many people, how much: events over time, in groups if that is wanted."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from eden.base.api.access import needs
from eden.observe.pages.addresses import MEASURES, MODES, OF_NUMBERS, RATIOS, read_trend
from eden.observe.pages.asking import asked_page, rebuilt
from eden.observe.pages.conditions import ANY, form_events, write_events, write_filter
from eden.observe.pages.desk import Desk, Elsewhere, TheDesk
from eden.observe.pages.kit import APP
from eden.observe.pages.words import events_words, measure_words
from eden.observe.questions.interfaces import Filter

SHAPES = ("line", "area", "bar")
INTERVALS = ("minute", "hour", "day", "week", "month")


@get(f"{APP}/events", opt=needs("observe.read"))
async def show_events(desk: TheDesk) -> Response[bytes]:
    """A measure of events over time."""
    if "do" in desk.asked.values:
        raise _built(desk)
    question = read_trend(desk.asked, desk.period)
    shape = desk.asked.one("shape")
    shape = shape if shape in SHAPES else "line"
    measure = desk.asked.one("measure")
    return await asked_page(
        desk,
        "events",
        "observe/analysis-events.html",
        question,
        name=f"{measure_words(desk, question.measure)} · {events_words(desk, question.events)}",
        shape=shape,
        chosen=[*question.events.names, *(question.measure.over.names if question.measure.over else ())],
        measures=MEASURES,
        measure=measure if measure in MEASURES else "count",
        of_numbers=OF_NUMBERS,
        ratios=RATIOS,
        modes=[*MODES],
        intervals=INTERVALS,
        shapes=SHAPES,
        shape_chosen=shape,
    )


def _built(desk: Desk) -> Elsewhere:
    """The address of the trend that the form makes."""
    events = form_events(desk.asked, "event")
    over = write_events(form_events(desk.asked, "over")) if desk.asked.one("measure") in RATIOS else ""
    where = [write_filter(each) for each in events.filters if isinstance(each, Filter)]
    return rebuilt(desk, event=events.names, where=where, over="" if over == ANY else over)


HANDLERS: tuple[Any, ...] = (show_events,)
