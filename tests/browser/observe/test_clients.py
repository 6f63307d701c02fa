"""Real clients in a real browser, unmodified, against the receiver: a scenario each, and the rows that come of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from eden.observe.crashes.document import decode
from eden.observe.interfaces import DocumentRow, ErrorRow, EventRow, LogRow, MetricRow, PersonRow, SpanRow
from tests.browser.observe.conftest import Start
from tests.observe.wires.made import props
from tests.observe.wires.sink import Sink


def _arrived(page: Page, sink: Sink, is_there: Callable[[list[Any]], bool]) -> list[Any]:
    """The rows, as soon as those that are waited for are among them."""
    until = time.monotonic() + 30
    while not is_there(rows := sink.rows()):
        assert time.monotonic() < until, [type(row).__name__ for row in rows]
        page.wait_for_timeout(100)
    return rows


def _of(rows: list[Any], table: type[Any], /, **fields: Any) -> list[Any]:
    return [row for row in rows if isinstance(row, table) and all(getattr(row, n) == v for n, v in fields.items())]


_SENTRY = """
import * as Sentry from '@sentry/browser'

export async function run({ dsn }) {
  Sentry.init({
    dsn, release: 'bank@2.0+20', environment: 'web', tracesSampleRate: 1, enableLogs: true,
    replaysOnErrorSampleRate: 1, sendDefaultPii: false,
    integrations: [Sentry.browserTracingIntegration(), Sentry.replayIntegration()],
  })
  Sentry.setUser({ id: 'u-2' })
  Sentry.setTag('colour', 'blue')
  function buy() { throw new TypeError('basket is empty') }
  try { buy() } catch (error) { Sentry.captureException(error) }
  setTimeout(function crash() { throw new RangeError('nobody caught this') })
  await new Promise(done => setTimeout(done, 50))
  const pay = () => Sentry.startSpan({ name: 'pay', op: 'http.client' }, () => 1)
  Sentry.startSpan({ name: 'checkout', op: 'task' }, pay)
  Sentry.logger.warn('stock is low', { left: 3 })
  Sentry.metrics.count('clicks', 2)
  Sentry.metrics.distribution('paying', 30, { unit: 'millisecond' })
  Sentry.captureFeedback({ message: 'I like it', name: 'A' })
  await Sentry.flush(10000)
}
"""


def test_sentry(client: Start, page: Page, sink: Sink, expect_console: Callable[[str], None]) -> None:
    expect_console("nobody caught this")
    client(_SENTRY, {"dsn": sink.dsn})
    rows = _arrived(
        page,
        sink,
        lambda rows: bool(
            len(_of(rows, ErrorRow)) >= 2
            and _of(rows, SpanRow, name="pay")
            and _of(rows, LogRow)
            and len(_of(rows, MetricRow)) >= 2
            and _of(rows, DocumentRow, kind="feedback")
            and _of(rows, DocumentRow, kind="replay_recording")
        ),
    )
    errors = {row.type: row for row in _of(rows, ErrorRow)}
    assert {"TypeError", "RangeError"} <= set(errors)
    error = errors["TypeError"]
    assert (error.message, error.version, error.code, error.channel) == ("basket is empty", "2.0", 20, "web")
    assert (error.person, error.platform, error.page, error.handled) == ("u-2", "web", "/shop/cart", True)
    document = decode(error.raw)
    assert document.tags["colour"] == "blue"
    frame = document.exceptions[0].frames[0]
    assert (frame.function.split(".")[-1], frame.file.rpartition("/")[2]) == ("buy", "bundle.js")
    assert frame.line > 0
    assert frame.column > 0
    assert (errors["RangeError"].handled, errors["RangeError"].fatal) == (False, False)
    (pay,) = _of(rows, SpanRow, name="pay")
    (checkout,) = _of(rows, SpanRow, name="checkout")
    # in a browser all spans are the page's
    assert (pay.kind, pay.trace, pay.parent, pay.root) == ("http.client", checkout.trace, checkout.parent, False)
    (line,) = _of(rows, LogRow)
    assert (line.message, line.level, props(line)["left"]) == ("stock is low", 13, 3)
    points = {row.name: row for row in _of(rows, MetricRow)}
    assert (points["clicks"].kind, points["clicks"].value) == ("counter", 2.0)
    assert (points["paying"].value, points["paying"].unit) == (30.0, "millisecond")
    assert [row.name for row in _of(rows, DocumentRow, kind="feedback")] == ["I like it"]
    recording = _of(rows, DocumentRow, kind="replay_recording")[0]
    assert sink.kept.kept[recording.blob].startswith(b'{"segment_id":')
    assert _of(rows, DocumentRow, kind="replay")
    sessions = _of(rows, EventRow, name="$session")
    assert sessions[0].version == "2.0"


_POSTHOG = """
import posthog from 'posthog-js'

export async function run({ key, host }) {
  await new Promise(loaded => posthog.init(key, {
    api_host: host, loaded, person_profiles: 'always',
    request_queue_config: { flush_interval_ms: 250 },
    // a browser without a window looks like a bot
    opt_out_useragent_filter: true,
  }))
  posthog.identify('u-3', { plan: 'gold' }, { first: '2026' })
  posthog.group('company', 'acme', { seats: 5 })
  posthog.capture('ordered', { revenue: 9.5 })
  posthog.captureException(new TypeError('basket is empty'))
  await new Promise(done => posthog.onFeatureFlags(done))
  return posthog.isFeatureEnabled('no-such-flag') ?? null
}
"""


_POSTHOG_AS_IT_IS = """
import posthog from 'posthog-js'

export async function run({ key, host }) {
  // a browser without a window looks like a bot
  await new Promise(loaded => posthog.init(key, { api_host: host, loaded, opt_out_useragent_filter: true }))
  // who waits for flags is told that there are none
  await new Promise(done => posthog.onFeatureFlags(done))
  posthog.capture('ordered')
}
"""


def test_posthog_asks_for_nothing_that_is_not_there(client: Start, page: Page, sink: Sink) -> None:
    told: dict[str, int] = {}
    page.on("response", lambda answer: told.update({answer.url.removeprefix(sink.posthog): answer.status}))
    client(_POSTHOG_AS_IT_IS, {"key": sink.key, "host": sink.posthog})
    _arrived(page, sink, lambda rows: {"ordered", "$page_view"} <= {row.name for row in _of(rows, EventRow)})
    # what it asks for next depends on this one
    page.wait_for_function(f"(window._POSTHOG_REMOTE_CONFIG || {{}})['{sink.key}']")
    page.click("button")
    _arrived(page, sink, lambda rows: bool(_of(rows, EventRow, name="$autocapture")))
    assert f"/array/{sink.key}/config.js" in told
    assert {address: status for address, status in told.items() if status >= 400 and "favicon" not in address} == {}


def test_posthog(client: Start, page: Page, sink: Sink) -> None:
    assert client(_POSTHOG, {"key": sink.key, "host": sink.posthog}) in (False, None)
    page.click("button")
    rows = _arrived(
        page,
        sink,
        lambda rows: (
            {"ordered", "$page_view", "$identify", "$autocapture", "$error"}
            <= {row.name for row in _of(rows, EventRow)}
        ),
    )
    (ordered,) = _of(rows, EventRow, name="ordered")
    assert (ordered.person, ordered.value, ordered.platform, ordered.page) == ("u-3", 9.5, "web", "/shop/cart")
    assert ordered.session
    assert ordered.device
    (view,) = _of(rows, EventRow, name="$page_view")
    assert (view.device, view.session, props(view)["$event"]) == (ordered.device, ordered.session, "$pageview")
    known: dict[str, Any] = {}
    for row in _of(rows, PersonRow, kind="person", key="u-3"):
        known |= props(row)
    assert known["plan"] == "gold"
    assert [(row.key, props(row)["seats"]) for row in _of(rows, PersonRow, kind="company")] == [("acme", 5)]
    (alias,) = _of(rows, PersonRow, kind="alias")
    assert (alias.key, props(alias)["person"]) == (ordered.device, "u-3")
    assert _of(rows, EventRow, name="$feature_flag_called")[0].person == "u-3"
    (error,) = _of(rows, ErrorRow)
    assert (error.type, error.message, error.person) == ("TypeError", "basket is empty", "u-3")
    assert decode(error.raw).exceptions[0].frames[0].file.endswith("bundle.js")


_OTLP = """
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { SpanKind } from '@opentelemetry/api'

export async function run({ host, key }) {
  const headers = { authorization: `Bearer ${key}` }
  const resource = resourceFromAttributes({
    'service.name': 'shop', 'service.version': '3.1', 'telemetry.sdk.language': 'webjs',
  })
  const sender = new OTLPTraceExporter({ url: `${host}/v1/traces`, headers })
  const traces = new TracerProvider({ resource, spanProcessors: [new BatchSpanProcessor({ exporter: sender })] })
  const span = traces.getTracer('lib').startSpan('load', { kind: SpanKind.CLIENT, attributes: { 'url.path': '/cart' } })
  span.addEvent('half')
  span.end()
  const exporter = new OTLPLogExporter({ url: `${host}/v1/logs`, headers })
  const logs = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter })] })
  logs.getLogger('cart').emit({ severityNumber: 13, body: 'low', attributes: { left: 3, deep: { a: [1] } } })
  const meter = new OTLPMetricExporter({ url: `${host}/v1/metrics`, headers })
  const metrics = new MeterProvider({ resource, readers: [new PeriodicExportingMetricReader({ exporter: meter })] })
  metrics.getMeter('lib').createCounter('orders', { unit: '{order}' }).add(2, { paid: true })
  const waits = metrics.getMeter('lib').createHistogram('wait', { unit: 'ms' })
  for (const wait of [7, 30]) waits.record(wait)
  await traces.forceFlush()
  await logs.forceFlush()
  await metrics.forceFlush()
}
"""


def test_opentelemetry(client: Start, page: Page, sink: Sink) -> None:
    client(_OTLP, {"host": sink.otlp, "key": sink.key})
    rows = _arrived(page, sink, lambda rows: all(_of(rows, kind) for kind in (SpanRow, LogRow, MetricRow)))
    (span,) = _of(rows, SpanRow)
    assert (span.name, span.kind, span.root, span.version, span.platform) == ("load", "client", True, "3.1", "web")
    assert (span.page, props(span)["events"][0]["name"]) == ("/cart", "half")
    (line,) = _of(rows, LogRow)
    assert (line.message, line.level, line.logger) == ("low", 13, "cart")
    assert (props(line)["left"], props(line)["deep"]) == (3, {"a": [1]})
    orders, waits = sorted(_of(rows, MetricRow), key=lambda row: row.name)
    # as browsers send it when nothing else is said: from the start of the page
    assert (orders.name, orders.kind, orders.value, orders.unit) == ("orders", "gauge", 2, "{order}")
    assert (props(orders)["paid"], props(orders)["temporality"]) == (True, "cumulative")
    assert (waits.name, waits.kind, waits.value, waits.count) == ("wait", "distribution", 37, 2)
    assert sum(waits.buckets) == 2
    # browsers send JSON
    assert {batch.meta["type"] for batch in sink.batches()} == {"application/json"}
