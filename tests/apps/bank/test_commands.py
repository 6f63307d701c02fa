"""What an operator asks from the command line, while the bank runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bank.__main__ import main
from bank.ledger.commands import table
from tests.apps.bank.house import open_bank


def test_a_running_bank_is_verified_and_summed_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_bank(tmp_path, customers=1, days=3) as house:
        house.sign_in()
        house.run(house.bank.witnessing.look())
        assert main(["verify", "--data", str(tmp_path)]) == 0
        said = capsys.readouterr().out
        assert said.startswith("VALID: ") and "the witness has kept" in said
        assert main(["trial-balance", "--data", str(tmp_path)]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines == [*table(house.run(house.bank.ledger.trial_balance()))] and lines[-1] == "balanced"
        # it still writes
        house.run(house.bank.ledger.note("test", "a", {}))
        line = house.get("/v1/transactions")["items"][0]
        receipt = tmp_path / "receipt.json"
        receipt.write_bytes(house.run(house.bank.ledger.receipt(line["id"])).encoded())
    assert main(["verify", str(receipt), "--keys", str(tmp_path / "ledger.keys.pub")]) == 0
    assert line["id"] in capsys.readouterr().out
    assert main(["trial-balance", "--data", str(tmp_path), "--at", "2020-01-01"]) == 0
    assert main(["verify", str(receipt), "--data", str(tmp_path)]) == 0


def test_who_reads_may_have_enough() -> None:
    """`python -m bank catalogue | head -1`: no traceback."""
    with subprocess.Popen(
        [sys.executable, "-m", "bank", "catalogue"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    ) as bank:
        assert bank.stdout is not None and bank.stderr is not None
        bank.stdout.close()
        assert bank.stderr.read() == b""
    assert bank.returncode == 0


@pytest.mark.parametrize(
    "words",
    [["verify"], ["verify", "r.json"], ["trial-balance"], ["trial-balance", "--data", "none", "--at", "noon"]],
    ids=" ".join,
)
def test_what_is_not_said_is_asked_for(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 1
    assert capsys.readouterr().err
