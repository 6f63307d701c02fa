"""OpenTelemetry's logs, spans and metrics into rows.

Resource attributes fill what all rows have (semantic conventions: service, device, os, session, user); what is left of
them stands below `resource` in the properties. docs/observe-wire.md says which goes where.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from eden.observe.digest.foreign import MOST_SHARED, Clock, error_event, made_id, quarantined, text, version_of
from eden.observe.digest.otlp_errors import exception, has_exception
from eden.observe.digest.otlp_metrics import metric_rows
from eden.observe.digest.otlp_read import Record, Unreadable, attributes, id_text, plain, records
from eden.observe.digest.props import CUT
from eden.observe.interfaces import Accepted, AnyRow, LogRow, Row, SpanRow
from eden.observe.privacy import strip_props

if TYPE_CHECKING:
    from eden.observe.digest.digest import About

#: fields of rows, and the attributes that they are taken from: the first that is there
FIELDS: dict[str, tuple[str, ...]] = {
    "device": ("device.id", "app.installation.id"),
    "session": ("session.id",),
    "model": ("device.model.name", "device.model.identifier"),
    "app_version": ("app.version",),
    "country": ("geo.country.iso_code",),
    "city": ("geo.locality.name",),
    "language": ("browser.language",),
    "network": ("network.connection.type",),
    "channel": ("deployment.environment.name", "deployment.environment"),
    "page": ("url.path", "app.screen.name"),
}
_PERSON = ("user.id", "enduser.id")
_KINDS = ("", "internal", "server", "client", "producer", "consumer")
_STATUS = ("", "ok", "error")
_ERROR = 17
_LEVELS = {"TRACE": 1, "DEBUG": 5, "INFO": 9, "WARN": 13, "WARNING": 13, "ERROR": 17, "FATAL": 21, "CRITICAL": 21}


def rows(batch: Accepted, about: About) -> Iterator[AnyRow]:
    """Rows of the records; what is none goes to quarantine one by one."""
    clock = Clock.of(batch)
    shared = _Shared()
    try:
        for place, record in enumerate(records(batch.wire, batch.body, batch.meta.get("type", ""))):
            if record.fault:
                yield quarantined(batch, record.fault, record.raw())
                continue
            try:
                yield from _record_rows(batch, about, clock, place, record, shared)
            except Exception as error:  # one record of others' making; the next ones are none the worse
                yield quarantined(batch, f"{type(error).__name__}: {error}", record.raw())
    except Unreadable as error:
        yield quarantined(batch, str(error), batch.body)


def _record_rows(
    batch: Accepted, about: About, clock: Clock, place: int, record: Record, shared: _Shared
) -> Iterator[AnyRow]:
    source = shared.of(record.resource)
    fields = {"app": batch.app, "received": round(clock.received, 3), "source": "otlp", **source.fields}
    if batch.wire == "otlp-metrics":
        yield from metric_rows(clock, record, fields, lambda: shared.beside(source))
        return
    beside = shared.beside(source, shared.of(record.scope, is_scope=True) if record.scope.attributes else None)
    make = _log if batch.wire == "otlp-logs" else _span
    yield from _with_errors(batch, make(clock, record, fields, beside), place, source.left, about)


class _Source(NamedTuple):
    """A resource or scope with its attributes: `fields` of rows, what is `left`, and the bytes of that."""

    message: Any
    fields: dict[str, Any]
    left: dict[str, Any]
    size: int


class _Shared:
    """What thousands of records of a request have in common, read once, and given to so many of them as there is room
    for: a request with large attributes of its resource and very many records would become a thousand times itself."""

    def __init__(self) -> None:
        # holding a message keeps its id from being another's
        self._known: dict[int, _Source] = {}
        self._room = MOST_SHARED

    def of(self, message: Any, *, is_scope: bool = False) -> _Source:
        known = self._known.get(id(message))
        if known is None:
            left = attributes(message.attributes)
            strip_props(left)
            fields = {} if is_scope else common(left)
            known = _Source(message, fields, left, len(msgspec.json.encode(left)))
            self._known[id(message)] = known
        return known

    def beside(self, resource: _Source, scope: _Source | None = None) -> dict[str, Any]:
        """Properties of one more row."""
        props: dict[str, Any] = {}
        for name, source in (("resource", resource), ("scope", scope)):
            if source is not None and source.left:
                self._room -= source.size
                props[name] = source.left if self._room >= 0 else {CUT: len(source.left)}
        return props


def _with_errors(
    batch: Accepted, row: LogRow | SpanRow, place: int, left: dict[str, Any], about: About
) -> Iterator[AnyRow]:
    """A log line or span, the record at this place of its batch, and the exceptions that it tells of."""
    assert isinstance(row.props, dict)
    language = text(left.get("telemetry.sdk.language"))
    # attributes, time and severity of each
    found: list[tuple[dict[str, Any], float, int]] = []
    if isinstance(row, LogRow):
        found.append((row.props, row.at, row.level))
    else:
        found.extend((event, event["at"], _ERROR) for event in row.props.get("events", ()))
    errors = [
        exception(
            held,
            _base(row, at),
            made_id(batch, f"{place} {number}"),
            row.trace,
            row.span,
            language,
            about,
            level,
        )
        for number, (held, at, level) in enumerate(found)
        if has_exception(held)
    ]
    yield row
    for error in errors:
        yield error
        yield error_event(error)


def _base(row: Row, at: float) -> Row:
    return Row(**{**{name: getattr(row, name) for name in Row.__struct_fields__}, "at": at})


def common(found: dict[str, Any]) -> dict[str, Any]:
    """Fields that all rows have, taken out of attributes."""
    fields: dict[str, Any] = {}
    for field, names in FIELDS.items():
        if value := _taken(found, names):
            fields[field] = value
    person = _taken(found, _PERSON)
    if person or "device" in fields:
        fields["person"] = person or fields["device"]
    if version := _taken(found, ("service.version",)):
        fields["version"], fields["code"] = version_of(version)
    os, os_version = text(found.pop("os.name", "")), text(found.pop("os.version", ""))
    kind = text(found.pop("os.type", ""))
    if os or kind:
        fields["os"] = f"{os or kind} {os_version}".strip()
    if platform := _platform(os or kind, text(found.get("telemetry.sdk.language"))):
        fields["platform"] = platform
    return fields


def _platform(os: str, language: str) -> str:
    os = os.lower()
    for name in ("android", "ios", "harmony"):
        if os.startswith(name):
            return name
    return "web" if language == "webjs" else language


def _taken(found: dict[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        if value := text(found.get(name)):
            del found[name]
            return value
    return ""


def _own(fields: dict[str, Any], props: dict[str, Any]) -> dict[str, Any]:
    """What a record says of itself wins over its resource."""
    own = common_of_record(props)
    return {**fields, **own} if own else fields


def common_of_record(props: dict[str, Any]) -> dict[str, Any]:
    """As `common`, but only of what records have."""
    fields = {field: value for field in ("session", "page") if (value := _taken(props, FIELDS[field]))}
    if person := _taken(props, _PERSON):
        fields["person"] = person
    return fields


def _log(clock: Clock, record: Record, fields: dict[str, Any], beside: dict[str, Any]) -> LogRow:
    value = record.value
    props = attributes(value.attributes) | beside
    fields = _own(fields, props)
    body = plain(value.body)
    if value.event_name:
        props["event"] = value.event_name
    if isinstance(body, dict | list):
        props["body"], message = body, value.event_name
    else:
        message = "" if body is None else str(body)
    return LogRow(
        **fields,
        at=clock.note(value.time_unix_nano or value.observed_time_unix_nano, props),
        level=_level(value.severity_number, value.severity_text),
        logger=record.scope.name[:200],
        message=(message or value.event_name)[:65_536],
        trace=id_text(value.trace_id, 32),
        span=id_text(value.span_id, 16),
        props=props,
    )


def _level(number: int | str, name: str) -> int:
    if isinstance(number, str):  # SEVERITY_NUMBER_INFO2, or the number as text
        name, number = number.removeprefix("SEVERITY_NUMBER_"), int(number) if number.isdecimal() else 0
    if 1 <= number <= 24:
        return number
    word = name.strip().upper()
    finer = int(word[-1]) - 1 if word[-1:] in ("2", "3", "4") else 0
    return _LEVELS.get(word.rstrip("234"), 9) + finer


def _span(clock: Clock, record: Record, fields: dict[str, Any], beside: dict[str, Any]) -> SpanRow:
    value = record.value
    props = attributes(value.attributes) | beside
    fields = _own(fields, props)
    if value.events:
        props["events"] = [
            {"name": event.name, "at": clock.at(event.time_unix_nano), **attributes(event.attributes)}
            for event in value.events
        ]
    if value.links:
        props["links"] = [
            {"trace": id_text(link.trace_id, 32), "span": id_text(link.span_id, 16)} for link in value.links
        ]
    if value.status.message:
        props["status_message"] = value.status.message
    parent = id_text(value.parent_span_id, 16)
    start, end = value.start_time_unix_nano, value.end_time_unix_nano
    return SpanRow(
        **fields,
        at=clock.note(start, props),
        trace=id_text(value.trace_id, 32),
        span=id_text(value.span_id, 16),
        parent=parent,
        name=value.name[:500],
        kind=_kind(_enum(value.kind, "SPAN_KIND_", _KINDS), props),
        status=_enum(value.status.code, "STATUS_CODE_", _STATUS),
        root=not parent,
        value=round(max(0, end - start) / 1e6, 3) if end else 0.0,
        props=props,
    )


def _enum(value: int | str, prefix: str, names: tuple[str, ...]) -> str:
    if isinstance(value, str) and not value.isdecimal():
        word = value.removeprefix(prefix).lower()
        return word if word in names else ""
    index = int(value)
    return names[index] if 0 <= index < len(names) else ""


def _kind(kind: str, props: dict[str, Any]) -> str:
    """The operation, as Sentry's spans call it: "http.client", "db", "queue"; without one, the kind."""
    if "http.request.method" in props or "http.method" in props:
        return f"http.{kind}" if kind in ("server", "client") else "http"
    if "db.system.name" in props or "db.system" in props:
        return "db"
    if "messaging.system" in props:
        return f"queue.{kind}" if kind in ("producer", "consumer") else "queue"
    if "rpc.system" in props or "rpc.system.name" in props:
        return f"rpc.{kind}" if kind in ("server", "client") else "rpc"
    return kind
