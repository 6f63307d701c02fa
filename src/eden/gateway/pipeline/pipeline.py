"""The steps of a call, in their order (`exchange.Steps`): what happens to it besides being passed on.

size · signature · encryption · rate limits · authentication · mock · cache · breaker · parameters and mapping · header
rules · migration ▸ service ▸ cache · entity tag · sealing · signing
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import cast

import msgspec

from eden.base.outbound import UNREACHABLE
from eden.base.outbound import returned as returned_outside
from eden.gateway.exchange import GOOD, Answer, Buckets, Exchange, Failure, Headers, Nonces, Table
from eden.gateway.interfaces import LimitAnswer
from eden.gateway.pipeline import cache as caching
from eden.gateway.pipeline import codes, egress, limits, retry
from eden.gateway.pipeline.authorizer import Principals, as_header
from eden.gateway.pipeline.breaker import BreakerState
from eden.gateway.pipeline.codes import Stop
from eden.gateway.pipeline.compile import CompiledApp, CompiledRoute, CompiledTable
from eden.gateway.pipeline.cors import preflight
from eden.gateway.pipeline.encryption import IV, Opener, Seal, open_body
from eden.gateway.pipeline.etag import etag_of, matches
from eden.gateway.pipeline.headers import returned
from eden.gateway.pipeline.mapping import Call
from eden.gateway.pipeline.signature import Signer, nonce_of, verify

_METHODS = frozenset((b"GET", b"POST", b"PUT", b"PATCH", b"DELETE", b"HEAD"))
_LONGEST_NAME = 128
#: what the proxy itself refuses, by status; all else is MALFORMED
_REFUSED = {404: codes.NO_OPERATION, 403: codes.DENIED, 429: codes.LIMITED, 503: codes.LIMITED, 500: codes.INTERNAL}
_FAILED: Mapping[Failure, tuple[int, int, str]] = {
    "connect": (codes.UPSTREAM, 502, "No connection to the service could be had."),
    "queue": (codes.UPSTREAM, 503, "Too many calls wait for the service."),
    "none": (codes.UPSTREAM, 503, "No target of the service is well."),
    "broken": (codes.UPSTREAM, 502, "The service ended the connection, or its answer was none."),
    "timeout": (codes.TIMEOUT, 504, "The service did not answer in time."),
    "large": (codes.UPSTREAM, 502, "The answer of the service is too large to be held."),
}


class Notes:
    """What the steps keep of one call between its stages."""

    __slots__ = (
        "call",
        "failed",
        "fill",
        "hops",
        "key",
        "opener",
        "place",
        "question",
        "route",
        "seal",
        "signer",
        "stop",
        "table",
    )

    def __init__(self, table: CompiledTable) -> None:
        self.table = table
        self.route: CompiledRoute | None = None
        self.call: Call | None = None
        self.signer: Signer | None = None
        self.opener: Opener | None = None
        self.seal: Seal | None = None
        #: under what the authorizer's answer is remembered
        self.question = b""
        #: under what the answer is kept, and whether it is this call that others wait for
        self.key = b""
        self.fill = False
        #: whether the service failed; None: it was not asked, or did not get to answer
        self.failed: bool | None = None
        #: of the safe exit
        self.place: egress.Place | None = None
        self.hops = 0
        self.stop: Stop | None = None


class Pipeline:
    """The steps, with what they remember in this process. `clock`: seconds, monotonic; `draw`: random in [0, 1);
    `random_bytes`: so many of them, unpredictable; `resolve`: addresses of a name.
    """

    def __init__(
        self,
        nonces: Nonces,
        buckets: Buckets,
        *,
        clock: Callable[[], float],
        draw: Callable[[], float],
        random_bytes: Callable[[int], bytes],
        resolve: egress.Resolve,
        cache_bytes: int = 64 << 20,
    ) -> None:
        self._nonces = nonces
        self._buckets = buckets
        self._clock = clock
        self._draw = draw
        self._random_bytes = random_bytes
        self._resolve = resolve
        self._cache = caching.ResponseCache(cache_bytes)
        self._principals = Principals()

    # before the service

    def before(self, exchange: Exchange) -> Answer | None:
        """All steps up to the service, or up to the authorizer. An answer ends the call."""
        notes = Notes(cast(CompiledTable, exchange.table))
        exchange.notes = notes
        try:
            app = self._caller(exchange, notes)
            if exchange.route is None:
                raise Stop(codes.NO_OPERATION, f"There is no operation {exchange.operation!r}.")
            if len(exchange.body or b"") > exchange.route.body_bytes:
                raise Stop(codes.MALFORMED, f"A body has {exchange.route.body_bytes} bytes at most.", status=413)
            if exchange.wire == "egress":
                return self._exit(exchange, notes, app)
            route = cast(CompiledRoute, exchange.route)
            if not route.open:
                raise Stop(codes.NO_OPERATION, f"The operation {exchange.operation!r} is not open.")
            if exchange.target[:1] not in (b"", b"?"):
                raise Stop(codes.NO_OPERATION, "Nothing follows the name of an operation but a query.")
            notes.route = route
            if route.signed:
                self._verify(exchange, notes, app)
            if b"x-eden-encryption" in exchange.fields or route.encryption == "required":
                self._open(exchange, notes, app, route)
            self._limit(exchange, route, app)
            if route.authorizer is not None and not self._authenticate(exchange, notes, route):
                return None
            return self._onward(exchange, notes, route, app)
        except Stop as stop:
            return self._stopped(exchange, notes, stop)

    def _caller(self, exchange: Exchange, notes: Notes) -> CompiledApp:
        fields = exchange.fields
        key = fields.get(b"x-eden-app") or fields.get(b"appid") or b""
        app = notes.table.apps.get(key)
        if app is None or not app.open:
            raise Stop(codes.NO_SECRET, "This app is not known here, or it is closed.")
        exchange.app = app.key
        device = fields.get(b"x-eden-device") or fields.get(b"did")
        exchange.device = exchange.peer if device is None else device[:_LONGEST_NAME].decode("latin-1")
        if exchange.method not in _METHODS:
            raise Stop(codes.MALFORMED, "Calls are GET, POST, PUT, PATCH, DELETE or HEAD.", status=405)
        return app

    def _verify(self, exchange: Exchange, notes: Notes, app: CompiledApp) -> None:
        notes.signer, exchange.nonce = verify(
            exchange.fields,
            app.signers,
            app=exchange.app,
            operation=exchange.operation,
            method=exchange.method,
            target=exchange.target,
            body=exchange.body or b"",
            now_ms=exchange.now_ms,
            window_ms=notes.table.window_ms,
            nonces=self._nonces,
        )

    def _open(self, exchange: Exchange, notes: Notes, app: CompiledApp, route: CompiledRoute) -> None:
        header = exchange.fields.get(b"x-eden-encryption")
        if header is None:
            raise Stop(codes.UNREADABLE, "This operation takes encrypted bodies only (header x-eden-encryption).")
        if route.encryption == "off":
            raise Stop(codes.UNREADABLE, "This operation takes no encrypted bodies.")
        exchange.nonce = exchange.nonce or nonce_of(exchange.fields)
        exchange.body, notes.opener, notes.seal = open_body(
            header,
            app.openers,
            exchange.body or b"",
            app=exchange.app,
            operation=exchange.operation,
            nonce=exchange.nonce,
            now_ms=exchange.now_ms,
        )

    def _limit(self, exchange: Exchange, route: CompiledRoute | egress.EgressRoute, app: CompiledApp) -> None:
        levels = [level for level in (route.level, app.level) if level is not None]
        if levels:
            self._take(exchange, *limits.of_everybody(levels, exchange.device))

    def _limit_user(self, exchange: Exchange, route: CompiledRoute, app: CompiledApp) -> None:
        levels = [level for level in (route.level, app.level) if level is not None]
        if levels and exchange.user:
            self._take(exchange, *limits.of_user(levels, exchange.user))

    def _take(self, exchange: Exchange, buckets: list[limits.Bucket], answers: list[LimitAnswer]) -> None:
        if not buckets:
            return
        empty = self._buckets.take(buckets, exchange.started)
        if empty < 0:
            return
        exchange.limited = True
        answer = answers[empty]
        if answer.status == GOOD:
            raise Stop(codes.LIMITED, result=msgspec.json.encode(answer.result))
        wait = limits.retry_after(buckets[empty])
        raise Stop(
            answer.status, "Too many calls.", status=429, headers=[(b"retry-after", b"%d" % wait)], tips=answer.tips
        )

    def _authenticate(self, exchange: Exchange, notes: Notes, route: CompiledRoute) -> bool:
        """Whether it is known who calls; if not, the exchange says what is to be asked."""
        authorizer = route.authorizer
        assert authorizer is not None
        question = authorizer.question(exchange.fields)
        if not question:
            authorizer.nobody()
            return True
        notes.question = authorizer.key(question)
        known = self._principals.get(notes.question, exchange.now_ms)
        if known is not None:
            exchange.principal = exchange.user = known
            return True
        table = notes.table
        asked = cast(CompiledRoute, table.find(authorizer.operation, None))
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
        asked.mapping.apply(Call(inner))
        inner.send_method = b"POST"
        inner.send_body = inner.body
        inner.send_headers = [*inner.headers, (b"x-eden-app", inner.app.encode())]
        inner.upstream = asked.upstream
        inner.whole_answer = True
        exchange.authorizer = inner
        return False

    def authorized(self, exchange: Exchange, answer: Answer) -> Answer | None:
        """The authorizer's answer, whole (502 when there is none); goes on with the steps behind it."""
        notes = cast(Notes, exchange.notes)
        route = cast(CompiledRoute, notes.route)
        authorizer = route.authorizer
        assert authorizer is not None
        exchange.authorizer = None
        try:
            principal = authorizer.principal(answer.status, answer.body or b"")
            if principal and authorizer.cache_ms:
                self._principals.put(notes.question, principal, exchange.now_ms + authorizer.cache_ms)
            exchange.principal = exchange.user = principal
            return self._onward(exchange, notes, route, notes.table.apps[exchange.app.encode()])
        except Stop as stop:
            return self._stopped(exchange, notes, stop)

    def _onward(self, exchange: Exchange, notes: Notes, route: CompiledRoute, app: CompiledApp) -> Answer | None:
        self._limit_user(exchange, route, app)
        if route.mock is not None and route.mock.answers(self._draw()):
            code = route.mock.code(exchange.wire)
            if code == codes.DENIED:
                raise Stop(codes.DENIED, "The mock's resultStatus is no result code.")
            answer = Answer(route.mock.status, list(route.mock.headers), route.mock.body, code)
            return self._finished(exchange, notes, answer)
        notes.call = call = Call(exchange)
        if route.cache is not None:
            notes.key = route.cache.key(call)
            entry = self._cache.get(notes.key, exchange.now_ms)
            if entry is not None:
                return self._kept(exchange, notes, entry)
            fills = self._cache.fill(notes.key, exchange.now_ms)
            if fills is False:
                exchange.locates = True
            notes.fill = fills is True
        self._aim(exchange, notes, route, call)
        if not exchange.locates:
            self._pass_breaker(exchange, route)
        return None

    def _aim(self, exchange: Exchange, notes: Notes, route: CompiledRoute, call: Call) -> None:
        """What the service is sent, and where."""
        headers = notes.table.filter(exchange.headers)
        exchange.whole_answer = (
            route.etag or route.response_signature or notes.seal is not None or route.cache is not None
        )
        if exchange.whole_answer:
            headers = caching.unconditional(headers)
        exchange.send_headers = headers
        route.mapping.apply(call)
        if route.request_rules:
            exchange.send_headers = route.request_rules.apply(exchange.send_headers)
        exchange.send_headers.append((b"x-eden-app", exchange.app.encode()))
        exchange.send_headers.append((b"x-eden-device", as_header(exchange.device)))
        if exchange.principal and route.authorizer is not None:
            exchange.send_headers.append((route.authorizer.header, as_header(exchange.principal)))
        exchange.upstream = route.upstream
        if route.migration is not None and route.migration.takes(exchange.device):
            exchange.upstream = route.migration.upstream

    def _pass_breaker(self, exchange: Exchange, route: CompiledRoute) -> None:
        breaker = route.breaker
        if breaker is None:
            return
        now = self._clock()
        if not breaker.allows(now):
            result = None if route.breaker_answer is None else msgspec.json.encode(route.breaker_answer)
            raise Stop(codes.UPSTREAM, "The service fails at the moment and is not asked.", status=503, result=result)
        exchange.breaker = (breaker, now)

    # what takes time

    async def locate(self, exchange: Exchange) -> Answer | None:
        """Wait for the answer that another call fetches; or look up the safe exit's name and pin `address`."""
        notes = cast(Notes, exchange.notes)
        try:
            if exchange.wire == "egress":
                if notes.stop is not None:
                    raise notes.stop
                assert notes.place is not None
                exchange.address = await egress.pin(notes.place, self._resolve)
                return None
            exchange.locates = False
            future: asyncio.Future[caching.Entry | None] = asyncio.get_running_loop().create_future()

            def tell(entry: caching.Entry | None) -> None:
                if not future.done():
                    future.set_result(entry)

            if self._cache.wait(notes.key, tell):
                entry = await future
            else:
                entry = self._cache.get(notes.key, exchange.now_ms)
            if entry is not None:
                return self._kept(exchange, notes, entry)
            assert notes.route is not None
            self._pass_breaker(exchange, notes.route)
            return None
        except Stop as stop:
            return self._stopped(exchange, notes, stop)

    def _exit(self, exchange: Exchange, notes: Notes, app: CompiledApp) -> Answer | None:
        route = cast(egress.EgressRoute, exchange.route)
        self._verify(exchange, notes, app)
        self._limit(exchange, route, app)
        notes.place = egress.wanted(exchange.target)
        route.check(notes.place, exchange.method.decode())
        exchange.send_path = notes.place.path
        exchange.send_headers = egress.sent_headers(exchange.headers)
        exchange.send_body = exchange.body or b""
        exchange.whole_answer = True
        exchange.locates = True
        return None

    def redirected(self, exchange: Exchange, answer: Answer) -> bool:
        """Whether the proxy follows a redirect of the safe exit: `locate` is asked again, and says when it leads
        nowhere.
        """
        notes = cast(Notes, exchange.notes)
        if notes.place is None:
            return False
        route = cast(egress.EgressRoute, exchange.route)
        try:
            hop = egress.next_hop(
                notes.place,
                exchange.send_method,
                exchange.send_headers,
                exchange.send_body or b"",
                answer.status,
                answer.headers,
            )
            if hop is None:
                return False
            notes.hops += 1
            if notes.hops > route.redirects:
                raise Stop(codes.UPSTREAM, f"There are more than {route.redirects} redirects.")
            route.check(hop.place, hop.method.decode())
        except Stop as stop:
            notes.stop = stop
            return True
        notes.place = hop.place
        exchange.address = None
        exchange.send_method, exchange.send_headers, exchange.send_body = hop.method, hop.headers, hop.body
        exchange.send_path = hop.place.path
        return True

    def again(self, exchange: Exchange, cause: Failure | int) -> bool:
        """Whether to send once more, after a failure or a status; counts the attempt."""
        route = cast(Notes, exchange.notes).route
        if route is None or not retry.tries_again(route.retry, exchange.send_method, cause, exchange.attempt):
            return False
        exchange.attempt += 1
        return True

    # after the service

    def after(self, exchange: Exchange, answer: Answer) -> Answer:
        """The service's answer as the client gets it; whole when the exchange says so, else its head."""
        notes = cast(Notes, exchange.notes)
        if notes.place is not None:
            return self._from_outside(exchange, notes, answer)
        route = notes.route
        assert route is not None
        notes.failed = answer.status >= 500
        answer.headers = returned(answer.headers)
        if notes.fill:
            kept = route.cache is not None and caching.keeps(answer, route.cache.most_bytes)
            entry = None
            if route.cache is not None and kept:
                entry = caching.Entry(answer, exchange.now_ms, exchange.now_ms + route.cache.ttl_ms)
            notes.fill = False
            # an error says nothing of the next answer
            self._cache.filled(notes.key, entry, exchange.now_ms, passes=answer.status == 200)
        if answer.status >= 400:
            answer.code = codes.UPSTREAM if notes.failed else codes.BUSINESS
            answer.reason = f"The service answered {answer.status}."
        return self._finished(exchange, notes, answer)

    def _from_outside(self, exchange: Exchange, notes: Notes, answer: Answer) -> Answer:
        route = cast(egress.EgressRoute, exchange.route)
        if len(answer.body or b"") > route.bytes:
            return self._stopped(exchange, notes, egress.too_large(route.bytes))
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in returned(answer.headers)]
        answer.headers = returned_outside(pairs)
        return self._finished(exchange, notes, answer)

    def _kept(self, exchange: Exchange, notes: Notes, entry: caching.Entry) -> Answer:
        exchange.cached = True
        return self._finished(exchange, notes, entry.answer(exchange.now_ms))

    def failed(self, exchange: Exchange, failure: Failure) -> Answer:
        """No answer of the upstream could be had."""
        notes = cast(Notes, exchange.notes)
        notes.failed = True
        code, status, reason = _FAILED[failure]
        headers = list(UNREACHABLE) if exchange.wire == "egress" else None
        return self._stopped(exchange, notes, Stop(code, reason, status=status, headers=headers))

    def refused(self, exchange: Exchange | None, status: int, sentence: str) -> Answer:
        """The proxy itself refuses; without an exchange it is not known what was called."""
        code = _REFUSED.get(status, codes.MALFORMED)
        if exchange is None:
            return codes.failure(code, "rpc", tips=codes.tips_of(code, "en", {}), reason=sentence, status=status)
        if exchange.notes is None:
            exchange.notes = Notes(cast(CompiledTable, exchange.table))
        return self._stopped(exchange, cast(Notes, exchange.notes), Stop(code, sentence, status=status))

    def preflight(self, tables: Iterable[Table], fields: Mapping[bytes, bytes]) -> Answer:
        """The answer to OPTIONS, which no app signs: by the rules of any workspace."""
        rules = [cors for table in tables if (cors := cast(CompiledTable, table).cors) is not None]
        return preflight(rules, dict(fields))

    def ended(self, exchange: Exchange, answer: Answer | None) -> None:
        """The call is over, answered or (None) left by the client."""
        notes = cast(Notes, exchange.notes)
        if notes.fill:
            notes.fill = False
            self._cache.filled(notes.key, None, exchange.now_ms)
        if exchange.breaker is not None:
            breaker, started = cast("tuple[BreakerState, float]", exchange.breaker)
            exchange.breaker = None
            if notes.failed is None:
                breaker.given_up(started)
            else:
                breaker.ended(self._clock(), started, notes.failed)

    # the answer as it leaves

    def _stopped(self, exchange: Exchange, notes: Notes, stop: Stop) -> Answer:
        if stop.result is not None:
            answer = Answer(200, [(b"content-type", b"application/json"), *stop.headers], stop.result)
            return self._finished(exchange, notes, answer)
        speech = codes.language(exchange.fields.get(b"accept-language", b""))
        tips = (stop.tips or {}).get(speech) or codes.tips_of(stop.code, speech, notes.table.texts)
        answer = codes.failure(
            stop.code,
            exchange.wire,
            tips=tips,
            reason=stop.reason,
            trace=exchange.trace,
            status=stop.status,
            headers=stop.headers,
        )
        return self._signed(exchange, notes, answer)

    def _finished(self, exchange: Exchange, notes: Notes, answer: Answer) -> Answer:
        """Rules, entity tag, result code, sealing."""
        route = notes.route
        if route is not None:
            if route.response_rules:
                answer.headers = route.response_rules.apply(answer.headers)
            if route.etag and notes.seal is None and answer.status == 200 and answer.body is not None:
                self._tag(exchange, answer)
        if answer.code == GOOD:
            answer.headers.append((b"result-status", b"1000"))
        else:
            speech = codes.language(exchange.fields.get(b"accept-language", b""))
            tips = codes.tips_of(answer.code, speech, notes.table.texts)
            answer.headers += codes.headers_of(answer.code, tips, answer.reason)
        if exchange.wire == "mgw" and answer.status != 101:
            answer.status = 200
        if notes.seal is not None and notes.opener is not None and answer.body is not None:
            answer.body = notes.seal(answer.body, self._random_bytes(IV))
            answer.headers = [header for header in answer.headers if header[0] != b"content-length"]
            answer.headers.append((b"x-eden-encryption", notes.opener.header))
        return self._signed(exchange, notes, answer)

    def _tag(self, exchange: Exchange, answer: Answer) -> None:
        tag = next((value for name, value in answer.headers if name == b"etag"), None)
        if tag is None:
            tag = etag_of(answer.body or b"")
            answer.headers.append((b"etag", tag))
        if matches(exchange.fields.get(b"if-none-match", b""), tag):
            answer.status, answer.body = 304, b""
            answer.headers = [h for h in answer.headers if h[0] not in (b"content-type", b"content-length")]
            if exchange.wire == "mgw":
                answer.code = codes.NOT_MODIFIED

    def _signed(self, exchange: Exchange, notes: Notes, answer: Answer) -> Answer:
        """What every answer has: its trace, the time, what browsers have to know, and a signature where one is
        wanted.
        """
        headers: Headers = answer.headers
        trace = exchange.trace.encode()
        headers.append((b"x-eden-trace", trace))
        headers.append((b"mgw-traceid", trace))
        headers.append((b"server-time", b"%d" % exchange.now_ms))
        origin = exchange.fields.get(b"origin")
        if origin is not None and notes.table.cors is not None:
            headers += notes.table.cors.of_answer(origin)
        signer, route = notes.signer, notes.route
        if signer is not None and route is not None and route.response_signature and answer.body is not None:
            signature = signer.answered(exchange.trace, answer.status, exchange.nonce, answer.body)
            headers.append((b"x-eden-response-signature", signature))
        return answer
