"""What callers are told: codes, texts, shapes, entity tags, header rules, cross-origin, mocks, migration, retries."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import msgspec
import pytest

from eden.gateway.exchange import Answer, Failure
from eden.gateway.interfaces import HeaderRule, Retry
from eden.gateway.pipeline.codes import CODES
from eden.gateway.pipeline.compile import compile_workspace
from eden.gateway.pipeline.headers import refusal
from eden.gateway.pipeline.retry import tries_again
from eden.gateway.service import encode
from eden.gateway.stored import Stored
from tests.gateway.pipeline.house import APP, NOW, TRACE, House, catalogue, document, header


@pytest.mark.parametrize("language", ["en", "zh-CN,zh;q=0.9"])
def test_both_shapes_of_an_error(language: str) -> None:
    house = House(catalogue({"open": False}))
    tips = "服务不存在或已关闭。" if language.startswith("zh") else "This service is not available."
    told = house.stops(headers={"accept-language": language})
    assert (told.status, header(told, "content-type")) == (404, "application/problem+json")
    assert document(told) == {
        "type": "about:blank",
        "title": "There is no such operation, or it is closed",
        "status": 404,
        "code": "no-operation",
        "detail": "The operation 'bank.account.get' is not open.",
        "tips": tips,
        "resultStatus": 3000,
        "trace": TRACE,
    }
    commercial = house.stops(headers={"accept-language": language}, wire="mgw")
    memo = "The operation 'bank.account.get' is not open."
    assert (commercial.status, document(commercial)) == (200, {"resultStatus": 3000, "tips": tips, "memo": memo})
    for answer in (told, commercial):
        assert header(answer, "result-status") == "3000"
        assert unquote(header(answer, "tips") or "") == tips
        assert unquote(header(answer, "memo") or "") == memo
        assert header(answer, "mgw-traceid") == TRACE
        assert header(answer, "server-time") == str(NOW)
        assert all(value.isascii() for _, value in answer.headers)


def test_a_catalogue_has_words_of_its_own() -> None:
    house = House(catalogue(defaults={"texts": {"7014": {"zh": "请更新"}, "7000": {"en": "Update me.", "zh": "更新"}}}))
    assert document(house.stops(signed=None))["tips"] == "请更新"
    assert document(house.stops(headers={"x-eden-app": "x", "accept-language": "fr"}))["tips"] == "Update me."


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_words_in_both_languages(code: int) -> None:
    known = CODES[code]
    assert bool(known.en) == bool(known.zh)
    assert known.en or code in (1000, 6666, 8001, 8002)
    assert known.zh.isascii() is (known.zh == "")


def test_unknown_operations_and_versions() -> None:
    versions = {"2": {"group": "bank", "open": True, "path": "/v2"}}
    house = House(catalogue({"versions": versions}))
    assert house.stops(operation="bank.nothing").code == 3000
    assert house.stops(version="3").code == 3000
    assert house.passes(version="2").send_path == b"/v2"
    assert house.passes(version="1").send_path == house.passes(version="").send_path == b"/account"
    assert house.stops(target=b"/more").code == 3000
    assert house.stops(method=b"TRACE").status == 405


def test_a_socket_is_asked_for_as_one() -> None:
    house = House(catalogue({"method": "GET", "kind": "websocket"}))
    assert house.passes(method=b"GET", headers={"upgrade": "WebSocket"}).upstream == "bank/main"
    for upgrade in ({}, {"upgrade": "h2c"}):
        refused = house.stops(method=b"GET", headers=upgrade)
        assert (refused.code, refused.status, "Upgrade" in document(refused)["detail"]) == (3002, 400, True)


@pytest.mark.parametrize(
    ("status", "code", "result"),
    [(200, 1000, 200), (204, 1000, 204), (302, 1000, 302), (404, 6666, 404), (503, 4002, 503)],
)
def test_answers_of_the_service(status: int, code: int, result: int) -> None:
    house = House(catalogue())
    forged = [(b"result-status", b"1"), (b"x-eden-trace", b"2"), (b"mgw-traceid", b"3"), (b"tips", b"4")]
    said = Answer(status, [(b"content-type", b"text/plain"), *forged], b"words")
    _, answer = house.call(answer=said)
    assert (answer.status, answer.code, answer.body) == (result, code, b"words")
    assert (header(answer, "result-status"), header(answer, "x-eden-trace")) == (str(code), TRACE)
    _, commercial = house.call(answer=Answer(status, [], b"words"), wire="mgw")
    assert (commercial.status, commercial.body, header(commercial, "result-status")) == (200, b"words", str(code))


def test_a_streamed_answer_is_left_alone() -> None:
    house = House(catalogue({"kind": "stream", "etag": True, "response_signature": True, "cache": {}}))
    exchange = house.passes()
    answer = house.pipeline.after(exchange, Answer(200, [(b"content-type", b"text/event-stream")], None))
    assert (exchange.whole_answer, answer.body, header(answer, "etag")) == (False, None, None)
    assert header(answer, "x-eden-response-signature") is None


@pytest.mark.parametrize(
    ("failure", "code", "status"),
    [
        ("connect", 4002, 502),
        ("queue", 4002, 503),
        ("none", 4002, 503),
        ("broken", 4002, 502),
        ("timeout", 4001, 504),
        ("large", 4002, 502),
    ],
)
def test_failures(failure: Failure, code: int, status: int) -> None:
    house = House(catalogue())
    exchange = house.passes()
    answer = house.pipeline.failed(exchange, failure)
    assert (answer.code, answer.status, document(answer)["trace"]) == (code, status, TRACE)


@pytest.mark.parametrize(
    ("status", "code"), [(413, 3002), (404, 3000), (503, 1002), (400, 3002), (431, 3002), (500, 5000)]
)
def test_what_the_proxy_refuses(status: int, code: int) -> None:
    house = House(catalogue())
    bare = house.pipeline.stray(TRACE, house.now_ms, status, "Because.")
    assert (bare.code, bare.status, document(bare)["detail"]) == (code, status, "Because.")
    assert (document(bare)["trace"], header(bare, "x-eden-trace")) == (TRACE, TRACE)
    known = house.pipeline.refused(house.exchange(), status, "Because.")
    assert (known.code, known.status, header(known, "x-eden-trace")) == (code, status, TRACE)


# entity tags


def test_entity_tags() -> None:
    house = House(catalogue({"method": "GET", "etag": True}))
    _, answer = house.call(method=b"GET", answer=Answer(200, [(b"content-type", b"text/plain")], b"same"))
    tag = header(answer, "etag") or ""
    assert tag.startswith('W/"')
    for asked in (tag, f'"x", {tag}', "*", tag.removeprefix("W/")):
        _, again = house.call(method=b"GET", answer=Answer(200, [], b"same"), headers={"if-none-match": asked})
        assert (again.status, again.body, header(again, "etag"), header(again, "result-status")) == (
            304,
            b"",
            tag,
            "1000",
        )
    _, other = house.call(method=b"GET", answer=Answer(200, [], b"other"), headers={"if-none-match": tag})
    assert (other.status, other.body) == (200, b"other")
    _, commercial = house.call(
        method=b"GET", answer=Answer(200, [], b"same"), headers={"if-none-match": tag}, wire="mgw"
    )
    assert (commercial.status, header(commercial, "result-status"), commercial.body) == (200, "8001", b"")


def test_the_services_own_tag_is_kept() -> None:
    house = House(catalogue({"method": "GET", "etag": True}))
    said = Answer(200, [(b"etag", b'"v7"')], b"x")
    _, answer = house.call(method=b"GET", answer=said, headers={"if-none-match": 'W/"v7"'})
    assert (answer.status, header(answer, "etag")) == (304, '"v7"')
    # not of other methods
    assert header(House(catalogue({"etag": True})).call()[1], "etag") is None


# header rules


def test_header_rules() -> None:
    rules = [
        {"name": "X-Channel", "value": "app"},
        {"name": "x-old", "action": "delete"},
        {"name": "x-if", "action": "delete", "value": "yes"},
        {"location": "response", "name": "Strict-Transport-Security", "value": "max-age=1"},
        {"location": "response", "name": "server", "action": "delete"},
    ]
    house = House(catalogue({"headers": rules}))
    exchange = house.passes(headers={"x-channel": "forged", "x-old": "1", "x-if": "yes"})
    assert header(exchange, "x-channel") == "app"
    assert (header(exchange, "x-old"), header(exchange, "x-if")) == (None, None)
    assert header(house.passes(headers={"x-if": "no"}), "x-if") == "no"
    said = Answer(200, [(b"server", b"x"), (b"strict-transport-security", b"max-age=2")], b"")
    _, answer = house.call(answer=said)
    assert (header(answer, "server"), header(answer, "strict-transport-security")) == (None, "max-age=1")


NOT_THEIRS = """Host content-type Content-Length Transfer-Encoding connection operation-type AppId Sign x_y
X-Eden-Principal x-mgs-encryption result-status x-forwarded-for traceparent Sec-Fetch-Site""".split()


@pytest.mark.parametrize("name", NOT_THEIRS)
def test_headers_that_no_rule_is_for(name: str) -> None:
    assert refusal(HeaderRule(name=name, value="x")) is not None
    assert refusal(HeaderRule(name=name, action="delete")) is not None


def test_headers_that_rules_are_for() -> None:
    assert refusal(HeaderRule(name="X-Channel", value="app")) is None
    assert refusal(HeaderRule(name="X-Channel", value="a\r\nx: b")) is not None


def test_what_of_the_wire_the_service_gets() -> None:
    headers = {
        "AppId": "app-1",
        "Ts": "1",
        "Did": "phone-é",
        "Operation-Type": "x",
        "x-mgs-encryption": "1",
        "cookie": "a=1",
    }
    forged = {"x-eden-any": "1", "x-forwarded-host": "evil.example", "forwarded": "for=127.0.0.1", "x-real-ip": "::1"}
    exchange = House(catalogue()).passes(headers={**headers, **forged})
    names = [name for name, _ in exchange.send_headers]
    assert sorted(names) == [b"content-type", b"cookie", b"x-eden-app", b"x-eden-device"]
    assert (header(exchange, "x-eden-app"), header(exchange, "x-eden-device")) == ("app-1", "phone-%C3%83%C2%A9")


# cross-origin


def test_cross_origin_calls() -> None:
    house = House(catalogue(defaults={"cors": {"origins": ["https://shop.example"], "credentials": True}}))
    _, answer = house.call(headers={"origin": "https://shop.example"})
    assert header(answer, "access-control-allow-origin") == "https://shop.example"
    assert header(answer, "access-control-allow-credentials") == "true"
    assert header(answer, "vary") == "Origin"
    assert "result-status" in (header(answer, "access-control-expose-headers") or "")
    refused = house.stops(signed=None, headers={"origin": "https://shop.example"})
    assert header(refused, "access-control-allow-origin") == "https://shop.example"
    _, other = house.call(headers={"origin": "https://evil.example"})
    assert header(other, "access-control-allow-origin") is None
    assert header(house.call()[1], "vary") is None


def test_any_origin_never_with_credentials() -> None:
    house = House(catalogue(defaults={"cors": {"origins": ["*"], "credentials": True}}))
    _, answer = house.call(headers={"origin": "https://any.example"})
    assert header(answer, "access-control-allow-origin") == "*"
    assert header(answer, "access-control-allow-credentials") is None


@pytest.mark.parametrize(
    ("origin", "wanted", "status"),
    [
        ("https://shop.example", "content-type, x-eden-app,x-eden-signature", 204),
        ("https://shop.example", "X-Custom", 204),
        ("https://shop.example", "x-other", 403),
        ("https://shop.example", "", 204),
        ("https://evil.example", "", 403),
        ("", "", 403),
        ("null", "", 403),
    ],
)
def test_preflights(origin: str, wanted: str, status: int) -> None:
    rules = {"origins": ["https://shop.example/"], "headers": ["X-Custom"], "max_age_s": 60}
    tables = [House(catalogue()).table, House(catalogue(defaults={"cors": rules})).table]
    fields = {b"origin": origin.encode(), b"access-control-request-headers": wanted.encode()}
    answer = House(catalogue()).pipeline.preflight(tables, fields)
    assert (answer.status, answer.body) == (status, b"")
    if status == 204:
        assert header(answer, "access-control-max-age") == "60"
        assert "PUT" in (header(answer, "access-control-allow-methods") or "")


# mocks


def mocked(house_draw: float = 0.5, wire: Any = "rpc", on: bool = True, **mock: Any) -> Answer | None:
    house = House(catalogue({"mock": mock}, defaults={"mock_on": on}))
    house.draw = house_draw
    return house.pipeline.before(house.exchange(wire=wire))


def test_mocks() -> None:
    answer = mocked(body={"a": 1}, status=418, headers={"X-Mock": "yes"})
    assert answer is not None
    assert (answer.status, answer.body, header(answer, "x-mock")) == (418, b'{"a":1}', "yes")
    assert header(answer, "content-type") == "application/json"
    text = mocked(body="words", headers={"content-type": "text/html"})
    assert text is not None and (text.body, header(text, "content-type")) == (b"words", "text/html")
    assert mocked(body=1, on=False) is None
    assert mocked(body=1, on=True, percentage=0) is None


@pytest.mark.parametrize(("draw", "answers"), [(0.0, True), (0.29, True), (0.3, False), (0.99, False)])
def test_a_share_of_calls_is_mocked(draw: float, answers: bool) -> None:
    assert (mocked(draw, body={}, percentage=30) is not None) is answers


@pytest.mark.parametrize(
    ("result", "code"), [(1000, "1000"), (2000, "2000"), ("x", "1001"), (12, "1001"), (True, "1001")]
)
def test_mocks_of_the_commercial_platform(result: Any, code: str) -> None:
    answer = mocked(body={"resultStatus": result}, wire="mgw")
    assert answer is not None and header(answer, "result-status") == code
    plain = mocked(body={"resultStatus": result})
    assert plain is not None and header(plain, "result-status") == "1000"


# migration


def moved(percent: int = 0, complete: bool = False) -> set[str]:
    groups = {
        "bank": {
            "upstreams": {"main": {"targets": [{"url": "http://a.b"}]}, "new": {"targets": [{"url": "http://c.d"}]}}
        }
    }
    groups["bank"]["upstream"] = "main"  # type: ignore[assignment]
    migration = {"upstream": "new", "percent": percent, "complete": complete}
    house = House(catalogue({"migration": migration}, groups=groups))
    devices = [f"phone-{number}" for number in range(400)]
    first = [house.passes(headers={"x-eden-device": device}).upstream for device in devices]
    assert first == [house.passes(headers={"x-eden-device": device}).upstream for device in devices]
    return {device for device, upstream in zip(devices, first, strict=True) if upstream == "bank/new"}


def test_migration_by_share() -> None:
    assert moved(0) == set()
    assert len(moved(100)) == len(moved(0, complete=True)) == 400
    ten, half = moved(10), moved(50)
    assert 20 <= len(ten) <= 65 and 160 <= len(half) <= 240
    # who went stays there as the share grows
    assert ten < half


# trying again


@pytest.mark.parametrize(
    ("rule", "method", "cause", "attempt", "again"),
    [
        (None, b"GET", "connect", 0, False),
        ({}, b"GET", "connect", 0, True),
        ({}, b"GET", 503, 0, True),
        ({}, b"GET", 500, 0, False),
        ({}, b"GET", 503, 1, False),
        ({"most": 2}, b"GET", 503, 1, True),
        ({"most": 0}, b"GET", 503, 0, False),
        ({}, b"POST", "connect", 0, True),
        ({}, b"POST", 503, 0, False),
        ({}, b"PATCH", 502, 0, False),
        ({}, b"PUT", 502, 0, True),
        ({}, b"DELETE", 504, 0, True),
        ({"any_method": True}, b"POST", 503, 0, True),
        ({"on": ["502"]}, b"GET", 503, 0, False),
        ({"on": ["502"]}, b"GET", "connect", 0, False),
        ({"any_method": True}, b"GET", "timeout", 0, False),
        ({"any_method": True}, b"GET", "broken", 0, False),
        ({"any_method": True}, b"GET", "queue", 0, False),
    ],
)
def test_what_is_tried_again(rule: Any, method: bytes, cause: Any, attempt: int, again: bool) -> None:
    assert tries_again(None if rule is None else msgspec.convert(rule, Retry), method, cause, attempt) is again


def test_attempts_are_counted() -> None:
    house = House(catalogue({"method": "GET", "retry": {"most": 2}}))
    exchange = house.passes()
    assert [house.pipeline.again(exchange, 503) for _ in range(3)] == [True, True, False]
    assert exchange.attempt == 2


# tables


def test_times_are_the_operations_the_groups_or_the_defaults() -> None:
    groups: Any = {"bank": {"upstreams": {"main": {"targets": [{"url": "http://a.b"}]}}}}

    def timeout(operation: Any = None, group: Any = None, defaults: Any = None) -> int | None:
        made = {"bank": {**groups["bank"], **(group or {})}}
        route = House(catalogue(operation, groups=made, defaults=defaults or {})).table.find("bank.account.get", None)
        return None if route is None else route.timeout_ms

    assert timeout() == 3000
    assert timeout(defaults={"timeout_ms": 5}) == 5
    assert timeout(group={"timeout_ms": 7}, defaults={"timeout_ms": 5}) == 7
    assert timeout({"timeout_ms": 9}, {"timeout_ms": 7}) == 9


def test_what_did_not_change_is_taken_over() -> None:
    operation = {"group": "bank", "open": True}
    before = House(catalogue(operations={"a": operation, "b": operation})).table
    assert before.find("a", None) is not None and before.find("b", None) is not None
    changed = catalogue(operations={"a": operation, "b": {**operation, "path": "/x"}})
    after = compile_workspace(Stored(encode(changed)), [APP], "w1", 2, before)
    assert after.find("a", None) is before.find("a", None)
    assert after.find("b", None) is not before.find("b", None)
    assert after.apps[b"app-1"] is before.apps[b"app-1"]
    defaults = Stored(encode(catalogue(operations={"a": operation}, defaults={"timeout_ms": 1})))
    assert compile_workspace(defaults, [APP], "w1", 3, after).find("a", None) is not after.find("a", None)
    closed = after.with_apps([msgspec.structs.replace(APP, open=False)])
    assert (closed.find("a", None), closed.apps[b"app-1"].open) == (after.find("a", None), False)
    assert (after.apps[b"app-1"].open, closed.revision, closed.workspace_id) == (True, 2, "w1")


def test_a_closed_app_is_not_let_in() -> None:
    assert House(catalogue(), msgspec.structs.replace(APP, open=False)).stops().code == 7000
