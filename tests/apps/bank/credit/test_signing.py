"""Signed contracts: valid as they are, broken by any edit."""

from __future__ import annotations

import contextlib
import datetime
import io

import pytest
from pyhanko.pdf_utils.misc import PdfError
from reportlab.pdfgen.canvas import Canvas

from bank.credit.signing import check, new_seal, sha256, sign

NOW = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
SEAL = new_seal("Eden Bank", NOW)


def contract() -> bytes:
    target = io.BytesIO()
    canvas = Canvas(target, invariant=True)
    canvas.drawString(72, 720, "Amount: 50000.00")
    canvas.save()
    return target.getvalue()


SIGNED = sign(contract(), SEAL, "Loan contract L20261120000001")


def test_a_signed_contract() -> None:
    got = check(SIGNED, SEAL.certificate)
    assert (got.is_intact, got.is_banks, got.signer) == (True, True, "Eden Bank")
    assert SIGNED.startswith(contract())


def test_any_edit_breaks_it() -> None:
    whole = sha256(SIGNED)
    for place in range(10, len(contract()), 97):
        edited = SIGNED[:place] + bytes([SIGNED[place] ^ 1]) + SIGNED[place + 1 :]
        assert sha256(edited) != whole
        with contextlib.suppress(PdfError, ValueError):  # it may be no PDF any more
            assert not check(edited, SEAL.certificate).is_intact


def test_what_is_added_later_breaks_it() -> None:
    from pyhanko.pdf_utils.generic import NameObject, pdf_string
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(SIGNED))
    page = writer.root["/Pages"]["/Kids"][0]
    page[NameObject("/Added")] = pdf_string("another amount")
    writer.update_container(page)
    target = io.BytesIO()
    writer.write(target)  # type: ignore[no-untyped-call]
    assert not check(target.getvalue(), SEAL.certificate).is_intact


def test_another_bank_is_not_this_one() -> None:
    other = new_seal("Eden Bank", NOW)
    got = check(sign(contract(), other, "Loan contract"), SEAL.certificate)
    assert not got.is_banks
    assert not got.is_intact


def test_a_contract_without_a_signature() -> None:
    with pytest.raises(ValueError, match="not signed"):
        check(contract(), SEAL.certificate)
