"""OpenTelemetry's metrics into points.

- A gauge, and a sum that may fall: `gauge`. A sum that only rises is a `counter` when its points are deltas; counted
  from the start of the process, it is a gauge with the property `temporality`, since its points must not be added.
- A histogram: `distribution`; one bucket more than bounds, as in the protocol.
- An exponential histogram: the same, its bounds worked out: bucket i holds (b^i, b^(i+1)], b = 2^(2^-scale).
- A summary: `distribution` without buckets; its quantiles are properties.

Source: opentelemetry-proto, metrics.proto; OpenTelemetry specification, "Metrics Data Model". Exemplars are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from eden.observe.digest.foreign import Clock, whole
from eden.observe.digest.otlp_read import Record, attributes
from eden.observe.interfaces import MetricRow

if TYPE_CHECKING:
    from typing import Literal

    Kind = Literal["counter", "gauge", "distribution", "set"]

_NO_VALUE = 1
_DELTA = (1, "1", "AGGREGATION_TEMPORALITY_DELTA")
#: buckets of one histogram; clients make 160
BUCKETS = 1_000


def metric_rows(
    clock: Clock, record: Record, fields: dict[str, Any], beside: Callable[[], dict[str, Any]]
) -> Iterator[MetricRow]:
    """A row for each data point that has a value; `beside`: properties of one more row, of its resource."""
    metric = record.value
    name = metric.WhichOneof("data")
    data = getattr(metric, name)
    delta = getattr(data, "aggregation_temporality", 1) in _DELTA
    kind: Kind = "distribution"
    if name == "gauge":
        kind = "gauge"
    elif name == "sum":
        kind = "counter" if delta and data.is_monotonic else "gauge"
    for point in data.data_points:
        if point.flags & _NO_VALUE:
            continue
        props = attributes(point.attributes) | beside()
        if not delta and not (name == "sum" and not data.is_monotonic):
            props["temporality"] = "cumulative"
        row = MetricRow(
            **fields,
            at=clock.note(point.time_unix_nano, props),
            name=metric.name[:200],
            kind=kind,
            unit=metric.unit[:50],
            props=props,
        )
        if kind != "distribution":
            held = point.WhichOneof("value")
            row.value = _finite(getattr(point, held)) if held else 0.0
        else:
            _fill(row, name, point, props)
        yield row


def _fill(row: MetricRow, name: str, point: Any, props: dict[str, Any]) -> None:
    row.count = whole(point.count)
    row.value = _finite(point.sum or 0.0)
    if name == "summary":
        props["quantiles"] = {f"{each.quantile:g}": each.value for each in point.quantile_values}
        return
    for limit in ("min", "max"):
        if point.HasField(limit):
            props[limit] = getattr(point, limit)
    if name == "histogram":
        row.bounds, row.buckets = list(point.explicit_bounds), list(point.bucket_counts)
    else:
        row.bounds, row.buckets = exponential(
            point.scale,
            point.zero_count,
            point.zero_threshold,
            (point.positive.offset, list(point.positive.bucket_counts)),
            (point.negative.offset, list(point.negative.bucket_counts)),
        )
    if len(row.buckets) > BUCKETS:
        raise ValueError(f"a histogram with more than {BUCKETS} buckets")
    row.buckets = [whole(count) for count in row.buckets]
    if row.buckets and len(row.buckets) != len(row.bounds) + 1:
        raise ValueError(f"a histogram with {len(row.bounds)} bounds and {len(row.buckets)} buckets")


def exponential(
    scale: int,
    zeros: int,
    threshold: float,
    positive: tuple[int, list[int]],
    negative: tuple[int, list[int]],
) -> tuple[list[float], list[int]]:
    """Bounds and buckets of an exponential histogram, from its scale, and offset and counts of either side.

    Raises ValueError: too many buckets, or bounds beyond the numbers of a computer.
    """
    if len(positive[1]) + len(negative[1]) > BUCKETS:
        raise ValueError(f"a histogram with more than {BUCKETS} buckets")
    bounds: list[float] = []
    buckets = [0]  # below the first bound: nothing
    if negative[1]:
        offset, counts = negative
        bounds.append(-_power(scale, offset + len(counts)))
        for index in range(len(counts) - 1, -1, -1):
            bounds.append(-_power(scale, offset + index))
            buckets.append(counts[index])
    offset, counts = positive
    first = _power(scale, offset) if counts else max(threshold, 0.0)
    if not bounds and (zeros or not counts):
        bounds.append(-max(threshold, 0.0))
    if bounds:
        bounds.append(max(first, bounds[-1]))
        buckets.append(zeros)
    else:
        bounds.append(first)
    for index, count in enumerate(counts):
        bounds.append(_power(scale, offset + index + 1))
        buckets.append(count)
    buckets.append(0)
    return bounds, buckets


def _power(scale: int, index: int) -> float:
    try:
        return math.pow(2.0, index * math.pow(2.0, -scale))
    except OverflowError as error:
        raise ValueError(f"a histogram with buckets beyond all numbers (scale {scale}, bucket {index})") from error


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("a value that is not a finite number")
    return float(value)
