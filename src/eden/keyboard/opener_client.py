"""A server process's side of its opener: starts it, asks it, starts another one when it has died."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from eden.base.problems import Problem
from eden.keyboard.wire import Answer, Answered, Asked, Frames, KeyRow, Load, Refused, Request, frame

_END_SECONDS = 5.0

log = logging.getLogger("eden.keyboard")


class Opener:
    """`secret` is the vault's; `keys` reads all keys, for an opener that has just been started; `module` names a
    hardware module (the setting `keyboard.module`)."""

    def __init__(self, secret: bytes, keys: Callable[[], Awaitable[Sequence[KeyRow]]], module: str = "") -> None:
        self._secret, self._module = secret, module
        self._keys = keys
        self._numbers = itertools.count(1)
        self._encoder = msgspec.msgpack.Encoder()
        self._link: _Link | None = None
        self._starting = asyncio.Lock()
        self._closed = False

    async def ask(self, request: Request) -> Answer:
        """Its answer. Problem `unavailable` when it dies meanwhile: whether it was done is not known."""
        link = self._link
        if link is None or link.lost:
            link = await self._start()
        return await self._send(link, request)

    @property
    def process_id(self) -> int | None:
        """Of the opener that runs, if one does."""
        return None if self._link is None or self._link.lost else self._link.process.pid

    async def load(self) -> None:
        """The keys have changed. An opener that does not run reads them when it starts."""
        if self._link is not None and not self._link.lost:
            await self._send(self._link, Load(list(await self._keys())))

    async def close(self) -> None:
        """End it; nothing can be asked any more."""
        self._closed = True
        await self.pause()

    async def pause(self) -> None:
        """End it; what is asked next, also in another loop, starts another one."""
        async with self._starting:
            link, self._link = self._link, None
            if link is not None:
                await link.end()

    async def _send(self, link: _Link, request: Request) -> Answer:
        number = next(self._numbers)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        link.waiting[number] = answer
        link.write(frame(self._encoder.encode(Asked(number, request))))
        return await answer

    async def _start(self) -> _Link:
        async with self._starting:
            if self._closed:
                raise _unavailable()
            if self._link is not None and not self._link.lost:
                return self._link
            if self._link is not None:
                log.warning("the opener has ended; another one is started")
                await self._link.end()
            ours, theirs = socket.socketpair()
            with theirs:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "eden.keyboard.opener", str(theirs.fileno()), self._module,
                    stdin=asyncio.subprocess.DEVNULL, pass_fds=[theirs.fileno()],
                )  # fmt: skip
            ours.setblocking(False)
            link = _Link(process)
            await asyncio.get_running_loop().create_unix_connection(lambda: link, sock=ours)
            link.write(frame(self._secret))
            await self._send(link, Load(list(await self._keys())))
            self._link = link
            return link


class _Link(asyncio.Protocol):
    """The connection to one opener."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.waiting: dict[int, asyncio.Future[Answer]] = {}
        self.lost = False
        self._frames = Frames()
        self._decoder = msgspec.msgpack.Decoder(Answered)
        self._transport: asyncio.WriteTransport | None = None

    def write(self, data: bytes) -> None:
        if self._transport is None or self.lost:
            raise _unavailable()
        self._transport.write(data)

    async def end(self) -> None:
        if self._transport is not None:
            self._transport.close()
        try:
            await asyncio.wait_for(self.process.wait(), _END_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        for content in self._frames.feed(data):
            answered = self._decoder.decode(content)
            waiting = self.waiting.pop(answered.number, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(answered.answer)

    def connection_lost(self, _: Exception | None) -> None:
        self.lost = True
        waiting, self.waiting = self.waiting, {}
        for one in waiting.values():
            if not one.done():
                one.set_exception(_unavailable())


def _unavailable() -> Problem:
    return Problem("unavailable", "Sealed values cannot be opened at the moment.", "Ask for a new one.")


def good(answer: Answer) -> Answer:
    """The answer, unless it is a refusal. Problem `sealed-refused`, `sealed-differs`; `invalid`: its key is none."""
    if not isinstance(answer, Refused):
        return answer
    if answer.why == "recipient":
        sentence = "The key is none of X25519: 32 bytes in base64."
        raise Problem("invalid", sentence, errors=[("recipient", sentence)])
    if answer.why == "differs":
        raise Problem("sealed-differs", "What was typed twice is not the same.", "Have the person type both again.")
    raise Problem("sealed-refused", _SENTENCES[answer.why], "Have the person type it again.")


_SENTENCES = {
    "unopened": "The value cannot be opened: it was sealed for something else, or changed on its way.",
    "length": "What was typed is too short or too long.",
    "no-key": "The value was sealed to a key that is not used any more.",
}
