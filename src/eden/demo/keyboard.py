"""The secure keyboard in the demo: what the bank asks for, the bank's token, and the pins that the phone has."""

from __future__ import annotations

import base64
from typing import Any, NamedTuple

from eden.app import Platform
from eden.demo.services import service
from eden.keyboard.interfaces import Kind, Purpose
from eden.keyboard.service import KeyboardService
from eden.keyboard.service_admin import KeyboardAdmin
from eden.organisation.founding import Founded
from eden.organisation.parts import identity_of
from eden.organisation.service import Organisation

_PREFIX = "/keyboard/v1/"
#: name, kind, least and most characters
_PURPOSES: tuple[tuple[str, Kind, int, int], ...] = (("sign-in", "password", 6, 64), ("pay", "pin", 6, 6))
_TRIES, _LOCK_SECONDS = 5, 900
_MOST_KEYS = 100


class Secure(NamedTuple):
    """The keyboard as the bank is told of it, with the bank's token, and as the phone is told of it."""

    address: str
    token: str
    host: dict[str, Any]


#: where there is no secure keyboard
NONE = Secure("", "", {})


async def furnish(platform: Platform, founded: Founded, workspace: str, address: str) -> Secure:
    """For a platform at `address`. Make what the bank needs, before anything is served: in a loop of its own, whose
    opener ends with it."""
    keyboard, admin = service(platform, KeyboardService), service(platform, KeyboardAdmin)
    owner, workspace_id = founded.owner, founded.workspaces[workspace]
    organisation = Organisation(identity_of(platform.ground))
    token, secret = await organisation.tokens.create(owner, workspace_id, "bank", ("keyboard.verify",), None)
    try:
        for name, kind, shortest, longest in _PURPOSES:
            purpose = Purpose(
                name=name, kind=kind, shortest=shortest, longest=longest, tries=_TRIES,
                lock_seconds=_LOCK_SECONDS, verifiers=[token.id], openers=[],
            )  # fmt: skip
            await admin.set_purpose(owner, workspace_id, purpose, None)
        keys = await admin.keys(owner, workspace_id, _MOST_KEYS, None)
    finally:
        await keyboard.opener.pause()
    pins = [base64.b64encode(key.public).decode() for key in keys if key.algorithm == "ed25519"]
    path = f"{_PREFIX}{workspace}/"
    return Secure(f"{address.rstrip('/')}{path}", secret, {"url": path, "pins": pins})
