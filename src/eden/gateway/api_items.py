"""Operations, groups and models one by one: each write is a new revision of the whole document."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from litestar import Controller, delete, get, post, put
from litestar.params import HeaderParameter

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath, JSONBody, Page, QueryParameter, Service, TheCaller, ThePaging
from eden.base.problems import Problem, not_found
from eden.gateway.api_bodies import revision_of
from eden.gateway.interfaces import Catalogue, Group, Model, Operation
from eden.gateway.model_sample import model_from_sample
from eden.gateway.service import Catalogues

TheCatalogues: TypeAlias = Service[Catalogues]
IfMatch: TypeAlias = Annotated[
    str | None, HeaderParameter(name="If-Match", max_length=100, description="The catalogue's revision as you saw it.")
]
Yes: TypeAlias = bool | None


class OperationView(msgspec.Struct, kw_only=True):
    """An operation by its operationType."""

    name: str
    operation: Operation


class GroupView(msgspec.Struct, kw_only=True):
    """A group, and how many operations it has."""

    name: str
    operations: int
    group: Group


class ModelView(msgspec.Struct, kw_only=True):
    """A data model."""

    name: str
    model: Model


class Written(msgspec.Struct, kw_only=True):
    """The catalogue's revision that has it."""

    revision: int


class Sample(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A JSON value as an upstream sends it, and the name of the model that it is to become."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$(?!\n)")]
    sample: Any


class ItemsController(Controller):
    """Operations, groups and models."""

    path = "/api/v1/workspaces/{workspace:str}/gateway"
    tags = ("gateway",)

    @get("/operations", opt=needs("gateway.read"))
    async def list_operations(
        self,
        caller: TheCaller,
        gateway_catalogues: TheCatalogues,
        paging: ThePaging,
        search: Annotated[str, QueryParameter(name="search", max_length=200, description="Part of the name.")] = "",
        group: Annotated[str, QueryParameter(name="group", max_length=64, description="Of this group.")] = "",
        open: Annotated[Yes, QueryParameter(name="open", description="Open or closed ones.")] = None,  # noqa: A002
        encrypted: Annotated[Yes, QueryParameter(name="encrypted", description="That may be encrypted.")] = None,
        signed: Annotated[Yes, QueryParameter(name="signed", description="That need a signature.")] = None,
        cached: Annotated[Yes, QueryParameter(name="cached", description="Whose answers are kept.")] = None,
    ) -> Page[OperationView]:
        """Operations by name, those that all conditions hold for."""
        _, catalogue = await gateway_catalogues.get(*caller)
        after = paging.after(str)
        found = [
            OperationView(name=name, operation=one)
            for name, one in sorted(catalogue.operations.items())
            if (after is None or name > after)
            and search.lower() in name.lower()
            and group in ("", one.group)
            and open in (None, one.open)
            and encrypted in (None, one.encryption != "off")
            and signed in (None, one.signature == "on")
            and cached in (None, one.cache is not None)
        ]
        return paging.page(found[: paging.limit + 1], lambda one: one.name, lambda one: one)

    @get("/operations/{name:str}", opt=needs("gateway.read"))
    async def get_operation(
        self, caller: TheCaller, gateway_catalogues: TheCatalogues, name: FromPath[str]
    ) -> OperationView:
        """One operation with all its versions."""
        _, catalogue = await gateway_catalogues.get(*caller)
        if name not in catalogue.operations:
            raise not_found(f"The operation {name[:128]}")
        return OperationView(name=name, operation=catalogue.operations[name])

    @put("/operations/{name:str}", opt=needs("gateway.write"))
    async def set_operation(
        self,
        caller: TheCaller,
        gateway_catalogues: TheCatalogues,
        name: FromPath[str],
        data: JSONBody[Operation],
        if_match: IfMatch = None,
    ) -> Written:
        """Make an operation, or put this in its place."""
        return await _set(gateway_catalogues, caller, "operations", name, data, if_match)

    @delete("/operations/{name:str}", opt=needs("gateway.write"))
    async def delete_operation(
        self, caller: TheCaller, gateway_catalogues: TheCatalogues, name: FromPath[str], if_match: IfMatch = None
    ) -> None:
        """Remove an operation with its versions."""
        await _remove(gateway_catalogues, caller, "operations", name, if_match)

    @get("/groups", opt=needs("gateway.read"))
    async def list_groups(self, caller: TheCaller, gateway_catalogues: TheCatalogues) -> list[GroupView]:
        """All groups, by name."""
        _, catalogue = await gateway_catalogues.get(*caller)
        counts = Counter(one.group for one in catalogue.operations.values())
        return [
            GroupView(name=name, operations=counts[name], group=group)
            for name, group in sorted(catalogue.groups.items())
        ]

    @put("/groups/{name:str}", opt=needs("gateway.write"))
    async def set_group(
        self,
        caller: TheCaller,
        gateway_catalogues: TheCatalogues,
        name: FromPath[str],
        data: JSONBody[Group],
        if_match: IfMatch = None,
    ) -> Written:
        """Make a group, or put this in its place."""
        return await _set(gateway_catalogues, caller, "groups", name, data, if_match)

    @delete("/groups/{name:str}", opt=needs("gateway.write"))
    async def delete_group(
        self, caller: TheCaller, gateway_catalogues: TheCatalogues, name: FromPath[str], if_match: IfMatch = None
    ) -> None:
        """Remove a group that no operation is in."""
        await _remove(gateway_catalogues, caller, "groups", name, if_match)

    @get("/models", opt=needs("gateway.read"))
    async def list_models(
        self, caller: TheCaller, gateway_catalogues: TheCatalogues, paging: ThePaging
    ) -> Page[ModelView]:
        """All data models, by name."""
        _, catalogue = await gateway_catalogues.get(*caller)
        after = paging.after(str)
        found = [
            ModelView(name=name, model=model)
            for name, model in sorted(catalogue.models.items())
            if after is None or name > after
        ]
        return paging.page(found[: paging.limit + 1], lambda one: one.name, lambda one: one)

    @put("/models/{name:str}", opt=needs("gateway.write"))
    async def set_model(
        self,
        caller: TheCaller,
        gateway_catalogues: TheCatalogues,
        name: FromPath[str],
        data: JSONBody[Model],
        if_match: IfMatch = None,
    ) -> Written:
        """Make a data model, or put this in its place."""
        return await _set(gateway_catalogues, caller, "models", name, data, if_match)

    @delete("/models/{name:str}", opt=needs("gateway.write"))
    async def delete_model(
        self, caller: TheCaller, gateway_catalogues: TheCatalogues, name: FromPath[str], if_match: IfMatch = None
    ) -> None:
        """Remove a data model that nothing is made of."""
        await _remove(gateway_catalogues, caller, "models", name, if_match)

    @post("/models/from-sample", opt=needs("gateway.read"), status_code=200)
    async def sample_model(self, data: JSONBody[Sample]) -> list[ModelView]:
        """What models a sample would be of, the one that was named first. Nothing is written."""
        found = model_from_sample(data.name, data.sample)
        return [ModelView(name=name, model=model) for name, model in found.items()]


_Part: TypeAlias = Literal["operations", "groups", "models"]


async def _set(
    catalogues: Catalogues, caller: TheCaller, part: _Part, name: str, value: Any, if_match: str | None
) -> Written:
    def edit(there: Catalogue) -> tuple[Catalogue, None]:
        wanted = msgspec.structs.replace(there, **{part: getattr(there, part) | {name: value}})
        try:
            # names have a form, too
            return msgspec.convert(msgspec.to_builtins(wanted), Catalogue), None
        except msgspec.ValidationError:
            sentence = f"{name[:64]!r} is no name that can be used here."
            raise Problem("invalid", sentence, "Use letters, digits and _; see docs/gateway-catalogue.md.") from None

    revision, _ = await catalogues.change(*caller, edit, revision=revision_of(if_match))
    return Written(revision=revision)


async def _remove(catalogues: Catalogues, caller: TheCaller, part: _Part, name: str, if_match: str | None) -> None:
    def edit(there: Catalogue) -> tuple[Catalogue, None]:
        left = dict(getattr(there, part))
        if left.pop(name, None) is None:
            raise not_found(f"The {part.removesuffix('s')} {name[:128]}")
        return msgspec.structs.replace(there, **{part: left}), None

    await catalogues.change(*caller, edit, revision=revision_of(if_match))


CONTROLLERS = (ItemsController,)
