"""Which app? One line for each mini program of the workspace; where there is one, its overview."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath, Service, TheCaller
from eden.console.visit import TheVisit
from eden.observe.pages.kit import APP, HERE
from eden.observe.service import Observe


@get(HERE, opt=needs("observe.read"))
async def show_apps(visit: TheVisit, caller: TheCaller, observe: Service[Observe]) -> Response[bytes]:
    """The workspace's apps."""
    catalogue = observe.ground.catalogue
    programs = await observe.ground.database.read(
        lambda connection: catalogue.programs(connection, caller.workspace_id)
    )
    if len(programs) == 1:
        return visit.go(f"analysis/{programs[0].key}/overview")
    return visit.page("observe/analysis-apps.html", programs=programs)


@get(APP, opt=needs("observe.read"))
async def show_app(visit: TheVisit, key: FromPath[str]) -> Response[bytes]:
    """An app's first page."""
    return visit.go(f"analysis/{key}/overview")


HANDLERS: tuple[Any, ...] = (show_apps, show_app)
