"""What a page of analysis says when it cannot be made: the events store is missing or away, or nothing came yet.

Pages raise; the routers of `eden.observe.pages` have `TROUBLES` as their exception handlers.
"""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.types import ExceptionHandlersMap

from eden.base.problems import Problem
from eden.console.http import AnyRequest, html, wants_part
from eden.observe.pages.desk import Desk

#: code of a problem → what is said in place of the page's content
_MISSING = {"observe-off": "off", "insight-unavailable": "away"}


class NothingYet(Exception):
    """The app has not reported anything: the page says what to do, and looks again by itself. `tab` is the page's."""

    def __init__(self, tab: str) -> None:
        super().__init__(tab)
        self.tab = tab


def _problem(request: AnyRequest, problem: Problem) -> Response[Any]:
    desk = request.state.get("desk")
    what = _MISSING.get(problem.code)
    if desk is None or what is None or request.method != "GET":
        usual = request.app.exception_handlers[Exception]
        return usual(request, problem)  # type: ignore[no-any-return, arg-type, operator]
    return _say(desk, what, problem.status, tab_of(request))


def _nothing(request: AnyRequest, nothing: NothingYet) -> Response[Any]:
    return _say(request.state.desk, "nothing", 200, nothing.tab)


def _say(desk: Desk, what: str, status: int, tab: str) -> Response[bytes]:
    if wants_part(desk.request):
        # a part of a page, such as a tile: only the words
        content = desk.console.render(desk.view, "observe/analysis-trouble.html", block="words", what=what)
        return html(content)
    return desk.page("observe/analysis-trouble.html", status=status, tab=tab, timed=False, what=what)


def tab_of(request: AnyRequest) -> str:
    """The tab that an address belongs to: /console/WORKSPACE/analysis/KEY/TAB…"""
    words = request.url.path.split("/")
    return words[5] if len(words) > 5 else "overview"


TROUBLES: ExceptionHandlersMap = {Problem: _problem, NothingYet: _nothing}
