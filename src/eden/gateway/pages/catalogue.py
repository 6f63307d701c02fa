"""Lists of the catalogue: operations with how they fare, groups, models."""

from __future__ import annotations

from collections import Counter
from typing import Any

from litestar import Response, get

from eden.base.api.access import needs
from eden.base.api.handlers import ThePaging
from eden.console.forms import Form
from eden.gateway.interfaces import Catalogue, Operation
from eden.gateway.pages.desk import HERE, TheDesk

#: what operations can be filtered by, beside words
FLAGS = ("signature", "encryption", "authorizer", "limits", "cache", "mock", "breaker", "migration", "etag")
#: operations without a filter are shown in portions
_PAGE = 50


def _has(operation: Operation, flag: str) -> bool:
    value = getattr(operation, flag)
    return bool(value) and value != "off"


def hosts_of(catalogue: Catalogue, operation: Operation) -> list[str]:
    """Addresses that an operation may go to."""
    group = catalogue.groups.get(operation.group)
    if group is None:
        return []
    return [target.url for upstream in group.upstreams.values() for target in upstream.targets]


def filtered(catalogue: Catalogue, asked: Form) -> list[tuple[str, Operation]]:
    """By the words of the address: `q` in name or description, `host` in a target's address, `group`, `state` (open,
    closed), `owner`, `flag`."""
    words, host, owner = asked.one("q").lower(), asked.one("host").lower(), asked.one("owner").lower()
    group, state, flag = asked.one("group"), asked.one("state"), asked.one("flag")
    return [
        (name, operation)
        for name, operation in sorted(catalogue.operations.items())
        if (words in name.lower() or words in operation.description.lower())
        and (not group or operation.group == group)
        and (not owner or owner in operation.owner.lower())
        and (not state or operation.open == (state == "open"))
        and (flag not in FLAGS or _has(operation, flag))
        and (not host or any(host in url.lower() for url in hosts_of(catalogue, operation)))
    ]


@get(HERE, opt=needs("gateway.read"))
async def show_operations(desk: TheDesk, paging: ThePaging) -> Response[bytes]:
    """The operations by name, with the figures of the last minutes."""
    _, catalogue = await desk.catalogues.get(*desk.caller)
    asked = desk.asked
    found = filtered(catalogue, asked)
    after = paging.after(str)
    behind = [item for item in found if after is None or item[0] > after]
    shown = behind[:_PAGE]
    glance = await desk.figures.glance(*desk.caller, [name for name, _ in shown])
    kept = {name: asked.one(name) for name in ("q", "host", "group", "state", "owner", "flag")}
    return desk.page(
        "gateway/operations.html",
        tab="operations",
        catalogue=catalogue,
        operations=shown,
        flags={name: [flag for flag in FLAGS if _has(operation, flag)] for name, operation in shown},
        all_flags=FLAGS,
        glance=glance,
        count=len(found),
        asked=kept,
        searched=any(kept.values()),
        next=desk.following("gateway", shown[-1][0], **kept) if len(behind) > len(shown) else "",
        first=desk.url("gateway", **kept) if after else "",
    )


@get(f"{HERE}/groups", opt=needs("gateway.read"))
async def show_groups(desk: TheDesk) -> Response[bytes]:
    """The groups, with where they lead."""
    _, catalogue = await desk.catalogues.get(*desk.caller)
    return desk.page(
        "gateway/groups.html",
        tab="groups",
        groups=sorted(catalogue.groups.items()),
        uses=Counter(operation.group for operation in catalogue.operations.values()),
        authorizers=sorted(catalogue.authorizers.items()),
        asked_by=Counter(operation.authorizer for operation in catalogue.operations.values()),
    )


@get(f"{HERE}/models", opt=needs("gateway.read"))
async def show_models(desk: TheDesk) -> Response[bytes]:
    """The data models."""
    _, catalogue = await desk.catalogues.get(*desk.caller)
    return desk.page("gateway/models.html", tab="models", models=sorted(catalogue.models.items()))


HANDLERS: tuple[Any, ...] = (show_operations, show_groups, show_models)
