"""What an operation of the open-banking surface is, and what it is given.

An operation says what it takes and gives, so that the OpenAPI document is made of the same table that answers.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from bank.openbank.consents import Consent
from bank.openbank.errors import Code, OAuthError, ObError, of_decoding
from bank.openbank.third_parties import ThirdParty
from bank.openbank.values import Links
from bank.web import Request
from eden.base.http import has_nul

_T = TypeVar("_T")
ROOT = "/open-banking/v4.0"
LONGEST_KEY = 40
_JSON = re.compile(r"application/json\s*(;.*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Call:
    """What an operation is given. `consent` is that of the token; the third party's own token has none."""

    request: Request
    party: ThirdParty
    consent: Consent | None
    at: int
    url: str
    body: bytes

    def decode(self, wanted: type[_T]) -> _T:
        """The JSON body. Raises ObError."""
        if not _JSON.fullmatch(self.request.header(b"content-type")):
            raise ObError(415)
        if has_nul(self.body):
            raise ObError(400, Code.FIELD_INVALID, "The character NUL is never used.")
        try:
            return msgspec.json.decode(self.body, type=wanted)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise of_decoding(error) from None

    @property
    def idempotency_key(self) -> str:
        """Raises ObError when there is none, or no good one."""
        key = self.request.header(b"x-idempotency-key")
        if not key:
            raise ObError(400, Code.HEADER_MISSING, "A payment needs an idempotency key.", "x-idempotency-key")
        if len(key) > LONGEST_KEY or key != key.strip() or not key.isascii() or not key.isprintable():
            raise ObError(
                400, Code.HEADER_INVALID, f"It has up to {LONGEST_KEY} visible characters.", "x-idempotency-key"
            )
        return key

    @property
    def allowed(self) -> Consent:
        """The consent, of an operation that is called with a customer's token."""
        if self.consent is None:
            raise ObError(403, Code.CONSENT_MISMATCH, "This token is not a customer's.")
        return self.consent

    def links(self, **others: str) -> Links:
        return Links(self.url, **others)


Handler = Callable[[Call], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Operation:
    """`path` begins after the version. `own`: called with the third party's own token, else with a customer's."""

    method: str
    path: str
    handler: Handler
    scope: str
    summary: str
    own: bool
    returns: type[Struct] | None
    accepts: type[Struct] | None = None
    query: type[Struct] | None = None
    status: int = 200
    #: takes an x-idempotency-key
    once: bool = False
    #: what a consent has to have one of
    permissions: tuple[str, ...] = field(default=())


def form_of(request: Request, several: tuple[str, ...] = ()) -> dict[str, str]:
    """The parameters of a form; those of `several` joined by spaces. Raises OAuthError: no form, or a parameter twice
    (OAuth 2.1, section 3.2.2)."""
    kind = request.header(b"content-type").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise OAuthError("invalid_request", "The body is a form (application/x-www-form-urlencoded).")
    try:
        pairs = parse_qsl(request.body.decode(), keep_blank_values=True)
    except (UnicodeDecodeError, ValueError):
        raise OAuthError("invalid_request", "The form cannot be read.") from None
    form: dict[str, str] = {}
    for name, value in pairs:
        if "\0" in value:
            raise OAuthError("invalid_request", "The character NUL is never used.")
        if name in form and name not in several:
            raise OAuthError("invalid_request", "A parameter is there twice.")
        form[name] = f"{form[name]} {value}" if name in form else value
    # without a value is as if it were not there
    return {name: value for name, value in form.items() if value}
