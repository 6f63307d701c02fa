"""Envelopes: what is whole is kept, and whatever lies about its length spoils nothing before it."""

from __future__ import annotations

import pytest

from eden.observe.digest.sentry_envelope import ITEMS, read_envelope
from eden.observe.interfaces import LogRow, QuarantinedRow
from tests.observe.wires.made import envelope, rows


def _read(body: bytes) -> tuple[list[tuple[str, bytes]], str]:
    found = read_envelope(body)
    return [(item.type, body[item.start : item.end]) for item in found.items], found.fault


@pytest.mark.parametrize(
    ("body", "items"),
    [
        (b"{}", []),
        (b"{}\n", []),
        (b'{}\n{"type":"session"}\n{"started":"x"}', [("session", b'{"started":"x"}')]),
        (b'{}\n{"type":"session"}\n{"started":"x"}\n', [("session", b'{"started":"x"}')]),
        (b'{}\n{"type":"a","length":0}\n\n{"type":"b","length":0}\n\n', [("a", b""), ("b", b"")]),
        (b'{}\n{"type":"a","length":0}\n\n{"type":"b","length":0}', [("a", b""), ("b", b"")]),
        # newlines within a payload, and a Windows newline at its end
        (b'{}\n{"type":"a","length":5}\na\nb\r\n\n{"type":"b"}\nc', [("a", b"a\nb\r\n"), ("b", b"c")]),
        # a payload without a length ends at the newline; what is before it belongs to it
        (b'{}\n{"type":"a"}\nab\r\n', [("a", b"ab\r")]),
        (b'{}\n\n\n{"type":"a"}\nx\n\n', [("a", b"x")]),
        (b'{}\n{"type":"a","length":null}\nx', [("a", b"x")]),
        (b'{}\n{"type":"a"}', [("a", b"")]),
    ],
)
def test_whole(body: bytes, items: list[tuple[str, bytes]]) -> None:
    assert _read(body) == (items, "")


@pytest.mark.parametrize(
    ("rest", "fault"),
    [
        (b'{"type":"b","length":50}\n{"cut', "item of type b: it ends after 5 of 50 bytes"),
        (b'{"type":"b","length":2}\nabc', "item of type b: it does not end after the 2 bytes that it says to have"),
        (b'{"type":"b","length":-1}\nabc', "item of type b: its length is not a number of bytes"),
        (b'{"type":"b","length":"3"}\nabc', "item of type b: its length is not a number of bytes"),
        (b'{"type":"b","length":true}\na', "item of type b: its length is not a number of bytes"),
        (
            b'{"type":"b","length":99999999999999999999}\na',
            "item of type b: it ends after 1 of 99999999999999999999 bytes",
        ),
        (b'{"type":7}\nabc', "an item's headers are not a JSON object with a type"),
        (b'["type"]\nabc', "an item's headers are not a JSON object with a type"),
        (b"\xff\xfe\nabc", "an item's headers are not a JSON object with a type"),
        (b'{"type":"b"', "an item's headers are not a JSON object with a type"),
    ],
)
def test_what_is_before_a_fault_is_kept(rest: bytes, fault: str) -> None:
    body = b'{}\n{"type":"a"}\nx\n' + rest
    assert _read(body) == ([("a", b"x")], fault)
    assert body[read_envelope(body).rest :] == rest


@pytest.mark.parametrize("body", [b"", b"\n", b"[]", b"null", b"\x80", b"{", b"x" * 100_000, b"[" * 50_000])
def test_no_envelope(body: bytes) -> None:
    with pytest.raises(ValueError, match="first line"):
        read_envelope(body)


def test_more_items_than_anyone_sends() -> None:
    found = read_envelope(b"{}\n" + b'{"type":"a"}\nx\n' * (ITEMS + 1))
    assert len(found.items) == ITEMS
    assert found.fault == f"more than {ITEMS} items"


def test_the_rest_goes_to_quarantine() -> None:
    whole = envelope({}, ("log", {"items": [{"timestamp": 1_789_999_990, "level": "info", "body": "kept"}]}))
    log, rest = rows("sentry", whole + b'\n{"type":"event","length":500}\n{"message":"cu')
    assert isinstance(log, LogRow)
    assert log.message == "kept"
    assert isinstance(rest, QuarantinedRow)
    assert rest.reason == "item of type event: it ends after 14 of 500 bytes"
    assert rest.raw == '{"type":"event","length":500}\n{"message":"cu'


def test_a_batch_that_is_no_envelope_is_quarantined() -> None:
    (row,) = rows("sentry", b"\x00\x01")
    assert isinstance(row, QuarantinedRow)
    assert row.wire == "sentry"
