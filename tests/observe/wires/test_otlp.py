"""OpenTelemetry by its values; protobuf and JSON of the same telemetry make the same rows."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from eden.observe.crashes.document import decode
from eden.observe.digest.otlp_metrics import exponential
from eden.observe.digest.otlp_read import JSON, PROTOBUF
from eden.observe.interfaces import AnyRow, ErrorRow, EventRow, LogRow, MetricRow, QuarantinedRow, SpanRow, Wire
from tests.observe.wires.made import NOW, one, props, rows

_TRACE, _SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
_NANO = 1_000_000_000


def _attributes(**values: Any) -> list[KeyValue]:
    found = []
    for name, value in values.items():
        any_value = AnyValue()
        if isinstance(value, bool):
            any_value.bool_value = value
        elif isinstance(value, int):
            any_value.int_value = value
        elif isinstance(value, float):
            any_value.double_value = value
        elif isinstance(value, bytes):
            any_value.bytes_value = value
        elif isinstance(value, list):
            any_value.array_value.values.extend(AnyValue(string_value=each) for each in value)
        elif isinstance(value, dict):
            any_value.kvlist_value.values.extend(_attributes(**value))
        else:
            any_value.string_value = value
        found.append(KeyValue(key=name.replace("__", "."), value=any_value))
    return found


def _both(wire: Wire, message: Any) -> list[AnyRow]:
    """Rows of a message, which are the same in both forms."""
    found = rows(wire, message.SerializeToString(), type=PROTOBUF)
    named = MessageToDict(message)
    _hexadecimal(named)
    assert rows(wire, json.dumps(named).encode(), type=JSON) == found
    return found


def _hexadecimal(value: Any) -> None:
    """As OTLP's JSON has ids, which protobuf's own has in base64; in capitals, which are allowed."""
    if isinstance(value, list):
        for each in value:
            _hexadecimal(each)
    elif isinstance(value, dict):
        for name, held in value.items():
            if name in ("traceId", "spanId", "parentSpanId"):
                value[name] = {"W47/95gDgQPSabYzgT/GDA==": _TRACE, "7uGbfsPBsXQ=": _SPAN}[held].upper()
            else:
                _hexadecimal(held)


def _resource(message: Any, records: str) -> tuple[Any, Any]:
    found = getattr(message, f"resource_{records}").add()
    found.resource.attributes.extend(
        _attributes(
            service__name="pay", service__version="bank@1.2+12", device__id="d-1", os__name="Android", os__version="14",
            device__model__name="Pixel", session__id="s-0", deployment__environment__name="test", host__name="h",
        )
    )  # fmt: skip
    scope = getattr(found, f"scope_{records}").add()
    scope.scope.name = "lib"
    scope.scope.attributes.extend(_attributes(short=True))
    return found, scope


def test_logs() -> None:
    message = ExportLogsServiceRequest()
    _, scope = _resource(message, "logs")
    record = scope.log_records.add()
    record.time_unix_nano = int(NOW - 1) * _NANO
    record.severity_number = 17
    record.body.string_value = "boom"
    record.trace_id, record.span_id = bytes.fromhex(_TRACE), bytes.fromhex(_SPAN)
    record.attributes.extend(
        _attributes(
            user__id="u",
            session__id="s-1",
            n=5,
            ratio=0.5,
            ok=True,
            raw=b"\x00\x01",
            tags=["a", "b"],
            deep={"x": {"y": 1}},
        )
    )
    second = scope.log_records.add()
    second.observed_time_unix_nano = int(NOW - 2) * _NANO
    second.severity_text = "WARN3"
    second.event_name = "device.low"
    second.body.kvlist_value.values.extend(_attributes(left=3))
    row, event = _both("otlp-logs", message)
    assert isinstance(row, LogRow)
    assert (row.at, row.level, row.logger, row.message, row.source) == (NOW - 1, 17, "lib", "boom", "otlp")
    assert (row.trace, row.span) == (_TRACE, _SPAN)
    assert (row.person, row.device, row.session, row.channel) == ("u", "d-1", "s-1", "test")
    assert (row.version, row.code, row.platform, row.os, row.model) == ("1.2", 12, "android", "Android 14", "Pixel")
    assert row.props == {
        "n": 5, "ratio": 0.5, "ok": True, "raw": "AAE=", "tags": ["a", "b"], "deep": {"x": {"y": 1}},
        "resource": {"service.name": "pay", "host.name": "h"}, "scope": {"short": True},
    }  # fmt: skip
    assert isinstance(event, LogRow)
    assert (event.at, event.level, event.message, event.person, event.session) == (
        NOW - 2,
        15,
        "device.low",
        "d-1",
        "s-0",
    )
    assert (props(event)["event"], props(event)["body"]) == ("device.low", {"left": 3})


def test_spans() -> None:
    message = ExportTraceServiceRequest()
    _, scope = _resource(message, "spans")
    root = scope.spans.add()
    root.trace_id, root.span_id = bytes.fromhex(_TRACE), bytes.fromhex(_SPAN)
    root.name, root.kind = "GET /pay", 2
    root.start_time_unix_nano, root.end_time_unix_nano = int((NOW - 2) * _NANO), int((NOW - 1.5) * _NANO)
    root.attributes.extend(_attributes(http__request__method="GET", url__path="/pay"))
    root.status.code, root.status.message = 2, "no money"
    event = root.events.add()
    event.name, event.time_unix_nano = "half", int((NOW - 1.75) * _NANO)
    event.attributes.extend(_attributes(a__b="c"))
    link = root.links.add()
    link.trace_id, link.span_id = bytes.fromhex(_TRACE), bytes.fromhex(_SPAN)
    child = scope.spans.add()
    child.CopyFrom(root)
    child.parent_span_id = bytes.fromhex(_SPAN)
    for name in ("attributes", "events", "links", "status"):
        child.ClearField(name)
    child.kind = 3
    child.attributes.extend(_attributes(db__system__name="sqlite"))
    bad = scope.spans.add()
    bad.name = "lost"
    row, below, quarantined = rows("otlp-traces", message.SerializeToString(), type=PROTOBUF)
    assert isinstance(row, SpanRow)
    assert (row.trace, row.span, row.parent, row.root) == (_TRACE, _SPAN, "", True)
    assert (row.name, row.kind, row.status, row.value, row.at) == ("GET /pay", "http.server", "error", 500.0, NOW - 2)
    assert row.page == "/pay"
    assert props(row)["status_message"] == "no money"
    assert props(row)["events"] == [{"name": "half", "at": NOW - 1.75, "a.b": "c"}]
    assert props(row)["links"] == [{"trace": _TRACE, "span": _SPAN}]
    assert isinstance(below, SpanRow)
    assert (below.kind, below.parent, below.root, below.status) == ("db", _SPAN, False, "")
    assert isinstance(quarantined, QuarantinedRow)
    assert quarantined.reason == "a span without a trace id of 16 bytes"
    assert "lost" in quarantined.raw
    del scope.spans[2]
    _both("otlp-traces", message)


_TRACEBACK = """Traceback (most recent call last):
  File "/srv/shop/pay.py", line 7, in pay
    charge()
ValueError: no money
"""


def test_exceptions_are_errors() -> None:
    message = ExportTraceServiceRequest()
    resource, scope = _resource(message, "spans")
    resource.resource.attributes.extend(_attributes(telemetry__sdk__language="python"))
    span = scope.spans.add(trace_id=bytes.fromhex(_TRACE), span_id=bytes.fromhex(_SPAN), name="pay")
    thrown = {"exception__type": "ValueError", "exception__message": "no money", "exception__stacktrace": _TRACEBACK}
    event = span.events.add(name="exception", time_unix_nano=int((NOW - 3) * _NANO))
    event.attributes.extend(_attributes(**thrown, exception__escaped=True))
    span.events.add(name="other")
    found = _both("otlp-traces", message)
    row, error, told = found
    assert isinstance(row, SpanRow)
    assert [each["name"] for each in props(row)["events"]] == ["exception", "other"]
    assert isinstance(error, ErrorRow)
    assert (error.type, error.message, error.at, error.version) == ("ValueError", "no money", NOW - 3, "1.2")
    assert (error.fatal, error.handled) == (False, False)
    document = decode(error.raw)
    assert (document.platform, document.exceptions[0].frames[0].function) == ("python", "pay")
    assert document.contexts["trace"] == {"trace_id": _TRACE, "span_id": _SPAN}
    assert isinstance(told, EventRow)
    assert told.name == "$error"
    logs = ExportLogsServiceRequest()
    _, scope = _resource(logs, "logs")
    record = scope.log_records.add(severity_number=21, time_unix_nano=int((NOW - 2) * _NANO))
    record.attributes.extend(_attributes(**thrown))
    line, error, _ = _both("otlp-logs", logs)
    assert isinstance(line, LogRow)
    assert "stacktrace" not in str(props(line))
    assert isinstance(error, ErrorRow)
    assert (error.fatal, error.handled, error.at, error.device) == (True, False, NOW - 2, "d-1")


def _metric(message: Any, name: str) -> Any:
    if not message.resource_metrics:
        _resource(message, "metrics")
    metric = message.resource_metrics[0].scope_metrics[0].metrics.add()
    metric.name, metric.unit = name, "ms"
    return metric


def _point(points: Any, **values: Any) -> None:
    points.add(time_unix_nano=int(NOW - 1) * _NANO, attributes=_attributes(a="b"), **values)


def test_numbers() -> None:
    message = ExportMetricsServiceRequest()
    _point(_metric(message, "gauge").gauge.data_points, as_double=1.5)
    _point(_metric(message, "gauge").gauge.data_points, flags=1)
    for temporality, rises in ((1, True), (2, True), (2, False)):
        metric = _metric(message, f"sum {temporality} {rises}").sum
        metric.aggregation_temporality, metric.is_monotonic = temporality, rises
        _point(metric.data_points, as_int=3)
    gauge, delta, cumulative, level = _both("otlp-metrics", message)
    assert isinstance(gauge, MetricRow)
    assert (gauge.name, gauge.kind, gauge.value, gauge.unit, gauge.at) == ("gauge", "gauge", 1.5, "ms", NOW - 1)
    assert gauge.props == {"a": "b", "resource": {"service.name": "pay", "host.name": "h"}}
    assert isinstance(delta, MetricRow)
    assert (delta.kind, delta.value, "temporality" in delta.props) == ("counter", 3.0, False)
    # what counts from the start of a process must not be added
    assert isinstance(cumulative, MetricRow)
    assert (cumulative.kind, props(cumulative)["temporality"]) == ("gauge", "cumulative")
    assert isinstance(level, MetricRow)
    assert (level.kind, "temporality" in level.props) == ("gauge", False)


def test_distributions() -> None:
    message = ExportMetricsServiceRequest()
    histogram = _metric(message, "histogram").histogram
    histogram.aggregation_temporality = 1
    _point(
        histogram.data_points, count=3, sum=9.0, min=1.0, max=6.0, explicit_bounds=[2.0, 4.0], bucket_counts=[1, 1, 1]
    )
    _point(histogram.data_points, count=3, sum=9.0, explicit_bounds=[2.0, 4.0], bucket_counts=[1])
    spread = _metric(message, "exponential").exponential_histogram
    spread.aggregation_temporality = 1
    _point(spread.data_points, count=6, sum=9.0, scale=0, zero_count=1,
           positive={"offset": 0, "bucket_counts": [2, 1]}, negative={"offset": 1, "bucket_counts": [2]})  # fmt: skip
    summary = _metric(message, "summary").summary
    _point(summary.data_points, count=4, sum=10.0, quantile_values=[{"quantile": 0.5, "value": 2.0}])
    empty = message.resource_metrics[0].scope_metrics[0].metrics.add()
    empty.name = "empty"
    found = rows("otlp-metrics", message.SerializeToString(), type=PROTOBUF)
    plain, bad, wide, said, none = found
    assert isinstance(plain, MetricRow)
    assert (plain.kind, plain.count, plain.value) == ("distribution", 3, 9.0)
    assert (plain.bounds, plain.buckets) == ([2.0, 4.0], [1, 1, 1])
    assert (props(plain)["min"], props(plain)["max"]) == (1.0, 6.0)
    assert isinstance(bad, QuarantinedRow)
    assert bad.reason == "ValueError: a histogram with 2 bounds and 1 buckets"
    assert isinstance(wide, MetricRow)
    assert wide.bounds == [-4.0, -2.0, 1.0, 2.0, 4.0]
    assert wide.buckets == [0, 2, 1, 2, 1, 0]
    assert isinstance(said, MetricRow)
    assert (said.count, said.value, props(said)["quantiles"]) == (4, 10.0, {"0.5": 2.0})
    assert isinstance(none, QuarantinedRow)
    assert none.reason == "a metric without data"


_COUNTS = st.lists(st.integers(0, 1000), max_size=160)
_OFFSET = st.integers(-100, 100)


@given(st.integers(0, 20), st.integers(0, 9), st.floats(0, 1), st.tuples(_OFFSET, _COUNTS), st.tuples(_OFFSET, _COUNTS))
def test_exponential_buckets_hold_everything(
    scale: int, zeros: int, threshold: float, positive: tuple[int, list[int]], negative: tuple[int, list[int]]
) -> None:
    bounds, buckets = exponential(scale, zeros, threshold, positive, negative)
    assert len(buckets) == len(bounds) + 1
    assert sum(buckets) == zeros + sum(positive[1]) + sum(negative[1])
    assert bounds == sorted(bounds)
    assert all(math.isfinite(bound) for bound in bounds)


@pytest.mark.parametrize(
    ("scale", "count"),
    [(-10, 5), (0, 1001)],
)
def test_exponential_buckets_beyond_reason(scale: int, count: int) -> None:
    with pytest.raises(ValueError, match="a histogram with"):
        exponential(scale, 0, 0.0, (1, [1] * count), (0, []))


def test_names_of_enums_are_read() -> None:
    span = {
        "traceId": _TRACE,
        "spanId": _SPAN,
        "name": "n",
        "kind": "SPAN_KIND_CLIENT",
        "status": {"code": "STATUS_CODE_OK"},
    }
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [{**span, "new": {"x": 1}}]}], "schemaUrl": "u"}]}
    row = one(rows("otlp-traces", json.dumps(body).encode(), type=JSON))
    assert (row.kind, row.status) == ("client", "ok")
    log = {"severityNumber": "SEVERITY_NUMBER_FATAL", "body": {"stringValue": "x"}}
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [log]}]}]}
    assert one(rows("otlp-logs", json.dumps(body).encode(), type=JSON)).level == 21


def test_one_bad_record_spoils_no_other() -> None:
    lines: list[Any] = [{"body": {"stringValue": "a"}}, 7, {"timeUnixNano": "soon"}, {"body": {"stringValue": "b"}}]
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": lines}]}]}
    found = rows("otlp-logs", json.dumps(body).encode(), type=JSON)
    assert [row.message for row in found if isinstance(row, LogRow)] == ["a", "b"]
    assert [row.raw for row in found if isinstance(row, QuarantinedRow)] == ["7", '{"timeUnixNano": "soon"}']


@pytest.mark.parametrize("kind", [JSON, PROTOBUF])
def test_what_cannot_be_read_at_all(kind: str) -> None:
    row = one(rows("otlp-traces", b"\x0a\xff", type=kind))
    assert isinstance(row, QuarantinedRow)
    assert row.reason.startswith("the body is no ExportTraceServiceRequest")


def test_counts_that_are_none_do_not_reach_the_store() -> None:
    point = {"count": -5, "sum": 3, "explicitBounds": [1], "bucketCounts": [-1, "99999999999999999999"]}
    metric = {"name": "m", "histogram": {"aggregationTemporality": 1, "dataPoints": [point]}}
    body = json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}).encode()
    row = one(rows("otlp-metrics", body, type=JSON))
    assert isinstance(row, MetricRow)
    assert (row.count, row.buckets) == (0, [0, 0])


@pytest.mark.parametrize("wire", ["otlp-logs", "otlp-metrics"])
def test_a_large_resource_does_not_become_a_thousand(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eden.observe.digest.otlp.MOST_SHARED", 10_000)
    attributes = [{"key": "host.name", "value": {"stringValue": "h" * 990}}]
    attributes += [{"key": "client.address", "value": {"stringValue": "203.0.113.7"}}]
    if wire == "otlp-logs":
        inner: dict[str, Any] = {"scopeLogs": [{"logRecords": [{"body": {"stringValue": "x"}}] * 30}]}
    else:
        points = [{"asDouble": 1.5, "attributes": []}] * 30
        inner = {"scopeMetrics": [{"metrics": [{"name": "m", "gauge": {"dataPoints": points}}]}]}
    name = "resourceLogs" if wire == "otlp-logs" else "resourceMetrics"
    body = json.dumps({name: [{"resource": {"attributes": attributes}, **inner}]}).encode()
    found = [props(row)["resource"] for row in rows(wire, body, type=JSON)]
    # the first ones have it, as all have in a request of the usual size; an address has none
    assert found[0] == {"host.name": "h" * 990} and len(found) == 30
    assert [row for row in found if row == {"$cut": 1}] == found[9:]
