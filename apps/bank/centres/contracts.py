"""The loan contract: what the customer sees, agrees to, and can prove for ever.

1. `draft`: the contract of an offer as a PDF, in Chinese and English. The same offer has the same bytes all day.
2. The customer agrees to its SHA-256: a consent record, JSON in one spelling.
3. `Contracts.signed`: the consent is put into the PDF behind the draft's own bytes, and the bank's signature (PAdES)
   over both. The SHA-256 of that file is a note in the ledger's tree before there is money.
4. `prove`: file, receipt and the bank's public keys together show all of it, offline.
"""

from __future__ import annotations

import datetime
import hashlib
import os
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, select

from bank.centres import applying, customers, loan_books, products
from bank.centres.contract_pages import Facts, pages
from bank.credit import signing
from bank.ledger.receipts import Note, Receipt, ReceiptError, verify
from bank.refusals import Refusal
from bank.tables import customers as customer_table
from bank.tables import documents
from bank.times import day_of, local
from eden.base.errors import EdenError
from eden.base.sealing import Seal

#: of notes in the ledger's tree, and of documents
KIND: Final = "contract"
CONSENT: Final = "consent.json"
BANK: Final = "伊甸银行 Eden Bank"
_FORMAT: Final = "eden-contract-consent-1"


class Draft(Struct, frozen=True):
    """A contract that nobody has signed: its SHA-256 is what is agreed to; `content` is the PDF in base64."""

    name: str
    sha256: str
    content: bytes


class Evidence(Struct, frozen=True):
    """All that a customer needs to prove a contract without the bank: the signed PDF in base64, the receipt of its note
    in the ledger, the ledger's public keys, the certificate (PEM), and the number of the entry."""

    name: str
    sha256: str
    content: bytes
    receipt: str
    keys: list[str]
    certificate: str
    entry: int


class Consent(Struct, frozen=True):
    """What a customer has agreed to: the SHA-256 of the contract's first `bytes`. `shown`: the customer's own program
    has named that SHA-256; without it, they agreed to the offer and the contract was made of it."""

    format: str
    contract: str
    bytes: int
    application: str
    number: str
    customer: str
    shown: bool
    at: str


class Proof(Struct, frozen=True):
    """What a contract's file and its receipt prove: the note's entry in the journal, and the head that was signed."""

    consent: Consent
    signer: str
    sha256: str
    entry: int
    size: int
    root: str


class ContractError(ValueError):
    """What is wrong with a contract or its proof, as a sentence."""


def draft(connection: Connection, seal: Seal, customer: str, identifier: str, at: int) -> bytes:
    """The contract that signing would make now. Refusals "not-found", "not-offered"."""
    row = applying.own(connection, customer, identifier)
    if row.state != "offered":
        raise Refusal("not-offered")
    product = products.find(connection, row.product, row.product_version).product
    assert isinstance(product, products.Loan)  # nothing else can be applied for
    person = connection.execute(select(customer_table).where(customer_table.c.id == customer)).one()
    verdict, lender, today = row.detail["verdict"], applying.lender_of(row), day_of(at)
    terms = loan_books.terms_of(product, verdict["amount"], verdict["rate_bp"], row.term, today)
    return pages(
        Facts(
            number=row.number,
            day=today.isoformat(),
            name=person.name,
            document=customers.view(connection, customer, seal, masked=True).document,
            made_up=person.made_up,
            product=product,
            offer=loan_books.offer_of(terms, verdict["rate_bp"]),
            plan=loan_books.plan_of(terms),
            cooling_off=row.detail["decision"]["duties"].get("cooling-off-days", 0),
            partner=lender.partners[0] if lender.is_joint else "",
            partner_share=10_000 - lender.own_share,
        )
    )


def shown(connection: Connection, seal: Seal, customer: str, identifier: str, at: int) -> Draft:
    """The draft as the mini program gets it."""
    content = draft(connection, seal, customer, identifier, at)
    number = applying.own(connection, customer, identifier).number
    return Draft(f"{number}.pdf", hashlib.sha256(content).hexdigest(), content)


def evidence(
    connection: Connection, signer: Contracts, sha256: str, number: str, receipt: Receipt, keys: list[str]
) -> Evidence:
    """What a customer takes home. Refusal "not-found" when the contract is not kept any more."""
    content = connection.execute(select(documents.c.content).where(documents.c.id == sha256)).scalar()
    if content is None or receipt.note is None:
        raise Refusal("not-found")
    pem = signing.to_pem(signer.certificate).decode()
    return Evidence(f"{number}.pdf", sha256, content, receipt.encoded().decode(), keys, pem, receipt.note.seq)


class Contracts:
    """Contracts with the bank's signature. `file` has its key and certificate; a first start makes them."""

    def __init__(self, file: Path, at: int) -> None:
        self._seal = _load(file, at)

    @property
    def certificate(self) -> bytes:
        """Of the bank's signatures, DER."""
        return self._seal.certificate

    def signed(self, content: bytes, consent: Consent) -> bytes:
        """The draft, the consent to it, and the bank's signature over both."""
        record = msgspec.json.encode(consent)
        return signing.sign(content, self._seal, f"借款合同 Loan contract {consent.number}", {CONSENT: record})


def consent(content: bytes, row_id: str, number: str, customer: str, seen: str, at: int) -> Consent:
    """The customer's word on a draft. Refusal "contract-changed" when what they have seen is another one."""
    sha256 = hashlib.sha256(content).hexdigest()
    if seen and seen != sha256:
        raise Refusal("contract-changed")
    return Consent(_FORMAT, sha256, len(content), row_id, number, customer, bool(seen), local(at).isoformat())


def read(pdf: bytes, certificate: bytes) -> tuple[Consent, str]:
    """The consent in a contract, and who signed. Raises ContractError when the file is not as it was signed."""
    try:
        check = signing.check(pdf, certificate)
        record = signing.attached(pdf, CONSENT)
        said = msgspec.json.decode(record, type=Consent)
    except Exception as error:
        # anything may stand in a file that somebody calls a contract
        raise ContractError("This is not a contract that the bank has signed.") from error
    if not (check.is_intact and check.is_banks):
        raise ContractError("The bank's signature does not fit: something in the contract was changed.")
    if said.format != _FORMAT or hashlib.sha256(pdf[: said.bytes]).hexdigest() != said.contract:
        raise ContractError("The customer has agreed to another contract than this one.")
    return said, check.signer


def prove(pdf: bytes, receipt: bytes, keys: list[str], certificate: bytes) -> Proof:
    """That a contract is the bank's, agreed to, and in the bank's journal. Needs no bank. Raises ContractError."""
    said, signer = read(pdf, certificate)
    try:
        proven = verify(receipt, keys)
    except ReceiptError as error:
        raise ContractError(str(error)) from error
    note, sha256 = proven.entry, hashlib.sha256(pdf).hexdigest()
    if not isinstance(note, Note) or (note.kind, note.key) != (KIND, said.number):
        raise ContractError("The receipt is of something else.")
    if msgspec.json.decode(note.body).get("sha256") != sha256:
        raise ContractError("The journal has another file under this number.")
    return Proof(said, signer, sha256, note.seq, proven.head.size, proven.head.root)


def prove_files(pdf: Path, receipt: Path, keys: Path, certificate: Path) -> int:
    """Print what files prove; the exit code. Needs no bank and no network."""
    try:
        lines = [line for line in keys.read_text().splitlines() if line.strip()]
        proof = prove(pdf.read_bytes(), receipt.read_bytes(), lines, signing.from_pem(certificate.read_bytes()))
    except OSError as error:
        print(f"{error.filename} cannot be read: {error.strerror}.")
        return 2
    except (ContractError, UnicodeDecodeError) as error:
        print(f"NOT VALID: {error}")
        return 1
    said = proof.consent
    print(f"VALID: contract {said.number}, signed by {proof.signer}")
    print(f"  {said.customer} agreed on {said.at} to {said.contract}")
    print(f"  entry {proof.entry} of {proof.size}; root {proof.root}")
    return 0


def _load(file: Path, at: int) -> signing.Seal:
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        try:
            return msgspec.json.decode(file.read_bytes(), type=signing.Seal)
        except msgspec.DecodeError:
            raise EdenError(
                "bank-contracts", f"{file} does not hold the key of contracts.", "Restore it from a backup."
            ) from None
    # of yesterday: whoever checks may have a clock that is late
    seal = signing.new_seal(BANK, local(at).astimezone(datetime.UTC) - datetime.timedelta(days=1))
    with os.fdopen(handle, "wb") as writer:
        writer.write(msgspec.json.encode(seal))
    return seal
