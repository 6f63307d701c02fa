"""PostHog's wire, so that a client's host is `http://HOST/observe/posthog`.

Bodies are JSON, plain, compressed (`Content-Encoding`, or `compression=gzip-js` in the query), or in base64 in a form
(`data=…`); browsers call all of them text/plain. What is kept is the JSON. Questions for flags and configuration are
answered so that clients are content: there are none.
"""

from __future__ import annotations

import base64
import binascii
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qs, unquote_to_bytes

import msgspec

from eden.base.problems import Problem, not_found
from eden.observe.accept.encodings import decompress
from eden.observe.accept.otlp import otlp_shape
from eden.observe.accept.own import key_of as bearer
from eden.observe.accept.wires import Response, Shape, Wire, WireRequest, batch_key
from eden.observe.interfaces import Wire as WireName

#: paths to which events are sent, and what the clients that use them want to hear
_EVENTS = {
    "batch": b'{"status":1}',
    "capture": b'{"status":1}',
    "e": b'{"status":1}',
    "i/v0/e": b'{"status":1}',
    "i/v0/ai/batch": b'{"status":1}',
    "track": b'{"status":1}',
    "engage": b'{"status":1}',
    "s": b'{"status":1}',
    # an event that is not named was taken
    "i/v1/analytics/events": b'{"results":{}}',
}
_TELEMETRY: dict[str, WireName] = {"i/v1/logs": "otlp-logs", "i/v1/metrics": "otlp-metrics"}
_QUESTIONS = ("flags", "decide")
_NO_FLAGS = {
    "flags": {},
    "featureFlags": {},
    "featureFlagPayloads": {},
    "errorsWhileComputingFlags": False,
}
#: a larger batch is none of these clients'
BYTES = 20_000_000
#: nor one that pages have packed; it is unpacked before its key is known
PACKED_BYTES = 4_000_000


class _Inner(msgspec.Struct):
    token: Any = None
    api_key: Any = None


class _Event(msgspec.Struct):
    uuid: Any = None
    properties: _Inner | None = None


class _Outer(msgspec.Struct):
    """What a body has outside its events; of one event, it is the event."""

    api_key: Any = None
    token: Any = None
    batch: list[msgspec.Raw] | None = None
    uuid: Any = None
    properties: _Inner | None = None


_outer = msgspec.json.Decoder(_Outer).decode
_events = msgspec.json.Decoder(list[msgspec.Raw]).decode
_event = msgspec.json.Decoder(_Event).decode
_BAD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class PosthogWire(Wire):
    """Below `/observe/posthog/`."""

    key_in_body = True

    def key_of(self, request: WireRequest) -> str | None:
        path = request.rest.strip("/")
        if path.startswith("array/"):
            return path.split("/")[1]
        if path not in _EVENTS and path not in _QUESTIONS and path not in _TELEMETRY and not _is_listing(path):
            raise not_found("This address of the collector")
        if request.method not in ("POST", "GET"):
            raise Problem("method-not-allowed", "Events are posted.", headers={"Allow": "GET, POST"})
        if key := request.query.get("token") or request.query.get("api_key") or bearer(request):
            return key
        if not request.body and "data" not in request.query:
            return None
        outer, events = _read(_unpacked(request))
        return _text(outer.api_key) or _text(outer.token) or _key_of_event(outer, events)

    def shape(self, request: WireRequest) -> Shape:
        path = request.rest.strip("/")
        if path.startswith("array/"):
            return _told(_configuration(path))
        if path in _QUESTIONS:
            return _told(Response(msgspec.json.encode({**_NO_FLAGS, "config": {"enable_collect_everything": True}})))
        if _is_listing(path):
            return _told(Response(b'{"surveys":[],"experiments":[],"product_tours":[]}'))
        if path in _TELEMETRY:
            return otlp_shape(_TELEMETRY[path], request)
        body = _unpacked(request)
        outer, events = _read(body)
        meta = {}
        if sent := request.headers.get("posthog-request-timestamp"):
            meta["sent_at"] = sent[:64]
        if sdk := request.headers.get("posthog-sdk-info"):
            meta["sdk"] = sdk[:64]
        told = Response(_EVENTS[path])
        if not events:
            return _told(told)
        return Shape("posthog", len(events), _batch(request.app, outer, events), body, meta, told)

    def answer(self, shape: Shape) -> Response:
        told = shape.told
        assert isinstance(told, Response)
        return told


def _told(response: Response) -> Shape:
    return Shape("posthog", 0, b"", b"", {}, response)


def _is_listing(path: str) -> bool:
    return path in ("api/surveys", "api/web_experiments", "api/product_tours", "api/early_access_features")


def _unpacked(request: WireRequest) -> bytes:
    """The JSON of a body. Problem `bad-request`, `too-large`."""
    body = request.body
    if len(body) > BYTES:
        raise Problem("too-large", f"The batch has more than {BYTES:,} bytes.", "Send less at once.")
    if body[:2] == b"\x1f\x8b":
        # compression=gzip-js; some say so only in the query, some nowhere
        body = decompress(body, "gzip", PACKED_BYTES)
    if not body and "data" in request.query:
        return _base64(request.query["data"].encode())
    if body.startswith(b"data="):
        try:
            fields = parse_qs(body.decode("latin-1"), max_num_fields=20, keep_blank_values=True)
        except ValueError as error:
            raise Problem("bad-request", "The form has more than 20 fields.") from error
        return _base64(fields["data"][0].encode("utf-8", "surrogatepass"))
    if request.query.get("compression") == "base64" and body[:1] not in (b"{", b"["):
        return _base64(unquote_to_bytes(body))
    return body


def _base64(data: bytes) -> bytes:
    data = data.strip()
    if data[:1] in (b"{", b"["):
        return data
    # "+" was a space in a form
    data = data.replace(b" ", b"+")
    try:
        return base64.b64decode(data + b"=" * (-len(data) % 4), validate=True)
    except binascii.Error as error:
        raise Problem("bad-request", f"The field data is not in base64: {error}.") from error


def _read(body: bytes) -> tuple[_Outer, list[msgspec.Raw] | list[bytes]]:
    try:
        if body.lstrip()[:1] == b"[":
            return _Outer(), _events(body)
        outer = _outer(body)
    except _BAD as error:
        raise Problem("bad-request", f"The body is not a batch of events in JSON: {error}.") from error
    return outer, [body] if outer.batch is None else outer.batch


def _key_of_event(outer: _Outer, events: list[msgspec.Raw] | list[bytes]) -> str | None:
    inner = outer.properties
    if inner is None and events:
        try:
            inner = _event(events[0]).properties
        except _BAD:
            return None
    return (_text(inner.token) or _text(inner.api_key)) if inner is not None else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _batch(app: int, outer: _Outer, events: list[msgspec.Raw] | list[bytes]) -> bytes:
    """The ids of its events; of clients that give none, its events."""
    ids = []
    for raw in events:
        try:
            uuid = outer.uuid if outer.batch is None and outer.uuid else _event(raw).uuid
        except _BAD:
            uuid = None
        if not isinstance(uuid, str) or not uuid:
            digest = blake2b(digest_size=16)
            for each in events:
                digest.update(each)
            return batch_key("posthog", app, digest.digest())
        ids.append(uuid)
    return batch_key("posthog", app, "\n".join(ids))


def _configuration(path: str) -> Response:
    """`array/KEY/config` is JSON, `array/KEY/config.js` the same as a script: nothing is switched on.
    Of surveys nothing is said at all: to "surveys: false", too, clients load their script for them."""
    _, key, what = [*path.split("/"), "", ""][:3]
    configuration = {
        "token": key,
        "supportedCompression": ["gzip", "gzip-js"],
        # asked for, and none told: who waits for flags waits for the answer
        "hasFeatureFlags": True,
        "isAuthenticated": False,
        "sessionRecording": False,
        "heatmaps": False,
        "productTours": False,
        "conversations": False,
        "capturePerformance": False,
        "autocapture_opt_out": False,
        "autocaptureExceptions": False,
        "errorTracking": {"autocaptureExceptions": False, "suppressionRules": []},
        "logs": {"captureConsoleLogs": False},
        "toolbarParams": {},
        "siteApps": [],
        "defaultIdentifiedOnly": True,
        "elementsChainAsString": True,
        "analytics": {"endpoint": "/i/v0/e/"},
    }
    if what == "config":
        return Response(msgspec.json.encode(configuration))
    if what == "config.js":
        # a key is letters and digits, so nothing in it ends a script's text
        quoted = msgspec.json.encode(configuration).decode().replace("<", "\\u003c")
        script = (
            "(function(){window._POSTHOG_REMOTE_CONFIG=window._POSTHOG_REMOTE_CONFIG||{};"
            f"window._POSTHOG_REMOTE_CONFIG[{msgspec.json.encode(key).decode()}]={{config:{quoted},siteApps:[]}}}})();"
        )
        return Response(script.encode(), content_type="application/javascript")
    raise not_found("This address of the collector")
