"""The API keeps what its OpenAPI document promises, asked by schemathesis with the token of an owner.

All routes of the composed platform take part; examples are few per route and the same on every run.
"""

from __future__ import annotations

import asyncio
import socket
import zlib
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
import uvicorn
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Err, Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from eden.base.identity.principal import Principal
from eden.base.identity.roles import PERMISSIONS
from eden.base.parts import Founding
from tests.office import Office, open_office

#: requests made per run, shared among all operations and both kinds of data
EXAMPLES = 400

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    ignored_auth,
    unsupported_method,
]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = Path(tmp_path_factory.mktemp("office"))
    with open_office(folder) as office:
        owner = Principal("user", office.people["owner"], "user:owner@example.com", user_id=office.people["owner"])
        permissions = {office.here_id: frozenset(PERMISSIONS)}
        founding = Founding(replace(owner, permissions=permissions), {office.here: office.here_id}, folder / "keys")
        for part in office.platform.parts:
            if part.init is not None:
                asyncio.run(_made(part.init(founding)))
        yield office


async def _made(making: Awaitable[Sequence[str]]) -> None:
    await making


@pytest.fixture(scope="module")
def known(office: Office) -> dict[str, list[str]]:
    """Things that are there, by the name of the path's parameter: half of the requests are about them."""

    def make(path: str, **body: Any) -> Any:
        answer = office.ask("owner", "POST", f"/workspaces/test{path}", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    make("/programs", key="shell", name="Shell", kind="native")
    notice = {"texts": {"en": {"title": "New", "text": "Better"}}, "url": "https://example.com/app"}
    for code in (100, 101, 102):
        make("/programs/shell/upgrades", version=f"1.0.{code}", code=code, native=notice)
    token = office.ask("owner", "POST", "/workspaces/test/tokens", json={"name": "spare", "scopes": ["audit.read"]})
    plan = {"steps": [{"name": "some", "audience": {"share": 100}}]}
    release = make("/releases", program="shell", code=101, plan=plan, notes="")
    return {
        "workspace": ["test"],
        "program": ["shell"],
        "code": ["100", "101", "102"],
        "release": [release["id"]],
        "user_id": [office.people["operator"], office.people["auditor"]],
        "token_id": [token.json()["token"]["id"]],
    }


@pytest.fixture(scope="module")
def address(office: Office) -> Iterator[str]:
    """The office's platform on a port: some checks send requests of their own."""
    listener = socket.create_server(("127.0.0.1", 0))
    # the platform runs in the client's loop already: this server only passes requests on, in the same loop
    server = uvicorn.Server(uvicorn.Config(office.platform, lifespan="off", log_config=None, access_log=False))
    assert office.client.blocking_portal is not None
    serving = office.client.blocking_portal.start_task_soon(server.serve, [listener])
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    serving.result()
    listener.close()


@pytest.fixture(scope="module")
def operations(office: Office) -> list[Any]:
    document = office.client.get("/api/v1/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    found = list(schema.get_all_operations())
    assert not [result for result in found if isinstance(result, Err)]
    return [result.ok() for result in found if isinstance(result, Ok)]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["valid", "invalid"])
def test_operations(
    office: Office, address: str, operations: list[Any], known: dict[str, list[str]], mode: GenerationMode
) -> None:
    examples = max(3, EXAMPLES // (2 * len(operations)))
    checks = CHECKS + ([negative_data_rejection] if mode is GenerationMode.NEGATIVE else [])
    wrong = []
    for operation in operations:
        if mode is GenerationMode.NEGATIVE and not _has_input(operation):
            continue
        try:
            _exercise(operation, mode, examples, address, office.tokens["owner"], known, checks)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            wrong.append(f"{operation.label}: {error}")
    assert not wrong, "\n\n".join(wrong)


def _exercise(
    operation: Any,
    mode: GenerationMode,
    examples: int,
    address: str,
    token: str,
    known: dict[str, list[str]],
    checks: list[Any],
) -> None:
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    @hypothesis.settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    def ask(case: Any) -> None:
        for name, value in (case.path_parameters or {}).items():
            number = zlib.crc32(str(value).encode())
            # other workspaces would all be answered alike
            if name in known and (name == "workspace" or number % 2):
                case.path_parameters[name] = known[name][number // 2 % len(known[name])]
        case.call_and_validate(
            base_url=address, headers={"Authorization": f"Bearer {token}"}, checks=checks, timeout=20
        )

    ask()


def _has_input(operation: Any) -> bool:
    """Whether anything can be sent that the document forbids."""
    names = {parameter.name for parameter in operation.query} if operation.query else set()
    return bool(names or operation.body)


def test_document_is_complete(operations: list[Any], office: Office) -> None:
    """Every operation has a name, a sentence, a group that is described, and its problems."""
    document = office.client.get("/api/v1/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    tags = {tag["name"] for tag in document["tags"]}
    assert len({operation.definition.raw["operationId"] for operation in operations}) == len(operations) > 15
    for operation in operations:
        raw = operation.definition.raw
        sentence = raw.get("description", "").partition("\n\nNeeds ")[0].removeprefix("Needs ")
        assert sentence.endswith("."), f"{operation.label} has no description"
        assert raw["tags"] and set(raw["tags"]) <= tags, f"{operation.label} has no tag that is described"
        assert {"400", "500"} <= raw["responses"].keys()
    for name, schema in document["components"]["schemas"].items():
        assert "[" not in name
        assert "." not in name, f"{name} is not a good name for a generated class"
        assert schema
