"""Membership of big lists that phones can check against signed metadata, version 1. Frozen.

Metadata names a list's salt, root and size; a phone gets a proof of some twenty hashes for its own id and needs
nothing of the others. Of each id the list keeps

    entry = SHA-256(UTF-8(salt + ":" + id))

and the distinct entries, in ascending order, are the leaves of the Merkle tree of RFC 6962 (section 2.1):

    leaf = SHA-256(0x00 || entry)        node = SHA-256(0x01 || left || right)

where the left side of n leaves is the largest power of two below n. A list is stored as its entries, 32 bytes each.
The salt keeps lists from being compared with each other. It is no secret: who has it and a proof can try ids against
the leaf beside its own. `container/host/targeting/merkle-list-v1.ts` verifies the same.
"""

from __future__ import annotations

import operator
import re
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cached_property
from hashlib import sha256

import msgspec

from eden.base.targeting.bucketing_v1 import utf8

#: bytes of a hash
WIDTH = 32
#: Leaves whose root is kept, but not their own hashes: a thirtieth of the tree's memory, and proofs still take 0.1 ms.
#: A power of two, so that blocks are subtrees.
_BLOCK = 64
#: Longest path that is read: a list of 2**40 ids.
_LONGEST_PATH = 40

_HASH = re.compile(r"[0-9a-f]{64}")

#: The root of no leaves (RFC 6962).
EMPTY_ROOT = sha256().hexdigest()


class Proof(msgspec.Struct, frozen=True):
    """That an id is in a list: the place of its leaf, and in hex the hashes beside its way up to the root."""

    index: int
    path: tuple[str, ...]


class IdList:
    """A set of ids under a salt: 32 bytes for each. The tree is made when a root or a proof is first asked for."""

    def __init__(self, salt: str, entries: bytes) -> None:
        """From its stored form; ValueError unless that is entries in ascending order."""
        if len(entries) % WIDTH:
            raise ValueError(f"The stored list is {len(entries)} bytes long, which is no multiple of {WIDTH}.")
        self.salt = salt
        self.entries = entries
        each = [entries[start : start + WIDTH] for start in range(0, len(entries), WIDTH)]
        if not all(map(operator.lt, each, each[1:])):
            raise ValueError("The stored list is not in order; store what IdList.build has made.")

    @classmethod
    def build(cls, salt: str, ids: Iterable[str]) -> IdList:
        """The list of the given ids, in any order, doubles allowed. A million takes 3 s: not in the event loop."""
        return cls(salt, b"".join(sorted({_entry(salt, id_) for id_ in ids})))

    def __len__(self) -> int:
        return len(self.entries) // WIDTH

    def __contains__(self, id_: str) -> bool:
        return self._find(id_) is not None

    @property
    def root(self) -> str:
        """The tree's root in hex."""
        return self._upper[-1].hex() if self.entries else EMPTY_ROOT

    def proof(self, id_: str) -> Proof | None:
        """The proof that the id is in the list; None if it is not."""
        index = self._find(id_)
        if index is None:
            return None
        block, place = divmod(index, _BLOCK)
        path = [*_beside(_levels(self._leaves(block)), place), *_beside(self._upper, block)]
        return Proof(index, tuple(hash_.hex() for hash_ in path))

    def _find(self, id_: str) -> int | None:
        entry = _entry(self.salt, id_)
        index = bisect_left(self._heads, int.from_bytes(entry[:8], "big"))
        while index < len(self):
            found = self.entries[index * WIDTH : (index + 1) * WIDTH]
            if found >= entry:
                return index if found == entry else None
            index += 1
        return None

    @cached_property
    def _heads(self) -> array[int]:
        """The entries' first 64 bits, which are found several times faster than slices of bytes."""
        heads = array("Q", self.entries)[:: WIDTH // 8]
        if sys.byteorder == "little":
            heads.byteswap()
        return heads

    def _leaves(self, block: int) -> bytes:
        """The leaf hashes of a block."""
        entries = self.entries[block * _BLOCK * WIDTH : (block + 1) * _BLOCK * WIDTH]
        starts = range(0, len(entries), WIDTH)
        return b"".join([sha256(b"\x00" + entries[start : start + WIDTH]).digest() for start in starts])

    @cached_property
    def _upper(self) -> list[bytes]:
        """The tree's levels from the roots of blocks to its own."""
        blocks = range(-(-len(self) // _BLOCK))
        return _levels(b"".join([_levels(self._leaves(block))[-1] for block in blocks]))


def verify(root: str, size: int, salt: str, id_: str, proof: Proof) -> bool:
    """Whether the proof shows that the id is in the list of this root and size (RFC 9162, section 2.1.3.2).

    Anything may be in the proof: what is malformed is no proof.
    """
    if not 0 <= proof.index < size or len(proof.path) > _LONGEST_PATH:
        return False
    place, last = proof.index, size - 1
    reached = sha256(b"\x00" + _entry(salt, id_)).digest()
    for text in proof.path:
        if last == 0 or not _HASH.fullmatch(text):
            return False
        beside = bytes.fromhex(text)
        if place % 2 == 1 or place == last:
            reached = sha256(b"\x01" + beside + reached).digest()
            while place % 2 == 0 and place != 0:
                place, last = place >> 1, last >> 1
        else:
            reached = sha256(b"\x01" + reached + beside).digest()
        place, last = place >> 1, last >> 1
    return last == 0 and reached.hex() == root


def _entry(salt: str, id_: str) -> bytes:
    return sha256(utf8(f"{salt}:{id_}")).digest()


def _levels(hashes: bytes) -> list[bytes]:
    """The hashes, and the levels above them up to the one root. A node without a neighbour moves up as it is."""
    levels = [hashes]
    while len(level := levels[-1]) > WIDTH:
        starts = range(0, len(level) - WIDTH, 2 * WIDTH)
        above = [sha256(b"\x01" + level[start : start + 2 * WIDTH]).digest() for start in starts]
        if len(level) % (2 * WIDTH):
            above.append(level[-WIDTH:])
        levels.append(b"".join(above))
    return levels


def _beside(levels: list[bytes], place: int) -> Iterator[bytes]:
    """The neighbours on the way from a place of the lowest level to the root."""
    for level in levels[:-1]:
        start = (place ^ 1) * WIDTH
        if start < len(level):
            yield level[start : start + WIDTH]
        place >>= 1
