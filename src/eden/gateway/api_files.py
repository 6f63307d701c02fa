"""OpenAPI in and out, and typed clients, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from litestar import Controller, Response, get, post
from litestar.openapi.datastructures import ResponseSpec

from eden.base.api.access import needs, streamed
from eden.base.api.handlers import AnyRequest, FromPath, QueryParameter, Service, TheCaller, TheWorkspace
from eden.gateway.api_bodies import DocumentOperation, read_object
from eden.gateway.clients import LANGUAGES, Language, generate
from eden.gateway.interfaces import Catalogue
from eden.gateway.openapi_export import export_openapi
from eden.gateway.openapi_import import import_openapi, merged, replaced
from eden.gateway.service import Catalogues, Plan

TheCatalogues: TypeAlias = Service[Catalogues]
At: TypeAlias = Annotated[
    int | None, QueryParameter(name="revision", ge=0, le=2**31 - 1, description="As it was then (now).")
]

_DOCUMENT = {
    200: ResponseSpec(data_container=dict[str, Any], description="An OpenAPI 3.1 document.", generate_examples=False)
}
_TEXT = {
    200: ResponseSpec(data_container=str, media_type="text/plain", description="One module.", generate_examples=False)
}


class ImportView(msgspec.Struct, kw_only=True):
    """The whole catalogue as it would be, what that changes, and what could not be taken over. Nothing is written: put
    the catalogue to do so."""

    catalogue: Catalogue
    plan: Plan
    notes: list[str]


class FilesController(Controller):
    """The catalogue in other forms."""

    path = "/api/v1/workspaces/{workspace:str}/gateway"
    tags = ("gateway",)

    @get("/openapi.json", opt=needs("gateway.read"), responses=_DOCUMENT)
    async def export_catalogue(
        self, caller: TheCaller, here: TheWorkspace, gateway_catalogues: TheCatalogues, revision: At = None
    ) -> Response[bytes]:
        """The catalogue as OpenAPI 3.1; importing it gives the same catalogue again."""
        number, catalogue = await _at(gateway_catalogues, caller, revision)
        document = export_openapi(catalogue, here.name, str(number))
        return Response(msgspec.json.encode(document), media_type="application/json")

    @post(
        "/import",
        opt=streamed(needs("gateway.read")),
        status_code=200,
        request_max_body_size=None,
        operation_class=DocumentOperation,
    )
    async def import_catalogue(
        self,
        request: AnyRequest,
        caller: TheCaller,
        gateway_catalogues: TheCatalogues,
        group: Annotated[
            str,
            QueryParameter(
                name="group", pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,50}$", description="What operations are put into."
            ),
        ],
        prefix: Annotated[
            str,
            QueryParameter(
                name="prefix",
                pattern=r"^([A-Za-z0-9_][A-Za-z0-9_.-]{0,60})?$",
                description="Of operationTypes (group).",
            ),
        ] = "",
        target: Annotated[
            str, QueryParameter(name="target", max_length=500, description="In place of the document's servers.")
        ] = "",
        open: Annotated[bool, QueryParameter(name="open", description="Open the operations.")] = False,  # noqa: A002
    ) -> ImportView:
        """What the catalogue would be with the operations of an OpenAPI document (3.0, 3.1)."""
        document = await read_object(request)
        _, there = await gateway_catalogues.get(*caller)
        found = import_openapi(document, group=group, prefix=prefix or group, target=target or None, open_=open)
        wanted = merged(there, found.catalogue)
        notes = found.notes + replaced(there, found.catalogue)
        return ImportView(catalogue=wanted, plan=await gateway_catalogues.plan(*caller, wanted), notes=notes)

    @get("/clients/{language:str}", opt=needs("gateway.read"), responses=_TEXT)
    async def get_client(
        self,
        caller: TheCaller,
        here: TheWorkspace,
        gateway_catalogues: TheCatalogues,
        language: FromPath[Literal["typescript", "miniprogram", "python"]],
        revision: At = None,
        group: Annotated[str, QueryParameter(name="group", max_length=64, description="Of one group only.")] = "",
    ) -> Response[str]:
        """A typed client of all open operations: TypeScript for browsers or for mini programs, Python."""
        number, catalogue = await _at(gateway_catalogues, caller, revision)
        kind: Language = language
        text = generate(catalogue, kind, title=f"{here.name}, revision {number}", group=group)
        headers = {"Content-Disposition": f'attachment; filename="{LANGUAGES[kind]}"'}
        return Response(text, media_type="text/plain", headers=headers)


async def _at(catalogues: Catalogues, caller: TheCaller, revision: int | None) -> tuple[int, Catalogue]:
    if revision is None:
        return await catalogues.get(*caller)
    if revision == 0:
        return 0, Catalogue()
    found, catalogue = await catalogues.at(*caller, revision)
    return found.revision, catalogue


CONTROLLERS = (FilesController,)
