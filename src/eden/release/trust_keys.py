"""Keys that sign metadata: on the server sealed under its secret, root keys in files that the server never sees.

An online role has two keys, Ed25519 and ECDSA P-256, and both sign: a browser without Ed25519 verifies the other one
(threshold 1). Root keys are ECDSA P-256 alone, which every Web Crypto has: a threshold counts keys, and with a pair
for every holder two keys of one person would count as two people.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner, SSlibKey

from eden.base.errors import EdenError

ED25519 = "ed25519"
P256 = "ecdsa-sha2-nistp256"
ONLINE_SCHEMES = (ED25519, P256)


def new_signer(scheme: str) -> CryptoSigner:
    """A new key pair."""
    return CryptoSigner.generate_ed25519() if scheme == ED25519 else CryptoSigner.generate_ecdsa()


def to_bytes(signer: CryptoSigner) -> bytes:
    """The private key, PKCS #8 in PEM, not encrypted."""
    return signer.private_bytes


def from_bytes(data: bytes, public: dict[str, Any]) -> CryptoSigner:
    """What `to_bytes` gave, with the public key as metadata lists it (and its key id under "keyid")."""
    private = serialization.load_pem_private_key(data, None)
    if not isinstance(private, (Ed25519PrivateKey, EllipticCurvePrivateKey)):
        raise ValueError("neither an Ed25519 nor an ECDSA key")
    return CryptoSigner(private, key_from(public))


def key_from(public: dict[str, Any]) -> SSlibKey:
    """A public key from the form of `key_to`. Raises ValueError or KeyError when it is none that may sign here."""
    fields = dict(public)
    key = SSlibKey.from_dict(fields.pop("keyid"), fields)
    if key.scheme not in ONLINE_SCHEMES:
        raise ValueError(f"the scheme {key.scheme} is not used here")
    return key


def key_to(key: SSlibKey) -> dict[str, Any]:
    """{"keyid", "keytype", "scheme", "keyval": {"public"}}."""
    return {"keyid": key.keyid, **key.to_dict()}


# files of root keys


def write_key_file(path: Path, signer: CryptoSigner, passphrase: str | None) -> None:
    """Write a private key, readable by its owner only; never in place of a file that is there.

    Encrypted with `passphrase` (PKCS #8, scrypt or PBKDF2 as OpenSSL prefers), or plain without one.
    """
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    private = serialization.load_pem_private_key(signer.private_bytes, None)
    data = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise EdenError(
            "key-file", f"{path} is there already.", "Give another folder: keys are never written over."
        ) from None
    except OSError as error:
        raise EdenError("key-file", f"{path} cannot be written: {error.strerror}.") from error


def read_key_file(path: Path, passphrase: str | None) -> CryptoSigner:
    """A key of `write_key_file`. Raises EdenError "key-passphrase" when it needs one, or another one."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise EdenError(
            "key-file", f"{path} cannot be read: {error.strerror}.", "Name the file of a root key."
        ) from error
    try:
        private = serialization.load_pem_private_key(data, None if passphrase is None else passphrase.encode())
    except TypeError:
        if passphrase is None:
            raise EdenError("key-passphrase", f"{path} is encrypted.", "Give its passphrase.") from None
        return read_key_file(path, None)
    except ValueError as error:
        if b"ENCRYPTED" in data:
            raise EdenError("key-passphrase", f"{path} cannot be opened.", "Is the passphrase right?") from None
        raise EdenError("key-file", f"{path} is not a private key: {error}.") from error
    try:
        signer = CryptoSigner(private) if isinstance(private, (Ed25519PrivateKey, EllipticCurvePrivateKey)) else None
    except ValueError:  # another curve
        signer = None
    if signer is None or signer.public_key.scheme not in ONLINE_SCHEMES:
        raise EdenError("key-file", f"{path} is neither an Ed25519 nor an ECDSA P-256 key.")
    return signer
