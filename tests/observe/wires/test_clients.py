"""Real clients, unmodified, against the receiver: a scenario each, and the rows that come of it.

Each runs in a process of its own: they instrument whatever is in theirs.
"""

from __future__ import annotations

from typing import Any

import pytest

from eden.observe.app_settings import AppSettings
from eden.observe.crashes.document import decode
from eden.observe.interfaces import DocumentRow, ErrorRow, EventRow, LogRow, MetricRow, PersonRow, SpanRow
from tests.observe.wires.made import props
from tests.observe.wires.sink import Sink

_SENTRY = """
import sys, logging
import sentry_sdk
from sentry_sdk import metrics
from sentry_sdk.crons import capture_checkin
from sentry_sdk.attachments import Attachment

sentry_sdk.init(
    dsn=sys.argv[1], release="bank@1.2.0+10200", environment="test", traces_sample_rate=1.0, enable_logs=True,
    profiles_sample_rate=1.0, auto_session_tracking=True, server_name="s1", auto_enabling_integrations=False,
    spotlight=False, debug=False,
)
sentry_sdk.set_user({"id": "u-1"})
sentry_sdk.set_tag("colour", "red")
from sentry_sdk.sessions import track_session
with track_session(sentry_sdk.get_isolation_scope(), session_mode="application"):
    sentry_sdk.add_breadcrumb(category="auth", message="signed in", level="info")

    def pay(amount):
        raise ValueError(f"no money: {amount}")

    try:
        try:
            pay(5)
        except ValueError as error:
            raise RuntimeError("paying failed") from error
    except RuntimeError:
        scope = sentry_sdk.get_current_scope()
        scope.add_attachment(bytes=b"\\x00hello", filename="note.bin")
        print(sentry_sdk.capture_exception())
        scope.clear()
sentry_sdk.capture_message("a word", level="warning")
with sentry_sdk.start_transaction(op="task", name="checkout"):
    with sentry_sdk.start_span(op="db", name="SELECT 1"):
        pass
sentry_sdk.logger.warning("stock of {item} is low", item="tea")
metrics.count("buttons", 3, attributes={"page": "home"})
metrics.distribution("paying", 12.5, unit="millisecond")
metrics.gauge("queue", 7)
capture_checkin(monitor_slug="nightly", status="ok")
sentry_sdk.flush(timeout=20)
"""


def test_sentry(sink: Sink) -> None:
    event_id = sink.client(_SENTRY, sink.dsn).strip()
    errors = {row.type or row.message: row for row in sink.only(ErrorRow)}
    assert set(errors) == {"RuntimeError", "a word"}
    error = errors["RuntimeError"]
    assert (error.id, error.app, error.message) == (event_id, sink.number, "paying failed")
    assert (error.version, error.code, error.channel, error.person) == ("1.2.0", 10200, "test", "u-1")
    assert (error.platform, error.fatal, error.handled) == ("python", False, True)
    document = decode(error.raw)
    assert [(each.type, each.value) for each in document.exceptions] == [
        ("RuntimeError", "paying failed"),
        ("ValueError", "no money: 5"),
    ]
    assert document.exceptions[1].frames[0].function == "pay"
    assert document.tags["colour"] == "red"
    assert document.breadcrumbs[-1].message == "signed in"
    assert document.attachments == ["note.bin"]
    assert decode(errors["a word"].raw).level == "warning"
    (attachment,) = [row for row in sink.only(DocumentRow) if row.kind == "attachment"]
    assert (attachment.id, attachment.size, sink.kept.kept[attachment.blob]) == (event_id, 6, b"\x00hello")
    spans = {row.name: row for row in sink.only(SpanRow)}
    assert spans["checkout"].root
    assert spans["SELECT 1"].parent == spans["checkout"].span
    assert (spans["SELECT 1"].kind, spans["SELECT 1"].trace) == ("db", spans["checkout"].trace)
    (line,) = sink.only(LogRow)
    assert (line.message, line.level, line.version) == ("stock of tea is low", 13, "1.2.0")
    points = {row.name: row for row in sink.only(MetricRow)}
    assert (points["buttons"].kind, points["buttons"].value, props(points["buttons"])["page"]) == (
        "counter",
        3.0,
        "home",
    )
    assert (points["paying"].kind, points["paying"].value, points["paying"].unit) == (
        "distribution",
        12.5,
        "millisecond",
    )
    assert (points["queue"].kind, points["queue"].value) == ("gauge", 7.0)
    sessions = [row for row in sink.only(EventRow) if row.name == "$session"]
    assert {props(row)["status"] for row in sessions} <= {"ok", "exited"}
    assert sessions[-1].person == "u-1"
    assert [row.name for row in sink.only(DocumentRow) if row.kind == "check_in"] == ["nightly"]
    assert len([row for row in sink.only(EventRow) if row.name == "$error"]) == 2


_MANY = """
import sys
import sentry_sdk

sentry_sdk.init(dsn=sys.argv[1], default_integrations=False, auto_session_tracking=False, spotlight=False)
for number in range(5):
    sentry_sdk.capture_message(f"word {number}")
    sentry_sdk.flush(timeout=20)
"""


def test_sentry_sends_nothing_over_the_quota(sink: Sink) -> None:
    sink.set(AppSettings(quota=2))
    sink.client(_MANY, sink.dsn)
    assert [row.message for row in sink.only(ErrorRow)] == ["word 0", "word 1"]
    # not even asked: the answer to the second one has said how long nothing is taken
    assert [(hour.accepted, hour.refused) for hour in sink.counted()] == [(2, 0)]


_STREAMED = """
import sys
import sentry_sdk
from sentry_sdk.traces import start_span

sentry_sdk.init(
    dsn=sys.argv[1], release="bank@1.3+13", traces_sample_rate=1.0, trace_lifecycle="stream",
    auto_enabling_integrations=False,
)
with start_span(name="checkout", attributes={"sentry.op": "task", "tries": 2}):
    with start_span(name="pay", attributes={"sentry.op": "http.client"}):
        pass
sentry_sdk.flush(timeout=20)
"""


def test_sentrys_streamed_spans(sink: Sink) -> None:
    sink.client(_STREAMED, sink.dsn)
    spans = {row.name: row for row in sink.only(SpanRow)}
    checkout, pay = spans["checkout"], spans["pay"]
    assert (checkout.root, checkout.kind, checkout.status, checkout.version, checkout.code) == (
        True,
        "task",
        "ok",
        "1.3",
        13,
    )
    assert props(checkout)["tries"] == 2
    assert (pay.parent, pay.trace, pay.kind, pay.root) == (checkout.span, checkout.trace, "http.client", False)


_POSTHOG = """
import sys
from posthog import Posthog

client = Posthog(
    sys.argv[1], host=sys.argv[2], gzip=sys.argv[3] == "gzip", capture_mode=sys.argv[4],
    disable_geoip=True, enable_exception_autocapture=False, flush_at=100,
)
failures = []
client.on_error = lambda error, batch: failures.append(error)
client.capture("ordered", distinct_id="u-1", properties={"revenue": 9.5, "items": [1, 2]})
client.set(distinct_id="u-1", properties={"plan": "gold"})
client.set_once(distinct_id="u-1", properties={"first": "2026"})
client.group_identify("company", "acme", {"seats": 5}, distinct_id="u-1")
client.alias("anon-1", "u-1")
try:
    {}["missing"]
except KeyError as error:
    client.capture_exception(error, distinct_id="u-1")
flags = client.get_all_flags("u-1")
print(flags, client.feature_enabled("no-such-flag", "u-1"), failures)
client.shutdown()
print(failures)
"""


@pytest.mark.parametrize(("coding", "mode"), [("plain", "v0"), ("gzip", "v0"), ("plain", "v1")])
def test_posthog(sink: Sink, coding: str, mode: str) -> None:
    said = sink.client(_POSTHOG, sink.key, sink.posthog, coding, mode)
    assert said.splitlines() == ["{} False []", "[]"] or said.splitlines() == ["{} None []", "[]"], said
    events = {row.name: row for row in sink.only(EventRow)}
    ordered = events["ordered"]
    assert (ordered.app, ordered.person, ordered.value, ordered.source) == (sink.number, "u-1", 9.5, "posthog")
    assert props(ordered)["items"] == [1, 2]
    assert ordered.platform == "python"
    assert {"ordered", "$set", "$groupidentify", "$create_alias", "$error"} <= set(events)
    people = sink.only(PersonRow)
    known: dict[str, Any] = {}
    for row in people:
        if (row.kind, row.key) == ("person", "u-1"):
            known |= props(row)
    assert (known["plan"], known["$once"]) == ("gold", {"first": "2026"})
    assert [(row.key, row.props) for row in people if row.kind == "company"] == [("acme", {"seats": 5})]
    # this client has the two the other way round; either way they are one person
    assert [(row.key, row.props) for row in people if row.kind == "alias"] == [("u-1", {"person": "anon-1"})]
    (error,) = sink.only(ErrorRow)
    assert (error.type, error.person) == ("KeyError", "u-1")
    assert decode(error.raw).exceptions[0].frames[0].function == "<module>"


_OTLP = """
import sys, logging
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.sdk.metrics import MeterProvider, Counter, Histogram
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.trace import SpanKind, Status, StatusCode

host, key = sys.argv[1:3]
how = {"headers": {"authorization": f"Bearer {key}"}, "compression": Compression.Gzip}
resource = Resource.create({"service.name": "pay", "service.version": "2.1", "deployment.environment.name": "test"})

tracing = TracerProvider(resource=resource)
tracing.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{host}/v1/traces", **how)))
tracer = tracing.get_tracer("lib")
with tracer.start_as_current_span("GET /pay", kind=SpanKind.SERVER, attributes={"http.request.method": "GET"}) as span:
    with tracer.start_as_current_span("inner"):
        pass
    try:
        {}["wallet"]
    except KeyError as error:
        span.record_exception(error)
    span.set_status(Status(StatusCode.ERROR, "no money"))

logs = LoggerProvider(resource=resource)
logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(f"{host}/v1/logs", **how)))
logger = logging.getLogger("shop")
logger.addHandler(LoggingHandler(logger_provider=logs))
logger.warning("low on %s", "tea", extra={"left": 3})

delta = {Counter: AggregationTemporality.DELTA, Histogram: AggregationTemporality.DELTA}
exporter = OTLPMetricExporter(f"{host}/v1/metrics", preferred_temporality=delta, **how)
wide = View(instrument_name="wide", aggregation=ExponentialBucketHistogramAggregation())
meters = MeterProvider([PeriodicExportingMetricReader(exporter)], resource=resource, views=[wide])
meter = meters.get_meter("lib")
meter.create_counter("orders").add(2, {"kind": "tea"})
meter.create_up_down_counter("open").add(-1)
meter.create_histogram("took", unit="ms").record(30.0)
spread = meter.create_histogram("wide")
for value in (1.0, 2.5, 900.0):
    spread.record(value)
meter.create_gauge("heat").set(21.5)
for provider in (tracing, logs, meters):
    assert provider.force_flush()
    provider.shutdown()
"""


def test_opentelemetry(sink: Sink) -> None:
    sink.client(_OTLP, sink.otlp, sink.key)
    spans = {row.name: row for row in sink.only(SpanRow)}
    root, inner = spans["GET /pay"], spans["inner"]
    assert (root.root, root.kind, root.status, root.version, root.channel) == (
        True,
        "http.server",
        "error",
        "2.1",
        "test",
    )
    assert (inner.parent, inner.trace, inner.root) == (root.span, root.trace, False)
    (error,) = sink.only(ErrorRow)
    assert (error.type, error.message, error.channel) == ("KeyError", "'wallet'", "test")
    assert decode(error.raw).exceptions[0].frames[0].function == "<module>"
    (line,) = sink.only(LogRow)
    assert (line.message, line.level, line.version) == ("low on tea", 13, "2.1")
    assert props(line)["left"] == 3
    points = {row.name: row for row in sink.only(MetricRow)}
    assert (points["orders"].kind, points["orders"].value, props(points["orders"])["kind"]) == ("counter", 2.0, "tea")
    assert (points["open"].kind, points["open"].value) == ("gauge", -1.0)
    took = points["took"]
    assert (took.kind, took.count, took.value, took.unit) == ("distribution", 1, 30.0, "ms")
    assert sum(took.buckets) == 1
    wide = points["wide"]
    assert (wide.count, wide.value, sum(wide.buckets)) == (3, 903.5, 3)
    assert (points["heat"].kind, points["heat"].value) == ("gauge", 21.5)
    # the packages of browsers send JSON (tests/browser/observe)
    assert {batch.meta["type"] for batch in sink.batches()} == {"application/x-protobuf"}
    assert {batch.wire for batch in sink.batches()} == {"otlp-traces", "otlp-logs", "otlp-metrics"}


def test_a_key_that_nobody_has(sink: Sink) -> None:
    wrong = "f" * 32
    sink.client(_SENTRY, sink.dsn.replace(sink.key, wrong))
    assert sink.batches() == []
