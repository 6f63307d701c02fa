"""A journal that was rewritten and signed anew does not grow from what was published."""

from __future__ import annotations

from pathlib import Path

import pytest

from bank.ledger.heads import HeadError
from bank.ledger.ledger import Ledger
from bank.ledger.witness import Forked, Witness
from tests.apps.bank.ledger.kit import Clock, Desk, furnished, move, run


async def opened(folder: Path, name: str) -> Desk:
    """A furnished ledger; all in a folder have the same keys."""
    clock = Clock()
    ledger = await Ledger.open(f"sqlite:///{folder / name}.db", keys=folder / "keys.json", clock=clock)
    return await furnished(ledger, clock)


def test_heads_that_grow_are_kept(tmp_path: Path) -> None:
    async def test() -> None:
        it = await opened(tmp_path, "a")
        witness = Witness(tmp_path / "witness", it.ledger.public_keys)
        assert witness.last() is None
        for _ in range(3):
            head = await it.ledger.head()
            await witness.accept(head, it.ledger.consistency)
            await witness.accept(head, it.ledger.consistency)
            assert Witness(tmp_path / "witness", it.ledger.public_keys).last() == head
            await it.ledger.post([move(it.cash, it.deposits[0], 1) for _ in range(5)])
        # a write that a crash has cut short
        path = tmp_path / "witness"
        path.write_text(path.read_text() + head.note[:40])
        assert witness.last() == head
        head = await it.ledger.head()
        await witness.accept(head, it.ledger.consistency)
        assert (witness.last(), path.read_text().count("\f")) == (head, 4)
        await it.ledger.close()

    run(test)


def test_heads_of_years_are_not_read_each_time(tmp_path: Path) -> None:
    async def test() -> None:
        it = await opened(tmp_path, "a")
        path, kept = tmp_path / "witness", [await it.ledger.head()]
        witness = Witness(path, it.ledger.public_keys)
        await witness.accept(kept[0], it.ledger.consistency)
        # what nobody could read
        earlier = b"\xff" * 1_000_000 + b"\f"
        path.write_bytes(earlier + path.read_bytes())
        for _ in range(400):
            await it.one(move(it.cash, it.deposits[0], 1))
            kept.append(await it.ledger.head())
            await witness.accept(kept[-1], it.ledger.consistency)
        assert witness.last() == kept[-1]
        assert path.read_bytes() == earlier + b"".join(head.note.encode() + b"\f" for head in kept)
        path.write_bytes(b"\xff" * 1_000_000)
        for look in (witness.last, lambda: witness._keep(kept[-1])):
            with pytest.raises(HeadError, match="does not end with a head"):
                look()
        assert path.stat().st_size == 1_000_000
        path.write_bytes(b"\xff\f")
        with pytest.raises(HeadError, match="not a text"):
            witness.last()
        await it.ledger.close()

    run(test)


def test_a_rewritten_or_shortened_journal_is_not(tmp_path: Path) -> None:
    async def test() -> None:
        it, other = await opened(tmp_path, "a"), await opened(tmp_path, "b")
        witness = Witness(tmp_path / "witness", it.ledger.public_keys)
        await it.ledger.post([move(it.cash, it.deposits[0], 1) for _ in range(5)])
        kept = await it.ledger.head()
        await witness.accept(kept, it.ledger.consistency)
        with pytest.raises(Forked):
            await witness.accept(await other.ledger.head(), other.ledger.consistency)
        await other.ledger.post([move(other.cash, other.deposits[0], 2) for _ in range(9)])
        with pytest.raises(Forked, match="does not grow"):
            await witness.accept(await other.ledger.head(), other.ledger.consistency)
        assert witness.last() == kept
        stranger = await opened(tmp_path, "c")
        await stranger.ledger.rotate_key()
        with pytest.raises(HeadError):
            await witness.accept(await stranger.ledger.head(), stranger.ledger.consistency)
        text = (tmp_path / "witness").read_text()
        (tmp_path / "witness").write_text(text.replace("time 1", "time 2"))
        with pytest.raises(HeadError):
            witness.last()
        for each in (it, other, stranger):
            await each.ledger.close()

    run(test)
