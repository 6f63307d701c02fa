"""The phone's simulator and the platform at one address: what `eden demo` serves.

The platform's own addresses go to the platform, everything else to the simulator. `/enter/SECRET` signs the visitor in
as the demonstration's owner: the address is printed on the terminal, as a password would be.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from eden.app import Platform
from eden.base.http import Receive, Scope, Send, header, respond
from eden.base.identity.sessions import cookie
from eden.organisation.founding import Founded
from eden.organisation.parts import identity_of
from eden.simulator.server import Simulator

#: first words of the platform's paths; /api/bank/ is the bank's
_PLATFORM = frozenset({"api", "app", "console", "device", "healthz", "keyboard", "metrics", "observe", "readyz"})
_ENTER = "/enter/"

log = logging.getLogger("eden.demo")


class Beside(Protocol):
    """What lives as long as the server."""

    def start(self) -> None: ...

    async def stop(self) -> None: ...


class House:
    """ASGI, with lifespan. `furnish` runs beside the server once it has started; it sets the event that it is given as
    soon as there is something to see in the console. `beside` starts before it and stops after it."""

    def __init__(
        self,
        simulator: Simulator,
        platform: Platform,
        owner: Founded,
        furnish: Callable[[asyncio.Event], Awaitable[None]],
        first_page: str = "/console/",
        beside: Sequence[Beside] = (),
    ) -> None:
        self._simulator = simulator
        self._platform = platform
        self._owner = owner.owner
        self._furnish = furnish
        self._first_page = first_page
        self._beside = beside
        self._furnishing: asyncio.Task[None] | None = None
        self._furnished = asyncio.Event()
        self._secret = secrets.token_urlsafe(18)

    @property
    def entrance(self) -> str:
        """Path that signs in."""
        return f"{_ENTER}{self._secret}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._lifespan(receive, send)
        if scope["type"] != "http":
            return await self._simulator(scope, receive, send)
        if scope["path"].startswith(_ENTER):
            return await self._enter(scope, send)
        if self._is_platforms(scope):
            return await self._platform(scope, receive, send)
        return await self._simulator(scope, receive, send)

    def _is_platforms(self, scope: Scope) -> bool:
        path: str = scope["path"]
        if any(path.startswith(prefix) for prefix in self._simulator.mounts):
            return False
        host = (header(scope, b"host") or b"").partition(b":")[0]
        return host.endswith(b".eden.localhost") or path.split("/", 2)[1] in _PLATFORM

    async def _enter(self, scope: Scope, send: Send) -> None:
        if not hmac.compare_digest(scope["path"].encode(), self.entrance.encode()):
            return await respond(send, b"This link is of another start of the demo.\n", b"text/plain", 404)
        await self._furnished.wait()
        owner, identity = self._owner, identity_of(self._platform.ground)
        assert owner.user_id is not None
        secret = await self._platform.ground.database.write(
            lambda connection: identity.do_begin_session(connection, owner.user_id or "", owner.email or "", "demo")
        )
        headers = [(b"set-cookie", cookie(secret, secure=False).encode()), (b"location", self._first_page.encode())]
        return await respond(send, b"", b"text/plain", 303, [*headers, (b"cache-control", b"no-store")])

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self._platform.start()
        except Exception as error:
            log.exception("the platform cannot start")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        for one in self._beside:
            one.start()
        self._simulator.start()
        await send({"type": "lifespan.startup.complete"})
        self._furnishing = asyncio.create_task(self._furnish_quietly(), name="eden-demo")
        await receive()
        self._furnishing.cancel()
        await asyncio.gather(self._furnishing, return_exceptions=True)
        await self._simulator.close()
        await asyncio.gather(*(one.stop() for one in self._beside))
        await self._platform.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _furnish_quietly(self) -> None:
        """The phone runs whatever becomes of the rest."""
        try:
            await self._furnish(self._furnished)
        except Exception as error:
            print(f"  The platform could not be furnished: {error}", flush=True)
        finally:
            self._furnished.set()

    def end_streams(self) -> None:
        """Say good-bye to every page that listens to events."""
        self._simulator.end_streams()
        self._platform.begin_stop()
