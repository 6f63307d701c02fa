"""What every page of analysis begins with: one request of one reader about one app.

@get(f"{APP}/crashes", opt=needs("observe.read"))
async def show_crashes(desk: TheDesk) -> Response[bytes]:
    found = await desk.observe.crashes.page(*desk.caller, desk.app, …)
    return desk.page("observe/analysis-crashes.html", tab="crashes", groups=found)

The template extends "observe/analysis.html", which has head, app chooser, tabs and the choice of time. Where the
events store is not installed, or does not answer, the page says so in place of its content: whoever raises a Problem
`observe-off` or `insight-unavailable` need not care.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from litestar import Response
from sqlalchemy import select

from eden.base.api.access import Caller
from eden.base.api.handlers import Service, TheCaller
from eden.base.catalogue import ProgramInfo, ReleaseInfo
from eden.base.problems import Problem, not_found
from eden.console.forms import Form, made_form, read_form
from eden.console.http import SECURITY_HEADERS, AnyRequest, redirect
from eden.console.messages import Locale
from eden.console.view import Flash, Tone
from eden.console.visit import Visit
from eden.observe.apps import App
from eden.observe.dashboards import Dashboard, Dashboards
from eden.observe.models import observe_properties
from eden.observe.pages.addresses import checked, when
from eden.observe.pages.conditions import OPERATORS, made_filter, write_filter
from eden.observe.pages.inlining import askable, inlined
from eden.observe.pages.period import CHOICES, USUAL, ZONE_COOKIE, Period, read_period, read_zone
from eden.observe.questions.answers import answer
from eden.observe.questions.interfaces import EventNames, Question
from eden.observe.questions.results import Answered, EventFigures, EventNamesResult
from eden.observe.saved_questions import SavedQuestions
from eden.observe.service import Observe

#: tabs in their order, and what one needs to see them
TABS: Mapping[str, str] = {
    "overview": "observe.read",
    "events": "observe.read",
    "funnel": "observe.read",
    "retention": "observe.read",
    "paths": "observe.read",
    "performance": "observe.read",
    "people": "observe.read",
    "versions": "observe.read",
    "crashes": "observe.read",
    "logs": "observe.read",
    "alerts": "observe.read",
    "dashboards": "observe.read",
    "sql": "observe.sql",
    "settings": "observe.read",
}

#: that are offered to choose from
_PROPERTIES = 300


class NothingYet(Exception):
    """The app has not reported anything: the page says what to do, and looks again by itself. `tab` is the page's."""

    def __init__(self, tab: str) -> None:
        super().__init__(tab)
        self.tab = tab


class Elsewhere(Exception):
    """The page has another address: what a form chose, written as pages write it."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


@dataclass(frozen=True, slots=True)
class Desk(Visit):
    """One request for a page about `app`. Methods of the service take `*caller` first. `programs` are the workspace's
    apps, `releases` the app's, the newest first, `asked` what the address says, as a form."""

    caller: Caller
    observe: Observe
    app: App
    program: ProgramInfo
    programs: Sequence[ProgramInfo]
    releases: Sequence[ReleaseInfo]
    period: Period
    asked: Form

    @property
    def locale(self) -> Locale:
        return self.view.locale

    @property
    def now(self) -> int:
        """Microseconds."""
        return self.observe.clock()

    @property
    def dashboards(self) -> Dashboards:
        return Dashboards(self.observe.ground, self.observe.apps, self.observe.clock)

    @property
    def questions(self) -> SavedQuestions:
        return SavedQuestions(self.observe.ground, self.observe.apps, self.observe.clock)

    async def boards(self) -> list[Dashboard]:
        """The workspace's dashboards, for those who may add to them."""
        return await self.dashboards.page(*self.caller) if self.view.may("observe.write") else []

    async def of_app(self, key: str) -> Desk:
        """As if the page were about another app of the workspace."""
        program = next((program for program in self.programs if program.key == key), None)
        if program is None:
            raise not_found(f"The mini program {key}")
        app = await self.observe.apps.get(*self.caller, key)
        releases = await self.observe.ground.database.read(
            lambda connection: self.observe.ground.catalogue.releases(connection, self.caller.workspace_id, key)
        )
        return replace(self, app=app, program=program, releases=releases)

    async def ask(self, question: Question) -> Answered:
        """The answer to a question about this app. Problems `invalid`, and those of the events store."""
        return await answer(self.observe.insight, self.app.number, checked(question), self.now)

    async def ask_all(self, *questions: Question) -> list[Answered]:
        """Several answers, asked side by side."""
        return [*await asyncio.gather(*(self.ask(question) for question in questions))]

    async def event_names(self) -> list[EventFigures]:
        """Events that there are to choose from, the most frequent first."""
        answered = await self.ask(EventNames(period=when(self.period)))
        assert isinstance(answered.result, EventNamesResult)
        return answered.result.events

    async def properties(self) -> list[str]:
        """Names of properties that this app's events have been seen with, beside the columns that all have."""
        table = observe_properties.c
        query = (
            select(table.path).where(table.app == self.app.number).distinct().order_by(table.path).limit(_PROPERTIES)
        )
        rows = await self.observe.ground.database.read(lambda connection: connection.execute(query).scalars().all())
        return [path if path.startswith(("props.", "person.")) else f"props.{path}" for path in rows]

    async def check_reports(self, tab: str) -> None:
        """Where a page has nothing to show: whether the app has ever reported anything. Raises NothingYet."""
        found = await self.observe.insight.ask(
            "SELECT 1 FROM events WHERE app = {app:UInt32} LIMIT 1", {"app": self.app.number}
        )
        if not found.rows:
            raise NothingYet(tab)

    def at(self, path: str) -> Desk:
        """As if the page were at `path` of this app: what answers a POST is shown again, by language and theme, with a
        GET."""
        return replace(self, view=replace(self.view, path=self.here(path)))

    def here(self, path: str, /, **query: str) -> str:
        """The address of a page of this app."""
        return self.url(f"analysis/{self.app.key}/{path}", **query)

    def keeping(self, path: str, /, **query: str | Sequence[str]) -> str:
        """The address of a page of this app for the same time, with the same filters."""
        pairs: list[tuple[str, str]] = [*self.period.query().items()]
        pairs += [("filter", text) for text in self.asked.all("filter")]
        pairs = [pair for pair in pairs if pair[0] not in query] + _pairs(query)
        return _joined(self.here(path), pairs)

    def with_query(self, address: str, query: Mapping[str, str | Sequence[str]]) -> str:
        """An address with what it says; several texts of one name are said one after the other."""
        return _joined(address, _pairs(query))

    def varied(self, **changes: str | Sequence[str]) -> str:
        """The address of this very page with some of its choices changed; "" takes one away."""
        kept = [
            (name, value)
            for name, values in self.asked.values.items()
            if name not in changes and name != "cursor"
            for value in values
        ]
        return _joined(self.view.path.partition("?")[0], kept + _pairs(changes))

    def _times(self) -> list[tuple[str, str]]:
        """Choices of time, and where they lead."""
        return [(choice, self.varied(time="" if choice == USUAL else choice, since="", until="")) for choice in CHOICES]

    def page(
        self,
        template: str,
        /,
        *,
        block: str | None = None,
        status: int = 200,
        tab: str = "",
        timed: bool = True,
        comparable: bool = False,
        **values: Any,
    ) -> Response[bytes]:
        """A page with the tab `tab`; without the choice of time where that means nothing (`timed`), with the comparison
        with the time before where the page has one (`comparable`)."""
        frame = {
            "tab": tab,
            "timed": timed,
            "comparable": comparable,
            "tabs": [(name, self.keeping(name)) for name, right in TABS.items() if self.view.may(right)],
            "app": self.app,
            "program": self.program,
            "programs": self.programs,
            "period": self.period,
            "times": self._times(),
            "chosen_time": self.period.key,
            "comparing": self.varied(compare="" if self.period.compare else "yes"),
            "here": self.here,
            "keeping": self.keeping,
            "varied": self.varied,
            "asked": self.asked,
            "inlined": inlined,
            "askable": askable,
            "filter_operators": OPERATORS,
        }
        return Visit.page(self, template, block=block, status=status, **(frame | values))

    def went(self, path: str, text: str = "", tone: Tone = "good") -> Response[bytes]:
        """To another page of this app, which says what happened."""
        return self.go(f"analysis/{self.app.key}/{path}", text, tone)

    def went_to(self, address: str, text: str = "", tone: Tone = "good") -> Response[bytes]:
        """To an address that a method of this desk gave."""
        return redirect(self.request, address, *([Flash(tone, text)] if text else ()))

    def file(self, content: bytes, media_type: str, name: str) -> Response[bytes]:
        """Something to be kept on the reader's machine."""
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(content, status_code=200, media_type=media_type, headers=SECURITY_HEADERS | headers)

    def told(self, problem: Problem) -> str:
        """What happened, in the reader's language; exactly what, in English."""
        sentence = f"{problem.sentence} {problem.hint}".strip()
        return sentence if self.locale == "en" else f"{self.t(f'console.advice.{problem.code}')}（{sentence}）"

    async def form(self) -> Form:
        return await read_form(self.request)


async def provide_desk(visit: Service[Visit], caller: TheCaller, observe: Service[Observe]) -> Desk:
    """Dependency `desk` of handlers whose path has {key}. Problem `not-found` for an app that the workspace has not."""
    key = str(visit.request.path_params["key"])
    catalogue = observe.ground.catalogue
    programs, releases = await observe.ground.database.read(
        lambda connection: (
            catalogue.programs(connection, caller.workspace_id),
            catalogue.releases(connection, caller.workspace_id, key),
        )
    )
    program = next((program for program in programs if program.key == key), None)
    if program is None:
        raise not_found(f"The mini program {key}")
    app = await observe.apps.get(*caller, key)
    request = visit.request
    asked = made_form(request.query_params.multi_items())
    first = {name: values[0] for name, values in asked.values.items()}
    period = read_period(first, observe.clock(), zone_of(request))
    desk = Desk(request, visit.view, visit.console, caller, observe, app, program, programs, releases, period, asked)
    # for what is said when the page cannot be made (`eden.observe.pages.troubles`)
    request.state.desk = desk
    if "filter-operator" in asked.values:
        raise Elsewhere(_with_filter(desk, asked))
    return desk


def _pairs(query: Mapping[str, str | Sequence[str]]) -> list[tuple[str, str]]:
    return [(name, each) for name, value in query.items() for each in ([value] if isinstance(value, str) else value)]


def _joined(address: str, pairs: Sequence[tuple[str, str]]) -> str:
    written = urlencode([pair for pair in pairs if pair[1]])
    return address + (f"?{written}" if written else "")


def _with_filter(desk: Desk, asked: Form) -> str:
    """The address of the page with the filter that was just chosen in a form."""
    found = made_filter(asked.one("filter-property"), asked.one("filter-operator"), asked.one("filter-value"))
    filters = [*asked.all("filter"), *([] if found is None else [write_filter(found)])]
    form = dict.fromkeys(("filter-property", "filter-operator", "filter-value"), "")
    return desk.varied(**{**form, "filter": list(dict.fromkeys(filters))})


def zone_of(request: AnyRequest) -> ZoneInfo:
    """The reader's time zone."""
    return read_zone(request.cookies.get(ZONE_COOKIE))


TheDesk: TypeAlias = Service[Desk]
