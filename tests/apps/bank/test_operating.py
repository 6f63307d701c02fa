"""An operator's commands: batches listed, days ended, one run again here or in the bank's process, a new key."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bank import operating
from bank.__main__ import main
from bank.centres.batches import Batches
from bank.server import DAY_END
from bank.settings import Settings
from bank.times import day_of
from eden.base.ids import now
from tests.apps.bank.house import open_bank

YESTERDAY = day_of(now() - 86_400_000_000).isoformat()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Of a bank that has been stopped, and ends no days by itself."""

    async def rest(_: Batches) -> None:
        pass

    monkeypatch.setattr(Batches, "run", rest)
    with open_bank(tmp_path) as house:
        assert house.bank.batches.names == list(DAY_END)
    yield tmp_path


def test_days_are_ended_and_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--data", str(folder)]
    assert main(["rollover", *where]) == 0
    ended = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in ended] == [[YESTERDAY, name, "done"] for name in DAY_END]
    assert main(["batches", *where]) == 0
    assert capsys.readouterr().out.splitlines() == ended[::-1]
    assert main(["rollover", *where, "--day", YESTERDAY, "--batch", "interest"]) == 0
    assert capsys.readouterr().out.split()[:3] == [YESTERDAY, "interest", "done"]
    assert main(["rollover", *where, "--day", YESTERDAY]) == 1
    assert "needs a batch" in capsys.readouterr().err


def test_the_banks_process_is_asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--data", str(folder)]
    assert main(["rollover", *where]) == 0
    with open_bank(folder) as house, operating.alone(Settings(folder)) as is_alone:
        assert is_alone
        assert main(["rollover", *where]) == 1
        assert main(["rotate-key", *where]) == 1
        assert main(["serve", *where, "--port", "0"]) == 1
        capsys.readouterr()
        codes: list[int] = []
        asking = threading.Thread(
            target=lambda: codes.append(main(["rollover", *where, "--day", YESTERDAY, "--batch", "check"]))
        )
        asking.start()
        while asking.is_alive():
            house.run(house.bank.batches.look(False))
        assert codes == [0]
    assert f"{YESTERDAY}  check" in capsys.readouterr().out


def test_heads_are_signed_with_a_new_key(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (folder / "ledger.keys.pub").read_text().splitlines()
    assert main(["rotate-key", "--data", str(folder)]) == 0
    key = capsys.readouterr().out.strip()
    assert (folder / "ledger.keys.pub").read_text().splitlines() == [*before, key]
    with open_bank(folder) as house:
        # the old one signs beside it for a while
        assert house.run(house.bank.ledger.head()).note.count("— ") == 2
