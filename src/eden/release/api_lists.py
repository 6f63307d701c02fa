"""Lists over HTTP: a file comes as text, small changes as JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from litestar import Controller, Response, delete, get, patch, post, put
from litestar.openapi.datastructures import ResponseSpec

from eden.base.api.access import needs, streamed
from eden.base.api.handlers import (
    AnyRequest,
    FromPath,
    JSONBody,
    Page,
    QueryParameter,
    TheCaller,
    ThePaging,
)
from eden.release.api_bodies import TEXT, TextOperation, stream
from eden.release.api_programs import Releasing
from eden.release.wire import ListChange, ListView

_TEXT = {
    200: ResponseSpec(data_container=str, media_type="text/plain", description="One a line.", generate_examples=False)
}


class ListsController(Controller):
    """Lists of devices or users, for plans and rules."""

    path = "/api/v1/workspaces/{workspace:str}/lists"
    tags = ("lists",)

    @get(opt=needs("workspace.read"))
    async def list_lists(self, caller: TheCaller, release_service: Releasing, paging: ThePaging) -> Page[ListView]:
        """The lists, by name."""
        found = await release_service.lists.page(*caller, after=paging.after(str), limit=paging.limit + 1)
        return paging.page(found, lambda one: one.name, ListView.of)

    @post(opt=streamed(needs("list.write")), request_max_body_size=None, operation_class=TextOperation)
    async def create_list(
        self,
        request: AnyRequest,
        caller: TheCaller,
        release_service: Releasing,
        name: Annotated[
            str, QueryParameter(name="name", min_length=1, max_length=80, description="How people call it.")
        ],
        kind: Annotated[
            Literal["exact", "patterns"], QueryParameter(name="kind", description="Ids, or regular expressions.")
        ] = "exact",
    ) -> ListView:
        """Make a list of a file: ids by commas or lines, or patterns by lines."""
        made = await release_service.lists.create(*caller, name, kind, stream(request, TEXT))
        return ListView.of(made)

    @get("/{list_id:str}", opt=needs("workspace.read"))
    async def get_list(self, caller: TheCaller, release_service: Releasing, list_id: FromPath[str]) -> ListView:
        """One list."""
        return ListView.of(await release_service.lists.get(*caller, list_id))

    @get("/{list_id:str}/content", opt=needs("list.write"), responses=_TEXT)
    async def get_list_content(
        self, caller: TheCaller, release_service: Releasing, list_id: FromPath[str]
    ) -> Response[bytes]:
        """The ids or patterns, one a line. They name people, so it needs `list.write`."""
        text = await release_service.lists.download(*caller, list_id)
        headers = {"Content-Disposition": 'attachment; filename="list.txt"', "Cache-Control": "no-store"}
        return Response(text, media_type="text/plain", headers=headers)

    @put(
        "/{list_id:str}/content",
        opt=streamed(needs("list.write")),
        request_max_body_size=None,
        operation_class=TextOperation,
    )
    async def set_list_content(
        self,
        request: AnyRequest,
        caller: TheCaller,
        release_service: Releasing,
        list_id: FromPath[str],
        revision: Annotated[
            int | None,
            QueryParameter(name="revision", ge=0, le=2**31 - 1, description="Of the list as you saw it."),
        ] = None,
    ) -> ListView:
        """Put a file in place of what the list holds."""
        changed = await release_service.lists.replace(*caller, list_id, stream(request, TEXT), revision=revision)
        return ListView.of(changed)

    @patch("/{list_id:str}", opt=needs("list.write"))
    async def update_list(
        self, caller: TheCaller, release_service: Releasing, list_id: FromPath[str], data: JSONBody[ListChange]
    ) -> ListView:
        """Rename a list, or add and remove some."""
        service = release_service.lists
        if data.add or data.remove:
            found = await service.edit(*caller, list_id, add=data.add, remove=data.remove, name=data.name)
        elif data.name is not None:
            found = await service.rename(*caller, list_id, data.name)
        else:
            found = await service.get(*caller, list_id)
        return ListView.of(found)

    @delete("/{list_id:str}", opt=needs("list.write"))
    async def delete_list(self, caller: TheCaller, release_service: Releasing, list_id: FromPath[str]) -> None:
        """Remove a list that no unfinished release names."""
        await release_service.lists.delete(*caller, list_id)


CONTROLLERS = (ListsController,)
