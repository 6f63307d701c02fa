"""SM2 on the recommended curve (GB/T 32918.5-2017): encryption as C1C3C2 (part 4), signatures with SM3 (part 2).

`cryptography` has no SM2. The package `gmssl` has, but it draws its secrets from a generator that can be predicted,
does not look whether a received point is on the curve (which gives the private key away) nor whether the digest C3
fits, and misreads keys that begin with certain digits; it is the second implementation of the tests instead.

Multiplying by secret numbers is OpenSSL's, where this Python can reach it (`sm2_openssl`). Where it cannot, Python's
integers do it, which do not compute in constant time. Secret factors are blinded, so that the same key takes another
way each time; where somebody can measure closely, open in a process of its own or in a hardware module.
"""

from __future__ import annotations

import hmac
import secrets

from eden.base.crypto.failures import Unopened
from eden.base.crypto.sm2_openssl import load
from eden.base.crypto.sm3 import sm3

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
#: who signs, when nobody says otherwise (GB/T 35276)
IDENTITY = b"1234567812345678"
#: bytes that encryption adds: the point C1 with its prefix, the digest C3
OVERHEAD = 65 + 32

_WINDOW = 4
_BLINDING_BITS = 32

Affine = tuple[int, int]
#: x / z², y / z³; z = 0 is the point at infinity
Jacobian = tuple[int, int, int]
_INFINITY: Jacobian = (1, 1, 0)

_openssl = load()


class Sm2PublicKey:
    """`raw`: `04 || x || y`, 65 bytes; ValueError when it is no point of the curve."""

    __slots__ = ("_point", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._point = _decoded(raw)

    def encrypt(self, plaintext: bytes, k: int | None = None) -> bytes:
        """C1 || C3 || C2: 97 bytes more than the plaintext, which is not empty. `k` is for published values."""
        if not plaintext:
            raise ValueError("SM2 encrypts at least one byte.")
        while True:
            number = secrets.randbelow(N - 1) + 1 if k is None else k
            x2, y2 = (_word(value) for value in _times(number, self._point))
            stream = _stream(x2 + y2, len(plaintext))
            if any(stream):
                hidden = bytes(a ^ b for a, b in zip(plaintext, stream, strict=True))
                return _encoded(_times(number, G)) + sm3(x2 + plaintext + y2) + hidden

    def verify(self, signature: bytes, message: bytes, identity: bytes = IDENTITY) -> bool:
        """Whether `signature` (r || s, 64 bytes) is of this key over the message."""
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        t = (r + s) % N
        if len(signature) != 64 or not 0 < r < N or not 0 < s < N or t == 0:
            return False
        found = _added(_multiplied(s, G), _multiplied(t, self._point))
        return found[2] != 0 and (self._digest(message, identity) + _affine(found)[0]) % N == r

    def _digest(self, message: bytes, identity: bytes) -> int:
        about = b"".join(_word(value) for value in (A, B, *G, *self._point))
        z = sm3((len(identity) * 8).to_bytes(2, "big") + identity + about)
        return int.from_bytes(sm3(z + message), "big")


class Sm2PrivateKey:
    """`raw`: 32 bytes, big-endian, in 1..n-2; ValueError otherwise."""

    __slots__ = ("_number", "public", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._number = int.from_bytes(raw, "big")
        if len(raw) != 32 or not 0 < self._number < N - 1:
            raise ValueError("A private SM2 key has 32 bytes and is a number below the curve's order.")
        self.public = Sm2PublicKey(_encoded(_times(self._number, G)))

    @classmethod
    def generate(cls) -> Sm2PrivateKey:
        """A fresh key of the system's randomness."""
        return cls(_word(secrets.randbelow(N - 2) + 1))

    def decrypt(self, sealed: bytes) -> bytes:
        """The plaintext of C1 || C3 || C2; Unopened when the key or any byte is another."""
        if len(sealed) <= OVERHEAD:
            raise Unopened
        try:
            point = _decoded(sealed[:65])
        except ValueError:
            raise Unopened from None
        x2, y2 = (_word(value) for value in _times(self._number, point))
        hidden = sealed[OVERHEAD:]
        stream = _stream(x2 + y2, len(hidden))
        plaintext = bytes(a ^ b for a, b in zip(hidden, stream, strict=True))
        if not any(stream) or not hmac.compare_digest(sm3(x2 + plaintext + y2), sealed[65:OVERHEAD]):
            raise Unopened
        return plaintext

    def sign(self, message: bytes, identity: bytes = IDENTITY, k: int | None = None) -> bytes:
        """r || s, 64 bytes. `k` is for published values."""
        digest = self.public._digest(message, identity)
        while True:
            number = secrets.randbelow(N - 1) + 1 if k is None else k
            r = (digest + _times(number, G)[0]) % N
            s = pow(1 + self._number, -1, N) * (number - r * self._number) % N
            if r != 0 and r + number != N and s != 0:
                return _word(r) + _word(s)


def _word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _encoded(point: Affine) -> bytes:
    return b"\x04" + _word(point[0]) + _word(point[1])


def _decoded(raw: bytes) -> Affine:
    x, y = int.from_bytes(raw[1:33], "big"), int.from_bytes(raw[33:], "big")
    if len(raw) != 65 or raw[0] != 4 or x >= P or y >= P or (y * y - (x * x + A) * x - B) % P:
        raise ValueError("This is no point of the SM2 curve (65 bytes: 04, x, y).")
    return x, y


def _stream(shared: bytes, length: int) -> bytes:
    """The key derivation function of GB/T 32918.4, 5.4.3."""
    blocks = (sm3(shared + number.to_bytes(4, "big")) for number in range(1, -(-length // 32) + 1))
    return b"".join(blocks)[:length]


def _times(number: int, point: Affine) -> Affine:
    """A secret number, 1..n-1, times a point of the curve; its order is prime, so infinity does not occur."""
    if _openssl is not None:
        # what comes back is looked at as any other point is
        return _decoded(_openssl(number, _encoded(point)))
    return _affine(_multiplied(number + N * secrets.randbits(_BLINDING_BITS), point))


def _multiplied(number: int, point: Affine) -> Jacobian:
    """With a fixed window of four bits."""
    base: Jacobian = (*point, 1)
    table = [_INFINITY, base]
    for _ in range(2, 1 << _WINDOW):
        table.append(_added(table[-1], base))
    total = _INFINITY
    for shift in range((number.bit_length() + _WINDOW - 1) // _WINDOW * _WINDOW - _WINDOW, -1, -_WINDOW):
        for _ in range(_WINDOW):
            total = _doubled(total)
        total = _added(total, table[number >> shift & (1 << _WINDOW) - 1])
    return total


def _doubled(point: Jacobian) -> Jacobian:
    """For a = -3: "dbl-2001-b" of the Explicit-Formulas Database."""
    x, y, z = point
    delta, gamma = z * z % P, y * y % P
    beta = x * gamma % P
    alpha = 3 * (x - delta) * (x + delta) % P
    x3 = (alpha * alpha - 8 * beta) % P
    return x3, (alpha * (4 * beta - x3) - 8 * gamma * gamma) % P, 2 * y * z % P


def _added(one: Jacobian, other: Jacobian) -> Jacobian:
    """ "add-1998-cmo-2" of the same."""
    x1, y1, z1 = one
    x2, y2, z2 = other
    if z1 == 0:
        return other
    if z2 == 0:
        return one
    z1z1, z2z2 = z1 * z1 % P, z2 * z2 % P
    u1, s1 = x1 * z2z2 % P, y1 * z2 * z2z2 % P
    h, r = (x2 * z1z1 - u1) % P, (y2 * z1 * z1z1 - s1) % P
    if h == 0:
        return _doubled(one) if r == 0 else _INFINITY
    hh = h * h % P
    hhh, v = h * hh % P, u1 * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return x3, (r * (v - x3) - s1 * hhh) % P, z1 * z2 * h % P


def _affine(point: Jacobian) -> Affine:
    x, y, z = point
    inverse = pow(z, -1, P)
    square = inverse * inverse % P
    return x * square % P, y * square * inverse % P
