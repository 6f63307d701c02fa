"""Sentry's envelopes into rows: each item to the module that knows its type.

An item that cannot be read goes to quarantine and spoils no other; so does what follows a fault of the envelope itself.
docs/observe-wire.md has the table of all types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from eden.observe.digest.foreign import Clock, error_event, quarantined
from eden.observe.digest.sentry_common import Sent
from eden.observe.digest.sentry_documents import BLOB_KINDS, JSON_KINDS, blob_document, json_document, unknown
from eden.observe.digest.sentry_envelope import Envelope, Item, read_envelope
from eden.observe.digest.sentry_errors import error
from eden.observe.digest.sentry_sessions import session, sessions
from eden.observe.digest.sentry_telemetry import Found, buckets, client_report, logs, metrics, otel_log, statsd
from eden.observe.digest.sentry_traces import spans, transaction
from eden.observe.interfaces import Accepted, AnyRow, DocumentRow, ErrorRow

if TYPE_CHECKING:
    from eden.observe.digest.digest import About

_READERS: dict[str, Callable[[Sent, Item], Iterable[Found]]] = {
    "transaction": lambda sent, item: transaction(sent, sent.object(item)),
    "span": lambda sent, item: spans(sent, sent.object(item)),
    "session": lambda sent, item: [session(sent, sent.object(item))],
    "sessions": lambda sent, item: sessions(sent, sent.object(item)),
    "log": lambda sent, item: logs(sent, sent.object(item)),
    "otel_log": lambda sent, item: [otel_log(sent, sent.payload(item))],
    "trace_metric": lambda sent, item: metrics(sent, sent.object(item)),
    "metric": lambda sent, item: metrics(sent, sent.object(item)),
    "statsd": lambda sent, item: statsd(sent, sent.payload(item)),
    "metric_buckets": lambda sent, item: buckets(sent, sent.payload(item)),
    "client_report": lambda sent, item: client_report(sent, sent.object(item)),
    **dict.fromkeys(JSON_KINDS, lambda sent, item: [json_document(sent, item)]),
    **dict.fromkeys(BLOB_KINDS, lambda sent, item: [blob_document(sent, item)]),
}
#: types of items that are stored as what they are
KNOWN = ("event", *_READERS)


def rows(batch: Accepted, about: About) -> Iterator[AnyRow]:
    """Rows of an envelope's items."""
    try:
        envelope = read_envelope(batch.body)
    except ValueError as fault:
        yield quarantined(batch, str(fault), batch.body)
        return
    clock = Clock.of(batch, envelope.headers.get("sent_at"))
    # once for all: an envelope may have as many events as items
    files, minidump = _files(envelope), _has_minidump(envelope)
    sent = Sent(batch, envelope, clock, about, files, minidump)
    for item in envelope.items:
        try:
            for found in _read(sent, item):
                if isinstance(found, tuple):
                    yield quarantined(batch, f"{item.type}: {found[0]}", msgspec.json.encode(found[1]))
                    continue
                yield found
                if type(found) is ErrorRow:
                    yield error_event(found)
                elif type(found) is DocumentRow and found.size and not found.blob and not found.raw:
                    reason = f"{item.type}: its {found.size} bytes are more than are kept of one file"
                    yield quarantined(batch, reason, found.name)
        except Exception as fault:  # one item of others' making; the next ones are none the worse
            yield quarantined(batch, f"{item.type[:40]}: {_words(fault)}", sent.payload(item))
    if minidump and all(item.type != "event" for item in envelope.items):
        # a crash of native code whose client could not say more
        said = {"platform": "native", "level": "fatal", "message": "Native crash"}
        crash = error(sent, said)
        yield crash
        yield error_event(crash)
    if envelope.fault:
        yield quarantined(batch, envelope.fault, batch.body[envelope.rest :])


def _read(sent: Sent, item: Item) -> Iterable[Found]:
    if item.type == "event":
        return [error(sent, sent.object(item))]
    reader = _READERS.get(item.type)
    return reader(sent, item) if reader is not None else [unknown(sent, item)]


def _files(envelope: Envelope) -> list[str]:
    return [item.text("filename")[:200] for item in envelope.items if item.type == "attachment"][:50]


def _has_minidump(envelope: Envelope) -> bool:
    return any(item.text("attachment_type") == "event.minidump" for item in envelope.items)


def _words(fault: Exception) -> str:
    return str(fault) if isinstance(fault, ValueError) else f"{type(fault).__name__}: {fault}"
