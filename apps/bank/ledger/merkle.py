"""The Merkle tree of RFC 6962, section 2.1 (the same in RFC 9162): appended to, proven, verified.

    leaf = SHA-256(0x00 || entry)        node = SHA-256(0x01 || left || right)

The left side of n leaves is the largest power of two below n. A tree that only grows needs no more memory than its
frontier: the roots of the full subtrees that n leaves consist of, one for each bit of n that is set.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256

#: bytes of a hash
WIDTH = 32
#: The roots of full subtrees of these heights are kept: 256 leaves, 256 of those, and so on. A proof needs at most 255
#: leaves and as many of each of them.
KEPT = 8
EMPTY_ROOT = sha256().digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A tree of `size` leaves that can grow; `peaks[h]`: the root of the full subtree of height h, if there is one."""

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, packed: bytes = b"") -> None:
        """From its stored form: the peaks from low to high, 32 bytes each. ValueError when some are missing."""
        heights = [height for height in range(size.bit_length()) if size >> height & 1]
        if len(packed) != WIDTH * len(heights):
            raise ValueError("The stored tree has not the hashes that its size asks for.")
        self.size = size
        self.peaks: list[bytes | None] = [None] * size.bit_length()
        for place, height in enumerate(heights):
            self.peaks[height] = packed[place * WIDTH : (place + 1) * WIDTH]

    def packed(self) -> bytes:
        return b"".join([peak for peak in self.peaks if peak is not None])

    def root(self) -> bytes:
        """The root (the Merkle tree hash) of all leaves."""
        root: bytes | None = None
        for peak in self.peaks:
            if peak is not None:
                root = peak if root is None else node_hash(peak, root)
        return EMPTY_ROOT if root is None else root

    def grown(self, leaves: Sequence[bytes]) -> tuple[Frontier, list[tuple[int, int, bytes]]]:
        """The tree with more leaf hashes, and the full subtrees to keep that came into being: height, index, root."""
        tree = Frontier()
        tree.size = self.size + len(leaves)
        tree.peaks = [None] * tree.size.bit_length()
        kept: list[tuple[int, int, bytes]] = []
        level, height, start = list(leaves), 0, self.size
        while height < len(tree.peaks):
            # of this height there are new subtrees `level`, the first of them with index `start`
            if height < len(self.peaks) and (peak := self.peaks[height]) is not None:
                level.insert(0, peak)
                start -= 1
            if len(level) & 1:
                tree.peaks[height] = level.pop()
            pairs = iter(level)
            level = [sha256(b"\x01%b%b" % pair).digest() for pair in zip(pairs, pairs, strict=True)]
            height, start = height + 1, start >> 1
            if height % KEPT == 0:
                kept += [(height, start + place, root) for place, root in enumerate(level)]
        return tree, kept


#: gives the roots of full subtrees of a height, from one index up to but without another
Nodes = Callable[[int, int, int], Awaitable[Sequence[bytes]]]


def _split(size: int) -> int:
    """The largest power of two below a size."""
    return 1 << (size - 1).bit_length() - 1


class Prover:
    """Makes proofs from the kept nodes; `nodes(0, …)` gives leaf hashes, `nodes(8, …)` roots of 256 leaves, …"""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._seen: dict[tuple[int, int], Sequence[bytes]] = {}

    async def root(self, start: int, end: int) -> bytes:
        """The root of the leaves from `start` up to `end`, of which `start` is a multiple of the next power of two."""
        size = end - start
        if size == 0:
            return EMPTY_ROOT
        if size & (size - 1):
            middle = start + _split(size)
            return node_hash(await self.root(start, middle), await self.root(middle, end))
        height = size.bit_length() - 1
        level = height - height % KEPT
        hashes = await self._full(level, start >> level, end >> level)
        while len(hashes) > 1:
            hashes = [node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
        return hashes[0]

    async def _full(self, level: int, first: int, end: int) -> Sequence[bytes]:
        # asked for in whole groups of 256, which neighbours on a path share
        group = first >> KEPT
        known = self._seen.get((level, group))
        start = group << KEPT
        if known is None or len(known) < end - start:
            known = self._seen[level, group] = await self._nodes(level, start, start + (1 << KEPT))
        return known[first - start : end - start]

    async def inclusion(self, index: int, size: int) -> list[bytes]:
        """The hashes beside the way of leaf `index` up to the root of `size` leaves (RFC 6962, section 2.1.1)."""
        path: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(await self.root(middle, end))
                end = middle
            else:
                path.append(await self.root(start, middle))
                start = middle
        return path[::-1]

    async def consistency(self, old: int, size: int) -> list[bytes]:
        """That the tree of `old` leaves is the beginning of that of `size` (RFC 6962, section 2.1.2)."""
        if not 0 < old < size:
            return []
        path: list[bytes] = []
        start, end, whole = 0, size, True
        while old != end:
            middle = start + _split(end - start)
            if old <= middle:
                path.append(await self.root(middle, end))
                end = middle
            else:
                path.append(await self.root(start, middle))
                start, whole = middle, False
        if not whole:
            path.append(await self.root(start, end))
        return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path leads from the leaf's hash to the root (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, reached = index, size - 1, leaf
    for beside in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            reached = node_hash(beside, reached)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            reached = node_hash(reached, beside)
        place, last = place >> 1, last >> 1
    return last == 0 and reached == root


def verify_consistency(old: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the path shows that a tree grew from another without a change (RFC 9162, section 2.1.4.2)."""
    if not 0 <= old <= size:
        return False
    if old in (0, size):
        return not path and (old_root == root if old else old_root == EMPTY_ROOT)
    hashes = list(path)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        return False
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = hashes[0]
    for beside in hashes[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(beside, before), node_hash(beside, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, beside)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == root
