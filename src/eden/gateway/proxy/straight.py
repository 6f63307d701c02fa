"""Calls that go straight: all that is decided by their head was decided when it came before, and they are one write to
the service and one to the client, without an `Exchange` or a `Call`.

    data ─ a head of before? ─▶ Straight.passes ─▶ idle connection ─▶ request ─▶ usual answer ─▶ client, figures
               │ no                 │ AGAIN            │ none                        │ none, or unusual
               ▼                    ▼                  ▼                             ▼
          the general way, from its beginning     `general`: Exchange and Call as they would be now, and on with them

There is one set of rules, that of the general way: what is not usual is taken there, at the beginning while nothing has
happened, or with an `Exchange` and a `Call` in the state in which they would be.

A head is known by its cut: where its time, nonce, signature, length, trace and secrets are. Whatever stands between
those is compared, byte for byte, with what was read the strict way; and those are digits, letters, the right code of
the call, and secrets of visible characters, or the call is not straight.
"""

from __future__ import annotations

import re
from contextlib import suppress
from operator import itemgetter
from struct import Struct
from time import monotonic, time_ns
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from eden.gateway.exchange import AGAIN, GOOD, NOBODY, PASSES, SECRET, Answer, Exchange, Route, Standing, Straight, Who
from eden.gateway.proxy import answers
from eden.gateway.proxy.call import Call
from eden.gateway.proxy.ids import carried_on
from eden.gateway.proxy.lines import FLEETING, Usual, field_of
from eden.gateway.proxy.upstream import Pool

if TYPE_CHECKING:
    from eden.gateway.proxy.connection import Client
    from eden.gateway.proxy.gateway import Gateway
    from eden.gateway.proxy.heads import Head
    from eden.gateway.proxy.link import Connection

#: what each call has and is another one in each; and what some have besides
_ALWAYS: Final = (b"x-eden-time", b"x-eden-nonce", b"x-eden-signature", b"content-length")
_SECRETS: Final = (b"authorization", b"idempotency-key")
#: all that is taken out of heads, in the order in which it is asked for
_TAKEN: Final = (*_ALWAYS, *_SECRETS, b"traceparent")
#: how many words may stand before what is taken: ALGORITHM KID, and a scheme; others may be part of a secret
_WORDS: Final = {b"x-eden-signature": (2,), b"authorization": (0, 1)}
_is_word: Final = re.compile(rb"[!-~]+").fullmatch
#: ways and cuts that are remembered, and bytes of one head at most
_WAYS: Final = 4096
_HEAD_BYTES: Final = 1280


class Cut:
    """Where what is `_TAKEN` is in heads of `size` bytes; `taken` gives it, of the parts that `parts` makes of one, and
    `still` all else. `secrets`: names of those that are; `traced`: the last one that is taken is a traceparent."""

    __slots__ = ("parts", "secrets", "size", "still", "taken", "traced")

    def __init__(self, size: int, holes: list[tuple[int, int, int]]) -> None:
        """`holes`: from, to, and which of `_TAKEN`; in their order."""
        widths, at = [], 0
        for begin, end, _ in holes:
            widths += [begin - at, end - begin]
            at = end
        whole = Struct("".join(f"{width}s" for width in [*widths, size - at]))
        self.size = size
        self.parts = whole.unpack_from
        self.still: itemgetter[Any] = itemgetter(*range(0, len(widths) + 1, 2))
        places = sorted((which, 2 * number + 1) for number, (_, _, which) in enumerate(holes))
        self.taken: itemgetter[Any] = itemgetter(*(place for _, place in places))
        names = [_TAKEN[which] for which, _ in places]
        self.secrets = tuple(name for name in names if name in _SECRETS)
        self.traced = names[-1] == b"traceparent"


def _cut(data: bytes, size: int) -> tuple[Cut, dict[bytes, bytes]] | None:
    """How a head that was read is cut, and what values begin with that are cut in their middle; None where it has not
    just each of them once."""
    holes, begins = [], {}
    lines = data[: size - 4].split(b"\r\n")
    at = len(lines[0]) + 2
    for line in lines[1:]:
        name, value = field_of(line)
        end = at + len(line)
        if name in _TAKEN:
            before, space, taken = value.rpartition(b" ")
            if value.count(b" ") not in _WORDS.get(name, (0,)) or not taken or not line.endswith(taken):
                return None
            begins[name] = before + space
            holes.append((end - len(taken), end, _TAKEN.index(name)))
        elif name in FLEETING or name in SECRET:
            return None
        at = end + 2
    if len(begins) < len(holes) or not begins.keys() >= set(_ALWAYS):
        return None
    return Cut(size, holes), begins


class Way:
    """Of calls with one head: what was decided. `start`: method and path of their requests to a target of `pool`;
    `lines`: what follows, up to the lines that tell of the client. `asks`: there are secrets, or somebody has to know
    who calls (`asked`); `begins`: what the values of secrets begin with, by name; `told`: which of them, and the
    principal, go into `lines`."""

    __slots__ = (
        "asks", "begins", "head", "lines", "most", "pool", "route", "seconds", "standing", "start", "straight", "told",
    )  # fmt: skip

    def __init__(
        self, head: Head, exchange: Exchange, route: Route, straight: Straight, pool: Pool, begins: dict[bytes, bytes]
    ) -> None:
        """`exchange`: one of them, on its way to the service. ValueError when a request would be none."""
        assert exchange.standing is not None
        self.head = head
        self.standing: Standing = exchange.standing
        self.straight = straight
        self.route = route
        self.most = route.body_bytes
        self.seconds = route.timeout_ms / 1000
        self.pool = pool
        self.start = exchange.send_method, exchange.send_path
        self.begins = begins
        self.asks = bool(begins or straight.principal)
        slots = [name for name, _ in exchange.send_headers if name in begins or name == straight.principal]
        self.told: itemgetter[Any] | None = itemgetter(*slots) if slots else None
        lines = b"".join(
            b"%b: %%b\r\n" % name if name in slots else answers.request_line((name, value)).replace(b"%", b"%%")
            for name, value in exchange.send_headers
        )
        self.lines = lines if slots else lines % ()
        # so that none of them is found wanting later
        for target in pool.targets:
            target.starts[self.start]

    def asked(self, values: tuple[bytes, ...], now_ms: int) -> tuple[dict[bytes, bytes], Who, bytes] | None:
        """The secrets of a call, who calls, and its lines; None where that is not known, or a value is none. `values`
        begin with those of the secrets."""
        secrets = {}
        for (name, begins), value in zip(self.begins.items(), values, strict=False):
            if _is_word(value) is None:
                return None
            secrets[name] = begins + value
        who = self.straight.who(secrets, now_ms)
        if who is None or self.told is None:
            return None if who is None else (secrets, who, self.lines)
        return secrets, who, self.lines % self.told({**secrets, self.straight.principal: who[1]})


class Ways:
    """All that a worker knows. It holds for one set of tables, and until the worker ends."""

    __slots__ = ("cuts", "known")

    def __init__(self) -> None:
        #: size of a head → how the last one of that size was cut
        self.cuts: dict[int, Cut] = {}
        #: what stands still of a head → its way
        self.known: dict[tuple[bytes, ...], Way] = {}

    def put(self, data: bytes, cut: Cut, way: Way) -> None:
        """`data` begins with a head that is cut and goes like this."""
        if len(self.known) >= _WAYS or len(self.cuts) >= _WAYS:
            self.forget()
        self.cuts[cut.size] = cut
        self.known[cut.still(cut.parts(data))] = way

    def forget(self) -> None:
        self.known.clear()
        self.cuts.clear()


_NO_SECRETS: Final[dict[bytes, bytes]] = {}
#: before a connection had a call
_NO_CUT: Final = Cut(1 << 62, [(0, 0, which) for which in range(4)])


#: a call that is on its way straight: what it has of `_TAKEN`; its secrets by name, and who calls; its body, the ids of
#: its trace and span, when it came (ms since 1970; seconds, monotonic)
Sent: TypeAlias = tuple[Way, tuple[bytes, ...], dict[bytes, bytes], Who, bytes, bytes, int, float]


class Flight:
    """The straight calls of one client's connection, one after the other; an `Asker` of connections to services."""

    __slots__ = ("_client", "_connection", "_cut", "_gateway", "_new", "sent")

    def __init__(self, client: Client, gateway: Gateway) -> None:
        self._client = client
        self._gateway = gateway
        #: of the call before, as a connection's calls are alike
        self._cut = _NO_CUT
        #: a head has come that is not known
        self._new = False
        self.sent: Sent | None = None
        self._connection: Connection | None = None

    def goes(self, data: bytes) -> bool:
        """Whether the call that `data` consists of is on its way now; if not, nothing has happened."""
        gateway, cut = self._gateway, self._cut
        known = gateway.ways.known
        if len(data) < cut.size or (way := known.get(cut.still(parts := cut.parts(data)))) is None:
            found = gateway.ways.cuts.get(data.find(b"\r\n\r\n") + 4)
            if found is None or (way := known.get(found.still(parts := found.parts(data)))) is None:
                self._new = True
                return False
            self._cut = cut = found
        taken = cut.taken(parts)
        time, nonce, code, length = taken[:4]
        body = data[cut.size :]
        size = len(body)
        if size > way.most or length != b"%d" % size:
            return False
        if not cut.traced:
            ids = gateway.ids.both()
        elif trace := carried_on(taken[-1]):
            ids = b"%b-%b" % (trace.encode(), gateway.ids.span())
        else:
            return False
        now_ms, started = time_ns() // 1_000_000, monotonic()
        secrets, who, lines = _NO_SECRETS, NOBODY, way.lines
        if way.asks:
            asked = way.asked(taken[len(_ALWAYS) :], now_ms)
            if asked is None:
                return False
            secrets, who, lines = asked
        self.sent = way, taken, secrets, who, body, ids, now_ms, started
        passed = way.straight.passes(time, nonce, code, body, who, now_ms, started)
        if passed == AGAIN:
            self.sent = None
            return False
        client = self._client
        if client.trusted:
            gateway.forward(client, way.head.fields)
        client.goes_straight(started + way.seconds)
        if passed != PASSES:
            self.general(passed)
            return True
        target = way.pool.choose(started)
        connection = None if target is None else target.at_hand(started)
        if target is None or connection is None:
            way.pool.request_of(target, self.general(), started)
            return True
        self._connection = connection
        connection.begin(self, False)
        connection.transport.write(
            b"".join(
                (
                    target.starts[way.start],
                    lines,
                    client.forwarded,
                    b"traceparent: 00-",
                    ids,
                    b"-01\r\ncontent-length: ",
                    length,
                    b"\r\n\r\n",
                    body,
                )
            )
        )
        return True

    def learn(self, data: bytes, head: Head, exchange: Exchange) -> None:
        """Remember how the call that `data` consists of went, if its head was a new one and it got to the service."""
        gateway, standing, route = self._gateway, exchange.standing, exchange.route
        if not self._new or gateway.draining or standing is None or route is None:
            return
        self._new = False
        if standing.bent or not exchange.upstream:
            return
        standing.bent = True
        pool = gateway.pools.get((exchange.table.workspace_id, exchange.upstream))
        data = data.removeprefix(b"\r\n")
        size = data.find(b"\r\n\r\n") + 4
        if pool is None or size > _HEAD_BYTES:
            return
        if not head.keep_alive or head.method == b"HEAD" or (found := _cut(data, size)) is None:
            return
        cut, begins = found
        secrets = {name: exchange.fields[name] for name in cut.secrets}
        straight = gateway.steps.straight(exchange, head.fields, secrets, begins[b"x-eden-signature"])
        if straight is not None:
            with suppress(ValueError):
                of_secrets = {name: begins[name] for name in cut.secrets}
                gateway.ways.put(data, cut, Way(head, exchange, route, straight, pool, of_secrets))
                standing.bent = False

    # of the connection to the service, which is free again when the answer was a usual one

    def usual(self, usual: Usual, body: bytes) -> None:
        sent, client, connection = self.sent, self._client, self._connection
        assert sent is not None and connection is not None
        told = usual.told
        if told is None:
            if usual.status >= 400:
                self.general().usual(usual, body)
                return
            told = usual.told = answers.parts(
                Answer(usual.status, sent[0].straight.returned(usual.headers)), usual.length
            )
        # writing may make the client pause, which is no concern of a call that is over
        self.sent = self._connection = None
        connection.target.failures = 0
        way, _, _, _, _, ids, now_ms, started = sent
        begins, framing, dated = told
        trace = ids[:32]
        client.transport.write(
            b"".join(
                (
                    begins,
                    b"x-eden-trace: ",
                    trace,
                    b"\r\nmgw-traceid: ",
                    trace,
                    b"\r\nserver-time: %d\r\n" % now_ms,
                    b"" if dated else answers.date(),
                    framing,
                    body,
                )
            )
        )
        now = monotonic()
        micros = int((now - started) * 1_000_000)
        measures = self._gateway.measures
        measures.note(way.route, GOOD, usual.status, micros, False, False)
        if micros >= measures.slow_micros:
            exchange, _ = self._exchange(sent, PASSES)
            measures.trace(exchange, Answer(usual.status, list(usual.headers), body), micros)
        client.went_straight(now)

    def unusual(self) -> Call:
        return self.general()

    def unexpected(self) -> None:
        self._client.unexpected()

    # what is not straight

    def given_up(self) -> Exchange | None:
        """The call that goes straight, if one does; it does no more."""
        sent, connection = self.sent, self._connection
        self.sent = self._connection = None
        if connection is not None and connection.sink is self:
            connection.target.drop(connection)
        if sent is None:
            return None
        exchange, _ = self._exchange(sent, PASSES)
        if connection is None:
            # it did not get so far
            exchange.upstream = ""
        return exchange

    def general(self, empty: int = PASSES) -> Call:
        """The call, as it would be had it not gone straight; `empty`: the bucket that had no token for it."""
        sent, client, connection = self.sent, self._client, self._connection
        assert sent is not None
        self.sent = self._connection = None
        exchange, answer = self._exchange(sent, empty)
        call = Call(client, self._gateway, exchange)
        client.goes_on(exchange, call)
        if answer is not None:
            call.finish(answer)
        elif connection is not None:
            call.resume(connection)
        return call

    def _exchange(self, sent: Sent, empty: int) -> tuple[Exchange, Answer | None]:
        way, taken, secrets, who, body, ids, now_ms, started = sent
        client, standing, head = self._client, way.standing, way.head
        names = (*_ALWAYS, *secrets, b"traceparent")
        fields = head.fields | dict(zip(names, taken, strict=False)) | secrets
        peer = self._gateway.forward(client, fields) if client.trusted else client.peer
        exchange = standing.exchange(head.sent(fields), peer, ids[:32].decode(), now_ms, started, fields)
        exchange.body = body
        _, nonce, code, *_ = taken
        return exchange, way.straight.recall(exchange, nonce, code, who, empty)
