"""Records of the own wire as rows."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eden.observe.app_settings import AppSettings
from eden.observe.digest.digest import About, digest
from eden.observe.insight.engine import Engine
from eden.observe.interfaces import (
    TABLE_OF,
    Accepted,
    AnyRow,
    ErrorRow,
    EventRow,
    LogRow,
    PersonRow,
    QuarantinedRow,
)

#: when batches arrive: seconds, and milliseconds of the sender's clock
AT = 1_790_000_000.0
MS = 1_790_000_000_000


def batch(*records: Any, wire: str = "eden", **header: Any) -> Accepted:
    head = {"batch": "b", "device": "d", **header}
    lines = [json.dumps(head).encode()]
    lines += [record if isinstance(record, bytes) else json.dumps(record).encode() for record in records]
    return Accepted(wire, 7, int(AT * 1e6), b"", b"\n".join(lines), {})  # type: ignore[arg-type]


def rows(*records: Any, about: About | None = None, **header: Any) -> list[AnyRow]:
    return digest(batch(*records, **header), about or About())


def event(about: About | None = None, header: dict[str, Any] | None = None, **fields: Any) -> EventRow:
    (row,) = rows({"type": "event", "name": "x", **fields}, about=about, **(header or {}))
    assert isinstance(row, EventRow), row
    return row


# what a row has


def test_the_header_fills_rows() -> None:
    context = {"platform": "ios", "os": "17", "model": "m", "app_version": "9", "country": "CN", "city": "c"}
    context |= {"language": "zh", "network": "wifi", "channel": "store", "theme": "dark"}
    program = {"version": "1.2.3", "code": 10203, "release": "r"}
    row = event(header={"user": "u", "context": context, "program": program}, session="s", page="p", value=3)
    said = msgspec.to_builtins(row)
    assert said == {
        "app": 7, "at": AT, "arrived": AT, "person": "u", "device": "d", "session": "s", "platform": "ios", "os": "17",
        "model": "m", "app_version": "9", "version": "1.2.3", "code": 10203, "release": "r", "country": "CN",
        "city": "c", "language": "zh", "network": "wifi", "channel": "store", "source": "eden", "page": "p",
        "name": "x", "value": 3.0, "props": {"theme": "dark"},
    }  # fmt: skip


def test_a_person_is_the_device_without_a_user() -> None:
    assert event().person == "d"
    assert event(header={"user": 12}).person == "12"


def test_what_is_made_up_says_so() -> None:
    [made_up] = rows({"type": "event", "name": "$tap", "at": MS}, generated=True)
    [real] = rows({"type": "event", "name": "$tap", "at": MS})
    assert (made_up.source, real.source) == ("generated", "eden")  # type: ignore[union-attr]


def test_a_record_overrides_the_header() -> None:
    row = event(
        header={"user": "u", "context": {"os": "1", "city": "a"}, "program": {"version": "1"}},
        user="v", device="e", context={"os": "2", "more": 1}, program={"version": "2", "code": 3},
    )  # fmt: skip
    assert (row.person, row.device, row.os, row.city, row.version, row.code) == ("v", "e", "2", "a", "2", 3)
    assert row.props == {"more": 1}


def test_unknown_fields_become_properties() -> None:
    assert event(props={"a": 1}, colour="red", a=2).props == {"a": 1, "colour": "red"}
    assert event(props=[1, 2]).props == {"props": [1, 2]}
    assert event(value="red").props == {"value": "red"}


@pytest.mark.parametrize(
    ("given_id", "stored"),
    [
        ("00000000000000ff", 255),
        ("ffffffffffffffff", 2**64 - 1),
        (None, 0),
        ("-00000000000000f", 15),
    ],
)
def test_ids(given_id: str | None, stored: int) -> None:
    assert event(id=given_id).id == stored


def test_other_ids_are_told_apart() -> None:
    assert event(id="short").id == event(id="short").id not in (0, event(id="other").id)
    # the first half of such an id is the time, and a few bits more
    assert event(id="0190163d8694739b" + "0" * 16).id != event(id="0190163d8694739b" + "1" * 16).id


# time


@pytest.mark.parametrize(
    ("sent_at", "at", "stored", "error"),
    [
        (None, MS - 5000, AT - 5, None),
        # the way through the network is no clock's error
        (MS - 900, MS - 5000, AT - 5, None),
        (MS + 900, MS - 5000, AT - 5, None),
        # clocks that are fast and slow
        (MS + 3_600_000, MS + 3_595_000, AT - 5, -3_600_000),
        (MS - 3_600_000, MS - 3_605_000, AT - 5, 3_600_000),
        # never later than received, never older than thirty days
        (None, MS + 60_000, AT, -60_000),
        (MS, MS + 500, AT, None),
        (None, MS - 40 * 86_400_000, AT - 30 * 86_400, 10 * 86_400_000),
        (None, None, AT, None),
        (None, "yesterday", AT, None),
        (None, -5, AT - 30 * 86_400, MS + 5 - 30 * 86_400_000),
    ],
)
def test_times(sent_at: int | None, at: Any, stored: float, error: int | None) -> None:
    row = event(header={} if sent_at is None else {"sent_at": sent_at}, at=at)
    assert row.at == stored
    assert row.props == ({} if error is None else {"$clock_error_ms": error})


# kinds


def test_an_error_becomes_a_document() -> None:
    error = {"type": "TypeError", "message": "x is undefined", "stack": "TypeError: x\n    at f (a.js:1:2)"}
    (row,) = rows(
        {
            "type": "error", "id": "e1", "page": "p", "error": {**error, "fatal": True, "mechanism": "onerror"},
            "breadcrumbs": [{"at": MS, "category": "tap", "message": "buy", "data": {"n": 1}}, "junk"],
            "contexts": {"device": {"model": "m"}}, "step": 3,
        }
    )  # fmt: skip
    assert isinstance(row, ErrorRow)
    assert (row.id, row.type, row.message, row.fatal, row.page) == ("e1", "TypeError", "x is undefined", True, "p")
    assert row.group > 0 and row.algorithm == 1
    raw = json.loads(row.raw)
    assert raw["exceptions"][0]["frames"][0]["function"] == "f"
    assert raw["breadcrumbs"][0] == {"at": AT, "category": "tap", "message": "buy", "data": {"n": 1}}
    assert raw["contexts"] == {"device": {"model": "m"}} and raw["extra"] == {"step": 3}


def test_frames_are_taken_as_they_are() -> None:
    frames = [{"function": "f", "file": "pages/a.js", "line": 3, "column": 4}]
    (row,) = rows({"type": "error", "error": {"type": "E", "message": "m", "frames": frames}})
    assert isinstance(row, ErrorRow)
    (frame,) = json.loads(row.raw)["exceptions"][0]["frames"]
    assert (frame["file"], frame["line"], frame["column"], frame["in_app"]) == ("pages/a.js", 3, 4, True)


@pytest.mark.parametrize(("level", "number"), [("debug", 5), ("warn", 13), ("fatal", 21), ("?", 9), (17, 17), (99, 24)])
def test_levels(level: Any, number: int) -> None:
    (row,) = rows({"type": "log", "level": level, "message": {"a": 1}})
    assert isinstance(row, LogRow)
    assert (row.level, row.message) == (number, '{"a":1}')


def test_people() -> None:
    found = rows({"type": "person", "props": {"a": 1}}, {"type": "person", "kind": "company", "key": "c"}, user="u")
    assert [(row.kind, row.key) for row in found if isinstance(row, PersonRow)] == [("person", "u"), ("company", "c")]


# poison


@pytest.mark.parametrize(
    "line",
    [
        b"junk", b"[]", b"1", b'{"type":"x"}', b'{"type":["event"]}', b'{"type":"event"}',
        b'{"type":"event","name":""}', b'{"type":"error"}', b'{"type":"span"}',
        b'{"type":"metric"}', b'{"type":"event","name":"x","props":{"a":NaN}}',
        b'{"type":"event","name":"\xff"}', b'{"type":"event","name":"x","props":' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"type":"event","name":"x","value":1e999}', b'{"type":"event","name":"' + b"x" * 1_100_000 + b'"}',
    ],
)  # fmt: skip
def test_poison_goes_to_quarantine_alone(line: bytes) -> None:
    found = rows({"type": "event", "name": "a"}, line, b"", b"  ", {"type": "event", "name": "b"})
    assert [type(row) for row in found] == [EventRow, QuarantinedRow, EventRow]
    poison = found[1]
    assert isinstance(poison, QuarantinedRow)
    assert poison.reason and poison.app == 7 and len(poison.raw) <= 16_384
    assert poison.raw.encode("utf-8", "replace")[:20] == line.decode("utf-8", "replace").encode()[:20]


def test_a_batch_of_an_unknown_wire_goes_to_quarantine() -> None:
    (row,) = digest(batch(wire="smoke"), About())
    assert isinstance(row, QuarantinedRow) and "smoke" in row.reason


# privacy


def test_who_denies_is_not_stored() -> None:
    assert rows({"type": "event", "name": "x"}, consent="denied") == []
    denied = About(AppSettings(consent="denied"))
    assert rows({"type": "event", "name": "x"}, about=denied) == []
    assert len(rows({"type": "event", "name": "x"}, about=denied, consent="granted")) == 1


def test_who_is_forgotten_is_left_out() -> None:
    records = ({"type": "event", "name": "x"}, {"type": "event", "name": "x", "user": "v"}, {"type": "person"})
    about = About(forgotten={"u": int(AT * 1e6)})
    found = rows(*records, about=about, user="u")
    assert [row.person for row in found if isinstance(row, EventRow)] == ["v"] and len(found) == 1
    assert len(rows(*records, about=About(forgotten={"u": int(AT * 1e6) - 1}), user="u")) == 3
    # by device as well
    assert rows(*records[:2], about=About(forgotten={"d": int(AT * 1e6)}), user="u") == []


def test_texts_are_masked_everywhere() -> None:
    found = rows(
        {"type": "event", "name": "x", "props": {"mail": "me@example.com", "deep": {"list": ["call 13812345678"]}}},
        {"type": "log", "message": "from me@example.com"},
        {"type": "error", "error": {"type": "E", "message": "me@example.com", "data": {"a": "13812345678"}}},
        {
            "type": "event",
            "name": "x",
            "page": "of/me@example.com",
            "props": {"call": 13812345678, "in": [13812345678.0]},
        },
        {
            "type": "span",
            "trace": "t",
            "span": "s",
            "name": "GET /of/me@example.com",
            "props": {"d": {"n": 13812345678}},
        },
        b"junk me@example.com",
    )
    for row in found:
        said = json.dumps(msgspec.to_builtins(row))
        assert "example.com" not in said and "13812345678" not in said
    assert (
        "[email]" in json.dumps(msgspec.to_builtins(found[0])) and "[phone]" in msgspec.json.encode(found[0]).decode()
    )


def test_what_is_quarantined_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(row: Any, about: Any) -> None:
        raise ValueError(f"not {row.props}")

    (row,) = rows({"type": "of me@example.com"})
    assert isinstance(row, QuarantinedRow) and "[email]" in row.reason and "[email]" in row.raw
    monkeypatch.setattr("eden.observe.digest.digest.finish", fault)
    (row,) = rows({"type": "event", "name": "x", "props": {"a": "me@example.com"}})
    assert isinstance(row, QuarantinedRow) and "[email]" in row.reason and "[email]" in row.raw
    assert "example.com" not in row.reason + row.raw


def test_a_large_header_does_not_become_a_thousand() -> None:
    context = {"theme": "x" * 30_000, "platform": "ios"}
    few = rows(*[{"type": "event", "name": "x"}] * 3, context=context)
    assert ["theme" in msgspec.to_builtins(row)["props"] for row in few] == [True] * 3
    many = rows(*[{"type": "event", "name": "x", "props": {"a": 1}}] * 2_000, context=context)
    assert {json.dumps(row.props) for row in many if isinstance(row, EventRow)} == {'{"a": 1, "$cut": 1}'}
    assert len(many) == 2_000 and getattr(many[0], "platform", "") == "ios"


def test_addresses_are_taken_out() -> None:
    agent = (
        "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.6478.71 Mobile"
    )
    row = event(props={"$ip": "10.1.2.3", "user_agent": agent, "n": 1})
    assert row.props == {"user_agent": "Chrome 126, Android", "n": 1}
    (error,) = rows(
        {
            "type": "error",
            "error": {"message": "m"},
            "contexts": {"request": {"headers": {"Cookie": "a", "User-Agent": agent}}},
        }
    )
    assert isinstance(error, ErrorRow)
    assert json.loads(error.raw)["contexts"]["request"] == {"headers": {"User-Agent": "Chrome 126, Android"}}


# everything that JSON has, and everything that it has not

FIELDS = """name id at session page value props context program user device error level message tag trace span
    breadcrumbs contexts kind unit count bounds buckets key tags fingerprint pull""".split()
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**80), 2**80),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
)
names = st.one_of(st.sampled_from(["a", "b", "a.b", "a.b.c", "", ".", "a."]), st.text(max_size=6))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)),
    max_leaves=8,
)
records = st.fixed_dictionaries(
    {"type": st.sampled_from(["event", "log", "error", "span", "metric", "person"])},
    optional=dict.fromkeys(FIELDS, values),
)


def test_whatever_is_sent_is_stored(store: Engine) -> None:
    """Every record makes one row, and the events store takes each of them."""
    made: dict[str, bytes] = {}
    number = 0

    @given(st.lists(records, max_size=6))
    @settings(max_examples=40, deadline=None)
    def digests(sent: list[dict[str, Any]]) -> None:
        nonlocal number
        found = rows(*sent)
        assert len(found) == len(sent)
        number += len(found)
        for row in found:
            table = TABLE_OF[type(row)]
            made[table] = made.get(table, b"") + msgspec.json.encode(row) + b"\n"

    digests()
    for table, lines in made.items():
        store.insert(table, lines)
    total = sum(
        int(store.query(f"SELECT count() FROM {table}", form="TSV")) for table in made if table != "people"
    ) + made.get("people", b"").count(b"\n")
    assert total == number
