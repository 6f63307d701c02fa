"""The wire of the keyboard: small ASGI code, for phones (GET, any origin) and for services (POST, by token).

    GET  /keyboard/v1/WORKSPACE/session?app=&purpose=&user=&challenge=
    POST /keyboard/v1/WORKSPACE/verify-password  enrol-password  check-pin  enrol-pin  unlock  open

docs/keyboard.md has the shapes.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta

from eden.base.http import Headers, Receive, Scope, Send, header, read_json, respond, respond_problem
from eden.base.identity.principal import Principal
from eden.base.identity.service import Identity
from eden.base.problems import Problem, not_found
from eden.keyboard.interfaces import CHALLENGE, REFERENCE, WORD, Line, Reference, Word
from eden.keyboard.service import Given, KeyboardService

PREFIX = "/keyboard/v1/"
_BODY = 16_000
_CORS: Headers = [(b"access-control-allow-origin", b"*"), (b"cache-control", b"no-store")]
_PREFLIGHT: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"GET"),
    (b"access-control-max-age", b"86400"),
]
_NO_STORE: Headers = [(b"cache-control", b"no-store")]


class Account(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which account is meant."""

    purpose: Word
    account: Annotated[Reference, Meta(min_length=1)]


class Use(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A sealed value; `app`, `user` and `bound`: what the service expects it to be bound to."""

    purpose: Word
    sealed: str
    app: Word | None = None
    user: Reference | None = None
    bound: Line | None = None

    @property
    def given(self) -> Given:
        return Given(self.purpose, self.sealed, self.app, self.user, self.bound)


class AccountUse(Use, forbid_unknown_fields=True, kw_only=True):
    """A sealed value for an account, as the service names it."""

    account: Annotated[Reference, Meta(min_length=1)]


class EnrolUse(AccountUse, forbid_unknown_fields=True, kw_only=True):
    """A sealed value that is the account's from now on; `again`: what was typed the second time."""

    again: str | None = None


class OpenUse(Use, forbid_unknown_fields=True, kw_only=True):
    """A sealed value; `recipient`: base64 of the X25519 key to which the service wants it sealed."""

    recipient: str


class OutcomeView(msgspec.Struct, kw_only=True):
    """`locked_until`: milliseconds; 0: not locked; -1: until it is unlocked."""

    verified: bool
    tries_left: int
    locked_until: int


_ACCOUNTS, _ACCOUNT_USES, _ENROL_USES, _OPEN_USES = (
    msgspec.json.Decoder(Account), msgspec.json.Decoder(AccountUse), msgspec.json.Decoder(EnrolUse),
    msgspec.json.Decoder(OpenUse),
)  # fmt: skip


class Receiver:
    """An ASGI application for everything below `PREFIX`."""

    def __init__(self, service: KeyboardService, identity: Identity) -> None:
        self._service = service
        self._identity = identity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        slug, _, word = scope["path"][len(PREFIX) :].partition("/")
        method = scope["method"]
        try:
            if word == "session" and method == "OPTIONS":
                return await respond(send, b"", status=204, headers=_PREFLIGHT)
            if word == "session" and method == "GET":
                return await self._session(slug, scope, send)
            if word == "session" or (word in _WORDS and method != "POST"):
                allowed = "GET" if word == "session" else "POST"
                raise Problem("method-not-allowed", f"{method} is not understood here.", headers={"Allow": allowed})
            if word not in _WORDS:
                raise not_found("This address of the keyboard")
            answer = await self._use(slug, word, await self._principal(scope), scope, receive)
            await respond(send, msgspec.json.encode(answer), headers=_NO_STORE)
        except Problem as problem:
            if word == "session":
                problem.headers["Access-Control-Allow-Origin"] = "*"
            await respond_problem(scope, send, problem)

    async def _session(self, slug: str, scope: Scope, send: Send) -> None:
        try:
            asked = dict(parse_qsl(scope["query_string"].decode("ascii"), keep_blank_values=True, errors="strict"))
        except ValueError:
            raise Problem("bad-request", "The query cannot be read.") from None
        for name in ("app", "purpose"):
            if not WORD.fullmatch(asked.get(name, "")):
                sentence = f"{name} is a word of up to 64 letters, digits, dots, dashes and underscores."
                raise Problem("invalid", sentence, errors=[(name, sentence)])
        user = asked.get("user", "")
        if not REFERENCE.fullmatch(user):
            sentence = "user has up to 64 printable characters."
            raise Problem("invalid", sentence, errors=[("user", sentence)])
        challenge = asked.get("challenge", "")
        if not CHALLENGE.fullmatch(challenge):
            sentence = "challenge has up to 64 characters of base64url."
            raise Problem("invalid", sentence, errors=[("challenge", sentence)])
        offer = await self._service.offer(
            slug[:64], app=asked["app"], purpose=asked["purpose"], user=user, challenge=challenge
        )
        await respond(send, msgspec.json.encode(offer), headers=_CORS)

    async def _principal(self, scope: Scope) -> Principal:
        kind, _, secret = (header(scope, b"authorization") or b"").decode("latin-1").partition(" ")
        if kind.lower() != "bearer" or not secret.strip():
            raise Problem(
                "not-signed-in", "This needs a token.", "Send it as Authorization: Bearer …",
                headers={"WWW-Authenticate": "Bearer"},
            )  # fmt: skip
        return await self._identity.token(secret.strip())

    async def _use(self, slug: str, word: str, principal: Principal, scope: Scope, receive: Receive) -> Any:
        service = self._service
        if word == "unlock":
            asked = await read_json(scope, receive, _BODY, _ACCOUNTS)
            await service.unlock(principal, slug, asked.purpose, asked.account)
            return {}
        if word == "open":
            return await self._open(slug, principal, await read_json(scope, receive, _BODY, _OPEN_USES))
        kind = "pin" if word.endswith("pin") else "password"
        if word.startswith("enrol"):
            enrol = await read_json(scope, receive, _BODY, _ENROL_USES)
            await service.enrol(principal, slug, kind, enrol.given, enrol.account, enrol.again)
            return {}
        use = await read_json(scope, receive, _BODY, _ACCOUNT_USES)
        outcome = await service.check(principal, slug, kind, use.given, use.account)
        until = outcome.locked_until
        locked = 0 if until is None else until if until < 0 else until // 1000
        return OutcomeView(verified=outcome.verified, tries_left=outcome.tries_left, locked_until=locked)

    async def _open(self, slug: str, principal: Principal, use: OpenUse) -> Any:
        try:
            recipient = base64.b64decode(use.recipient, validate=True)
        except (ValueError, binascii.Error):
            recipient = b""
        delivery = await self._service.open(principal, slug, use.given, recipient)
        envelope = delivery.envelope
        return {
            "sealed": base64.b64encode(delivery.sealed).decode(), "session": envelope.session, "app": envelope.app,
            "user": envelope.user, "form": envelope.form, "bound": envelope.bound,
        }  # fmt: skip


_WORDS = ("verify-password", "enrol-password", "check-pin", "enrol-pin", "unlock", "open")
