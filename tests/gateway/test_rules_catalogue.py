"""What is found in a catalogue: every mistake at its place, with what to do."""

from __future__ import annotations

from typing import Any

import pytest

from eden.gateway.interfaces import Catalogue
from eden.gateway.pipeline.headers import forbidden
from eden.gateway.rules_addresses import bad_domain, bad_origin, bad_target
from eden.gateway.rules_catalogue import Finding, check
from tests.gateway.samples import DELETE, changed, shop

LIST, GET, MAKE = "operations/shop.items.list", "operations/shop.items.get", "operations/shop.orders.create"
L, G, M = 'operations."shop.items.list"', 'operations."shop.items.get"', 'operations."shop.orders.create"'
MAIN = "groups/shop/upstreams/main"


def found(catalogue: Catalogue, level: str) -> list[Finding]:
    return [one for one in check(catalogue) if one.level == level]


def test_a_good_one() -> None:
    assert check(shop()) == check(Catalogue()) == []


ERRORS: list[tuple[str, Any, str, str]] = [
    # groups and upstreams
    ("groups/shop/upstream", "old", "groups.shop.upstream", "no upstream old"),
    ("groups/shop/upstream", DELETE, "groups.shop.upstream", "several upstreams"),
    (f"{MAIN}/targets/0/url", "ftp://x.example", "groups.shop.upstreams.main.targets[0].url", "http://"),
    (f"{MAIN}/targets/0/weight", 0, "groups.shop.upstreams.main.targets", "weight 0"),
    (f"{MAIN}/host", "a b", "groups.shop.upstreams.main.host", "characters"),
    (f"{MAIN}/health", {"status": [400, 200]}, "groups.shop.upstreams.main.health.status", "above the last"),
    (f"{MAIN}/health", {"path": "/a?b"}, "groups.shop.upstreams.main.health.path", "no path"),
    # what does not exist
    (f"{LIST}/group", "gone", f"{L}.group", "no group gone"),
    (f"{LIST}/authorizer", "nobody", f"{L}.authorizer", "no authorizer nobody"),
    (f"{LIST}/migration", {"upstream": "none"}, f"{L}.migration.upstream", "no upstream none"),
    (f"{LIST}/response", "item", f"{L}.response", "no model item"),
    (f"{MAKE}/body", "Order[", f"{M}.body", "is no type"),
    (f"{MAKE}/versions/2/group", "gone", f"{M}.versions.2.group", "no group gone"),
    (f"{MAKE}/versions/1", {"group": "shop"}, f"{M}.versions.1", "version of the operation itself"),
    # paths
    (f"{GET}/path", "/items/${id}/${more}", f"{G}.path", "Nothing gives the variable more"),
    (f"{GET}/path", "/items", f"{G}.parameters", "no variable id"),
    (f"{GET}/path", "/items/${id", f"{G}.path", "not written as"),
    (f"{GET}/path", "/items/${id}/${id}", f"{G}.path", "twice"),
    (f"{GET}/path", "/items/../${id}", f"{G}.path", "dots only"),
    (f"{GET}/path", "/items?id=${id}", f"{G}.path", "no path"),
    (f"{GET}/path", "/items%2/${id}", f"{G}.path", "no path"),
    (f"{GET}/mapping", {"path": {"other": "$.query.other"}}, f"{G}.mapping.path.other", "no variable other"),
    # parameters
    (f"{GET}/parameters/0/required", False, f"{G}.parameters[0].required", "not complete"),
    (f"{GET}/parameters/0/type", "Item", f"{G}.parameters[0].type", "cannot be written in a path"),
    (f"{LIST}/parameters/0/type", "string[][]", f"{L}.parameters[0].type", "cannot be written in a query"),
    (f"{LIST}/parameters/1/name", "tag", f"{L}.parameters[1].name", "two parameters tag"),
    (f"{LIST}/parameters/1/default", 200.5, f"{L}.parameters[1]", "no int"),
    (f"{LIST}/parameters/1/minimum", 101, f"{L}.parameters[1]", "above the largest"),
    (f"{LIST}/parameters/0/location", "body", f"{L}.method", "GET has no body"),
    (f"{LIST}/parameters/0", {"name": "Host", "location": "header"}, f"{L}.parameters[0].name", "own"),
    (f"{LIST}/parameters/0", {"name": "a b", "location": "header"}, f"{L}.parameters[0].name", "no name of a header"),
    (f"{MAKE}/parameters", [{"name": "x", "location": "body"}], f"{M}.body", "described twice"),
    (f"{GET}/check_body", True, f"{G}.check_body", "Nothing says"),
    (
        f"{GET}/parameters",
        [{"name": "id", "location": "path", "required": True}, {"name": "id"}],
        f"{G}.parameters[1].name",
        "both path and query",
    ),
    # expressions
    (f"{MAKE}/mapping", {"query": {"a": "query.a"}}, f"{M}.mapping.query.a", "begins with"),
    (f"{MAKE}/mapping", {"headers": {"x-a": "$.nothing"}}, f"{M}.mapping.headers.x-a", "begins with none of"),
    (f"{MAKE}/mapping", {"headers": {"Content-Length": "$.query.a"}}, f"{M}.mapping.headers.Content-Length", "own"),
    (f"{MAKE}/mapping", {"body": {"a": [1, {"b": "$oops"}]}}, f"{M}.mapping.body.a[1].b", "cannot be read"),
    (f"{LIST}/mapping", {"body": {}}, f"{L}.mapping.body", "no body"),
    (f"{LIST}/cache/keys", ["$."], f"{L}.cache.keys[0]", "cannot be read"),
    # steps
    (f"{LIST}/headers", [{"name": "host", "value": "x"}], f"{L}.headers[0].name", "own"),
    (f"{LIST}/headers", [{"name": "x_a", "value": "x"}], f"{L}.headers[0].name", "underscore"),
    (f"{LIST}/headers", [{"name": "x-a", "value": "a\r\nb: c"}], f"{L}.headers[0].value", "no header"),
    (f"{LIST}/mock", {"status": 204, "body": {}}, f"{L}.mock.body", "no body"),
    (f"{LIST}/mock", {"headers": {"result-status": "1"}}, f"{L}.mock.headers.result-status", "own"),
    (f"{LIST}/content_type", "json", f"{L}.content_type", "no media type"),
    (f"{LIST}/kind", "stream", f"{L}.cache", "needs the whole message"),
    (f"{MAKE}/kind", "websocket", f"{M}.method", "begins with GET"),
    # authorizers
    ("authorizers/people/operation", "shop.gone", "authorizers.people.operation", "no operation shop.gone"),
    ("authorizers/people/operation", "shop.items.get", "authorizers.people.operation", "needs an authorizer itself"),
    ("authorizers/people/operation", "shop.items.list", "authorizers.people.operation", "takes no body"),
    ("authorizers/people/fields", ["session"], "authorizers.people.fields[0]", "no field of a request"),
    ("authorizers/people/principal", "Host", "authorizers.people.principal", "cannot carry"),
    # models
    ("models/string", {"alias": "int"}, "models.string", "type of its own"),
    ("models/X", {}, "models.X", "described by nothing"),
    ("models/X", {"alias": "int", "values": ["a"]}, "models.X", "values and alias"),
    ("models/X", {"values": ["a", "a"]}, "models.X.values", "twice"),
    ("models/X", {"alias": "int", "tag": "t"}, "models.X.tag", "any_of"),
    ("models/X", {"alias": "X"}, "models.X", "X → X"),
    ("models/X", {"any_of": ["Y", "map<Gone>"]}, "models.X.any_of[0]", "no model Y"),
    ("models/Item/fields/similar", {"type": "Item", "required": True}, "models.Item", "Item → Item"),
    ("models/Item/fields/name/pattern", "(", "models.Item.fields.name", "cannot be read"),
    ("models/Item/fields/name/minimum", 1, "models.Item.fields.name", "no minimum"),
    ("models/Item/fields/name/values", [1], "models.Item.fields.name", "another type"),
    ("models/Item/fields/name", {"values": ["a"], "default": "b"}, "models.Item.fields.name", "none of its values"),
    # the rest
    ("defaults/cors", {"origins": ["shop.example"]}, "defaults.cors.origins[0]", "http://"),
    ("defaults/cors", {"origins": ["*"], "credentials": True}, "defaults.cors.credentials", "do not send"),
    ("egress/domains", [{"host": "*.com"}], "egress.domains[0].host", "top-level"),
    ("egress/domains", [{"host": "a.example"}, {"host": "A.example"}], "egress.domains[1].host", "twice"),
]


@pytest.mark.parametrize(("way", "value", "place", "sentence"), ERRORS, ids=lambda one: str(one)[:60])
def test_errors(way: str, value: Any, place: str, sentence: str) -> None:
    errors = found(changed((way, value)), "error")
    assert [one.place for one in errors if one.place == place], errors
    assert any(sentence in one.sentence for one in errors if one.place == place), errors


@pytest.mark.parametrize(
    ("way", "value", "place"),
    [
        (f"{MAIN}/health", {"timeout_ms": 5000}, "groups.shop.upstreams.main.health.timeout_ms"),
        (f"{MAIN}/targets", [{"url": "http://a.example"}] * 2, "groups.shop.upstreams.main.targets[1].url"),
        (f"{LIST}/migration", {"upstream": "main"}, f"{L}.migration.upstream"),
        (f"{MAKE}/breaker", {"model": "slow", "slow_ms": 600_000}, f"{M}.breaker.slow_ms"),
        (f"{MAKE}/retry", {"any_method": True}, f"{M}.retry.any_method"),
        (f"{LIST}/limits", {"rate": 1, "per_device": 2}, f"{L}.limits.per_device"),
        (f"{LIST}/limits", {"per_user": 2}, f"{L}.limits.per_user"),
        ("defaults/limits", {"answer": {"result": {}}}, "defaults.limits.answer.result"),
        ("operations/shop.copy", {"group": "shop", "path": "/orders"}, 'operations."shop.copy".path'),
        ("groups/more", {"upstreams": {"a": {"targets": [{"url": "http://a.example"}]}}}, "groups.more"),
        (f"{GET}/authorizer", None, "authorizers.people"),
    ],
)
def test_warnings(way: str, value: Any, place: str) -> None:
    catalogue = changed((way, value))
    assert found(catalogue, "error") == []
    assert place in [one.place for one in found(catalogue, "warning")]


def test_errors_come_first_and_say_what_there_is() -> None:
    findings = check(changed((f"{LIST}/limits", {"rate": 1, "per_device": 2}), (f"{GET}/group", "gone")))
    assert [one.level for one in findings] == ["error", "warning"]
    assert findings[0].hint == "There are: shop."


def test_circles_of_several_models() -> None:
    circle = changed(
        ("models/A", {"fields": {"b": {"type": "B", "required": True}}}),
        ("models/B", {"any_of": ["A", "C"]}),
        ("models/C", {"alias": "A"}),
        ("models/D", {"fields": {"a": {"type": "A", "required": True}}}),
    )
    assert {one.place for one in found(circle, "error")} == {"models.A", "models.B", "models.C"}
    # a list may be empty, what is not required may be left out, null may be null, and one way is enough
    for way in ("A[]", "A?", "map<A>"):
        assert found(changed(("models/A", {"fields": {"a": {"type": way, "required": True}}})), "error") == []
    assert found(changed(("models/A", {"any_of": ["A", "int"]})), "error") == []


@pytest.mark.parametrize("name", ["Host", "Content-Type", "X-Eden-App", "operation-type", "Proxy-Authorization", "TE"])
def test_headers_of_others(name: str) -> None:
    assert forbidden(name)


def test_headers_for_rules() -> None:
    assert not any(map(forbidden, ("Authorization", "X-Shop", "Accept-Language", "Cookie")))


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("http://10.0.0.1:80", True),
        ("https://x.example/base/path/", True),
        ("http://[::1]:8080", True),
        ("http://user:password@x.example", False),
        ("http://x.example/?a", False),
        ("http://x.example/#", False),
        ("http://x.example/../a", False),
        ("http://x.example:0", False),
        ("http://x.example:99999", False),
        ("http://", False),
        ("http://x.example/\n", False),
        ("http://ü.example", False),
        ("http://x.example\\a", False),
        ("http://-x.example", False),
    ],
)
def test_targets(url: str, good: bool) -> None:
    assert (bad_target(url) == "") is good


@pytest.mark.parametrize(
    ("host", "good"),
    [
        ("api.example.com", True),
        ("*.example.com", True),
        ("localhost", True),
        ("*", False),
        ("*.com", False),
        ("a.*.com", False),
        ("10.0.0.1", False),
        ("127.1", False),
        ("2130706433", False),
        ("0x7f.1", False),
        ("0x7f000001", False),
        ("https://a.example", False),
        ("a.example:80", False),
        ("", False),
    ],
)
def test_domains(host: str, good: bool) -> None:
    assert (bad_domain(host) == "") is good


def test_origins() -> None:
    assert bad_origin("*") == bad_origin("https://a.example:8443") == ""
    assert all(map(bad_origin, ("a.example", "https://a.example/", "null")))
