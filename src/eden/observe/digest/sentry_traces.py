"""Sentry's transactions and spans.

A transaction is a root span with its children in one payload (develop.sentry.dev, "Transaction Payloads"); spans of the
first protocol come one by one, of the second in containers with typed attributes ("Span Protocol").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from eden.observe.digest.foreign import hexadecimal, items, mapping, number, seconds_of, text
from eden.observe.digest.sentry_common import Sent, attributes, event_fields, tags, take_attributes
from eden.observe.interfaces import LAUNCH, AnyRow, EventRow, SpanRow

#: measurements of phones: how the app was started, and how long until its first page
_STARTS = {"app_start_cold": "cold", "app_start_warm": "warm"}
_MILLISECONDS = {
    "nanosecond": 1e-6,
    "microsecond": 1e-3,
    "millisecond": 1.0,
    "second": 1e3,
    "minute": 6e4,
    "hour": 3.6e6,
}


def transaction(sent: Sent, event: dict[str, Any]) -> Iterator[AnyRow]:
    """The root span and its children; the start of an app is a launch as well. Raises ValueError: no trace."""
    trace = mapping(mapping(event.get("contexts")).get("trace"))
    fields = sent.fields(**event_fields(event))
    props: dict[str, Any] = {}
    if held := mapping(trace.get("data")):
        props.update(held)
    if named := tags(event.get("tags")):
        props["tags"] = named
    measured = {
        name: value
        for name, each in mapping(event.get("measurements")).items()
        if (value := _measured(mapping(each))) is not None
    }
    if measured:
        props["measurements"] = measured
    if segment := sent.event_id(event):
        props["event"] = segment
    yield _span(sent, fields, {**trace, **_times(event), "name": event.get("transaction")}, props, root=True)
    for span in items(event.get("spans")):
        if isinstance(span, dict):
            yield _span(sent, fields, {"trace_id": trace.get("trace_id"), **span}, mapping(span.get("data")).copy())
    for name, kind in _STARTS.items():
        if name in measured:
            yield EventRow(
                **fields,
                at=sent.clock.at(event.get("start_timestamp")),
                name=LAUNCH,
                value=measured[name],
                props={"kind": kind},
            )


def spans(sent: Sent, payload: dict[str, Any]) -> Iterator[AnyRow | tuple[str, Any]]:
    """Spans of either protocol; instead of one that is none, what is wrong with it, and itself."""
    found = payload.get("items")
    for span in found if isinstance(found, list) else [payload]:
        try:
            yield span_of(sent, span)
        except ValueError as error:
            yield str(error), span


def span_of(sent: Sent, span: object) -> SpanRow:
    """Raises ValueError."""
    if not isinstance(span, dict):
        raise ValueError("a span that is not a JSON object")
    props = attributes(span.get("attributes")) or mapping(span.get("data")).copy()
    fields = sent.fields(**take_attributes(props))
    root = span.get("is_segment") is True or ("attributes" not in span and not span.get("parent_span_id"))
    span = {"op": props.pop("sentry.op", None), **span}
    if "end_timestamp" in span:
        span["timestamp"] = span["end_timestamp"]
    return _span(sent, fields, span, props, root=root)


def _span(
    sent: Sent, fields: dict[str, Any], span: dict[str, Any], props: dict[str, Any], *, root: bool = False
) -> SpanRow:
    trace, own = hexadecimal(span.get("trace_id"), 32), hexadecimal(span.get("span_id"), 16)
    if not trace or not own:
        raise ValueError("a span without a trace id of 32 digits and an id of 16")
    kind = text(span.get("op")) or text(props.get("sentry.op"))
    start, end = seconds_of(span.get("start_timestamp")), seconds_of(span.get("timestamp"))
    if named := tags(span.get("tags")):
        props.setdefault("tags", named)
    status = text(span.get("status"))
    if status not in ("", "ok", "error", "unknown"):
        # Sentry has the codes of gRPC
        props["status"] = status
        status = "error"
    return SpanRow(
        **fields,
        at=sent.clock.note(start if start is not None else end, props),
        trace=trace,
        span=own,
        parent=hexadecimal(span.get("parent_span_id"), 16),
        name=(text(span.get("name"), 500) or text(span.get("description"), 500) or kind),
        kind=kind,
        status="" if status == "unknown" else status,
        root=root,
        value=round(max(0.0, end - start) * 1000, 3) if start is not None and end is not None else 0.0,
        props=props,
    )


def _times(event: dict[str, Any]) -> dict[str, Any]:
    return {name: event.get(name) for name in ("start_timestamp", "timestamp")}


def _measured(measurement: dict[str, Any]) -> float | None:
    """Its value; what is a duration in milliseconds."""
    value = number(measurement.get("value"))
    return None if value is None else value * _MILLISECONDS.get(text(measurement.get("unit")), 1.0)
