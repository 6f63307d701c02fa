from __future__ import annotations

import random
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.base.targeting import IdList, Proof, verify
from eden.base.targeting.merkle_list_v1 import EMPTY_ROOT
from tests.base.targeting.strategies import steady
from tests.base.targeting.vectors import VECTORS


def tree_hash(entries: list[bytes]) -> bytes:
    """MTH as RFC 6962, section 2.1, writes it down."""
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    split = 1 << (len(entries) - 1).bit_length() - 1
    return sha256(b"\x01" + tree_hash(entries[:split]) + tree_hash(entries[split:])).digest()


def members(count: int) -> list[str]:
    return [f"user-{number}" for number in range(count)]


@pytest.mark.parametrize("vector", VECTORS["lists"], ids=lambda vector: str(vector["ids"]))
def test_vectors(vector: dict[str, Any]) -> None:
    list_ = IdList.build(vector["salt"], [*members(vector["ids"] - 1), vector["member"]])
    assert len(list_) == vector["ids"]
    assert list_.root == vector["root"]
    assert list_.proof(vector["member"]) == Proof(vector["index"], tuple(vector["path"]))


@pytest.mark.parametrize("count", [*range(1, 70), 127, 128, 129, 200, 1000])
def test_root_is_that_of_the_rfc_and_every_member_has_a_proof(count: int) -> None:
    ids = members(count)
    list_ = IdList.build("salt", ids)
    entries = sorted(sha256(f"salt:{id_}".encode()).digest() for id_ in ids)
    assert list_.entries == b"".join(entries)
    assert list_.root == tree_hash(entries).hex()
    for id_ in ids:
        proof = list_.proof(id_)
        assert proof is not None
        assert verify(list_.root, count, "salt", id_, proof)


def test_who_is_not_in_it_has_no_proof() -> None:
    list_ = IdList.build("salt", members(300))
    assert "user-7" in list_
    for stranger in ("user-300", "", "USER-7", "user-7 "):
        assert stranger not in list_
        assert list_.proof(stranger) is None
        assert not any(
            verify(list_.root, 300, "salt", stranger, proof) for id_ in members(300) if (proof := list_.proof(id_))
        )


def test_an_empty_list_has_nobody() -> None:
    list_ = IdList.build("salt", [])
    assert len(list_) == 0
    assert list_.root == EMPTY_ROOT == sha256(b"").hexdigest()
    assert "a" not in list_
    assert list_.proof("a") is None
    assert not verify(list_.root, 0, "salt", "a", Proof(0, ()))


def test_order_and_doubles_do_not_matter() -> None:
    ids = members(100)
    shuffled = [*ids, *ids[:10]]
    random.Random(1).shuffle(shuffled)
    assert IdList.build("s", shuffled).entries == IdList.build("s", ids).entries
    assert IdList.build("t", ids).root != IdList.build("s", ids).root


def test_stored_form() -> None:
    built = IdList.build("s", members(100))
    assert len(built.entries) == 3200
    stored = IdList("s", built.entries)
    assert stored.root == built.root
    assert "user-99" in stored


def test_damaged_stored_form_is_refused() -> None:
    entries = IdList.build("s", members(3)).entries
    with pytest.raises(ValueError, match="95 bytes long"):
        IdList("s", entries[:-1])
    for damaged in (entries[32:64] + entries[:32], entries[:32] * 2):
        with pytest.raises(ValueError, match="not in order"):
            IdList("s", damaged)


def test_entries_with_the_same_beginning_are_told_apart() -> None:
    entry = sha256(b"s:a").digest()
    neighbours = [entry[:8] + bytes(24), entry, entry[:8] + b"\xff" * 24]
    list_ = IdList("s", b"".join(neighbours))
    proof = list_.proof("a")
    assert proof is not None
    assert proof.index == 1
    assert "a" not in IdList("s", neighbours[0] + neighbours[2])


TREE = IdList.build("salt", members(150))


@steady
@given(st.sampled_from(members(150)), st.data())
def test_a_changed_proof_is_none(id_: str, data: st.DataObject) -> None:
    proof = TREE.proof(id_)
    assert proof is not None
    path = list(proof.path)
    match data.draw(st.sampled_from(["index", "flip", "drop", "add", "swap", "malformed"])):
        case "index":
            changed = msgspec.structs.replace(
                proof, index=data.draw(st.integers(-1, 200).filter(lambda n: n != proof.index))
            )
        case "flip":
            place, digit = data.draw(st.tuples(st.integers(0, len(path) - 1), st.integers(0, 63)))
            other = "0" if path[place][digit] != "0" else "1"
            path[place] = path[place][:digit] + other + path[place][digit + 1 :]
            changed = Proof(proof.index, tuple(path))
        case "drop":
            del path[data.draw(st.integers(0, len(path) - 1))]
            changed = Proof(proof.index, tuple(path))
        case "add":
            path.insert(data.draw(st.integers(0, len(path))), data.draw(st.sampled_from(path)))
            changed = Proof(proof.index, tuple(path))
        case "swap":
            path[0], path[1] = path[1], path[0]
            changed = Proof(proof.index, tuple(path))
        case _:
            bad = data.draw(
                st.sampled_from(["", path[0].upper() + "A", path[0] + "\n", f" {path[0][1:]}", path[0][:62], "é" * 64])
            )
            path[0] = bad
            changed = Proof(proof.index, tuple(path))
    assert not verify(TREE.root, 150, "salt", id_, changed)


def test_root_size_and_salt_belong_together() -> None:
    proof = TREE.proof("user-3")
    assert proof is not None
    assert verify(TREE.root, 150, "salt", "user-3", proof)
    assert not verify(TREE.root, 150, "other", "user-3", proof)
    assert not verify(TREE.root, 40, "salt", "user-3", proof)
    assert not verify(TREE.root.upper(), 150, "salt", "user-3", proof)
    assert not verify(EMPTY_ROOT, 150, "salt", "user-3", proof)
    assert not verify(TREE.root, 2**60, "salt", "user-3", Proof(proof.index, proof.path * 10))


def test_a_node_is_no_leaf() -> None:
    """Without the byte before them, the two leaves of a list would pass for the one entry of another."""
    pair = IdList.build("salt", members(2))
    proof = pair.proof("user-0")
    assert proof is not None
    assert not verify(pair.root, 1, "salt", "user-0", Proof(0, ()))
    assert not verify(proof.path[0], 1, "salt", "user-0", Proof(0, ()))
