"""What the secure keyboard brings to the platform."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eden.base.ground import Ground
from eden.base.identity.service import Identity
from eden.base.jobs import Handler
from eden.base.parts import Part
from eden.keyboard.api import TAGS, KeyboardController
from eden.keyboard.pages import HANDLERS, NAVIGATION
from eden.keyboard.receiver import PREFIX, Receiver
from eden.keyboard.service import KeyboardService
from eden.keyboard.service_admin import KeyboardAdmin

#: seconds between two looks for old keys, and for sessions that have ended
_ROTATE = 3600.0
_FORGET = 600.0


def parts(ground: Ground) -> Part:
    """The service over this process's ground."""
    service = KeyboardService(ground)
    identity = Identity(
        ground.database,
        ground.audit,
        session_seconds=ground.settings.intervals.session_seconds,
        public_url=ground.settings.public_url,
    )

    async def rotate(_: dict[str, Any]) -> None:
        await service.rotate()

    async def forget(_: dict[str, Any]) -> None:
        await service.forget()

    async def start() -> None:
        service.start()

    return Part(
        name="keyboard",
        controllers=(KeyboardController, *HANDLERS),
        folder=Path(__file__).parent,
        navigation=NAVIGATION,
        services={"keyboard": service, "keyboard_admin": KeyboardAdmin(ground, service.opener)},
        tags=TAGS,
        raw={PREFIX: Receiver(service, identity)},
        jobs={
            "keyboard.rotate": Handler(rotate, every=_ROTATE),
            "keyboard.forget": Handler(forget, every=_FORGET),
        },
        start=start,
        stop=service.opener.close,
    )
