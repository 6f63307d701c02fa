"""One worker process of the gateway: started by `run`, never by hand.

Standard input brings one line with its order and stays open as long as the supervisor lives: at its end, or at a
signal, the worker drains. Standard output says "ready" once.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import random
import signal
import socket
import sys
import threading
import time
from contextlib import AsyncExitStack

import msgspec
import uvloop

from eden.base import telemetry
from eden.base.changes import Feed
from eden.base.errors import EdenError
from eden.base.garbage import settle
from eden.base.ground import open_ground
from eden.base.migrate import check_at_head
from eden.base.settings import Settings
from eden.gateway.figures import Figures
from eden.gateway.pipeline.pipeline import Pipeline
from eden.gateway.proxy.connection import Client
from eden.gateway.proxy.gateway import Gateway, Tables
from eden.gateway.proxy.loading import Loader
from eden.gateway.proxy.shared import Layout, Shared

#: seconds between two words to the supervisor that all is well
BEAT_S = 0.5
#: exit code of a worker that has to begin anew
AGAIN = 3

log = logging.getLogger("eden.gateway")


class Order(msgspec.Struct, frozen=True):
    """What the supervisor tells a new worker; `listener` and `memory` are file descriptors."""

    settings: Settings
    listener: int
    memory: int
    layout: Layout
    number: int


async def serve(order: Order) -> int:
    """Take calls until a signal comes, or standard input ends; the exit code."""
    settings = order.settings
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    _watch_parent(loop, stop)
    async with AsyncExitStack() as stack:
        ground = open_ground(settings)
        stack.callback(ground.close)
        await ground.database.read(check_at_head)
        ground.feed.poll_seconds = settings.gateway.poll_ms / 1000
        shared = Shared(order.layout, order.memory, order.number)
        stack.callback(shared.close)
        steps = Pipeline(
            shared.nonces,
            shared.buckets,
            clock=time.monotonic,
            draw=random.random,
            random_bytes=os.urandom,
            resolve=_addresses,
        )
        figures = Figures(ground.metrics)
        gateway = Gateway(settings.gateway, steps, figures, Tables({}, {}), settings.listen.proxies)
        stack.push_async_callback(gateway.close)
        stack.push_async_callback(ground.feed.stop)
        gateway.swap(await Loader(ground, gateway.swap).start())
        tasks = [
            loop.create_task(figures.run(ground.database), name="eden-gateway-figures"),
            loop.create_task(_beat(gateway, shared, stop, ground.feed), name="eden-gateway-beat"),
        ]
        stack.push_async_callback(_end, tasks)
        listener = socket.socket(fileno=order.listener)
        keep_alive(listener)
        server = await loop.create_server(lambda: Client(gateway), sock=listener, backlog=2048)
        gc.collect()
        settle()
        print("ready", flush=True)
        await stop.wait()
        server.close()
        await gateway.drain(settings.gateway.drain_seconds)
        return AGAIN if ground.feed.missed else 0


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _addresses(host: str, port: int) -> list[str]:
    """What a name stands for now, by the system's resolver. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def _beat(gateway: Gateway, shared: Shared, stop: asyncio.Event, feed: Feed) -> None:
    while True:
        shared.state.write(
            pid=os.getpid(),
            beat_ms=time.time_ns() // 1_000_000,
            connections=gateway.connections,
            calls=gateway.calls,
            refused=gateway.refused,
            feed=feed.seen,
        )
        if feed.missed:
            stop.set()
        await asyncio.sleep(BEAT_S)


def keep_alive(listener: socket.socket) -> None:
    """Connections inherit it: a client whose machine has gone is found within two minutes."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform == "linux":
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 15)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4)


def _watch_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    def watch() -> None:
        # without Python's buffer, whose lock would be held when the interpreter ends
        while os.read(0, 4096):
            pass
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=watch, name="eden-parent", daemon=True).start()


def main() -> int:
    """The process's exit code."""
    # a Ctrl-C at the terminal is the supervisor's, who stops its processes in order
    os.setpgid(0, 0)
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    telemetry.start_logs(order.settings.logs)
    try:
        return uvloop.run(serve(order))
    except EdenError as error:
        print(f"eden: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
