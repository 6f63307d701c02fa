"""The simulator and the platform at one address."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from eden.app import Platform
from eden.base.settings import Settings
from eden.demo import bank
from eden.demo.house import House
from eden.demo.service import found
from eden.simulator.program import LiveProgram
from eden.simulator.server import Simulator


class Visitor:
    """Asks a running house over ASGI."""

    def __init__(self, house: House) -> None:
        self.house = house

    async def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in ({"host": "127.0.0.1:1"} | headers).items()],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1), "extensions": {},
        }  # fmt: skip
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.house(scope, receive, send)
        fields = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], fields, b"".join(message.get("body", b"") for message in sent[1:])


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with closing(LiveProgram(bank.bank_folder() / "miniprogram")) as program:
        program.build()
        platform = Platform(Settings(data=str(tmp_path)))
        founded = found(platform, tmp_path)
        services = bank.Bank(tmp_path / "bank")
        simulator = Simulator(program, mounts={bank.PREFIX: services}, hosts=bank.HOSTS, watch=False)
        yield House(simulator, platform, founded, furnish, beside=[services])


furnished: list[str] = []


async def furnish(published: asyncio.Event) -> None:
    furnished.append("once")
    raise OSError("the disk is full")


def test_each_address_has_its_owner_and_the_link_signs_in(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    async def visit() -> None:
        inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        said: asyncio.Queue[Any] = asyncio.Queue()
        life = asyncio.create_task(house({"type": "lifespan"}, inbox.get, said.put))
        await inbox.put({"type": "lifespan.startup"})
        assert (await said.get())["type"] == "lifespan.startup.complete"
        visitor = Visitor(house)
        assert b"simulator" in (await visitor.get("/"))[2]
        assert (await visitor.get("/healthz"))[0] == 200
        # the bank, which asks who it is
        assert (await visitor.get("/api/bank/overview"))[0] == 401
        assert (await visitor.get("/api/v1/me"))[0] == 401
        assert (await visitor.get("/console/"))[0] == 303
        assert (await visitor.get("/enter/guessed"))[0] == 404
        status, fields, _ = await visitor.get(house.entrance)
        assert (status, fields["location"]) == (303, "/console/")
        session = fields["set-cookie"].partition(";")[0]
        status, _, page = await visitor.get("/console/", cookie=session)
        assert status == 200
        assert b"you@demo.example" in page
        await inbox.put({"type": "lifespan.shutdown"})
        assert (await said.get())["type"] == "lifespan.shutdown.complete"
        await life

    furnished.clear()
    asyncio.run(visit())
    assert furnished == ["once"]
    assert "could not be furnished: the disk is full" in capsys.readouterr().out
