"""What happens around every request: an id, security headers, figures, the access log, and errors as problems."""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from eden.base.errors import EdenError
from eden.base.ground import Ground
from eden.base.http import (
    SHOWN_PATH,
    TRACE,
    Application,
    Headers,
    Message,
    Receive,
    Scope,
    Send,
    header,
    respond_problem,
)
from eden.base.problems import Problem, internal
from eden.base.telemetry import current_trace, request_span, trace_id, tracing

#: request → area (a word for figures), whether it is a raw prefix, application
Route: TypeAlias = Callable[[Scope], tuple[str, bool, Application]]

_COMMON: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
]
#: for framed answers that bring no policy of their own: nothing may be loaded, nobody may frame it
_STRICT = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_TRACEPARENT = re.compile(rb"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

access_log = logging.getLogger("eden.access")
log = logging.getLogger("eden")


class Access:
    """Wraps the applications that `route` finds."""

    def __init__(self, ground: Ground, route: Route) -> None:
        self._route = route
        self._sample = ground.settings.logs.sample
        self._requests = ground.metrics.counter(
            "eden_http_requests_total", "Answers by area and status.", ("area", "status")
        )
        self._seconds = ground.metrics.histogram(
            "eden_http_seconds", "Time until the answer was sent, without event streams.", ("area",)
        )
        #: by area and status
        self._meters: dict[tuple[str, int], tuple[Any, Any]] = {}
        self._headers = list(_COMMON)
        if ground.settings.origin.startswith("https:"):
            self._headers.append((b"strict-transport-security", b"max-age=31536000"))

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Coroutine[Any, Any, None]:
        area, raw, application = self._route(scope)
        if tracing():
            return self._answer_traced(scope, receive, send, area, raw, application)
        trace = _trace_of(scope)
        return self._answer(scope, receive, _Answer(send, self._headers, raw, trace), area, raw, application, trace)

    async def _answer_traced(
        self, scope: Scope, receive: Receive, send: Send, area: str, raw: bool, application: Application
    ) -> None:
        parent = header(scope, b"traceparent")
        with request_span(scope["method"], area, parent.decode("latin-1") if parent else None) as answered:
            trace = current_trace()
            answer = _Answer(send, self._headers, raw, trace)
            await self._answer(scope, receive, answer, area, raw, application, trace)
            answered(answer.status)

    async def _answer(
        self, scope: Scope, receive: Receive, send: _Answer, area: str, raw: bool, application: Application, trace: str
    ) -> None:
        scope[TRACE] = trace
        token = trace_id.set(trace)
        began = time.perf_counter()
        try:
            await application(scope, receive, send)
        except Exception as error:
            await self._failed(scope, send, error)
        finally:
            trace_id.reset(token)
            seconds = time.perf_counter() - began
            self._count(area, send.status, None if send.endless else seconds)
            if send.status >= 500 or self._is_logged(raw):
                self._log(scope, send, trace, seconds)

    async def _failed(self, scope: Scope, send: _Answer, error: Exception) -> None:
        if isinstance(error, Problem):
            problem = error
        elif isinstance(error, EdenError):
            log.exception("a request failed: %s", error)
            problem = Problem("internal", "The server is not set up rightly.", "Its operator finds more in the logs.")
        else:
            log.exception("a request failed")
            problem = internal()
        if send.status == 0:
            await respond_problem(scope, send, problem)
        else:
            # the answer has begun: only breaking it off tells the client that it is not whole
            raise error

    def _count(self, area: str, status: int, seconds: float | None) -> None:
        meters = self._meters.get((area, status))
        if meters is None:
            meters = self._requests.labels(area, str(status)), self._seconds.labels(area)
            self._meters[area, status] = meters
        counter, timer = meters
        counter.inc()
        if seconds is not None:
            timer.observe(seconds)

    def _is_logged(self, raw: bool) -> bool:
        return not raw or (self._sample > 0 and random.random() * self._sample < 1)

    @staticmethod
    def _log(scope: Scope, send: _Answer, trace: str, seconds: float) -> None:
        client = scope.get("client")
        path = scope.get(SHOWN_PATH, scope["path"])
        fields = {
            "method": scope["method"],
            "path": path,
            "status": send.status,
            "milliseconds": round(seconds * 1000, 1),
            "bytes": send.sent,
            "client": client[0] if client else "",
            "trace": trace,
        }
        access_log.info("%s %s", scope["method"], path, extra={"fields": fields})


class _Answer:
    """`send` that remembers and adds headers."""

    __slots__ = ("_headers", "_raw", "_send", "_trace", "endless", "sent", "status")

    def __init__(self, send: Send, headers: Headers, raw: bool, trace: str) -> None:
        self._send = send
        self._trace = trace.encode()
        self._headers = headers
        self._raw = raw
        #: 0 until the answer begins
        self.status = 0
        self.sent = 0
        self.endless = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            present = dict(message["headers"])
            added = [pair for pair in self._headers if pair[0] not in present]
            if not self._raw and _STRICT[0] not in present:
                added.append(_STRICT)
            self.endless = present.get(b"content-type") == b"text/event-stream"
            message["headers"] = [*message["headers"], *added, (b"x-request-id", self._trace)]
        else:
            self.sent += len(message.get("body", b""))
        await self._send(message)


def _trace_of(scope: Scope) -> str:
    """The caller's trace (W3C Trace Context), or a new one."""
    given = header(scope, b"traceparent")
    if given is not None and (match := _TRACEPARENT.fullmatch(given)):
        return match[1].decode()
    return f"{random.getrandbits(128):032x}"
