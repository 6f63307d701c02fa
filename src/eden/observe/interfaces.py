"""Values that the rooms of this service hand to each other.

A phone or a client package sends a *batch*; a server process accepts it (`Accepted`), fsyncs it in the spool and
answers. The insight process reads the spool back, digests each batch into rows of the events store's tables
(`eden.observe.schema`) and inserts them. Field names of rows are the columns' names; a field at its default is left
out of the JSON, and the column's default is the same.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

#: wire formats; docs/observe-wire.md
Wire: TypeAlias = Literal["eden", "sentry", "posthog", "otlp-logs", "otlp-traces", "otlp-metrics", "mas"]
#: tables of the events store that batches go to
Table: TypeAlias = Literal["events", "errors", "logs", "spans", "metrics", "documents", "people", "quarantine"]

UInt64: TypeAlias = Annotated[int, Meta(ge=0)]
#: seconds since 1970, UTC, with milliseconds (1790000000.123): what columns of times read from JSON
Seconds: TypeAlias = float

#: names of the events that the container reports by itself; docs/observe.md has their properties
LAUNCH = "$launch"
PAGE_VIEW = "$page_view"
PAGE_LEAVE = "$page_leave"
TAP = "$tap"
ERROR = "$error"
WHITE_SCREEN = "$white_screen"
REQUEST = "$request"
SET_DATA = "$set_data"
LONG_TASK = "$long_task"
AUTOMATIC = (LAUNCH, PAGE_VIEW, PAGE_LEAVE, TAP, ERROR, WHITE_SCREEN, REQUEST, SET_DATA, LONG_TASK)


class Accepted(msgspec.Struct, frozen=True, array_like=True):
    """A batch that was accepted: what the spool keeps.

    `app` is the number of the sending app, `received` microseconds; `key` 16 bytes by which the same batch sent again
    is recognised (empty: never). `body` is the body without its content encoding. `meta`: what else the wire says of
    the batch, such as the user agent.
    """

    wire: Wire
    app: int
    received: int
    key: bytes
    body: bytes
    meta: dict[str, str] = {}


class Row(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What all rows have. `app`: number of the app; `at`: the client's time, corrected by its clock's error."""

    app: int
    at: Seconds
    #: stored as the delay behind `at`, see `schema`
    received: Seconds = msgspec.field(name="arrived")
    #: the user, or else the device
    person: str = ""
    device: str = ""
    session: str = ""
    platform: str = ""
    os: str = ""
    model: str = ""
    #: of the app around the mini program
    app_version: str = ""
    #: of the mini program, its name and its code
    version: str = ""
    code: UInt64 = 0
    #: id of the release that brought the version
    release: str = ""
    country: str = ""
    city: str = ""
    language: str = ""
    network: str = ""
    channel: str = ""
    #: the wire
    source: str = ""
    page: str = ""


class EventRow(Row, omit_defaults=True, kw_only=True):
    """`id`: 64 bits of the event's id. `value`: its number, if it has one: milliseconds, an amount."""

    name: str
    id: UInt64 = 0
    value: float | None = None
    props: dict[str, Any] | msgspec.Raw = {}


class ErrorRow(Row, omit_defaults=True, kw_only=True):
    """An error or crash. `group` is the first 64 bits of the fingerprint of `algorithm`; `raw` the whole document:
    mapped frames, breadcrumbs, contexts, as `eden.observe.crashes.document` has them. `fatal`: the program ended."""

    id: str
    group: UInt64
    algorithm: int
    type: str
    message: str
    culprit: str = ""
    fatal: bool = False
    handled: bool = False
    raw: str = ""


class LogRow(Row, omit_defaults=True, kw_only=True):
    """A log line. `level`: severity number of OpenTelemetry (9 info, 13 warn, 17 error, 21 fatal)."""

    level: int = 9
    logger: str = ""
    message: str = ""
    trace: str = ""
    span: str = ""
    #: id of the pull that brought the line; none: sent in real time
    pull: str = ""
    #: its place in its batch: lines of one millisecond stay in their order
    seq: UInt64 = 0
    props: dict[str, Any] | msgspec.Raw = {}


class SpanRow(Row, omit_defaults=True, kw_only=True):
    """A span of a trace; `value` its milliseconds, `kind` the operation ("http.client"), `root`: of its process."""

    trace: str
    span: str
    parent: str = ""
    name: str = ""
    kind: str = ""
    status: str = ""
    root: bool = False
    value: float = 0.0
    props: dict[str, Any] | msgspec.Raw = {}


class MetricRow(Row, omit_defaults=True, kw_only=True):
    """A point of a metric. Gauges and counters have `value`; distributions `count`, `value` (the sum) and buckets."""

    name: str
    kind: Literal["counter", "gauge", "distribution", "set"] = "gauge"
    unit: str = ""
    value: float = 0.0
    count: UInt64 = 1
    bounds: list[float] = []
    buckets: list[int] = []
    props: dict[str, Any] | msgspec.Raw = {}


class DocumentRow(Row, omit_defaults=True, kw_only=True):
    """Anything that is kept whole: feedback, check-ins, attachments, profiles, replays. `blob`: SHA-256 of bytes in
    the blob store, when it is no text."""

    kind: str
    id: str
    name: str = ""
    size: UInt64 = 0
    blob: str = ""
    raw: str = ""


class PersonRow(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What is known of a person, or of a group ("company"); the newest row of a key counts."""

    app: int
    at: Seconds
    kind: str = "person"
    key: str
    props: dict[str, Any] | msgspec.Raw = {}


class QuarantinedRow(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What could not be stored as what it is, with the reason."""

    app: int
    received: Seconds
    wire: str
    reason: str
    raw: str


AnyRow: TypeAlias = EventRow | ErrorRow | LogRow | SpanRow | MetricRow | DocumentRow | PersonRow | QuarantinedRow
TABLE_OF: dict[type[AnyRow], Table] = {
    EventRow: "events",
    ErrorRow: "errors",
    LogRow: "logs",
    SpanRow: "spans",
    MetricRow: "metrics",
    DocumentRow: "documents",
    PersonRow: "people",
    QuarantinedRow: "quarantine",
}
