"""Reading OTLP: the same records from protobuf and from JSON, and what is wrong with one.

A record comes with the message of its resource and scope. Values have the names of the generated classes in both forms;
only ids differ (bytes, hexadecimal text), which `id_text` evens out.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, NamedTuple

import msgspec

from eden.observe.digest import otlp_values as values
from eden.observe.interfaces import Wire

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
#: of values within values; deeper ones are no data of people
DEPTH = 16


class Unreadable(ValueError):
    """The body is not the message that it should be."""


class Signal(NamedTuple):
    """Where a signal's records stand in its message. `service`: module of the request's class."""

    request: str
    service: str
    resources: str
    scopes: str
    records: str
    json: msgspec.json.Decoder[Any]
    record: msgspec.json.Decoder[Any]
    rejected: str


def _lax(kind: type) -> msgspec.json.Decoder[Any]:
    # 64-bit numbers come as text
    return msgspec.json.Decoder(kind, strict=False)


SIGNALS: Mapping[Wire, Signal] = {
    "otlp-logs": Signal(
        "ExportLogsServiceRequest",
        "logs.v1.logs_service_pb2",
        "resource_logs",
        "scope_logs",
        "log_records",
        _lax(values.LogsData),
        _lax(values.LogRecord),
        "rejectedLogRecords",
    ),
    "otlp-traces": Signal(
        "ExportTraceServiceRequest",
        "trace.v1.trace_service_pb2",
        "resource_spans",
        "scope_spans",
        "spans",
        _lax(values.TracesData),
        _lax(values.Span),
        "rejectedSpans",
    ),
    "otlp-metrics": Signal(
        "ExportMetricsServiceRequest",
        "metrics.v1.metrics_service_pb2",
        "resource_metrics",
        "scope_metrics",
        "metrics",
        _lax(values.MetricsData),
        _lax(values.Metric),
        "rejectedDataPoints",
    ),
}


class Record(NamedTuple):
    """One log record, span or metric; or, with a `fault`, what it was. `raw()` is its text for people."""

    resource: Any
    scope: Any
    value: Any
    fault: str
    raw: Callable[[], str]


def count(wire: Wire, body: bytes, content_type: str) -> int:
    """How many records a request has, without a look at any. Raises Unreadable."""
    signal = SIGNALS[wire]
    return sum(
        len(getattr(by_scope, signal.records))
        for by_resource in getattr(_message(signal, body, content_type), signal.resources)
        for by_scope in getattr(by_resource, signal.scopes)
    )


def records(wire: Wire, body: bytes, content_type: str) -> Iterator[Record]:
    """All records of a request. Raises Unreadable: the body cannot be read at all."""
    signal = SIGNALS[wire]
    message = _message(signal, body, content_type)
    for by_resource in getattr(message, signal.resources):
        for by_scope in getattr(by_resource, signal.scopes):
            for value in getattr(by_scope, signal.records):
                yield _record(wire, signal, by_resource.resource, by_scope.scope, value)


def _record(wire: Wire, signal: Signal, resource: Any, scope: Any, value: Any) -> Record:
    if isinstance(value, msgspec.Raw):
        raw = bytes(value)
        try:
            value = signal.record.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return Record(resource, scope, None, f"not a record: {error}", lambda: raw.decode("utf-8", "replace"))
        return Record(resource, scope, value, fault(wire, value), lambda: raw.decode("utf-8", "replace"))
    return Record(resource, scope, value, fault(wire, value), lambda: str(value))


def fault(wire: Wire, value: Any) -> str:
    """Why the specification calls a record invalid; "" when it does not."""
    if wire == "otlp-traces":
        if not id_text(value.trace_id, 32):
            return "a span without a trace id of 16 bytes"
        if not id_text(value.span_id, 16):
            return "a span without an id of 8 bytes"
    elif wire == "otlp-metrics":
        if not value.name:
            return "a metric without a name"
        if value.WhichOneof("data") is None:
            return "a metric without data"
    return ""


def points(value: Any) -> int:
    """How many data points a metric has."""
    kind = value.WhichOneof("data")
    return len(getattr(value, kind).data_points) if kind else 1


def _message(signal: Signal, body: bytes, content_type: str) -> Any:
    return _protobuf(signal, body) if content_type == PROTOBUF else _json(signal, body)


def _json(signal: Signal, body: bytes) -> Any:
    try:
        return signal.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"the body is no {signal.request} in JSON: {error}") from error


def _protobuf(signal: Signal, body: bytes) -> Any:
    # part of the extra `observe`; loaded with the first such request
    classes = import_module(f"opentelemetry.proto.collector.{signal.service}")
    message = getattr(classes, signal.request)()
    try:
        message.ParseFromString(body)
    except Exception as error:  # protobuf's DecodeError: its module is only there with the extra
        raise Unreadable(f"the body is no {signal.request}") from error
    return message


def id_text(value: bytes | str, digits: int) -> str:
    """An id in hexadecimal; "" when it is not one, or only noughts."""
    found = value.hex() if isinstance(value, bytes) else value.lower()
    if len(found) != digits or not found.strip("0"):
        return ""
    try:
        int(found, 16)
    except ValueError:
        return ""
    return found


def attributes(pairs: Any) -> dict[str, Any]:
    """Attributes as a JSON object; of a key that comes twice, the last."""
    return {pair.key: plain(pair.value) for pair in pairs if pair.key}


def plain(value: Any, depth: int = 0) -> Any:
    """An AnyValue as JSON has it; bytes in base64."""
    kind = value.WhichOneof("value")
    if kind is None or depth > DEPTH:
        return None
    held = getattr(value, kind)
    if kind == "array_value":
        return [plain(item, depth + 1) for item in held.values]
    if kind == "kvlist_value":
        return {pair.key: plain(pair.value, depth + 1) for pair in held.values}
    return base64.b64encode(held).decode() if isinstance(held, bytes) else held
