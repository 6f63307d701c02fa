"""What the demo passes on arrives piece by piece, as it was, and ends when the phone goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from eden.base.http import Message
from eden.demo.forward import Forward

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def passing(answer: Answer) -> AsyncIterator[Forward]:
    app = web.Application()
    app.router.add_route("*", "/rpc/{rest:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]

    async def address() -> str:
        return f"http://{host}:{port}"

    forward = Forward(address, "/rpc")
    try:
        yield forward
    finally:
        await forward.close()
        await runner.cleanup()


class Phone:
    """The other side: says its request, takes what comes, and may leave."""

    def __init__(self, path: str = "/op", method: str = "GET", body: bytes = b"", headers: Any = ()) -> None:
        self.scope = {"type": "http", "method": method, "path": path, "query_string": b"a=1", "headers": [*headers]}
        self._body = body
        self.gone, self.came = asyncio.Event(), asyncio.Queue[Message]()

    async def receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None  # type: ignore[assignment]
            return {"type": "http.request", "body": body, "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.came.put_nowait(message)


def test_a_stream_arrives_as_it_is_said() -> None:
    said = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await stream.prepare(request)
        await stream.write(b"data: 1\n\n")
        await said.wait()
        await stream.write(b"data: 2\n\n")
        return stream

    async def run() -> list[bytes]:
        async with passing(answer) as forward:
            phone = Phone()
            whole = asyncio.create_task(forward(phone.scope, phone.receive, phone.send))
            start = await phone.came.get()
            assert (b"content-type", b"text/event-stream") in start["headers"]
            pieces = [(await phone.came.get())["body"]]
            said.set()
            await whole
            while not phone.came.empty():
                pieces.append(phone.came.get_nowait()["body"])
            return pieces

    assert asyncio.run(run()) == [b"data: 1\n\n", b"data: 2\n\n", b""]


def test_who_leaves_ends_the_question() -> None:
    ended = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse()
        await stream.prepare(request)
        await stream.write(b"first")
        try:
            while True:
                await asyncio.sleep(0.01)
                await stream.write(b"more")
        finally:
            ended.set()

    async def run() -> None:
        async with passing(answer) as forward:
            phone = Phone()
            whole = asyncio.create_task(forward(phone.scope, phone.receive, phone.send))
            await phone.came.get()
            phone.gone.set()
            await whole
            await asyncio.wait_for(ended.wait(), 5)

    asyncio.run(run())


def test_an_answer_that_breaks_off_is_no_whole_one() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse(headers={"content-length": "10"})
        await stream.prepare(request)
        await stream.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return stream

    async def run() -> None:
        async with passing(answer) as forward:
            phone = Phone()
            with pytest.raises(aiohttp.ClientError):
                await forward(phone.scope, phone.receive, phone.send)

    asyncio.run(run())


def test_what_is_asked_and_answered_stays_as_it_was() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        heard = f"{request.method} {request.raw_path} {request.headers['x-mine']} ".encode()
        return web.Response(
            status=201, body=heard + await request.read(), headers={"x-theirs": "2", "content-encoding": "gzip"}
        )

    async def run() -> tuple[Message, bytes]:
        async with passing(answer) as forward:
            phone = Phone(method="POST", body=b"\x00body", headers=[(b"x-mine", b"1"), (b"host", b"phone")])
            await forward(phone.scope, phone.receive, phone.send)
            return phone.came.get_nowait(), phone.came.get_nowait()["body"]

    start, body = asyncio.run(run())
    assert start["status"] == 201
    # a coding that is named is not undone on the way
    assert {(b"x-theirs", b"2"), (b"content-encoding", b"gzip")} <= set(start["headers"])
    assert body == b"POST /rpc/op?a=1 1 \x00body"


def test_a_query_is_passed_on_as_it_was_signed() -> None:
    query = "q=%27'%7e~%20+(*)!,%2C;:@/?%5B[]%C3%A9&b"

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(text=request.raw_path)

    async def run() -> str:
        async with passing(answer) as forward:
            phone = Phone("/op/a b")
            phone.scope["query_string"] = query.encode()
            await forward(phone.scope, phone.receive, phone.send)
            phone.came.get_nowait()
            return str(phone.came.get_nowait()["body"], "ascii")

    assert asyncio.run(run()) == f"/rpc/op/a%20b?{query}"


def test_a_server_that_goes_on_talking_is_not_listened_to() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(text="answer")

    async def run() -> bytes:
        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async with passing(answer) as forward:
            phone = Phone()
            await asyncio.wait_for(forward(phone.scope, receive, phone.send), 20)
            phone.came.get_nowait()
            return bytes(phone.came.get_nowait()["body"])

    assert asyncio.run(run()) == b"answer"


def test_a_service_that_cannot_be_asked() -> None:
    async def nobody() -> str:
        raise TimeoutError

    async def run() -> Message:
        phone, forward = Phone(), Forward(nobody, "/rpc")
        await forward(phone.scope, phone.receive, phone.send)
        return phone.came.get_nowait()

    assert asyncio.run(run())["status"] == 502
