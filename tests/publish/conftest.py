"""A platform server on a port, for commands that speak HTTP."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn

from eden.cli import main
from tests.office import Office, open_office


@dataclass
class Server:
    """`run(who, words)` runs `eden WORDS` with somebody's token; the exit code."""

    office: Office
    address: str
    run: Callable[..., int]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with open_office(tmp_path / "data") as office:
        listener = socket.create_server(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        # the platform runs in the client's loop already: this server only passes requests on
        running = uvicorn.Server(uvicorn.Config(office.platform, lifespan="off", log_config=None, access_log=False))
        thread = threading.Thread(target=lambda: asyncio.run(running.serve(sockets=[listener])), daemon=True)
        thread.start()

        def run(who: str, *words: str) -> int:
            monkeypatch.setenv("EDEN_TOKEN", office.tokens[who])
            return main([*words])

        monkeypatch.setenv("EDEN_SERVER", address)
        monkeypatch.delenv("EDEN_WORKSPACE", raising=False)
        monkeypatch.chdir(tmp_path)
        yield Server(office, address, run)
        running.should_exit = True
        thread.join()
        listener.close()
