"""Errors of every wire are masked, wherever a client puts a text."""

from __future__ import annotations

import json

import msgspec
import pytest

from eden.observe.crashes.document import decode
from eden.observe.digest.digest import About, digest
from eden.observe.interfaces import Accepted, ErrorRow, EventRow, Wire
from tests.observe.wires.made import NOW, envelope

_MAIL = "ann@example.org"
_FRAMES = [{"function": "f", "filename": "https://h.example/ann@example.org.js", "lineno": 1, "in_app": True}]


def _own() -> bytes:
    record = {
        "type": "error", "page": f"of/{_MAIL}", "id": "e",
        "error": {"type": f"E {_MAIL}", "message": _MAIL, "stack": f"E: {_MAIL}\n    at f (a.js:1:2)",
                  "mechanism": "m", "data": {"a": _MAIL}},
        "breadcrumbs": [{"message": _MAIL, "category": _MAIL, "data": {"to": [_MAIL]}}],
        "contexts": {"a": {"b": _MAIL}}, "tags": {"a": _MAIL}, "fingerprint": [_MAIL], "props": {"a": _MAIL},
    }  # fmt: skip
    return b'{"device":"d"}\n' + json.dumps(record).encode()


def _sentry() -> bytes:
    event = {
        "timestamp": NOW, "platform": "javascript", "transaction": f"of/{_MAIL}", "logger": _MAIL, "server_name": _MAIL,
        "logentry": {"message": _MAIL, "formatted": _MAIL}, "tags": {"a": _MAIL},
        "exception": {"values": [{"type": _MAIL, "value": _MAIL, "module": _MAIL, "stacktrace": {"frames": _FRAMES},
                                  "mechanism": {"type": "m", "data": {"a": _MAIL}}}]},
        "extra": {"a": [{"b": _MAIL}]}, "user": {"id": "u", "email": _MAIL}, "other": {"a": _MAIL},
        "request": {"url": f"https://h.example/{_MAIL}", "headers": {"Cookie": "c", "X": _MAIL}},
    }  # fmt: skip
    attached = ({"type": "attachment", "filename": _MAIL}, b"x")
    return envelope({"event_id": "e" * 32}, ("event", event), attached)


def _posthog() -> bytes:
    props = {
        "$exception_list": [{"type": _MAIL, "value": _MAIL, "stacktrace": {"frames": _FRAMES}}],
        "$exception_message": _MAIL, "$current_url": f"https://h.example/{_MAIL}", "a": {"b": _MAIL},
    }  # fmt: skip
    return json.dumps({"batch": [{"event": "$exception", "distinct_id": "u", "properties": props}]}).encode()


def _otlp() -> bytes:
    said = {
        "exception.type": _MAIL,
        "exception.message": _MAIL,
        "exception.stacktrace": f"E: {_MAIL}\n    at f (a.js:1:2)",
    }
    attributes = [{"key": name, "value": {"stringValue": value}} for name, value in said.items()]
    record = {"timeUnixNano": str(int(NOW * 1e9)), "severityNumber": 17, "attributes": attributes}
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}).encode()


@pytest.mark.parametrize(
    ("wire", "body", "meta"),
    [
        ("eden", _own(), {}),
        ("sentry", _sentry(), {}),
        ("posthog", _posthog(), {}),
        ("otlp-logs", _otlp(), {"type": "application/json"}),
    ],
    ids=["eden", "sentry", "posthog", "otlp"],
)
def test_errors_are_masked(wire: Wire, body: bytes, meta: dict[str, str]) -> None:
    rows = digest(Accepted(wire, 7, round(NOW * 1e6), b"", body, meta), About())
    [error] = [row for row in rows if isinstance(row, ErrorRow)]
    document = decode(error.raw)
    assert document.exceptions[0].frames
    for thrown in document.exceptions:
        # code is nobody's
        thrown.frames = []
    assert "[email]" in error.message and "[email]" in msgspec.json.encode(document).decode()
    row = msgspec.to_builtins(error) | {"raw": msgspec.json.encode(document).decode()}
    assert _MAIL not in json.dumps(row)
    assert document.grouping is not None and len(document.grouping.hash) == 64
    for event in rows:
        if isinstance(event, EventRow):
            assert _MAIL not in json.dumps(msgspec.to_builtins(event))


def test_what_is_masked_is_one_group() -> None:
    """Two people's addresses in one message: one error, as the text before the mask says."""

    def group(mail: str) -> tuple[int, str]:
        record = {"type": "error", "error": {"type": "E", "message": f"no mail to {mail}"}}
        batch = Accepted("eden", 7, round(NOW * 1e6), b"", b"{}\n" + json.dumps(record).encode(), {})
        (row,) = digest(batch, About())
        assert isinstance(row, ErrorRow)
        grouping = decode(row.raw).grouping
        assert grouping is not None and grouping.title == "E: no mail to [email]"
        return row.group, grouping.hash

    assert group("ann@example.org") == group("ben@example.org")
