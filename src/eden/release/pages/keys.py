"""Pages of keys: which sign what, until when, and how they are changed.

Root keys are never on the server: it proposes a root, people sign the file where their keys are, and bring it back.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from litestar import Response, get, post
from litestar.datastructures import UploadFile
from securesystemslib.exceptions import UnsupportedLibraryError
from securesystemslib.signer import SSlibKey

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
from eden.release.trust_keys import key_to
from eden.release.trust_root import RootChange

_FORM_BYTES = ROOT_BYTES + 50_000
_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)
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
        if "PRIVATE KEY" in form.one("add"):
            form.values.pop("add")
        filled = Filled(form, mistakes(problem, console, view))
        return await _page(request, principal, workspace_id, view, console, release_service, filled)
    headers = {"Content-Disposition": 'attachment; filename="root-proposal.json"', "Cache-Control": "no-store"}
    return Response(data, status_code=200, media_type="application/json", headers=SECURITY_HEADERS | headers)


def _change(form: Form) -> RootChange:
    threshold = form.number("threshold")
    if form.one("threshold") and threshold < 1:
        raise Problem("invalid", "Write a number.", errors=[("threshold", "Write a whole number from 1 on.")])
    return RootChange(
        add=_public_keys(form.one("add")),
        remove=tuple(form.all("remove")),
        threshold=threshold if form.one("threshold") else None,
        renew=tuple(form.all("renew")),
    )


def _public_keys(text: str) -> tuple[dict[str, Any], ...]:
    """Keys in PEM, as `openssl pkey -pubout` writes them, or in JSON, as metadata lists them."""
    if "PRIVATE KEY" in text:
        raise _not_added("This is a private key, which nobody but its holder may see. Paste the public one.")
    try:
        if blocks := _PEM.findall(text):
            loaded = (load_pem_public_key(block.encode()) for block in blocks)
            return tuple(key_to(SSlibKey.from_crypto(key)) for key in loaded)
        found = msgspec.json.decode(text, type=dict[str, Any] | list[dict[str, Any]]) if text else []
    except (ValueError, UnsupportedAlgorithm, UnsupportedLibraryError, msgspec.MsgspecError):
        raise _not_added("This is no public key: paste what openssl pkey -in KEYFILE -pubout writes.") from None
    return tuple(found) if isinstance(found, list) else (found,)


def _not_added(sentence: str) -> Problem:
    return Problem("invalid", sentence, errors=[("add", sentence)])


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
