"""The contract: seen, agreed to by its hash, signed, in the tree; and proven without the bank."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bank.__main__ import main
from bank.centres.contract_pages import clauses
from bank.centres.contracts import ContractError, Contracts, prove
from bank.credit import signing
from eden.base.errors import EdenError
from eden.base.ids import now
from tests.apps.bank.house import BankHouse, open_bank
from tests.apps.bank.test_applying_worklist import apply


@pytest.fixture
def house(tmp_path: Path) -> Iterator[BankHouse]:
    with open_bank(tmp_path, 2, 500) as house:
        house.sign_in()
        yield house


def sign(house: BankHouse, application: str, sha256: str = "") -> Any:
    body = {"agreed": True, "sha256": sha256}
    return house.call("POST", f"/v1/loan-applications/{application}/contract", body)


def signed(house: BankHouse, key: str = "k1", **wanted: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A signed loan and its evidence."""
    application = apply(house, key, **wanted).json["id"]
    seen = house.get(f"/v1/loan-applications/{application}/contract")["sha256"]
    loan = sign(house, application, seen).json
    return loan, house.get(f"/v1/loans/{loan['id']}/evidence")


def test_a_contract_is_shown_before_it_is_signed(house: BankHouse) -> None:
    application = apply(house).json
    path = f"/v1/loan-applications/{application['id']}/contract"
    draft = house.get(path)
    content = base64.b64decode(draft["content"])
    assert content.startswith(b"%PDF") and hashlib.sha256(content).hexdigest() == draft["sha256"]
    assert house.get(path) == draft
    assert sign(house, application["id"], "0" * 64).code == "contract-changed"
    assert house.get(f"/v1/loan-applications/{application['id']}")["state"] == "offered"
    assert sign(house, application["id"], draft["sha256"]).json["state"] == "active"
    assert house.call("GET", path).code == "not-offered"


def test_a_contract_is_proven_without_the_bank(house: BankHouse, tmp_path: Path, capsys: Any) -> None:
    loan, evidence = signed(house)
    pdf = base64.b64decode(evidence["content"])
    assert hashlib.sha256(pdf).hexdigest() == evidence["sha256"] == loan["contract"]
    certificate = signing.from_pem(evidence["certificate"].encode())
    proof = prove(pdf, evidence["receipt"].encode(), evidence["keys"], certificate)
    assert (proof.consent.number, proof.consent.shown, proof.entry) == (loan["number"], True, evidence["entry"])
    assert hashlib.sha256(pdf[: proof.consent.bytes]).hexdigest() == proof.consent.contract

    files = {"c.pdf": pdf, "r.json": evidence["receipt"].encode(), "k": "\n".join(evidence["keys"]).encode()}
    for name, content in (files | {"b.pem": evidence["certificate"].encode()}).items():
        (tmp_path / name).write_bytes(content)
    words = ["verify-contract", str(tmp_path / "c.pdf"), "--receipt", str(tmp_path / "r.json")]
    words += ["--keys", str(tmp_path / "k"), "--certificate", str(tmp_path / "b.pem")]
    assert main(words) == 0
    assert f"VALID: contract {loan['number']}" in capsys.readouterr().out
    (tmp_path / "c.pdf").write_bytes(pdf.replace(b"12", b"13", 1))
    assert main(words) == 1
    assert "NOT VALID" in capsys.readouterr().out
    (tmp_path / "k").unlink()
    assert main(words) == 2


def test_what_does_not_prove_a_contract(house: BankHouse, tmp_path: Path) -> None:
    _, evidence = signed(house)
    _, other = signed(house, "k2", amount=1_000_000)
    pdf, receipt = base64.b64decode(evidence["content"]), evidence["receipt"].encode()
    keys, certificate = evidence["keys"], signing.from_pem(evidence["certificate"].encode())
    stranger = Contracts(tmp_path / "stranger.key", now())
    for wrong, words in (
        ((pdf, other["receipt"].encode(), keys, certificate), "something else"),
        ((pdf, receipt.replace(b"contract", b"Contract", 1), keys, certificate), "changed"),
        ((pdf, receipt, ["0" * 64], certificate), "key"),
        ((pdf, receipt, keys, stranger.certificate), "signature does not fit"),
        ((b"%PDF-1.4 nothing", receipt, keys, certificate), "not a contract"),
        ((pdf + b"\n%more", receipt, keys, certificate), "changed|another file"),
    ):
        with pytest.raises(ContractError, match=words):
            prove(*wrong)


def test_every_byte_of_a_contract_counts(house: BankHouse) -> None:
    _, evidence = signed(house)
    pdf, receipt = base64.b64decode(evidence["content"]), evidence["receipt"].encode()
    certificate = signing.from_pem(evidence["certificate"].encode())
    for place in range(0, len(pdf), len(pdf) // 40):
        edited = pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :]
        with pytest.raises(ContractError):
            prove(edited, receipt, evidence["keys"], certificate)


def test_without_a_hash_the_consent_says_so(house: BankHouse) -> None:
    loan = sign(house, apply(house).json["id"]).json
    evidence = house.get(f"/v1/loans/{loan['id']}/evidence")
    proof = prove(
        base64.b64decode(evidence["content"]),
        evidence["receipt"].encode(),
        evidence["keys"],
        signing.from_pem(evidence["certificate"].encode()),
    )
    assert not proof.consent.shown


def test_the_banks_key_stays(tmp_path: Path) -> None:
    file = tmp_path / "contracts.key"
    first = Contracts(file, now())
    assert file.stat().st_mode & 0o777 == 0o600
    assert Contracts(file, now()).certificate == first.certificate
    file.write_bytes(b"{}")
    with pytest.raises(EdenError, match="Restore it"):
        Contracts(file, now())


def test_clauses_are_in_both_languages() -> None:
    from bank.centres import products
    from bank.centres.contract_pages import Facts
    from bank.values import Offer

    loan = products.FIRST["SHOP"]
    assert isinstance(loan, products.Loan)
    facts = Facts(
        number="L1", day="2026-11-26", name="林晓雨", document="", made_up=True, product=loan,
        offer=Offer(1, 1, 1, 1, 1, 1), plan=[], cooling_off=7,
    )  # fmt: skip
    said = clauses(facts)
    assert all(chinese and english for chinese, english in said)
    assert any("7 日内" in chinese and "7 days" in english for chinese, english in said)
    assert any("2.40%" in chinese for chinese, _ in said)
