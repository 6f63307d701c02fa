"""What the organisation brings to the platform: its API and pages, and what pages of all services begin with."""

from __future__ import annotations

import asyncio

from eden.base.changes import Change
from eden.base.ground import Ground
from eden.base.identity.oidc import Client, Provider
from eden.base.identity.oidc_flow import OidcSignIn
from eden.base.identity.service import Identity
from eden.base.parts import Part
from eden.console.live import LiveHub
from eden.organisation import pages, pages_account, pages_audit, pages_members, pages_sign_in, pages_tokens
from eden.organisation.api import CONTROLLERS, TAGS
from eden.organisation.service import Organisation
from eden.organisation.views import ConsolePlugin, problem_page, publish

PAGES = (pages_sign_in, pages, pages_members, pages_tokens, pages_audit, pages_account)


def parts(ground: Ground) -> Part:
    """Its API and pages."""
    identity = identity_of(ground)
    hub = LiveHub()
    tasks: list[asyncio.Task[None]] = []

    async def end_streams() -> None:
        # before the server waits for requests to end: a stream never does
        await ground.stopping.wait()
        hub.close()

    async def start() -> None:
        ground.feed.listen("", listener)
        tasks.append(asyncio.create_task(end_streams(), name="eden-live"))

    async def listener(change: Change) -> None:
        publish(hub, change)

    async def stop() -> None:
        hub.close()
        for task in tasks:
            task.cancel()

    return Part(
        name="organisation",
        controllers=(*CONTROLLERS, *(handler for module in PAGES for handler in module.HANDLERS)),
        services={"organisation": Organisation(identity), "oidc": sign_in_of(ground, identity), "live": hub},
        tags=TAGS,
        plugins=(ConsolePlugin(),),
        problem_page=problem_page,
        folder=pages.ROOM.folder,
        navigation=pages.ROOM.navigation,
        start=start,
        stop=stop,
    )


def identity_of(ground: Ground) -> Identity:
    """Sessions, tokens and passwords as the settings want them."""
    settings = ground.settings
    return Identity(
        ground.database,
        ground.audit,
        session_seconds=settings.intervals.session_seconds,
        public_url=settings.public_url,
    )


def sign_in_of(ground: Ground, identity: Identity) -> OidcSignIn | None:
    """The provider's way to sign in, when the settings name a provider."""
    oidc = ground.settings.oidc
    if not oidc.issuer:
        return None
    client = Client(oidc.issuer, oidc.client_id, oidc.client_secret, oidc.name, oidc.join)
    return OidcSignIn(identity, Provider(client))
