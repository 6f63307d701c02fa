"""Whatever bytes arrive: wires answer, or refuse with a problem; digests give rows that the store can take."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from eden.base.problems import Problem
from eden.observe.accept.foreign import foreign_wires
from eden.observe.accept.wires import WireRequest
from eden.observe.digest.digest import digest
from eden.observe.digest.otlp_read import JSON, PROTOBUF
from eden.observe.digest.sentry import KNOWN
from eden.observe.interfaces import TABLE_OF, Accepted
from tests.observe.wires.made import APP, NOW, Keeper, envelope, rows

_WIRES = foreign_wires()
_encode = msgspec.json.Encoder().encode
_LITTLE = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
#: names that the digests look for, with anything in them
_NAMES = st.sampled_from(
    """
    event_id timestamp start_timestamp platform level exception values stacktrace frames filename lineno contexts trace
    trace_id span_id os device app user id geo tags items attributes body value type name status aggregates started
    attrs release breadcrumbs request url headers fingerprint logentry message threads spans measurements sid did
    discarded_events quantity event distinct_id properties $set $set_once uuid batch sent_at $exception_list $os
    $current_url offset token mechanism data resourceLogs scopeLogs logRecords severityNumber key $group_type
    $group_key sdk extra in_app monitor_slug check_in_id replay_id
    """.split()
)
_OBJECTS = st.recursive(
    _VALUES,
    lambda inner: st.dictionaries(_NAMES, inner, max_size=6) | st.lists(inner, max_size=3),
    max_leaves=25,
).filter(lambda value: isinstance(value, dict | list))


def _through(wire: str, rest: str, body: bytes, **headers: str) -> None:
    """Accept and digest; what comes out must be what the store can take."""
    query = {"compression": "gzip-js"} if headers.pop("js", "") else {}
    request = WireRequest(rest, "POST", query, headers, body, APP, int(NOW * 1e6))
    try:
        _WIRES[wire].key_of(request)
        shape = _WIRES[wire].shape(request)
    except Problem as problem:
        assert problem.status < 500
        return
    answer = _WIRES[wire].answer(shape)
    assert answer.status < 500
    assert shape.count >= 0
    about = Keeper(limit=1000)
    if shape.body:
        # raises what a digest lets through to the last net
        rows(shape.wire, shape.body, about, NOW, **shape.meta)
    batch = Accepted(shape.wire, APP, request.received, shape.key, shape.body, shape.meta)
    for row in digest(batch, about) if shape.body else ():
        assert TABLE_OF[type(row)]
        line = _encode(row)
        # NaN and lone surrogates would spoil a whole insert
        assert json.loads(line)["app"] == APP
        assert len(line) < 600_000


@_LITTLE
@given(st.binary(max_size=300))
@pytest.mark.parametrize(
    ("wire", "rest", "headers"),
    [
        ("sentry", f"api/{APP}/envelope/", {}),
        ("sentry", f"api/{APP}/security/", {}),
        ("posthog", "batch/", {}),
        ("posthog", "e/", {"js": "1"}),
        ("otlp", "v1/logs", {"content-type": PROTOBUF}),
        ("otlp", "v1/traces", {"content-type": PROTOBUF}),
        ("otlp", "v1/metrics", {"content-type": PROTOBUF}),
        ("otlp", "v1/metrics", {"content-type": JSON}),
        ("mas", "lines", {}),
    ],
)
def test_any_bytes(wire: str, rest: str, headers: dict[str, str], body: bytes) -> None:
    _through(wire, rest, body, **headers)


@_LITTLE
@given(
    st.lists(st.tuples(st.sampled_from(KNOWN) | st.text(max_size=5), _OBJECTS | st.binary(max_size=50)), max_size=4),
    st.data(),
)
def test_envelopes(items: list[tuple[str, Any]], data: st.DataObject) -> None:
    pieces: list[tuple[dict[str, Any], Any]] = []
    for kind, payload in items:
        head: dict[str, Any] = {"type": kind}
        lie = data.draw(st.sampled_from(["none", "no length", "any", "minidump"]))
        if lie == "no length":
            head["length"] = None
        elif lie == "any":
            head["length"] = data.draw(st.integers(-3, 400) | st.floats() | st.text(max_size=3))
        elif lie == "minidump":
            head["attachment_type"] = "event.minidump"
        pieces.append((head, payload if isinstance(payload, bytes) else _encode(payload)))
    body = envelope({"event_id": data.draw(_VALUES), "sent_at": data.draw(_VALUES)}, *pieces)
    cut = data.draw(st.integers(0, len(body)))
    for part in (body, body[:cut]):
        _through("sentry", f"api/{APP}/envelope/", part)


@_LITTLE
@given(st.lists(_OBJECTS, max_size=4), _OBJECTS)
def test_events(events: list[Any], beside: Any) -> None:
    outer = {**(beside if isinstance(beside, dict) else {}), "batch": events}
    for body in (_encode(outer), _encode(beside), _encode(events)):
        _through("posthog", "batch/", body)


@_LITTLE
@given(_OBJECTS)
def test_events_with_what_is_needed(value: Any) -> None:
    inner = value if isinstance(value, dict) else {"x": value}
    for name in ("$identify", "$exception", "$groupidentify", "$pageview", "$snapshot", "$create_alias"):
        _through("posthog", "batch/", _encode({"distinct_id": "u", "event": name, "properties": inner, **inner}))


@_LITTLE
@given(_OBJECTS)
def test_telemetry_in_json(value: Any) -> None:
    record = value if isinstance(value, dict) else {"x": value}
    for rest, outer in (
        ("v1/logs", {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}),
        ("v1/traces", {"resourceSpans": [{"scopeSpans": [{"spans": [record]}]}]}),
        ("v1/metrics", {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "n", "sum": record}]}]}]}),
    ):
        _through("otlp", rest, _encode(outer), **{"content-type": JSON})


@_LITTLE
@given(st.data())
def test_telemetry_in_protobuf_that_is_cut_or_changed(data: st.DataObject) -> None:
    message = ExportLogsServiceRequest()
    scope = message.resource_logs.add().scope_logs.add()
    for text in ("one", "two"):
        record = scope.log_records.add(time_unix_nano=5, severity_number=99)
        record.body.string_value = text
        record.attributes.add(key="k").value.array_value.values.add().double_value = float("nan")
    body = bytearray(message.SerializeToString())
    place = data.draw(st.integers(0, len(body) - 1))
    body[place] = data.draw(st.integers(0, 255))
    for part in (bytes(body), bytes(body[:place])):
        _through("otlp", "v1/logs", part, **{"content-type": PROTOBUF})


@_LITTLE
@given(st.lists(st.text(max_size=10), max_size=50), st.sampled_from(["D-VM", "D-MM", "e", "x"]))
def test_lines(fields: list[str], kind: str) -> None:
    line = ",".join([kind, "2018-12-19 10:35:47.196", *fields])
    _through("mas", "lines", line.encode("utf-8", "replace"))


@pytest.mark.parametrize(
    ("wire", "rest", "body"),
    [
        ("sentry", f"api/{APP}/envelope/", b'{}\n{"type":"event"}\n' + b"[" * 200_000),
        ("sentry", f"api/{APP}/envelope/", b'{}\n{"type":"event"}\n' + b'{"a":' * 100_000),
        (
            "sentry",
            f"api/{APP}/envelope/",
            b'{}\n{"type":"log"}\n{"items":[{"attributes":{"a":' + b"[" * 900 + b"]" * 900 + b"}}]}",
        ),
        ("posthog", "batch/", b'{"batch":' + b"[" * 200_000),
        ("posthog", "batch/", b'{"event":"a","distinct_id":"u","properties":{"a":' + b"[" * 900 + b"]" * 900 + b"}}"),
        ("otlp", "v1/logs", b'{"resourceLogs":' + b"[" * 200_000),
        (
            "otlp",
            "v1/logs",
            b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":'
            + b'{"arrayValue":{"values":[' * 300
            + b"]}}" * 300
            + b"}]}]}]}",
        ),
    ],
)
def test_nests(wire: str, rest: str, body: bytes) -> None:
    _through(wire, rest, body)
