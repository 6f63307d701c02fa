"""How many go all the way: a funnel is built step by step, with buttons that need no script.

A form sends its fields and what its button does; the answer is the address of the page as it is then, so that every
funnel has an address. An address without steps leads to one with: the first funnel that somebody has kept, or else how
far people get who open the program.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get

from eden.base.api.access import needs
from eden.console.forms import Form
from eden.observe.interfaces import LAUNCH, PAGE_VIEW, TAP
from eden.observe.pages.addresses import ORDERS, WINDOWS, Query, place_of, read_funnel, read_steps
from eden.observe.pages.asking import asked_page, rebuilt
from eden.observe.pages.conditions import form_events, form_fields, write_events
from eden.observe.pages.desk import Desk, Elsewhere, TheDesk
from eden.observe.pages.kit import APP
from eden.observe.pages.words import events_words
from eden.observe.questions.interfaces import LARGEST_STEPS, Events, Funnel
from eden.observe.saved_questions import SavedQuestion

UNITS = ("person", "device", "session")
#: what everybody does who uses a program, in this order
_USUAL = (LAUNCH, PAGE_VIEW, TAP)
#: kept funnels that the page offers
_KEPT = 12
#: of a kept funnel's address: the page has its own
_TIME = frozenset({"time", "since", "until", "compare"})
_FIELD = re.compile(r"step-([0-9]{1,3})-[a-z]+")


@get(f"{APP}/funnel", opt=needs("observe.read"))
async def show_funnel(desk: TheDesk) -> Response[bytes]:
    """How many reach each step."""
    if "do" in desk.asked.values:
        raise _built(desk)
    kept = _written(desk, await desk.questions.page(*desk.caller, desk.app.key))
    steps = [step.events for step in read_steps(desk.asked)]
    if not steps and (first := await _first(desk, [query for _, query in kept])):
        raise Elsewhere(desk.varied(**first))
    question = read_funnel(desk.asked, desk.period)
    # a form that one can begin with
    shown = steps or [Events(names=(LAUNCH,)), Events(names=(PAGE_VIEW,))]
    names = " → ".join(events_words(desk, step) for step in steps)
    return await asked_page(
        desk,
        "funnel",
        "observe/analysis-funnel.html",
        question,
        name=names[:200],
        chosen=[name for step in shown for name in step.names] + desk.asked.all("exclude"),
        steps=shown,
        funnels=[(saved, desk.here(f"questions/{saved.id}"), _is_shown(desk, query)) for saved, query in kept[:_KEPT]],
        windows=WINDOWS,
        window=question.window if question is not None else WINDOWS[3],
        units=UNITS,
        orders=ORDERS,
        fresh=not steps,
        most=LARGEST_STEPS,
    )


def _written(desk: Desk, questions: Sequence[SavedQuestion]) -> list[tuple[SavedQuestion, Query]]:
    """The kept funnels that the form has words for, and what their addresses say but for the time."""
    found = []
    for saved in questions:
        place = place_of(saved.question, desk.now) if isinstance(saved.question, Funnel) else None
        if place is not None:
            found.append((saved, {name: value for name, value in place[1].items() if name not in _TIME}))
    return found


async def _first(desk: Desk, kept: Sequence[Query]) -> Query:
    """What an address says that has no steps yet; nothing where nothing has happened in this time."""
    if kept:
        filters = [*desk.asked.all("filter"), *kept[0].get("filter", ())]
        return {**kept[0], "filter": list(dict.fromkeys(filters))}
    there = [event.name for event in await desk.event_names()]
    if not there:
        await desk.check_reports("funnel")
    # some senders have names of their own
    usual = [name for name in _USUAL if name in there]
    names = usual if len(usual) > 1 else there[:2]
    return {"step": [write_events(Events(names=(name,))) for name in names]} if len(names) > 1 else {}


def _is_shown(desk: Desk, query: Mapping[str, str | list[str]]) -> bool:
    """Whether the page asks for all that a kept funnel does; it may have more filters."""
    for name, value in query.items():
        wanted = {value} - {""} if isinstance(value, str) else set(value)
        said = set(desk.asked.all(name)) - {""}
        if not (wanted <= said if name == "filter" else wanted == said):
            return False
    return True


def _built(desk: Desk) -> Elsewhere:
    """The address of the funnel that the form and its button make."""
    form = desk.asked
    steps = form_steps(form)
    verb, _, number = form.one("do").partition("-")
    place = int(number) if number.isascii() and number.isdigit() and int(number) < len(steps) else -1
    if verb == "add" and len(steps) < LARGEST_STEPS:
        steps.append(Events(names=(PAGE_VIEW,)))
    elif verb == "remove" and place >= 0:
        del steps[place]
    elif verb in ("up", "down") and place >= 0:
        other = max(0, min(len(steps) - 1, place + (-1 if verb == "up" else 1)))
        steps[place], steps[other] = steps[other], steps[place]
    return rebuilt(desk, step=[write_events(step) for step in steps])


def form_steps(form: Form) -> list[Events]:
    """The steps of the form: its fields are called step-PLACE-…"""
    places = {int(found[1]) for name in form_fields(form) if (found := _FIELD.fullmatch(name))}
    return [form_events(form, f"step-{place}") for place in sorted(places)][:LARGEST_STEPS]


HANDLERS: tuple[Any, ...] = (show_funnel,)
