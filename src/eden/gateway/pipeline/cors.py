"""Cross-origin calls from browsers (the Fetch standard's CORS protocol), by the workspace's rules."""

from __future__ import annotations

from collections.abc import Iterable

from eden.gateway.exchange import Answer, Headers
from eden.gateway.interfaces import Cors
from eden.gateway.pipeline.codes import DENIED, PREFLIGHT

#: what calls are made of
_REQUEST = (
    "x-eden-app x-eden-device x-eden-time x-eden-nonce x-eden-signature x-eden-encryption x-eden-version content-type "
    "operation-type appid did ts sign signtype x-mgs-encryption"
).split()
_EXPOSED = (
    b"result-status, tips, memo, server-time, mgw-traceid, x-eden-trace, x-eden-encryption, x-eden-response-signature, "
    b"x-eden-set-cookie, x-eden-unreachable, etag, retry-after"
)
_METHODS = b"GET, POST, PUT, PATCH, DELETE, HEAD"


class CompiledCors:
    """The rules of a workspace, ready for use."""

    __slots__ = ("_any", "_credentials", "_headers", "_max_age", "_origins")

    def __init__(self, cors: Cors) -> None:
        self._any = "*" in cors.origins
        self._origins = frozenset(origin.rstrip("/").encode() for origin in cors.origins)
        self._credentials = cors.credentials
        self._max_age = cors.max_age_s
        self._headers = frozenset((*_REQUEST, *(name.lower() for name in cors.headers)))

    def allows(self, origin: bytes) -> bool:
        return self._any or origin in self._origins

    def allows_headers(self, wanted: bytes) -> bool:
        """Of a preflight: whether all the headers it names may be sent."""
        names = (name.strip().lower() for name in wanted.decode("latin-1").split(","))
        return all(name in self._headers for name in names if name)

    def of_answer(self, origin: bytes) -> Headers:
        """What is added to an answer for this origin."""
        headers = [(b"vary", b"Origin")]
        if self.allows(origin):
            # an origin by name even where all are allowed: "*" does not go with credentials
            listed = origin in self._origins
            headers.append((b"access-control-allow-origin", origin if listed else b"*"))
            headers.append((b"access-control-expose-headers", _EXPOSED))
            if self._credentials and listed:
                headers.append((b"access-control-allow-credentials", b"true"))
        return headers

    def of_preflight(self, origin: bytes) -> Headers:
        return [
            *self.of_answer(origin),
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", ", ".join(sorted(self._headers)).encode()),
            (b"access-control-max-age", b"%d" % self._max_age),
        ]


def preflight(rules: Iterable[CompiledCors], fields: dict[bytes, bytes]) -> Answer:
    """The answer to OPTIONS. A browser does not say which app asks, so whichever workspace allows the origin decides;
    the call itself meets the rules of its own.
    """
    origin, wanted = fields.get(b"origin", b""), fields.get(b"access-control-request-headers", b"")
    for cors in rules:
        if origin and cors.allows(origin) and cors.allows_headers(wanted):
            return Answer(204, [*cors.of_preflight(origin), (b"result-status", b"%d" % PREFLIGHT)], b"", PREFLIGHT)
    return Answer(
        403, [(b"vary", b"Origin"), (b"result-status", b"%d" % DENIED)], b"", DENIED, "This origin may not call."
    )
