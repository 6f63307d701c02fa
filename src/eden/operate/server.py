"""One server process: uvicorn on uvloop around the platform."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable
from types import FrameType

import uvicorn

from eden import __version__
from eden.app import Platform
from eden.base import telemetry
from eden.base.settings import Settings


class Server(uvicorn.Server):
    """Stops in order: says that it is not ready and ends its event streams, waits as long as the settings say, then
    takes no more connections and lets requests end. A second signal ends it at once."""

    def __init__(self, platform: Platform, on_start: Callable[[], None] | None = None) -> None:
        settings = platform.ground.settings
        config = uvicorn.Config(
            platform,
            loop="auto" if sys.platform == "win32" else "uvloop",
            http="httptools",
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=True,
            forwarded_allow_ips=settings.listen.proxies,
            timeout_graceful_shutdown=settings.listen.stop_seconds,
            timeout_keep_alive=75,
            backlog=2048,
        )
        super().__init__(config)
        self._platform = platform
        self._on_start = on_start
        self._signals = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if not self.should_exit and self._on_start is not None:
            self._on_start()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._signals += 1
        if self._signals > 1 or self._loop is None:
            super().handle_exit(sig, frame)
            self.force_exit = self._signals > 1
            return
        self._loop.call_soon_threadsafe(self._begin_stop, sig)

    def _begin_stop(self, sig: int) -> None:
        self._platform.begin_stop()
        seconds = self._platform.ground.settings.listen.drain_seconds
        assert self._loop is not None
        self._loop.call_later(seconds, uvicorn.Server.handle_exit, self, sig, None)


def run_server(
    settings: Settings, listener: socket.socket, *, process: int = 0, on_start: Callable[[], None] | None = None
) -> int:
    """Serve on `listener` until a signal; the process's exit code. `on_start` is called when requests are taken."""
    telemetry.start_logs(settings.logs)
    end_traces = None
    if settings.telemetry.endpoint:
        attributes = {"service.version": __version__, "service.instance.id": f"{socket.gethostname()}-{process}"}
        end_traces = telemetry.start_traces(settings.telemetry.endpoint, settings.telemetry.share, attributes)
    platform = Platform(settings)
    server = Server(platform, on_start)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        # uvicorn raises the signal again after it has stopped in order
        pass
    finally:
        if end_traces is not None:
            end_traces()
    if platform.failure is not None:
        raise platform.failure
    return 0
