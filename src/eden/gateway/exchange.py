"""One call on its way through the gateway: what the proxy, the steps in between and the figures know of each other.

    proxy/connection ──head──▶ Exchange ──▶ Steps.before ──▶ an Answer, or the upstream is asked
                                                │
                                exchange.authorizer? ── proxy asks that operation ──▶ Steps.authorized
                                exchange.locates?    ── await Steps.locate (another call's answer, a look-up)
                                                │
    proxy/upstream ◀── exchange.send_method, send_path, send_headers, send_body, upstream or address
         │ head, or the whole answer when exchange.whole_answer      │ failed
         ▼                                                           ▼
    Steps.again (try once more?) ─▶ Steps.after ─▶ client       Steps.failed ─▶ client

The proxy owns sockets, framing, deadlines and hop-by-hop headers; the steps own meaning. Steps never wait: what needs
I/O is left in the exchange for the proxy to do. Names of headers are lower case; values are bytes as they came.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, Literal, Protocol, TypeAlias

from eden.gateway.interfaces import Kind, Upstream

Headers: TypeAlias = list[tuple[bytes, bytes]]

#: headers that services are sent and whose values are not remembered: they are nobody's business after their call, or
#: other ones in each
SECRET: Final = frozenset((b"authorization", b"cookie", b"idempotency-key", b"proxy-authorization", b"set-cookie"))

#: methods of calls that may be made twice (RFC 9110, section 9.2.2)
IDEMPOTENT: Final = frozenset((b"GET", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"TRACE"))

#: how the call came: our own path, the commercial platform's, the safe exit
Wire: TypeAlias = Literal["rpc", "mgw", "egress"]

#: what can go wrong with an upstream. `connect`: no connection could be had, nothing was sent; `queue`: too many wait;
#: `none`: no target is well; `broken`: it closed, or its answer was none; `timeout`: nothing in time; `large`: its
#: answer is larger than what may be held, which an answer that is signed, sealed or kept has to be
Failure: TypeAlias = Literal["connect", "queue", "none", "broken", "timeout", "large"]

#: result code of good answers; all others are the steps'
GOOD = 1000


class Route(Protocol):
    """An operation in one version, compiled; what the proxy asks of it."""

    @property
    def workspace_id(self) -> str: ...
    @property
    def operation(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def body_bytes(self) -> int:
        """Largest body of a request."""

    @property
    def needs_body(self) -> bool:
        """Whether `Steps.before` wants the whole body (to verify, to open, to map it); else it is streamed."""

    @property
    def timeout_ms(self) -> int:
        """From the call's head to the answer's head; of `http`, to the answer's end."""


class Table(Protocol):
    """A workspace's catalogue, compiled; never changed."""

    @property
    def workspace_id(self) -> str: ...
    @property
    def revision(self) -> int: ...
    @property
    def upstreams(self) -> Mapping[str, Upstream]:
        """By "GROUP/NAME", which is what `Exchange.upstream` names."""

    def find(self, operation: str, version: str | None) -> Route | None: ...
    @property
    def egress(self) -> Route | None:
        """The safe exit, when it leads anywhere."""


class Address:
    """Where exactly to connect to, whatever a name says later: `host` is an IP address; `name` is what the certificate
    must be for (empty: no TLS)."""

    __slots__ = ("host", "name", "port")

    def __init__(self, host: str, port: int, name: str = "") -> None:
        self.host = host
        self.port = port
        self.name = name


class Answer:
    """What the client is told, or what an upstream said. `body` None: it follows as it comes. `code`: the result code
    that figures and traces count under; `reason`: for traces, what went wrong, in a sentence."""

    #: further lines of the head, ready to be sent: what is another one in each answer
    lines = b""

    def __init__(
        self, status: int, headers: Headers, body: bytes | None = b"", code: int = GOOD, reason: str = ""
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.code = code
        self.reason = reason


class Standing:
    """What is known of calls before they come, by a head that came before and the tables that hold still. `ready`: what
    the steps have made of it, which hangs on nothing else; `sent`: the headers that each such call is sent on with,
    where they are the same (set by the steps); `lines`: those as the proxy writes them, once it has; `lifted`: headers
    that the query had (`query_fields`)."""

    __slots__ = (
        "bent",
        "headers",
        "lifted",
        "lines",
        "method",
        "operation",
        "ready",
        "route",
        "sent",
        "table",
        "tables",
        "target",
        "wire",
    )

    def __init__(
        self,
        tables: object,
        table: Table,
        route: Route | None,
        wire: Wire,
        operation: str,
        method: bytes,
        target: bytes,
        headers: Headers,
        lifted: dict[bytes, bytes],
    ) -> None:
        #: that it holds for
        self.tables = tables
        self.table = table
        self.route = route
        self.wire = wire
        self.operation = operation
        self.method = method
        self.target = target
        self.headers = headers
        self.lifted = lifted
        self.ready: object = None
        self.sent: Headers | None = None
        self.lines = b""
        #: more is done of such calls than `Straight` does
        self.bent = False

    def exchange(
        self, headers: Headers, peer: str, trace: str, now_ms: int, started: float, fields: dict[bytes, bytes]
    ) -> Exchange:
        """A call that stands so."""
        exchange = Exchange(
            self.table,
            self.route,
            self.wire,
            self.operation,
            self.method,
            self.target,
            headers,
            peer,
            trace,
            now_ms,
            started,
            fields,
        )
        exchange.standing = self
        return exchange


class Exchange:
    """A call from its head to its last byte. Made once per call: what stands here is so until somebody says
    otherwise."""

    standing: Standing | None = None
    #: as sent; None while it is streamed
    body: bytes | None = None

    # what the steps find out
    app = ""
    device = ""
    user = ""
    principal = ""
    nonce = b""
    cached = False
    limited = False
    #: anything that steps keep from `before` for `after`
    notes: Any = None
    #: state of the route's breaker that this call is counted in
    breaker: object = None

    # what the steps want from the proxy
    #: the operation to ask who is calling: an exchange of its own, ready to be sent
    authorizer: Exchange | None = None
    #: `Steps.locate` finds `address`
    locates = False
    #: hold the answer until it is whole: `after` needs its body
    whole_answer = False
    #: "GROUP/NAME" of the table
    upstream = ""
    #: in place of `upstream`
    address: Address | None = None
    #: path and query; the target's own path is put in front by the proxy
    send_path = b"/"
    #: None: the request's body is streamed
    send_body: bytes | None = None
    #: tries so far, from 0
    attempt = 0

    def __init__(
        self,
        table: Table,
        route: Route | None,
        wire: Wire,
        operation: str,
        method: bytes,
        target: bytes,
        headers: Headers,
        peer: str,
        trace: str,
        now_ms: int,
        started: float,
        fields: dict[bytes, bytes] | None = None,
    ) -> None:
        self.table = table
        #: None: there is no such operation, or not in this version
        self.route = route
        self.wire = wire
        self.operation = operation
        self.method = self.send_method = method
        #: "path?query" after the operation, "" if none
        self.target = target
        #: as they came, but for those that are other ones each time (`proxy.lines.FLEETING`). Those that belong to one
        #: connection (RFC 9110, section 7.6.1) are among them, and are never sent: `proxy.answers` does not write them
        self.headers = headers
        #: all of them by name; of repeated ones the last. Headers of ours that come twice are refused before
        self.fields = dict(headers) if fields is None else fields
        self.peer = peer
        #: W3C trace id, 32 hexadecimal digits
        self.trace = trace
        #: milliseconds since 1970, of this worker
        self.now_ms = now_ms
        #: seconds, monotonic
        self.started = started
        #: end-to-end headers only, without host and content-length; the proxy adds those, traceparent and X-Forwarded-…
        self.send_headers = headers


#: a call passes; a call has to be taken through all steps (what is 0 or more is the bucket that has no token)
PASSES: Final = -1
AGAIN: Final = -2


#: a principal, and the value of the header that tells services of it
Who: TypeAlias = tuple[str, bytes]
NOBODY: Final[Who] = ("", b"")


class Straight(Protocol):
    """The steps of calls with one head that came before and one secret, where all but the moment, the signature, who
    calls and the limits is decided."""

    #: the header that tells services who calls; b"": nobody is asked
    principal: bytes

    def who(self, secrets: Mapping[bytes, bytes], now_ms: int) -> Who | None:
        """Who calls, by the values of secret headers; None where that is not known, and nothing has happened yet."""

    def passes(self, time: bytes, nonce: bytes, code: bytes, body: bytes, who: Who, now_ms: int, started: float) -> int:
        """`PASSES`; or the number of the bucket that is empty; or `AGAIN`, and nothing has happened yet. `code`: the
        signature in base64."""

    def recall(self, exchange: Exchange, nonce: bytes, code: bytes, who: Who, empty: int) -> Answer | None:
        """Make of `exchange` what `Steps.before` would have: of a call that passed, or for which the bucket `empty` (0
        or more) had no token, whose answer this is."""

    def returned(self, headers: Iterable[tuple[bytes, bytes]]) -> Headers:
        """The headers of a good answer of the service as the client gets them, but for those in `Answer.lines`."""


class Steps(Protocol):
    """What happens to a call besides being passed on (`pipeline.Pipeline`)."""

    def before(self, exchange: Exchange) -> Answer | None:
        """All steps up to the upstream, or up to the authorizer. An answer ends the call."""

    def straight(
        self, exchange: Exchange, steady: dict[bytes, bytes], secrets: dict[bytes, bytes], signature: bytes
    ) -> Straight | None:
        """What is left to do of calls like this one, that went through `before`; None where it is more than `Straight`
        does. `steady`: headers that all of them have; `secrets`: those of this one whose values are other ones in
        others; `signature`: how its like begins ("ALGORITHM KID ")."""

    def authorized(self, exchange: Exchange, answer: Answer) -> Answer | None:
        """The authorizer's answer, whole (502 when there is none); goes on with the steps behind it."""

    async def locate(self, exchange: Exchange) -> Answer | None:
        """Wait for the answer that another call fetches for the cache; or look up the safe exit's name and pin
        `address`. An answer ends the call."""

    def again(self, exchange: Exchange, cause: Failure | int) -> bool:
        """Whether to send once more, after a failure or a status; counts the attempt. The proxy asks only while nothing
        of the answer has gone to the client and the whole request can be sent again."""

    def redirected(self, exchange: Exchange, answer: Answer) -> bool:
        """Whether the proxy follows a redirect of the safe exit: `locate` is asked again."""

    def after(self, exchange: Exchange, answer: Answer) -> Answer:
        """The upstream's answer (its hop-by-hop headers removed) as the client gets it; whole when the exchange says
        so, else its head. What is held may be changed in place."""

    def failed(self, exchange: Exchange, failure: Failure) -> Answer:
        """No answer of the upstream could be had."""

    def refused(self, exchange: Exchange, status: int, sentence: str) -> Answer:
        """The proxy itself refuses: a body that is too large (413), a mistake of its own (500)."""

    def stray(self, trace: str, now_ms: int, status: int, sentence: str) -> Answer:
        """The proxy refuses what is no call that anybody's catalogue knows: what is no HTTP (400), an address without
        a workspace (404), a connection to a worker that is full (503)."""

    def preflight(self, tables: Iterable[Table], fields: Mapping[bytes, bytes]) -> Answer:
        """The answer to a browser's OPTIONS, which names no app: by the rules of any workspace."""

    def ended(self, exchange: Exchange, answer: Answer | None) -> None:
        """The call is over, answered or (None) left by the client; called exactly once for every exchange that went
        through `before`. Breakers count here."""


class Measures(Protocol):
    """Where figures go (`figures.Figures`)."""

    #: µs from which on a call is slow
    slow_micros: int

    def note(self, route: Route, code: int, status: int, micros: int, cached: bool, limited: bool) -> None: ...

    def trace(self, exchange: Exchange, answer: Answer, micros: int, workspaces: Collection[str] = ()) -> None:
        """Called for every call that did not end well, and for slow ones; keeps what it has room for. `workspaces`:
        those that may look it up, where it is of none."""


class Nonces(Protocol):
    """What was seen within the time that signatures live (`proxy.shared`)."""

    def take(self, key: bytes, at_ms: int) -> bool:
        """Whether nobody has had `key` for the moment `at_ms`, milliseconds that the signature covers; at most one
        worker is told so. False, too, when there is no room: a nonce that cannot be remembered is not accepted."""


class Buckets(Protocol):
    """Token buckets that all workers share (`proxy.shared`)."""

    def take(self, wanted: list[tuple[bytes, float, float]], now: float) -> int:
        """One token of each bucket (key, tokens a second, tokens at most: 1 or more), or of none: -1, or the index of
        the first that is empty. `now`: seconds, monotonic (the same clock for all workers)."""
