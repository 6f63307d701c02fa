"""The tree against RFC 6962's published test data and against its definition."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from bank.ledger.merkle import (
    EMPTY_ROOT,
    KEPT,
    WIDTH,
    Frontier,
    Prover,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

# Certificate Transparency's reference data: eight entries, and the root after each
ENTRIES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = """
6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d
fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125
aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77
d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7
4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4
76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef
ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c
5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328
""".split()


def defined_root(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash as section 2.1 defines it."""
    if len(leaves) < 2:
        return leaves[0] if leaves else EMPTY_ROOT
    middle = 1
    while middle * 2 < len(leaves):
        middle *= 2
    return node_hash(defined_root(leaves[:middle]), defined_root(leaves[middle:]))


def prover(leaves: Sequence[bytes]) -> Prover:
    """Over the kept nodes of a tree that grew leaf by leaf."""
    kept = {(0, index): leaf for index, leaf in enumerate(leaves)}
    tree = Frontier()
    for leaf in leaves:
        tree, new = tree.grown([leaf])
        kept |= {(height, index): root for height, index, root in new}

    async def nodes(height: int, start: int, end: int) -> list[bytes]:
        return [kept[height, index] for index in range(start, end) if (height, index) in kept]

    return Prover(nodes)


def test_roots_of_certificate_transparency() -> None:
    tree = Frontier()
    for entry, root in zip(ENTRIES, ROOTS, strict=True):
        tree, _ = tree.grown([leaf_hash(entry)])
        assert tree.root().hex() == root


def test_paths_of_certificate_transparency() -> None:
    proofs = prover([leaf_hash(entry) for entry in ENTRIES])
    path = asyncio.run(proofs.inclusion(5, 8))
    assert [hash_.hex() for hash_ in path] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    path = asyncio.run(proofs.consistency(6, 8))
    assert [hash_.hex() for hash_ in path] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_every_proof_of_small_trees() -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(17)]
    roots = [defined_root(leaves[:size]) for size in range(18)]

    async def run() -> None:
        proofs = prover(leaves)
        for size in range(1, 18):
            for index in range(size):
                path = await proofs.inclusion(index, size)
                assert verify_inclusion(leaves[index], index, size, path, roots[size])
                assert not verify_inclusion(leaves[index], index, size, path, roots[size - 1])
                assert not verify_inclusion(leaves[index], index, size, [*path, roots[1]], roots[size])
                assert size == 1 or not verify_inclusion(leaves[index], (index + 1) % size, size, path, roots[size])
            for old in range(size + 1):
                path = await proofs.consistency(old, size)
                assert verify_consistency(old, roots[old], size, roots[size], path)
                if 0 < old < size:
                    assert not verify_consistency(old, leaf_hash(b"x"), size, roots[size], path)
                    assert not verify_consistency(old, roots[old], size, leaf_hash(b"x"), path)
                    assert not verify_consistency(old, roots[old], size, roots[size], path[:-1])

    asyncio.run(run())


@pytest.mark.parametrize("step", [1, 7, 64, 300])
def test_growing_in_batches_gives_the_same_tree(step: int) -> None:
    leaves = [leaf_hash(number.to_bytes(2, "big")) for number in range(1_000)]
    tree, kept = Frontier(), []
    for start in range(0, len(leaves), step):
        grown, new = tree.grown(leaves[start : start + step])
        kept += new
        # survives its stored form
        tree = Frontier(grown.size, grown.packed())
    assert tree.root() == defined_root(leaves)
    width = 1 << KEPT
    assert kept == [(KEPT, index, defined_root(leaves[index * width : (index + 1) * width])) for index in range(3)]


def test_proofs_of_a_tree_with_kept_nodes() -> None:
    leaves = [leaf_hash(number.to_bytes(4, "big")) for number in range(70_000)]
    tree, kept = Frontier().grown(leaves)
    nodes = {(height, index): root for height, index, root in kept}
    asked = 0

    async def given(height: int, start: int, end: int) -> list[bytes]:
        nonlocal asked
        asked += 1
        if height == 0:
            return leaves[start:end]
        return [nodes[height, index] for index in range(start, end) if (height, index) in nodes]

    async def run() -> None:
        for index in (0, 255, 256, 65_535, 65_536, 69_999):
            path = await Prover(given).inclusion(index, 70_000)
            assert verify_inclusion(leaves[index], index, 70_000, path, tree.root())
        old = defined_root(leaves[:65_793])
        assert verify_consistency(65_793, old, 70_000, tree.root(), await Prover(given).consistency(65_793, 70_000))

    asyncio.run(run())
    assert asked < 50


def test_a_stored_tree_that_does_not_fit_its_size_is_refused() -> None:
    with pytest.raises(ValueError, match="hashes"):
        Frontier(3, b"\x00" * WIDTH)
