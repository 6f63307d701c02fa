"""docs/gateway-wire.md is true: its examples sign what the gateway takes, its table has the codes."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import msgspec
import pytest

from eden.base.tools import node
from eden.gateway.pipeline.codes import CODES
from tests.gateway.pipeline.house import APP, SECRET, House, catalogue, sign

PAGE = (Path(__file__).parents[3] / "docs" / "gateway-wire.md").read_text(encoding="utf-8")
GIVEN = ("k1", "shop", "eden.bank.account.overview.get", "POST", "?month=5", 1780000000000, "Zm9yIGRvY3VtZW50YXRpb24")
BODY = b'{"currency":"EUR"}'


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def in_python() -> str:
    names: dict[str, object] = {}
    exec(block("python"), names)
    found = names["signature"](SECRET.key, *GIVEN, BODY)  # type: ignore[operator]
    assert isinstance(found, str)
    return found


def in_javascript() -> str:
    secret, body = json.dumps(SECRET.key.decode()), json.dumps(BODY.decode())
    call = f"signature(utf8({secret}), ...{json.dumps(GIVEN)}, utf8({body}))"
    script = f"{block('js')}\nconst utf8 = (text) => new TextEncoder().encode(text)\n"
    script += f"{call}.then((text) => console.log(text))"
    return subprocess.run([str(node()), "-e", script], check=True, capture_output=True, text=True).stdout.strip()


def test_both_examples_give_what_the_page_shows() -> None:
    kid, app, operation, method, target, time, nonce = GIVEN
    expected = sign(SECRET, app, operation, method.encode(), target.encode(), str(time), nonce, BODY)
    assert in_python() == in_javascript() == expected
    assert f"| header | `{expected}` |" in PAGE
    for value in (SECRET.key.decode(), kid, app, operation, target, str(time), nonce, BODY.decode()):
        assert f"`{value}`" in PAGE


def test_the_gateway_takes_it() -> None:
    operation = {"group": "bank", "open": True}
    house = House(catalogue(operations={GIVEN[2]: operation}), msgspec.structs.replace(APP, key="shop"))
    headers = {"x-eden-app": "shop", "x-eden-signature": in_python()}
    house.passes(BODY, operation=GIVEN[2], target=GIVEN[4].encode(), nonce=GIVEN[6], signed=None, headers=headers)


@pytest.mark.parametrize("code", CODES)
def test_the_table_has_every_code(code: int) -> None:
    known = CODES[code]
    status = "the service's" if known.name == "business" else str(known.status)
    assert f"| {code} | {status} | `{known.name}` | {known.memo or 'all is well'} |" in PAGE


def test_the_table_has_no_other() -> None:
    rows = re.findall(r"^\| ([0-9]{4}) \|", PAGE, re.MULTILINE)
    assert [int(row) for row in rows] == list(CODES)
