"""The bank that comes with Eden: its mini program, and its services as a process of their own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp

from eden.base.errors import EdenError
from eden.base.http import Receive, Scope, Send, read_body, respond
from eden.demo.supervised import Supervised

#: the bank's place in the demo, and the name that the mini program knows it by
PREFIX = "/api/bank/"
HOSTS = {"bank.eden.local": PREFIX}
#: who may sign in, with which password, and with which PIN transfers are made: all of it is made up
CUSTOMER, PASSWORD, PIN = "13812345820", "secret1", "258013"
#: who works at the bank, with the customers' password
STAFF = ("zhao.min", "li.wei")
#: made-up customers: enough to look around among, few enough to be there in a second
_CUSTOMERS = 24
#: bytes of a body that is passed on: a photo of a document
_BODY = 8 << 20
#: how long a request waits for a bank that is being started
_START_SECONDS = 30.0
#: of the environment
_TOKEN = "BANK_KEYBOARD_TOKEN"
_PACKAGE = Path(__file__).resolve().parent.parent
#: of a connection, not of what is said over it
_DROPPED = frozenset(
    {b"host", b"connection", b"content-length", b"transfer-encoding", b"keep-alive", b"accept-encoding"}
)
_NOT_RETURNED = frozenset({"connection", "content-length", "transfer-encoding", "date", "server"})


def bank_folder() -> Path:
    """apps/bank of the source tree, or the copy in an installed wheel."""
    for folder in (_PACKAGE / "_apps" / "bank", _PACKAGE.parent.parent / "apps" / "bank"):
        if (folder / "__main__.py").is_file():
            return folder
    raise EdenError("no-demo", "This installation has no demo.", "Install Eden again, or start it in a source tree.")


class Bank:
    """The bank's services as a process, with everything that they keep in a folder; ASGI, to reach them.

    `keyboard`: address of the platform's secure keyboard and the bank's token for it; "" without. The token is in the
    process's environment, where nobody sees it who may not see the process's memory."""

    def __init__(self, data: Path, keyboard: str = "", token: str = "") -> None:
        paths = (str(bank_folder().parent), os.environ.get("PYTHONPATH", ""))
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONUNBUFFERED": "1"}
        environment |= {_TOKEN: token} if token else {}
        self._data, self._keyboard = data, keyboard
        self.process = Supervised("bank", self._command, environment)
        self._forward = Forward(self.process.address, "/v1")

    def _command(self, port: int) -> list[str]:
        options = ["--data", str(self._data), "--port", str(port), "--seed", str(_CUSTOMERS), "--ends-with-input"]
        if self._keyboard:
            options += ["--keyboard", self._keyboard]
        return [sys.executable, "-m", "bank", "serve", *options]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._forward(scope, receive, send)

    def start(self) -> None:
        """In the running loop."""
        self.process.start()

    async def address(self) -> str:
        """Of the process, as soon as it answers: on its first start it makes up a past."""
        address = await self.process.address()
        async with aiohttp.ClientSession() as session:
            while True:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with session.get(f"{address}/healthz") as answer:
                        if answer.status == 200:
                            return address
                await asyncio.sleep(0.1)

    async def stop(self) -> None:
        await self._forward.close()
        await self.process.stop()


def staff(address: str) -> str:
    """What the terminal says of the staff pages, which are on the bank's own port."""
    return f"  Bank staff: {address}/console, sign in as {' or '.join(STAFF)}, password {PASSWORD}"


class Forward:
    """ASGI: passes requests on to a service, below `prefix`, and waits for it while it is started.

    A connection that cannot be made is tried again: nothing has been asked yet. An answer that breaks off is not.
    """

    def __init__(self, address: Callable[[], Awaitable[str]], prefix: str) -> None:
        self._address, self._prefix = address, prefix
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(scope, receive, _BODY)
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                address = await asyncio.wait_for(self._address(), max(0.0, until - time.monotonic()))
                return await self._pass(f"{address}{self._prefix}{scope['path']}", scope, body, send)
            except aiohttp.ClientConnectorError:
                if time.monotonic() > until:
                    return await respond(send, b"The service does not start.\n", b"text/plain", 502)
                await asyncio.sleep(0.1)
            except (TimeoutError, aiohttp.ClientError):
                return await respond(send, b"The service gave no answer.\n", b"text/plain", 502)

    async def _pass(self, url: str, scope: Scope, body: bytes, send: Send) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
        query = scope.get("query_string", b"").decode("latin-1")
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in scope["headers"]
            if name not in _DROPPED
        ]
        # services have pages that are not for who comes from elsewhere
        headers.append(("x-forwarded-for", (scope.get("client") or ("unknown",))[0]))
        method = scope["method"]
        async with self._session.request(
            method, f"{url}?{query}" if query else url, data=body or None, headers=headers, allow_redirects=False
        ) as answer:
            found = await answer.read()
            fields = [
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in answer.headers.items()
                if name.lower() not in (*_NOT_RETURNED, "content-type")
            ]
            content_type = answer.headers.get("content-type", "application/octet-stream")
            await respond(send, found, content_type.encode("latin-1"), answer.status, fields)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
