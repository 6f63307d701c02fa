"""Where private keys are: in this process's memory, or in a hardware module.

What goes into the database about a key is `kept`, which the vault alone understands: the key itself, sealed, of the
software vault; a name of the module's, of the other. `ModuleVault` needs of a module what PKCS#11 has: making keys,
`CKM_ECDH1_DERIVE`, `CKM_EDDSA`, `CKM_AES_ECB`, and a vendor's SM2 decryption.
"""

from __future__ import annotations

import os
from typing import Literal, NamedTuple, Protocol, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from eden.base.crypto import HpkePrivateKey, Sm2PrivateKey, Unopened, sm4_gcm_decrypt
from eden.base.crypto.sm2 import OVERHEAD
from eden.base.sealing import Seal
from eden.keyboard.decapsulation import ENC_BYTES, HeldKey, Kem, Receiver
from eden.keyboard.interfaces import KeyAlgorithm
from eden.keyboard.pin_block import BlockCipher

_SM4_KEY = 16
_IV = 12
_SM_HEAD = OVERHEAD + _SM4_KEY
_CURVES: dict[str, Kem] = {"hpke-x25519": "x25519", "hpke-p256": "p256"}


class Made(NamedTuple):
    """A new key: its public part (empty for secret keys) as `eden.base.crypto` has it, and what is kept of it."""

    public: bytes
    kept: bytes


class Opens(Protocol):
    """A private key that values are sealed to."""

    def open(self, info: bytes, sealed: bytes) -> bytes:
        """The plaintext; Unopened."""
        ...


class Signs(Protocol):
    def sign(self, message: bytes) -> bytes: ...


class Vault(Protocol):
    """Makes keys, and finds them again by what was kept. `kid` belongs to the key: `kept` of one is none of another."""

    def make(self, algorithm: KeyAlgorithm, kid: str) -> Made: ...

    def opens(self, algorithm: KeyAlgorithm, kid: str, public: bytes, kept: bytes) -> Opens: ...

    def signs(self, kid: str, kept: bytes) -> Signs: ...

    def enciphers(self, kid: str, kept: bytes) -> BlockCipher: ...


class SoftwareVault:
    """Keys in memory; in the database under a key of the server's secret. EdenError when that is another one."""

    def __init__(self, secret: bytes) -> None:
        self._seal = Seal(secret, "keyboard keys")

    def make(self, algorithm: KeyAlgorithm, kid: str) -> Made:
        public, private = _new_key(algorithm)
        return Made(public, self._seal.close(private, algorithm, kid))

    def opens(self, algorithm: KeyAlgorithm, kid: str, public: bytes, kept: bytes) -> Opens:
        raw = self._seal.open(kept, algorithm, kid)
        if algorithm == "sm2-sm4":
            return _Sm2Opens(Sm2PrivateKey(raw).decrypt)
        return HeldKey(_CURVES[algorithm], raw, public)

    def signs(self, kid: str, kept: bytes) -> Signs:
        return Ed25519PrivateKey.from_private_bytes(self._seal.open(kept, "ed25519", kid))

    def enciphers(self, kid: str, kept: bytes) -> BlockCipher:
        return AesBlocks(self._seal.open(kept, "aes-256", kid))


class AesBlocks:
    """AES on single blocks."""

    def __init__(self, key: bytes) -> None:
        # one block at a time has no mode; this is how the library calls it
        self._cipher = Cipher(algorithms.AES(key), modes.ECB())

    def encrypt(self, block: bytes) -> bytes:
        return self._cipher.encryptor().update(block)

    def decrypt(self, block: bytes) -> bytes:
        return self._cipher.decryptor().update(block)


def _new_key(algorithm: KeyAlgorithm) -> tuple[bytes, bytes]:
    """Public and private part."""
    if algorithm == "aes-256":
        return b"", os.urandom(32)
    if algorithm == "ed25519":
        signing = Ed25519PrivateKey.generate()
        return signing.public_key().public_bytes_raw(), signing.private_bytes_raw()
    key = Sm2PrivateKey.generate() if algorithm == "sm2-sm4" else HpkePrivateKey.generate(algorithm)
    return key.public.raw, key.raw


Pairs: TypeAlias = Literal["X25519", "P-256", "SM2", "Ed25519"]


class Module(Protocol):
    """What is asked of a hardware module, in the shape of PKCS#11. Handles are names that outlive a session."""

    def generate_key_pair(self, curve: Pairs, label: str) -> tuple[bytes, bytes]:
        """C_GenerateKeyPair: public key and handle."""
        ...

    def generate_key(self, label: str) -> bytes:
        """C_GenerateKey with CKM_AES_KEY_GEN, 32 bytes: the handle."""
        ...

    def derive(self, handle: bytes, peer: bytes) -> bytes:
        """C_DeriveKey with CKM_ECDH1_DERIVE and CKD_NULL: the shared secret. ValueError: `peer` is no key."""
        ...

    def sign(self, handle: bytes, message: bytes) -> bytes:
        """C_Sign with CKM_EDDSA."""
        ...

    def decrypt_sm2(self, handle: bytes, sealed: bytes) -> bytes:
        """C_Decrypt with a vendor's SM2 mechanism, C1C3C2. Unopened."""
        ...

    def cipher(self, handle: bytes, block: bytes, *, decrypt: bool) -> bytes:
        """C_Encrypt and C_Decrypt with CKM_AES_ECB, one block."""
        ...


class ModuleVault:
    """Keys that never leave a hardware module; of HPKE the Diffie-Hellman step is the module's, the rest is here."""

    def __init__(self, module: Module) -> None:
        self._module = module

    def make(self, algorithm: KeyAlgorithm, kid: str) -> Made:
        if algorithm == "aes-256":
            return Made(b"", self._module.generate_key(kid))
        curves: dict[KeyAlgorithm, Pairs] = {
            "hpke-x25519": "X25519", "hpke-p256": "P-256", "sm2-sm4": "SM2", "ed25519": "Ed25519",
        }  # fmt: skip
        return Made(*self._module.generate_key_pair(curves[algorithm], kid))

    def opens(self, algorithm: KeyAlgorithm, kid: str, public: bytes, kept: bytes) -> Opens:
        if algorithm == "sm2-sm4":
            return _Sm2Opens(lambda sealed: self._module.decrypt_sm2(kept, sealed))
        return _ModuleOpens(self._module, kept, public, _CURVES[algorithm])

    def signs(self, kid: str, kept: bytes) -> Signs:
        return _ModuleSigns(self._module, kept)

    def enciphers(self, kid: str, kept: bytes) -> BlockCipher:
        return _ModuleBlocks(self._module, kept)


class _Sm2Opens:
    """A message is the SM2 ciphertext of a key of 16 bytes, 12 bytes IV, and SM4-GCM with `info` as associated data."""

    def __init__(self, decrypt: _Decrypt) -> None:
        self._decrypt = decrypt

    def open(self, info: bytes, sealed: bytes) -> bytes:
        key = self._decrypt(sealed[:_SM_HEAD])
        if len(key) != _SM4_KEY:
            raise Unopened
        return sm4_gcm_decrypt(key, sealed[_SM_HEAD : _SM_HEAD + _IV], sealed[_SM_HEAD + _IV :], info)


class _Decrypt(Protocol):
    def __call__(self, sealed: bytes, /) -> bytes: ...


class _ModuleOpens:
    def __init__(self, module: Module, handle: bytes, public: bytes, kem: Kem) -> None:
        self._module, self._handle = module, handle
        self._enc_bytes, self._receiver = ENC_BYTES[kem], Receiver(kem, public)

    def open(self, info: bytes, sealed: bytes) -> bytes:
        enc = sealed[: self._enc_bytes]
        try:
            shared = self._module.derive(self._handle, enc)
        except ValueError:
            raise Unopened from None
        return self._receiver.open(shared, enc, info, sealed[self._enc_bytes :])


class _ModuleSigns:
    def __init__(self, module: Module, handle: bytes) -> None:
        self._module, self._handle = module, handle

    def sign(self, message: bytes) -> bytes:
        return self._module.sign(self._handle, message)


class _ModuleBlocks:
    def __init__(self, module: Module, handle: bytes) -> None:
        self._module, self._handle = module, handle

    def encrypt(self, block: bytes) -> bytes:
        return self._module.cipher(self._handle, block, decrypt=False)

    def decrypt(self, block: bytes) -> bytes:
        return self._module.cipher(self._handle, block, decrypt=True)
