"""What Envoy cannot do alike is named, one thing at a time, and goes to our own gateway."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from eden.gateway.envoy import Address, render
from eden.gateway.interfaces import App, Catalogue, Limits

APP = App(key="shop", workspace_id="w", name="Shop")
PLAIN: dict[str, Any] = {"group": "shop", "open": True, "signature": "off", "method": "GET", "path": "/items"}


def rendered(changes: dict[str, Any], apps: tuple[App, ...] = (APP,), **rest: Any) -> tuple[list[str], str]:
    """Why the operation is not Envoy's, and Envoy's routes."""
    document: dict[str, Any] = {
        "groups": {
            "shop": {
                "upstreams": {
                    "main": {"targets": [{"url": "https://a.example/base"}], "health": {"path": "/up"}, "host": "a"},
                    "other": {"targets": [{"url": "https://b.example/elsewhere"}]},
                },
                "upstream": "main",
            }
        },
        "operations": {"shop.items.list": PLAIN | changes, "shop.people.check": PLAIN | {"signature": "on"}},
        "authorizers": {"people": {"operation": "shop.people.check"}},
        **rest,
    }
    found = render(msgspec.convert(document, Catalogue), apps, Address("127.0.0.1", 1), Address("127.0.0.1", 2))
    why = next((one.reasons for one in found.shortfalls if one.operation == "shop.items.list"), [])
    return why, json.dumps(found.files["routes.json"])


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"signature": "on"}, "signed"),
        ({"encryption": "optional"}, "encrypted"),
        ({"response_signature": True}, "Answers are signed"),
        ({"authorizer": "people"}, "people"),
        ({"cache": {}}, "kept"),
        ({"etag": True}, "entity tag"),
        ({"breaker": {}}, "breaker"),
        ({"mapping": {"query": {"a": "$.query.b"}}}, "mapped"),
        ({"path": "/items/${id}"}, "variables"),
        ({"method": "POST", "body": "any"}, "body"),
        ({"parameters": [{"name": "n", "type": "int"}]}, "checked: n"),
        ({"parameters": [{"name": "n", "required": True}]}, "checked: n"),
        ({"parameters": [{"name": "n", "location": "header"}]}, "checked: n"),
        ({"parameters": [{"name": "n", "max_length": 5}]}, "checked: n"),
        ({"limits": {"per_device": 1.0}}, "per device"),
        ({"limits": {"rate": 1.0, "answer": {"tips": {"en": "Wait."}}}}, "answer of their own"),
        ({"headers": [{"name": "x-a", "action": "delete", "value": "1"}]}, "x-a"),
        ({"migration": {"upstream": "other", "percent": 10}}, "different paths"),
    ],
)
def test_each_step_that_needs_python_is_named(changes: dict[str, Any], word: str) -> None:
    why, routes = rendered(changes)
    assert len(why) == 1
    assert word in why[0]
    assert "shop.items.list" not in routes


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"parameters": [{"name": "n"}]},
        {"limits": {"rate": 100.5, "burst": 7}},
        {"breaker": {"on": False}},
        {"method": "POST", "body": "any?", "etag": True},
        {"kind": "stream", "encryption": "required", "cache": {}, "etag": True},
        {"retry": {"most": 2, "on": ["connect", "503"]}},
    ],
)
def test_what_needs_none_is_a_route(changes: dict[str, Any]) -> None:
    why, routes = rendered(changes)
    assert why == []
    assert "/rpc/shop.items.list" in routes


def test_apps_with_limits_of_their_own_go_to_our_own_gateway() -> None:
    limited = App(key="limited", workspace_id="w", name="", limits=Limits(rate=1.0))
    closed = App(key="closed", workspace_id="w", name="", open=False)
    why, routes = rendered({}, (APP, limited, closed))
    assert why == []
    assert '"regex": "shop"' in routes
    assert rendered({}, (limited,))[0] == ["Every app has a limit of its own."]
    assert rendered({}, defaults={"app_limits": {"rate": 5.0}})[0] == ["Every app has a limit of its own."]
    assert rendered({}, (closed,))[0] == rendered({}, ())[0] == ["No app is open."]


def test_retries_are_of_what_is_safe() -> None:
    post = rendered({"method": "POST", "retry": {"on": ["connect", "503"]}})[1]
    assert '"retry_on": "connect-failure", "num_retries": 1}' in post
    assert "retriable" not in post
    again = rendered({"method": "POST", "retry": {"on": ["503"], "any_method": True}})[1]
    assert '"retriable_status_codes": [503]' in again
