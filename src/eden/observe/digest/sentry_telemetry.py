"""Sentry's logs, metrics and client reports.

Logs and metrics come in containers, `{"items": [{…}]}` (develop.sentry.dev, "Logs", "Metrics"); older clients send one
OpenTelemetry record per item (`otel_log`), and metrics as lines of statsd or as buckets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from eden.observe.digest.foreign import hexadecimal, items, mapping, number, text, whole
from eden.observe.digest.otlp_read import attributes as otlp_attributes
from eden.observe.digest.otlp_read import id_text, plain
from eden.observe.digest.otlp_values import LogRecord
from eden.observe.digest.sentry_common import Sent, attributes, decode_json, tags, take_attributes
from eden.observe.interfaces import AnyRow, LogRow, MetricRow

if TYPE_CHECKING:
    from typing import Literal

    Kind = Literal["counter", "gauge", "distribution", "set"]

#: severity numbers of OpenTelemetry
LEVELS = {"trace": 1, "debug": 5, "info": 9, "log": 9, "warn": 13, "warning": 13, "error": 17, "fatal": 21}
KINDS: dict[str, Kind] = {
    "c": "counter", "counter": "counter", "g": "gauge", "gauge": "gauge", "d": "distribution",
    "distribution": "distribution", "s": "set", "set": "set",
}  # fmt: skip
#: NAME@UNIT:VALUE[:VALUE…]|TYPE|#TAG:VALUE,…|Ttimestamp
_LINE = re.compile(r"(?P<name>[^@:|]+)(?:@(?P<unit>[^:|]+))?:(?P<values>[^|]+)\|(?P<kind>[a-z])(?P<rest>\|.*)?")
#: what clients say to have thrown away
DISCARDED = "sentry.discarded"
#: points of one set of values, which a client may make as long as it likes
_VALUES = 10_000
_record = msgspec.json.Decoder(LogRecord, strict=False).decode

#: a row, or what is wrong with a record, and the record
Found = AnyRow | tuple[str, Any]


def logs(sent: Sent, payload: dict[str, Any]) -> Iterator[Found]:
    """The lines of a container, or the one line of a payload without."""
    found = payload.get("items")
    for line in found if isinstance(found, list) else [payload]:
        if isinstance(line, dict):
            yield _log(sent, line)
        else:
            yield "a log line that is not a JSON object", line


def _log(sent: Sent, line: dict[str, Any]) -> LogRow:
    props = attributes(line.get("attributes"))
    fields = sent.fields(**take_attributes(props))
    level = text(line.get("level")) or text(props.pop("sentry.severity_text", ""))
    severity = whole(props.pop("sentry.severity_number", 0))
    return LogRow(
        **fields,
        at=sent.clock.note(line.get("timestamp"), props),
        level=severity if 1 <= severity <= 24 else LEVELS.get(level.lower(), 9),
        logger=text(props.pop("logger.name", "")) or text(props.pop("sentry.logger", "")),
        message=text(line.get("body"), 65_536) or ("" if line.get("body") is None else str(line["body"])[:65_536]),
        trace=hexadecimal(line.get("trace_id"), 32),
        span=hexadecimal(line.get("span_id") or props.pop("sentry.trace.parent_span_id", ""), 16),
        props=props,
    )


def otel_log(sent: Sent, payload: bytes) -> LogRow:
    """One log record of OpenTelemetry in JSON. Raises msgspec.ValidationError."""
    record = _record(payload)
    props = otlp_attributes(record.attributes)
    body = plain(record.body)
    severity = record.severity_number
    return LogRow(
        **sent.fields(**take_attributes(props)),
        at=sent.clock.note(record.time_unix_nano or record.observed_time_unix_nano, props),
        level=severity
        if isinstance(severity, int) and 1 <= severity <= 24
        else LEVELS.get(record.severity_text.lower(), 9),
        message="" if body is None else str(body)[:65_536],
        trace=id_text(record.trace_id, 32),
        span=id_text(record.span_id, 16),
        props=props,
    )


def metrics(sent: Sent, payload: dict[str, Any]) -> Iterator[Found]:
    """The points of a container."""
    found = payload.get("items")
    for point in found if isinstance(found, list) else [payload]:
        kind = KINDS.get(text(mapping(point).get("type")))
        value = number(mapping(point).get("value"))
        name = text(mapping(point).get("name"))
        if not name or kind is None or value is None:
            yield "a metric without a name, a type and a number", point
            continue
        props = attributes(point.get("attributes"))
        fields = sent.fields(**take_attributes(props))
        for id_, digits in (("trace_id", 32), ("span_id", 16)):
            if held := hexadecimal(point.get(id_), digits):
                props[id_] = held
        yield MetricRow(
            **fields,
            at=sent.clock.note(point.get("timestamp"), props),
            name=name,
            kind=kind,
            unit=text(point.get("unit"), 50),
            value=value,
            props=props,
        )


def statsd(sent: Sent, payload: bytes) -> Iterator[Found]:
    """Lines of statsd with Sentry's tags and timestamps."""
    for line in payload.decode("utf-8", "replace").splitlines():
        match = _LINE.fullmatch(line.strip())
        kind = KINDS.get(match["kind"]) if match else None
        if match is None or kind is None:
            if line.strip():
                yield "a line that is not a metric", line
            continue
        props: dict[str, Any] = {}
        moment: float | None = None
        for part in (match["rest"] or "").split("|"):
            if part.startswith("#"):
                props |= {name: value for name, _, value in (tag.partition(":") for tag in part[1:].split(",")) if name}
            elif part.startswith("T"):
                moment = number(part[1:])
        yield from _points(
            sent, match["name"], match["unit"] or "", kind, [*match["values"].split(":")], props, moment, line
        )


def buckets(sent: Sent, payload: bytes) -> Iterator[Found]:
    """Metrics that were added up before: [{"timestamp", "width", "name", "type", "value", "tags"}]."""
    found = decode_json(payload)
    for bucket in items(found):
        held = mapping(bucket)
        kind = KINDS.get(text(held.get("type")))
        if kind is None or not text(held.get("name")):
            yield "a bucket without a name and a type", bucket
            continue
        # c:spans/duration@millisecond
        name, _, unit = text(held.get("name")).partition("@")
        value = held.get("value")
        values = value if isinstance(value, list) else [value.get("last")] if isinstance(value, dict) else [value]
        yield from _points(
            sent,
            name,
            text(held.get("unit")) or unit,
            kind,
            values,
            tags(held.get("tags")),
            held.get("timestamp"),
            bucket,
        )


def _points(
    sent: Sent, name: str, unit: str, kind: Kind, values: list[Any], props: dict[str, Any], moment: object, raw: object
) -> Iterator[Found]:
    """A set counts its members; a gauge's first value is the newest; a distribution has a bucket of its own for all."""
    if kind == "set":
        numbers: list[float] = [float(len(set(map(str, values))))]
    else:
        numbers = [read for value in values[:_VALUES] if (read := number(value)) is not None]
    if not numbers:
        yield "a metric without a number", raw
        return
    fields = sent.fields(**take_attributes_of_tags(props))
    yield MetricRow(
        **fields,
        at=sent.clock.note(moment, props),
        name=name[:200],
        kind=kind,
        unit="" if unit == "none" else unit[:50],
        value=numbers[0] if kind == "gauge" else sum(numbers),
        count=len(numbers) if kind == "distribution" else 1,
        props=props,
    )


def take_attributes_of_tags(props: dict[str, Any]) -> dict[str, Any]:
    """Tags of metrics have the release and the environment without a prefix."""
    for name in ("release", "environment"):
        if name in props:
            props[f"sentry.{name}"] = props.pop(name)
    return take_attributes(props)


def client_report(sent: Sent, payload: dict[str, Any]) -> Iterator[AnyRow]:
    """What a client threw away, counted by reason and category (develop.sentry.dev, "Client Reports")."""
    for outcome in items(payload.get("discarded_events")):
        held = mapping(outcome)
        quantity = number(held.get("quantity"))
        if quantity is None:
            continue
        props: dict[str, Any] = {"reason": text(held.get("reason")), "category": text(held.get("category"))}
        yield MetricRow(
            **sent.fields(),
            at=sent.clock.note(payload.get("timestamp"), props),
            name=DISCARDED,
            kind="counter",
            value=quantity,
            props=props,
        )
