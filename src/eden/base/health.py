"""/healthz, /readyz and /metrics."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
import signal
from collections.abc import Awaitable, Callable

import msgspec

from eden.base import jobs, migrate
from eden.base.database import ping
from eden.base.errors import EdenError
from eden.base.ground import Ground
from eden.base.http import Application, Receive, Scope, Send, header, respond
from eden.base.ids import now
from eden.base.problems import Problem
from eden.base.settings import is_loopback

#: how old the last reading of the feed may be
LAG_SECONDS = 5
#: the stores are asked at most so often, however many ask for the state
_FRESH_SECONDS = 1.0
_CHECK_SECONDS = 3.0
#: figures that are looked up
_LOOK_SECONDS = 10
_PROBE = "health/probe"

log = logging.getLogger("eden.health")


class Health:
    """What the platform says about its own state."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._reasons: dict[str, str] = {}
        self._looked_at = 0
        self._lock = asyncio.Lock()
        self._at_head = False
        self._task: asyncio.Task[None] | None = None
        #: ends this process in order; whoever supervises it starts a new one
        self.end_process: Callable[[], None] = lambda: signal.raise_signal(signal.SIGTERM)
        #: set when the figures that are looked up are there
        self.looked = asyncio.Event()
        metrics = ground.metrics
        self._ready = metrics.gauge("eden_ready", "1 when the process takes requests.", processes="livesum")
        self._lag = metrics.gauge(
            "eden_feed_lag_seconds", "Age of the last reading of the feed of changes.", processes="livemax"
        )
        self._jobs = metrics.gauge("eden_jobs", "Jobs by state.", ("state",), processes="mostrecent")
        self._job_seconds = metrics.histogram("eden_job_seconds", "Time that jobs took.", ("kind", "outcome"))
        ground.jobs.on_end = lambda kind, outcome, seconds: self._job_seconds.labels(kind, outcome).observe(seconds)

    def routes(self) -> dict[str, Application]:
        """Applications by path."""
        return {"/healthz": self._healthz, "/readyz": self._readyz, "/metrics": self._metrics}

    async def start(self) -> None:
        """Keep the figures fresh that are looked up."""
        self._task = asyncio.create_task(self._watch(), name="eden-health")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._ready.set(0)

    async def _watch(self) -> None:
        while True:
            await self.reasons()
            with contextlib.suppress(Exception):
                counted = await self._ground.database.read(jobs.counts)
                for state in (jobs.WAITING, jobs.RUNNING, jobs.FAILED):
                    self._jobs.labels(state).set(counted.get(state, 0))
            self.looked.set()
            if self._ground.feed.missed:
                self.end_process()
                return
            await asyncio.sleep(_LOOK_SECONDS)

    async def reasons(self) -> dict[str, str]:
        """Why the process takes no requests: name of a check → sentence; empty when it is ready."""
        async with self._lock:
            if now() - self._looked_at > _FRESH_SECONDS * 1_000_000:
                checks = {"database": self._database, "blobs": self._blobs, "feed": self._feed}
                results = await asyncio.gather(*(_tried(check) for check in checks.values()))
                found = {name: text for name, text in zip(checks, results, strict=True) if text}
                if found.keys() != self._reasons.keys():
                    log.log(logging.WARNING if found else logging.INFO, "readiness changed: %s", found or "ready")
                self._reasons = found
                self._looked_at = now()
        reasons = dict(self._reasons)
        if self._ground.stopping.is_set():
            reasons["stopping"] = "The server is being stopped."
        self._ready.set(0 if reasons else 1)
        return reasons

    async def _database(self) -> None:
        if self._at_head:
            await self._ground.database.read(ping)
        else:
            await self._ground.database.read(migrate.check_at_head)
            self._at_head = True

    async def _blobs(self) -> None:
        # one that is not there: the store's answer is what counts
        await self._ground.blobs.exists(_PROBE)

    async def _feed(self) -> None:
        feed = self._ground.feed
        lag = (now() - feed.read_at) / 1_000_000
        self._lag.set(lag if feed.read_at else 0)
        if feed.missed:
            raise EdenError("feed-missed", "The process was away for too long and starts anew.")
        if lag > LAG_SECONDS:
            raise EdenError("feed-lag", f"The feed of changes was last read {lag:.0f} s ago.")

    async def _healthz(self, scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, b'{"status":"ok"}', headers=[(b"cache-control", b"no-store")])

    async def _readyz(self, scope: Scope, receive: Receive, send: Send) -> None:
        reasons = await self.reasons()
        if not _is_here(scope):
            # what drivers say names hosts and users: it is for those who run the server
            reasons = dict.fromkeys(reasons, "The server's log says why.")
        body = {"status": "not ready", "reasons": reasons} if reasons else {"status": "ready"}
        status = 503 if reasons else 200
        await respond(send, msgspec.json.encode(body), status=status, headers=[(b"cache-control", b"no-store")])

    async def _metrics(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._check_reader(scope)
        accept = (header(scope, b"accept") or b"").decode("latin-1")
        body, content_type = self._ground.metrics.text(accept)
        await respond(send, body, content_type.encode(), headers=[(b"cache-control", b"no-store")])

    def _check_reader(self, scope: Scope) -> None:
        settings = self._ground.settings.metrics
        if settings.access == "public":
            return
        if settings.access == "token":
            given = header(scope, b"authorization") or b""
            if not hmac.compare_digest(given, f"Bearer {settings.token}".encode()):
                raise Problem(
                    "not-signed-in", "The figures need their token.", "Send Authorization: Bearer and metrics.token.",
                    headers={"WWW-Authenticate": "Bearer"},
                )  # fmt: skip
            return
        if not _is_here(scope):
            raise Problem("forbidden", "The figures are for this machine.", "Set metrics.access to token.")


def _is_here(scope: Scope) -> bool:
    """Whether it is this machine that asks, and for itself."""
    client = scope.get("client")
    forwarded = header(scope, b"x-forwarded-for") or header(scope, b"forwarded")
    return client is not None and is_loopback(client[0]) and forwarded is None


async def _tried(check: Callable[[], Awaitable[None]]) -> str:
    """Why the check failed; empty when it did not. Store errors are long: their first line is enough."""
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            await check()
    except TimeoutError:
        return f"No answer within {_CHECK_SECONDS:.0f} s."
    except EdenError as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return ""
