"""Calls that go straight: whatever happens, both sides hear the same and the same is counted as when every call takes
the general way."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import pytest

from eden.base.settings import GatewaySettings
from eden.gateway.exchange import Answer, Exchange
from eden.gateway.proxy import gateway as gateways
from eden.gateway.proxy import straight as straights
from eden.gateway.proxy.connection import Client
from eden.gateway.proxy.gateway import Gateway, Tables
from eden.gateway.proxy.ids import carried_on
from eden.gateway.proxy.link import Connection
from eden.gateway.proxy.straight import Flight
from eden.gateway.proxy.upstream import Target
from tests.gateway.pipeline.house import SECRET, SECRET_SM3, House, catalogue, sign
from tests.gateway.proxy.fuzz import Wire
from tests.gateway.proxy.stage import run

NAME = "bank.account.get"
USUAL = b"HTTP/1.1 200 OK\r\nServer: s\r\nDate: now\r\nX-Eden-Trace: theirs\r\nContent-Length: 2\r\n\r\nok"
SERVICE = (
    USUAL,
    USUAL,
    USUAL,
    b"HTTP/1.1 201 Made\r\nContent-Type: text/plain\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 302 There\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 404 Not\r\nContent-Length: 3\r\n\r\nnot",
    b"HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno",
    b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 100 Continue\r\n\r\n" + USUAL,
    b"HTTP/1.1 204 None\r\n\r\n",
    b"HTTP/1.1 304 Same\r\nEtag: e\r\n\r\n",
    b"HTTP/1.1 101 Other\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    USUAL + b"more",
    b"nonsense\r\n\r\n",
)
#: what an authorizer's operation says, and any other may
WHO = tuple(
    b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said)
    for said in (b'{"principal": "Li"}', b'{"principal": "Li"}', '{"principal": "王 100% %b %"}'.encode())
)
_FLEETING = (
    (re.compile(rb"[0-9a-f]{32}"), b"TRACE"),
    (re.compile(rb"(TRACE-)[0-9a-f]{16}"), rb"\1SPAN"),
    (re.compile(rb"server-time: [0-9]+"), b"server-time: NOW"),
    (re.compile(rb"response-signature: [^\r]+"), b"response-signature: SIGNED"),
    (re.compile(rb"[0-9]+ s away"), b"SECONDS s away"),
    (re.compile(rb"date: [A-Z][^\r]+"), b"date: NOW"),
)


def steady(data: bytes) -> bytes:
    """Without what is another one in each call."""
    for pattern, told in _FLEETING:
        data = pattern.sub(told, data)
    return data


@dataclass
class Measures:
    slow_micros: int = 60_000_000
    noted: list[tuple[Any, ...]] = field(default_factory=list)

    def note(self, route: Any, code: int, status: int, micros: int, cached: bool, limited: bool) -> None:
        self.noted.append((route.operation, code, status, cached, limited))

    def trace(self, exchange: Exchange, answer: Answer, micros: int, workspaces: Collection[str] = ()) -> None:
        fields = {name: value for name, value in exchange.fields.items() if name != b"x-eden-time"}
        sent = exchange.send_method, exchange.send_path, exchange.send_headers, exchange.send_body
        caller = exchange.app, exchange.device, exchange.peer, exchange.nonce, sorted(fields.items()), exchange.body
        service = exchange.upstream, exchange.attempt, sent if exchange.upstream else None
        reason = steady(answer.reason.encode())
        told = answer.code, answer.status, reason, exchange.limited, len(exchange.trace)
        self.noted.append((exchange.operation, caller, service, told))


class Pausing(Wire):
    """Says how often it was told to stop reading, and to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses = 0

    def pause_reading(self) -> None:
        self.pauses += 1

    def resume_reading(self) -> None:
        self.pauses += 1000


class World:
    """A gateway in memory with the real steps, a client, and services that say what they are told to."""

    def __init__(
        self,
        patch: pytest.MonkeyPatch,
        said: tuple[dict[str, Any], dict[str, Any]] = ({}, {}),
        straight: bool = True,
        proxies: str = "",
        slow: int = 60_000_000,
        targets: int = 1,
    ) -> None:
        # which target is chosen
        random.seed(targets)
        urls = [{"url": f"http://127.0.0.1:{number + 9}/base", "weight": number + 1} for number in range(targets)]
        main = {"targets": urls, "connections": 2, "queue": 1, "outlier": {"consecutive": 2 + targets}}
        upstreams = {"main": main}
        operation, rest = said
        self.house = House(catalogue(operation, groups={"bank": {"upstreams": upstreams}}, **rest))
        if not straight:
            self.house.pipeline.straight = lambda *_: None  # type: ignore[method-assign]
        self.measures = Measures(slow)
        tables = Tables({"w1": self.house.table}, {"app-1": "w1"})
        self.gateway = Gateway(GatewaySettings(), self.house.pipeline, self.measures, tables, proxies)
        self.targets = self.gateway.pools["w1", "bank/main"].targets
        self.links: list[Connection] = []
        self.asked: list[Pausing] = []
        self.clients: list[tuple[Client, Wire]] = []
        self.said = 0
        self.connect()

        async def connect(target: Target, counted: bool = True) -> Connection:
            return self.link(target, counted)

        patch.setattr(Target, "connect", connect)

    def connect(self) -> None:
        client, wire = Client(self.gateway), Wire()
        client.connection_made(wire)  # type: ignore[arg-type]
        self.clients.append((client, wire))

    def link(self, target: Target, counted: bool) -> Connection:
        link, wire = Connection(target, counted), Pausing()
        link.connection_made(wire)  # type: ignore[arg-type]
        self.links.append(link)
        self.asked.append(wire)
        return link

    async def act(self, what: str, about: Any) -> None:
        client, wire = self.clients[-1]
        if wire.closed:
            client.connection_lost(None)
            self.connect()
            client, wire = self.clients[-1]
        link = next((link for link in self.links if link.sink is not None), None)
        if what == "say":
            self.said += 1
            self.house.draw = 0.9 * (self.said % 2)
            client.data_received(about)
        elif what == "leave":
            wire.closed = True
            client.connection_lost(None)
            self.connect()
        elif what == "late":
            client.expire(client.deadline)
        elif what == "pause":
            client.pause_writing()
            client.resume_writing()
        elif what == "drain":
            self.gateway.draining = True
            self.gateway.ways.forget()
            for one, _ in self.clients:
                one.drain()
        elif what == "stall" and link is not None:
            link.pause_writing()
            link.resume_writing()
        elif what == "answer" and link is not None:
            for piece in about:
                if not self.asked[self.links.index(link)].closed:
                    link.data_received(piece)
        elif what == "lose" and link is not None:
            self.asked[self.links.index(link)].closed = True
            link.connection_lost(about)
        for _ in range(4):
            await asyncio.sleep(0)
        for number, asked in enumerate(self.asked):
            if asked.closed and self.links[number].counted:
                self.links[number].counted = False
                self.links[number].target.closed(self.links[number])

    def seen(self) -> list[Any]:
        """Everything that anybody could notice."""
        return [
            [(steady(wire.said), wire.closed) for _, wire in self.clients],
            [(steady(wire.said), wire.closed, wire.pauses) for wire in self.asked],
            self.measures.noted,
            [(one.open, one.outstanding, len(one.idle), one.failures, one.usable(0)) for one in self.targets],
            [link.target.port for link in self.links],
            (self.gateway.calls, self.gateway.refused, self.gateway.connections),
            [client._state for client, _ in self.clients],
        ]


def a_call(number: int, body: bytes = b"{}", **rest: Any) -> bytes:
    secret, device = rest.get("secret", SECRET), rest.get("device", "d1")
    at, nonce = str(int(time.time() * 1000) + rest.get("off", 0)), rest.get("nonce") or f"nonce-of-call-{number:06d}"
    method = rest.get("method", "POST")
    code = sign(secret, "app-1", NAME, method.encode(), b"", at, nonce, rest.get("signed", body))
    return (
        f"{method} /rpc/{NAME} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nx-eden-app: app-1\r\n"
        f"x-eden-device: {device}\r\nx-eden-time: {at}\r\nx-eden-nonce: {nonce}\r\nx-eden-signature: {code}\r\n"
        f"{rest.get('more', '')}Content-Length: {len(body)}\r\n\r\n"
    ).encode("latin-1") + body


#: all but the last two are of a trace
PARENTS = [
    *(f"00-{letter * 32}-{'b' * 16}-0{flags}" for letter in "a1f" for flags in "01"),
    f"00-{'0' * 32}-{'b' * 16}-01",
    f"00-{'A' * 32}-{'b' * 16}-01",
]
BODIES = (
    b"", b"{}", b"{}", b"{}", b'{"count": 10}', b'{"count": 11}', b'{"count": "no"}', b'{"id": 7}',
    b'{"id": "7/8", "count": 1}', b'{"id": 8, "about": "%b"}' % (b"x" * 60),
)  # fmt: skip


#: of one person, of another, and what can be no value that is remembered
TOKENS = (
    "Bearer one",
    "Bearer one",
    "Bearer one",
    "Bearer two",
    "Bearer 100% %b %s",
    "one",
    "Bearer  one",
    "Bearer \xff",
)
KEYS = ("key-{}", "key-{}", "key-{}", "key-{}", "%b-{}", "key {}")


def secrets(chance: random.Random, number: int) -> str:
    """Lines of a head that say who calls, and which attempt it is."""
    key = f"Idempotency-Key: {chance.choice(KEYS).format(number % 10)}\r\n"
    if chance.randrange(4):
        return f"Authorization: Bearer {chance.choice(('one', 'one', 'two'))}\r\n{key}"
    lines = [f"Authorization: {chance.choice(TOKENS)}\r\n" for _ in range(chance.choice((1, 1, 0, 2)))]
    return "".join([*lines, key] if chance.randrange(2) else [key, *lines])


def calls(chance: random.Random, number: int, secret: bool) -> list[bytes]:
    """What a client says next, in pieces."""
    body = chance.choice(BODIES)
    kinds: list[dict[str, Any]] = [
        *({} for _ in range(24)),
        {"nonce": "alphanumeric0123456789"}, {"nonce": "short"}, {"nonce": "a nonce with spaces"}, {"signed": b"other"},
        {"off": -3_600_000}, {"secret": SECRET_SM3}, {"device": "another"}, {"more": "Connection: close\r\n"},
        {"more": "Cookie: a=1\r\n"}, *({"more": f"Traceparent: {parent}\r\n"} for parent in PARENTS),
        {"method": "HEAD"}, {"method": "HEAD"}, *({"more": "Origin: https://a.example\r\n"} for _ in range(4)),
        *({"more": "X-Forwarded-For: 192.0.2.1, 192.0.2.2\r\n"} for _ in range(6)),
    ]  # fmt: skip
    kind = chance.choice(kinds)
    if secret:
        kind = kind | {"more": kind.get("more", "") + secrets(chance, number)}
    data = a_call(number, body, **kind)
    what = chance.randrange(12)
    if what == 0:
        at = chance.randrange(len(data))
        return [data[:at], data[at:]]
    if what == 1:
        return [data + a_call(number + 500_000)]
    if what == 3:
        return [b"\r\n" + data]
    if what == 2:
        at = chance.randrange(len(data))
        return [data[:at] + chance.choice((b"\r\n", b"\n", b" ", b"0", b"\x00", b"9")) + data[at + 1 :]]
    return [data]


def script(chance: random.Random, secret: bool = False) -> list[tuple[str, Any]]:
    made: list[tuple[str, Any]] = []
    for number in range(chance.randrange(3, 40)):
        made += [("say", piece) for piece in calls(chance, chance.choice((number, number, number, 0)) + 100, secret)]
        for _ in range(chance.choice((0, 0, 0, 0, 0, 1))):
            made.append((chance.choice(("leave", "late", "pause", "stall", "lose", "say")), None))
            if made[-1][0] == "say":
                made[-1] = ("say", a_call(number + 800_000))
        for _ in range(chance.choice((1, 1, 2)) + secret):
            said = chance.choice(WHO if secret and chance.randrange(5) else SERVICE)
            at = chance.randrange(1, len(said))
            made.append(("answer", [said] if chance.randrange(4) else [said[:at], said[at:]]))
        if chance.randrange(40) == 0:
            made.append(("drain", None))
    return made


#: what an operation says besides, and its catalogue: of some, calls go straight
STRAIGHT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"limits": {"rate": 0.001, "burst": 6}}, {}),
    ({"retry": {"most": 2, "any_method": True}}, {}),
    ({"method": "PUT"}, {}),
    ({"body_bytes": 64}, {}),
    ({"headers": [{"name": "x-one", "value": "1"}]}, {}),
    ({}, {"defaults": {"cors": {"origins": ["https://a.example"]}}}),
]
#: of others none does
BENT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"headers": [{"name": "x-one", "value": "1", "location": "response"}]}, {}),
    ({"response_signature": True}, {}),
    ({"breaker": {"on": True}}, {}),
    ({"mock": {"status": 201, "percentage": 60}}, {"defaults": {"mock_on": True}}),
    ({"cache": {"ttl_s": 60}}, {}),
    ({"encryption": "required"}, {}),
    ({"signature": "off"}, {}),
    ({"kind": "stream"}, {}),
    ({"method": "GET"}, {}),
    ({"path": "/account/${id}"}, {}),
    ({"parameters": [{"name": "content-type", "location": "header", "max_length": 40}]}, {}),
    ({"parameters": [{"name": "idempotency-key", "location": "header", "default": "ours"}]}, {}),
    ({"body": "Order", "check_body": True}, {"models": {"Order": {"fields": {"count": {"type": "int"}}}}}),
    (
        {"authorizer": "who"},
        {"authorizers": {"who": {"operation": NAME, "fields": ["header.x-eden-nonce"], "required": False}}},
    ),
]


def asks(*fields: str, **rest: Any) -> dict[str, Any]:
    """A catalogue with an authorizer that reads these headers."""
    who = {"operation": NAME, "fields": [f"header.{field}" for field in fields], "cache_s": 60, **rest}
    return {"authorizers": {"who": who}}


#: of others calls with secrets go straight, too
ASKING: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"limits": {"rate": 0.001, "burst": 6}}, {}),
    ({"retry": {"most": 2, "any_method": True}}, {}),
    ({"authorizer": "who"}, asks("authorization")),
    ({"authorizer": "who"}, asks("authorization", "x-eden-device", required=False)),
    ({"authorizer": "who"}, asks("content-type", principal="x-person")),
    ({"authorizer": "who"}, asks("authorization", principal="authorization")),
    (
        {
            "parameters": [{"name": "Idempotency-Key", "location": "header", "required": True}],
            "body": "Order",
        },
        {"models": {"Order": {"fields": {"count": {"type": "int"}}}}},
    ),
    ({"authorizer": "who", "limits": {"per_user": 5, "rate": 9}}, asks("authorization")),
    (
        {"authorizer": "who", "limits": {"per_user": 1000000}, "retry": {"most": 2, "any_method": True}},
        asks("authorization"),
    ),
]
#: of others those of which nobody says a secret
RULED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"parameters": [{"name": "x-eden-device", "location": "header"}]}, {}),
    ({"headers": [{"name": "authorization", "value": "Bearer two", "action": "delete"}]}, {}),
    ({"headers": [{"name": "idempotency-key", "value": "ours"}]}, {}),
]


async def both(
    monkeypatch: pytest.MonkeyPatch,
    said: tuple[dict[str, Any], dict[str, Any]],
    acts: list[tuple[str, Any]],
    **rest: Any,
) -> int:
    """Do the same on either way, and compare; how many calls went straight."""
    went = 0
    goes = Flight.goes

    def counted(flight: Flight, data: bytes) -> bool:
        nonlocal went
        gone = goes(flight, data)
        went += gone
        return gone

    monkeypatch.setattr(Flight, "goes", counted)
    seen = []
    for straight in (False, True):
        went = 0
        world = World(monkeypatch, said, straight, **rest)
        try:
            for what, about in acts:
                await world.act(what, about)
            seen.append(world.seen())
        finally:
            await world.gateway.close()
        assert straight or not went
    monkeypatch.setattr(Flight, "goes", goes)
    for general, other in zip(*seen, strict=True):
        if isinstance(general, list) and len(general) == len(other):
            for one, two in zip(general, other, strict=True):
                assert two == one
        assert other == general
    return went


@pytest.mark.parametrize("said", ASKING + RULED, ids=str)
def test_both_ways_are_the_same_for_calls_with_secrets(
    monkeypatch: pytest.MonkeyPatch, said: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    # no bucket fills while it is looked at
    at = time.monotonic()
    for module in (straights, gateways):
        monkeypatch.setattr(module, "monotonic", lambda: at)

    async def work() -> None:
        went = 0
        for seed in range(40):
            chance = random.Random(seed)
            rest = {
                "proxies": chance.choice(("", "*")),
                "slow": chance.choice((0, 60_000_000)),
                "targets": chance.choice((1, 1, 2, 4)),
            }
            went += await both(monkeypatch, said, script(chance, secret=True), **rest)
        assert went >= 4

    run(work)


@pytest.mark.parametrize("said", STRAIGHT + BENT, ids=str)
def test_both_ways_are_the_same(monkeypatch: pytest.MonkeyPatch, said: tuple[dict[str, Any], dict[str, Any]]) -> None:
    async def work() -> None:
        went = 0
        for seed in range(20 if said in STRAIGHT else 8):
            chance = random.Random(seed)
            rest = {
                "proxies": chance.choice(("", "*")),
                "slow": chance.choice((0, 60_000_000)),
                "targets": chance.choice((1, 1, 2, 4)),
            }
            went += await both(monkeypatch, said, script(chance), **rest)
        assert went > 20 if said in STRAIGHT else went == 0

    run(work)


def test_calls_of_a_trace_and_to_several_targets_go_straight(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        acts: list[tuple[str, Any]] = []
        for number in range(30):
            acts += [("say", a_call(number, more=f"Traceparent: {PARENTS[number % 6]}\r\n")), ("answer", [USUAL])]
        assert await both(monkeypatch, ({}, {}), acts) == 29
        # each target has a connection made first
        assert await both(monkeypatch, ({}, {}), acts, targets=3) == 29
        world = World(monkeypatch, targets=3)
        for what, about in acts:
            await world.act(what, about)
        [said] = [wire.said for _, wire in world.clients]
        assert [said.count(b"x-eden-trace: " + letter * 32) for letter in (b"a", b"1", b"f")] == [10, 10, 10]
        asked = [bytes(wire.said) for wire in world.asked]
        assert sum(one.count(b"traceparent: 00-" + b"a" * 32 + b"-") for one in asked) == 10
        assert sum(one.count(b"b" * 16) for one in asked) == 0
        assert {link.target.port for link in world.links} == {9, 10, 11}
        await world.gateway.close()

    run(work)


def test_authorized_calls_with_a_key_of_their_own_go_straight(monkeypatch: pytest.MonkeyPatch) -> None:
    said: tuple[dict[str, Any], dict[str, Any]] = ({"authorizer": "who"}, asks("authorization"))

    async def work() -> None:
        acts: list[tuple[str, Any]] = []
        for number in range(30):
            more = f"Authorization: Bearer {'one' if number % 3 else 'two'}\r\nIdempotency-Key: key-{number:02d}\r\n"
            acts += [("say", a_call(number, more=more)), *([("answer", [WHO[number * 2]])] if number < 2 else [])]
            acts.append(("answer", [USUAL]))
        # both people are asked for first, and the first call with a known one is learned from
        assert await both(monkeypatch, said, acts) == 27
        world = World(monkeypatch, said)
        for what, about in acts:
            await world.act(what, about)
        asked = b"".join(bytes(wire.said) for wire in world.asked)
        assert asked.count(b"x-eden-principal: Li\r\n") == 10
        assert asked.count(b"x-eden-principal: %E7%8E%8B%20100%25%20%25b%20%25\r\n") == 20
        assert asked.count(b"authorization: Bearer one\r\n") == 20
        assert [asked.count(b"idempotency-key: key-%02d\r\n" % number) for number in range(30)] == [1] * 30
        # no secret outlives its call
        [(client, _)] = world.clients
        ways = list(world.gateway.ways.known.values())
        assert ways and client._flight.sent is None
        held = [
            value for way in ways for name in way.__slots__ if isinstance(value := getattr(way, name), (bytes, dict))
        ]
        kept = repr([*world.gateway.ways.known, *held, *(way.head.fields for way in ways)])
        assert "Bearer" in kept and "one" not in kept and "key-0" not in kept
        await world.gateway.close()

    run(work)


@pytest.mark.parametrize("said", ["Digest name=secret, key=other", "Bearer one secret", "Bearer\tsecret"])
def test_secrets_of_several_words_are_not_remembered(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    async def work() -> None:
        world = World(monkeypatch)
        for number in range(3):
            await world.act("say", a_call(number, more=f"Authorization: {said}\r\n"))
            await world.act("answer", [USUAL])
        assert sum(bytes(wire.said).count(said.encode()) for wire in world.asked) == 3
        assert "secret" not in repr(world.gateway.ways.known)
        await world.gateway.close()

    run(work)


@pytest.mark.parametrize(
    "more",
    ["", f"Traceparent: {PARENTS[0]}\r\n", "Authorization: Bearer one\r\nIdempotency-Key: key-1\r\n"],
    ids=["", "traceparent", "secrets"],
)
def test_no_other_head_goes_straight(monkeypatch: pytest.MonkeyPatch, more: str) -> None:
    """Whatever byte is changed, put in or taken away: the call is read the strict way."""

    async def work() -> None:
        world = World(monkeypatch)
        client, _ = world.clients[-1]
        await world.act("say", a_call(1, more=more))
        await world.act("answer", [USUAL])
        flight, good = Flight(client, world.gateway), a_call(3, more=more)
        trace = slice(good.find(b"Traceparent: ") + 13, good.find(b"Traceparent: ") + 68)
        # another secret is another caller's, whom nobody asks for here
        other = re.compile(
            re.escape(good).replace(rb"Bearer\ one", rb"Bearer\ [!-~]{3}").replace(rb"key\-1", rb"[!-~]{5}")
        )
        for at in range(len(good)):
            for token in (
                b"",
                b"0",
                b"a",
                b" ",
                b"\r\n",
                b"\n",
                b"\r\n\r\n",
                b"\x00",
                b":",
                b"\xff",
                good[at : at + 1] * 2,
            ):
                for end in (at, at + 1):
                    spoiled = good[:at] + token + good[end:]
                    other_trace = more and carried_on(spoiled[trace])
                    if other_trace and good[: trace.start] + spoiled[trace] + good[trace.stop :] == spoiled:
                        continue
                    if "Bearer" in more and other.fullmatch(spoiled):
                        continue
                    assert spoiled == good or not flight.goes(spoiled), spoiled
        assert flight.goes(good) and not flight.goes(good)
        await world.gateway.close()

    run(work)


def test_a_secret_that_retires_does_so_for_calls_that_go_straight(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        world, off = World(monkeypatch), 60_000
        signer = world.house.table.apps[b"app-1"].signers[0]
        signer.retires_ms = time.time_ns() // 1_000_000 + off
        await world.act("say", a_call(1))
        await world.act("answer", [USUAL])
        flight = Flight(world.clients[-1][0], world.gateway)
        monkeypatch.setattr(straights, "time_ns", lambda: time.time_ns() + 2 * off * 1_000_000)
        assert not flight.goes(a_call(2, off=2 * off))
        monkeypatch.undo()
        assert flight.goes(a_call(2))
        await world.gateway.close()

    run(work)


def test_what_was_learned_is_forgotten_with_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        world = World(monkeypatch)
        await world.act("say", a_call(1))
        await world.act("answer", [USUAL])
        assert world.gateway.ways.known
        world.gateway.swap(world.gateway.tables)
        assert not world.gateway.ways.known
        await world.act("say", a_call(2))
        assert world.gateway.ways.known
        await world.gateway.drain(0.01)
        assert not world.gateway.ways.known

    run(work)


def test_the_memory_of_ways_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(straights, "_WAYS", 3)

    async def work() -> None:
        world, sizes = World(monkeypatch), []
        for number in range(10):
            await world.act("say", a_call(number, device="d" * (number + 1)))
            await world.act("answer", [USUAL])
            sizes.append(len(world.gateway.ways.known))
        assert sizes == [1, 2, 3] * 3 + [1]
        await world.act("say", a_call(11, device="d" * 1280))
        assert len(world.gateway.ways.known) == 1
        await world.gateway.close()

    run(work)
