"""Calls as clients make them, to upstreams of every kind."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from eden.gateway.exchange import Answer
from eden.gateway.proxy import incoming
from tests.gateway.proxy.stage import (
    GET,
    OK,
    Reader,
    Route,
    Writer,
    answer,
    echoing,
    request,
    run,
    stage,
    table,
    until,
    upstream,
)  # fmt: skip


def test_a_call_reaches_the_upstream_and_comes_back() -> None:
    async def work() -> None:
        log: list[bytes] = []
        async with upstream(echoing(log)) as port, stage(table([port])) as gateway:
            said = await gateway.said(
                b"POST /rpc/shop.get/items?q=1 HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nConnection: close, x-two\r\n"
                b"X-Two: 2\r\nTE: trailers\r\nX-Forwarded-For: 6.6.6.6\r\nContent-Length: 3\r\n\r\nabc"
            )
            head, _, _ = said.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK\r\n") and b"connection: close" in head
            assert b"x-eden-trace: " in head and b"date: " in head
            [sent] = log
            assert sent.startswith(b"POST /v1/items?q=1 HTTP/1.1\r\nhost: 127.0.0.1:%d\r\n" % port)
            assert sent.endswith(b"\r\n\r\nabc") and b"x-one: 1\r\n" in sent
            # what belonged to the client's connection, and what it may not say of itself
            for absent in (b"x-two", b"te:", b"6.6.6.6", b"connection"):
                assert absent not in sent
            assert b"x-forwarded-for: 127.0.0.1\r\n" in sent and b"traceparent: 00-" in sent
            assert gateway.measures.noted == [("shop.get", 1000, 200)]
            assert [told.status for _, told in gateway.steps.over if told] == [200]

    run(work)


def test_secrets_go_on_to_the_service_each_as_it_came() -> None:
    async def work() -> None:
        log: list[bytes] = []
        async with upstream(echoing(log)) as port, stage(table([port])) as gateway:
            reader, writer = await gateway.connect()
            for number in range(3):
                ours = b"Authorization: Bearer %d\r\nCookie: a=%d\r\nIdempotency-Key: k%d\r\n" % ((number,) * 3)
                writer.write(GET[:-2] + ours + b"\r\n")
                assert (await answer(reader))[0] == 200
                assert b"idempotency-key: k%d\r\n" % number in log[number]
                assert b"authorization: Bearer %d\r\n" % number in log[number]
                assert b"cookie: a=%d\r\n" % number in log[number]
                assert log[number].count(b"authorization") == log[number].count(b"cookie") == 1
            writer.write(GET)
            assert (await answer(reader))[0] == 200 and b"Bearer" not in log[3]
            writer.close()

    run(work)


def test_a_proxy_that_is_believed_says_for_whom() -> None:
    async def work() -> None:
        log: list[bytes] = []
        async with upstream(echoing(log)) as port, stage(table([port]), proxies="127.0.0.1") as gateway:
            reader, writer = await gateway.connect()
            writer.write(GET[:-2] + b"X-Forwarded-For: 6.6.6.6, 7.7.7.7\r\nX-Forwarded-Proto: https\r\n\r\n" + GET)
            assert [(await answer(reader))[0] for _ in range(2)] == [200, 200]
            assert b"x-forwarded-for: 6.6.6.6, 7.7.7.7, 127.0.0.1\r\nx-forwarded-proto: https\r\n" in log[0]
            # of one call, not of all behind it
            assert b"x-forwarded-for: 127.0.0.1\r\nx-forwarded-proto: http\r\n" in log[1]
            assert [exchange.peer for exchange in gateway.steps.seen] == ["7.7.7.7", "127.0.0.1"]
            writer.close()

    run(work)


def test_one_connection_many_calls_and_a_pipeline() -> None:
    async def work() -> None:
        async with upstream(echoing()) as port, stage(table([port])) as gateway:
            reader, writer = await gateway.connect()
            post = b"POST /rpc/shop.get?n=%d HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nb%d"
            writer.write(
                b"".join(post % (n, n) for n in range(9)) + b"GET /rpc/unknown HTTP/1.1\r\nHost: a\r\n\r\n" + GET
            )
            for n in range(9):
                status, _, body = await answer(reader)
                assert status == 200 and b"?n=%d " % n in body and body.endswith(b"b%d" % n)
            assert (await answer(reader))[0] == 404
            assert (await answer(reader))[0] == 200
            writer.close()

    run(work)


def test_trace_is_carried_on() -> None:
    async def work() -> None:
        trace = b"4bf92f3577b34da6a3ce929d0e0e4736"
        async with upstream(echoing()) as port, stage(table([port])) as gateway:
            reader, writer = await gateway.connect()
            writer.write(GET[:-2] + b"traceparent: 00-%b-00f067aa0ba902b7-01\r\n\r\n" % trace)
            _, head, body = await answer(reader)
            assert b"x-eden-trace: " + trace in head and b"traceparent: 00-" + trace in body
            writer.close()

    run(work)


@pytest.mark.parametrize(
    ("said", "status", "body"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n", 304, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, b"ok"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1\r\n!\r\n0\r\nX-T: 1\r\n\r\n", 200, b"ok!"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", 200, b"until the end"),
        (b"HTTP/1.0 200 OK\r\n\r\nold", 200, b"old"),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy", 503, b"busy"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 503, b"broken"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxx", 503, b"broken"),
        (b"nonsense\r\n\r\n", 503, b"broken"),
        (b"", 503, b"broken"),
    ],
)
def test_answers_of_all_kinds(said: bytes, status: int, body: bytes) -> None:
    async def handle(reader: Reader, writer: Writer) -> None:
        await request(reader)
        writer.write(said)

    async def work() -> None:
        async with upstream(handle) as port, stage(table([port])) as gateway:
            reader, writer = await gateway.connect()
            writer.write(GET)
            got, head, content = await answer(reader)
            assert (got, content) == (status, body)
            assert b"x-t" not in head
            # whatever it was, the client's connection goes on
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (await answer(reader))[2] == b"ok\n"
            writer.close()

    run(work)


def test_head_has_the_length_of_get() -> None:
    async def handle(reader: Reader, writer: Writer) -> None:
        while True:
            await request(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n")

    async def work() -> None:
        async with upstream(handle) as port, stage(table([port])) as gateway:
            said = await gateway.said(b"HEAD /rpc/shop.get HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert said.lower().count(b"content-length: 1234\r\n") == 1 and said.endswith(b"\r\n\r\n")

    run(work)


def test_head_of_an_operation_that_asks_by_get_has_no_body() -> None:
    async def handle(reader: Reader, writer: Writer) -> None:
        for framing, body in (
            (b"Content-Length: 4", b"body"),
            (b"Transfer-Encoding: chunked", b"4\r\nbody\r\n0\r\n\r\n"),
        ):
            for _ in range(2):
                await request(reader)
                writer.write(b"HTTP/1.1 200 OK\r\n%b\r\n\r\n" % framing)
                await writer.drain()
                await asyncio.sleep(0.02)
                writer.write(body)

    async def work() -> None:
        async with upstream(handle) as port, stage(table([port], Route("shop.get", sends=b"GET"))) as gateway:
            reader, writer = await gateway.connect()
            for _ in range(2):
                writer.write(GET.replace(b"GET", b"HEAD"))
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")
                # nothing of it is left before the next answer
                writer.write(GET)
                status, _, body = await answer(reader)
                assert (status, body) == (200, b"body")
            writer.close()

    run(work)


def test_events_come_as_they_are_sent() -> None:
    async def work() -> None:
        more = asyncio.Event()

        async def handle(reader: Reader, writer: Writer) -> None:
            await request(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            writer.write(b"5\r\none\n\n\r\n")
            await more.wait()
            writer.write(b"5\r\ntwo\n\n\r\n0\r\n\r\n")

        async with upstream(handle) as port, stage(table([port], Route("shop.get", kind="stream"))) as gateway:
            reader, writer = await gateway.connect()
            writer.write(GET)
            assert b"transfer-encoding: chunked" in await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(10) == b"5\r\none\n\n\r\n"
            more.set()
            assert await reader.readexactly(15) == b"5\r\ntwo\n\n\r\n0\r\n\r\n"
            writer.close()

    run(work)


def test_a_stream_for_an_old_client_ends_with_the_connection() -> None:
    async def handle(reader: Reader, writer: Writer) -> None:
        await request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(b"3\r\ntwo\r\n0\r\n\r\n")

    async def work() -> None:
        async with upstream(handle) as port, stage(table([port])) as gateway:
            said = await gateway.said(b"GET /rpc/shop.get HTTP/1.0\r\n\r\n")
            assert said.endswith(b"\r\n\r\nonetwo") and b"chunked" not in said

    run(work)


def test_what_breaks_off_is_seen_to_break_off() -> None:
    async def handle(reader: Reader, writer: Writer) -> None:
        await request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)

    async def work() -> None:
        async with upstream(handle) as port, stage(table([port])) as gateway:
            said = b""
            with contextlib.suppress(ConnectionResetError):
                said = await gateway.said(GET)
            assert b"0\r\n\r\n" not in said
            assert [told for _, told in gateway.steps.over] == [None]

    run(work)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_is_streamed(chunked: bool) -> None:
    """More than any buffer; the upstream begins before the client has ended, and sees it whole."""

    async def work() -> None:
        began = asyncio.Event()

        async def handle(reader: Reader, writer: Writer) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            began.set()
            total = 0
            if b"chunked" in head:
                while size := int(await reader.readline(), 16):
                    total += len(await reader.readexactly(size))
                    await reader.readexactly(2)
                await reader.readexactly(2)
            else:
                total = len(await reader.readexactly(1_500_000))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n%d" % total)

        route = Route("shop.get", body_bytes=2_000_000)
        async with upstream(handle) as port, stage(table([port], route)) as gateway:
            reader, writer = await gateway.connect()
            framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 1500000"
            writer.write(b"POST /rpc/shop.get HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n%b\r\n\r\n" % framing)
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            piece = b"x" * 15_000
            for number in range(100):
                writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
                await writer.drain()
                if number == 50:
                    await began.wait()
            if chunked:
                writer.write(b"0\r\n\r\n")
            assert (await answer(reader))[2] == b"1500000"
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (await answer(reader))[0] == 200
            writer.close()

    run(work)


def test_a_body_that_steps_need_is_held() -> None:
    async def work() -> None:
        route = Route("shop.get", needs_body=True, body_bytes=200_000)
        async with upstream(echoing()) as port, stage(table([port], route)) as gateway:
            reader, writer = await gateway.connect()
            head = (
                b"POST /rpc/shop.get HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
            )
            writer.write(head)
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            for _ in range(10):
                writer.write(b"2710\r\n" + b"x" * 10_000 + b"\r\n")
            writer.write(b"0\r\n\r\n" + GET)
            status, _, body = await answer(reader)
            assert status == 200 and b"content-length: 100000\r\n" in body
            assert gateway.steps.seen[0].body == b"x" * 100_000
            assert (await answer(reader))[0] == 200
            writer.close()

    run(work)


def test_a_body_that_is_to_be_unwrapped_is_held() -> None:
    async def work() -> None:
        async with upstream(echoing()) as port, stage(table([port])) as gateway:
            reader, writer = await gateway.connect()
            writer.write(
                b"POST /mgw.htm HTTP/1.1\r\nHost: a\r\nOperation-Type: shop.get\r\nContent-Length: 100000\r\n\r\n"
            )
            await asyncio.sleep(0.01)
            writer.write(b"x" * 100_000)
            assert (await answer(reader))[0] == 200
            assert gateway.steps.seen[0].body == b"x" * 100_000
            writer.close()

    run(work)


def test_bodies_that_are_held_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large one is taken; beside it, others are not: neither is it hurt by them."""
    monkeypatch.setattr(incoming, "_TAKEN", 100_000)
    head = b"POST /rpc/shop.get HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"

    async def work() -> None:
        route = Route("shop.get", needs_body=True)
        async with upstream(echoing()) as port, stage(table([port], route)) as gateway:
            reader, writer = await gateway.connect()
            writer.write(head % 300_000 + b"x" * 200_000)
            await until(lambda: gateway.gateway.taken == 200_000)
            assert (await gateway.said(head % 10 + b"x")).startswith(b"HTTP/1.1 503 ")
            _, other = await gateway.connect()
            other.write(head % 10)
            writer.write(b"x" * 50_000)
            await until(lambda: gateway.gateway.taken == 250_000)
            writer.write(b"x" * 50_000)
            assert (await answer(reader))[0] == 200
            assert gateway.gateway.taken == 0
            other.write(b"x" * 4)
            await until(lambda: gateway.gateway.taken == 4)
            other.close()
            await until(lambda: gateway.gateway.taken == 0)
            assert (await gateway.said(head % 2_000_000 + b"x")).startswith(b"HTTP/1.1 413 ")
            late, later = await gateway.connect()
            later.write(head % 10 + b"x")
            await until(lambda: gateway.gateway.taken == 1)
            for client in gateway.gateway._clients:
                client.expire(client.deadline)
            assert (await answer(late))[0] == 408
            assert gateway.gateway.taken == 0
            writer.close()
            later.close()

    run(work)


def test_too_large_is_refused_before_it_is_read() -> None:
    async def work() -> None:
        log: list[bytes] = []
        routes = Route("shop.get", body_bytes=100, needs_body=True), Route("shop.put", body_bytes=100_000)
        async with upstream(echoing(log)) as port, stage(table([port], *routes)) as gateway:
            told = await gateway.said(b"POST /rpc/shop.get HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n")
            assert told.startswith(b"HTTP/1.1 413 ")
            chunks = b"Transfer-Encoding: chunked\r\n\r\n" + b"40\r\n%b\r\n" % (b"x" * 64) * 2
            told = await gateway.said(b"POST /rpc/shop.get HTTP/1.1\r\nHost: a\r\n" + chunks)
            assert told.startswith(b"HTTP/1.1 413 ")
            assert not log
            assert [(told.status, told.code) for _, told in gateway.steps.over if told] == []
            # while it is streamed, too
            chunks = b"Transfer-Encoding: chunked\r\n\r\n" + b"4000\r\n%b\r\n" % (b"x" * 0x4000) * 8
            told = await gateway.said(b"POST /rpc/shop.put HTTP/1.1\r\nHost: a\r\n" + chunks)
            assert told.startswith(b"HTTP/1.1 413 ")

    run(work)


def test_an_early_answer_ends_an_upload() -> None:
    async def handle(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno")
        await reader.read()

    async def work() -> None:
        async with upstream(handle) as port, stage(table([port])) as gateway:
            said = await gateway.said(b"POST /rpc/shop.get HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\nxxx")
            assert said.startswith(b"HTTP/1.1 403 ") and b"connection: close" in said and said.endswith(b"no")

    run(work)


def test_the_steps_answer_themselves() -> None:
    async def work() -> None:
        async with upstream(echoing()) as port, stage(table([port])) as gateway:
            gateway.steps.answers["shop.get"] = Answer(429, [(b"result-status", b"1002")], b"later", 1002)
            reader, writer = await gateway.connect()
            for _ in range(3):
                writer.write(GET)
                status, head, body = await answer(reader)
                assert (status, body) == (429, b"later") and b"result-status: 1002" in head
            assert gateway.measures.noted == [("shop.get", 1002, 429)] * 3
            writer.close()

    run(work)


def test_a_header_of_two_lines_is_never_sent() -> None:
    async def work() -> None:
        async with upstream(echoing()) as port, stage(table([port])) as gateway:
            gateway.steps.answers["shop.get"] = Answer(200, [(b"x", b"a\r\nset-cookie: b")], b"")
            said = await gateway.said(GET)
            assert said.startswith(b"HTTP/1.1 500 ") and b"set-cookie" not in said

    run(work)


def test_authorizer_is_asked_first() -> None:
    async def handle(reader: Reader, writer: Writer) -> None:
        while True:
            head, _ = await request(reader)
            body = b"alice" if b" /who " in head else head
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    async def work() -> None:
        routes = Route("shop.get", authorizer="who"), Route("who")
        async with upstream(handle) as port, stage(table([port], *routes)) as gateway:
            reader, writer = await gateway.connect()
            for _ in range(2):
                writer.write(GET)
                assert b"x-eden-principal: alice\r\n" in (await answer(reader))[2]
            writer.close()

    run(work)


def test_nobody_is_authorized_when_the_authorizer_is_away() -> None:
    async def work() -> None:
        async with upstream(echoing()) as port:
            pass
        routes = Route("shop.get", authorizer="who"), Route("who")
        async with stage(table([port], *routes)) as gateway:
            reader, writer = await gateway.connect()
            writer.write(GET)
            assert (await answer(reader))[0] == 401
            writer.close()

    run(work)


def test_websocket_passes_both_ways() -> None:
    async def handle(reader: Reader, writer: Writer) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"upgrade: websocket\r\n" in head and b"sec-websocket-key: k\r\n" in head
        writer.write(
            b"HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: a\r\n\r\nhello"
        )
        while data := await reader.read(65536):
            writer.write(data.upper())
            await writer.drain()

    async def work() -> None:
        async with upstream(handle) as port, stage(table([port], Route("shop.get", kind="websocket"))) as gateway:
            reader, writer = await gateway.connect()
            writer.write(
                GET[:-2] + b"Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\nfirst"
            )
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 101 ") and b"sec-websocket-accept: a" in head
            assert await reader.readexactly(10) == b"helloFIRST"
            writer.write(b"x" * 2_000_000)
            assert await reader.readexactly(2_000_000) == b"X" * 2_000_000
            writer.write_eof()
            assert await reader.read() == b""
            assert [told.status for _, told in gateway.steps.over if told] == [101]
            writer.close()

    run(work)


def test_an_upgrade_that_is_not_wanted_is_an_ordinary_call() -> None:
    async def work() -> None:
        async with upstream(echoing()) as port, stage(table([port])) as gateway:
            reader, writer = await gateway.connect()
            for _ in range(2):
                writer.write(GET[:-2] + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
                status, _, sent = await answer(reader)
                assert status == 200 and b"upgrade" not in sent.lower()
            writer.close()

    run(work)


def test_ok_is_small() -> None:
    """One write each way for a small call: what the client reads at once is the whole answer."""

    async def handle(reader: Reader, writer: Writer) -> None:
        while True:
            await request(reader)
            writer.write(OK)

    async def work() -> None:
        async with upstream(handle) as port, stage(table([port])) as gateway:
            reader, writer = await gateway.connect()
            writer.write(GET)
            assert (await reader.read(65536)).endswith(b"\r\n\r\nok")
            writer.close()

    run(work)
