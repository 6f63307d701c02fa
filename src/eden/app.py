"""The composition root: the only module that knows all services.

A `Platform` opens the ground, asks every service for its part and puts one ASGI application in front:

    /healthz /readyz /metrics       the platform's own (eden.base.health)
    the parts' raw prefixes         small ASGI applications, for what must be fast
    /api/v1/… /console/…            one Litestar application
    everything else                 a problem, not-found

Raw prefixes are looked up by the path's first word, before anything else is done. Hosts that are a part's own have
nothing of this: all requests for them are the part's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

from litestar import Litestar, Router

from eden.base import changes, idempotency, jobs, migrate
from eden.base.access import Access
from eden.base.api.access import OPEN
from eden.base.api.application import create_api
from eden.base.ground import Ground, check_secret, open_ground
from eden.base.health import Health
from eden.base.http import Application, Receive, Scope, Send, header, respond
from eden.base.idempotency import Idempotency
from eden.base.identity import service as identity
from eden.base.identity.service import Identity
from eden.base.ids import now
from eden.base.parts import Part, Store
from eden.base.problems import Problem
from eden.base.settings import Settings
from eden.console.assets import Assets
from eden.console.frame import Console, Room
from eden.console.http import frame_handlers
from eden.gateway.parts import parts as gateway
from eden.keyboard.parts import parts as keyboard
from eden.observe.insight.backup import EventsStore
from eden.observe.parts import parts as observe
from eden.organisation.parts import parts as organisation
from eden.release.parts import parts as release

#: the services, in the order in which they start
PARTS: Sequence[Callable[[Ground], Part]] = (organisation, release, observe, gateway, keyboard)

#: what services keep elsewhere than in the database and the blobs
STORES: Sequence[Callable[[Settings], Store]] = (EventsStore,)

log = logging.getLogger("eden")


class Platform:
    """The server's application (ASGI 3.0, with lifespan). `ground` and `parts` are there from the beginning; the
    database is asked for the first time when the lifespan starts."""

    def __init__(self, settings: Settings, parts: Sequence[Callable[[Ground], Part]] = PARTS) -> None:
        #: why the lifespan could not start
        self.failure: Exception | None = None
        self.ground = open_ground(settings)
        self.parts = [part(self.ground) for part in (_tidying, *parts)]
        self.health = Health(self.ground)
        self.framed = _framed(self.ground, self.parts)
        self._table: dict[str, list[tuple[str, str, Application]]] = {}
        for path, application in self.health.routes().items():
            self._mount(path, "health", application)
        for part in self.parts:
            for prefix, application in part.raw.items():
                self._mount(prefix, part.name, application)
        self._hosts = [part.hosts for part in self.parts if part.hosts is not None]
        self._access = Access(self.ground, self._route)
        self._running: AsyncExitStack | None = None

    def _mount(self, prefix: str, area: str, application: Application) -> None:
        places = self._table.setdefault(_first_word(prefix), [])
        if any(prefix == other for other, _, _ in places):
            raise ValueError(f"two parts answer at {prefix}")
        places.append((prefix, area, application))
        places.sort(key=lambda place: -len(place[0]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._access(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1000})

    def _route(self, scope: Scope) -> tuple[str, bool, Application]:
        """Area of a request (for figures), whether it is a raw prefix's or a host's, and its application."""
        if self._hosts:
            host = (header(scope, b"host") or b"").decode("latin-1")
            for find in self._hosts:
                if (owner := find(host)) is not None:
                    return "hosts", True, owner
        path = scope["path"]
        first = _first_word(path)
        for prefix, area, application in self._table.get(first, ()):
            if path.startswith(prefix):
                return area, True, application
        if first in ("api", "console"):
            return first, False, self.framed  # type: ignore[return-value]
        return "other", False, _home if path == "/" else _nothing

    # life

    async def start(self) -> None:
        """Bring the schema up to date if that is wanted, and start everything. What has started is stopped again
        when something fails."""
        async with AsyncExitStack() as stack:
            stack.callback(self.ground.close)
            await asyncio.to_thread(prepare_database, self.ground)
            await self.ground.feed.start()
            stack.push_async_callback(self.ground.feed.stop)
            for part in self.parts:
                if part.start is not None:
                    await part.start()
                if part.stop is not None:
                    stack.push_async_callback(part.stop)
                for kind, handler in part.jobs.items():
                    self.ground.jobs.handle(kind, handler)
            await stack.enter_async_context(self.framed.lifespan())
            await self.ground.jobs.start()
            stack.push_async_callback(self.ground.jobs.stop, self.ground.settings.listen.stop_seconds)
            await self.health.start()
            stack.push_async_callback(self.health.stop)
            self._running = stack.pop_all()

    def begin_stop(self) -> None:
        """Say that the server is about to stop: it is not ready any more, and streams without an end are ended."""
        self.ground.stopping.set()

    async def stop(self) -> None:
        """Stop everything, the last started first; jobs may end, what is written is written."""
        self.begin_stop()
        if self._running is not None:
            running, self._running = self._running, None
            await running.aclose()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.start()
        except Exception as error:
            log.error("the server cannot start: %s", error, exc_info=not hasattr(error, "hint"))
            self.failure = error
            await send({"type": "lifespan.startup.failed", "message": ""})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})


def prepare_database(ground: Ground) -> None:
    """Bring the schema up to date if the settings want it, and make sure that the key is the database's.

    Raises EdenError: an old or newer schema, another key.
    """
    wanted = ground.settings.database.migrate
    if wanted == "always" or (wanted == "auto" and ground.database.dialect == "sqlite"):
        before, after = migrate.upgrade(ground.database)
        if before != after:
            log.info("the database was brought from step %s to %s", before or "none", after)
    else:
        ground.database.read_now(migrate.check_at_head)
    ground.database.write_now(lambda connection: check_secret(connection, ground.secret))


def _tidying(ground: Ground) -> Part:
    """What the ground's own stores need now and then."""

    async def tidy(_: object) -> None:
        for forget in (changes.forget_old, idempotency.forget_old, identity.forget_old, jobs.forget_failed):
            await ground.database.write(lambda connection, forget=forget: forget(connection, now()))  # type: ignore[misc]
        await ground.blobs.remove_partial()

    return Part(name="ground", jobs={"ground.tidy": jobs.Handler(tidy, every=3600)})


def _framed(ground: Ground, parts: Sequence[Part]) -> Litestar:
    """The Litestar application of all controllers, with what they may ask for."""
    rooms = [
        Room(part.name, part.folder, tuple(part.navigation), tuple(part.panels))
        for part in parts
        if part.folder is not None
    ]
    console = Console(rooms, Assets())
    people = Identity(
        ground.database,
        ground.audit,
        session_seconds=ground.settings.intervals.session_seconds,
        public_url=ground.settings.public_url,
    )
    services: dict[str, object] = {"ground": ground, "console": console, "identity": people}
    for part in parts:
        services.update(part.services)
    # scripts, sheet and the switches of language and theme are for everybody
    frame = Router("/", route_handlers=frame_handlers(console), opt=OPEN)
    return create_api(
        [frame, *(controller for part in parts for controller in part.controllers)],
        people,
        Idempotency(ground.database, ground.secret),
        plugins=[plugin for part in parts for plugin in part.plugins],
        problem_page=next((part.problem_page for part in parts if part.problem_page), None),
        services=services,
        tags={name: text for part in parts for name, text in part.tags.items()},
    )


def _first_word(path: str) -> str:
    return path[1 : end if (end := path.find("/", 1)) > 0 else None]


async def _home(scope: Scope, receive: Receive, send: Send) -> None:
    await respond(send, b"", b"text/plain", 303, [(b"location", b"/console/")])


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    raise Problem("not-found", f"There is nothing at {scope['path']}.")
