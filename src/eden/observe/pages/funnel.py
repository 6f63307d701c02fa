"""How many go all the way: a funnel is built step by step, with buttons that need no script.

A form sends its fields and what its button does; the answer is the address of the page as it is then, so that every
funnel has an address.
"""

from __future__ import annotations

import re
from typing import Any

from litestar import Response, get

from eden.base.api.access import needs
from eden.console.forms import Form
from eden.observe.interfaces import LAUNCH, PAGE_VIEW
from eden.observe.pages.addresses import ORDERS, WINDOWS, read_funnel, read_steps
from eden.observe.pages.asking import asked_page, rebuilt
from eden.observe.pages.conditions import form_events, form_fields, write_events
from eden.observe.pages.desk import Desk, Elsewhere, TheDesk
from eden.observe.pages.kit import APP
from eden.observe.pages.words import events_words
from eden.observe.questions.interfaces import LARGEST_STEPS, Events

UNITS = ("person", "device", "session")
_FIELD = re.compile(r"step-([0-9]{1,3})-[a-z]+")


@get(f"{APP}/funnel", opt=needs("observe.read"))
async def show_funnel(desk: TheDesk) -> Response[bytes]:
    """How many reach each step."""
    if "do" in desk.asked.values:
        raise _built(desk)
    question = read_funnel(desk.asked, desk.period)
    steps = [step.events for step in read_steps(desk.asked)]
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
        windows=WINDOWS,
        window=question.window if question is not None else WINDOWS[3],
        units=UNITS,
        orders=ORDERS,
        fresh=not steps,
        most=LARGEST_STEPS,
    )


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
