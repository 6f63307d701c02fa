"""The open bank keeps what its OpenAPI document promises, asked by schemathesis with good tokens and proofs."""

from __future__ import annotations

import zlib
from typing import Any
from urllib.parse import urlencode

import hypothesis
import msgspec
import pytest
import requests
import schemathesis
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core import NotSet
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bank.openbank import openapi
from bank.openbank.operations import ROOT
from bank.openbank.rates import Rates
from tests.apps.bank.house import BankHouse
from tests.apps.bank.openbank.party import ISSUER, Party
from tests.apps.bank.openbank.test_payments import agreed, pay
from tests.apps.bank.openbank.test_whole_way import initiation

EXAMPLES = 3
CHECKS: list[Any] = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip


def operations() -> list[Any]:
    schema = schemathesis.openapi.from_dict(openapi.document())
    return [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]


def test_it_is_an_openapi_document() -> None:
    document = openapi.document()
    schemathesis.openapi.from_dict(document).validate()
    # and a document that is none would be found
    document["paths"]["/nothing"] = {"get": {"responses": 5}}
    with pytest.raises(ValueError, match="is not of type"):
        schemathesis.openapi.from_dict(document).validate()


class Asker:
    """Sends generated cases with the right kind of token, and half of them about things that are there."""

    def __init__(self, house: BankHouse) -> None:
        self.house, self.party = house, Party(house)
        party = self.party
        self.consent, tokens = party.allowed()
        paid, token = agreed(party, initiation())
        payment = pay(party, token, paid, initiation()).json["Data"]["DomesticPaymentId"]
        self.tokens = {
            ("accounts", True): party.own(), ("payments", True): party.own("payments"),
            ("accounts", False): tokens["access_token"], ("payments", False): token,
        }  # fmt: skip
        account = party.call(tokens["access_token"], "GET", f"{ROOT}/aisp/accounts").json["Data"]["Account"][0]
        self.known = {"AccountId": account["AccountId"], "DomesticPaymentId": payment, "ConsentId": self.consent}
        self.paid = paid

    def send(self, case: Any) -> Response:
        for name, value in (case.path_parameters or {}).items():
            if zlib.crc32(str(value).encode()) % 2:
                of_payment = name == "ConsentId" and "/pisp/" in case.path
                case.path_parameters[name] = self.paid if of_payment else self.known[name]
        path, query = case.formatted_path, urlencode(case.query or {}, doseq=True)
        headers = {str(name).lower(): str(value) for name, value in (case.headers or {}).items()}
        headers |= {"authorization": "", "content-type": case.media_type or ""}
        body = b"" if isinstance(case.body, NotSet) else self._body(case)
        if path.startswith(ROOT):
            ((scheme, (scope,)),) = case.operation.definition.raw["security"][0].items()
            token = self.tokens[scope, scheme == "TPPOAuth2Security"]
            headers |= {"authorization": f"DPoP {token}", "dpop": self.party.proof(case.method, path, token)}
        elif path == "/oauth/token":
            headers["dpop"] = self.party.proof(case.method, path)
        url = f"{path}?{query}" if query else path
        answer = self.house.call(case.method, url, body, **headers)
        sent = requests.Request(case.method, ISSUER + url).prepare()
        fields = {name: [value] for name, value in answer.headers.items()}
        return Response(answer.status, fields, answer.body, sent, 0.0, verify=False)

    def _body(self, case: Any) -> bytes:
        if case.media_type == "application/json":
            return msgspec.json.encode(case.body)
        fields = case.body if isinstance(case.body, dict) else {}
        if zlib.crc32(repr(fields).encode()) % 2:
            fields = fields | {"client_assertion": self.party.assertion()}
        return urlencode(fields, errors="replace").encode()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["valid", "invalid"])
def test_operations(house: BankHouse, monkeypatch: pytest.MonkeyPatch, mode: GenerationMode) -> None:
    monkeypatch.setattr(house.server.openbank.gate, "rates", Rates(1e6, 1e6))
    asker, wrong, asked = Asker(house), [], 0
    checks = CHECKS + ([negative_data_rejection] if mode is GenerationMode.NEGATIVE else [])
    for operation in operations():
        if mode is GenerationMode.NEGATIVE and not operation.body:
            continue

        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        @hypothesis.settings(
            max_examples=EXAMPLES, derandomize=True, database=None, deadline=None,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        )  # fmt: skip
        def ask(case: Any) -> None:
            nonlocal asked
            asked += 1
            case.validate_response(asker.send(case), checks=checks)

        try:
            ask()
        except Exception as error:
            wrong.append(f"{operation.label}: {error}")
    assert not wrong, "\n\n".join(wrong)
    assert asked > 20
