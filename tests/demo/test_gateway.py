"""The demo's gateway takes a free port, which its settings do not have, and is open once all workers know the bank."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from aiohttp import web

from eden.demo.gateway import _SURE, Gateway
from eden.gateway.try_call import TryIt
from tests.office import open_office


def test_calls_that_the_console_tries_find_it(tmp_path: Path) -> None:
    with open_office(tmp_path) as office:
        founded: Any = SimpleNamespace(owner=None, workspaces={"test": office.here_id})
        Gateway(office.platform, founded, "test", 4711)
        trial = next(part for part in office.platform.parts if part.name == "gateway").services["gateway_trial"]
        assert isinstance(trial, TryIt)
        assert trial.address == "http://127.0.0.1:4711"


def test_a_worker_that_ends_meanwhile_is_waited_for() -> None:
    said: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        # two do not know it yet, then the one that was about to answer is killed
        said.append("no-operation" if len(said) < 2 else "killed" if len(said) == 2 else "no-signature")
        if said[-1] == "killed":
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({"code": said[-1]})

    async def run() -> None:
        app = web.Application()
        app.router.add_post("/rpc/{operation}", answer)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        _, port = runner.addresses[0][:2]
        gateway = SimpleNamespace(_address=f"http://127.0.0.1:{port}", _poll=0.01)
        await Gateway._until_known(cast(Gateway, gateway))
        await runner.cleanup()

    asyncio.run(run())
    assert said == ["no-operation"] * 2 + ["killed"] + ["no-signature"] * _SURE
