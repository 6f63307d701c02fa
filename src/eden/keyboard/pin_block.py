"""PIN blocks of ISO 9564-1, format 4 (AES, 16 bytes).

The PIN field is `4 N P…P F…F R…R`: the format, the number of digits (4 to 12), the digits filled up to 14 places with
`A`, and 16 random places. It is enciphered, the PAN field is added (exclusive or), and the sum is enciphered again. The
same PIN of the same account gives another block each time, and a block of one account is none of another.
"""

from __future__ import annotations

import hashlib
from typing import Protocol

BLOCK = 16


class BlockCipher(Protocol):
    """AES on one block of 16 bytes: the key stays where it is."""

    def encrypt(self, block: bytes) -> bytes: ...

    def decrypt(self, block: bytes) -> bytes: ...


def encipher(cipher: BlockCipher, pin: bytes, pan: str, random: bytes) -> bytes:
    """The block of a PIN (ASCII digits); `random`: 8 bytes. ValueError: no PIN of 4 to 12 digits, no PAN."""
    if not 4 <= len(pin) <= 12 or not pin.isdigit():
        raise ValueError("a PIN has 4 to 12 digits")
    digits = bytearray.fromhex(f"4{len(pin):x}" + "A" * 14)
    for place, digit in enumerate(pin):
        _put(digits, 2 + place, digit & 0x0F)
    return cipher.encrypt(_sum(cipher.encrypt(bytes(digits) + random), _pan_field(pan)))


def decipher(cipher: BlockCipher, block: bytes, pan: str) -> bytes:
    """The PIN of a block; ValueError when it is none of this account and key."""
    if len(block) != BLOCK:
        raise ValueError("a PIN block has 16 bytes")
    field = cipher.decrypt(_sum(cipher.decrypt(block), _pan_field(pan)))
    places = field[:8].hex()
    length = int(places[1], 16)
    pin = places[2 : 2 + length]
    if places[0] != "4" or not 4 <= length <= 12 or not pin.isdigit() or places[2 + length :].strip("a"):
        raise ValueError("this is no PIN block of this account")
    return pin.encode()


def pan_of(account: str) -> str:
    """The PAN that a block is bound to: the account's reference if it is one, else 19 digits of its SHA-256."""
    if account.isascii() and account.isdigit() and 12 <= len(account) <= 19:
        return account
    return f"{int.from_bytes(hashlib.sha256(account.encode()).digest(), 'big') % 10**19:019d}"


def _pan_field(pan: str) -> bytes:
    """How many digits there are above 12, the digits, zeros."""
    if not (pan.isascii() and pan.isdigit()) or not 1 <= len(pan) <= 19:
        raise ValueError("a PAN has up to 19 digits")
    digits = pan.rjust(12, "0")
    return bytes.fromhex(f"{len(digits) - 12}{digits}".ljust(32, "0"))


def _put(field: bytearray, place: int, digit: int) -> None:
    index, low = divmod(place, 2)
    field[index] = field[index] & 0xF0 | digit if low else field[index] & 0x0F | digit << 4


def _sum(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(BLOCK, "big")
