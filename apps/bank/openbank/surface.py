"""The open-banking surface as HTTP: what all its answers have in common, and its two shapes of errors."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Sequence
from typing import Any

import msgspec

from bank.openbank import proofs
from bank.openbank.errors import Code, ErrorResponse, OAuthError, ObError
from bank.openbank.gate import Gate
from bank.openbank.operations import ROOT, Operation
from bank.refusals import Refusal
from bank.web import Reply, Request, Route, Router
from eden.base.http import Receive, Scope, Send, header

INTERACTION = b"x-fapi-interaction-id"
#: key of the scope
_SHOWN = "bank.interaction"
_NOTHING = b"text/plain"
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_CHALLENGE = 'DPoP algs="' + " ".join(proofs.ALGORITHMS) + '"'

log = logging.getLogger("bank.openbank")


class Surface(Router):
    """ASGI for /open-banking, /oauth and the server's metadata."""

    def __init__(self, gate: Gate, operations: Sequence[Operation], others: Sequence[Route]) -> None:
        self.gate = gate
        super().__init__([*map(self._route, operations), *others], _nobody)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = (header(scope, INTERACTION) or b"").decode("latin-1")
        interaction = given if _UUID.fullmatch(given) else str(uuid.uuid4())
        scope[_SHOWN] = interaction

        async def send_on(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (INTERACTION, interaction.encode())]}
            await send(message)

        await super().__call__(scope, receive, send_on)

    def failed(self, request: Request, error: Exception) -> Reply:
        """In the shape of the part that was asked."""
        if isinstance(error, Refusal):
            if not request.scope["path"].startswith(ROOT):
                return _oauth(OAuthError("invalid_request", error.sentence, error.status), ())
            bodiless = error.status in (404, 405, 413)
            error = ObError(error.status, None if bodiless else Code.OTHER_REASON, error.sentence)
        if isinstance(error, OAuthError):
            challenge = (b"www-authenticate", f'{_CHALLENGE}, error="{error.error}"'.encode())
            if not request.scope["path"].startswith(ROOT):
                return _oauth(error, (challenge,) if error.status == 401 else ())
            return Reply(b"", _NOTHING, 401, (challenge,))
        if not isinstance(error, ObError):
            log.exception("%s %s", request.scope["method"], request.scope["path"], exc_info=error)
            error = ObError(500, Code.UNEXPECTED_ERROR, "Something unexpected went wrong.")
        if not error.errors:
            headers = ((b"retry-after", b"1"),) if error.status == 429 else ()
            return Reply(b"", _NOTHING, error.status, headers)
        body = ErrorResponse(str(error.status), request.scope[_SHOWN], error.errors[0].message, error.errors)
        return Reply(msgspec.json.encode(body), status=error.status)

    def _route(self, operation: Operation) -> Route:
        async def answer(request: Request) -> Reply:
            value = await operation.handler(await self.gate.call(operation, request))
            body = b"" if value is None else msgspec.json.encode(value)
            return Reply(body, status=operation.status)

        return Route(operation.method, ROOT + operation.path, answer, open=True)


def _oauth(error: OAuthError, headers: tuple[tuple[bytes, bytes], ...]) -> Reply:
    if error.status == 429:
        headers = (*headers, (b"retry-after", b"1"))
    return Reply(error.body, status=error.status, headers=headers)


async def _nobody(scope: Scope) -> str:
    return ""
