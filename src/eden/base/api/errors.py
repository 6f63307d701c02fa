"""Every failure becomes one shape: `application/problem+json`, or the console's page of the same problem."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, SerializationException, ValidationException
from litestar.types import ExceptionHandlersMap, Scope

from eden.base.errors import EdenError
from eden.base.http import SHOWN_PATH, TRACE
from eden.base.problems import Problem, internal

log = logging.getLogger("eden.api")

MEDIA_TYPE = "application/problem+json"

AnyRequest = Request[Any, Any, Any]
#: how the console shows a problem to a person
ProblemPage = Callable[[AnyRequest, Problem, str | None], Response[Any]]

_CODES = {
    400: "bad-request",
    401: "not-signed-in",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "media-type",
    429: "rate-limited",
    503: "unavailable",
}
_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address does not take this method.",
    413: "The request is larger than this address takes.",
    503: "The server cannot answer at the moment.",
}
_HINTS = {
    404: "Look at the spelling; /api/v1/openapi.json lists what there is.",
    405: "The header Allow says which it takes.",
    413: "JSON bodies may have 1 MiB.",
    503: "Try again in a moment.",
}


def trace_of(scope: Scope) -> str:
    """The id under which the log has this request: the one that telemetry gave, else a new one."""
    known = scope.get(TRACE)
    return known if isinstance(known, str) else secrets.token_hex(8)


def as_problem(error: Exception) -> Problem | None:
    """The problem that an exception is; None when nobody foresaw it."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, ValidationException):
        fields = [_field(item) for item in (error.extra if isinstance(error.extra, list) else [])]
        return Problem(
            "invalid",
            f"{_named(fields[0])}." if len(fields) == 1 else "The request has fields that are not valid.",
            "The list of errors names the fields.",
            errors=fields,
        )
    if isinstance(error, HTTPException) and (error.status_code < 500 or error.status_code == 503):
        code = _CODES.get(error.status_code, "bad-request")
        sentence = _SENTENCES.get(error.status_code) or f"{error.detail.rstrip('.')}."
        if isinstance(error.__cause__, SerializationException):
            sentence = f"The body is not JSON: {sentence}"
        return Problem(code, sentence, _HINTS.get(error.status_code, ""), headers=dict(error.headers or {}))
    if isinstance(error, RecursionError):
        # bodies are the only thing here that others can nest
        return Problem("bad-request", "The body is nested too deeply.")
    if isinstance(error, EdenError):
        # a failure that was foreseen for the terminal; the sentence is as good here
        return Problem("unavailable", error.sentence, error.hint)
    return None


def _field(item: dict[str, Any]) -> tuple[str, str]:
    field = str(item.get("key", "")).removeprefix("data").lstrip(".")
    message = str(item.get("message", ""))
    # Litestar's words for a body that was not sent
    return field, "The body is missing" if message == "'data'" else message


def _named(field: tuple[str, str]) -> str:
    return f"{field[0]}: {field[1]}" if field[0] else field[1]


def problem_response(problem: Problem, trace: str | None = None) -> Response[bytes]:
    """The answer of RFC 9457."""
    return Response(
        problem.encoded(trace),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **problem.headers},
    )


def exception_handlers(page: ProblemPage | None) -> ExceptionHandlersMap:
    """For the whole application: JSON everywhere, but `page` under /console/."""

    def handle(request: AnyRequest, error: Exception) -> Response[Any]:
        problem, trace = as_problem(error), None
        if problem is None:
            trace = trace_of(request.scope)
            path = request.scope.get(SHOWN_PATH, request.url.path)
            log.error("%s %s failed", request.method, path, exc_info=error, extra={"fields": {"trace": trace}})
            problem = internal()
        if page is not None and request.url.path.startswith("/console"):
            if isinstance(error, HTTPException):
                # the framework's own refusals: the hints are for programs, the console has advice for people
                problem.hint = ""
            return page(request, problem, trace)
        return problem_response(problem, trace)

    return {Exception: handle, HTTPException: handle, 500: handle}
