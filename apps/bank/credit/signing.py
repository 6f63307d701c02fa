"""The bank's signature in a contract's PDF (PAdES, ISO 32000-2), and its check.

The key is made at the first start and kept sealed or in a folder of mode 0700 by whoever calls; its certificate is the
bank's own. What the customer gets is the signed file; `sha256` of it goes into the ledger's tree as a transfer's data.
"""

from __future__ import annotations

import datetime
import hashlib
import io
from collections.abc import Mapping

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from msgspec import Struct
from pyhanko.pdf_utils import embed
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

_YEARS = 10
_FIELD = "Bank"


class Seal(Struct, frozen=True):
    """The bank's key (PKCS #8, DER, secret) and certificate (X.509, DER)."""

    key: bytes
    certificate: bytes


class Check(Struct, frozen=True):
    """Whether a file is as it was signed, by the bank; when it says that this was; who signed."""

    is_intact: bool
    is_banks: bool
    signer: str


def new_seal(bank: str, at: datetime.datetime) -> Seal:
    """A key on P-256 and its certificate, from `at` on for ten years."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, bank), x509.NameAttribute(NameOID.COMMON_NAME, bank)]
    )
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at)
        .not_valid_after(at + datetime.timedelta(days=365 * _YEARS))
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    der = serialization.Encoding.DER
    plain = serialization.NoEncryption()
    return Seal(key.private_bytes(der, serialization.PrivateFormat.PKCS8, plain), certificate.public_bytes(der))


def sign(pdf: bytes, seal: Seal, reason: str, attach: Mapping[str, bytes] | None = None) -> bytes:
    """The file with the bank's signature; nothing of it is changed, the signature is added behind, with JSON texts to
    `attach` by their names.

    A signed file takes no other changes: whoever edits it breaks the signature.
    """
    signer = SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(seal.certificate),
        signing_key=asn1_keys.PrivateKeyInfo.load(seal.key),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )
    metadata = PdfSignatureMetadata(
        field_name=_FIELD, reason=reason, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES, certify=True
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    for name, content in (attach or {}).items():
        held = embed.EmbeddedFileObject.from_file_data(writer, content, mime_type="application/json")
        embed.embed_file(writer, embed.FileSpec(name, embedded_data=held))
    target = io.BytesIO()
    PdfSigner(metadata, signer=signer).sign_pdf(writer, output=target)
    return target.getvalue()


def check(pdf: bytes, certificate: bytes) -> Check:
    """Whether a file carries the signature of this certificate, over every byte of it. Offline.

    Raises ValueError for a file without a signature.
    """
    signatures = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    if not signatures:
        raise ValueError("the file is not signed")
    trusted = asn1_x509.Certificate.load(certificate)
    context = ValidationContext(trust_roots=[trusted], allow_fetching=False)
    status = validate_pdf_signature(signatures[0], context)
    is_whole = bool(status.intact and status.valid and status.bottom_line)
    signer = signatures[0].signer_cert
    return Check(is_whole, signer.sha256 == trusted.sha256, str(signer.subject.native.get("common_name", "")))


def attached(pdf: bytes, name: str) -> bytes:
    """What is attached to a file under a name. Raises LookupError when nothing is."""
    names = PdfFileReader(io.BytesIO(pdf)).root["/Names"]["/EmbeddedFiles"]["/Names"]
    for place in range(0, len(names), 2):
        if names[place] == name:
            content: bytes = names[place + 1]["/EF"]["/F"].data
            return content
    raise LookupError(f"nothing is attached as {name}")


def to_pem(certificate: bytes) -> bytes:
    """A certificate (DER) as text."""
    return x509.load_der_x509_certificate(certificate).public_bytes(serialization.Encoding.PEM)


def from_pem(text: bytes) -> bytes:
    """A certificate (PEM) as DER. Raises ValueError when it is none."""
    return x509.load_pem_x509_certificate(text).public_bytes(serialization.Encoding.DER)


def sha256(pdf: bytes) -> str:
    """A file's fingerprint, hexadecimal: what a receipt and the ledger's tree have of it."""
    return hashlib.sha256(pdf).hexdigest()
