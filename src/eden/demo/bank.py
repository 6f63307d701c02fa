"""The bank that comes with Eden: its mini program, and its services as a process of their own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path

import aiohttp

from eden.base.errors import EdenError
from eden.base.http import Receive, Scope, Send
from eden.demo.forward import Forward
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
#: of the environment
_TOKEN = "BANK_KEYBOARD_TOKEN"
_PACKAGE = Path(__file__).resolve().parent.parent


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
