"""A platform with one mini program that reports, its server process, and what one needs to load, ask and measure it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import msgspec

from bench._observe_load import Measured, Order
from bench._release_platform import SECRET, Server
from eden.app import PARTS, Platform
from eden.base.settings import Listen, Logs, Settings
from eden.demo.service import found
from eden.observe.insight.client import Insight
from eden.observe.insight.spawn import wait_until_ended
from eden.observe.service import Observe
from eden.organisation.parts import identity_of
from eden.organisation.service import Organisation

T = TypeVar("T")
KEY = "shop"
_WORKSPACE = "test"


@dataclass
class Site:
    """`app` is the program's number in the store, `write_key` what senders have, `token` what askers have."""

    settings: Settings
    workspace_id: str
    app: int
    write_key: str
    token: str


@contextmanager
def opened(folder: Path) -> Iterator[Site]:
    """A new platform in `folder`, without a server."""
    # an insight process that is started from here writes to where the figures stand
    logs = Logs(level="error")
    settings = Settings(data=str(folder), secret_key=SECRET, listen=Listen(port=0, stop_seconds=2), logs=logs)
    platform = Platform(settings, PARTS)
    with closing(platform.ground) as ground:
        founded = found(platform, folder)
        workspace_id = founded.workspaces[_WORKSPACE]
        organisation = Organisation(identity_of(ground))
        scopes = (
            "workspace.read", "observe.read", "observe.sql", "observe.write", "observe.erase", "program.write",
            "version.upload",
        )  # fmt: skip
        _, token = ground.database.write_now(
            lambda connection: organisation.tokens.do_create(
                connection, founded.owner, workspace_id, "bench", scopes, None
            )
        )
        yield asyncio.run(_site(settings, platform, workspace_id, token, founded.owner))


async def _site(settings: Settings, platform: Platform, workspace_id: str, token: str, owner: Any) -> Site:
    from eden.release.interfaces import ProgramKind
    from eden.release.service import ReleaseService

    await ReleaseService(platform.ground).programs.create(owner, workspace_id, key=KEY, kind=ProgramKind.MINIPROGRAM)
    observe = Observe(platform.ground)
    app = await observe.apps.get(owner, workspace_id, KEY)
    keys = await observe.apps.first_keys([app])
    return Site(settings, workspace_id, app.number, keys[app.number], token)


def load(order: Order) -> Measured:
    """Run an order in a process of its own."""
    process = subprocess.run(
        [sys.executable, "-m", "bench._observe_load"],
        input=msgspec.json.encode(order),
        capture_output=True,
        check=False,
    )
    if process.returncode:
        raise RuntimeError(process.stderr.decode()[-2000:])
    return msgspec.json.decode(process.stdout, type=Measured)


def asked(site: Site, work: Callable[[Insight], Awaitable[T]], *, start: bool = True) -> T:
    """What the insight process says. With `start` it is started where no server needs it now."""

    async def ask() -> T:
        insight = Insight(site.settings, start=start)
        try:
            return await work(insight)
        finally:
            await insight.close()

    return asyncio.run(ask())


def count(site: Site, table: str, where: str = "1") -> int:
    """Rows of the app that are queryable now."""

    async def work(insight: Insight) -> int:
        answer = await insight.ask(f"SELECT count() FROM {table} WHERE app = {site.app} AND {where}")
        return int(answer.rows[0][0])

    return asked(site, work)


def insight_pid(site: Site, *, start: bool = True) -> int:
    async def work(insight: Insight) -> int:
        return (await insight.status()).process

    return asked(site, work, start=start)


def settle(site: Site, seconds: float = 600) -> None:
    """Until everything that was acknowledged is queryable."""
    asked(site, lambda insight: insight.settled(seconds))


def megabytes(*pids: int) -> float:
    """Memory of processes, what they share counted once (PSS)."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


@contextmanager
def serving(site: Site) -> Iterator[Server]:
    server = Server(site.settings)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        wait_until_ended(site.settings)


class Asker:
    """Asks the platform's API over HTTP, as a console or a client does."""

    def __init__(self, site: Site, server: Server) -> None:
        self._root = f"http://127.0.0.1:{server.port}/api/v1/workspaces/{_WORKSPACE}/observe"
        self._base = f"{self._root}/apps/{KEY}"
        self._headers = {"Authorization": f"Bearer {site.token}"}

    async def get(self, session: aiohttp.ClientSession, rest: str, **query: str) -> Any:
        async with session.get(self._base + rest, params=query, headers=self._headers) as answer:
            return await _content(answer)

    async def post(self, session: aiohttp.ClientSession, rest: str, body: Any) -> Any:
        async with session.post(self._base + rest, json=body, headers=self._headers) as answer:
            return await _content(answer)

    async def erase(self, session: aiohttp.ClientSession, person: str) -> None:
        """Forget a person in all apps of the workspace."""
        body = {"person": person}
        async with session.post(f"{self._root}/erasures", json=body, headers=self._headers) as answer:
            await _content(answer)


async def _content(answer: aiohttp.ClientResponse) -> Any:
    content = await answer.read()
    if not answer.ok:
        raise RuntimeError(f"{answer.status} {content.decode()[:500]}")
    return msgspec.json.decode(content)
