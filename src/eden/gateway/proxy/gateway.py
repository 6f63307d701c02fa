"""What a worker process has: its connections, the tables of all workspaces, the pools of their upstreams.

A table never changes; a change is a new one in its place, between two events of the loop. Calls that have begun keep
the table they began with. Pools go on across tables: connections to a target that stays are kept, so that a change of
the catalogue breaks nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from time import monotonic, time_ns
from typing import Final, NamedTuple

from eden.base.settings import GatewaySettings
from eden.gateway.exchange import GOOD, Answer, Exchange, Measures, Standing, Steps, Table, Wire
from eden.gateway.proxy.connection import Client
from eden.gateway.proxy.heads import Head, Heads
from eden.gateway.proxy.health import watch
from eden.gateway.proxy.ids import Ids, carried_on
from eden.gateway.proxy.incoming import Incoming
from eden.gateway.proxy.straight import Ways
from eden.gateway.proxy.upstream import Pool
from eden.gateway.query_fields import lift

#: how often deadlines are looked at, seconds
SWEEP_S: Final = 0.05
#: looks between two at idle connections of upstreams
_RESTS: Final = 20
_PLAIN: Final = [(b"content-type", b"text/plain"), (b"cache-control", b"no-store")]

log = logging.getLogger("eden.gateway")


class Tables:
    """All workspaces' tables. A call names its app, an app is of one workspace; a call without one is for the workspace
    that `x-eden-workspace` names by its id, or for the only one."""

    def __init__(self, tables: Mapping[str, Table], apps: Mapping[str, str]) -> None:
        """`tables` by workspace id; `apps`: AppId → workspace id."""
        self.by_workspace = dict(tables)
        self.apps = dict(apps)
        self._by_app = {app.encode(): tables[workspace] for app, workspace in apps.items() if workspace in tables}
        self._only = next(iter(tables.values())) if len(tables) == 1 else None

    def find(self, fields: Mapping[bytes, bytes]) -> Table | None:
        app = fields.get(b"x-eden-app") or fields.get(b"appid")
        if app is not None and (table := self._by_app.get(app)) is not None:
            return table
        workspace = fields.get(b"x-eden-workspace") or fields.get(b"workspaceid")
        if workspace is not None:
            return self.by_workspace.get(workspace.decode("latin-1"))
        return self._only


class Place(NamedTuple):
    """What a request's target says: `wire` None: nothing that is served; `operation` "": a header says it."""

    wire: Wire | None
    operation: str
    target: bytes


def _place(url: bytes) -> Place:
    if url.startswith(b"/rpc/"):
        name, mark, target = url[5:].partition(b"?")
        name, slash, path = name.partition(b"/")
        return Place("rpc", name.decode("latin-1"), slash + path + mark + target)
    path, mark, query = url.partition(b"?")
    if path == b"/egress":
        return Place("egress", "egress", mark + query)
    wires: dict[bytes, Wire] = {b"/rpc": "rpc", b"/mgw.htm": "mgw"}
    return Place(wires.get(path), "", mark + query)


def forwarded_lines(chain: bytes, proto: bytes) -> bytes:
    """What an upstream is told of whom it answers."""
    return b"x-forwarded-for: %b\r\nx-forwarded-proto: %b\r\n" % (chain, proto)


class Gateway:
    """`proxies`: peers whose X-Forwarded-For and -Proto are believed; "*" for all."""

    def __init__(
        self, settings: GatewaySettings, steps: Steps, measures: Measures, tables: Tables, proxies: str = ""
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.steps = steps
        self.measures = measures
        self.tables = tables
        self.heads = Heads(settings.header_bytes)
        self.head_s = float(settings.header_seconds)
        self.idle_s = float(settings.idle_seconds)
        self.stream_s = float(settings.stream_seconds)
        self._most = settings.connections
        self._proxies = {proxy.strip() for proxy in proxies.split(",")} - {""}
        self.draining = False
        #: since the worker began; of calls, those that are over
        self.calls = 0
        self.refused = 0
        #: bytes of bodies that are taken whole and are not all there yet
        self.taken = 0
        self.ids = Ids()
        self.ways = Ways()
        self._clients: set[Client] = set()
        self.pools: dict[tuple[str, str], Pool] = {}
        self._checks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._emptied = asyncio.Event()
        self._sweeper = self.loop.create_task(self._sweep(), name="eden-gateway-sweep")
        self._make_pools()

    # tables

    def swap(self, tables: Tables) -> None:
        """From the next call on."""
        self.tables = tables
        self.ways.forget()
        self._make_pools()

    def _make_pools(self) -> None:
        wanted = {
            (table.workspace_id, name): upstream
            for table in self.tables.by_workspace.values()
            for name, upstream in table.upstreams.items()
        }
        for key in [key for key in self.pools if key not in wanted]:
            self._uncheck(key)
            self.pools.pop(key).retire()
        for key, upstream in wanted.items():
            before = self.pools.get(key)
            if before is None or before.upstream != upstream:
                self._uncheck(key)
                self.pools[key] = pool = Pool(upstream, before)
                if upstream.health is not None:
                    self._checks[key] = self.loop.create_task(watch(pool, upstream.health))

    def _uncheck(self, key: tuple[str, str]) -> None:
        check = self._checks.pop(key, None)
        if check is not None:
            check.cancel()

    # connections

    @property
    def connections(self) -> int:
        return len(self._clients)

    def admit(self, client: Client) -> bool:
        """Whether there is room for one more."""
        peer = client.transport.get_extra_info("peername")
        client.peer = peer[0] if isinstance(peer, tuple) else ""
        if len(self._clients) >= self._most or self.draining:
            self.refused += 1
            return False
        client.trusted = client.peer in self._proxies or "*" in self._proxies
        client.forwarded = forwarded_lines(client.peer.encode("latin-1"), b"http")
        self._clients.add(client)
        return True

    def leave(self, client: Client) -> None:
        self._clients.discard(client)
        if self.draining and not self._clients:
            self._emptied.set()

    # calls

    def exchange(self, client: Incoming, head: Head, fields: dict[bytes, bytes]) -> Exchange | Answer:
        """The call that a head begins; an answer if it begins none. `fields`: all headers by name."""
        standing = head.standing
        if standing is None or standing.tables is not self.tables:
            found = self._stand(client, head)
            if isinstance(found, Answer):
                return found
            head.standing = standing = found
        if standing.lifted:
            fields = {**fields, **standing.lifted}
        return standing.exchange(
            head.sent(fields),
            self.forward(client, fields) if client.trusted else client.peer,
            (carried_on(fields[b"traceparent"]) if b"traceparent" in fields else "") or self.ids.trace(),
            time_ns() // 1_000_000,
            # the loop's time stands still while an event is worked on
            monotonic(),
            fields,
        )

    def _stand(self, client: Incoming, head: Head) -> Standing | Answer:
        """What is called; or an answer."""
        method, fields = head.method, head.fields
        if method == b"OPTIONS" and b"access-control-request-method" in fields:
            return self.steps.preflight(self.tables.by_workspace.values(), fields)
        wire, operation, target = _place(head.url)
        if wire is None:
            return self._no_call(client, head.url)
        operation = operation or fields.get(b"operation-type", b"").decode("latin-1")
        lifted: dict[bytes, bytes] = {}
        if wire == "rpc" and method == b"GET":
            try:
                target, lifted = lift(target, fields)
            except ValueError as error:
                return self.stray(client, 400, f"The request's target cannot be read: {error}.")
            fields = {**fields, **lifted}
        table = self.tables.find(fields)
        if table is None:
            return self.stray(client, 404, "No workspace with a catalogue is named: is x-eden-app right?")
        version = fields.get(b"x-eden-version")
        if wire == "egress":
            route = table.egress
        else:
            route = table.find(operation, None if version is None else version.decode("latin-1"))
        return Standing(self.tables, table, route, wire, operation, method, target, head.headers, lifted)

    def _no_call(self, client: Incoming, url: bytes) -> Answer:
        if url.partition(b"?")[0] == b"/healthz":
            return Answer(503, _PLAIN, b"draining\n") if self.draining else Answer(200, _PLAIN, b"ok\n")
        return self.stray(client, 404, "There is nothing here but /rpc, /mgw.htm and /egress.")

    def stray(self, client: Incoming, status: int, sentence: str) -> Answer:
        """The answer to what is no call of anybody's; whoever has its trace id may look it up."""
        trace, now_ms = self.ids.trace(), time_ns() // 1_000_000
        answer = self.steps.stray(trace, now_ms, status, sentence)
        workspaces = self.tables.by_workspace
        if workspaces:
            table = next(iter(workspaces.values()))
            exchange = Exchange(table, None, "rpc", "", b"", b"", [], client.peer, trace, now_ms, monotonic())
            self.measures.trace(exchange, answer, 0, workspaces)
        return answer

    def forward(self, client: Incoming, fields: Mapping[bytes, bytes]) -> str:
        """Whom a proxy that is believed forwards; the upstream is told of both."""
        chain, proto = client.peer.encode("latin-1"), fields.get(b"x-forwarded-proto", b"http")
        before = fields.get(b"x-forwarded-for")
        client.forwarded = forwarded_lines(chain if before is None else before + b", " + chain, proto)
        return client.peer if before is None else before.rpartition(b",")[2].strip().decode("latin-1")

    def over(self, exchange: Exchange, answer: Answer | None, now: float, begun: bool = True) -> None:
        """A call has ended: answered, or (None) left by its client. `begun`: the steps have seen it."""
        if begun:
            self.steps.ended(exchange, answer)
        self.calls += 1
        told = _LEFT if answer is None else answer
        micros = int((now - exchange.started) * 1_000_000)
        route = exchange.route
        if route is not None:
            self.measures.note(route, told.code, told.status, micros, exchange.cached, exchange.limited)
        if told.code != GOOD or told.status >= 500 or micros >= self.measures.slow_micros:
            self.measures.trace(exchange, told, micros)

    # time

    async def _sweep(self) -> None:
        looks = 0
        while True:
            await asyncio.sleep(SWEEP_S)
            now = self.loop.time()
            for client in [client for client in self._clients if client.deadline < now]:
                try:
                    client.expire(now)
                except Exception:
                    log.exception("a connection could not be ended")
                    client.transport.abort()
            looks += 1
            if looks % _RESTS == 0:
                for pool in self.pools.values():
                    pool.rest(now)

    async def drain(self, seconds: float) -> None:
        """Take no more calls, let those that run end, for so long; then end them."""
        self.draining = True
        self.ways.forget()
        for client in list(self._clients):
            client.drain()
        if self._clients:
            try:
                async with asyncio.timeout(seconds):
                    await self._emptied.wait()
            except TimeoutError:
                log.warning("%d connections were still busy after %g s", len(self._clients), seconds)
        await self.close()

    async def close(self) -> None:
        """At once."""
        self.draining = True
        self.ways.forget()
        self._sweeper.cancel()
        for client in list(self._clients):
            client.transport.abort()
        for check in self._checks.values():
            check.cancel()
        for pool in self.pools.values():
            pool.retire()
        await asyncio.sleep(0)


#: nginx's word for a client that has closed
_LEFT: Final = Answer(499, [], b"", 1000, "the client left")
