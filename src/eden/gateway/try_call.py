"""Calls of the try-it page: signed here, by a secret that stays here, and sent to the gateway as an app would."""

from __future__ import annotations

import secrets
import time
from base64 import b64encode
from collections.abc import Callable, Mapping

import aiohttp
import msgspec
from sqlalchemy import Connection

from eden.base.ground import Ground
from eden.base.identity.principal import Principal, check_permission
from eden.base.ids import now
from eden.base.problems import Problem, not_found
from eden.gateway.interfaces import App
from eden.gateway.pipeline.signature import Signer
from eden.gateway.service_apps import load_apps, sealing

#: bytes of an answer that are shown
SHOWN = 256 << 10
_SECONDS = 60
#: the device that tries have
_DEVICE = "eden-console"


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What came back. `milliseconds` to the answer's end; `cut`: there is more than is shown."""

    status: int
    code: int
    trace: str
    headers: list[tuple[str, str]]
    body: str
    cut: bool
    milliseconds: float


class TryIt:
    """One per process. `address` of the gateway, as this server reaches it."""

    def __init__(self, ground: Ground, address: str = "", clock: Callable[[], int] = now) -> None:
        self._ground = ground
        settings = ground.settings.gateway
        host = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "") else settings.host
        self.address = address or f"http://{host}:{settings.port}"
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
    ) -> Tried:
        """As the app `key`. Permission `gateway.write`: an app's own secret signs. Problems `not-found`, `invalid` for
        headers that are none, `unavailable` when the gateway does not answer."""
        check_permission(principal, workspace_id, "gateway.write")
        at = self._clock()

        def work(connection: Connection) -> App | None:
            apps = load_apps(connection, self._seal, workspace_id, at)
            return next((app for app in apps if app.key == key), None)

        app = await self._ground.database.read(work)
        if app is None:
            raise not_found(f"The app {key}")
        target = f"?{query}" if query else ""
        sent = self._signed(app, operation, method, target, body, at // 1000) | dict(headers)
        if version:
            sent["x-eden-version"] = version
        began = time.perf_counter()
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, auto_decompress=True) as session,
                session.request(
                    method,
                    f"{self.address}/rpc/{operation}{target}",
                    headers=sent,
                    data=body or None,
                    allow_redirects=False,
                ) as answer,
            ):
                content = await answer.content.read(SHOWN + 1)
                found = [(name, value) for name, value in answer.headers.items()]
                status, by_name = answer.status, answer.headers
        except (aiohttp.ClientConnectionError, TimeoutError) as error:
            raise Problem(
                "unavailable", f"The gateway at {self.address} does not answer.", "Start it with: eden gateway run"
            ) from error
        except (aiohttp.ClientError, ValueError) as error:
            raise Problem("invalid", f"This request cannot be sent: {error}.", "Look at its headers.") from error
        code = by_name.get("result-status", "0")
        return Tried(
            status=status,
            code=int(code) if code.isascii() and code.isdigit() else 0,
            trace=by_name.get("x-eden-trace", ""),
            headers=found,
            body=content[:SHOWN].decode(errors="replace"),
            cut=len(content) > SHOWN,
            milliseconds=(time.perf_counter() - began) * 1000,
        )

    def _signed(self, app: App, operation: str, method: str, target: str, body: bytes, now_ms: int) -> dict[str, str]:
        nonce = secrets.token_urlsafe(24)
        headers = {"x-eden-app": app.key, "x-eden-device": _DEVICE, "x-eden-time": str(now_ms), "x-eden-nonce": nonce}
        if body:
            headers["content-type"] = "application/json"
        if app.secrets:
            secret = app.secrets[-1]
            signer = Signer(secret)
            text = f"EDEN1\n{app.key}\n{operation}\n{method}\n{target}\n{now_ms}\n{nonce}\n{signer.digest(body)}"
            value = b64encode(signer.mac(text.encode())).decode()
            headers["x-eden-signature"] = f"{secret.algorithm} {secret.kid} {value}"
        return headers
