"""Pages of keys: which sign what, until when, and how they are changed.

Root keys are never on the server: it proposes a root, people sign the file where their keys are, and bring it back.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.datastructures import UploadFile

from eden.base.api.access import needs
from eden.base.api.handlers import AnyRequest, Service, ThePrincipal, TheWorkspaceId
from eden.base.identity.principal import Principal
from eden.base.problems import Problem
from eden.console.frame import Console
from eden.console.http import SECURITY_HEADERS, redirect, respond
from eden.console.view import Flash, ViewContext
from eden.release.api_bodies import ROOT_BYTES
from eden.release.pages.kit import HERE, Form, read_form, standing_at
from eden.release.pages.mending import Filled, mend, mistakes
from eden.release.service import ReleaseService
from eden.release.trust import ONLINE_ROLES
from eden.release.trust_root import RootChange

_FORM_BYTES = ROOT_BYTES + 50_000
#: µs before its end at which a root should be renewed: people have to be found
_SOON = 60 * 24 * 3600 * 1_000_000


@get(f"{HERE}/keys", opt=needs("key.manage"))
async def show_keys(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """Which keys sign what."""
    return await _page(request, principal, workspace_id, view, console, release_service, Filled())


async def _page(
    request: AnyRequest,
    principal: Principal,
    workspace_id: str,
    view: ViewContext,
    console: Console,
    service: ReleaseService,
    filled: Filled,
) -> Response[bytes]:
    state = await service.trust.state(principal, workspace_id)
    ends = await service.trust.ends(principal, workspace_id)
    left = None if state.expires_at is None else (state.expires_at - view.now) // 1_000_000
    values: dict[str, Any] = {
        "state": state,
        "roles": ONLINE_ROLES,
        "ends": ends,
        "left": left,
        "soon": left is not None and left * 1_000_000 < _SOON,
        "slug": view.workspace.slug if view.workspace else "",
    }
    if filled.errors:
        return mend(request, console, standing_at(view, "keys"), "release/keys.html", filled, **values)
    return respond(request, console, view, "release/keys.html", filled=filled, **values)


@post(f"{HERE}/keys/proposal", opt=needs("key.manage"), request_max_body_size=_FORM_BYTES)
async def propose_root(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """The next root as a file, for holders of root keys to sign."""
    form = await read_form(request)
    try:
        data = await release_service.trust.propose(principal, workspace_id, _change(form))
    except Problem as problem:
        if problem.code != "invalid":
            raise
        filled = Filled(form, mistakes(problem, console, view))
        return await _page(request, principal, workspace_id, view, console, release_service, filled)
    headers = {"Content-Disposition": 'attachment; filename="root-proposal.json"', "Cache-Control": "no-store"}
    return Response(data, status_code=200, media_type="application/json", headers=SECURITY_HEADERS | headers)


def _change(form: Form) -> RootChange:
    threshold = form.number("threshold")
    if form.one("threshold") and threshold < 1:
        raise Problem("invalid", "Write a number.", errors=[("threshold", "Write a whole number from 1 on.")])
    add: tuple[dict[str, Any], ...] = ()
    if text := form.one("add"):
        try:
            found = msgspec.json.decode(text, type=dict[str, Any] | list[dict[str, Any]])
        except msgspec.MsgspecError:
            sentence = "Write the public key as metadata lists it, in JSON; `eden keys make` shows it."
            raise Problem("invalid", sentence, errors=[("add", sentence)]) from None
        add = tuple(found) if isinstance(found, list) else (found,)
    return RootChange(
        add=add,
        remove=tuple(form.all("remove")),
        threshold=threshold if form.one("threshold") else None,
        renew=tuple(form.all("renew")),
    )


@post(f"{HERE}/keys/root", opt=needs("key.manage"), request_max_body_size=_FORM_BYTES)
async def install_root(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    view: Service[ViewContext],
    console: Service[Console],
    release_service: Service[ReleaseService],
) -> Response[bytes]:
    """Make a signed proposal the root."""
    form = await read_form(request)
    file = (await request.form()).get("file")
    try:
        if not isinstance(file, UploadFile):
            raise Problem("invalid", "Choose a file.", errors=[("file", "Choose the signed proposal.")])
        state = await release_service.trust.install(principal, workspace_id, await file.read())
    except Problem as problem:
        if problem.code != "invalid":
            raise
        # whatever is wrong is in the file
        errors = [("file", sentence) for _, sentence in mistakes(problem, console, view)]
        return await _page(request, principal, workspace_id, view, console, release_service, Filled(form, errors))
    said = console.translator(view)("release.key.installed", version=state.version)
    return redirect(request, view.url("keys"), Flash("good", said))


HANDLERS: tuple[Any, ...] = (show_keys, propose_root, install_root)
