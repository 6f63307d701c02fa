"""The one Litestar application: `/api/v1/…` for programs, `/console/…` for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from litestar import Litestar, Response, Router, get
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler
from litestar.middleware import DefineMiddleware
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Tag
from litestar.plugins import PluginProtocol
from litestar.types import ControllerRouterHandler

from eden import __version__
from eden.base.api import access
from eden.base.api.authentication import Authentication
from eden.base.api.errors import AnyRequest, ProblemPage, exception_handlers
from eden.base.api.openapi import StrictStructs, document, operation_id
from eden.base.api.paging import provide_paging
from eden.base.api.writes import API, LARGEST_JSON, Writes
from eden.base.idempotency import Idempotency
from eden.base.identity.service import Identity
from eden.base.problems import not_found


def create_api(
    controllers: Sequence[ControllerRouterHandler],
    identity: Identity,
    keys: Idempotency,
    *,
    plugins: Sequence[PluginProtocol] = (),
    problem_page: ProblemPage | None = None,
    services: Mapping[str, object] | None = None,
    tags: Mapping[str, str] | None = None,
) -> Litestar:
    """The application of all services.

    `controllers` have whole paths, below /api/v1 for programs and below /console for people; each route declares in
    `opt` whom it is for (`eden.base.api.access`). Handlers may ask, by name, for `principal`, `session`, `here` (the
    workspace), `workspace_id`, `caller`, `paging`, and for every object in `services`. `problem_page` shows a problem
    in the console. `tags` describe the groups of operations. Raises ImproperlyConfiguredException when a route
    declares nothing.
    """

    @get(f"{API}/openapi.json", opt=access.OPEN, include_in_schema=False, sync_to_thread=False)
    def openapi(request: AnyRequest) -> Response[bytes]:
        state = request.app.state
        if "openapi" not in state:
            state.openapi = msgspec.json.encode(document(request.app))
        return Response(state.openapi, media_type="application/json")

    dependencies: dict[str, Provide] = {
        "principal": Provide(access.provide_principal, sync_to_thread=False),
        "session": Provide(access.provide_session, sync_to_thread=False),
        "here": Provide(access.provide_workspace, sync_to_thread=False),
        "workspace_id": Provide(access.provide_workspace_id, sync_to_thread=False),
        "caller": Provide(access.provide_caller, sync_to_thread=False),
        "paging": Provide(provide_paging, sync_to_thread=False),
    }
    for name, service in (services or {}).items():
        dependencies[name] = Provide(_constant(service), sync_to_thread=False)
    app = Litestar(
        route_handlers=[
            openapi,
            *(item for item in controllers if _is_api(item)),
            Router("/", route_handlers=[item for item in controllers if not _is_api(item)], include_in_schema=False),
        ],
        middleware=[DefineMiddleware(Authentication, identity=identity), DefineMiddleware(Writes, keys=keys)],
        request_max_body_size=LARGEST_JSON,
        guards=[access.guard],
        dependencies=dependencies,
        exception_handlers=exception_handlers(problem_page),
        plugins=[StrictStructs(), *plugins],
        openapi_config=OpenAPIConfig(
            title="Eden",
            version=__version__,
            description="Programs, versions, releases, and who may do what with them.",
            # Litestar wants to serve its own, incomplete document
            openapi_router=Router(
                f"{API}/litestar", route_handlers=[], guards=[_closed], opt=access.OPEN, include_in_schema=False
            ),
            operation_id_creator=operation_id,
            use_handler_docstrings=True,
            tags=[Tag(name=name, description=text) for name, text in (tags or {}).items()],
        ),
        state=State({"identity": identity, "services": dict(services or {})}),
        logging_config=None,
        debug=False,
    )
    access.check_declared(app)
    return app


def _is_api(item: ControllerRouterHandler) -> bool:
    paths = getattr(item, "paths", None) or [getattr(item, "path", "")]
    return all(str(path).startswith(API) for path in paths)


def _closed(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    raise not_found("The page")


def _constant(service: object) -> Any:
    def provide() -> Any:
        return service

    return provide
