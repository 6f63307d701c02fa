"""What every handler of these pages begins with: one request of one reader, in one workspace, and the services."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from litestar import Response

from eden.base.api.access import Caller
from eden.base.api.handlers import Service, TheCaller
from eden.base.problems import Problem
from eden.console.forms import Form, made_form, read_form
from eden.console.view import ROOT
from eden.console.visit import Visit
from eden.gateway.figures_read import FigureViews
from eden.gateway.service import Catalogues
from eden.gateway.service_apps import Apps
from eden.gateway.traces import TraceLookup

#: below it are the pages of a workspace; the guard reads the parameter
HERE = f"{ROOT}/{{workspace:str}}/gateway"

#: tabs in their order, and where they lead
TABS = {
    "operations": "gateway",
    "groups": "gateway/groups",
    "models": "gateway/models",
    "apps": "gateway/apps",
    "traces": "gateway/traces",
    "egress": "gateway/egress",
    "history": "gateway/history",
}

#: field or place, sentence
Mistakes: TypeAlias = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it came back: what was written, and what is wrong with it."""

    form: Form = field(default_factory=lambda: made_form(()))
    errors: Mistakes = ()

    def error(self, name: str) -> str:
        return next((sentence for place, sentence in self.errors if place == name), "")

    def one(self, name: str, usual: str = "") -> str:
        return self.form.one(name, usual)


@dataclass(frozen=True, slots=True)
class Desk(Visit):
    """One request. Methods of the services take `*caller` first."""

    caller: Caller
    catalogues: Catalogues
    apps: Apps
    figures: FigureViews
    traces: TraceLookup

    @property
    def asked(self) -> Form:
        """What the address says."""
        return made_form(self.request.query_params.multi_items())

    async def form(self) -> Form:
        return await read_form(self.request)

    def page(
        self, template: str, /, *, block: str | None = None, status: int = 200, tab: str = "", **values: Any
    ) -> Response[bytes]:
        tabs = [(self.t(f"gateway.tab.{name}"), self.url(path), name) for name, path in TABS.items()]
        return Visit.page(self, template, block=block, status=status, tabs=tabs, tab=tab, **values)

    def told(self, problem: Problem) -> list[tuple[str, str]]:
        """What is wrong with a form; problems that are of nobody's writing go on."""
        if problem.code in ("not-found", "forbidden"):
            raise problem
        sentence = f"{problem.sentence} {problem.hint}".strip()
        return list(problem.errors) or [("", sentence)]


async def provide_desk(
    visit: Service[Visit],
    caller: TheCaller,
    gateway_catalogues: Service[Catalogues],
    gateway_apps: Service[Apps],
    gateway_figures: Service[FigureViews],
    gateway_traces: Service[TraceLookup],
) -> Desk:
    return Desk(
        visit.request,
        visit.view,
        visit.console,
        caller,
        gateway_catalogues,
        gateway_apps,
        gateway_figures,
        gateway_traces,
    )


TheDesk: TypeAlias = Service[Desk]
