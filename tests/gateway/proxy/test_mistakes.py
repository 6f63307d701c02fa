"""Mistakes of ours: a step that fails is said in the log and to the client, and hurts nobody else."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from eden.gateway.exchange import Answer, Exchange, Headers
from eden.gateway.pipeline import pipeline, straight
from eden.gateway.pipeline.headers import returned
from eden.gateway.pipeline.local import LocalBuckets, LocalNonces
from eden.gateway.proxy.gateway import Tables
from tests.gateway.proxy.stage import (
    GET,
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
    upstream,
)
from tests.gateway.proxy.test_straight import USUAL, Measures, World, a_call, both


def breaks(*_: Any) -> Any:
    raise LookupError("a mistake")


async def streaming(reader: Reader, writer: Writer) -> None:
    """Sends the head of an answer, and never all of its body."""
    await request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
    await reader.read()


#: step that fails → its operation, and what its service does
STEPS = {
    "before": (Route("shop.get"), echoing()),
    "authorized": (Route("shop.get", authorizer="who"), echoing()),
    "locate": (Route("shop.get"), echoing()),
    "after": (Route("shop.get"), echoing()),
    "after a whole answer": (Route("shop.get", whole=True), echoing()),
    "after the head of an answer": (Route("shop.get"), streaming),
    "again": (Route("shop.get"), None),
    "failed": (Route("shop.get"), None),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_fails_is_answered(
    step: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    route, handler = STEPS[step]

    async def work() -> None:
        async with (
            upstream(handler or echoing()) as port,
            stage(table([port] if handler else [1], route, Route("who"))) as gateway,
        ):
            monkeypatch.setattr(gateway.steps, step.split()[0], breaks)
            if step == "locate":
                _looks_up(gateway)
            said = await gateway.said(GET)
            assert said.startswith(b"HTTP/1.1 500 ") and b"connection: close\r\n" in said
            assert b"The gateway made a mistake" in said and b"LookupError" not in said
            assert gateway.measures.noted == [("shop.get", 7000, 500)]
            [target] = gateway.gateway.pools["w", "shop/main"].targets
            assert (target.outstanding, len(target.idle)) in ((0, 0), (0, 1))
        assert "LookupError: a mistake" in caplog.text

    with caplog.at_level(logging.ERROR):
        run(work)


def _looks_up(gateway: Stage) -> None:
    before = gateway.steps.before

    def locates(exchange: Any) -> Answer | None:
        exchange.locates = True
        return before(exchange)

    gateway.steps.before = locates  # type: ignore[method-assign]


def test_nothing_follows_an_answer_that_is_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with upstream(echoing()) as port, stage(table([port])) as gateway:
            monkeypatch.setattr(gateway.measures, "note", breaks)
            reader, writer = await gateway.connect()
            writer.write(GET)
            assert (await answer(reader))[0] == 200
            with pytest.raises(ConnectionResetError):
                assert await reader.read() == b""
                raise ConnectionResetError
            writer.close()

    run(work)


def test_half_an_answer_is_seen_to_be_half() -> None:
    async def work() -> None:
        async with upstream(streaming) as port, stage(table([port])) as gateway:
            reader, writer = await gateway.connect()
            writer.write(GET)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ") and b"content-length: 9\r\n" in head
            [client] = gateway.gateway._clients
            try:
                raise LookupError("a mistake")
            except LookupError:
                client.unexpected()
            with pytest.raises(ConnectionResetError):
                assert await reader.read() == b""
                raise ConnectionResetError
            writer.close()

    run(work)


def _broken_headers(headers: Any) -> Headers:
    made = returned(headers)
    assert (b"x-broken", b"1") not in made
    return made


@pytest.mark.parametrize("where", ["nonces", "buckets", "headers"])
def test_both_ways_fail_alike(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """A call that goes straight is answered with its trace, as any other."""
    worlds: list[World] = []
    connect = World.connect

    def noted(world: World) -> None:
        worlds.append(world)
        connect(world)

    monkeypatch.setattr(World, "connect", noted)

    def kept(measures: Measures, exchange: Exchange, told: Answer, *_: Any) -> None:
        caller = exchange.app, exchange.device, exchange.peer, exchange.operation
        measures.noted.append((caller, exchange.upstream, exchange.attempt, told.code, told.status, told.reason))

    monkeypatch.setattr(Measures, "trace", kept)

    def third(*_: Any) -> Any:
        if worlds[-1].said == 3:
            raise LookupError("a mistake")
        return True if where == "nonces" else -1

    if where == "nonces":
        monkeypatch.setattr(LocalNonces, "take", third)
    elif where == "buckets":
        monkeypatch.setattr(LocalBuckets, "take", third)
    else:
        for module in (pipeline, straight):
            monkeypatch.setattr(module, "returned", _broken_headers)
    broken = USUAL.replace(b"Server: s", b"X-Broken: 1") if where == "headers" else USUAL
    acts: list[tuple[str, Any]] = []
    for number in range(1, 5):
        acts += [("say", a_call(number)), ("answer", [broken if number == 3 else USUAL])]

    async def work() -> None:
        assert await both(monkeypatch, ({"limits": {"rate": 1.0, "burst": 100}}, {}), acts) == 1 + (where == "headers")
        world = worlds[-1]
        said = next(wire.said for _, wire in world.clients if b" 500 " in wire.said)
        assert said.count(b"HTTP/1.1 ") == 3 and b'"resultStatus":5000' in said
        trace = said.rpartition(b"x-eden-trace: ")[2][:32]
        assert b'"trace":"%b"' % trace in said
        [target] = world.targets
        assert target.outstanding == 0

    run(work)


STRAYS = {
    "no HTTP": (b"nonsense\r\n\r\n", 501),
    "another address": (b"GET /elsewhere HTTP/1.1\r\nHost: a\r\n\r\n", 404),
    "nobody's": (b"GET /rpc/shop.get HTTP/1.1\r\nHost: a\r\nx-eden-app: nobody\r\n\r\n", 404),
    "two apps": (b"GET /rpc/shop.get?x-eden-app=a&x-eden-app=b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
}


@pytest.mark.parametrize("what", STRAYS)
def test_what_is_no_call_has_a_trace_that_everybody_may_look_up(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    data, status = STRAYS[what]

    async def work() -> None:
        world = World(monkeypatch)
        world.gateway.swap(Tables({"w1": world.house.table, "w2": world.house.table}, {"app-1": "w1"}))
        seen: list[Any] = []
        world.measures.trace = lambda *about: seen.append(about)  # type: ignore[method-assign]
        await world.act("say", data)
        said = world.clients[-1][1].said
        assert b'"status":%d' % status in said
        [(exchange, told, _, workspaces)] = seen
        assert b"x-eden-trace: %b\r\n" % exchange.trace.encode() in said
        assert b'"trace":"%b"' % exchange.trace.encode() in said
        assert (told.code, told.status, list(workspaces)) == (told.code, status, ["w1", "w2"])
        await world.gateway.close()

    run(work)


def test_a_gateway_without_catalogues_gives_traces_too() -> None:
    async def work() -> None:
        async with stage(table([1])) as gateway:
            gateway.gateway.swap(Tables({}, {}))
            assert b"\r\nx-eden-trace: " in await gateway.said(b"nonsense\r\n\r\n")
            await asyncio.sleep(0)

    run(work)
