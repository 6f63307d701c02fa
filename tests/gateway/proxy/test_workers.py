"""The worker processes, as operators run them: real processes, database, signatures; changes, deaths, draining."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from eden.base.errors import EdenError
from eden.gateway.figures import decode
from eden.gateway.models import gateway_figures
from eden.gateway.proxy.run import beside
from eden.gateway.proxy.worker import keep_alive
from tests.gateway.proxy.installed import Installed, installed, shop
from tests.gateway.proxy.stage import answer, echoing, run, until, upstream


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Installed]:
    with installed(tmp_path, processes=2) as made:
        yield made


async def _said(port: int, request: bytes) -> tuple[int, bytes, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    try:
        return await answer(reader)
    finally:
        writer.close()


def test_signed_calls_through_two_workers(site: Installed) -> None:
    async def work() -> None:
        async with upstream(echoing()) as service:
            await asyncio.to_thread(site.put, shop(service))
            running = beside(site.settings)
            port = await asyncio.to_thread(running.__enter__)
            try:
                status, head, body = await _said(port, site.call("shop.echo", b'{"a": 1}'))
                assert status == 200 and b"result-status: 1000" in head
                assert body.startswith(b"POST /echo HTTP/1.1\r\n") and body.endswith(b'{"a": 1}')
                # a nonce counts once, whichever worker is asked
                call = site.call("shop.echo", nonce="0123456789abcdef")
                answers = [(await _said(port, call))[0] for _ in range(12)]
                assert answers.count(200) == 1
                # an unknown app, a wrong signature
                assert (await _said(port, call.replace(b"x-eden-app: shop", b"x-eden-app: other")))[0] in (401, 403)
                # a catalogue that is put while the gateway runs is served soon
                changed = shop(service)
                changed["operations"]["shop.echo"]["path"] = "/changed"
                await asyncio.to_thread(site.put, changed)
                for _ in range(200):
                    body = (await _said(port, site.call("shop.echo")))[2]
                    if body.startswith(b"POST /changed "):
                        break
                    await asyncio.sleep(0.02)
                else:
                    pytest.fail("the change was never served")
            finally:
                await asyncio.to_thread(running.__exit__, None, None, None)

    run(work)
    # what the workers counted is in the database once they have ended
    rows = site.ground.database.read_now(lambda connection: connection.execute(gateway_figures.select()).all())
    assert sum(decode(row.tally).calls for row in rows) >= 14


def test_dead_worker_is_replaced_and_keeps_its_nonces(site: Installed) -> None:
    async def work() -> None:
        async with upstream(echoing()) as service:
            await asyncio.to_thread(site.put, shop(service))
            running = beside(site.settings)
            port = await asyncio.to_thread(running.__enter__)
            try:
                call = site.call("shop.echo", nonce="fedcba9876543210")
                assert (await _said(port, call))[0] == 200
                for worker in _workers():
                    os.kill(worker, signal.SIGKILL)
                # connections that nobody has taken wait for the next worker
                answers = await asyncio.gather(*(_said(port, site.call("shop.echo")) for _ in range(8)))
                assert [status for status, _, _ in answers] == [200] * 8
                assert [(await _said(port, call))[0] == 200 for _ in range(6)] == [False] * 6
            finally:
                await asyncio.to_thread(running.__exit__, None, None, None)

    run(work)


def test_a_call_that_runs_ends_before_the_gateway_does(site: Installed) -> None:
    async def work() -> None:
        asked, go_on = asyncio.Event(), asyncio.Event()

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            asked.set()
            await go_on.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")

        async with upstream(handle) as service:
            await asyncio.to_thread(site.put, shop(service))
            running = beside(site.settings)
            port = await asyncio.to_thread(running.__enter__)
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            idle_reader, idle_writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(site.call("shop.echo"))
            await asked.wait()
            ending = asyncio.create_task(asyncio.to_thread(running.__exit__, None, None, None))
            # who has nothing to ask is let go at once, and nobody new is taken
            assert await idle_reader.read() == b""
            go_on.set()
            status, _, body = await answer(reader)
            assert (status, body) == (200, b"late")
            # and then the connection is let go, too
            assert await reader.read() == b""
            await ending
            writer.close()
            idle_writer.close()
            with pytest.raises(OSError):
                await asyncio.open_connection("127.0.0.1", port)

    run(work)


def test_an_operation_of_a_newer_eden_ends_with_500_and_others_go_on(site: Installed) -> None:
    async def work() -> None:
        async with upstream(echoing()) as service:
            await asyncio.to_thread(site.put, shop(service))
            document = shop(service)
            document["operations"]["shop.winged"] = document["operations"]["shop.echo"] | {"wings": 2}
            await asyncio.to_thread(site.put_stored, 2, document)
            running = beside(site.settings)
            port = await asyncio.to_thread(running.__enter__)
            try:
                status, head, body = await _said(port, site.call("shop.winged"))
                assert status == 500 and b"result-status: 5000" in head and b"wings" not in body
                assert (await _said(port, site.call("shop.echo")))[0] == 200
            finally:
                await asyncio.to_thread(running.__exit__, None, None, None)

    run(work)


@pytest.mark.skipif(sys.platform != "linux", reason="connections inherit options of their listener there")
def test_a_client_whose_machine_has_gone_is_found() -> None:
    async def work() -> None:
        accepted: list[socket.socket] = []

        class Seen(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                accepted.append(transport.get_extra_info("socket"))

        listener = socket.create_server(("127.0.0.1", 0))
        keep_alive(listener)
        server = await asyncio.get_running_loop().create_server(Seen, sock=listener)
        _, writer = await asyncio.open_connection(*listener.getsockname())
        await until(lambda: bool(accepted))
        [connection] = accepted
        assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        idle, between, tries = (
            connection.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        )
        assert idle + between * tries <= 120
        writer.close()
        server.close()

    run(work)


def test_a_port_that_is_taken_is_told(site: Installed) -> None:
    with beside(site.settings) as port:
        gateway = type(site.settings.gateway)(port=port)
        taken = type(site.settings)(data=site.settings.data, gateway=gateway, logs=site.settings.logs)
        with pytest.raises(EdenError), beside(taken):
            pass


def _workers() -> list[int]:
    """Workers of the gateways that this process has started."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            grandparent = int(Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if b"eden.gateway.proxy.worker" in words and grandparent == os.getpid():
            found.append(int(place.name))
    assert found
    return found
