"""From a call to the request that the service gets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eden.gateway.pipeline.compile import CompileError
from tests.gateway.pipeline.house import APP, Document, House, catalogue, header

ID = {"name": "id", "location": "path"}
MONTH = {"name": "month", "location": "query", "type": "int", "minimum": 1, "maximum": 12}


def sent(operation: Document, body: bytes = b"", target: bytes = b"", **rest: Any) -> tuple[bytes, bytes, bytes | None]:
    exchange = House(catalogue(operation)).passes(body, target=target, **rest)
    return exchange.send_method, exchange.send_path, exchange.send_body


@pytest.mark.parametrize(
    ("operation", "body", "target", "expected"),
    [
        ({"path": "/a"}, b"{}", b"?x=1&x=2&y", (b"POST", b"/a?x=1&x=2&y", b"{}")),
        ({"path": "/a", "method": "PUT"}, b"raw", b"", (b"PUT", b"/a", b"raw")),
        # a body has no meaning there
        ({"path": "/a", "method": "GET"}, b"{}", b"", (b"GET", b"/a", b"")),
        ({"path": "/a/${id}"}, b"", b"?id=7", (b"POST", b"/a/7", b"")),
        ({"path": "/a/${id}/b"}, b"", b"?x=1&id=7&y=2", (b"POST", b"/a/7/b?x=1&y=2", b"")),
        ({"path": "/a/${id}", "method": "GET"}, b'{"id": "7"}', b"", (b"GET", b"/a/7", b"")),
        ({"path": "/a/${id}", "method": "GET"}, b'{"id": 7}', b"", (b"GET", b"/a/7", b"")),
        ({"path": "/a/${id}/${no}"}, b"", b"?id=x%20y&no=a%2Cb", (b"POST", b"/a/x%20y/a%2Cb", b"")),
        ({"path": "/a/${id}"}, b"", "?id=张".encode(), (b"POST", b"/a/%E5%BC%A0", b"")),
        ({"path": "/a/${id}"}, b"", b"?id=%E5%BC%A0", (b"POST", b"/a/%E5%BC%A0", b"")),
        ({"path": "/a", "method": "GET", "parameters": [MONTH]}, b"", b"?month=5", (b"GET", b"/a?month=5", b"")),
        ({"path": "/a", "method": "GET", "parameters": [MONTH]}, b'{"month":5}', b"", (b"GET", b"/a?month=5", b"")),
        ({"path": "/a", "method": "GET", "parameters": [MONTH]}, b"", b"", (b"GET", b"/a", b"")),
        (
            {"path": "/a", "method": "GET", "parameters": [{**MONTH, "default": 3}]},
            b"",
            b"?x=1",
            (b"GET", b"/a?x=1&month=3", b""),
        ),
        (
            {
                "path": "/a/${id}",
                "mapping": {"path": {"id": "$.http_body.account.id"}, "query": {"m": "$.query.month"}},
            },
            b'{"account": {"id": "A-1"}}',
            b"?month=5&more=1",
            (b"POST", b"/a/A-1?m=5", b'{"account": {"id": "A-1"}}'),
        ),
        (
            {
                "path": "/a",
                "mapping": {"query": {"t": "$.http_body.tags", "on": "$.http_body.on", "no": "$.query.none"}},
            },
            b'{"tags": ["x", "y z"], "on": true}',
            b"",
            (b"POST", b"/a?t=x&t=y+z&on=true", b'{"tags": ["x", "y z"], "on": true}'),
        ),
        (
            {"path": "/a", "mapping": {"body": {"who": "$.header.x-who", "sum": "$.http_body.sum", "fee": 1}}},
            b'{"sum": 12}',
            b"",
            (b"POST", b"/a", b'{"who":"ann","sum":12,"fee":1}'),
        ),
        ({"path": "/a", "mapping": {"body": "$.http_body.inner"}}, b'{"inner": [1]}', b"", (b"POST", b"/a", b"[1]")),
    ],
)
def test_requests(operation: Document, body: bytes, target: bytes, expected: tuple[bytes, bytes, bytes]) -> None:
    assert sent(operation, body, target, headers={"x-who": "ann"}) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'[{"_requestBody": {"sum": 1}, "id": "7"}]', (b"POST", b"/a/7", b'{"sum":1}')),
        (b'[{"id": 7, "sum": 1}]', (b"POST", b"/a/7", b'{"id":7,"sum":1}')),
        (b'{"id": "7"}', (b"POST", b"/a/7", b'{"id": "7"}')),
    ],
)
def test_bodies_of_the_commercial_platform(body: bytes, expected: tuple[bytes, bytes, bytes]) -> None:
    assert sent({"path": "/a/${id}"}, body, wire="mgw") == expected
    # at /rpc a list is a list
    if body.startswith(b"["):
        assert House(catalogue({"path": "/a/${id}"})).stops(body).code == 3002


@pytest.mark.parametrize(
    "value",
    [
        "",
        ".",
        "..",
        "%2e%2e",
        "..%2Fadmin",
        "a%2F..%2Fb",
        "..%5Cadmin",
        "a%2F%2Fb",
        "%2Fetc",
        "a%2F",
        "a%5C%5Cb",
        "a%2F.",
    ],
)
def test_a_value_does_not_lead_elsewhere(value: str) -> None:
    answer = House(catalogue({"path": "/a/${id}"})).stops(target=f"?id={value}".encode())
    assert (answer.code, answer.status) == (3002, 400)


@pytest.mark.parametrize(
    ("parameter", "target", "body"),
    [
        ({"location": "query", "type": "string[]", "min_length": 2, "max_length": 3}, b"?a=longer&a=x", b"{}"),
        ({"location": "body", "type": "string[]?", "max_length": 2}, b"", b'{"a": ["longer", "x"]}'),
        ({"location": "body", "type": "map<int>", "max_length": 1}, b"", b'{"a": {"one": 1}}'),
        ({"location": "body", "type": "any", "max_length": 1}, b"", b'{"a": [["longer"]]}'),
    ],
)
def test_bounds_of_a_list_are_not_of_its_text(parameter: Document, target: bytes, body: bytes) -> None:
    operation = {"path": "/a", "parameters": [{"name": "a", **parameter}]}
    assert sent(operation, body, target) == (b"POST", b"/a" + target, body)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=20))
def test_a_value_stays_one_or_more_whole_segments_below(value: str) -> None:
    house = House(catalogue({"path": "/a/${id}/end", "signature": "off"}))
    exchange = house.exchange(json.dumps({"id": value}).encode(), signed=None)
    if house.pipeline.before(exchange) is None:
        assert exchange.send_path.startswith(b"/a/") and exchange.send_path.endswith(b"/end")
        assert not {b"?", b"#", b" ", b"\r", b"\n", b"\\"} & {bytes([byte]) for byte in exchange.send_path}
        assert b".." not in exchange.send_path.split(b"/")


@pytest.mark.parametrize(
    ("parameter", "value", "good"),
    [
        ({"type": "int"}, "2147483647", True),
        ({"type": "int"}, "2147483648", False),
        ({"type": "long"}, "-9223372036854775808", True),
        ({"type": "long"}, "9223372036854775808", False),
        ({"type": "int"}, "1.5", False),
        ({"type": "int"}, "+1", False),
        ({"type": "int"}, "１", False),
        ({"type": "double"}, "-1.5e3", True),
        ({"type": "double"}, "nan", False),
        ({"type": "boolean"}, "true", True),
        ({"type": "boolean"}, "yes", False),
        ({"type": "int", "minimum": 1}, "0", False),
        ({"type": "int", "maximum": 3}, "4", False),
        ({"min_length": 2}, "a", False),
        ({"max_length": 2}, "abc", False),
        ({"max_length": 2}, "ab", True),
        ({"values": ["a", "b"]}, "c", False),
        ({"values": ["a", "b"]}, "b", True),
        ({"pattern": "^[a-z]+$"}, "ab1", False),
        ({"pattern": "^[a-z]+$"}, "ab", True),
    ],
)
@pytest.mark.parametrize("location", ["query", "header", "body"])
def test_parameters_are_what_was_declared(parameter: Document, value: str, good: bool, location: str) -> None:
    if location == "header" and not value.isascii():
        return
    house = House(catalogue({"parameters": [{"name": "p", "location": location, **parameter}]}))
    target, headers, body = b"", {}, b"{}"
    if location == "query":
        target = f"?p={value.replace('+', '%2B')}".encode()
    elif location == "header":
        headers = {"p": value}
    else:
        body = json.dumps({"p": value}).encode()
    answer = house.pipeline.before(house.exchange(body, target=target, headers=headers))
    assert (answer is None) == good
    assert answer is None or (answer.code == 3002 and "parameter p" in answer.reason)


@pytest.mark.parametrize("location", ["path", "query", "header", "body"])
def test_what_is_required(location: str) -> None:
    parameters = [{"name": "id", "location": location, "required": True}]
    made = catalogue({"path": "/a/${id}" if location == "path" else "/a", "parameters": parameters})
    answer = House(made).stops(b"{}")
    assert (answer.code, answer.reason) == (3002, "The parameter id is missing.")


def test_headers_of_parameters_and_mappings() -> None:
    operation = {
        "parameters": [{"name": "X-Channel", "location": "header", "default": "app"}],
        "mapping": {"headers": {"x-name": "$.http_body.name", "x-none": "$.http_body.none", "x-given": "$.app"}},
    }
    house = House(catalogue(operation))
    exchange = house.passes('{"name": "张三"}'.encode(), headers={"x-given": "another"})
    assert header(exchange, "x-channel") == "app"
    assert header(exchange, "x-name") == "%E5%BC%A0%E4%B8%89"
    assert header(exchange, "x-none") is None
    assert header(exchange, "x-given") == "app-1"
    assert header(house.passes(b"{}", headers={"x-channel": "web"}), "x-channel") == "web"


def test_content_types() -> None:
    mapped = House(catalogue({"mapping": {"body": {"a": 1}}, "content_type": "application/vnd.bank+json"}))
    assert header(mapped.passes(b"{}"), "content-type") == "application/vnd.bank+json"
    assert (
        header(House(catalogue()).passes(b"<a/>", headers={"content-type": "text/xml"}), "content-type") == "text/xml"
    )
    assert header(House(catalogue({"method": "GET"})).passes(), "content-type") is None


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b"[" * 5000, b"\xff"])
def test_a_body_that_is_no_object(body: bytes) -> None:
    answer = House(catalogue({"parameters": [{"name": "a", "location": "body"}]})).stops(body)
    assert answer.code == 3002


def test_the_size_of_a_body() -> None:
    house = House(catalogue({"body_bytes": 10}))
    house.passes(b"0123456789")
    answer = house.stops(b"0123456789a")
    assert (answer.code, answer.status) == (3002, 413)


def test_a_body_that_has_to_be_there() -> None:
    assert House(catalogue({"body": "Account"})).stops().code == 3001
    House(catalogue({"body": "Account?"})).passes()


MODELS = {"Order": {"fields": {"count": {"type": "int", "minimum": 1, "required": True}}}}


def test_a_body_is_checked_where_the_operation_says_so() -> None:
    checked = House(catalogue({"body": "Order", "check_body": True}, models=MODELS))
    told = checked.stops(b'{"count": 0}')
    assert (told.code, told.status) == (3002, 400) and "count" in told.reason
    assert checked.stops(b"[").code == 3002 and checked.stops(b"{}").code == 3002
    assert checked.passes(b'{"count": 1, "more": true}').send_body == b'{"count": 1, "more": true}'
    # what nobody has signed is not looked at
    assert checked.stops(b'{"count": 0}', signed=None).code == 7014
    House(catalogue({"body": "Order"}, models=MODELS)).passes(b'{"count": 0}')


def test_what_is_checked_is_in_the_body_of_the_commercial_platform() -> None:
    models = {"Order": {"fields": {"count": {"type": "int", "required": True}}}}
    house = House(catalogue({"body": "Order", "check_body": True}, models=models))
    assert house.passes(b'[{"_requestBody": {"count": 6}}]', wire="mgw").send_body == b'{"count":6}'
    assert house.stops(b'[{"_requestBody": {"count": "6"}}]', wire="mgw").code == 3002


def test_bodies_are_checked_against_the_models_of_now() -> None:
    before = House(catalogue({"body": "Order", "check_body": True}, models=MODELS))
    models = {"Order": {"fields": {"count": {"type": "int", "minimum": 5, "required": True}}}}
    changed = House(catalogue({"body": "Order", "check_body": True}, models=models), previous=before.table)
    assert before.passes(b'{"count": 1}') and changed.stops(b'{"count": 1}').code == 3002


def test_which_operations_need_the_whole_body() -> None:
    def needs(operation: Document) -> bool:
        route = House(catalogue({"signature": "off", **operation})).table.find("bank.account.get", None)
        return route is not None and route.needs_body

    assert not needs({})
    assert not needs({"kind": "stream", "path": "/a/${id}"})
    assert needs({"signature": "on"})
    assert needs({"encryption": "optional"})
    assert needs({"cache": {}})
    assert needs({"body": "int", "check_body": True})
    assert needs({"mapping": {"body": {}}})
    assert needs({"mapping": {"headers": {"x": "$.http_body.x"}}})
    assert needs({"path": "/a/${id}"})
    assert not needs({"mapping": {"headers": {"x": "$.query.x"}}})


@pytest.mark.parametrize(
    "operation",
    [
        {"mapping": {"headers": {"x": "$nothing"}}},
        {"mapping": {"body": {"a": "$.body.a"}}},
        {"cache": {"keys": ["$.what"]}},
        {"headers": [{"name": "Host", "value": "x"}]},
        {"group": "none"},
        {"authorizer": "none"},
        {"migration": {"upstream": "none"}},
        {"parameters": [{"name": "a", "pattern": "("}]},
    ],
)
def test_what_cannot_be_compiled_is_named(operation: Document) -> None:
    table = House(catalogue(operation), APP).table
    with pytest.raises(CompileError, match=r"account\.get\": .+") as caught:
        table.find("bank.account.get", None)
    assert caught.value.place == 'operations."bank.account.get"'
