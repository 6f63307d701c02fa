"""An installation with one workspace, a catalogue, an app and its secret; calls that are signed on our own."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import zstandard
from sqlalchemy import Connection, insert

from eden.app import prepare_database
from eden.base.changes import append
from eden.base.ground import Ground, open_ground
from eden.base.identity.principal import SYSTEM
from eden.base.ids import new_id, now
from eden.base.settings import GatewaySettings, Logs, Settings
from eden.base.tables import workspaces
from eden.gateway.interfaces import CATALOGUE_CHANGED, Catalogue
from eden.gateway.models import gateway_catalogues
from eden.gateway.service import Catalogues
from eden.gateway.service_apps import Apps

APP = "shop"


@dataclass
class Installed:
    settings: Settings
    ground: Ground
    workspace: str
    kid: str = ""
    secret: bytes = b""
    document: dict[str, Any] = field(default_factory=dict)

    def put(self, document: dict[str, Any]) -> int:
        """The revision that the catalogue has then."""
        wanted = msgspec.convert(document, Catalogue)
        self.document = document
        return asyncio.run(Catalogues(self.ground).put(SYSTEM, self.workspace, wanted))

    def put_stored(self, revision: int, document: dict[str, Any]) -> None:
        """As somebody else's platform would, unchecked; after a first one was put."""

        def write(connection: Connection) -> None:
            first = connection.execute(gateway_catalogues.select()).mappings().first()
            assert first is not None
            stored = zstandard.compress(msgspec.json.encode(document))
            connection.execute(insert(gateway_catalogues).values({**first, "revision": revision, "document": stored}))
            append(connection, CATALOGUE_CHANGED, self.workspace, {"revision": revision})

        self.ground.database.write_now(write)

    def make_app(self) -> None:
        async def make() -> None:
            apps = Apps(self.ground)
            await apps.create(SYSTEM, self.workspace, APP, "Shop")
            credential, self.secret = await apps.add_secret(SYSTEM, self.workspace, APP)
            self.kid = credential.kid

        asyncio.run(make())

    def call(self, operation: str, body: bytes = b"", nonce: str = "", more: str = "") -> bytes:
        """A signed POST of now."""
        at, nonce = str(time.time_ns() // 1_000_000), nonce or secrets.token_hex(16)
        text = f"EDEN1\n{APP}\n{operation}\nPOST\n\n{at}\n{nonce}\n{hashlib.sha256(body).hexdigest()}"
        code = b64encode(hmac.digest(self.secret, text.encode(), "sha256")).decode()
        head = (
            f"POST /rpc/{operation} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"x-eden-app: {APP}\r\nx-eden-time: {at}\r\nx-eden-nonce: {nonce}\r\n"
            f"x-eden-signature: hmac-sha256 {self.kid} {code}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


def shop(port: int, **operation: Any) -> dict[str, Any]:
    """A catalogue with `shop.echo`, at a service on `port`."""
    return {
        "groups": {"shop": {"upstreams": {"main": {"targets": [{"url": f"http://127.0.0.1:{port}"}]}}}},
        "operations": {"shop.echo": {"group": "shop", "open": True, "path": "/echo", **operation}},
    }


@contextmanager
def installed(folder: Path, **gateway: int) -> Iterator[Installed]:
    settings = Settings(
        data=str(folder),
        gateway=GatewaySettings(**{"port": 0, "drain_seconds": 5, **gateway}),  # type: ignore[arg-type]
        logs=Logs(level="warning"),
    )
    with closing(open_ground(settings)) as ground:
        prepare_database(ground)
        workspace = new_id()
        ground.database.write_now(
            lambda connection: connection.execute(
                insert(workspaces).values(id=workspace, slug="shop", name="Shop", settings={}, created_at=now())
            )
        )
        made = Installed(settings, ground, workspace)
        made.make_app()
        yield made
