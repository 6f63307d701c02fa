"""The steps of a call, in their order (`exchange.Steps`): what happens to it besides being passed on.

size · signature · encryption · rate limits · authentication · mock · cache · breaker · parameters and mapping · header
rules · migration ▸ service ▸ cache · entity tag · sealing · signing

A step that an operation does not have costs one look at its route. How answers leave is in `leaving`, the safe exit in
`outward`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import cast

import msgspec

from eden.base.outbound import UNREACHABLE
from eden.gateway.exchange import GOOD, Answer, Buckets, Exchange, Failure, Nonces
from eden.gateway.interfaces import LimitAnswer
from eden.gateway.pipeline import cache as caching
from eden.gateway.pipeline import codes, egress, limits, retry
from eden.gateway.pipeline.authorizer import CompiledAuthorizer, Principals, as_header
from eden.gateway.pipeline.breaker import BreakerState
from eden.gateway.pipeline.codes import Stop
from eden.gateway.pipeline.compile import CompiledRoute
from eden.gateway.pipeline.encryption import open_body
from eden.gateway.pipeline.headers import returned
from eden.gateway.pipeline.mapping import Call
from eden.gateway.pipeline.notes import Notes, notes_of
from eden.gateway.pipeline.outward import Outward
from eden.gateway.pipeline.ready import Ready, aim, ask_who, pass_on, prepare
from eden.gateway.pipeline.signature import nonce_of, verify
from eden.gateway.pipeline.straight import Straight, is_straight
from eden.gateway.rules_body import Mistake

_FAILED: Mapping[Failure, tuple[int, int, str]] = {
    "connect": (codes.UPSTREAM, 502, "No connection to the service could be had."),
    "queue": (codes.UPSTREAM, 503, "Too many calls wait for the service."),
    "none": (codes.UPSTREAM, 503, "No target of the service is well."),
    "broken": (codes.UPSTREAM, 502, "The service ended the connection, or its answer was none."),
    "timeout": (codes.TIMEOUT, 504, "The service did not answer in time."),
    "large": (codes.UPSTREAM, 502, "The answer of the service is too large to be held."),
}


class Pipeline(Outward):
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
        super().__init__(random_bytes)
        self._nonces = nonces
        self._buckets = buckets
        self._clock = clock
        self._draw = draw
        self._resolve = resolve
        self._cache = caching.ResponseCache(cache_bytes)
        self._principals = Principals()

    # before the service

    def before(self, exchange: Exchange) -> Answer | None:
        """All steps up to the service, or up to the authorizer. An answer ends the call."""
        standing = exchange.standing
        try:
            ready: Ready = standing.ready if standing is not None else None  # type: ignore[assignment]
            if ready is None:
                ready = prepare(exchange)
            app, route = ready.app, ready.route
            exchange.app, exchange.device = app.key, ready.device
            body = exchange.body
            if body is not None and len(body) > route.body_bytes:
                raise Stop(codes.MALFORMED, f"A body has {route.body_bytes} bytes at most.", status=413)
            if route.signed:
                signer, exchange.nonce = verify(
                    exchange.fields,
                    app.signers,
                    app.owner,
                    ready.beginning,
                    body or b"",
                    now_ms=exchange.now_ms,
                    window_ms=ready.table.window_ms,
                    nonces=self._nonces,
                )
                if route.response_signature:
                    notes_of(exchange).signer = signer
            if ready.sealed:
                self._open(exchange, ready)
            if ready.buckets:
                empty = self._buckets.take(ready.buckets, exchange.started)
                if empty >= 0:
                    raise _too_many(exchange, ready.buckets[empty], ready.answers[empty])
            if ready.outside is not None:
                self._aim_outside(exchange, ready.outside)
                return None
            if route.authorizer is not None and not self._authenticate(exchange, ready, route.authorizer):
                return None
            return self._onward(exchange, ready)
        except Stop as stop:
            return self._stopped(exchange, stop)

    def straight(
        self, exchange: Exchange, steady: dict[bytes, bytes], secrets: dict[bytes, bytes], signature: bytes
    ) -> Straight | None:
        """See `exchange.Steps`."""
        ready: Ready | None = None if exchange.standing is None else exchange.standing.ready  # type: ignore[assignment]
        if ready is None or not is_straight(ready, exchange, steady, secrets):
            return None
        for signer in ready.app.signers:
            if signer.name == signature:
                return Straight(self, ready, signer, steady, self._nonces, self._buckets)
        return None

    def limited(self, exchange: Exchange, ready: Ready, empty: int) -> Answer:
        """The answer to a call for which this bucket had no token; behind those of everybody are the user's."""
        buckets, answers = ready.buckets, ready.answers
        if empty >= len(buckets):
            empty -= len(buckets)
            buckets, answers = limits.of_user(ready.levels, exchange.user)
        return self._stopped(exchange, _too_many(exchange, buckets[empty], answers[empty]))

    def principal(self, key: bytes, now_ms: int) -> str | None:
        """Who it is by this key of a question; None: not known, or not any more."""
        return self._principals.get(key, now_ms)

    def _open(self, exchange: Exchange, ready: Ready) -> None:
        header = exchange.fields.get(b"x-eden-encryption")
        if header is None:
            raise Stop(codes.UNREADABLE, "This operation takes encrypted bodies only (header x-eden-encryption).")
        if ready.route.encryption == "off":
            raise Stop(codes.UNREADABLE, "This operation takes no encrypted bodies.")
        exchange.nonce = exchange.nonce or nonce_of(exchange.fields)
        notes = notes_of(exchange)
        exchange.body, notes.opener, notes.seal = open_body(
            header,
            ready.app.openers,
            exchange.body or b"",
            app=exchange.app,
            operation=exchange.operation,
            nonce=exchange.nonce,
            now_ms=exchange.now_ms,
        )

    def _limit_user(self, exchange: Exchange, ready: Ready) -> None:
        buckets, answers = limits.of_user(ready.levels, exchange.user)
        if buckets and (empty := self._buckets.take(buckets, exchange.started)) >= 0:
            raise _too_many(exchange, buckets[empty], answers[empty])

    def _authenticate(self, exchange: Exchange, ready: Ready, authorizer: CompiledAuthorizer) -> bool:
        """Whether it is known who calls; if not, the exchange says what is to be asked."""
        question = authorizer.question(exchange.fields)
        if not question:
            authorizer.nobody()
            return True
        notes = notes_of(exchange)
        notes.question = authorizer.key(question)
        known = self._principals.get(notes.question, exchange.now_ms)
        if known is not None:
            exchange.principal = exchange.user = known
            return True
        exchange.authorizer = ask_who(exchange, ready.table, authorizer, question)
        return False

    def authorized(self, exchange: Exchange, answer: Answer) -> Answer | None:
        """The authorizer's answer, whole (502 when there is none); goes on with the steps behind it."""
        exchange.authorizer = None
        try:
            ready = prepare(exchange)
            authorizer = ready.route.authorizer
            assert authorizer is not None
            principal = authorizer.principal(answer.status, answer.body or b"")
            if principal and authorizer.cache_ms:
                known = notes_of(exchange).question
                self._principals.put(known, principal, exchange.now_ms + authorizer.cache_ms)
            exchange.principal = exchange.user = principal
            return self._onward(exchange, ready)
        except Stop as stop:
            return self._stopped(exchange, stop)

    def _onward(self, exchange: Exchange, ready: Ready) -> Answer | None:
        route = ready.route
        if exchange.user:
            self._limit_user(exchange, ready)
        call = Call(exchange) if exchange.wire == "mgw" else None
        if route.check_body is not None and (mistakes := route.check_body(exchange.body or b"")):
            raise _mistaken(mistakes)
        if route.mock is not None and route.mock.answers(self._draw()):
            code = route.mock.code(exchange.wire)
            if code == codes.DENIED:
                raise Stop(codes.DENIED, "The mock's resultStatus is no result code.")
            answer = Answer(route.mock.status, list(route.mock.headers), route.mock.body, code)
            return self._finished(exchange, answer)
        if route.cache is not None:
            call, notes = call or Call(exchange), notes_of(exchange)
            notes.key = route.cache.key(call)
            entry = self._cache.get(notes.key, exchange.now_ms)
            if entry is not None:
                return self._kept(exchange, entry)
            fills = self._cache.fill(notes.key, exchange.now_ms)
            if fills is False:
                exchange.locates = True
            notes.fill = fills is True
        self.send(exchange, ready, call)
        if route.breaker is not None and not exchange.locates:
            self._pass_breaker(exchange, route)
        return None

    def send(self, exchange: Exchange, ready: Ready, call: Call | None = None) -> None:
        """What the service is sent, and where."""
        if ready.headers is not None:
            pass_on(exchange, ready)
            return
        exchange.upstream = ready.upstream
        route, notes = ready.route, exchange.notes
        if route.holds_answers or (notes is not None and notes.seal is not None):
            exchange.whole_answer = True
            exchange.headers = caching.unconditional(exchange.headers)
        aim(exchange, ready, call)
        if exchange.principal and route.authorizer is not None:
            exchange.send_headers.append((route.authorizer.header, as_header(exchange.principal)))

    def _pass_breaker(self, exchange: Exchange, route: CompiledRoute) -> None:
        breaker = route.breaker
        if breaker is None:
            return
        now = self._clock()
        if not breaker.allows(now):
            result = None if route.breaker_answer is None else msgspec.json.encode(route.breaker_answer)
            raise Stop(codes.UPSTREAM, "The service fails at the moment and is not asked.", status=503, result=result)
        exchange.breaker = (breaker, now)
        notes_of(exchange)

    # what takes time

    async def locate(self, exchange: Exchange) -> Answer | None:
        """Wait for the answer that another call fetches; or look up the safe exit's name and pin `address`."""
        try:
            if exchange.wire == "egress":
                await self._pin(exchange, self._resolve)
                return None
            exchange.locates = False
            notes = notes_of(exchange)
            future: asyncio.Future[caching.Entry | None] = asyncio.get_running_loop().create_future()

            def tell(entry: caching.Entry | None) -> None:
                if not future.done():
                    future.set_result(entry)

            if self._cache.wait(notes.key, tell):
                entry = await future
            else:
                entry = self._cache.get(notes.key, exchange.now_ms)
            if entry is not None:
                return self._kept(exchange, entry)
            self._pass_breaker(exchange, exchange.route)  # type: ignore[arg-type]
            return None
        except Stop as stop:
            return self._stopped(exchange, stop)

    def again(self, exchange: Exchange, cause: Failure | int) -> bool:
        """Whether to send once more, after a failure or a status; counts the attempt."""
        route: CompiledRoute | None = exchange.route  # type: ignore[assignment]
        if route is None or not retry.tries_again(route.retry, exchange.send_method, cause, exchange.attempt):
            return False
        exchange.attempt += 1
        return True

    # after the service

    def after(self, exchange: Exchange, answer: Answer) -> Answer:
        """The service's answer as the client gets it; whole when the exchange says so, else its head."""
        if exchange.wire == "egress":
            return self._from_outside(exchange, answer)
        status = answer.status
        answer.headers = returned(answer.headers)
        notes: Notes | None = exchange.notes
        if notes is not None:
            notes.failed = status >= 500
            if notes.fill:
                notes.fill = False
                self._fill(exchange, notes.key, answer)
        if status >= 400:
            answer.code = codes.UPSTREAM if status >= 500 else codes.BUSINESS
            answer.reason = f"The service answered {status}."
        return self._finished(exchange, answer)

    def _fill(self, exchange: Exchange, key: bytes, answer: Answer) -> None:
        """The end of the call that others wait for."""
        route: CompiledRoute = exchange.route  # type: ignore[assignment]
        entry = None
        if route.cache is not None and caching.keeps(answer, route.cache.most_bytes):
            entry = caching.Entry(answer, exchange.now_ms, exchange.now_ms + route.cache.ttl_ms)
        # an error says nothing of the next answer
        self._cache.filled(key, entry, exchange.now_ms, passes=answer.status == 200)

    def _kept(self, exchange: Exchange, entry: caching.Entry) -> Answer:
        exchange.cached = True
        return self._finished(exchange, entry.answer(exchange.now_ms))

    def failed(self, exchange: Exchange, failure: Failure) -> Answer:
        """No answer of the upstream could be had."""
        if (notes := exchange.notes) is not None:
            notes.failed = True
        code, status, reason = _FAILED[failure]
        headers = list(UNREACHABLE) if exchange.wire == "egress" else None
        return self._stopped(exchange, Stop(code, reason, status=status, headers=headers))

    def ended(self, exchange: Exchange, answer: Answer | None) -> None:
        """The call is over, answered or (None) left by the client."""
        notes: Notes | None = exchange.notes
        if notes is None:
            return
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


def _mistaken(mistakes: list[Mistake]) -> Stop:
    """What is wrong with a body, place by place."""
    found = [f"{place or 'The body'} {what}" for place, what in mistakes]
    return Stop(codes.MALFORMED, f"The body is not what the operation takes: {'; '.join(found)}.")


def _too_many(exchange: Exchange, bucket: limits.Bucket, answer: LimitAnswer) -> Stop:
    exchange.limited = True
    if answer.status == GOOD:
        return Stop(codes.LIMITED, result=msgspec.json.encode(answer.result))
    wait = limits.retry_after(bucket)
    return Stop(
        answer.status, "Too many calls.", status=429, headers=[(b"retry-after", b"%d" % wait)], tips=answer.tips
    )
