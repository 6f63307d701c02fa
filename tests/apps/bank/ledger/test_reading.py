"""A ledger is looked at while another process writes it, which goes on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bank.ledger.commands import print_trial_balance, verify_ledger
from bank.ledger.interfaces import LedgerError
from bank.ledger.ledger import Ledger
from bank.ledger.reading import reading
from bank.ledger.witness import Witness
from tests.apps.bank.ledger.kit import SECOND, START, Clock, desk, furnished, move, opener_of, run


def test_one_moment_is_seen_and_the_writer_goes_on(address: str, tmp_path: Path) -> None:
    async def test() -> None:
        async with desk(opener_of(address, tmp_path / "keys.json")) as it:
            ledger, (a, b, *_), at = it.ledger, it.deposits, START + 100 * SECOND
            await it.ledger.post([move(a, b, 40) for _ in range(9)])
            head = await ledger.head()
            async with reading(address) as seen:
                first = await seen.trial_balance(at)
                await it.ledger.post([move(b, a, 7) for _ in range(9)])
                assert await seen.trial_balance(at) == first
                assert await seen.findings(ledger.public_keys()) == []
                assert seen.tree.size == head.size and await seen.grows_from(head)
                later = await ledger.head()
                assert not await seen.grows_from(later)
            # still the writer
            await it.ledger.post([move(a, b, 1)])
            assert (await ledger.trial_balance(at)).lines != first.lines
            async with reading(address) as seen:
                assert await seen.grows_from(head) and await seen.grows_from(later)
                assert await seen.trial_balance(at) == await ledger.trial_balance(at)

    run(test)


def test_there_must_be_one(tmp_path: Path) -> None:
    async def test() -> None:
        async with reading(f"sqlite:///{tmp_path / 'none.db'}"):
            pass

    with pytest.raises(LedgerError, match="no ledger"):
        run(test)
    assert not (tmp_path / "none.db").exists()


def test_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url, other, witness = f"sqlite:///{tmp_path / 'a.db'}", f"sqlite:///{tmp_path / 'b.db'}", tmp_path / "witness"

    async def made(url: str, amount: int) -> Ledger:
        clock = Clock()
        it = await furnished(await Ledger.open(url, keys=tmp_path / "keys", clock=clock), clock)
        await it.ledger.post([move(it.cash, it.deposits[0], amount)])
        return it.ledger

    async def test() -> None:
        ledger = await made(url, 5)
        assert await verify_ledger(url, tmp_path / "keys.pub", witness) == 0
        await Witness(witness, ledger.public_keys).accept(await ledger.head(), ledger.consistency)
        assert await verify_ledger(url, tmp_path / "keys.pub", witness) == 0
        assert await print_trial_balance(url, START + SECOND) == 0
        await ledger.close()
        # another past with the same keys: what the witness has kept is not its beginning
        rewritten = await made(other, 6)
        await rewritten.close()
        assert await verify_ledger(other, tmp_path / "keys.pub", witness) == 1
        assert await verify_ledger(url, tmp_path / "keys.pub", tmp_path / "keys.pub") == 0
        witness.write_text(witness.read_text().replace("time", "tame"))
        assert await verify_ledger(url, tmp_path / "keys.pub", witness) == 1
        assert await verify_ledger(url, tmp_path / "none", witness) == 2

    run(test)
    said = capsys.readouterr().out
    assert re.search(r"VALID: (\d+) entries .*\n  root [0-9a-f]{64}\n  no witness", said)
    assert re.search(r"  the witness has kept \d+ of them", said)
    assert "\nbalanced\n" in said
    assert "NOT VALID:\n  the journal does not grow from that of" in said
    assert "the witness's file" in said and "none cannot be read" in said
