"""The API keeps what its OpenAPI document promises, asked by schemathesis with the token of an owner.

All routes of the composed platform take part; examples are few per route and the same on every run.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
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
    with open_office(Path(tmp_path_factory.mktemp("office"))) as office:
        yield office


@pytest.fixture(scope="module")
def address(office: Office) -> Iterator[str]:
    """The office's platform on a port: some checks send requests of their own."""
    listener = socket.create_server(("127.0.0.1", 0))
    # the platform runs in the client's loop already: this server only passes requests on
    server = uvicorn.Server(uvicorn.Config(office.platform, lifespan="off", log_config=None, access_log=False))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture(scope="module")
def operations(office: Office) -> list[Any]:
    document = office.client.get("/api/v1/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    found = list(schema.get_all_operations())
    assert not [result for result in found if isinstance(result, Err)]
    return [result.ok() for result in found if isinstance(result, Ok)]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["valid", "invalid"])
def test_operations(office: Office, address: str, operations: list[Any], mode: GenerationMode) -> None:
    examples = max(3, EXAMPLES // (2 * len(operations)))
    checks = CHECKS + ([negative_data_rejection] if mode is GenerationMode.NEGATIVE else [])
    wrong = []
    for operation in operations:
        if mode is GenerationMode.NEGATIVE and not _has_input(operation):
            continue
        try:
            _exercise(operation, mode, examples, address, office.tokens["owner"], checks)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            wrong.append(f"{operation.label}: {error}")
    assert not wrong, "\n\n".join(wrong)


def _exercise(operation: Any, mode: GenerationMode, examples: int, address: str, token: str, checks: list[Any]) -> None:
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
        if "workspace" in (case.path_parameters or {}):
            # others than the owner's would all be answered alike
            case.path_parameters["workspace"] = "test"
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
