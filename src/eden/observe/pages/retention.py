"""Who comes back, and which ways people go."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from eden.base.api.access import needs
from eden.observe.interfaces import LAUNCH
from eden.observe.pages.addresses import read_paths, read_retention
from eden.observe.pages.asking import asked_page, rebuilt
from eden.observe.pages.conditions import form_events, write_events
from eden.observe.pages.desk import TheDesk
from eden.observe.pages.kit import APP

#: steps of a way that a page has room for
STEPS = (2, 3, 4, 5, 6, 8)


@get(f"{APP}/retention", opt=needs("observe.read"))
async def show_retention(desk: TheDesk) -> Response[bytes]:
    """Of those who began in an interval, how many came back later."""
    if "do" in desk.asked.values:
        begin, back = (write_events(form_events(desk.asked, name)) for name in ("start", "back"))
        raise rebuilt(desk, start=begin, back=back)
    question = read_retention(desk.asked, desk.period)
    chosen = [*question.start.names, *question.back.names]
    return await asked_page(
        desk,
        "retention",
        "observe/analysis-retention.html",
        question,
        name=desk.t("observe.tab.retention"),
        chosen=[*chosen, LAUNCH],
    )


@get(f"{APP}/paths", opt=needs("observe.read"))
async def show_paths(desk: TheDesk) -> Response[bytes]:
    """The ways from page to page."""
    question = read_paths(desk.asked, desk.period)
    return await asked_page(
        desk,
        "paths",
        "observe/analysis-paths.html",
        question,
        name=desk.t("observe.tab.paths"),
        step_choices=STEPS,
    )


HANDLERS: tuple[Any, ...] = (show_retention, show_paths)
