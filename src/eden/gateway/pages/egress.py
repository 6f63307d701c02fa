"""The safe exit: third-party domains that mini programs may reach through the gateway."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get, post

from eden.base.api.access import needs
from eden.base.problems import Problem
from eden.gateway.interfaces import Catalogue, Domain, Egress
from eden.gateway.pages.desk import HERE, Desk, Filled, TheDesk


@get(f"{HERE}/egress", opt=needs("gateway.read"))
async def show_egress(desk: TheDesk) -> Response[bytes]:
    """The list."""
    return await _page(desk, Filled())


async def _page(desk: Desk, filled: Filled) -> Response[bytes]:
    _, catalogue = await desk.catalogues.get(*desk.caller)
    status = 422 if filled.errors else 200
    return desk.page("gateway/egress.html", status=status, tab="egress", egress=catalogue.egress, filled=filled)


async def _change(desk: Desk, edit: Any) -> None:
    def work(catalogue: Catalogue) -> tuple[Catalogue, None]:
        domains: tuple[Domain, ...] = edit(catalogue.egress.domains)
        egress: Egress = msgspec.structs.replace(catalogue.egress, domains=domains)
        return msgspec.structs.replace(catalogue, egress=egress), None

    await desk.catalogues.change(*desk.caller, work)


@post(f"{HERE}/egress", opt=needs("gateway.write"))
async def add_domain(desk: TheDesk) -> Response[bytes]:
    """Add a domain, or put it in place of the one of the same host."""
    form = await desk.form()
    host = form.one("host").lower()
    given: dict[str, Any] = {"host": host}
    if methods := form.one("methods").upper().replace(",", " ").split():
        given["methods"] = methods
    if ports := form.one("ports").replace(",", " ").split():
        given["ports"] = ports
    try:
        domain = msgspec.convert(given, Domain, strict=False)
        await _change(desk, lambda domains: (*(one for one in domains if one.host != host), domain))
    except msgspec.ValidationError as error:
        why, _, path = str(error).partition(" - at `$.")
        place = next((name for name in ("methods", "ports") if path.startswith(name)), "host")
        return await _page(desk, Filled(form, [(place, desk.t("gateway.form.no-value", why=why))]))
    except Problem as problem:
        return await _page(desk, Filled(form, [("host", sentence) for _, sentence in desk.told(problem)]))
    return desk.go("gateway/egress", desk.t("gateway.form.saved", name=host))


@post(f"{HERE}/egress/delete", opt=needs("gateway.write"))
async def remove_domain(desk: TheDesk) -> Response[bytes]:
    """Take a domain off the list."""
    host = (await desk.form()).one("host")
    await _change(desk, lambda domains: tuple(one for one in domains if one.host != host))
    return desk.go("gateway/egress", desk.t("gateway.form.deleted", name=host))


HANDLERS: tuple[Any, ...] = (show_egress, add_domain, remove_domain)
