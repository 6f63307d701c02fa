"""The platform's gateway in the demo: the bank's catalogue on it, the phone as an app that may call."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from eden.app import Platform
from eden.demo.forward import Forward
from eden.demo.services import service
from eden.gateway.documents import read_catalogue
from eden.gateway.interfaces import Catalogue, Target
from eden.gateway.service import Catalogues
from eden.gateway.service_apps import Apps
from eden.gateway.try_call import TryIt
from eden.organisation.founding import Founded

PREFIX = "/rpc/"
#: the phone's AppId
_APP = "phone"
#: so many answers in a row that know an operation are of all workers
_SURE = 12
#: what is worth being hidden from whoever sees the line: passwords, and who is paid
_SEALED = (
    "eden.bank.identity.session.open", "eden.bank.identity.customer.enrol", "eden.bank.payment.transfer.create",
)  # fmt: skip
_VERIFIED = ("eden.bank.payment.transfer.create",)


class Gateway:
    """ASGI: passes calls on to the gateway at `port`, once the bank's catalogue is on it."""

    def __init__(self, platform: Platform, founded: Founded, workspace: str, port: int) -> None:
        self._catalogues, self._apps = service(platform, Catalogues), service(platform, Apps)
        self._owner, self._workspace = founded.owner, founded.workspaces[workspace]
        self._poll = platform.ground.settings.gateway.poll_ms / 1000
        self._address = f"http://127.0.0.1:{port}"
        # the settings have no port: a free one was taken
        service(platform, TryIt).address = self._address
        self._open = asyncio.Event()
        self.forward = Forward(self._opened, PREFIX.rstrip("/"))

    async def app(self) -> dict[str, Any]:
        """Make the app; what the phone is told of the gateway."""
        who = (self._owner, self._workspace, _APP)
        await self._apps.create(*who, "The phone of the demo")
        secret, value = await self._apps.add_secret(*who)
        key = await self._apps.add_key(*who)
        assert key.public is not None
        public = base64.b64encode(key.public).decode()
        return {
            "url": "/",
            "app": _APP,
            "secret": base64.b64encode(value).decode(),
            "kid": secret.kid,
            "seal": {"algorithm": key.algorithm, "kid": key.kid, "public": public},
            "sealed": _SEALED,
            "verified": _VERIFIED,
        }

    async def open(self, file: Path, address: str) -> None:
        """Put the catalogue of a file in place, for a bank at an address."""
        wanted = at(read_catalogue(file), address)
        await self._catalogues.put(self._owner, self._workspace, wanted, note="The bank of the demo")
        await self._until_known()
        self._open.set()

    async def _until_known(self) -> None:
        """Until all workers have app and catalogue, and miss nothing but a signature: which one answers a connection
        nobody can choose."""
        known, url = 0, f"{self._address}{PREFIX}{_SEALED[0]}"
        while known < _SURE:
            problem: dict[str, Any] = {}
            # a worker that has ended is started again
            with contextlib.suppress(aiohttp.ClientError):
                async with aiohttp.ClientSession() as session, session.post(url, headers={"x-eden-app": _APP}) as said:
                    problem = await said.json(content_type=None)
            known = known + 1 if problem.get("code") == "no-signature" else 0
            if not known:
                await asyncio.sleep(self._poll)

    def start(self) -> None:
        """It runs already."""

    async def stop(self) -> None:
        await self.forward.close()

    async def _opened(self) -> str:
        await self._open.wait()
        return self._address


def at(catalogue: Catalogue, address: str) -> Catalogue:
    """The same catalogue for a bank at another address."""
    replace = msgspec.structs.replace
    groups = {
        name: replace(
            group,
            upstreams={
                key: replace(upstream, targets=(Target(url=address),)) for key, upstream in group.upstreams.items()
            },
        )
        for name, group in catalogue.groups.items()
    }
    return replace(catalogue, groups=groups)
