"""Calls of the try-it page: signed and encrypted here, by a secret that stays here, and sent to the gateway as an app
would; what comes back is checked and opened."""

from __future__ import annotations

import secrets
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from hmac import compare_digest

import aiohttp
import msgspec
from sqlalchemy import Connection
from yarl import URL

from eden.base.crypto import Unopened
from eden.base.ground import Ground
from eden.base.identity.principal import Principal, check_permission
from eden.base.ids import now
from eden.base.problems import Problem, not_found
from eden.gateway.caller import seal
from eden.gateway.interfaces import App
from eden.gateway.pipeline.signature import Signer
from eden.gateway.service_apps import load_apps, sealing

#: bytes of an answer that are shown
SHOWN = 256 << 10
#: bytes of an answer that is signed or sealed, which has to be there whole
_WHOLE = 16 << 20
_SECONDS = 60
#: the device that tries have
_DEVICE = "eden-console"


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What came back. `milliseconds` to the answer's end; `cut`: there is more than is shown. `sealed`: how the body
    was encrypted on its way back, `signed`: whether the answer's signature is right (None: it has none)."""

    status: int
    code: int
    trace: str
    headers: list[tuple[str, str]]
    body: str
    cut: bool
    milliseconds: float
    sealed: str = ""
    signed: bool | None = None


class TryIt:
    """One per process. `address` of the gateway, as this server reaches it."""

    def __init__(self, ground: Ground, address: str = "", clock: Callable[[], int] = now) -> None:
        self._ground = ground
        settings = ground.settings.gateway
        host = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "") else settings.host
        self.address = address or f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
        self._clock = clock
        self._seal = sealing(ground.secret)

    async def call(
        self,
        principal: Principal,
        workspace_id: str,
        key: str,
        operation: str,
        method: str,
        query: str,
        headers: Mapping[str, str],
        body: bytes,
        version: str = "",
        *,
        encrypt: bool = False,
    ) -> Tried:
        """As the app `key`. Permission `gateway.write`: an app's own secret signs, and with `encrypt` the body is
        sealed to its newest key. Problems `not-found`, `invalid` for headers that are none or an app without a key,
        `unavailable` when the gateway does not answer."""
        check_permission(principal, workspace_id, "gateway.write")
        at = self._clock()

        def work(connection: Connection) -> App | None:
            apps = load_apps(connection, self._seal, workspace_id, at)
            return next((app for app in apps if app.key == key), None)

        app = await self._ground.database.read(work)
        if app is None:
            raise not_found(f"The app {key}")
        target = f"?{query}" if query else ""
        call = _Call(app, operation, method, target, body, at // 1000, encrypt)
        sent = dict(headers) | call.headers
        if version:
            sent["x-eden-version"] = version
        # what is signed is the query as it is sent
        address = URL(f"{self.address}/rpc/{operation}{target}", encoded=True)
        began = time.perf_counter()
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, auto_decompress=not encrypt) as session,
                session.request(method, address, headers=sent, data=call.body or None, allow_redirects=False) as answer,
            ):
                status, by_name = answer.status, answer.headers
                held = "x-eden-encryption" in by_name or "x-eden-response-signature" in by_name
                content = await _read(answer.content, _WHOLE if held else SHOWN + 1)
                found = [(name, value) for name, value in by_name.items()]
        except (aiohttp.ClientConnectionError, TimeoutError) as error:
            raise Problem(
                "unavailable", f"The gateway at {self.address} does not answer.", "Start it with: eden gateway run"
            ) from error
        except (aiohttp.ClientError, ValueError) as error:
            raise Problem("invalid", f"This request cannot be sent: {error}.", "Look at its headers.") from error
        signed = call.signed(status, by_name, content)
        sealed = by_name.get("x-eden-encryption", "")
        if sealed:
            content = call.opened(content)
        code = by_name.get("result-status", "0")
        return Tried(
            status=status,
            code=int(code) if code.isascii() and code.isdigit() else 0,
            trace=by_name.get("x-eden-trace", ""),
            headers=found,
            body=content[:SHOWN].decode(errors="replace"),
            cut=len(content) > SHOWN,
            milliseconds=(time.perf_counter() - began) * 1000,
            sealed=sealed,
            signed=signed,
        )


class _Call:
    """A call as an app makes it: `headers` and `body` as they are sent."""

    def __init__(
        self, app: App, operation: str, method: str, target: str, body: bytes, now_ms: int, encrypt: bool
    ) -> None:
        self._nonce = secrets.token_urlsafe(24)
        self._open: Callable[[bytes], bytes] | None = None
        self._signer = Signer(app.secrets[-1]) if app.secrets else None
        self.body = body
        self.headers = {
            "x-eden-app": app.key,
            "x-eden-device": _DEVICE,
            "x-eden-time": str(now_ms),
            "x-eden-nonce": self._nonce,
        }
        if body:
            self.headers["content-type"] = "application/json"
        if encrypt:
            if not app.keys:
                sentence = f"The app {app.key} has no encryption key, and this operation takes encrypted bodies."
                raise Problem("invalid", sentence, "Make one on the app's page.")
            key = app.keys[-1]
            self.body, self._open = seal(key, app.key, operation, self._nonce, body)
            self.headers["x-eden-encryption"] = f"{key.algorithm} {key.kid}"
        if self._signer is not None:
            digest = self._signer.digest(self.body)
            text = f"EDEN1\n{app.key}\n{operation}\n{method}\n{target}\n{now_ms}\n{self._nonce}\n{digest}"
            value = b64encode(self._signer.mac(text.encode())).decode()
            self.headers["x-eden-signature"] = f"{self._signer.name.decode()}{value}"

    def signed(self, status: int, headers: Mapping[str, str], body: bytes) -> bool | None:
        """Whether the answer's signature is right; None without one."""
        given = headers.get("x-eden-response-signature")
        if given is None or self._signer is None:
            return None
        wanted = self._signer.answered(headers.get("x-eden-trace", ""), status, self._nonce.encode(), body)
        return compare_digest(given.encode(), wanted)

    def opened(self, body: bytes) -> bytes:
        """What was in a sealed answer. Problem `invalid` when it cannot be opened."""
        try:
            if self._open is not None:
                return self._open(body)
        except Unopened:
            pass
        raise Problem("invalid", "The answer is encrypted, and not for this call.", "Is there another gateway?")


async def _read(stream: aiohttp.StreamReader, most: int) -> bytes:
    """What comes, up to a number of bytes."""
    pieces, size = [], 0
    while size < most and (piece := await stream.read(most - size)):
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)
