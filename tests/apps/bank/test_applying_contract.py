"""The contract: seen, agreed to by its hash, signed, in the tree; and proven without the bank."""

from __future__ import annotations

import base64
import datetime
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from bank import typeface
from bank.__main__ import main
from bank.centres import loan_books, products
from bank.centres.contract_pages import Facts, clauses, costs, pages
from bank.centres.contract_pages import terms as lent
from bank.centres.contracts import BANK, ContractError, Contracts, consent, prove, read
from bank.credit import signing
from bank.loans.daycount import DayCount
from bank.refusals import yuan
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


def facts(code: str = "SHOP", term: int = 12, name: str = "林晓雨") -> Facts:
    loan = products.FIRST[code]
    assert isinstance(loan, products.Loan)
    made = loan_books.terms_of(loan, 5_000_000, loan.rate_bp, term, datetime.date(2026, 11, 26))
    return Facts(
        number="L1",
        day="2026-11-26",
        name=name,
        document="3101**********1234",
        made_up=True,
        product=loan,
        offer=loan_books.offer_of(made, loan.rate_bp),
        plan=loan_books.plan_of(made),
        cooling_off=7,
    )


def test_clauses_are_in_both_languages() -> None:
    said = clauses(facts())
    assert all(chinese and english for chinese, english in said)
    assert any("7 日内" in chinese and "7 days" in english for chinese, english in said)
    assert any("2.40%" in chinese for chinese, _ in said)


@pytest.mark.parametrize(
    ("day_count", "words"),
    [
        ("30/360", ("每月按十二分之一年计息（30/360）", "each month is a twelfth of a year")),
        ("30E/360", ("按日计息，每月按 30 天（30E/360）", "by the day, months of 30 days")),
        ("act/act ISDA", ("按实际天数计息（act/act ISDA）", "by the actual days")),
    ],
)
def test_how_days_are_counted_is_said(day_count: str, words: tuple[str, str]) -> None:
    given = facts()
    product = msgspec.structs.replace(given.product, day_count=DayCount(day_count))
    said = {label[1]: value for label, value in lent(msgspec.structs.replace(given, product=product))}
    assert said["Day count"] == words


@pytest.mark.parametrize("code", ["SHOP", "HOME"])
def test_all_costs_are_said(code: str) -> None:
    """What the plan takes beyond the principal is the interest, and nothing else is taken of who pays on time."""
    given = facts(code, 36)
    said = {label[1]: value[0] for label, value in costs(given)}
    paid = sum(row.principal + row.interest for row in given.plan)
    assert said["To be repaid in all"] == f"¥ {yuan(paid)}"
    assert said["Interest in all"] == f"¥ {yuan(paid - 5_000_000)}"
    assert said["Annual percentage rate (APR)"] == f"{given.offer.apr_bp / 100:.2f} %"
    assert said["Fees"] == "无"
    if code == "HOME":
        assert said["Repaying early"] == "12 个月内：1.00 %" and said["Late for more than 3 days"] == "每期 ¥ 20.00"
    else:
        assert said["Repaying early"] == said["Late fee"] == "无"


def test_a_contract_has_its_letters(tmp_path: Path) -> None:
    """Any reader shows it: every font is in the file, with the letters' names for who searches and copies."""
    content = pages(facts("HOME", 36, "𠮷田<b>&赵"))
    assert content == pages(facts("HOME", 36, "𠮷田<b>&赵"))
    reader = PdfFileReader(io.BytesIO(content))
    assert reader.root["/Pages"]["/Count"] == 3
    seen = set()
    for page in reader.root["/Pages"]["/Kids"]:
        for name, font in page.get_object()["/Resources"]["/Font"].items():
            held = font.get_object()
            seen.add(name)
            assert held["/FontDescriptor"]["/FontFile2"].data and held["/ToUnicode"].data, name
    assert seen
    signed_too = Contracts(tmp_path / "contracts.key", now())
    whole = signed_too.signed(content, consent(content, "a", "L1", "c", "", now()))
    assert read(whole, signed_too.certificate)[1] == BANK


def test_letters_that_the_typeface_does_not_have() -> None:
    typeface.ready()
    assert typeface.writable("林晓雨（合成）¥ 1.00 %") == "林晓雨（合成）¥ 1.00 %"
    assert typeface.writable("𠮷田") == "〔U+20BB7〕田"


def test_without_the_typeface_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typeface, "_MEMBER", b"no such typeface.ttf\0")
    typeface._font.cache_clear()
    with pytest.raises(EdenError, match=r"requirements\.lock"):
        typeface.ready()
