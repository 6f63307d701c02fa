"""What can be decided of calls by their head alone: who calls what, what they are limited by, what the service is sent.

It hangs on nothing but the head, the table and the peer, so that the next call with the same head finds it ready
(`exchange.Standing`). What hangs on the moment, the nonce, the body or chance is decided for each call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from eden.gateway.exchange import Exchange, Headers
from eden.gateway.interfaces import LimitAnswer
from eden.gateway.memo import Memo
from eden.gateway.pipeline import codes
from eden.gateway.pipeline.authorizer import CompiledAuthorizer, as_header
from eden.gateway.pipeline.codes import Stop
from eden.gateway.pipeline.egress import EgressRoute
from eden.gateway.pipeline.limits import Bucket, Level
from eden.gateway.pipeline.mapping import Call
from eden.gateway.pipeline.signature import beginning

if TYPE_CHECKING:
    from eden.gateway.pipeline.compile import CompiledApp, CompiledRoute, CompiledTable

_METHODS: Final = frozenset((b"GET", b"POST", b"PUT", b"PATCH", b"DELETE", b"HEAD"))
_LONGEST_NAME: Final = 128
#: device → the header that tells a service of it
_DEVICES: Final[Memo[str, tuple[bytes, bytes]]] = Memo(lambda device: (b"x-eden-device", as_header(device)))


class Ready:
    __slots__ = (
        "answers",
        "app",
        "beginning",
        "buckets",
        "device",
        "headers",
        "levels",
        "outside",
        "path",
        "plain",
        "route",
        "sealed",
        "table",
        "upstream",
    )

    def __init__(self, table: CompiledTable, route: CompiledRoute, app: CompiledApp, device: str) -> None:
        self.table = table
        #: the safe exit's stands for one, too
        self.route = route
        self.app = app
        self.device = device
        #: of the text that is signed
        self.beginning = b""
        #: the body is sealed, or has to be
        self.sealed = False
        self.levels: list[Level] = [level for level in (route.level, app.level) if level is not None]
        #: what everybody's call meets, and what is said where that one is empty
        self.buckets: list[Bucket] = [bucket for level in self.levels for bucket in level.met[device]]
        self.answers: list[LimitAnswer] = [level.answer for level in self.levels for _ in level.met[device]]
        #: the call is of the safe exit
        self.outside: EgressRoute | None = None
        self.upstream = ""
        #: what the service is sent hangs on nothing but the head, its secrets and who calls; the body is as it came
        self.plain = False
        #: what the service is sent, where it is the same for each of these calls; else None, and `aim` finds out
        self.headers: Headers | None = None
        self.path = b""


def prepare(exchange: Exchange) -> Ready:
    """Of the exchange's head; Stop when it is no call that could go on."""
    table: CompiledTable = exchange.table  # type: ignore[assignment]
    route: CompiledRoute | None = exchange.route  # type: ignore[assignment]
    fields = exchange.fields
    app = table.apps.get(fields.get(b"x-eden-app") or fields.get(b"appid") or b"")
    if app is None or not app.open:
        raise Stop(codes.NO_SECRET, "This app is not known here, or it is closed.")
    exchange.app = app.key
    named = fields.get(b"x-eden-device") or fields.get(b"did")
    device = exchange.peer if named is None else named[:_LONGEST_NAME].decode("latin-1")
    exchange.device = device
    if exchange.method not in _METHODS:
        raise Stop(codes.MALFORMED, "Calls are GET, POST, PUT, PATCH, DELETE or HEAD.", status=405)
    if route is None:
        raise Stop(codes.NO_OPERATION, f"There is no operation {exchange.operation!r}.")
    ready = Ready(table, route, app, device)
    ready.beginning = beginning(app.key, exchange.operation, exchange.method, exchange.target)
    if exchange.wire == "egress":
        ready.outside = exchange.route  # type: ignore[assignment]
        return ready
    if not route.open:
        raise Stop(codes.NO_OPERATION, f"The operation {exchange.operation!r} is not open.")
    if exchange.target[:1] not in (b"", b"?"):
        raise Stop(codes.NO_OPERATION, "Nothing follows the name of an operation but a query.")
    if route.kind == "websocket" and fields.get(b"upgrade", b"").lower() != b"websocket":
        # what stands in front would take what follows an answer 101 for the next request
        raise Stop(codes.MALFORMED, "This operation is a WebSocket: ask for it with `Upgrade: websocket`.")
    ready.sealed = b"x-eden-encryption" in fields or route.encryption == "required"
    moved = route.migration is not None and route.migration.takes(device)
    ready.upstream = route.migration.upstream if route.migration is not None and moved else route.upstream
    held = ready.sealed or route.holds_answers
    ready.plain = exchange.wire == "rpc" and route.mapping.is_same(fields) and not held
    # a secret is not kept for the next call
    kept = exchange.standing is None or exchange.headers is exchange.standing.headers
    if ready.plain and kept and route.authorizer is None and route.mapping.is_known(fields):
        aim(exchange, ready)
        ready.headers, ready.path = exchange.send_headers, exchange.send_path
    if exchange.standing is not None and named is not None:
        # of other peers, too
        exchange.standing.ready, exchange.standing.sent = ready, ready.headers
    return ready


def aim(exchange: Exchange, ready: Ready, call: Call | None = None) -> None:
    """What the service is sent: `exchange.send_…`; Stop. `call`: the exchange as expressions see it, where it was
    looked at before."""
    route = ready.route
    exchange.send_headers = ready.table.filter(exchange.headers)
    route.mapping.apply(exchange, call)
    if route.request_rules is not None:
        exchange.send_headers = route.request_rules.apply(exchange.send_headers)
    exchange.send_headers = [*exchange.send_headers, ready.app.header, _DEVICES[ready.device]]


def pass_on(exchange: Exchange, ready: Ready) -> None:
    """What the service is sent, where it is ready."""
    exchange.upstream = ready.upstream
    exchange.send_method, exchange.send_path = ready.route.mapping.method, ready.path
    exchange.send_headers, exchange.send_body = ready.headers or [], exchange.body


def ask_who(
    exchange: Exchange, table: CompiledTable, authorizer: CompiledAuthorizer, question: dict[str, str]
) -> Exchange:
    """The exchange that asks the authorizer's operation."""
    asked = table.find(authorizer.operation, None)
    assert asked is not None
    inner = Exchange(
        table,
        asked,
        "rpc",
        authorizer.operation,
        b"POST",
        b"",
        [(b"content-type", b"application/json"), (b"accept", b"application/json")],
        exchange.peer,
        exchange.trace,
        exchange.now_ms,
        exchange.started,
    )
    inner.app, inner.device = exchange.app, exchange.device
    inner.body = msgspec.json.encode(question)
    asked.mapping.apply(inner)
    inner.send_method = b"POST"
    inner.send_body = inner.body
    inner.send_headers = [*inner.headers, (b"x-eden-app", inner.app.encode())]
    inner.upstream = asked.upstream
    inner.whole_answer = True
    return inner
