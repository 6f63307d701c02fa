"""The way in: the pages are made when the first request comes, so that a bank starts as fast without them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from eden.base.errors import EdenError
from eden.base.http import Application, Receive, Scope, Send, respond
from eden.base.structs import make_ready

if TYPE_CHECKING:
    from bank.server import Bank


class Staff:
    """ASGI for what is below `/console`."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._app: Application | None = None
        self._making = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._making:
            if self._app is None:
                try:
                    self._app = await asyncio.to_thread(self._made)
                except EdenError as error:
                    # the console's scripts were not built
                    words = f"{error.sentence} {error.hint}\n".encode()
                    return await respond(send, words, b"text/plain; charset=utf-8", 503)
        return await self._app(scope, receive, send)

    def _made(self) -> Application:
        # the framework of the pages takes longer to load than all of the bank
        from bank.staff.app import application

        make_ready()
        return cast(Application, application(self._bank))
