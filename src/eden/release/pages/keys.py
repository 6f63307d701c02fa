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
from securesystemslib.exceptions import UnsupportedLibraryError
from securesystemslib.signer import SSlibKey

from eden.base.api.access import needs
from eden.base.problems import Problem
from eden.release.api_bodies import ROOT_BYTES
from eden.release.pages.desk import Desk, TheDesk
from eden.release.pages.kit import HERE
from eden.release.pages.mending import Filled, Mistake, form_page, mistakes
from eden.release.trust import ONLINE_ROLES
from eden.release.trust_keys import key_to
from eden.release.trust_root import RootChange

_FORM_BYTES = ROOT_BYTES + 50_000
_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)
#: µs before its end at which a root should be renewed: people have to be found
_SOON = 60 * 24 * 3600 * 1_000_000


@get(f"{HERE}/keys", opt=needs("key.manage"))
async def show_keys(desk: TheDesk) -> Response[bytes]:
    """Which keys sign what."""
    return await _page(desk, Filled())


async def _page(desk: Desk, filled: Filled) -> Response[bytes]:
    state = await desk.service.trust.state(*desk.caller)
    ends = await desk.service.trust.ends(*desk.caller)
    left = None if state.expires_at is None else (state.expires_at - desk.view.now) // 1_000_000
    return form_page(
        desk,
        "keys",
        "release/keys.html",
        filled,
        state=state,
        roles=ONLINE_ROLES,
        ends=ends,
        left=left,
        soon=left is not None and left * 1_000_000 < _SOON,
        slug=desk.view.workspace.slug if desk.view.workspace else "",
    )


@post(f"{HERE}/keys/proposal", opt=needs("key.manage"), request_max_body_size=_FORM_BYTES)
async def propose_root(desk: TheDesk) -> Response[bytes]:
    """The next root as a file, for holders of root keys to sign."""
    form = await desk.form()
    errors: list[Mistake] = []
    threshold = form.number("threshold")
    if form.one("threshold") and threshold < 1:
        errors.append(("threshold", desk.t("release.key.threshold-number")))
    added = form.one("add")
    private = "PRIVATE KEY" in added
    keys = None if private else _public_keys(added)
    if keys is None:
        errors.append(("add", desk.t("release.key.private" if private else "release.key.not-public")))
    if private:
        # it must not be on the page that comes back either
        form.values.pop("add")
    if keys is None or errors:
        return await _page(desk, Filled(form, errors))
    change = RootChange(
        add=keys,
        remove=tuple(form.all("remove")),
        threshold=threshold if form.one("threshold") else None,
        renew=tuple(form.all("renew")),
    )
    try:
        data = await desk.service.trust.propose(*desk.caller, change)
    except Problem as problem:
        if problem.code != "invalid":
            raise
        return await _page(desk, Filled(form, mistakes(problem, desk)))
    return desk.file(data, "application/json", "root-proposal.json")


def _public_keys(text: str) -> tuple[dict[str, Any], ...] | None:
    """Keys in PEM, as `openssl pkey -pubout` writes them, or in JSON, as metadata lists them; None for anything
    else."""
    try:
        if blocks := _PEM.findall(text):
            loaded = (load_pem_public_key(block.encode()) for block in blocks)
            return tuple(key_to(SSlibKey.from_crypto(key)) for key in loaded)
        found = msgspec.json.decode(text, type=dict[str, Any] | list[dict[str, Any]]) if text else []
    except (ValueError, UnsupportedAlgorithm, UnsupportedLibraryError, msgspec.MsgspecError):
        return None
    return tuple(found) if isinstance(found, list) else (found,)


@post(f"{HERE}/keys/root", opt=needs("key.manage"), request_max_body_size=_FORM_BYTES)
async def install_root(desk: TheDesk) -> Response[bytes]:
    """Make a signed proposal the root."""
    form = await desk.form()
    file = await desk.upload()
    if file is None:
        return await _page(desk, Filled(form, [("file", desk.t("release.key.choose-file"))]))
    try:
        state = await desk.service.trust.install(*desk.caller, await file.read())
    except Problem as problem:
        if problem.code != "invalid":
            raise
        # whatever is wrong is in the file
        errors = [("file", sentence) for _, sentence in mistakes(problem, desk)]
        return await _page(desk, Filled(form, errors))
    return desk.go("keys", desk.t("release.key.installed", version=state.version))


HANDLERS: tuple[Any, ...] = (show_keys, propose_root, install_root)
