"""`eden demo`: the bank in a phone, on a platform of its own that is gone when the demo ends."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import secrets
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from eden.app import Platform, prepare_database
from eden.base.identity.passwords import hash_password
from eden.base.parts import Founding
from eden.base.settings import GatewaySettings, Listen, Logs, Settings, is_loopback
from eden.demo import bank, keyboard
from eden.demo.board import put_up
from eden.demo.gateway import PREFIX, Gateway
from eden.demo.generated import DAY, Crowd, Shipped
from eden.demo.house import House
from eden.demo.past import do_put_back
from eden.demo.services import service
from eden.gateway.proxy.run import beside
from eden.observe.insight.spawn import wait_until_ended
from eden.observe.service import Observe
from eden.organisation.founding import Founded, do_found
from eden.organisation.parts import identity_of
from eden.organisation.service import Organisation
from eden.publish.client import Access, Client, connect
from eden.publish.parcel import pack
from eden.publish.publish import EVERYONE
from eden.simulator.server import Simulator
from eden.simulator.service import built, listen, local_address, page_settings, report, serve

_OWNER = "you@demo.example"
_WORKSPACE = "test"
_KEY = "bank"
#: on every page: nobody is to take these numbers for real ones
_NAME = "伊甸银行（演示数据 · made-up data）"
_MANIFEST = "manifest.json"
#: (version, code, days since its release); the last one is still on its way, with something wrong in it
_VERSIONS = (("1.0.0", 10_000, 40), ("1.1.0", 10_100, 12), ("1.2.0", 10_200, 4))
_GRAY_SHARE = 0.4
_GRAY = {
    "steps": [
        {"name": "First users", "audience": {"share": int(_GRAY_SHARE * 10_000)}},
        {"name": "Everyone", "audience": {"share": 10_000}},
    ]
}
#: batches on their way at once
_SENDERS = 8
#: scopes of the token that puts up the dashboard and the alerts
_SCOPES = ("workspace.read", "observe.read", "observe.write")


def demo_command(arguments: argparse.Namespace) -> int:
    """Serve until interrupted; the process's exit code."""
    folder = bank.bank_folder()
    source = folder / "miniprogram"
    with (
        contextlib.closing(listen(arguments.host, arguments.port)) as listener,
        tempfile.TemporaryDirectory(prefix="eden-demo-") as data,
        contextlib.ExitStack() as processes,
    ):
        program = built(source)
        address = local_address(arguments.host, listener)
        # whoever else may look at the phone: the platform believes in this machine only
        platform = Platform(
            Settings(
                data=data,
                listen=Listen(port=listener.getsockname()[1]),
                logs=Logs(level="warning"),
                gateway=GatewaySettings(port=0, drain_seconds=1),
            )
        )
        founded = found(platform, Path(data))
        calls = processes.enter_context(beside(platform.ground.settings))
        gateway = Gateway(platform, founded, _WORKSPACE, calls)
        host = {"gateway": asyncio.run(gateway.app())}
        secure = keyboard.NONE
        # browsers seal in secure contexts only: phones on the network, without TLS, have none
        if is_loopback(arguments.host):
            secure = asyncio.run(keyboard.furnish(platform, founded, _WORKSPACE, address))
            host["keyboard"] = secure.host
        services = bank.Bank(Path(data) / "bank", secure.address, secure.token)
        collect = {"collect": {"url": "/observe/v1/", "workspace": _WORKSPACE, "program": _KEY}}
        simulator = Simulator(
            program,
            mounts={bank.PREFIX: services, PREFIX: gateway.forward},
            hosts=bank.HOSTS,
            settings=page_settings(arguments.host, listener, source) | collect | host,
            on_revision=report,
        )

        async def furnish(published: asyncio.Event) -> None:
            assert program.revision is not None
            await gateway.open(folder / "gateway.toml", await services.address())
            print(bank.staff(await services.process.address()), flush=True)
            releases = await _release(platform, address, founded, program.revision.files, Path(data))
            published.set()
            observe = service(platform, Observe)
            if observe.insight.is_installed:
                await _people(platform, observe, address, founded, releases)
            else:
                print("  There is no analysis: pip install 'eden-platform[observe]' brings what it needs.", flush=True)

        first_page = f"/console/{_WORKSPACE}/analysis/{_KEY}/overview"
        house = House(simulator, platform, founded, furnish, first_page, [services, gateway])
        entrance = f"{address.rstrip('/')}{house.entrance}"
        # the server gives the signal back when it has stopped; what is behind it is to be tidied up first
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
        try:
            pin = f", PIN {bank.PIN} for transfers" if secure.token else ""
            customer = f"Bank     sign in with {bank.CUSTOMER}, password {bank.PASSWORD}{pin}   (a made-up customer)"
            lines = [f"Console  {entrance}   (signs you in as the owner)", customer]
            return serve(arguments, house, listener, lines if secure.token else [*lines, *_without_keyboard(listener)])
        finally:
            # the folder goes with the demo, and the process that has the events store in it outlives its servers
            wait_until_ended(platform.ground.settings)


def found(platform: Platform, data: Path) -> Founded:
    """An owner whose password nobody knows, workspaces, and what the services need in them."""
    ground = platform.ground
    prepare_database(ground)
    organisation = Organisation(identity_of(ground))
    hashed = hash_password(secrets.token_urlsafe(24))
    founded = ground.database.write_now(lambda connection: do_found(connection, organisation, _OWNER, "Demo", hashed))

    async def init() -> None:
        for part in platform.parts:
            if part.init is not None:
                await part.init(Founding(founded.owner, founded.workspaces, data / "keep-elsewhere"))

    asyncio.run(init())
    return founded


def _without_keyboard(listener: socket.socket) -> list[str]:
    """What a phone on the network has not got, and how it gets it."""
    port = listener.getsockname()[1]
    return [
        "Keyboard none: over the network, without https, browsers seal nothing. Passwords are typed in clear,",
        "         transfers ask for no PIN, nobody can become a customer. To have it on a phone, start without",
        f"         --host, say `adb reverse tcp:{port} tcp:{port}` and open http://localhost:{port}/ there.",
    ]


async def _release(
    platform: Platform, address: str, founded: Founded, package: dict[str, bytes], data: Path
) -> list[str]:
    """Publish and release the bank's versions, as if that was some time ago; ids of the releases."""
    async with connect(Access(address.rstrip("/"), founded.tokens[_WORKSPACE], _WORKSPACE)) as client:
        releases = await _publish(client, package, data)
    begun = {one.release: one.since * 1000 for one in _shipped(releases, _now())}
    await platform.ground.database.write(lambda connection: do_put_back(connection, begun))
    print(f"  The bank's versions {', '.join(version for version, _, _ in _VERSIONS)} are released.", flush=True)
    return releases


async def _people(platform: Platform, observe: Observe, address: str, founded: Founded, releases: list[str]) -> None:
    """Let a month of made-up users report, put up what is watched of it, and go on with visits of now."""
    shipped = _shipped(releases, _now())
    crowd = Crowd()
    batches = await asyncio.to_thread(lambda: list(crowd.month(_now(), shipped)))
    began = time.monotonic()
    async with aiohttp.ClientSession() as session:
        send = await _sender(session, address.rstrip("/"))
        waiting = iter(batches)

        async def send_some() -> None:
            for batch in waiting:
                await send(batch)

        await asyncio.gather(*(send_some() for _ in range(_SENDERS)))
        await observe.insight.settled()
        print(f"  {len(batches):,} generated visits are in the console ({time.monotonic() - began:.0f} s).", flush=True)
        async with connect(Access(address.rstrip("/"), await _token(platform, founded), _WORKSPACE)) as client:
            await put_up(client, _KEY)
        began = time.monotonic()
        while True:
            await asyncio.sleep(visit_seconds(time.monotonic() - began))
            # what could not be sent once is no reason for everybody to stay away
            with contextlib.suppress(aiohttp.ClientError):
                await send(crowd.visit(_now(), shipped))


def visit_seconds(running: float) -> float:
    """Until the next visit, when the demo has been `running` so many seconds: somebody is always there, in the first
    hour come as many as in a day of the month, and in weeks no more than a disk has room for (1 MB a day)."""
    return min(60.0, 2.0 + running / 60)


def _shipped(releases: list[str], now: int) -> list[Shipped]:
    """What the month's people have, from when on."""
    first, second, third = (
        Shipped(version, code, release, now - days * DAY)
        for (version, code, days), release in zip(_VERSIONS, releases, strict=True)
    )
    return [first, replace(second, pace=0.9), replace(third, share=_GRAY_SHARE, faulty=0.6, pace=0.75)]


def _now() -> int:
    return time.time_ns() // 1_000_000


async def _token(platform: Platform, founded: Founded) -> str:
    organisation = Organisation(identity_of(platform.ground))
    _, secret = await organisation.tokens.create(founded.owner, founded.workspaces[_WORKSPACE], "demo", _SCOPES, None)
    return secret


def _parcel(package: dict[str, bytes], version: str, code: int, data: Path) -> Path:
    """The built package as a zip, with another version in its manifest."""
    folder = data / f"package-{code}"
    manifest = msgspec.json.decode(package[_MANIFEST]) | {"version": {"name": version, "code": code}}
    for name, content in (package | {_MANIFEST: msgspec.json.encode(manifest)}).items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    parcel = pack(folder, "miniprogram", folder)
    assert parcel is not None
    return parcel.file


async def _publish(client: Client, package: dict[str, bytes], data: Path) -> list[str]:
    """Ids of the releases, one for each version: the same program under three names."""
    await client.post("/programs", {"key": _KEY, "kind": "miniprogram", "name": _NAME})
    ids = []
    for version, code, _ in _VERSIONS:
        parcel = await asyncio.to_thread(_parcel, package, version, code, data)
        await client.upload(f"/programs/{_KEY}/versions", parcel, "application/zip", lambda sent: None)
        last = version == _VERSIONS[-1][0]
        draft = await client.post("/releases", {"program": _KEY, "code": code, "plan": _GRAY if last else EVERYONE})
        release = await client.post(f"/releases/{draft['id']}/start", {"revision": draft["revision"]})
        if not last:
            await client.post(f"/releases/{draft['id']}/finish", {"revision": release["revision"]})
        ids.append(str(draft["id"]))
    return ids


async def _sender(session: aiohttp.ClientSession, server: str) -> Callable[[bytes], Awaitable[None]]:
    """Sends a batch as a phone does."""
    async with session.get(f"{server}/observe/v1/collect/{_WORKSPACE}") as answer:
        answer.raise_for_status()
        found: dict[str, Any] = await answer.json()
    headers = {"Authorization": f"Bearer {found['programs'][_KEY]['key']}"}

    async def send(batch: bytes) -> None:
        async with session.post(f"{server}/observe/v1/batch", data=batch, headers=headers) as answer:
            answer.raise_for_status()

    return send
