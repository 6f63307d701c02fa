"""Every type of Sentry's items by its values."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from eden.observe.crashes.document import decode
from eden.observe.digest.digest import About, digest
from eden.observe.digest.sentry import KNOWN
from eden.observe.interfaces import (
    Accepted,
    DocumentRow,
    ErrorRow,
    EventRow,
    LogRow,
    MetricRow,
    QuarantinedRow,
    SpanRow,
)
from tests.observe.wires.made import NOW, Keeper, envelope, one, sentry_rows

_ID = "9ec79c33ec9942ab8353589fcb2e04dc"
_TRACE, _SPAN = "6cf173d587eb48568a9b2e12dcfbea52", "438f40bd3b4a41ee"


def _event(**more: Any) -> dict[str, Any]:
    return {"event_id": "f" * 32, "timestamp": NOW - 5, "platform": "javascript", **more}


def _error(payload: dict[str, Any], **headers: Any) -> ErrorRow:
    """The error of an event, beside which is an event of ours."""
    error, event = sentry_rows(("event", payload), **headers)
    assert isinstance(error, ErrorRow)
    assert isinstance(event, EventRow)
    assert (event.name, event.at, event.person) == ("$error", error.at, error.person)
    assert event.props == {"type": error.type, "message": error.message, "fatal": error.fatal}
    return error


_THROWN = {
    "values": [
        {"type": "RangeError", "value": "too far"},
        {
            "type": "TypeError",
            "value": "x is undefined",
            "mechanism": {"type": "onerror", "handled": False},
            "stacktrace": {
                "frames": [
                    {"function": "main", "filename": "https://h.example/a.js", "lineno": 1, "colno": 7, "in_app": True},
                    {"function": "buy", "filename": "https://h.example/a.js", "lineno": 20, "colno": 3, "in_app": True},
                ]
            },
        },
    ]
}


# --- errors ----------------------------------------------------------------------------------------------------------


def test_an_error() -> None:
    event = _event(
        exception=_THROWN,
        release="bank@1.2.0+10200",
        environment="production",
        user={
            "id": 42,
            "email": "a@b.example",
            "ip_address": "203.0.113.7",
            "geo": {"country_code": "CN", "city": "Beijing"},
        },
        contexts={
            "os": {"name": "Android", "version": "14"},
            "device": {"model": "Pixel 9", "connection_type": "wifi"},
            "app": {"app_version": "7.1", "device_app_hash": "d-1"},
            "culture": {"locale": "zh-CN"},
        },
        tags={"pay": "card", "tries": 3},
        breadcrumbs={"values": [{"timestamp": NOW - 6, "category": "ui.click", "message": "buy", "data": {"x": 1}}]},
        request={
            "url": "https://h.example/pay/now?token=s",
            "headers": {"Cookie": "a=b", "User-Agent": "UA"},
            "cookies": "a=b",
        },
        extra={"cart": [1, 2]},
        fingerprint=["{{ default }}", "pay"],
        sdk={"name": "sentry.javascript.browser", "version": "11.12.0"},
        own_field=1,
    )
    row = _error(event, event_id=_ID)
    assert (row.app, row.at, row.source, row.id) == (7, NOW - 5, "sentry", _ID)
    assert (row.version, row.code, row.app_version, row.channel) == ("1.2.0", 10200, "7.1", "production")
    assert (row.person, row.device, row.platform, row.os, row.model) == (
        "42",
        "d-1",
        "android",
        "Android 14",
        "Pixel 9",
    )
    assert (row.country, row.city, row.language, row.network) == ("CN", "Beijing", "zh-CN", "wifi")
    assert (row.type, row.message, row.page) == ("TypeError", "x is undefined", "/pay/now")
    # an error that a page survives is no crash
    assert (row.fatal, row.handled) == (False, False)
    document = decode(row.raw)
    assert [thrown.type for thrown in document.exceptions] == ["TypeError", "RangeError"]
    assert [frame.function for frame in document.exceptions[0].frames] == ["buy", "main"]
    assert document.tags == {"pay": "card", "tries": "3"}
    assert document.breadcrumbs[0].message == "buy"
    assert document.request == {"url": "https://h.example/pay/now?token=s", "headers": {"User-Agent": ""}}
    assert "ip_address" not in document.user
    assert document.extra == {"cart": [1, 2]}
    assert document.more == {"own_field": 1}
    assert document.grouping is not None
    assert document.grouping.rule == "fingerprint"


@pytest.mark.parametrize(
    ("event", "fatal", "handled"),
    [
        ({"level": "fatal", "message": "gone"}, True, False),
        ({"level": "error", "message": "said"}, False, True),
        ({"platform": "javascript", "exception": _THROWN}, False, False),
        ({"platform": "cocoa", "exception": _THROWN}, True, False),
        (
            {"platform": "java", "exception": {"values": [{"type": "E", "mechanism": {"type": "x", "handled": True}}]}},
            False,
            True,
        ),
        (
            {
                "platform": "python",
                "exception": {"values": [{"type": "E", "mechanism": {"type": "AppExitInfo", "handled": False}}]},
            },
            True,
            False,
        ),
    ],
)
def test_what_ends_a_program_is_fatal(event: dict[str, Any], fatal: bool, handled: bool) -> None:
    row = _error(_event(**event), event_id=_ID)
    assert (row.fatal, row.handled) == (fatal, handled)


def test_messages_keep_their_pattern() -> None:
    entry = {"message": "user %s left", "params": ["7"], "formatted": "user 7 left"}
    document = decode(_error(_event(logentry=entry), event_id=_ID).raw)
    assert (document.message, document.pattern) == ("user 7 left", "user %s left")


def test_a_stack_may_be_the_threads() -> None:
    threads = {"values": [{"id": 1, "crashed": True, "stacktrace": {"frames": [{"function": "a"}, {"function": "b"}]}}]}
    event = _event(platform="native", exception={"values": [{"type": "SIGSEGV"}]}, threads=threads)
    document = decode(_error(event, event_id=_ID).raw)
    assert [frame.function for frame in document.exceptions[0].frames] == ["b", "a"]


@pytest.mark.parametrize(
    ("release", "version", "code"),
    [
        ("bank@1.2.0+10200", "1.2.0", 10200),
        ("bank@1.2.0", "1.2.0", 0),
        ("1.2.0+7", "1.2.0", 7),
        ("com.a@b@2.0+x7", "2.0+x7", 0),
        ("a3f9c1", "a3f9c1", 0),
        ("x@1+99999999999999999999", "1+99999999999999999999", 0),
        (None, "", 0),
    ],
)
def test_release_names(release: str | None, version: str, code: int) -> None:
    row = _error(_event(message="m", release=release), event_id=_ID)
    assert (row.version, row.code) == (version, code)


def test_a_minidump_makes_its_event_a_crash() -> None:
    dump = {"type": "attachment", "filename": "minidump.dmp", "attachment_type": "event.minidump"}
    error, _, document = sentry_rows(("event", _event(platform="native")), (dump, b"MDMP\x00"), event_id=_ID)
    assert isinstance(error, ErrorRow)
    assert error.fatal
    assert decode(error.raw).attachments == ["minidump.dmp"]
    assert isinstance(document, DocumentRow)
    assert (document.kind, document.id, document.size) == ("minidump", _ID, 5)
    document, error, _ = sentry_rows((dump, b"MDMP\x00"), event_id=_ID)
    assert isinstance(error, ErrorRow)
    assert (error.fatal, error.message) == (True, "Native crash")


def test_times_are_those_of_our_clock() -> None:
    # the sender's clock is an hour behind
    late = {"timestamp": NOW - 3600 - 5, "message": "m", "event_id": _ID}
    row = _error(late, sent_at="2026-09-21T13:13:20Z")
    assert row.at == NOW - 5
    # a second is the network's
    row = _error(_event(message="m"), sent_at="2026-09-21T14:13:19.200Z")
    assert row.at == NOW - 5
    # never later than now, never older than a month
    assert _error(_event(message="m") | {"timestamp": NOW + 99}).at == NOW
    assert _error(_event(message="m") | {"timestamp": 1}).at == NOW - 30 * 86400
    assert _error(_event(message="m") | {"timestamp": "yesterday"}).at == NOW


# --- traces ----------------------------------------------------------------------------------------------------------


def test_a_transaction() -> None:
    payload = {
        "transaction": "/pay",
        "start_timestamp": NOW - 3,
        "timestamp": NOW - 1,
        "release": "bank@1.0",
        "contexts": {
            "trace": {"trace_id": _TRACE, "span_id": _SPAN, "op": "pageload", "status": "ok", "data": {"a": 1}}
        },
        "spans": [
            {
                "trace_id": _TRACE, "span_id": "f1196292f76e45c0", "parent_span_id": _SPAN, "op": "http.client",
                "description": "GET /api", "start_timestamp": "2026-09-21T14:13:17.5Z", "timestamp": NOW - 2,
                "status": "not_found", "data": {"http.response.status_code": 404}, "tags": {"t": "u"},
            },
        ],
        "measurements": {"app_start_warm": {"value": 0.4, "unit": "second"}, "lcp": {"value": 1200.5}},
    }  # fmt: skip
    root, child, launch = sentry_rows(("transaction", payload), event_id=_ID)
    assert isinstance(root, SpanRow)
    assert (root.trace, root.span, root.parent, root.root) == (_TRACE, _SPAN, "", True)
    assert (root.name, root.kind, root.status, root.value, root.version) == ("/pay", "pageload", "ok", 2000.0, "1.0")
    assert root.props == {"a": 1, "measurements": {"app_start_warm": 400.0, "lcp": 1200.5}, "event": _ID}
    assert isinstance(child, SpanRow)
    assert (child.parent, child.root, child.name, child.kind) == (_SPAN, False, "GET /api", "http.client")
    assert (child.status, child.value, child.at) == ("error", 500.0, NOW - 2.5)
    assert child.props == {"http.response.status_code": 404, "tags": {"t": "u"}, "status": "not_found"}
    assert isinstance(launch, EventRow)
    assert (launch.name, launch.value, launch.props) == ("$launch", 400.0, {"kind": "warm"})


def test_spans_of_both_protocols() -> None:
    second = {
        "trace_id": _TRACE, "span_id": _SPAN, "name": "GET /users", "status": "ok", "is_segment": True,
        "start_timestamp": NOW - 2, "end_timestamp": NOW - 1.5,
        "attributes": {
            "sentry.op": {"type": "string", "value": "http.server"},
            "sentry.release": {"type": "string", "value": "bank@1.5+150"},
            "user.id": {"type": "string", "value": "u"},
            "n": {"type": "integer", "value": 3},
        },
    }  # fmt: skip
    row, bad = sentry_rows(({"type": "span", "item_count": 2}, {"items": [second, {"span_id": "x"}]}))
    assert isinstance(row, SpanRow)
    assert (row.name, row.kind, row.value, row.root) == ("GET /users", "http.server", 500.0, True)
    assert (row.version, row.code, row.person, row.props) == ("1.5", 150, "u", {"n": 3})
    assert isinstance(bad, QuarantinedRow)
    assert bad.reason == "span: a span without a trace id of 32 digits and an id of 16"
    assert bad.raw == '{"span_id":"x"}'
    first = {"trace_id": _TRACE, "span_id": _SPAN, "op": "db", "description": "SELECT 1", "start_timestamp": NOW - 1,
             "timestamp": NOW, "data": {"rows": 1}}  # fmt: skip
    row = one(sentry_rows(("span", first)))
    assert (row.name, row.kind, row.value, row.root, row.props) == ("SELECT 1", "db", 1000.0, True, {"rows": 1})


def test_a_transaction_without_a_trace_is_quarantined() -> None:
    assert isinstance(one(sentry_rows(("transaction", {"timestamp": NOW}))), QuarantinedRow)


# --- logs and metrics ------------------------------------------------------------------------------------------------


def test_logs() -> None:
    line = {
        "timestamp": NOW - 1, "trace_id": _TRACE, "level": "warn", "body": "low on paper",
        "attributes": {
            "sentry.severity_number": {"value": 14, "type": "integer"}, "logger.name": {"value": "print"},
            "sentry.environment": {"value": "test"}, "tray": {"value": 2, "type": "integer"},
        },
    }  # fmt: skip
    row, plain, bad = sentry_rows(
        ({"type": "log", "item_count": 3}, {"items": [line, {"body": "b", "level": "fatal"}, 1]})
    )
    assert isinstance(row, LogRow)
    assert (row.at, row.level, row.logger, row.message, row.trace) == (NOW - 1, 14, "print", "low on paper", _TRACE)
    assert (row.channel, row.props) == ("test", {"tray": 2})
    assert isinstance(plain, LogRow)
    assert (plain.level, plain.at) == (21, NOW)
    assert isinstance(bad, QuarantinedRow)


def test_a_log_of_old_clients() -> None:
    record = {
        "timeUnixNano": str(int((NOW - 1) * 1e9)), "severityText": "Error", "body": {"stringValue": "boom"},
        "traceId": _TRACE, "spanId": _SPAN, "attributes": [{"key": "k", "value": {"boolValue": True}}], "new": 1,
    }  # fmt: skip
    row = one(sentry_rows(("otel_log", record)))
    assert (row.level, row.message, row.trace, row.span, row.props) == (17, "boom", _TRACE, _SPAN, {"k": True})


def test_metrics() -> None:
    point = {"timestamp": NOW - 1, "name": "api.time", "value": 125.5, "unit": "millisecond", "type": "distribution",
             "trace_id": _TRACE, "attributes": {"status": {"value": 200, "type": "integer"}}}  # fmt: skip
    found = sentry_rows(
        (
            {"type": "trace_metric", "item_count": 3},
            {
                "items": [
                    point,
                    {"name": "n", "type": "counter", "value": 1},
                    {"name": "n", "type": "other", "value": 1},
                ]
            },
        )
    )
    row, counter, bad = found
    assert isinstance(row, MetricRow)
    assert (row.name, row.kind, row.unit, row.value, row.count) == ("api.time", "distribution", "millisecond", 125.5, 1)
    assert row.props == {"status": 200, "trace_id": _TRACE}
    assert isinstance(counter, MetricRow)
    assert (counter.kind, counter.value) == ("counter", 1.0)
    assert isinstance(bad, QuarantinedRow)


def test_metrics_of_old_clients() -> None:
    lines = b"time@second:1.5:2:0.5|d|#release:bank@1.1,page:home|T1789999999\nusers:a:b:a|s\nmem:5:1:9:15:3|g\n\nwhat"
    time, users, memory, bad = sentry_rows(("statsd", lines))
    assert isinstance(time, MetricRow)
    assert (time.name, time.kind, time.unit, time.value, time.count) == ("time", "distribution", "second", 4.0, 3)
    assert (time.version, time.props, time.at) == ("1.1", {"page": "home"}, NOW - 1)
    assert isinstance(users, MetricRow)
    assert (users.kind, users.value) == ("set", 2.0)
    assert isinstance(memory, MetricRow)
    assert (memory.kind, memory.value) == ("gauge", 5.0)
    assert isinstance(bad, QuarantinedRow)
    bucket = {
        "timestamp": NOW - 9,
        "width": 10,
        "name": "c:custom/hits@none",
        "type": "c",
        "value": 4,
        "tags": {"a": "b"},
    }
    row = one(sentry_rows(("metric_buckets", [bucket])))
    assert (row.name, row.kind, row.unit, row.value, row.props) == ("c:custom/hits", "counter", "", 4.0, {"a": "b"})


def test_a_client_report() -> None:
    lost = {
        "timestamp": NOW - 1,
        "discarded_events": [{"reason": "queue_overflow", "category": "error", "quantity": 23}],
    }
    row = one(sentry_rows(("client_report", lost)))
    assert (row.name, row.kind, row.value) == ("sentry.discarded", "counter", 23.0)
    assert row.props == {"reason": "queue_overflow", "category": "error"}


# --- sessions --------------------------------------------------------------------------------------------------------


def test_sessions() -> None:
    update = {
        "sid": "7c7b6585-f901-4351-bf8d-02711b721929", "did": "u-1", "init": True, "started": "2026-09-21T14:00:00Z",
        "timestamp": "2026-09-21T14:13:19Z", "duration": 60.5, "status": "crashed", "errors": 1,
        "attrs": {"release": "bank@1.0.0+3", "environment": "production"},
    }  # fmt: skip
    row = one(sentry_rows(("session", update)))
    assert isinstance(row, EventRow)
    assert (row.name, row.session, row.person, row.value) == ("$session", update["sid"], "u-1", 60500.0)
    assert (row.version, row.code, row.channel, row.at) == ("1.0.0", 3, "production", NOW - 1)
    assert row.props == {"status": "crashed", "errors": 1, "init": True}
    again = one(sentry_rows(("session", update)))
    assert again.id == row.id != one(sentry_rows(("session", update | {"status": "exited"}))).id
    counted = {
        "aggregates": [{"started": "2026-09-21T14:13:00Z", "exited": 123, "crashed": 2}, {"did": "u", "errored": 3}],
        "attrs": {"release": "1.0"},
    }
    found = sentry_rows(("sessions", counted))
    assert [row.props for row in found if isinstance(row, EventRow)] == [
        {"status": "exited", "count": 123},
        {"status": "crashed", "count": 2},
        {"status": "errored", "count": 3},
    ]


# --- documents -------------------------------------------------------------------------------------------------------


def test_what_people_write_is_masked() -> None:
    feedback = {
        "timestamp": NOW - 1,
        "contexts": {"feedback": {"message": "write to ann@example.org", "card": 4111111111111111}},
    }
    batch = Accepted("sentry", 7, round(NOW * 1e6), b"", envelope({"event_id": _ID}, ("feedback", feedback)))
    row = one(digest(batch, About()))
    assert isinstance(row, DocumentRow)
    assert row.name == "write to [email]"
    assert msgspec.json.decode(row.raw)["contexts"] == {"feedback": {"message": "write to [email]", "card": "[card]"}}


def test_feedback_and_check_ins() -> None:
    feedback = {
        "event_id": _ID,
        "timestamp": NOW - 1,
        "contexts": {"feedback": {"message": "I love it"}},
        "user": {"id": "u"},
    }
    row = one(sentry_rows(("feedback", feedback), event_id=_ID))
    assert isinstance(row, DocumentRow)
    assert (row.kind, row.id, row.name, row.person, row.at) == ("feedback", _ID, "I love it", "u", NOW - 1)
    assert msgspec.json.decode(row.raw) == feedback
    row = one(sentry_rows(("user_report", {"event_id": _ID, "comments": "It broke."})))
    assert (row.kind, row.id, row.name) == ("feedback", _ID, "It broke.")
    check = {
        "check_in_id": "83a7c03ed0a04e1b97e2e3b18d38f244",
        "monitor_slug": "nightly",
        "status": "error",
        "release": "x@2",
    }
    row = one(sentry_rows(("check_in", check)))
    assert (row.kind, row.id, row.name, row.version) == ("check_in", check["check_in_id"], "nightly", "2")


@pytest.mark.parametrize("kind", ["raw_security", "security", "csp", "nel"])
def test_reports_of_browsers(kind: str) -> None:
    head = {"type": kind, "sentry_release": "bank@3.0", "sentry_environment": "e"}
    row = one(sentry_rows((head, {"csp-report": {"effective-directive": "script-src"}})))
    assert (row.kind, row.name, row.version, row.channel) == ("security", "script-src", "3.0", "e")


def test_bytes_are_blobs() -> None:
    about = Keeper()
    head = {"type": "attachment", "filename": "log.txt", "content_type": "text/plain"}
    profile = {
        "event_id": "a" * 32,
        "transaction": {"name": "/pay"},
        "platform": "python",
        "release": "x@1",
        "profile": {},
    }
    found = sentry_rows(
        (head, b"a\nb\x00"),
        ("profile", profile),
        ("profile_chunk", {"chunk_id": "c", "profiler_id": "p"}),
        ("replay_event", {"replay_id": "r", "replay_type": "buffer", "timestamp": NOW - 1}),
        ("replay_recording", b'{"segment_id":0}\n\x1f\x8b'),
        ("replay_video", b"\x93\x01"),
        event_id=_ID,
        about=about,
    )
    rows = [row for row in found if isinstance(row, DocumentRow)]
    assert [(row.kind, row.id, row.name) for row in rows] == [
        ("attachment", _ID, "log.txt"),
        ("profile", "a" * 32, "/pay"),
        ("profile", "c", "p"),
        ("replay", "r", "buffer"),
        ("replay_recording", _ID, ""),
        ("replay_video", _ID, ""),
    ]
    assert about.kept[rows[0].blob] == b"a\nb\x00"
    assert (rows[1].version, rows[1].platform) == ("1", "python")
    assert about.kept[rows[4].blob] == b'{"segment_id":0}\n\x1f\x8b'
    assert rows[3].blob == ""


def test_an_attachment_of_a_trace() -> None:
    about = Keeper()
    meta = b'{"attachment_id":"019a72d0","filename":"f.txt"}'
    head = {"type": "attachment", "content_type": "application/vnd.sentry.trace-attachment", "meta_length": len(meta)}
    row = one(sentry_rows((head, meta + b"helloworld"), about=about))
    assert (row.id, row.name, row.size, about.kept[row.blob]) == ("019a72d0", "f.txt", 10, b"helloworld")


def test_more_bytes_than_are_kept() -> None:
    row, told = sentry_rows(({"type": "attachment", "filename": "big"}, b"x" * 100), about=Keeper(limit=50))
    assert isinstance(row, DocumentRow)
    assert (row.size, row.blob) == (100, "")
    assert isinstance(told, QuarantinedRow)
    assert told.reason == "attachment: its 100 bytes are more than are kept of one file"


def test_no_type_of_the_protocol_is_unknown() -> None:
    """Source: develop.sentry.dev, "Envelope Items", and the types that Relay 25 names."""
    assert set(KNOWN) >= set(
        """event transaction attachment session sessions statsd metric_buckets metric_meta user_report feedback
        client_report replay_event replay_recording replay_video profile profile_chunk check_in log otel_log span
        trace_metric security raw_security nel unreal_report form_data""".split()
    )


def test_types_that_come_after_us_are_kept() -> None:
    about = Keeper()
    text, data = sentry_rows(("hologram", {"x": 1}), ("smell", b"\xff\x00"), about=about, event_id=_ID)
    assert isinstance(text, DocumentRow)
    assert isinstance(data, DocumentRow)
    assert (text.kind, text.name, text.raw) == ("unknown", "hologram", '{"x": 1}')
    assert (data.name, data.raw, about.kept[data.blob]) == ("smell", "", b"\xff\x00")


def test_one_bad_item_spoils_no_other() -> None:
    found = sentry_rows(*((kind, b"\xff{") for kind in KNOWN), ("event", _event(message="kept")), event_id=_ID)
    assert one([row for row in found if isinstance(row, ErrorRow)]).message == "kept"
    kinds = {row.reason.partition(":")[0] for row in found if isinstance(row, QuarantinedRow)}
    stored = {row.kind for row in found if isinstance(row, DocumentRow)}
    assert kinds >= set(KNOWN) - {"attachment", "form_data", "profile", "profile_chunk", "replay_recording",
                                  "replay_video", "unreal_report"}  # fmt: skip
    assert stored == {"attachment", "profile", "replay_recording", "replay_video"}


def test_every_event_of_an_envelope_names_its_files() -> None:
    items: list[tuple[str | dict[str, Any], Any]] = [("event", _event(message=str(number))) for number in range(3)]
    items.append(({"type": "attachment", "filename": "a.log"}, b"x"))
    errors = [row for row in sentry_rows(*items) if isinstance(row, ErrorRow)]
    assert [decode(row.raw).attachments for row in errors] == [["a.log"]] * 3
