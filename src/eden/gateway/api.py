"""The catalogue over HTTP: the whole document, its plan, its history."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec
from litestar import Controller, Response, get, post, put
from litestar.params import HeaderParameter
from msgspec import Meta

from eden.base.api.access import needs, streamed
from eden.base.api.handlers import (
    AnyRequest,
    FromPath,
    JSONBody,
    Page,
    QueryParameter,
    Service,
    TheCaller,
    ThePaging,
)
from eden.base.api.views import viewed
from eden.gateway import api_apps, api_files, api_items
from eden.gateway.api_bodies import DocumentOperation, read_catalogue, revision_of
from eden.gateway.interfaces import Catalogue
from eden.gateway.rules_plan import Change, Summary
from eden.gateway.service import Catalogues, Plan, Revision

TAGS = {
    "gateway": "The API catalogue: which operations there are, where they lead, and what the gateway does on the way.",
    "gateway-apps": "Apps that may call operations: what they sign with, what callers encrypt to.",
}

TheCatalogues: TypeAlias = Service[Catalogues]
IfMatch: TypeAlias = Annotated[
    str | None, HeaderParameter(name="If-Match", max_length=100, description="The revision as you saw it (`ETag`).")
]
Note: TypeAlias = Annotated[str, QueryParameter(name="note", max_length=400, description="Why, for the history.")]


class CatalogueView(msgspec.Struct, kw_only=True):
    """A document and its revision; 0 is the empty one of before the first change."""

    revision: int
    catalogue: Catalogue


class RevisionView(msgspec.Struct, kw_only=True):
    """Who made a revision, when and why; `summary`: against the one before."""

    revision: int
    summary: Summary
    author: str
    note: str
    at: datetime

    @classmethod
    def of(cls, revision: Revision) -> RevisionView:
        return viewed(cls, revision)


class Put(msgspec.Struct, kw_only=True):
    """The revision that has the document now."""

    revision: int


class Revert(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`revision`: the one that counts now, as you saw it."""

    note: Annotated[str, Meta(max_length=400)] = ""
    revision: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None


class CatalogueController(Controller):
    """The document, and its revisions."""

    path = "/api/v1/workspaces/{workspace:str}/gateway"
    tags = ("gateway",)

    @get("/catalogue", opt=needs("gateway.read"))
    async def get_catalogue(self, caller: TheCaller, gateway_catalogues: TheCatalogues) -> Response[CatalogueView]:
        """The whole document; `ETag` is its revision."""
        revision, catalogue = await gateway_catalogues.get(*caller)
        view = CatalogueView(revision=revision, catalogue=catalogue)
        return Response(view, headers={"ETag": f'"{revision}"'}, media_type="application/json")

    @put(
        "/catalogue",
        opt=streamed(needs("gateway.write")),
        request_max_body_size=None,
        operation_class=DocumentOperation,
    )
    async def set_catalogue(
        self,
        request: AnyRequest,
        caller: TheCaller,
        gateway_catalogues: TheCatalogues,
        if_match: IfMatch = None,
        note: Note = "",
    ) -> Put:
        """Put a document in the place of what is there."""
        wanted = await read_catalogue(request)
        revision = await gateway_catalogues.put(*caller, wanted, revision=revision_of(if_match), note=note)
        return Put(revision=revision)

    @post(
        "/plan",
        opt=streamed(needs("gateway.read")),
        status_code=200,
        request_max_body_size=None,
        operation_class=DocumentOperation,
    )
    async def plan_catalogue(self, request: AnyRequest, caller: TheCaller, gateway_catalogues: TheCatalogues) -> Plan:
        """What putting a document there would change, field by field, and what is found in it."""
        return await gateway_catalogues.plan(*caller, await read_catalogue(request))

    @get("/revisions", opt=needs("gateway.read"))
    async def list_catalogue_revisions(
        self, caller: TheCaller, gateway_catalogues: TheCatalogues, paging: ThePaging
    ) -> Page[RevisionView]:
        """All revisions, the newest first."""
        found = await gateway_catalogues.history(*caller, before=paging.after(int), limit=paging.limit + 1)
        return paging.page(found, lambda one: one.revision, RevisionView.of)

    @get("/revisions/{revision:str}", opt=needs("gateway.read"))
    async def get_catalogue_revision(
        self,
        caller: TheCaller,
        gateway_catalogues: TheCatalogues,
        revision: FromPath[Annotated[int, Meta(ge=0, le=2**31 - 1)]],
    ) -> CatalogueView:
        """The document as it was."""
        _, catalogue = await gateway_catalogues.at(*caller, revision)
        return CatalogueView(revision=revision, catalogue=catalogue)

    @get("/revisions/{revision:str}/changes", opt=needs("gateway.read"))
    async def list_catalogue_changes(
        self,
        caller: TheCaller,
        gateway_catalogues: TheCatalogues,
        revision: FromPath[Annotated[int, Meta(ge=0, le=2**31 - 1)]],
        since: Annotated[
            int | None,
            QueryParameter(name="since", ge=0, le=2**31 - 1, description="Another revision (the one before)."),
        ] = None,
    ) -> list[Change]:
        """What a revision changed, field by field."""
        before = max(revision - 1, 0) if since is None else since
        return await gateway_catalogues.compare(*caller, before, revision)

    @post("/revisions/{revision:str}/revert", opt=needs("gateway.write"), status_code=200)
    async def revert_catalogue(
        self,
        caller: TheCaller,
        gateway_catalogues: TheCatalogues,
        revision: FromPath[Annotated[int, Meta(ge=0, le=2**31 - 1)]],
        data: JSONBody[Revert],
    ) -> Put:
        """Bring a document of before back, as a new revision."""
        made = await gateway_catalogues.revert(*caller, revision, revision=data.revision, note=data.note)
        return Put(revision=made)


CONTROLLERS = (CatalogueController, *api_items.CONTROLLERS, *api_apps.CONTROLLERS, *api_files.CONTROLLERS)
