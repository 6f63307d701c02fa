"""What every generated Python module begins with."""

HEAD = '''\
"""Operations of the gateway: {title}. Generated; what is changed here is lost the next time.

    async with aiohttp.ClientSession() as session:
        client = Client(session, "https://gateway.example.com", "APP", hmac_signer("KID", secret))
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, Never, NotRequired, TypeAlias, TypedDict, cast
from urllib.parse import quote, unquote

import aiohttp
from yarl import URL

Pairs: TypeAlias = "list[tuple[str, Any]]"


class GatewayError(Exception):
    """What the gateway or the service refuses. `code`: the gateway's result code; `trace`: what its console looks up;
    `data`: the answer's body."""

    def __init__(self, message: str, code: int, status: int, trace: str, data: Any) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.trace = trace
        self.data = data


class Call(NamedTuple):
    """What is signed: `target` is "" or "?" and the query, `body` as it is sent."""

    app: str
    operation: str
    method: str
    target: str
    body: bytes


#: gives the headers that make a call the app's
Signer: TypeAlias = Callable[[Call], Mapping[str, str]]


def hmac_signer(
    kid: str,
    secret: bytes,
    clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    nonce: Callable[[], str] = secrets.token_urlsafe,
) -> Signer:
    """Signs by HMAC-SHA256. `clock`: milliseconds since 1970."""

    def sign(call: Call) -> Mapping[str, str]:
        at, once = str(clock()), nonce()
        digest = hashlib.sha256(call.body).hexdigest()
        text = "\\n".join(["EDEN1", call.app, call.operation, call.method, call.target, at, once, digest])
        code = base64.b64encode(hmac.digest(secret, text.encode(), "sha256")).decode()
        return {"x-eden-time": at, "x-eden-nonce": once, "x-eden-signature": f"hmac-sha256 {kid} {code}"}

    return sign


class Transport:
    """Sends calls. `headers` go with every one, such as who is signed in; `seconds`: for an answer."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        app: str,
        sign: Signer | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        seconds: float = 60.0,
    ) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._app = app
        self._sign = sign
        self._headers = dict(headers or {})
        self._timeout = aiohttp.ClientTimeout(total=seconds)

    async def call(
        self,
        operation: str,
        method: str,
        *,
        version: str = "",
        query: Pairs,
        headers: Pairs,
        body: Any = None,
        content_type: str = "application/json",
    ) -> Any:
        """The answer's JSON, or its bytes when it is none. Values that are None are not sent. Raises GatewayError."""
        pairs = [
            f"{quote(name, safe='')}={quote(_text(one), safe='')}"
            for name, value in query
            for one in (value if isinstance(value, list) else [value])
            if one is not None
        ]
        target = "?" + "&".join(pairs) if pairs else ""
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {name: _text(value) for name, value in headers if value is not None} | self._headers
        sent["x-eden-app"] = self._app
        if version:
            sent["x-eden-version"] = version
        if body is not None:
            sent["content-type"] = content_type
        if self._sign is not None:
            sent.update(self._sign(Call(self._app, operation, method, target, data)))
        # what was signed is what is sent: the address is not to be written otherwise
        address = URL(f"{self._url}/rpc/{operation}{target}", encoded=True)
        async with self._session.request(
            method, address, data=data if body is not None else None, headers=sent, timeout=self._timeout
        ) as answer:
            found = _read(answer.headers.get("content-type", ""), await answer.read())
            code = int(answer.headers.get("result-status", "1000"))
            if answer.ok and code == 1000:
                return found
            message = unquote(answer.headers.get("tips", "")) or f"{operation} answered {answer.status}"
            raise GatewayError(message, code, answer.status, answer.headers.get("x-eden-trace", ""), found)


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _read(content_type: str, data: bytes) -> Any:
    if "json" not in content_type:
        return data
    return json.loads(data) if data else None
'''
