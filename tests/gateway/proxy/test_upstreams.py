"""Upstreams that are slow, gone, ill or full; changes of the catalogue under load; clients that drip; draining."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from tests.gateway.proxy.stage import (
    GET,
    OK,
    Handler,
    Reader,
    Route,
    Stage,
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


def saying(word: bytes) -> Handler:
    async def handle(reader: Reader, writer: Writer) -> None:
        while True:
            await request(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(word), word))

    return handle


async def asked(gateway: Stage, data: bytes = GET) -> tuple[int, bytes]:
    reader, writer = await gateway.connect()
    writer.write(data)
    try:
        status, _, body = await answer(reader)
        return status, body
    finally:
        writer.close()


def test_connections_are_kept_and_bounded() -> None:
    """Calls that find none wait their turn; those for which the queue has no room are refused."""

    async def work() -> None:
        made, waiting = 0, asyncio.Semaphore(0)

        async def handle(reader: Reader, writer: Writer) -> None:
            nonlocal made
            made += 1
            while True:
                await request(reader)
                await waiting.acquire()
                writer.write(OK)

        async with upstream(handle) as port, stage(table([port], connections=2, queue=3)) as gateway:
            calls = [asyncio.create_task(asked(gateway)) for _ in range(8)]
            await until(lambda: sum(call.done() for call in calls) == 3)
            for _ in calls:
                waiting.release()
            answers = await asyncio.gather(*calls)
            assert sorted(answers) == [(200, b"ok")] * 5 + [(503, b"queue")] * 3
            assert made == 2

    run(work)


def test_who_waits_for_a_target_that_is_replaced_is_served_by_the_other() -> None:
    async def work() -> None:
        never = asyncio.Event()

        async def silent(reader: Reader, writer: Writer) -> None:
            await request(reader)
            await never.wait()

        async with (
            upstream(silent) as old,
            upstream(saying(b"new")) as new,
            stage(table([old], connections=1)) as gateway,
        ):
            held = asyncio.create_task(asked(gateway))
            (pool,) = gateway.gateway.pools.values()
            await until(lambda: pool.targets[0].outstanding == 1)
            waits = asyncio.create_task(asked(gateway))
            await until(lambda: len(pool.waiting) == 1)
            gateway.change(table([new], connections=1))
            assert await asyncio.wait_for(waits, 2) == (200, b"new")
            held.cancel()
            never.set()

    run(work)


def test_a_slow_upstream_is_not_waited_for() -> None:
    async def work() -> None:
        async def handle(reader: Reader, writer: Writer) -> None:
            await reader.read()

        slow, well = Route("shop.get", timeout_ms=200), Route("shop.well", path=b"/well", upstream="shop/well")
        async with upstream(handle) as port, upstream(echoing()) as other:
            made = table([port], slow, well)
            both = type(made)({**made.upstreams, "shop/well": table([other]).upstreams["shop/main"]}, made.routes)
            async with stage(both) as gateway:
                calls = [asyncio.create_task(asked(gateway)) for _ in range(20)]
                # others are served meanwhile
                assert (await asked(gateway, GET.replace(b"shop.get", b"shop.well")))[0] == 200
                assert {await call for call in calls} == {(504, b"timeout")}

    run(work)


def test_nobody_there() -> None:
    async def work() -> None:
        async with upstream(echoing()) as port:
            pass
        async with stage(table([port])) as gateway:
            assert await asked(gateway) == (503, b"connect")

    run(work)


def test_tries_again_elsewhere_when_nothing_was_sent() -> None:
    async def work() -> None:
        async with upstream(echoing()) as gone:
            pass
        async with (
            upstream(saying(b"here")) as port,
            stage(table([gone, port], Route("shop.get", retries=1))) as gateway,
        ):
            assert {(await asked(gateway))[1] for _ in range(20)} == {b"here"}

    run(work)


@pytest.mark.parametrize(("method", "expected"), [(b"GET", (200, b"ok")), (b"POST", (503, b"broken"))])
def test_a_connection_that_was_closed_while_idle(method: bytes, expected: tuple[int, bytes]) -> None:
    """The upstream takes the second request on a connection and closes it without a word: what may be repeated is."""

    async def work() -> None:
        async def handle(reader: Reader, writer: Writer) -> None:
            await request(reader)
            writer.write(OK)
            await reader.read(1)

        call = method + b" /rpc/shop.get HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
        async with upstream(handle) as port, stage(table([port])) as gateway:
            assert await asked(gateway, call) == (200, b"ok")
            assert await asked(gateway, call) == expected

    run(work)


def test_calls_are_spread_by_weight() -> None:
    async def work() -> None:
        async with (
            upstream(saying(b"a")) as one,
            upstream(saying(b"b")) as two,
            stage(table([one, two])) as gateway,
        ):
            got = [(await asked(gateway))[1] for _ in range(60)]
            assert 10 < got.count(b"a") < 50

    run(work)


def test_a_target_without_weight_is_never_asked() -> None:
    """Neither when it is chosen, nor when the others have no connection to spare."""

    async def work() -> None:
        async def slow(reader: Reader, writer: Writer) -> None:
            while True:
                await request(reader)
                await asyncio.sleep(0.02)
                writer.write(OK)

        async with upstream(slow) as one, upstream(saying(b"b")) as two:
            urls = [{"url": f"http://127.0.0.1:{one}"}, {"url": f"http://127.0.0.1:{two}", "weight": 0}]
            async with stage(table([], targets=urls, connections=1)) as gateway:
                assert {answer[1] for answer in await asyncio.gather(*(asked(gateway) for _ in range(10)))} == {b"ok"}

    run(work)


def test_checks_take_a_target_out_and_back() -> None:
    async def work() -> None:
        well = True

        async def handle(reader: Reader, writer: Writer) -> None:
            while True:
                head, _ = await request(reader)
                good = well or b"GET /health " not in head
                writer.write(OK if good else OK.replace(b"200", b"500"))

        health = {"path": "/health", "interval_ms": 10, "timeout_ms": 1000, "healthy": 2, "unhealthy": 2}
        async with upstream(handle) as port, stage(table([port], health=health)) as gateway:
            pool = next(iter(gateway.gateway.pools.values()))
            assert (await asked(gateway))[0] == 200
            well = False
            await until(lambda: not pool.targets[0].well)
            assert await asked(gateway) == (503, b"none")
            well = True
            await until(lambda: pool.targets[0].well)
            assert (await asked(gateway))[0] == 200

    run(work)


def test_a_target_that_fails_rests() -> None:
    async def work() -> None:
        async def bad(reader: Reader, writer: Writer) -> None:
            while True:
                await request(reader)
                writer.write(OK.replace(b"200", b"500"))

        outlier = {"consecutive": 3, "eject_ms": 60_000, "most_share": 50}
        async with (
            upstream(bad) as one,
            upstream(saying(b"good")) as two,
            stage(table([one, two], outlier=outlier)) as gateway,
        ):
            for _ in range(100):
                await asked(gateway)
            assert {await asked(gateway) for _ in range(20)} == {(200, b"good")}
            # never all of them: the other one stays, whatever it does
            pool = next(iter(gateway.gateway.pools.values()))
            for _ in range(10):
                pool.targets[1].failed()
            assert (await asked(gateway)) == (200, b"good")

    run(work)


def test_changes_under_load_break_nothing() -> None:
    """A hundred tables while calls run on kept connections; each call is answered by one of the upstreams."""

    async def work() -> None:
        async with upstream(saying(b"a")) as one, upstream(saying(b"b")) as two, stage(table([one])) as gateway:
            over = False
            counts: dict[bytes, int] = {}

            async def load() -> None:
                reader, writer = await gateway.connect()
                while not over:
                    writer.write(GET)
                    status, _, body = await answer(reader)
                    assert status == 200
                    counts[body] = counts.get(body, 0) + 1
                writer.close()

            loads = [asyncio.create_task(load()) for _ in range(16)]
            for number in range(100):
                gateway.change(table([two] if number % 2 == 0 else [one], connections=1 + number % 50))
                await asyncio.sleep(0.005)
            over = True
            await asyncio.gather(*loads)
            assert counts[b"a"] > 50 and counts[b"b"] > 50

    run(work)


def test_a_removed_operation_is_gone_and_running_calls_end() -> None:
    async def work() -> None:
        go_on = asyncio.Event()

        async def handle(reader: Reader, writer: Writer) -> None:
            await request(reader)
            await go_on.wait()
            writer.write(OK)

        async with upstream(handle) as port, stage(table([port])) as gateway:
            running = asyncio.create_task(asked(gateway))
            await until(lambda: len(gateway.steps.seen) == 1)
            await asyncio.sleep(0.05)
            made = table([port])
            gateway.change(type(made)({}, {}))
            assert (await asked(gateway))[0] == 404
            go_on.set()
            assert await running == (200, b"ok")

    run(work)


def test_slow_clients_are_cut_off_and_hurt_nobody() -> None:
    async def work() -> None:
        async with upstream(echoing()) as port, stage(table([port]), header_seconds=1, idle_seconds=1) as gateway:
            slow = [await gateway.connect() for _ in range(50)]
            for number, (_, writer) in enumerate(slow):
                # nothing at all, a part of a head
                writer.write(GET[: number % 30])
            assert (await asked(gateway))[0] == 200
            ends = await asyncio.gather(*(reader.read() for reader, _ in slow))
            assert all(end == b"" or end.startswith(b"HTTP/1.1 408 ") for end in ends)
            assert any(end for end in ends)
            for _, writer in slow:
                writer.close()

    run(work)


def test_a_client_that_does_not_read_holds_back_its_own_answer_only() -> None:
    async def work() -> None:
        written = 0

        async def handle(reader: Reader, writer: Writer) -> None:
            nonlocal written
            await request(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
            for _ in range(2000):
                writer.write(piece)
                await writer.drain()
                written += 65536

        async with upstream(handle) as port, stage(table([port], Route("shop.get", kind="stream"))) as gateway:
            _, writer = await asyncio.open_connection("127.0.0.1", gateway.port, limit=1024)
            writer.write(GET)
            before = -1
            while written != before:
                before = written
                await asyncio.sleep(0.2)
            # of 131 MB only what the buffers between the two hold
            assert written < 30_000_000
            writer.transport.abort()
            await until(lambda: len(gateway.steps.over) == 1)
            assert gateway.steps.over[0][1] is None

    run(work)


def test_more_connections_than_allowed_are_told_so() -> None:
    async def work() -> None:
        async with upstream(echoing()) as port, stage(table([port]), connections=3) as gateway:
            held = [await gateway.connect() for _ in range(3)]
            await until(lambda: gateway.gateway.connections == 3)
            assert (await gateway.said(b"")).startswith(b"HTTP/1.1 503 ")
            held.pop()[1].close()
            await until(lambda: gateway.gateway.connections == 2)
            assert (await asked(gateway))[0] == 200
            for _, writer in held:
                writer.close()

    run(work)


def test_the_upstream_hears_that_a_client_has_left() -> None:
    async def work() -> None:
        left = asyncio.Event()

        async def handle(reader: Reader, writer: Writer) -> None:
            await request(reader)
            with contextlib.suppress(ConnectionError):
                await reader.read()
            left.set()

        async with upstream(handle) as port, stage(table([port])) as gateway:
            _, writer = await gateway.connect()
            writer.write(GET)
            await until(lambda: len(gateway.steps.seen) == 1)
            await asyncio.sleep(0.05)
            writer.close()
            async with asyncio.timeout(20):
                await left.wait()
            await until(lambda: [told for _, told in gateway.steps.over] == [None])

    run(work)


def test_draining_lets_a_call_end_and_no_other_begin() -> None:
    async def work() -> None:
        go_on = asyncio.Event()

        async def handle(reader: Reader, writer: Writer) -> None:
            await request(reader)
            await go_on.wait()
            writer.write(OK)

        async with upstream(handle) as port, stage(table([port])) as gateway:
            idle, idle_writer = await gateway.connect()
            await until(lambda: gateway.gateway.connections == 1)
            running = asyncio.create_task(asked(gateway, GET))
            await until(lambda: len(gateway.steps.seen) == 1)
            draining = asyncio.create_task(gateway.gateway.drain(20))
            assert await idle.read() == b""
            go_on.set()
            assert await running == (200, b"ok")
            await draining
            idle_writer.close()

    run(work)


def test_draining_does_not_wait_forever() -> None:
    async def work() -> None:
        async def handle(reader: Reader, writer: Writer) -> None:
            await reader.read()

        async with upstream(handle) as port, stage(table([port])) as gateway:
            reader, writer = await gateway.connect()
            writer.write(GET)
            await until(lambda: len(gateway.steps.seen) == 1)
            await gateway.gateway.drain(0.1)
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            writer.close()

    run(work)
