"""A small catalogue that is right, and what tests change in it."""

from __future__ import annotations

from enum import Enum
from typing import Any

import msgspec

from eden.gateway.interfaces import Catalogue

SHOP: dict[str, Any] = {
    "groups": {
        "shop": {
            "upstreams": {
                "main": {"targets": [{"url": "http://127.0.0.1:9001/v1"}]},
                "new": {"targets": [{"url": "https://new.example"}]},
            },
            "upstream": "main",
        }
    },
    "operations": {
        "shop.items.list": {
            "group": "shop",
            "open": True,
            "method": "GET",
            "path": "/items",
            "description": "Items by name.",
            "parameters": [
                {"name": "tag", "type": "string[]"},
                {"name": "limit", "type": "int", "default": 20, "minimum": 1, "maximum": 100},
            ],
            "response": "ItemPage",
            "cache": {"ttl_s": 30},
        },
        "shop.items.get": {
            "group": "shop",
            "open": True,
            "method": "GET",
            "path": "/items/${id}",
            "parameters": [{"name": "id", "location": "path", "required": True}],
            "response": "Item",
            "authorizer": "people",
        },
        "shop.orders.create": {
            "group": "shop",
            "open": True,
            "owner": "orders@example.com",
            "path": "/orders",
            "body": "Order",
            "response": "Receipt",
            "limits": {"rate": 50.0, "per_device": 1.0},
            "versions": {"2": {"group": "shop", "path": "/v2/orders", "body": "Order"}},
        },
        "shop.people.check": {"group": "shop", "path": "/people/check"},
    },
    "authorizers": {"people": {"operation": "shop.people.check", "fields": ["header.authorization", "cookie.sid"]}},
    "models": {
        "Item": {
            "fields": {
                "id": {"required": True},
                "name": {"required": True, "max_length": 80},
                "price": {"type": "long", "required": True, "description": "In minor units."},
                "kind": {"type": "Kind"},
                "similar": {"type": "Item[]"},
            }
        },
        "Kind": {"values": ["book", "record"]},
        "ItemPage": {"fields": {"items": {"type": "Item[]", "required": True}, "next": {"type": "string?"}}},
        "Order": {"fields": {"items": {"type": "map<int>", "required": True}, "note": {}}},
        "Receipt": {"fields": {"id": {"required": True}, "at": {"type": "datetime", "required": True}}},
    },
}


def shop(**changes: Any) -> Catalogue:
    """The catalogue; `changes` are put in place of whole parts of the document."""
    return msgspec.convert(SHOP | changes, Catalogue)


def changed(*steps: tuple[str, Any]) -> Catalogue:
    """The catalogue with single values set, each by its way in the document ("operations/shop.items.get/group");
    DELETE takes one out."""
    document = msgspec.json.decode(msgspec.json.encode(SHOP))
    for way, value in steps:
        *words, last = way.split("/")
        place = document
        for word in words:
            place = place[int(word)] if isinstance(place, list) else place.setdefault(word, {})
        if value is DELETE:
            del place[last]
        elif isinstance(place, list):
            place[int(last)] = value
        else:
            place[last] = value
    return msgspec.convert(document, Catalogue)


class Mark(Enum):
    """What `changed` is told in the place of a value."""

    DELETE = "delete"


DELETE = Mark.DELETE
