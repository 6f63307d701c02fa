"""The bank at the gateway: what the file says, what the gateway makes of it, what the mini program calls."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bank import catalogue
from bank.__main__ import main
from eden.gateway.interfaces import Catalogue
from eden.gateway.rules_catalogue import check
from tests.apps.bank.test_miniprogram import told

FILE = Path(__file__).parents[3] / "apps" / "bank" / "gateway.toml"


def read(text: str) -> Catalogue:
    return msgspec.convert(tomllib.loads(text), Catalogue)


def test_the_file_is_that_of_the_routes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue"]) == 0
    assert capsys.readouterr().out == FILE.read_text(encoding="utf-8"), (
        "python -m bank catalogue > apps/bank/gateway.toml"
    )


def test_the_gateway_takes_it() -> None:
    findings = check(read(FILE.read_text(encoding="utf-8")))
    # transfers have a key by which the bank knows repeated ones; the check is for the gateway alone
    assert {(finding.level, finding.place.rpartition(".")[2]) for finding in findings} <= {
        ("warning", "any_method"),
        ("warning", "operation"),
    }, findings


def test_every_operation_but_coming_in_is_of_somebody() -> None:
    operations = read(FILE.read_text(encoding="utf-8")).operations
    anonymous = {name for name, one in operations.items() if one.authorizer is None}
    names = ("session.open", "session.check", "customer.enrol")
    assert anonymous == {f"eden.bank.identity.{name}" for name in names}
    assert not operations["eden.bank.identity.session.check"].open


def test_the_mini_program_knows_them_by_the_same_names() -> None:
    operations = read(FILE.read_text(encoding="utf-8")).operations
    called: dict[str, Any] = told("console.log(JSON.stringify(require('./operations')))")
    for name, (method, path) in called.items():
        there = operations[f"eden.bank.{name}"]
        assert (there.method, there.path.replace("${", "{")) == (method, f"/v1{path}")


def test_models_are_what_the_bank_answers() -> None:
    models = read(FILE.read_text(encoding="utf-8")).models
    account = models["Account"].fields
    assert account is not None and (account["balance"].type, account["balance"].required) == ("long", True)
    page = models["PageOfMovement"].fields
    assert page is not None and (page["items"].type, page["next"].type) == ("Movement[]", "string?")


def test_the_address_is_of_whoever_runs_it() -> None:
    there = msgspec.convert(catalogue.document([], "http://bank.internal:80"), Catalogue)
    assert there.groups["bank"].upstreams["bank"].targets[0].url == "http://bank.internal:80"
