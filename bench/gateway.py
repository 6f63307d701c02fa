"""The gateway's data plane beside nginx and Envoy, in one run and with the same bytes: signed calls of one operation,
to an nginx that answers a kilobyte. All three route, limit, and count; only the gateway verifies signatures and
remembers nonces. One worker each; what counts is processor time, so that a busy machine is no excuse and no help.

`against`: calls for a second of processor time (`…_calls_per_cpu_s`), in alternate rounds, medians; `of_nginx`,
`of_envoy`: the gateway's share of theirs.

`connections`: `p99_ms` of a thousand connections at a rate of fixed moments, measured from those.

`changes`: from the commit of a catalogue until a call is answered by it, while calls run, in the middle and largest:
`change_ms` of one operation of few; `defaults_ms` of what holds for all of 5,000, in a document of 5 MB; `whole_ms` of
these 5,000 themselves. `waited_ms`: the longest that a call waited beside each of the latter; `broken`: of the calls.

`attacks`: `passed`: requests that reached the service from clients that smuggle; `hurt`: calls of others that failed
beside them, beside thousands of heads that drip, floods of headers, half-open connections and a slow service;
`attacked_p99_ms`.

`fuzz`: `spoiled` requests, heads and bodies with some of their bytes in another's place; `harm`: of them that crashed
something, or reached the service as what an independent reader does not see in them.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
import uvloop

from bench._gateway_changes import changes
from bench._gateway_load import Measured, Order
from bench._gateway_proxies import backend, children, envoy_proxy, nginx_proxy, processor_seconds
from bench._harness import Figure
from eden.gateway.proxy.run import beside
from tests.gateway.proxy.fuzz import fuzz
from tests.gateway.proxy.installed import APP, Installed, installed, shop
from tests.gateway.proxy.test_framing import ATTACKS

_LIMITS = {"limits": {"rate": 1_000_000.0, "per_device": 1_000_000.0}}


@contextmanager
def _site() -> Iterator[tuple[Path, Installed, int]]:
    """A folder, an installation whose catalogue leads to a backend, and the backend's port."""
    with (
        tempfile.TemporaryDirectory(prefix="eden-bench-") as name,
        backend(Path(name) / "backend") as service,
        installed(Path(name) / "data", processes=1, nonces=1 << 20) as site,
    ):
        site.put(shop(service, **_LIMITS))
        yield Path(name), site, service


def load(order: Order) -> Measured:
    """Run an order in a process of its own."""
    process = subprocess.run(
        [sys.executable, "-m", "bench._gateway_load"],
        input=msgspec.json.encode(order),
        capture_output=True,
        check=False,
    )
    if process.returncode:
        raise RuntimeError(process.stderr.decode()[-2000:])
    return msgspec.json.decode(process.stdout, type=Measured)


def _order(site: Installed, port: int, calls: int, connections: int = 64, rate: float = 0.0) -> Order:
    return Order(port, "shop.echo", APP, site.kid, site.secret, calls, connections, rate)


def _good(measured: Measured) -> Measured:
    if set(measured.statuses) != {200}:
        raise RuntimeError(f"not all calls were answered well: {measured.statuses}")
    return measured


def _against(quick: bool) -> Iterable[Figure]:
    calls, rounds = (2_000, 1) if quick else (60_000, 5)
    with _site() as (folder, site, service), ExitStack() as stack:
        before = set(children(os.getpid()))
        port = stack.enter_context(beside(site.settings))
        ours = [pid for pid in children(os.getpid()) if pid not in before]
        nginx_port, nginx_pid = stack.enter_context(nginx_proxy(folder / "nginx", service))
        envoy_port, envoy_pid = stack.enter_context(envoy_proxy(folder / "envoy", service))
        places = {
            "nginx": (nginx_port, children(nginx_pid)),
            "envoy": (envoy_port, children(envoy_pid)),
            "gateway": (port, ours),
        }
        rates: dict[str, list[float]] = {name: [] for name in places}
        for where, _ in places.values():
            _good(load(_order(site, where, calls // 10)))
        for _ in range(rounds):
            for name, (where, pids) in places.items():
                used = processor_seconds(*pids)
                _good(load(_order(site, where, calls)))
                rates[name].append(calls / (processor_seconds(*pids) - used))
        found = {name: statistics.median(values) for name, values in rates.items()}
        for name, value in found.items():
            yield Figure(f"{name}_calls_per_cpu_s", value)
        weighed = not quick
        yield Figure("of_nginx", found["gateway"] / found["nginx"], 0.4 if weighed else None, at_least=True)
        yield Figure("of_envoy", found["gateway"] / found["envoy"], 1.5 if weighed else None, at_least=True)


def _connections(quick: bool) -> Iterable[Figure]:
    calls, connections, rate = (500, 100, 500.0) if quick else (60_000, 1000, 4000.0)
    with _site() as (_, site, _), beside(site.settings) as port:
        load(_order(site, port, 200, 8))
        measured = _good(load(_order(site, port, calls, connections, rate)))
        yield Figure("p50_ms", measured.p50)
        yield Figure("p99_ms", measured.p99, None if quick else 20)


def _changes(quick: bool) -> Iterable[Figure]:
    with _site() as (_, site, service), beside(site.settings) as port:
        yield from changes(site, port, service, load, _one, quick)


def _one(port: int, call: bytes, seconds: float = 20) -> bytes:
    """One answer, or what came of it, on a connection of its own."""
    said = b""
    with socket.create_connection(("127.0.0.1", port), seconds) as connection:
        connection.sendall(call)
        try:
            while data := connection.recv(65536):
                said += data
                head, mark, body = said.partition(b"\r\n\r\n")
                at = head.lower().find(b"content-length: ")
                if mark and at >= 0 and len(body) >= int(head[at + 16 :].split(b"\r")[0]):
                    break
        except (ConnectionResetError, TimeoutError):
            pass
    return said


def _attacks(quick: bool) -> Iterable[Figure]:
    """Everything at once, beside calls of others at a rate."""
    calls, drips, repeated = (500, 50, 1) if quick else (30_000, 3000, 20)
    with _site() as (_, site, service), _silent() as silent:
        document = shop(service, **_LIMITS)
        upstream = {"targets": [{"url": f"http://127.0.0.1:{silent}"}], "connections": 500}
        document["groups"]["slow"] = {"upstreams": {"main": upstream}}
        document["operations"]["shop.slow"] = {"group": "slow", "open": True, "path": "/", "timeout_ms": 5000}
        site.put(document)
        with beside(site.settings) as port, ExitStack() as stack:
            results: list[Measured] = []
            beneath = threading.Thread(target=lambda: results.append(load(_order(site, port, calls, 64, 1_000.0))))
            beneath.start()
            for number in range(drips):
                # begun and never ended; some not even begun, as of a machine that has gone
                drip = stack.enter_context(socket.create_connection(("127.0.0.1", port), 20))
                drip.sendall(b"POST /rpc/shop.echo HTTP/1.1\r\nHost: a\r\nX-Slow: "[: number % 50])
                if number % 5 == 0:
                    # a call of a service that never answers
                    waits = stack.enter_context(socket.create_connection(("127.0.0.1", port), 20))
                    waits.sendall(site.call("shop.slow"))
            passed = 0
            for _ in range(repeated):
                for attack, status in ATTACKS.values():
                    said = _one(port, attack.replace(b"shop.get", b"shop.echo"), 5)
                    passed += said.count(b"HTTP/1.1 200 ")
                    passed += not said.startswith(b"HTTP/1.1 %d " % status)
            beneath.join()
    yield Figure("passed", passed, 0)
    yield Figure("hurt", sum(count for status, count in results[0].statuses.items() if status != 200), 0)
    yield Figure("attacked_p99_ms", results[0].p99)


@contextmanager
def _silent() -> Iterator[int]:
    """The port of a service that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        yield listener.getsockname()[1]


def _fuzz(quick: bool) -> Iterable[Figure]:
    made = uvloop.run(fuzz(5_000 if quick else 200_000))
    for sentence in made.harm[:20]:
        print(sentence, file=sys.stderr)
    yield Figure("spoiled", made.outcomes.total())
    yield Figure("harm", len(made.harm), 0)


PARTS = {
    "against": _against,
    "connections": _connections,
    "changes": _changes,
    "attacks": _attacks,
    "fuzz": _fuzz,
}
