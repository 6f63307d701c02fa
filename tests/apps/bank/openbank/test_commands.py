"""Third parties are registered, listed and revoked by command; the document is that of the code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from bank.__main__ import main

DOCUMENT = Path(__file__).parents[4] / "apps" / "bank" / "openbank" / "openapi.json"
BACK = "https://ledger.example/back"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["openbank", *arguments])
    told = capsys.readouterr()
    return code, told.out, told.err


def keys(folder: Path, *some: Any, private: bool = False) -> str:
    file = folder / "keys.json"
    file.write_text(json.dumps({"keys": [key.as_dict(private=private) for key in some]}))
    return str(file)


def test_the_document_is_that_of_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "openapi")[1] == DOCUMENT.read_text("utf-8"), (
        "python -m bank openbank openapi > apps/bank/openbank/openapi.json"
    )


def test_register_list_revoke(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ("--data", str(tmp_path))
    jwks = keys(tmp_path, ECKey.generate_key("P-256"), RSAKey.generate_key(2048))
    _, client, _ = run(
        capsys,
        "register",
        *data,
        "--name",
        "Shop Ledger",
        "--jwks",
        jwks,
        "--redirect-uri",
        BACK,
        "--scope",
        "accounts",
    )
    client = client.strip()
    _, listed, _ = run(capsys, "list", *data)
    assert client in listed and "accounts  Shop Ledger" in listed and BACK in listed and "revoked" not in listed
    assert run(capsys, "revoke", client, *data)[:2] == (
        0,
        "Shop Ledger may not ask any more; its consents have ended.\n",
    )
    assert "revoked" in run(capsys, "list", *data)[1]
    assert run(capsys, "revoke", client, *data)[0] == 1


@pytest.mark.parametrize(
    "uri",
    [
        "http://ledger.example/back", "https://ledger.example/back#here", "https://user@ledger.example/", "ledger://back",
        "http://localhost:8000/", "http://127.0.0.1/", "https://", "https://ledger.example/a;b", "javascript:alert(1)",
        "https://ledger.example/ back", "https://[", "",
    ],
)  # fmt: skip
def test_where_nobody_is_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str], uri: str) -> None:
    jwks = keys(tmp_path, ECKey.generate_key("P-256"))
    code, _, told = run(
        capsys, "register", "--data", str(tmp_path), "--name", "A", "--jwks", jwks, f"--redirect-uri={uri}"
    )
    assert code == 1 and "no address to send customers back to" in told


@pytest.mark.parametrize("kind", ["private", "P-384", "short", "same", "none", "text"])
def test_keys_that_are_not_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    key = ECKey.generate_key("P-256", {"kid": "1"})
    some = {"P-384": [ECKey.generate_key("P-384")], "same": [key, key], "none": []}.get(kind, [key])
    file = keys(tmp_path, *some, private=kind == "private")
    if kind == "text":
        Path(file).write_text("[]")
    if kind == "short":
        # 1,024 bits: nobody makes such a key any more, and the library would warn
        short = {"kty": "RSA", "n": "v" * 171, "e": "AQAB"}
        Path(file).write_text(json.dumps({"keys": [short]}))
    code, _, told = run(
        capsys, "register", "--data", str(tmp_path), "--name", "A", "--jwks", file, "--redirect-uri", BACK
    )
    assert code == 1 and "key" in told
