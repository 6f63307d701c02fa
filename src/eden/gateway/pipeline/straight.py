"""What is left to be checked of a call whose head came before, where no step but signature and limits has anything to
say: time, nonce, signature, buckets.

It never says why a call is refused. Where one of the checks before the nonce is taken fails, nothing has happened yet,
and the call is taken through all of its steps (`pipeline`), which have the words.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterable, Mapping
from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from eden.gateway.exchange import AGAIN, NOBODY, PASSES, Answer, Buckets, Exchange, Headers, Nonces, Who
from eden.gateway.pipeline import limits
from eden.gateway.pipeline.authorizer import as_header
from eden.gateway.pipeline.headers import returned
from eden.gateway.pipeline.leaving import GOOD_LINE
from eden.gateway.pipeline.ready import Ready
from eden.gateway.pipeline.signature import Signer, is_nonce

if TYPE_CHECKING:
    from eden.gateway.pipeline.pipeline import Pipeline

#: a secret that does not retire
_NEVER: Final = 1 << 62


def is_straight(ready: Ready, exchange: Exchange, steady: dict[bytes, bytes], secrets: dict[bytes, bytes]) -> bool:
    """Whether nothing of calls like this one hangs on chance, on what others asked, or on bodies. `steady`: the headers
    that all of them have; `secrets`: those of this one whose values are other ones in others."""
    route = ready.route
    told = b"origin" in steady and ready.table.cors is not None
    asks = route.authorizer
    return (
        route.signed
        and ready.plain
        # rules may look at what a header says
        and (route.request_rules is None or not secrets)
        # it may be asked about the moment, or a nonce
        and (asks is None or asks.question(exchange.fields) == asks.question(steady | secrets))
        and route.kind == "http"
        and route.breaker is None
        and route.check_body is None
        and route.mock is None
        and route.response_rules is None
        and not told
    )


class Straight:
    """Of calls with one head, signed with one secret (`exchange.Straight`). `steady`: see `is_straight`."""

    __slots__ = (
        "_authorizer", "_buckets", "_digest", "_mac", "_name", "_nonces", "_owner", "_pipeline", "_ready",
        "_requires_body", "_retires_ms", "_steady", "_wanted", "_window_ms", "principal",
    )  # fmt: skip

    def __init__(
        self,
        pipeline: Pipeline,
        ready: Ready,
        signer: Signer,
        steady: dict[bytes, bytes],
        nonces: Nonces,
        buckets: Buckets,
    ) -> None:
        self._authorizer = ready.route.authorizer
        self.principal = b"" if self._authorizer is None else self._authorizer.header
        self._requires_body = ready.route.mapping.requires_body
        self._steady = steady
        self._pipeline = pipeline
        self._ready = ready
        self._name = signer.name
        self._digest = signer.digest
        self._mac = signer.behind(ready.beginning)
        self._retires_ms = _NEVER if signer.retires_ms is None else signer.retires_ms
        self._owner = ready.app.owner
        self._window_ms = ready.table.window_ms
        self._nonces = nonces
        self._buckets = buckets
        self._wanted = ready.buckets

    def who(self, secrets: Mapping[bytes, bytes], now_ms: int) -> Who | None:
        """See `exchange.Straight`."""
        asks = self._authorizer
        if asks is None or not (question := asks.question({**self._steady, **secrets})):
            return NOBODY
        known = self._pipeline.principal(asks.key(question), now_ms)
        return None if known is None else (known, as_header(known))

    def passes(self, time: bytes, nonce: bytes, code: bytes, body: bytes, who: Who, now_ms: int, started: float) -> int:
        """See `exchange.Straight`."""
        if not (is_nonce(nonce) and time.isdigit() and len(time) <= 16) or (self._requires_body and not body):
            return AGAIN
        at_ms, window_ms = int(time), self._window_ms
        if not -window_ms <= at_ms - now_ms <= window_ms or now_ms >= self._retires_ms:
            return AGAIN
        right = self._mac(b"%b\n%b\n%b" % (time, nonce, self._digest(body).encode()))
        if not compare_digest(b2a_base64(right, newline=False), code):
            return AGAIN
        if not self._nonces.take(self._owner + nonce, at_ms):
            # refused once more, and said why
            return AGAIN
        empty = self._buckets.take(self._wanted, started) if self._wanted else PASSES
        if empty != PASSES or not who[0]:
            return empty
        wanted, _ = limits.of_user(self._ready.levels, who[0])
        empty = self._buckets.take(wanted, started) if wanted else PASSES
        return empty if empty == PASSES else len(self._wanted) + empty

    def recall(self, exchange: Exchange, nonce: bytes, code: bytes, who: Who, empty: int) -> Answer | None:
        """See `exchange.Straight`."""
        ready = self._ready
        exchange.app, exchange.device, exchange.nonce = ready.app.key, ready.device, nonce
        exchange.fields[b"x-eden-signature"] = self._name + code
        if not 0 <= empty < len(self._wanted):
            # who calls is asked behind the limits of everybody
            exchange.principal = exchange.user = who[0]
        if empty >= 0:
            return self._pipeline.limited(exchange, ready, empty)
        self._pipeline.send(exchange, ready)
        return None

    def returned(self, headers: Iterable[tuple[bytes, bytes]]) -> Headers:
        """See `exchange.Straight`."""
        return [*returned(headers), GOOD_LINE]
