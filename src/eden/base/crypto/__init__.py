"""Sealing and hashing that services share: HPKE (RFC 9180), and SM2, SM3, SM4 (GB/T 32918, 32905, 32907).

HPKE, SM3 and SM4 are `cryptography`'s; SM2, which it has not got, is here (`sm2.py`). Keys are raw bytes:

| algorithm | private | public |
|---|---|---|
| `hpke-x25519` | 32 bytes | 32 bytes |
| `hpke-p256` | 32 bytes, big-endian | 65 bytes, uncompressed point (`04 || x || y`) |
| `sm2-sm4` | 32 bytes, big-endian | 65 bytes, uncompressed point |
"""

from eden.base.crypto.failures import Unopened
from eden.base.crypto.hpke import HPKE_ALGORITHMS, HpkePrivateKey, HpkePublicKey
from eden.base.crypto.sm2 import Sm2PrivateKey, Sm2PublicKey
from eden.base.crypto.sm3 import hkdf_sm3, hmac_sm3, sm3
from eden.base.crypto.sm4 import sm4_gcm_decrypt, sm4_gcm_encrypt

__all__ = [
    "HPKE_ALGORITHMS",
    "HpkePrivateKey",
    "HpkePublicKey",
    "Sm2PrivateKey",
    "Sm2PublicKey",
    "Unopened",
    "hkdf_sm3",
    "hmac_sm3",
    "sm3",
    "sm4_gcm_decrypt",
    "sm4_gcm_encrypt",
]
