"""What of Sentry's is kept whole: feedback, check-ins, profiles, replays, attachments, reports of browsers, and what is
of no known type. Text stays in the row, bytes go into the blob store under their SHA-256.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from eden.observe.digest.foreign import mapping, text
from eden.observe.digest.sentry_common import Sent, decode_json, event_fields
from eden.observe.digest.sentry_envelope import Item
from eden.observe.interfaces import AnyRow, DocumentRow

#: longer texts are blobs
TEXT_BYTES = 65_536
#: type of an item → kind of the document, whose payload is JSON
JSON_KINDS = {
    "feedback": "feedback",
    "user_report": "feedback",
    "check_in": "check_in",
    "replay_event": "replay",
    "raw_security": "security",
    "security": "security",
    "nel": "security",
    "csp": "security",
    "metric_meta": "metric_meta",
}
#: and those whose payload is bytes
BLOB_KINDS = {
    "attachment": "attachment",
    "profile": "profile",
    "profile_chunk": "profile",
    "replay_recording": "replay_recording",
    "replay_video": "replay_video",
    "unreal_report": "attachment",
    "form_data": "attachment",
}
_TRACE_ATTACHMENT = "application/vnd.sentry.trace-attachment"


def json_document(sent: Sent, item: Item) -> DocumentRow:
    """A document whose payload is a JSON object. Raises ValueError: it is none."""
    payload = sent.object(item)
    fields = event_fields(payload)
    kind, name, id_ = JSON_KINDS[item.type], "", sent.event_id(payload)
    moment = payload.get("timestamp")
    if item.type == "feedback":
        said = mapping(mapping(payload.get("contexts")).get("feedback"))
        name = text(said.get("message"))
    elif item.type == "user_report":
        name = text(payload.get("comments"))
    elif item.type == "check_in":
        name, id_ = text(payload.get("monitor_slug")), text(payload.get("check_in_id"))
    elif item.type == "replay_event":
        id_ = text(payload.get("replay_id")) or id_
        name = text(payload.get("replay_type"))
    elif kind == "security":
        report = mapping(payload.get("csp-report")) or payload
        name = (
            text(report.get("effective-directive"))
            or text(report.get("violated-directive"))
            or text(report.get("type"))
        )
        fields = event_fields({"release": item.text("sentry_release"), "environment": item.text("sentry_environment")})
    raw = sent.payload(item)
    row = DocumentRow(
        **sent.fields(**fields), at=sent.clock.at(moment), kind=kind, id=id_ or _hash(raw), name=name, size=len(raw)
    )
    return _kept(sent, row, raw)


def blob_document(sent: Sent, item: Item) -> DocumentRow:
    """A document of bytes, or, larger than the store takes, only what it was."""
    raw = sent.payload(item)
    kind = BLOB_KINDS[item.type]
    fields: dict[str, Any] = {}
    name, id_, moment = item.text("filename"), sent.envelope.text("event_id").replace("-", ""), None
    if kind == "profile":
        about = _head(raw)
        fields = event_fields(about)
        id_ = text(about.get("event_id")) or text(about.get("chunk_id")) or id_
        name = text(mapping(about.get("transaction")).get("name")) or text(about.get("profiler_id")) or item.type
        moment = about.get("timestamp")
    elif item.text("content_type") == _TRACE_ATTACHMENT:
        name, id_, raw = _trace_attachment(item, raw)
    elif item.type == "attachment":
        kind = "minidump" if item.text("attachment_type") == "event.minidump" else kind
    row = DocumentRow(
        **sent.fields(**fields), at=sent.clock.at(moment), kind=kind, id=id_, name=name[:500], size=len(raw)
    )
    row.blob = sent.about.keep(raw) or ""
    return row


def unknown(sent: Sent, item: Item) -> AnyRow:
    """An item of a type that came after us: kept, as the protocol asks for."""
    raw = sent.payload(item)
    row = DocumentRow(
        **sent.fields(),
        at=sent.clock.at(None),
        kind="unknown",
        id=sent.envelope.text("event_id").replace("-", "") or _hash(raw),
        name=item.type[:200],
        size=len(raw),
    )
    return _kept(sent, row, raw)


def _kept(sent: Sent, row: DocumentRow, raw: bytes) -> DocumentRow:
    if len(raw) <= TEXT_BYTES:
        try:
            row.raw = raw.decode()
            return row
        except UnicodeDecodeError:
            pass
    row.blob = sent.about.keep(raw) or ""
    return row


class _Profile(msgspec.Struct):
    """Of a profile only what it is: the samples are long, and nobody asks for them in SQL."""

    event_id: Any = None
    chunk_id: Any = None
    profiler_id: Any = None
    timestamp: Any = None
    platform: Any = None
    release: Any = None
    environment: Any = None
    transaction: Any = None
    device: Any = None
    os: Any = None


_profile = msgspec.json.Decoder(_Profile).decode


def _head(raw: bytes) -> dict[str, Any]:
    try:
        head = msgspec.structs.asdict(_profile(raw))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}
    head["contexts"] = {"device": head.pop("device"), "os": head.pop("os")}
    return head


def _trace_attachment(item: Item, raw: bytes) -> tuple[str, str, bytes]:
    """Name, id and body of an attachment that belongs to a trace: JSON in front says what it is."""
    length = item.headers.get("meta_length")
    if not isinstance(length, int) or not 0 < length <= len(raw):
        return item.text("filename"), "", raw
    try:
        meta = mapping(decode_json(raw[:length]))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return item.text("filename"), "", raw
    return text(meta.get("filename")), text(meta.get("attachment_id")), raw[length:]


def _hash(raw: bytes) -> str:
    return hashlib.blake2b(raw, digest_size=16).hexdigest()
