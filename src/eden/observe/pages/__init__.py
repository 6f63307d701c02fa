"""The console's pages of analysis: handlers, and the line of the menu."""

from __future__ import annotations

from typing import Any

from litestar import Router
from litestar.di import Provide

from eden.console.view import NavigationItem, Panel
from eden.observe.pages import (
    alerts,
    apps,
    asking,
    crashes,
    dashboards,
    events,
    funnel,
    logs,
    overview,
    people,
    performance,
    retention,
    saved,
    settings,
    sql,
    versions,
)
from eden.observe.pages.desk import provide_desk
from eden.observe.pages.troubles import TROUBLES

NAVIGATION = (NavigationItem("analysis", "Analysis", "分析", "analysis", "observe.read", "chart"),)

#: on the page of a release: what its version does to those who have it
PANELS = (Panel("release", "analysis/{program}/panels/release?code={code}", "observe.read"),)


def _pages(*handlers: Any) -> tuple[Router, ...]:
    desk = Provide(provide_desk)
    return (Router("/", route_handlers=handlers, dependencies={"desk": desk}, exception_handlers=TROUBLES),)


HANDLERS = _pages(
    *apps.HANDLERS,
    *overview.HANDLERS,
    *events.HANDLERS,
    *funnel.HANDLERS,
    *retention.HANDLERS,
    *performance.HANDLERS,
    *people.HANDLERS,
    *versions.HANDLERS,
    *crashes.HANDLERS,
    *logs.HANDLERS,
    *dashboards.HANDLERS,
    *saved.HANDLERS,
    *sql.HANDLERS,
    *alerts.HANDLERS,
    *settings.HANDLERS,
    *asking.HANDLERS,
)
