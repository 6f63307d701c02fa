"""What the wires of others take, count and answer, before anything is looked at."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any
from urllib.parse import quote

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from eden.base.problems import Problem
from eden.observe.accept.foreign import foreign_wires
from eden.observe.accept.wires import Response, Shape, Wire, WireRequest
from tests.observe.wires.made import APP, NOW, envelope

_WIRES = foreign_wires()
_KEY = "0123456789abcdef0123456789abcdef"
_ID = "9ec79c33ec9942ab8353589fcb2e04dc"


def _request(
    rest: str, body: bytes = b"", method: str = "POST", query: dict[str, str] | None = None, **headers: str
) -> WireRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return WireRequest(rest, method, query or {}, named, body, APP, int(NOW * 1e6))


def _taken(name: str, request: WireRequest) -> tuple[Shape, Response]:
    wire = _WIRES[name]
    shape = wire.shape(request)
    return shape, wire.answer(shape)


def _refused(call: Any, *arguments: Any) -> str:
    with pytest.raises(Problem) as caught:
        call(*arguments)
    return caught.value.code


# --- Sentry ----------------------------------------------------------------------------------------------------------

_ENVELOPE = f"api/{APP}/envelope/"


@pytest.mark.parametrize(
    "request_",
    [
        _request(_ENVELOPE, x_sentry_auth=f"Sentry sentry_version=7, sentry_client=x/1, sentry_key={_KEY}"),
        _request(_ENVELOPE, authorization=f"Sentry sentry_key={_KEY}"),
        _request(_ENVELOPE, query={"sentry_key": _KEY, "sentry_version": "7"}),
        _request(_ENVELOPE, b'{"dsn":"https://%b@h.example/1"}\n' % _KEY.encode()),
        _request(f"api/{APP}/envelope", query={"sentry_key": _KEY}),
        _request(f"api/{APP}/security/", query={"sentry_key": _KEY}),
    ],
)
def test_where_sentrys_key_is(request_: WireRequest) -> None:
    assert _WIRES["sentry"].key_of(request_) == _KEY


def test_an_envelope_without_a_key() -> None:
    for body in (b"", b"{}\n", b'{"dsn":7}\n', b'{"dsn":"none"}\n', b"\xff"):
        assert _WIRES["sentry"].key_of(_request(_ENVELOPE, body)) is None


def test_an_envelope() -> None:
    body = envelope({"event_id": _ID, "sent_at": "x"}, ("event", {}), ({"type": "log", "item_count": 5}, {"items": []}))
    shape, answer = _taken("sentry", _request(_ENVELOPE, body))
    assert (shape.wire, shape.count, shape.body) == ("sentry", 6, body)
    assert (answer.status, json.loads(answer.body)) == (200, {"id": _ID})
    # the same again, sent later
    again = body.replace(b'"sent_at": "x"', b'"sent_at": "y"')
    assert _taken("sentry", _request(_ENVELOPE, again))[0].key == shape.key != b""
    # an attachment that follows is another
    other = envelope({"event_id": _ID}, ({"type": "attachment"}, b"x"))
    assert _taken("sentry", _request(_ENVELOPE, other))[0].key != shape.key
    assert _taken("sentry", _request(_ENVELOPE, body))[0].key == shape.key


def test_envelopes_without_an_id() -> None:
    def key(sent: str, level: str) -> bytes:
        body = envelope({"sent_at": sent}, ("log", {"items": [{"level": level}]}))
        shape, answer = _taken("sentry", _request(_ENVELOPE, body))
        assert answer.body == b"{}"
        return shape.key

    assert key("a", "info") == key("b", "info") != key("a", "warn")


def test_what_is_not_taken_by_sentrys_wire() -> None:
    wire = _WIRES["sentry"]
    assert _refused(wire.key_of, _request("api/x/envelope/")) == "not-found"
    assert _refused(wire.key_of, _request("api/1/envelope/more")) == "not-found"
    assert _refused(wire.key_of, _request(_ENVELOPE, method="GET")) == "method-not-allowed"
    assert _refused(wire.shape, _request(f"api/{APP + 1}/envelope/", b"{}")) == "not-found"
    assert _refused(wire.shape, _request(f"api/{APP}/minidump/", b"{}")) == "not-found"
    assert _refused(wire.shape, _request(_ENVELOPE, b"no")) == "bad-request"
    empty, answer = _taken("sentry", _request(_ENVELOPE, b"{}\n"))
    assert (empty.body, answer.status) == (b"", 200)
    gone, answer = _taken("sentry", _request(f"api/{APP}/store/", b"{}"))
    assert (gone.body, answer.status, answer.content_type) == (b"", 410, "application/problem+json")


def test_a_faulty_envelope_is_taken() -> None:
    shape, _ = _taken("sentry", _request(_ENVELOPE, b'{}\n{"type":"event","length":99}\n{}'))
    assert shape.count == 1
    assert shape.body


def test_reports_that_browsers_send() -> None:
    where = {"sentry_key": _KEY, "sentry_release": "bank@1"}
    report = {"csp-report": {"effective-directive": "img-src"}}
    shape, _ = _taken("sentry", _request(f"api/{APP}/security/", json.dumps(report).encode(), query=where))
    assert shape.body.startswith(b'{}\n{"type":"raw_security"')
    assert b'"sentry_release":"bank@1"' in shape.body
    both = [{"type": "csp-violation", "body": {}}, {"type": "network-error", "body": {}}]
    shape, _ = _taken("sentry", _request(f"api/{APP}/security/", json.dumps(both).encode(), query=where))
    assert shape.count == 2
    assert b'"type":"nel"' in shape.body
    assert _refused(_WIRES["sentry"].shape, _request(f"api/{APP}/security/", b"[")) == "bad-request"


# --- PostHog ---------------------------------------------------------------------------------------------------------

_EVENTS = [{"event": "a", "distinct_id": "u", "uuid": "1"}, {"event": "b", "distinct_id": "u", "uuid": "2"}]
_BATCH = json.dumps({"api_key": _KEY, "batch": _EVENTS, "sent_at": "x"}).encode()


@pytest.mark.parametrize(
    ("path", "body", "query"),
    [
        ("batch/", _BATCH, {}),
        ("e/", gzip.compress(_BATCH), {"compression": "gzip-js"}),
        ("i/v0/e/", gzip.compress(_BATCH), {}),
        ("capture/", b"data=" + quote(base64.b64encode(_BATCH).decode()).encode(), {}),
        ("e/", b"data=" + base64.b64encode(_BATCH).rstrip(b"="), {"compression": "base64"}),
        ("e/", base64.b64encode(_BATCH), {"compression": "base64"}),
        ("track", b"", {"data": base64.b64encode(_BATCH).decode()}),
        ("e/", b"data=" + quote(_BATCH.decode()).encode(), {}),
    ],
)
def test_forms_of_posthogs_bodies(path: str, body: bytes, query: dict[str, str]) -> None:
    request = _request(path, body, query=query, content_type="text/plain")
    assert _WIRES["posthog"].key_of(request) == _KEY
    shape, answer = _taken("posthog", request)
    assert (shape.wire, shape.count, json.loads(shape.body)) == ("posthog", 2, json.loads(_BATCH))
    assert (answer.status, json.loads(answer.body)) == (200, {"status": 1})
    # the ids of the events are the batch's
    later = _taken("posthog", _request("batch/", _BATCH.replace(b'"x"', b'"y"')))[0]
    assert later.key == shape.key != b""


@pytest.mark.parametrize(
    "body",
    [
        {"token": _KEY, "event": "a"},
        {"event": "a", "properties": {"token": _KEY}},
        {"batch": [{"event": "a", "properties": {"token": _KEY}}]},
        [{"event": "a", "properties": {"token": _KEY}}],
    ],
)
def test_where_posthogs_key_is(body: Any) -> None:
    wire = _WIRES["posthog"]
    assert wire.key_of(_request("e/")) is None
    assert wire.key_of(_request("e/", json.dumps(body).encode())) == _KEY
    assert wire.key_of(_request("i/v1/analytics/events", authorization=f"Bearer {_KEY}")) == _KEY


def test_events_without_ids_are_known_by_themselves() -> None:
    def key(name: str, sent: str) -> bytes:
        body = json.dumps({"api_key": _KEY, "batch": [{"event": name}], "sent_at": sent}).encode()
        return _taken("posthog", _request("batch/", body))[0].key

    assert key("a", "x") == key("a", "y") != key("b", "x")


def test_what_posthogs_clients_ask() -> None:
    flags, answer = _taken("posthog", _request("flags/", _BATCH, query={"v": "2"}))
    assert flags.body == b""
    told = json.loads(answer.body)
    assert (told["flags"], told["featureFlags"], told["errorsWhileComputingFlags"]) == ({}, {}, False)
    config = _request(f"array/{_KEY}/config", method="GET")
    assert _WIRES["posthog"].key_of(config) == _KEY
    said = json.loads(_taken("posthog", config)[1].body)
    assert (said["hasFeatureFlags"], said["sessionRecording"], "surveys" in said) == (True, False, False)
    script = _taken("posthog", _request(f"array/{_KEY}/config.js", method="GET"))[1]
    assert script.content_type == "application/javascript"
    assert _KEY.encode() in script.body
    assert _refused(_WIRES["posthog"].shape, _request(f"array/{_KEY}/array.js", method="GET")) == "not-found"
    assert json.loads(_taken("posthog", _request("api/surveys/", method="GET"))[1].body)["surveys"] == []
    assert json.loads(_taken("posthog", _request("i/v1/analytics/events", _BATCH))[1].body) == {"results": {}}


def test_what_is_not_taken_by_posthogs_wire() -> None:
    wire = _WIRES["posthog"]
    assert _refused(wire.key_of, _request("admin/")) == "not-found"
    assert _refused(wire.key_of, _request("batch/", method="PUT")) == "method-not-allowed"
    assert _refused(wire.shape, _request("batch/", b"{")) == "bad-request"
    assert _refused(wire.shape, _request("batch/", b"\x1f\x8bxx")) == "bad-request"
    assert _refused(wire.shape, _request("e/", b"data=%21%21")) == "bad-request"
    bomb = gzip.compress(bytes(5_000_000))
    assert _refused(wire.key_of, _request("e/", bomb)) == "too-large"
    assert _refused(wire.key_of, _request("e/", bytes(20_000_001))) == "too-large"
    empty, answer = _taken("posthog", _request("batch/", b'{"api_key":"k","batch":[]}'))
    assert (empty.body, answer.status) == (b"", 200)


def test_posthogs_logs_are_otlp() -> None:
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "x"}}]}]}]}
    request = _request("i/v1/logs", json.dumps(body).encode(), query={"token": _KEY}, content_type="application/json")
    assert _WIRES["posthog"].key_of(request) == _KEY
    assert (_taken("posthog", request)[0].wire, _taken("posthog", request)[0].count) == ("otlp-logs", 1)


# --- OTLP ------------------------------------------------------------------------------------------------------------


def _spans(*ids: str) -> dict[str, Any]:
    spans = [{"traceId": "5b8efff798038103d269b633813fc60c", "spanId": id_, "name": "n"} for id_ in ids]
    return {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}


def test_otlp_in_json() -> None:
    body = json.dumps(_spans("eee19b7ec3c1b174")).encode()
    request = _request("v1/traces", body, content_type="application/json; x=y", authorization=f"Bearer {_KEY}")
    assert _WIRES["otlp"].key_of(request) == _KEY
    assert _WIRES["otlp"].key_of(_request("v1/logs", x_eden_key=_KEY)) == _KEY
    shape, answer = _taken("otlp", request)
    assert (shape.wire, shape.count, shape.meta) == ("otlp-traces", 1, {"type": "application/json"})
    assert (answer.content_type, answer.body) == ("application/json", b"{}")
    shape, answer = _taken("otlp", _request("v1/traces", json.dumps(_spans("eee19b7ec3c1b174", "00")).encode()))
    assert shape.count == 2
    partial = json.loads(answer.body)["partialSuccess"]
    assert partial["rejectedSpans"] == "1"
    assert "a span without an id of 8 bytes" in partial["errorMessage"]


def test_otlp_in_protobuf() -> None:
    message = ExportTraceServiceRequest()
    scope = message.resource_spans.add().scope_spans.add()
    scope.spans.add(trace_id=b"t" * 16, span_id=b"s" * 8, name="n")
    good = message.SerializeToString()
    shape, answer = _taken("otlp", _request("v1/traces", good, content_type="application/x-protobuf"))
    assert (shape.count, answer.content_type, answer.body) == (1, "application/x-protobuf", b"")
    for _ in range(200):
        scope.spans.add(trace_id=b"t" * 16, name="n")
    shape, answer = _taken(
        "otlp", _request("v1/traces", message.SerializeToString(), content_type="application/x-protobuf")
    )
    told = ExportTraceServiceResponse.FromString(answer.body)
    assert told.partial_success.rejected_spans == 200
    assert told.partial_success.error_message.startswith("200 not valid")


def test_otlp_that_cannot_be_read() -> None:
    for kind in ("application/json", "application/x-protobuf"):
        shape, answer = _taken("otlp", _request("v1/metrics", b"\x0a\xff", content_type=kind))
        assert (shape.body, answer.status, answer.content_type) == (b"", 400, kind)
        assert b"ExportMetricsServiceRequest" in answer.body
    assert _refused(_WIRES["otlp"].shape, _request("v1/logs", b"{}", content_type="text/xml")) == "media-type"
    assert _refused(_WIRES["otlp"].key_of, _request("v1/profiles")) == "not-found"
    assert _refused(_WIRES["otlp"].key_of, _request("v1/logs", method="GET")) == "method-not-allowed"
    empty, answer = _taken("otlp", _request("v1/logs", b"", content_type="application/x-protobuf"))
    assert (empty.body, answer.status) == (b"", 200)


def test_large_telemetry_is_only_counted() -> None:
    spans = _spans("eee19b7ec3c1b174", "00")
    spans["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"] = "n" * 2_000_000
    shape, answer = _taken("otlp", _request("v1/traces", json.dumps(spans).encode()))
    assert (shape.count, answer.body) == (2, b"{}")
    assert _taken("otlp", _request("v1/traces", b"[" * 2_000_001))[1].status == 400
    assert _refused(_WIRES["otlp"].shape, _request("v1/traces", b" " * 20_971_521)) == "too-large"


# --- lines -----------------------------------------------------------------------------------------------------------


def test_lines() -> None:
    request = _request("lines", b"a\nb\n", query={"batch": "x", "zone": "UTC"}, authorization=f"Bearer {_KEY}")
    assert _WIRES["mas"].key_of(request) == _KEY
    shape, answer = _taken("mas", request)
    assert (shape.wire, shape.count, shape.meta) == ("mas", 2, {"zone": "UTC"})
    assert json.loads(answer.body) == {"accepted": 2}
    assert _refused(_WIRES["mas"].shape, _request("lines", b"a", query={"zone": "No/Where"})) == "invalid"
    assert _refused(_WIRES["mas"].key_of, _request("other")) == "not-found"


@pytest.mark.parametrize("wire", _WIRES.values())
def test_they_are_wires(wire: Wire) -> None:
    assert isinstance(wire.key_in_body, bool)
