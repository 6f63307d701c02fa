"""Signed heads, receipts that prove themselves, and edits that are found."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import msgspec
import pytest

from bank.ledger.audit import _entries, audit
from bank.ledger.closing import ChartLine
from bank.ledger.commands import verify_receipt
from bank.ledger.heads import OVERLAP, HeadError, Keys, SignedHead, open_head, parse_verifier_key
from bank.ledger.interfaces import Flag, LedgerError, Outcome, Posted
from bank.ledger.ledger import Ledger
from bank.ledger.merkle import verify_consistency
from bank.ledger.receipts import MOST_BYTES, Note, Receipt, ReceiptError, verify
from bank.ledger.replay import Replay
from bench._ledger_edits import EDITED, Editor, receipt_edit_is_found
from tests.apps.bank.ledger.kit import CASH, START, Clock, Desk, Opener, desk, furnished, move, post, run


def test_a_receipt_proves_itself(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, *_ = it.deposits
            transfer = move(a, b, 42, reference="阿姨 rent", data="0c" * 16)
            hold = move(a, b, 10, Flag.PENDING, timeout_s=60)
            part = post(hold, 3)
            assert await it.ledger.post([transfer, hold, part]) == [Outcome.CREATED] * 3
            for sent in (transfer, hold, part):
                receipt = await it.ledger.receipt(sent.id)
                proven = verify(receipt.encoded(), it.ledger.public_keys())
                assert isinstance(proven.entry, Posted) and proven.entry.transfer.id == sent.id
                # nobody learns from it what the other side has
                assert "1042" not in receipt.encoded().decode()
                assert proven.entry.transfer.debit == a and proven.entry.released == (10 if sent is part else 0)
            with pytest.raises(LedgerError):
                await it.ledger.receipt(move(a, b, 1).id)

    run(test)


def test_a_document_is_proven_like_a_transfer(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            assert await it.ledger.note("contract", "loan-7", {"sha256": "ab" * 32}) >= 0
            receipt = await it.ledger.note_receipt("contract", "loan-7")
            entry = verify(receipt.encoded(), it.ledger.public_keys()).entry
            assert isinstance(entry, Note) and msgspec.json.decode(entry.body) == {"sha256": "ab" * 32}
            with pytest.raises(LedgerError):
                await it.ledger.note_receipt("contract", "loan-8")
            with pytest.raises(LedgerError):
                await it.ledger.note("contract", "long", {"text": "x" * 20_000})

    run(test)


def test_every_entry_of_a_long_journal_is_proven(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, *_ = it.deposits
            sent = [move(a, b, 1) if number % 2 else move(b, a, 1) for number in range(700)]
            for start in range(0, 700, 100):
                await it.ledger.post(sent[start : start + 100])
            keys = it.ledger.public_keys()
            for transfer in Random(1).sample(sent, 12):
                assert verify((await it.ledger.receipt(transfer.id)).encoded(), keys)

    run(test)


def test_heads_grow_from_each_other(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, *_ = it.deposits
            heads = [await it.ledger.head()]
            assert await it.ledger.head() == heads[0]
            for _ in range(3):
                await it.ledger.post([move(a, b, 1) for _ in range(100)])
                heads.append(await it.ledger.head())
            for old in heads:
                for new in heads:
                    if old.size <= new.size:
                        path = await it.ledger.consistency(old.size, new.size)
                        roots = bytes.fromhex(old.root), bytes.fromhex(new.root)
                        assert verify_consistency(old.size, roots[0], new.size, roots[1], path)
                assert open_head(old.note, it.ledger.public_keys()) == old
            with pytest.raises(LedgerError):
                await it.ledger.consistency(1, 10_000)

    run(test)


def test_heads_are_taken_to_a_second_place(tmp_path: Path) -> None:
    async def test() -> None:
        published: list[SignedHead] = []
        failing, there = True, asyncio.Event()

        async def publish(head: SignedHead) -> None:
            if failing:
                raise ConnectionError("the witness is away")
            published.append(head)
            there.set()

        clock = Clock()
        ledger = await Ledger.open(
            f"sqlite:///{tmp_path / 'l.db'}",
            keys=tmp_path / "k.json",
            clock=clock,
            publish=publish,
            publish_every_s=0.01,
        )
        it = await furnished(ledger, clock)
        with pytest.raises(ConnectionError):
            await ledger.publish()
        failing = False
        await there.wait()
        await it.one(move(it.cash, it.deposits[0], 1))
        await ledger.publish()
        await ledger.publish()
        assert [head.size for head in published] == sorted({head.size for head in published})
        await ledger.close()

    run(test)


def test_keys_are_rotated(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            (old,) = it.ledger.public_keys()
            new = await it.ledger.rotate_key()
            head = await it.ledger.head()
            assert open_head(head.note, [old, new]) == head
            # both sign; a reader who has one of them only is told
            assert head.note.count("— ") == 2
            with pytest.raises(HeadError, match="not among"):
                open_head(head.note, [old])
            it.clock.now += OVERLAP
            await it.one(move(it.cash, it.deposits[0], 1))
            assert open_head((await it.ledger.head()).note, [new]).size > head.size
            receipt = await it.ledger.note_receipt("key", new.rpartition("+")[0])
            assert verify(receipt.encoded(), it.ledger.public_keys())

    run(test)


def test_keys_survive_and_are_private(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "k.json"
    first = Keys.at(path, "bank/0", START)
    assert Keys.at(path, "bank/0", START + 1).public() == first.public()
    assert path.stat().st_mode & 0o077 == 0
    assert first.public_path.read_text().splitlines() == first.public()
    assert parse_verifier_key(first.public()[0])[0] == "bank/0"
    path.write_text("{}")
    with pytest.raises(LedgerError):
        Keys.at(path, "bank/0", START)
    with pytest.raises(LedgerError, match="cannot be used"):
        Keys.at(path / "below-a-file", "bank/0", START)
    for text in ("", "bank/0+00000000+AAAA", first.public()[0].replace("bank", "bonk")):
        with pytest.raises(HeadError):
            parse_verifier_key(text)


def test_two_processes_that_start_at_once_have_the_same_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, keys = tmp_path / "k.json", []
    exists = Path.exists

    def meanwhile(looked: Path) -> bool:
        """Nothing is there yet, but soon."""
        monkeypatch.setattr(Path, "exists", exists)
        there = exists(looked)
        keys.append(Keys.at(path, "bank/0", START))
        return there

    monkeypatch.setattr(Path, "exists", meanwhile)
    late = Keys.at(path, "bank/0", START)
    assert late.public() == keys[0].public() == Keys.at(path, "bank/0", START).public()
    assert {file.name for file in tmp_path.iterdir()} == {"k.json", "k.json.pub"}


def test_what_is_no_receipt_is_refused(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, *_ = it.deposits
            one, two = move(a, b, 1), move(a, b, 1)
            await it.ledger.post([one, two])
            keys = it.ledger.public_keys()
            receipt = await it.ledger.receipt(one.id)
            other = await it.ledger.receipt(two.id)
            assert receipt.transfer is not None
            replace = msgspec.structs.replace
            richer = replace(receipt.transfer, transfer=replace(receipt.transfer.transfer, amount=2))
            for forged in (
                replace(receipt, path=other.path),
                replace(receipt, transfer=richer),
                replace(receipt, transfer=replace(receipt.transfer, voucher="2026-11-26-0000001")),
                replace(receipt, transfer=replace(receipt.transfer, seq=receipt.transfer.seq + 1)),
                replace(receipt, transfer=None),
                replace(receipt, format="eden-ledger-receipt-2"),
                replace(receipt, head=receipt.head.replace("time", "Time")),
                replace(receipt, path=[*receipt.path, receipt.path[0]]),
            ):
                with pytest.raises(ReceiptError):
                    verify(forged.encoded(), keys)
            data = receipt.encoded()
            for junk in (b"", b"[]", b"\xff", data + b" ", data.replace(b"  ", b" ", 1), b" " * (MOST_BYTES + 1)):
                with pytest.raises(ReceiptError):
                    verify(junk, keys)
            with pytest.raises(ReceiptError):
                verify(data, [])
            assert msgspec.json.decode(data, type=Receipt) == receipt

    run(test)


async def rich(path: Path) -> Desk:
    """A ledger with something in every table."""
    clock = Clock()
    ledger = await Ledger.open(f"sqlite:///{path / 'l.db'}", keys=path / "k.json", clock=clock)
    it = await furnished(ledger, clock)
    a, b, *_ = it.deposits
    hold = move(a, b, 10, Flag.PENDING, reference="hold")
    await ledger.post([hold, post(hold, 3), move(b, a, 1, Flag.PENDING, timeout_s=9), move(a, b, 1, data="0a" * 16)])
    await ledger.set_chart([ChartLine(CASH, "1001", "asset", "Cash", "库存现金")])
    for _ in range(3):
        await ledger.post([move(a, b, 1) for _ in range(90)])
        await ledger.head()
    clock.forward(86_400)
    await ledger.expire()
    await ledger.close_day("2026-11-26", START + 86_400_000_000)
    await ledger.post([move(b, a, 1) for _ in range(20)])
    await ledger.statement(a)
    return it


def test_edited_bytes_are_found(tmp_path: Path) -> None:
    async def test() -> None:
        it = await rich(tmp_path)
        await it.ledger.settle()
        editor = Editor(tmp_path / "l.db", Random(7))
        try:
            assert (await audit(it.ledger.store, it.ledger.public_keys()))[0] == []
            tables = set()
            for _ in range(60):
                found, what = await editor.found(it.ledger)
                assert found, what
                tables.add(what.partition(".")[0])
            assert len(tables) > len(EDITED) // 2
            assert (await audit(it.ledger.store, it.ledger.public_keys()))[0] == []
        finally:
            editor.close()
            await it.ledger.close()

    run(test)


def test_half_a_chain_is_found(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            a, b, c, _ = it.deposits
            chain = [move(a, b, 1, Flag.LINKED), move(b, c, 1)]
            assert await it.ledger.post(chain) == [Outcome.CREATED] * 2
            entries = [entry async for entry in _entries(it.ledger.store)]
            end = entries[-1][0]
            for others, finding in (
                ([], f"entry {end}: is missing: the one before is linked to it"),
                ([(end, entries[-1][2], "note", "", "{}")], f"entry {end}: is missing: the one before is linked to it"),
                ([(end + 1, *entries[-1][1:])], f"entry {end + 1}: stands where a linked transfer was expected"),
                ([entries[-1]], ""),
            ):
                replay = Replay([], [], 0)
                for entry in (*entries[:-1], *others):
                    replay.note(*entry) if len(entry) == 5 else replay.transfer(entry)
                replay.finish()
                assert finding in replay.findings if finding else replay.findings == []

    run(test)


def test_edited_receipts_are_refused(opener: Opener) -> None:
    async def test() -> None:
        async with desk(opener) as it:
            transfer = move(it.cash, it.deposits[0], 5, reference="rent")
            assert await it.one(transfer) == Outcome.CREATED
            data, keys = (await it.ledger.receipt(transfer.id)).encoded(), it.ledger.public_keys()
            random = Random(3)
            assert all(receipt_edit_is_found(data, keys, random) for _ in range(1_000))

    run(test)


def test_commands_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def test() -> None:
        it = await rich(tmp_path)
        transfer = move(it.cash, it.deposits[0], 5, reference="rent")
        await it.one(transfer)
        (tmp_path / "receipt.json").write_bytes((await it.ledger.receipt(transfer.id)).encoded())
        await it.ledger.close()

    run(test)
    receipt, keys = tmp_path / "receipt.json", tmp_path / "k.json.pub"
    assert verify_receipt(receipt, keys) == 0
    assert "5 minor units of currency 156" in capsys.readouterr().out
    receipt.write_bytes(receipt.read_bytes().replace(b'"amount": 5', b'"amount": 6'))
    assert verify_receipt(receipt, keys) == 1
    assert verify_receipt(tmp_path / "none", keys) == 2
    for content in (b"\xff", b"no key"):
        (tmp_path / "junk").write_bytes(content)
        assert verify_receipt(receipt, tmp_path / "junk") == 2
        assert "junk is no file of a ledger's public keys" in capsys.readouterr().out
