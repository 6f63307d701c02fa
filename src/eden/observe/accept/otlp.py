"""OpenTelemetry's wire, OTLP over HTTP: `/observe/otlp/v1/{logs,traces,metrics}`, in protobuf and JSON.

Source: OTLP specification 1.10, "OTLP/HTTP": the answer has the request's form; what is not valid is counted in
`partial_success`; a body that cannot be read is answered 400 with a Status.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

import msgspec

from eden.base.problems import Problem, not_found
from eden.observe.accept.own import key_of
from eden.observe.accept.wires import Response, Shape, Wire, WireRequest, batch_key
from eden.observe.digest.otlp_read import JSON, PROTOBUF, SIGNALS, Unreadable, count, points, records
from eden.observe.interfaces import Wire as WireName

_PATHS: Mapping[str, WireName] = {"v1/logs": "otlp-logs", "v1/traces": "otlp-traces", "v1/metrics": "otlp-metrics"}
#: as the specification recommends
BYTES = 20_971_520
#: of larger requests the records are only counted: looking at each would hold up other senders
_LOOKED_AT = 2_000_000
#: code of a Status (google.rpc.Code)
_INVALID_ARGUMENT = 3


class OtlpWire(Wire):
    """Below `/observe/otlp/`."""

    key_in_body = False

    def key_of(self, request: WireRequest) -> str | None:
        if request.rest not in _PATHS:
            raise not_found("This address of the collector")
        if request.method != "POST":
            raise Problem("method-not-allowed", "Telemetry is posted.", headers={"Allow": "POST"})
        return request.headers.get("x-eden-key") or key_of(request)

    def shape(self, request: WireRequest) -> Shape:
        return otlp_shape(_PATHS[request.rest], request)

    def answer(self, shape: Shape) -> Response:
        told = shape.told
        assert isinstance(told, Response)
        return told


def otlp_shape(wire: WireName, request: WireRequest) -> Shape:
    """The batch, and what is wrong in it. A body that cannot be read is only answered. Problem `media-type`."""
    kind = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if kind not in (PROTOBUF, JSON):
        raise Problem("media-type", f"Telemetry is not {kind[:80]}.", f"Send {PROTOBUF} or {JSON}.")
    if len(request.body) > BYTES:
        raise Problem("too-large", f"The request has more than {BYTES:,} bytes.", "Send less at once.")
    number = rejected = 0
    reason = ""
    try:
        if len(request.body) > _LOOKED_AT:
            number = count(wire, request.body, kind)
            return _shape(wire, request, kind, number, 0, "")
        for record in records(wire, request.body, kind):
            size = points(record.value) if wire == "otlp-metrics" and record.value is not None else 1
            number += size
            if record.fault:
                rejected += size
                reason = reason or record.fault
    except Unreadable as error:
        return Shape(wire, 0, b"", b"", {}, _status(kind, str(error)))
    return _shape(wire, request, kind, number, rejected, reason)


def _shape(wire: WireName, request: WireRequest, kind: str, number: int, rejected: int, reason: str) -> Shape:
    # clients have no ids for their batches: the same bytes are the same batch
    key = batch_key(wire, request.app, blake2b(request.body, digest_size=16).digest())
    told = _answer(wire, kind, rejected, reason)
    return Shape(wire, number, key, request.body if number else b"", {"type": kind}, told)


def _answer(wire: WireName, kind: str, rejected: int, reason: str) -> Response:
    if not rejected:
        return Response(b"" if kind == PROTOBUF else b"{}", content_type=kind)
    sentence = f"{rejected} not valid, kept in quarantine; the first: {reason}"
    if kind == PROTOBUF:
        partial = _varint(1, rejected) + _string(2, sentence)
        return Response(_bytes(1, partial), content_type=kind)
    partial_success = {SIGNALS[wire].rejected: str(rejected), "errorMessage": sentence}
    return Response(msgspec.json.encode({"partialSuccess": partial_success}), content_type=kind)


def _status(kind: str, sentence: str) -> Response:
    """google.rpc.Status: code 1, message 2."""
    if kind == PROTOBUF:
        body: bytes = _varint(1, _INVALID_ARGUMENT) + _string(2, sentence)
    else:
        body = msgspec.json.encode({"code": _INVALID_ARGUMENT, "message": sentence})
    return Response(body, 400, kind)


# three fields of protobuf do not need its library: it is an extra


def _number(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)


def _varint(field: int, value: int) -> bytes:
    return _number(field << 3) + _number(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _number(field << 3 | 2) + _number(len(value)) + value


def _string(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())
