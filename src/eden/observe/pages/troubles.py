"""What a page of analysis says when it cannot be made: no events store, one that is away, too much for it, nothing yet.

Pages raise; the routers of `eden.observe.pages` have `TROUBLES` as their exception handlers.
"""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.types import ExceptionHandlersMap

from eden.base.problems import Problem
from eden.console.http import AnyRequest, html, redirect, wants_part
from eden.observe.pages.desk import Desk, Elsewhere, NothingYet

#: what is asked on a tab and has an address of its own
_TAB_OF_PART = {"questions": "dashboards", "panels": "versions", "values": "events"}
#: problems of the events store
_MISSING = frozenset({"observe-off", "insight-unavailable"})


def _problem(request: AnyRequest, problem: Problem) -> Response[Any]:
    desk = request.state.get("desk")
    is_page = desk is not None and request.method == "GET"
    if is_page and problem.code == "insight-limit" and not wants_part(request):
        # with the choice of time and of filters: less of it can be asked at once
        return _say(desk, "limit", problem.status, tab_of(request), desk.told(problem))
    if not is_page or problem.code not in _MISSING:
        usual = request.app.exception_handlers[Exception]
        return usual(request, problem)
    what = "away" if desk.observe.insight.is_installed else "off"
    return _say(desk, what, 200, tab_of(request))


def _nothing(request: AnyRequest, nothing: NothingYet) -> Response[Any]:
    return _say(request.state.desk, "nothing", 200, nothing.tab)


def _elsewhere(request: AnyRequest, elsewhere: Elsewhere) -> Response[Any]:
    return redirect(request, elsewhere.address)


def _say(desk: Desk, what: str, status: int, tab: str, why: str = "") -> Response[bytes]:
    if wants_part(desk.request):
        # a part of a page, such as a tile: only the words; suggestions for a field are none
        if tab == "values":
            return html(b"")
        return html(desk.console.render(desk.view, "observe/analysis-trouble-part.html", what=what))
    tab = _TAB_OF_PART.get(tab, tab)
    timed = what == "limit"
    return desk.page("observe/analysis-trouble.html", status=status, tab=tab, timed=timed, what=what, why=why)


def tab_of(request: AnyRequest) -> str:
    """The tab that an address belongs to: /console/WORKSPACE/analysis/KEY/TAB…"""
    words = request.url.path.split("/")
    return words[5] if len(words) > 5 else "overview"


TROUBLES: ExceptionHandlersMap = {Problem: _problem, NothingYet: _nothing, Elsewhere: _elsewhere}
