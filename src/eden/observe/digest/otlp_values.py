"""Messages of OTLP as JSON has them, under the names that the generated protobuf classes have: one digest reads both.

Source: opentelemetry-proto, `opentelemetry/proto/{common,logs,metrics,trace}/v1`; OTLP 1.10, "JSON Protobuf Encoding":
names in lowerCamelCase, ids in hexadecimal, 64-bit numbers also as text, unknown fields ignored. Enums may be names,
which the specification forbids and some senders do. Records stay raw at first: one that cannot be read spoils no other.
"""

from __future__ import annotations

import msgspec
from msgspec import Raw, field


class _Message(msgspec.Struct, rename="camel"):
    def HasField(self, name: str) -> bool:  # noqa: N802  (protobuf's)
        return getattr(self, name) is not None


class _OneOf(_Message):
    """A message of which one member is set."""

    def WhichOneof(self, _: str) -> str | None:  # noqa: N802  (protobuf's)
        return next((name for name in self.__struct_fields__ if getattr(self, name) is not None), None)


class ArrayValue(_Message):
    values: list[AnyValue] = []


class KeyValueList(_Message):
    values: list[KeyValue] = []


class AnyValue(_OneOf):
    string_value: str | None = None
    bool_value: bool | None = None
    int_value: int | None = None
    double_value: float | None = None
    array_value: ArrayValue | None = None
    kvlist_value: KeyValueList | None = None
    bytes_value: str | None = None


class KeyValue(_Message):
    key: str = ""
    value: AnyValue = field(default_factory=AnyValue)


class Resource(_Message):
    attributes: list[KeyValue] = []


class Scope(_Message):
    name: str = ""
    version: str = ""
    attributes: list[KeyValue] = []


class LogRecord(_Message):
    time_unix_nano: int = 0
    observed_time_unix_nano: int = 0
    severity_number: int | str = 0
    severity_text: str = ""
    body: AnyValue = field(default_factory=AnyValue)
    attributes: list[KeyValue] = []
    trace_id: str = ""
    span_id: str = ""
    event_name: str = ""


class ScopeLogs(_Message):
    scope: Scope = field(default_factory=Scope)
    log_records: list[Raw] = []


class ResourceLogs(_Message):
    resource: Resource = field(default_factory=Resource)
    scope_logs: list[ScopeLogs] = []


class LogsData(_Message):
    resource_logs: list[ResourceLogs] = []


class SpanEvent(_Message):
    time_unix_nano: int = 0
    name: str = ""
    attributes: list[KeyValue] = []


class SpanLink(_Message):
    trace_id: str = ""
    span_id: str = ""
    attributes: list[KeyValue] = []


class Status(_Message):
    message: str = ""
    code: int | str = 0


class Span(_Message):
    trace_id: str = ""
    span_id: str = ""
    parent_span_id: str = ""
    name: str = ""
    kind: int | str = 0
    start_time_unix_nano: int = 0
    end_time_unix_nano: int = 0
    attributes: list[KeyValue] = []
    events: list[SpanEvent] = []
    links: list[SpanLink] = []
    status: Status = field(default_factory=Status)


class ScopeSpans(_Message):
    scope: Scope = field(default_factory=Scope)
    spans: list[Raw] = []


class ResourceSpans(_Message):
    resource: Resource = field(default_factory=Resource)
    scope_spans: list[ScopeSpans] = []


class TracesData(_Message):
    resource_spans: list[ResourceSpans] = []


class NumberDataPoint(_Message):
    attributes: list[KeyValue] = []
    start_time_unix_nano: int = 0
    time_unix_nano: int = 0
    as_double: float | None = None
    as_int: int | None = None
    flags: int = 0

    def WhichOneof(self, _: str) -> str | None:  # noqa: N802  (protobuf's)
        return "as_int" if self.as_int is not None else "as_double" if self.as_double is not None else None


class HistogramDataPoint(_Message):
    attributes: list[KeyValue] = []
    start_time_unix_nano: int = 0
    time_unix_nano: int = 0
    count: int = 0
    sum: float | None = None
    bucket_counts: list[int] = []
    explicit_bounds: list[float] = []
    flags: int = 0
    min: float | None = None
    max: float | None = None


class Buckets(_Message):
    offset: int = 0
    bucket_counts: list[int] = []


class ExponentialHistogramDataPoint(_Message):
    attributes: list[KeyValue] = []
    start_time_unix_nano: int = 0
    time_unix_nano: int = 0
    count: int = 0
    sum: float | None = None
    scale: int = 0
    zero_count: int = 0
    positive: Buckets = field(default_factory=Buckets)
    negative: Buckets = field(default_factory=Buckets)
    flags: int = 0
    min: float | None = None
    max: float | None = None
    zero_threshold: float = 0.0


class ValueAtQuantile(_Message):
    quantile: float = 0.0
    value: float = 0.0


class SummaryDataPoint(_Message):
    attributes: list[KeyValue] = []
    start_time_unix_nano: int = 0
    time_unix_nano: int = 0
    count: int = 0
    sum: float = 0.0
    quantile_values: list[ValueAtQuantile] = []
    flags: int = 0


class Gauge(_Message):
    data_points: list[NumberDataPoint] = []


class Sum(_Message):
    data_points: list[NumberDataPoint] = []
    aggregation_temporality: int | str = 0
    is_monotonic: bool = False


class Histogram(_Message):
    data_points: list[HistogramDataPoint] = []
    aggregation_temporality: int | str = 0


class ExponentialHistogram(_Message):
    data_points: list[ExponentialHistogramDataPoint] = []
    aggregation_temporality: int | str = 0


class Summary(_Message):
    data_points: list[SummaryDataPoint] = []


class Metric(_Message):
    name: str = ""
    unit: str = ""
    gauge: Gauge | None = None
    sum: Sum | None = None
    histogram: Histogram | None = None
    exponential_histogram: ExponentialHistogram | None = None
    summary: Summary | None = None

    def WhichOneof(self, _: str) -> str | None:  # noqa: N802  (protobuf's)
        return next((name for name in METRIC_KINDS if getattr(self, name) is not None), None)


METRIC_KINDS = ("gauge", "sum", "histogram", "exponential_histogram", "summary")


class ScopeMetrics(_Message):
    scope: Scope = field(default_factory=Scope)
    metrics: list[Raw] = []


class ResourceMetrics(_Message):
    resource: Resource = field(default_factory=Resource)
    scope_metrics: list[ScopeMetrics] = []


class MetricsData(_Message):
    resource_metrics: list[ResourceMetrics] = []
