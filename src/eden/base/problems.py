"""What a client is told when something cannot be done: one catalogue, one shape (RFC 9457).

A `Problem` is an `EdenError` with an HTTP status: the same error reads well on a terminal, in the console and as JSON.
Its `code` is stable; the sentence says what happened, the hint what to do, `errors` name the fields that are at fault.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from eden.base.errors import EdenError

#: code → (HTTP status, title). The codes are part of the API; docs/api.md has a heading for each.
CATALOGUE: dict[str, tuple[int, str]] = {
    "bad-request": (400, "The request cannot be read"),
    "invalid": (400, "Some fields are not valid"),
    "not-signed-in": (401, "Sign in first"),
    "unknown-key": (401, "This write key is not known"),
    "forbidden": (403, "You may not do this"),
    "not-found": (404, "There is no such thing"),
    "method-not-allowed": (405, "Not with this method"),
    "conflict": (409, "Something else is there already"),
    "release-changed": (409, "Somebody changed this release"),
    "release-conflict": (409, "Another release is not finished"),
    "release-state": (409, "Not in this state of the release"),
    "version-exists": (409, "A version is never changed"),
    "version-state": (409, "Not in this state of the version"),
    "idempotency-busy": (409, "The first request is still running"),
    "too-large": (413, "Too large"),
    "media-type": (415, "Not in this format"),
    "range": (416, "There are no such bytes"),
    "unsafe-archive": (422, "The package is refused"),
    "bad-package": (422, "The package is refused"),
    "insight-limit": (422, "The question takes too much"),
    "insight-refused": (422, "The events store refuses the question"),
    "sql-refused": (422, "The query cannot be run"),
    "sealed-refused": (422, "The sealed value is refused"),
    "sealed-differs": (422, "What was typed twice differs"),
    "idempotency-mismatch": (422, "The key was used for something else"),
    "rate-limited": (429, "Too many requests"),
    "internal": (500, "Something unexpected went wrong"),
    "insight-unavailable": (503, "The events store is not available at the moment"),
    "unavailable": (503, "Not available at the moment"),
    "observe-off": (503, "Nothing is collected here"),
    "storage-full": (507, "There is no room left"),
}


class Problem(EdenError):
    """A failure with a known cause, told to a client. `errors` are pairs of field path and sentence."""

    def __init__(
        self,
        code: str,
        sentence: str,
        hint: str = "",
        *,
        errors: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code, sentence, hint)
        self.status, self.title = CATALOGUE[code]
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def json(self, trace: str | None = None) -> dict[str, Any]:
        """The members of RFC 9457, section 3.1, and ours: `code`, `hint`, `errors`, `trace`."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.sentence,
        }
        if self.hint:
            body["hint"] = self.hint
        if self.errors:
            body["errors"] = [{"field": field, "message": message} for field, message in self.errors]
        if trace:
            body["trace"] = trace
        return body

    def encoded(self, trace: str | None = None) -> bytes:
        """The body of an `application/problem+json` answer."""
        return msgspec.json.encode(self.json(trace))


def internal() -> Problem:
    """What is said about a failure that nobody foresaw: nothing of its inside."""
    return Problem(
        "internal", "Something unexpected went wrong.", "Try again; whoever runs the server finds the trace in its log."
    )


def not_found(what: str) -> Problem:
    """`what` begins the sentence: "The version 1.2.0"."""
    return Problem("not-found", f"{what} does not exist, or you may not see it.")
