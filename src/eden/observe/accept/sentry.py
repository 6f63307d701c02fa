"""Sentry's wire: envelopes below `/observe/sentry/api/NUMBER/`, so that a DSN is `http://KEY@HOST/observe/sentry/NUMBER`.

Only headers are read; every item is taken (docs/observe-wire.md has the table of what becomes what).
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

from eden.base.problems import Problem, not_found
from eden.observe.accept.wires import Fields, Response, Shape, Wire, WireRequest, batch_key
from eden.observe.digest.sentry_envelope import HEADER_BYTES, Envelope, read_envelope

_PATH = re.compile(r"api/(?P<number>\d{1,10})/(?P<what>[a-z]+)/?")
_KEY = re.compile(r"\bsentry_key=([0-9A-Za-z]+)")
#: the endpoint before envelopes
_GONE = Response(
    msgspec.json.encode(
        {
            "type": "about:blank",
            "title": "Gone",
            "status": 410,
            "code": "gone",
            "detail": "Events without an envelope are not taken.",
            "hint": "Use a client of 2020 or later: it sends envelopes.",
        }
    ),
    410,
    "application/problem+json",
    (("x-sentry-error", "store endpoint is gone; send envelopes"),),
)
#: a browser's reports of the network, among those of policies
_NETWORK = "network-error"


class SentryWire(Wire):
    """Below `/observe/sentry/`."""

    #: an envelope may have the whole DSN in its headers
    key_in_body = True

    def key_of(self, request: WireRequest) -> str | None:
        if _PATH.fullmatch(request.rest) is None:
            raise not_found("This address of the collector")
        if request.method != "POST":
            raise Problem("method-not-allowed", "Envelopes are posted.", headers={"Allow": "POST"})
        for name in ("x-sentry-auth", "authorization"):
            if found := _KEY.search(request.headers.get(name, "")):
                return found[1]
        if key := request.query.get("sentry_key"):
            return key
        return _key_of_dsn(request.body) if request.body else None

    def shape(self, request: WireRequest) -> Shape:
        path = _PATH.fullmatch(request.rest)
        if path is None or int(path["number"]) != request.app:
            raise not_found("This project, for this key,")
        what, body = path["what"], request.body
        if what == "store":
            return Shape("sentry", 0, b"", b"", {}, _GONE)
        if what == "security":
            body = _security(request)
        elif what != "envelope":
            raise not_found("This address of the collector")
        try:
            envelope = read_envelope(body)
        except ValueError as error:
            raise Problem(
                "bad-request", f"The envelope cannot be read: {error}.", headers={"X-Sentry-Error": "bad envelope"}
            ) from error
        id_ = envelope.text("event_id").replace("-", "")
        told = Response(msgspec.json.encode({"id": id_})) if id_ else Response()
        if not envelope.items and not envelope.fault:
            return Shape("sentry", 0, b"", b"", {}, told)
        return Shape("sentry", _count(envelope), _batch(request.app, id_, envelope, body), body, {}, told)

    def answer(self, shape: Shape) -> Response:
        told = shape.told
        assert isinstance(told, Response)
        return told

    def later(self, seconds: int, reason: str) -> Fields:
        """Of all categories: quotas are of an app's records, whatever they are (developer documentation of SDKs, "Rate
        Limiting")."""
        return (("x-sentry-rate-limits", f"{seconds}::key:{reason.replace('-', '_')}"),)


def _count(envelope: Envelope) -> int:
    return sum(item.records() for item in envelope.items) or 1


def _batch(app: int, id_: str, envelope: Envelope, body: bytes) -> bytes:
    """The same envelope again has the same id and items of the same kinds and lengths; without an id, the same bytes
    behind its headers, which have the time of sending."""
    if id_ and envelope.items:
        kinds = " ".join(f"{item.type}:{item.end - item.start}" for item in envelope.items)
        return batch_key("sentry", app, f"{id_} {kinds}")
    return batch_key("sentry", app, body[body.find(b"\n") + 1 :])


def _key_of_dsn(body: bytes) -> str | None:
    end = body.find(b"\n", 0, HEADER_BYTES)
    try:
        headers = msgspec.json.decode(body[: end if end >= 0 else HEADER_BYTES], type=_Headers)
        return urlsplit(headers.dsn).username or None
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, RecursionError):
        return None


class _Headers(msgspec.Struct):
    dsn: str = ""


class _Report(msgspec.Struct):
    type: str = ""


def _security(request: WireRequest) -> bytes:
    """Reports that browsers send by themselves, as the envelope that a client would have made of them."""
    body = request.body
    reports: list[bytes]
    if body.lstrip()[:1] == b"[":
        try:
            reports = [bytes(each) for each in msgspec.json.decode(body, type=list[msgspec.Raw])]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Problem("bad-request", f"The reports cannot be read: {error}.") from error
    else:
        reports = [body] if body.strip() else []
    about = {name: request.query[name] for name in ("sentry_release", "sentry_environment") if name in request.query}
    pieces = [b"{}"]
    for report in reports:
        head = {"type": "nel" if _kind(report) == _NETWORK else "raw_security", "length": len(report), **about}
        pieces += [msgspec.json.encode(head), report]
    return b"\n".join(pieces)


def _kind(report: bytes) -> str:
    try:
        return msgspec.json.decode(report, type=_Report).type
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
