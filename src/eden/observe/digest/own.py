"""Eden's own wire into rows: NDJSON, a header line and a record in each further line; docs/observe-wire.md.

Whatever a record has under names that are not known here becomes a property; whatever is of another kind than it
should be becomes the nearest thing. Only what is no JSON object, or of no type, goes to quarantine, alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from eden.base.problems import Problem
from eden.observe.accept.own import Header, header_of
from eden.observe.crashes.document import Breadcrumb, ErrorDocument, Frame, Mechanism, Thrown
from eden.observe.crashes.finish import finished
from eden.observe.crashes.stacks import parse
from eden.observe.digest.foreign import (
    CLOCK_ERROR,
    CLOCK_SECONDS,
    OLDEST_SECONDS,
    Clock,
    id_64,
    items,
    made_id,
    mapping,
    number,
    quarantined,
    seconds_of,
    shared,
    text,
    whole,
)
from eden.observe.interfaces import Accepted, AnyRow, EventRow, LogRow, MetricRow, PersonRow, Row, SpanRow

if TYPE_CHECKING:
    from eden.observe.digest.digest import About

#: bytes of a record
_LONGEST = 1_000_000
_CONTEXT = frozenset({"platform", "os", "model", "app_version", "country", "city", "language", "network", "channel"})
_PROGRAM = ("version", "release")
#: severity numbers of OpenTelemetry
_LEVELS = {"trace": 1, "debug": 5, "log": 9, "info": 9, "warn": 13, "warning": 13, "error": 17, "fatal": 21}
_KINDS = ("counter", "gauge", "distribution", "set")
_DECODER = msgspec.json.Decoder()
_SESSION = 64


def rows(batch: Accepted, about: About) -> Iterator[AnyRow]:
    """Rows of the batch's records."""
    try:
        header, begin = header_of(batch.body)
    except Problem as problem:
        yield quarantined(batch, problem.sentence, batch.body)
        return
    if (header.consent or about.settings.consent) == "denied":
        # who does not agree is not stored, whatever a phone that has not heard of it sends
        return
    reading = _Reading(batch, header, about)
    body, size = batch.body, len(batch.body)
    while begin < size:
        end = body.find(b"\n", begin)
        end = size if end < 0 else end
        line = body[begin:end]
        begin = end + 1
        if not line or line.isspace():
            continue
        try:
            if len(line) > _LONGEST:
                raise ValueError(f"it has more than {_LONGEST:,} bytes")
            record = _DECODER.decode(line)
            if type(record) is not dict:
                raise ValueError("it is no object")
            yield reading.row(record)
        except Exception as error:  # one record of others' making; the next ones are none the worse
            yield quarantined(batch, f"The record cannot be stored: {error}", line)


class _Reading:
    def __init__(self, batch: Accepted, header: Header, about: About) -> None:
        self._about = about
        self._batch = batch
        #: errors without ids so far
        self._nameless = 0
        self._clock = Clock.of(batch, header.sent_at)
        self._received = round(self._clock.received, 3)
        self._oldest = self._received - OLDEST_SECONDS
        device = header.device[:128]
        base: dict[str, Any] = {
            "app": batch.app,
            "at": self._received,
            "received": self._received,
            "person": device if header.user is None else text(header.user, 256) or device,
            "device": device,
            "source": "generated" if header.generated else "eden",
            "version": header.program.version[:80],
            "code": max(0, header.program.code) % 2**63,
            "release": header.program.release[:36],
        }
        #: what the header says and no column has
        self._more: dict[str, Any] = {}
        for name, value in header.context.items():
            if name in _CONTEXT:
                base[name] = value[:120] if type(value) is str else text(value, 120)
            else:
                self._more[name] = value
        if self._more:
            self._more = shared(self._more, batch.body.count(b"\n"))
        #: rows that only lack what a record says itself: copying one is much cheaper than making one
        self._event = EventRow(name="", **base)
        self._base = base

    def row(self, record: dict[str, Any]) -> AnyRow:
        kind = record.pop("type", None)
        reader = _READERS.get(kind) if type(kind) is str else None
        if reader is None:
            raise ValueError(f"its type {text(kind, 40)!r} is none of {', '.join(_READERS)}")
        return reader(self, record)

    # what all have

    def _at(self, row: Row, record: dict[str, Any], props: dict[str, Any]) -> None:
        """The record's time, device, session, page; its own context over the header's. What it takes is taken out of
        the record."""
        said = record.pop("at", None)
        if type(said) is int:
            # milliseconds, as phones say it: the short way of `Clock.note`
            seconds = said / 1000
            at = seconds + self._clock.error
            at = self._received if at > self._received else max(at, self._oldest)
            row.at = round(at, 3)
            if not -CLOCK_SECONDS <= at - seconds <= CLOCK_SECONDS:
                props[CLOCK_ERROR] = round((at - seconds) * 1000)
        elif said is not None:
            row.at = self._clock.note(said, props)
        session = record.pop("session", None)
        if session is not None:
            row.session = session[:_SESSION] if type(session) is str else text(session, _SESSION)
        page = record.pop("page", None)
        if page is not None:
            row.page = page[:512] if type(page) is str else text(page, 512)
        if "context" in record or "program" in record or "user" in record or "device" in record:
            self._override(row, record, props)

    def _override(self, row: Row, record: dict[str, Any], props: dict[str, Any]) -> None:
        if (device := text(record.pop("device", None), 128)) != "":
            if row.person == row.device:
                row.person = device
            row.device = device
        if (user := text(record.pop("user", None), 256)) != "":
            row.person = user
        for name, value in mapping(record.pop("context", None)).items():
            if name in _CONTEXT:
                setattr(row, name, text(value, 120))
            else:
                props.setdefault(name, value)
        program = mapping(record.pop("program", None))
        for name in _PROGRAM:
            if name in program:
                setattr(row, name, text(program[name], 80 if name == "version" else 36))
        if "code" in program:
            row.code = whole(program["code"])

    def _props(self, record: dict[str, Any]) -> dict[str, Any]:
        """Its properties, taken out of the record."""
        props = record.pop("props", None)
        if type(props) is dict:
            return props
        # of another kind: kept all the same
        return {} if props is None else {"props": props}

    def _finish(self, props: dict[str, Any], rest: dict[str, Any]) -> dict[str, Any]:
        """What the record has under other names, and the header's context has, is not lost."""
        for name, value in rest.items():
            props.setdefault(name, value)
        for name, value in self._more.items():
            props.setdefault(name, value)
        return props

    # records

    def _read_event(self, record: dict[str, Any]) -> EventRow:
        row: EventRow = self._event.__copy__()  # type: ignore[attr-defined]
        name = record.pop("name", None)
        row.name = name if type(name) is str else text(name)
        if not row.name:
            raise ValueError("it has no name")
        props = self._props(record)
        self._at(row, record, props)
        given = record.pop("id", None)
        if given is not None:
            row.id = _id(given)
        value = record.pop("value", None)
        if value is not None:
            row.value = float(value) if type(value) is int or type(value) is float else number(value)
            if row.value is None:
                props.setdefault("value", value)
        row.props = self._finish(props, record) if record or self._more else props
        return row

    def _read_log(self, record: dict[str, Any]) -> LogRow:
        row = LogRow(**self._base)
        props = self._props(record)
        self._at(row, record, props)
        level = record.pop("level", "info")
        row.level = _LEVELS.get(level, 9) if type(level) is str else min(whole(level, 9), 24)
        row.logger = text(record.pop("tag", ""))
        message = record.pop("message", "")
        row.message = message if type(message) is str else msgspec.json.encode(message).decode()
        row.pull = text(record.pop("pull", ""), 36)
        row.trace, row.span = text(record.pop("trace", ""), 64), text(record.pop("span", ""), 64)
        record.pop("id", None)
        row.props = self._finish(props, record)
        return row

    def _read_span(self, record: dict[str, Any]) -> SpanRow:
        row = SpanRow(
            trace=text(record.pop("trace", ""), 64),
            span=text(record.pop("span", record.pop("id", "")), 64),
            **self._base,
        )
        if not row.trace or not row.span:
            raise ValueError("a span needs trace and span")
        props = self._props(record)
        self._at(row, record, props)
        row.parent = text(record.pop("parent", ""), 64)
        row.name = text(record.pop("name", ""))
        row.kind = text(record.pop("kind", ""))
        row.status = text(record.pop("status", ""))
        row.root = record.pop("root", not row.parent) is True
        row.value = number(record.pop("value", None)) or 0.0
        record.pop("id", None)
        row.props = self._finish(props, record)
        return row

    def _read_metric(self, record: dict[str, Any]) -> MetricRow:
        row = MetricRow(name=text(record.pop("name", "")), **self._base)
        if not row.name:
            raise ValueError("it has no name")
        props = self._props(record)
        self._at(row, record, props)
        kind = record.pop("kind", "gauge")
        row.kind = kind if kind in _KINDS else "gauge"
        row.unit = text(record.pop("unit", ""), 40)
        row.value = number(record.pop("value", None)) or 0.0
        row.count = whole(record.pop("count", 1), 1)
        row.bounds = [bound for bound in map(number, items(record.pop("bounds", None))[:1000]) if bound is not None]
        row.buckets = [whole(bucket) for bucket in items(record.pop("buckets", None))[:1000]]
        record.pop("id", None)
        row.props = self._finish(props, record)
        return row

    def _read_person(self, record: dict[str, Any]) -> PersonRow:
        row = Row(**self._base)
        props = self._props(record)
        self._at(row, record, {})
        key = text(record.pop("key", ""), 256) or row.person
        if not key:
            raise ValueError("it has no key, and its batch no user or device")
        kind = text(record.pop("kind", ""), 40) or "person"
        record.pop("id", None)
        for name in ("name", "session", "page"):
            if name in record:
                props.setdefault(name, record.pop(name))
        return PersonRow(app=row.app, at=row.at, kind=kind, key=key, props=props)

    def _read_error(self, record: dict[str, Any]) -> AnyRow:
        row = Row(**self._base)
        props = self._props(record)
        self._at(row, record, props)
        error = mapping(record.pop("error", None))
        if not error:
            raise ValueError("it has no error")
        crumbs = items(record.pop("breadcrumbs", None))
        named = text(record.pop("id", None), 64)
        if not named:
            self._nameless += 1
            named = made_id(self._batch, row.device, str(self._nameless))
        document = ErrorDocument(
            id=named,
            at=row.at,
            platform="javascript",
            fatal=error.get("fatal") is True,
            handled=error.get("handled") is True,
            exceptions=_thrown(error),
            transaction=row.page,
            breadcrumbs=[
                Breadcrumb(
                    at=seconds_of(crumb.get("at")) or 0.0,
                    category=text(crumb.get("category")),
                    message=text(crumb.get("message"), 1024),
                    level=text(crumb.get("level"), 20),
                    data=mapping(crumb.get("data")),
                )
                for crumb in map(mapping, crumbs)
            ],
            contexts=mapping(record.pop("contexts", None)),
            fingerprint=[text(part) for part in items(record.pop("fingerprint", None))],
            tags={text(name): text(value) for name, value in mapping(record.pop("tags", None)).items()},
            extra=self._finish(props, record),
        )
        if document.fatal:
            document.level = "fatal"
        return finished(document, row, self._about)


_READERS: dict[str, Callable[[_Reading, dict[str, Any]], AnyRow]] = {
    "event": _Reading._read_event,
    "error": _Reading._read_error,
    "log": _Reading._read_log,
    "span": _Reading._read_span,
    "metric": _Reading._read_metric,
    "person": _Reading._read_person,
}


def _thrown(error: dict[str, Any]) -> list[Thrown]:
    """The exceptions of a record's `error`: frames as they are, or read from the stack's text."""
    kind, value = text(error.get("type"), 512), text(error.get("message"), 8192)
    frames = items(error.get("frames"))
    if frames:
        found = [Thrown(type=kind, value=value, frames=[_frame(mapping(frame)) for frame in frames[:1000]])]
    else:
        found = parse(text(error.get("stack"), 65_536), kind, value)
    said = error.get("handled")
    found[0].mechanism = Mechanism(
        type=text(error.get("mechanism")), handled=said if type(said) is bool else None, data=mapping(error.get("data"))
    )
    return found


def _frame(frame: dict[str, Any]) -> Frame:
    mine = frame.get("in_app")
    return Frame(
        function=text(frame.get("function"), 512),
        file=text(frame.get("file"), 2048),
        line=whole(frame.get("line")),
        column=whole(frame.get("column")),
        in_app=mine if type(mine) is bool else None,
    )


def _id(given: object) -> int:
    """64 bits: sixteen hexadecimal digits are these; of anything else, whose beginning may be a time, a digest."""
    said = given[:200] if type(given) is str else text(given, 200)
    if len(said) == 16:
        with suppress(ValueError):
            return abs(int(said, 16))
    return id_64(said) if said else 0
