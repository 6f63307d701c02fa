"""How many go all the way: a funnel is built step by step, with buttons that need no script.

A form sends its fields and what its button does; the answer is the address of the page as it is then, so that every
funnel has an address.
"""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from eden.base.api.access import needs
from eden.console.forms import Form
from eden.observe.interfaces import LAUNCH, PAGE_VIEW
from eden.observe.pages.addresses import WINDOWS, join, made_filter, read_funnel, read_steps, write_filter
from eden.observe.pages.asking import asked_page
from eden.observe.pages.desk import Desk, Elsewhere, TheDesk
from eden.observe.pages.kit import APP
from eden.observe.pages.words import event_words, events_words
from eden.observe.questions.interfaces import LARGEST_STEPS, Filter

UNITS = ("person", "device", "session")
#: fields of one step in the form
_FIELDS = ("step-event", "step-property", "step-value")


@get(f"{APP}/funnel", opt=needs("observe.read"))
async def show_funnel(desk: TheDesk) -> Response[bytes]:
    """How many reach each step."""
    if "do" in desk.asked.values:
        raise Elsewhere(_built(desk))
    steps = read_steps(desk.asked)
    question = read_funnel(desk.asked, desk.period)
    shown = [
        (step.events.names[0], next((each for each in step.events.filters if isinstance(each, Filter)), None))
        for step in steps
    ]
    fresh = not steps
    if fresh:
        # a form that one can begin with
        shown = [(LAUNCH, None), (PAGE_VIEW, None)]
    names = " → ".join(events_words(desk, step.events) for step in steps)
    return await asked_page(
        desk,
        "funnel",
        "observe/analysis-funnel.html",
        question,
        name=names[:200],
        chosen=[name for name, _ in shown] + desk.asked.all("exclude"),
        steps=[
            (place, name, event_words(desk, name), "" if found is None else found.property, _values(found))
            for place, (name, found) in enumerate(shown)
        ],
        windows=WINDOWS,
        window=question.window if question is not None else WINDOWS[3],
        units=UNITS,
        fresh=fresh,
        most=LARGEST_STEPS,
    )


def _values(found: Filter | None) -> str:
    return "" if found is None else ", ".join(str(value) for value in found.values)


def _built(desk: Desk) -> str:
    """The address of the funnel that the form and its button make."""
    form = desk.asked
    steps = form_steps(form)
    verb, _, number = form.one("do").partition("-")
    place = int(number) if number.isascii() and number.isdigit() and int(number) < len(steps) else -1
    if verb == "add" and len(steps) < LARGEST_STEPS:
        steps.append(join([PAGE_VIEW]))
    elif verb == "remove" and place >= 0:
        del steps[place]
    elif verb in ("up", "down") and place >= 0:
        other = max(0, min(len(steps) - 1, place + (-1 if verb == "up" else 1)))
        steps[place], steps[other] = steps[other], steps[place]
    return desk.varied(**dict.fromkeys((*_FIELDS, "do"), ""), step=steps)


def form_steps(form: Form) -> list[str]:
    """The steps of the form as an address has them."""
    columns = [form.all(name) for name in _FIELDS]
    steps = []
    for event, name, text in zip(*columns, strict=False):
        if event:
            found = made_filter(name, "is", text)
            steps.append(join([event]) + ("" if found is None else f"|{write_filter(found)}"))
    return steps


HANDLERS: tuple[Any, ...] = (show_funnel,)
