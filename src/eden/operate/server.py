"""One server process: uvicorn on uvloop around the platform."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import Callable
from types import FrameType

import uvicorn

from eden import __version__
from eden.app import Platform
from eden.base import telemetry
from eden.base.garbage import settle
from eden.base.settings import Settings

#: a second signal that comes later than this is meant; earlier, a process group has got the first one twice
IMPATIENT_SECONDS = 1.0


class Server(uvicorn.Server):
    """Stops in order: says that it is not ready and ends its event streams, waits as long as the settings say, then
    takes no more connections and lets requests end. A second signal ends it at once."""

    def __init__(self, platform: Platform, on_start: Callable[[], None] | None = None) -> None:
        settings = platform.ground.settings
        config = uvicorn.Config(
            platform,
            loop="asyncio" if sys.platform == "win32" else "uvloop",
            http="httptools",
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=True,
            forwarded_allow_ips=settings.listen.proxies,
            timeout_graceful_shutdown=settings.listen.stop_seconds,
            # longer than proxies keep theirs (60 s): the one who sends closes
            timeout_keep_alive=75,
            backlog=2048,
        )
        super().__init__(config)
        self._platform = platform
        self._on_start = on_start
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping_since = 0.0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        # not before garbage was looked for once: that would find some megabytes, and be a tenth of the time to start
        settle()
        if not self.should_exit and self._on_start is not None:
            self._on_start()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        at = time.monotonic()
        if self._loop is None or (self._stopping_since and at - self._stopping_since > IMPATIENT_SECONDS):
            # the stores bear it at any moment
            os._exit(128 + sig)
        if not self._stopping_since:
            self._stopping_since = at
            self._loop.call_soon_threadsafe(self._begin_stop)

    def _begin_stop(self) -> None:
        self._platform.begin_stop()
        asyncio.get_running_loop().call_later(self._platform.ground.settings.listen.drain_seconds, self._end)

    def _end(self) -> None:
        self.should_exit = True

    def stop_from_thread(self) -> None:
        """What a signal does, for another thread of this process."""
        self.handle_exit(0, None)


def run_server(
    settings: Settings,
    listener: socket.socket,
    *,
    process: int = 0,
    on_start: Callable[[], None] | None = None,
    on_made: Callable[[Server], None] | None = None,
) -> int:
    """Serve on `listener` until a signal; the process's exit code. `on_start` is called when requests are taken,
    `on_made` before. Raises what kept the platform from starting."""
    telemetry.start_logs(settings.logs)
    end_traces = None
    if settings.telemetry.endpoint:
        attributes = {"service.version": __version__, "service.instance.id": f"{socket.gethostname()}-{process}"}
        end_traces = telemetry.start_traces(settings.telemetry.endpoint, settings.telemetry.share, attributes)
    platform = Platform(settings)
    server = Server(platform, on_start)
    if on_made is not None:
        on_made(server)
    try:
        server.run(sockets=[listener])
    except SystemExit:
        # uvicorn's word for a lifespan that could not start
        if platform.failure is not None:
            raise platform.failure from None
        raise
    finally:
        if end_traces is not None:
            end_traces()
    # a process that ended by itself is to be started again
    return 1 if platform.ground.feed.missed else 0
