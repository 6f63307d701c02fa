"""The OpenAPI document of the open bank, made of the operations that answer (`openapi.json`; a test holds it to them).

python -m bank openbank openapi > apps/bank/openbank/openapi.json
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from bank.catalogue import ADDRESS
from bank.openbank import issued, oauth, proofs
from bank.openbank.errors import ErrorResponse
from bank.openbank.issued import Issued
from bank.openbank.oauth import Introspected
from bank.openbank.operations import LONGEST_KEY, ROOT, Operation
from bank.openbank.rates import BURST, RATE
from bank.openbank.service import operations

_SCHEMA = "#/components/schemas/{name}"
_INTERACTION = {"x-fapi-interaction-id": {"schema": {"type": "string", "format": "uuid"}}}
#: which security scheme calls an operation, by whether it is the third party's own
_SCHEMES = {True: "TPPOAuth2Security", False: "PSUOAuth2Security"}
_DPOP = {
    "name": "DPoP",
    "in": "header",
    "description": "A fresh proof of possession for this request (RFC 9449)",
    "schema": {"type": "string"},
}
_BODILESS = {
    401: "No token, or one that is not good; with a body when the consent's time is over",
    405: "Not with this method",
    415: "The body is not application/json",
    429: f"More than {RATE} requests a second, or {BURST} at once",
}


class PushedAnswer(Struct, frozen=True):
    """RFC 9126, section 2.2."""

    request_uri: str
    expires_in: int


class OAuthProblem(Struct, frozen=True):
    """RFC 6749, section 5.2."""

    error: str
    error_description: str


def document() -> dict[str, Any]:
    """OpenAPI 3.1."""
    # the operations name their bank only when they are asked
    table = operations(None)  # type: ignore[arg-type]
    types: list[Any] = [ErrorResponse, OAuthProblem, PushedAnswer, Issued, Introspected]
    types += [one for operation in table for one in (operation.accepts, operation.returns) if one is not None]
    _, schemas = msgspec.json.schema_components(types, ref_template=_SCHEMA)
    paths: dict[str, dict[str, Any]] = {}
    for operation in table:
        paths.setdefault(ROOT + operation.path, {})[operation.method.lower()] = _operation(operation)
    paths |= dict(_oauth())
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Eden Bank: open banking",
            "version": "4.0.0",
            "description": "Accounts, balances, transactions and domestic payments as in UK Open Banking Read/Write"
            " 4.0; OAuth 2.1 with pushed requests, private_key_jwt and DPoP. Every resource needs the header DPoP"
            " (RFC 9449) with its token.",
        },
        "servers": [{"url": ADDRESS}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": dict(_failures()),
            "securitySchemes": {
                "TPPOAuth2Security": {
                    "type": "oauth2",
                    "description": "The third party's own token, bound to a key by DPoP",
                    "flows": {"clientCredentials": {"tokenUrl": f"{ADDRESS}/oauth/token", "scopes": _scopes()}},
                },
                "PSUOAuth2Security": {
                    "type": "oauth2",
                    "description": "A customer's token, bound to a key by DPoP; requests are pushed to /oauth/par",
                    "flows": {
                        "authorizationCode": {
                            "authorizationUrl": f"{ADDRESS}/oauth/authorize",
                            "tokenUrl": f"{ADDRESS}/oauth/token",
                            "refreshUrl": f"{ADDRESS}/oauth/token",
                            "scopes": _scopes(),
                        }
                    },
                },
            },
        },
    }


def text() -> str:
    """As it is kept."""
    return msgspec.json.format(msgspec.json.encode(document()), indent=2).decode() + "\n"


def _scopes() -> dict[str, str]:
    return {"accounts": "Read accounts", "payments": "Make a payment"}


def _operation(operation: Operation) -> dict[str, Any]:
    answers: dict[str, Any] = {str(operation.status): _answer("Done", operation.returns)}
    for status in (400, 403, 500, *_BODILESS):
        if status != 415 or operation.accepts is not None:
            answers[str(status)] = {"$ref": f"#/components/responses/{status}"}
    wanted: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": _name(operation),
        "tags": [operation.path.split("/")[1]],
        "security": [{_SCHEMES[operation.own]: [operation.scope]}],
        "parameters": list(_parameters(operation)),
        "responses": dict(sorted(answers.items())),
    }
    if operation.permissions:
        wanted["description"] = "Needs the permission " + " or ".join(operation.permissions) + "."
    if operation.accepts is not None:
        wanted["requestBody"] = {"required": True, "content": {"application/json": _schema(operation.accepts)}}
    return wanted


def _failures() -> Iterator[tuple[str, dict[str, Any]]]:
    """What resources answer when they do not."""
    for status, sentence in ((400, "The request is not valid"), (403, "This is not allowed"), (500, "A fault")):
        yield str(status), _answer(sentence, ErrorResponse)
    for status, sentence in _BODILESS.items():
        answer = _answer(sentence, None)
        if status == 429:
            answer["headers"] |= {"Retry-After": {"schema": {"type": "integer"}}}
        yield str(status), answer


def _parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"\{(\w+)\}", operation.path):
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": "^[0-9a-z]{1,40}$"},
        }
    if operation.query is not None:
        shapes = {
            "page": {"type": "string", "pattern": "^[0-9a-f]{32}-[0-9a-f]{32}$"},
        }
        for field in msgspec.structs.fields(operation.query):
            shape = shapes.get(field.name, {"type": "string", "format": "date-time"})
            yield {"name": field.name, "in": "query", "schema": shape}
    yield _DPOP | {"required": True}
    yield {"name": "x-fapi-interaction-id", "in": "header", "schema": {"type": "string", "format": "uuid"}}
    if operation.once:
        key = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]([ -~]*[!-~])?$"}
        yield {"name": "x-idempotency-key", "in": "header", "required": True, "schema": key}


def _oauth() -> Iterator[tuple[str, dict[str, Any]]]:
    """The authorization server's endpoints for programs; its pages are for people."""
    assertion = {
        "client_assertion_type": {"type": "string", "const": proofs.ASSERTION_TYPE},
        "client_assertion": {"type": "string", "description": "A JWT of the client for this server (RFC 7523)"},
    }
    code = {
        "response_type": {"type": "string", "const": "code"},
        "client_id": {"type": "string"},
        "redirect_uri": {"type": "string"},
        "scope": {"enum": ["accounts", "payments"]},
        "state": {"type": "string", "minLength": 1, "maxLength": 500},
        "code_challenge": {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"},
        "code_challenge_method": {"type": "string", "const": "S256"},
        "claims": {"type": "string", "description": '{"id_token": {"openbanking_intent_id": {"value": ConsentId}}}'},
    }
    token = {
        "grant_type": {"enum": ["client_credentials", "authorization_code", "refresh_token"]},
        "scope": {"type": "string"},
        "code": {"type": "string"},
        "code_verifier": {"type": "string"},
        "redirect_uri": {"type": "string"},
        "refresh_token": {"type": "string"},
    }
    one = {"token": {"type": "string"}}
    seconds = issued.REQUEST_SECONDS
    for path, summary, fields, needed, status, returns in (
        ("par", f"Push an authorization request (RFC 9126), good for {seconds} s", code, list(code), 201, PushedAnswer),
        ("token", "Tokens, bound to the key of the header DPoP", token, ["grant_type"], 200, Issued),
        ("introspect", "What a token is (RFC 7662)", one, ["token"], 200, Introspected),
        ("revoke", "End a token, or with its refresh token its family (RFC 7009)", one, ["token"], 200, None),
    ):
        schema = {"type": "object", "properties": assertion | fields, "required": [*assertion, *needed]}
        answers = {str(status): _answer("Done", returns)}
        for failed in (400, 401, 429):
            answers[str(failed)] = _answer("Refused", OAuthProblem)
        for failed in (405, 413):
            answers[str(failed)] = _answer("Refused", OAuthProblem)
        yield (
            f"/oauth/{path}",
            {
                "post": {
                    "summary": summary,
                    "operationId": path,
                    "tags": ["oauth"],
                    "parameters": [_DPOP | {"required": path == "token"}] if path in ("par", "token") else [],
                    "requestBody": {
                        "required": True,
                        "content": {"application/x-www-form-urlencoded": {"schema": schema}},
                    },
                    "responses": dict(sorted(answers.items())),
                }
            },
        )
    found = _answer("RFC 8414", None)
    found["content"] = {"application/json": {"schema": {"type": "object", "required": ["issuer"]}}}
    yield (
        oauth.METADATA,
        {
            "get": {
                "summary": "What this authorization server can do",
                "operationId": "metadata",
                "tags": ["oauth"],
                "responses": {"200": found, "405": _answer("Refused", OAuthProblem)},
            }
        },
    )


def _answer(sentence: str, returns: type[Struct] | None) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": sentence, "headers": dict(_INTERACTION)}
    if returns is not None:
        answer["content"] = {"application/json": _schema(returns)}
    return answer


def _schema(kind: type[Struct]) -> dict[str, Any]:
    return {"schema": {"$ref": _SCHEMA.format(name=kind.__name__)}}


def _name(operation: Operation) -> str:
    """getAccountsBalances"""
    words = re.findall(r"[A-Za-z]+", re.sub(r"\{\w+\}", "", operation.path).split("/", 2)[2])
    which = "One" if operation.path.endswith("}") else ""
    return operation.method.lower() + "".join(word.capitalize() for word in words) + which
