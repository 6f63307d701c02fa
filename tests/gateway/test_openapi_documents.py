"""OpenAPI in and out: what is written is read back as it was; what others write becomes a catalogue that holds."""

from __future__ import annotations

import sys
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eden.base.problems import Problem
from eden.gateway.interfaces import Catalogue, Model
from eden.gateway.openapi_export import export_openapi
from eden.gateway.openapi_import import Imported, import_openapi, merged, replaced
from eden.gateway.rules_catalogue import check
from eden.gateway.rules_plan import diff
from tests.gateway.samples import SHOP, changed, shop

#: a document of a kind that is met everywhere (3.0): references, allOf, nullable, a server with a variable, an API key
ZOO: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Zoo", "version": "1"},
    "servers": [{"url": "https://{place}.zoo.example/api/", "variables": {"place": {"default": "north"}}}],
    "security": [{"key": []}],
    "paths": {
        "/animals": {
            "parameters": [{"$ref": "#/components/parameters/trace"}],
            "get": {
                "operationId": "animals/list",
                "summary": "All animals",
                "parameters": [
                    {"name": "kinds", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                    {
                        "name": "limit",
                        "in": "query",
                        "schema": {"type": "integer", "format": "int32", "default": 10, "maximum": 50},
                    },
                    {"name": "filter", "in": "query", "schema": {"type": "object"}},
                    {"name": "session", "in": "cookie", "schema": {"type": "string"}},
                    {"name": "Authorization", "in": "header", "schema": {"type": "string"}},
                ],
                "responses": {
                    "404": {"description": "no"},
                    "200": {
                        "description": "yes",
                        "content": {
                            "application/json": {
                                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Animal"}}
                            }
                        },
                    },
                },
            },
            "post": {
                "description": "One more.",
                "deprecated": True,
                "requestBody": {"$ref": "#/components/requestBodies/animal"},
                "responses": {"201": {"$ref": "#/components/responses/animal"}},
            },
        },
        "/animals/{animal.id}/photo": {
            "put": {
                "operationId": "putPhoto",
                "parameters": [
                    {"name": "animal.id", "in": "path", "required": True, "schema": {"type": "string"}},
                ],
                "requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string"}}}},
                "responses": {"204": {"description": "done"}},
            },
            "options": {"responses": {}},
        },
        "/news": {
            "servers": [{"url": "https://news.example"}],
            "get": {
                "operationId": "news",
                "responses": {"200": {"description": "", "content": {"text/event-stream": {"schema": {}}}}},
            },
        },
    },
    "components": {
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
        "parameters": {"trace": {"name": "X-Trace", "in": "header", "schema": {"type": "string"}}},
        "requestBodies": {
            "animal": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/New-Animal"}}}}
        },
        "responses": {
            "animal": {
                "description": "",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Animal"}}},
            }
        },
        "schemas": {
            "New-Animal": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "maxLength": 40},
                    "born": {"type": "string", "format": "date", "nullable": True},
                    "food": {"oneOf": [{"$ref": "#/components/schemas/Meat"}, {"type": "string"}]},
                    "size": {"type": "object", "properties": {"height": {"type": "number"}}},
                    "parents": {"type": "array", "items": {"$ref": "#/components/schemas/Animal"}},
                    "tags": {"type": "object", "additionalProperties": {"type": "integer"}},
                },
            },
            "Animal": {
                "description": "With its number.",
                "allOf": [
                    {"$ref": "#/components/schemas/New-Animal"},
                    {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}},
                ],
            },
            "Meat": {"type": "string", "enum": ["beef", "fish"]},
            "any": {"type": "boolean"},
        },
    },
}


def imported(document: dict[str, Any], **options: Any) -> Imported:
    found = import_openapi(document, group="zoo", prefix="acme.zoo", **options)
    assert [one for one in check(found.catalogue) if one.level == "error"] == []
    return found


def again(catalogue: Catalogue) -> Catalogue:
    """The catalogue after a way through the text of a document."""
    document = msgspec.json.decode(msgspec.json.encode(export_openapi(catalogue, "T", "1")))
    return import_openapi(document, group="other", prefix="other").catalogue


def test_document_of_others() -> None:
    found = imported(ZOO)
    catalogue = found.catalogue
    assert list(catalogue.operations) == [
        "acme.zoo.animals.list",
        "acme.zoo.animals.post",
        "acme.zoo.putPhoto",
        "acme.zoo.news",
    ]
    listed = catalogue.operations["acme.zoo.animals.list"]
    assert (listed.method, listed.path, listed.response, listed.open) == ("GET", "/animals", "Animal[]", False)
    assert [(one.name, one.location, one.type, one.default, one.maximum) for one in listed.parameters] == [
        ("X-Trace", "header", "string", None, None),
        ("kinds", "query", "string[]", None, None),
        ("limit", "query", "int", 10, 50.0),
        ("filter", "query", "string", None, None),
    ]
    made = catalogue.operations["acme.zoo.animals.post"]
    assert (made.body, made.response, made.description) == ("NewAnimal", "Animal", "One more.\n\nDeprecated.")
    photo = catalogue.operations["acme.zoo.putPhoto"]
    assert (photo.path, photo.body, photo.content_type) == (
        "/animals/${animal_id}/photo",
        "file",
        "application/octet-stream",
    )
    assert photo.parameters[0].name == "animal_id"
    assert catalogue.operations["acme.zoo.news"].kind == "stream"
    assert {name: group.upstreams["main"].targets[0].url for name, group in catalogue.groups.items()} == {
        "zoo": "https://north.zoo.example/api",
        "zoo-2": "https://news.example",
    }
    animal = catalogue.models["Animal"]
    assert animal.description == "With its number."
    assert animal.fields is not None
    assert {name: (field.type, field.required) for name, field in animal.fields.items()} == {
        "name": ("string", True),
        "born": ("date?", False),
        "food": ("Animal_food", False),
        "size": ("Animal_size", False),
        "parents": ("Animal[]", False),
        "tags": ("map<long>", False),
        "id": ("long", True),
    }
    assert animal.fields["name"].max_length == 40
    assert catalogue.models["Animal_food"].any_of == ("Meat", "string")
    assert catalogue.models["Meat"].values == ("beef", "fish")
    # a component that is called like a type of ours
    assert catalogue.models["any_"].alias == "boolean"
    assert found.notes == [
        "4 operations need key (apiKey header X-Key): give them an authorizer",
        "operations with method OPTIONS were left out",
        "parameters in the cookie that the gateway does not pass on were left out",
        "parameters in the query with objects in them became texts",
    ]


def test_another_target_and_open_operations() -> None:
    catalogue = imported(ZOO, target="http://10.0.0.1:81", open_=True).catalogue
    assert [group.upstreams["main"].targets[0].url for group in catalogue.groups.values()] == ["http://10.0.0.1:81"]
    assert all(one.open for one in catalogue.operations.values())


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"swagger": "2.0"}, "no OpenAPI 3"),
        ({"openapi": 3}, "no OpenAPI 3"),
        (ZOO | {"servers": [{"url": "/api"}]}, "no address of the service"),
        ({"openapi": "3.1.0", "x-eden": {"groups": {"g": {}}}}, "x-eden"),
    ],
)
def test_what_is_no_document(document: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Problem, match=sentence):
        import_openapi(document, group="g", prefix="g")


@pytest.mark.parametrize(
    ("schema", "wanted"),
    [
        ({"type": ["string", "null"]}, "string?"),
        ({"anyOf": [{"type": "integer", "format": "int32"}, {"type": "null"}]}, "int?"),
        ({"type": "array", "items": {"type": "array"}}, "any[][]"),
        ({"enum": ["a"]}, "string"),
        ({"type": "string", "format": "byte"}, "bytes"),
        ({"type": "string", "contentEncoding": "base64"}, "bytes"),
        ({"type": ["integer", "string"]}, "any"),
        ({"allOf": [{"type": "number", "format": "float"}]}, "float"),
        ({"$ref": "#/components/schemas/Gone"}, "any"),
        ({"$ref": "other.json#/X"}, "any"),
        ({"type": "object"}, "map<any>"),
        ({"type": "object", "additionalProperties": {"type": "boolean"}, "nullable": True}, "map<boolean>?"),
        (True, "any"),
        ({"not": {"type": "string"}}, "any"),
        ({"$ref": "#/components/schemas/Loop"}, "Loop"),
    ],
)
def test_schemas(schema: Any, wanted: str) -> None:
    document = {
        "openapi": "3.1.0",
        "servers": [{"url": "http://x.example"}],
        "components": {"schemas": {"Loop": {"properties": {"next": {"$ref": "#/components/schemas/Loop"}}}}},
        "paths": {
            "/x": {"post": {"requestBody": {"content": {"application/json": {"schema": schema}}}, "responses": {}}}
        },
    }
    (operation,) = imported(document).catalogue.operations.values()
    assert operation.body == wanted


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"group": "my group"}, "'my group' cannot be used as the group"),
        ({"group": "zoo\n"}, "cannot be used as the group"),
        ({"prefix": "a b"}, "'a b' cannot be used as the prefix"),
        ({"target": "ftp://zoo.example"}, "does not begin with http"),
    ],
)
def test_what_operations_cannot_be_put_under(given: dict[str, str], sentence: str) -> None:
    options: dict[str, Any] = {"group": "zoo", "prefix": "zoo"} | given
    with pytest.raises(Problem, match=sentence):
        import_openapi(ZOO, **options)


def test_models_that_are_replaced_are_named() -> None:
    zoo = imported(ZOO).catalogue
    assert replaced(Catalogue(), zoo) == replaced(zoo, zoo) == []
    name = min(zoo.models)
    there = Catalogue(models={name: Model(alias="string"), "Other": Model(alias="string")})
    assert replaced(there, zoo) == [f"models of the same names were there and are replaced: {name}"]
    many = Catalogue(models={f"M{number:02}": Model(alias="string") for number in range(12)})
    assert replaced(Catalogue(models=dict.fromkeys(many.models, Model(alias="int"))), many)[0].endswith(
        "M09 and 2 more"
    )


@pytest.mark.timeout(20)
def test_parts_that_are_named_again_and_again_are_taken_once() -> None:
    # by following each, 2 to the power of 40
    schemas: dict[str, Any] = {
        f"S{n}": {"allOf": [{"$ref": f"#/components/schemas/S{n + 1}"}] * 2, "properties": {f"p{n}": {}}}
        for n in range(40)
    }
    schemas["S40"] = {"properties": {"last": {"type": "string"}}, "required": ["last"]}
    schemas["S39"]["allOf"].append({"$ref": "#/components/schemas/S0"})
    catalogue = imported({"openapi": "3.1.0", "components": {"schemas": schemas}}).catalogue
    fields = catalogue.models["S0"].fields
    assert fields is not None
    assert set(fields) == {"last", *(f"p{n}" for n in range(40))}
    assert fields["last"].required


def test_a_document_that_is_nested_too_deeply_is_refused() -> None:
    schema: dict[str, Any] = {}
    for _ in range(500):
        schema = {"properties": {"a": schema}}
    # tests before this one may have raised the limit
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)
    try:
        with pytest.raises(Problem, match="nested too deeply"):
            imported({"openapi": "3.1.0", "components": {"schemas": {"Deep": schema}}})
    finally:
        sys.setrecursionlimit(before)


def test_what_is_written_is_read_back() -> None:
    rich = changed(
        ("operations/shop.orders.create/mapping", {"body": {"a": "$.http_body.items"}, "query": {"n": "$.header.n"}}),
        ("operations/shop.orders.create/headers", [{"name": "x-a", "value": "1"}]),
        ("operations/shop.orders.copy", {"group": "shop", "path": "/orders", "mock": {"body": {"id": None}}}),
        ("models/Either", {"any_of": ["Order", "Receipt?"], "tag": "id"}),
        ("models/Maybe", {"alias": "Order?"}),
        ("models/Empty", {"fields": {}}),
        ("models/Nested", {"alias": "map<int?[]>[]"}),
        ("models/Item/fields/grade", {"type": "int?", "values": [1, 2], "example": 1}),
        ("models/Item/fields/raw", {"type": "bytes?", "max_length": 9, "default": "x", "description": "Raw."}),
        ("defaults/texts", {"1002": {"en": "Slowly."}}),
        ("egress/domains", [{"host": "*.example.com"}]),
        (
            "operations/shop.find",
            {
                "group": "shop",
                "path": "/find/${a}/${b}",
                "content_type": "application/vnd.shop+json",
                "parameters": [
                    {"name": "q", "location": "body", "required": True},
                    {"name": "a", "location": "path", "default": "x", "pattern": "^x", "description": "A."},
                    {"name": "b", "location": "path", "type": "Kind", "required": True},
                    {"name": "x-mode", "location": "header", "type": "boolean?"},
                    {"name": "n", "location": "body", "type": "Item[]", "min_length": 1},
                ],
            },
        ),
        (
            "operations/shop.ticks",
            {"group": "shop", "method": "GET", "kind": "stream", "path": "/t", "response": "Item"},
        ),
    )
    assert [one.sentence for one in check(rich) if one.level == "error"] == []
    assert diff(rich, again(rich)) == []
    # the document is a good one: others find the same operations in it
    document = export_openapi(rich, "Shop", "3")
    assert document["paths"]["/items/{id}"]["get"]["operationId"] == "shop.items.get"
    assert document["paths"]["/rpc/shop.orders.create"]["post"]["x-eden"]["path"] == "/orders"
    assert document["paths"]["/items"]["get"]["servers"] == [{"url": "http://127.0.0.1:9001/v1"}]


_types = st.recursive(
    st.sampled_from(
        ["string", "int", "long", "float", "double", "boolean", "date", "datetime", "bytes", "any", "A", "B"]
    ),
    lambda inner: st.one_of(
        inner.map(lambda one: f"{one}[]"),
        inner.map(lambda one: one if one.endswith("?") or one == "any" else f"{one}?"),
        inner.map(lambda one: f"map<{one}>"),
    ),
    max_leaves=4,
)
_fields = st.dictionaries(
    st.text("ab-é1", min_size=1, max_size=4),
    st.fixed_dictionaries({"type": _types}, optional={"required": st.booleans(), "description": st.just("Words.")}),
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(fields=_fields, body=_types, response=_types)
def test_any_types_are_read_back(fields: dict[str, Any], body: str, response: str) -> None:
    catalogue = changed(
        ("models", SHOP["models"] | {"A": {"fields": fields}, "B": {"alias": "A[]"}}),
        ("operations/shop.x", {"group": "shop", "path": "/x", "body": body, "response": response}),
    )
    assert diff(catalogue, again(catalogue)) == []


_WORDS = ["$ref", "type", "allOf", "anyOf", "properties", "items", "enum", "name", "in", "schema", "x-eden"]
_VALUES = ["#/components/schemas/Animal", "#/paths", "object", "array", "query", "path", "null"]
_anything = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-2, 2**60),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=3),
        st.sampled_from(_VALUES),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(_WORDS) | st.text(max_size=2), inner, max_size=3),
    ),
    max_leaves=4,
)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_documents_that_are_wrong_somewhere(data: st.DataObject) -> None:
    """One place of a good document is something else: a catalogue, or a sentence about what is wrong."""
    document = msgspec.json.decode(msgspec.json.encode(ZOO))
    place: Any = document
    while True:
        key = data.draw(st.sampled_from(sorted(place)) if isinstance(place, dict) else st.integers(0, len(place) - 1))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.integers(0, 5)) == 0:
            break
        place = place[key]
    place[key] = data.draw(_anything)
    try:
        found = import_openapi(document, group="zoo", prefix="zoo")
    except Problem as problem:
        assert problem.code == "invalid"
    else:
        # and what comes out is a document that others read
        msgspec.json.decode(msgspec.json.encode(found.catalogue), type=Catalogue)


def test_merging_keeps_what_is_there() -> None:
    there = changed(("defaults/timeout_ms", 700))
    both = merged(there, imported(ZOO).catalogue)
    assert both.defaults.timeout_ms == 700
    assert set(both.operations) == {*shop().operations, *imported(ZOO).catalogue.operations}
    assert [change.action for change in diff(there, both)] == ["add"] * len(diff(there, both))
