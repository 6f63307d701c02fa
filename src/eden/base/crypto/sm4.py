"""SM4 (GB/T 32907-2016) in Galois/Counter Mode with a 16-byte tag, as RFC 8998 has it."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM

from eden.base.crypto.failures import Unopened

TAG = 16
IV = 12


def sm4_gcm_encrypt(key: bytes, iv: bytes, plaintext: bytes, associated: bytes = b"") -> bytes:
    """`ciphertext || tag`. `key` has 16 bytes, `iv` 12, never used before with this key."""
    encryptor = Cipher(SM4(key), GCM(iv)).encryptor()
    encryptor.authenticate_additional_data(associated)
    return encryptor.update(plaintext) + encryptor.finalize() + encryptor.tag


def sm4_gcm_decrypt(key: bytes, iv: bytes, sealed: bytes, associated: bytes = b"") -> bytes:
    """The plaintext of `ciphertext || tag`; Unopened when anything is another."""
    if len(sealed) < TAG or len(iv) != IV:
        raise Unopened
    decryptor = Cipher(SM4(key), GCM(iv, sealed[-TAG:])).decryptor()
    decryptor.authenticate_additional_data(associated)
    try:
        return decryptor.update(sealed[:-TAG]) + decryptor.finalize()
    except InvalidTag:
        raise Unopened from None
