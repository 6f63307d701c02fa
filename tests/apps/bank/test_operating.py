"""An operator's commands: batches listed, days ended, one run again here or in the bank's process, a new key."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from bank import operating
from bank.__main__ import main
from bank.centres.batches import Batches
from bank.server import DAY_END
from bank.settings import Settings
from bank.tables import bindings
from bank.times import day_of
from eden.base.database import Database
from eden.base.ids import now
from eden.base.tables import audit
from tests.apps.bank.house import open_bank
from tests.apps.bank.staff_house import OFFICER, Person
from tests.apps.bank.test_applying_papers import begin, listed, show
from tests.apps.bank.test_applying_worklist import apply

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


@pytest.fixture
def lived_in(tmp_path: Path) -> Path:
    """Of a bank with a customer whose card is photographed, and who was looked at."""
    with open_bank(tmp_path, 2, 500) as house:
        house.sign_in()
        draft = begin(house)["id"]
        assert show(house, draft, "id-front", house.get("/v1/specimens/id-front")["photo"]).status == 200
        Person(house, OFFICER).shows("customers")
    return tmp_path


def works(folder: Path) -> None:
    """What is sealed can be read; the record of staff is as it was written, and signed under the secret of now."""
    with open_bank(folder) as house:
        house.sign_in()
        assert apply(house, f"after {now()}").json["state"] == "offered"
        paper = next(one for one in house.get("/v1/loan-applications")["items"] if one["state"] == "draft")
        house.run(house.bank.papers.read_next())
        assert listed(house, paper["id"])["id-front"]["state"] == "confirmed"
        assert house.bank.database.read_now(house.bank.trail.verify).broken_at is None


def test_a_new_secret_seals_what_was_sealed(lived_in: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, where = (lived_in / "secret").read_bytes(), ["--data", str(lived_in)]
    assert main(["rotate-secret", *where]) == 0
    # two identity numbers, and a photo
    assert "seals 3 values" in capsys.readouterr().out
    after = lived_in / "secret"
    assert after.read_bytes() != before and after.stat().st_mode & 0o777 == 0o600
    assert sorted(lived_in.glob("secret*")) == [after]
    works(lived_in)
    with open_bank(lived_in):
        pass


def refuses(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The bank neither starts nor changes its secret, and says what to do."""
    for command in (["serve", "--port", "0"], ["rotate-secret"]):
        assert main([*command, "--data", str(folder)]) == 1
        said = capsys.readouterr().err
        assert "is not the one that this database was used with. Restore the file" in said
        assert "rotate-secret that was cut short, run that again" in said


def test_a_bank_is_held_to_its_secret(lived_in: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = lived_in / "secret"
    own = file.read_bytes()
    file.write_bytes(bytes(len(own)))
    refuses(lived_in, capsys)
    file.unlink()
    refuses(lived_in, capsys)
    file.write_bytes(own)
    works(lived_in)
    assert main(["rotate-secret", "--data", str(lived_in)]) == 0
    new = file.read_bytes()
    file.write_bytes(own)
    refuses(lived_in, capsys)
    file.write_bytes(new)
    works(lived_in)


def test_a_bank_that_is_older_than_its_mark_gets_one(lived_in: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = Database(Settings(lived_in).database_address)
    database.write_now(lambda connection: connection.execute(delete(bindings)))
    database.close()
    works(lived_in)
    (lived_in / "secret").write_bytes(bytes(32))
    refuses(lived_in, capsys)


@pytest.mark.parametrize("step", ["before", "after"])
def test_a_secret_whose_change_was_killed_is_changed_again(
    lived_in: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Before the values are sealed anew, and after it."""
    place = "_do_reseal" if step == "before" else "Path.replace"

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(f"bank.operating.{place}" if step == "before" else f"pathlib.{place}", die)
        main(["rotate-secret", "--data", str(lived_in)])
    kept = (lived_in / "secret.new").read_bytes()
    assert main(["rotate-secret", "--data", str(lived_in)]) == 0
    assert (lived_in / "secret").read_bytes() == kept
    works(lived_in)


def test_a_record_that_was_changed_is_not_signed_anew(lived_in: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (lived_in / "secret").read_bytes()
    database = Database(Settings(lived_in).database_address)
    database.write_now(lambda connection: connection.execute(update(audit).values(actor="staff:nobody")))
    database.close()
    assert main(["rotate-secret", "--data", str(lived_in)]) == 1
    assert "audit log" in capsys.readouterr().err
    assert (lived_in / "secret").read_bytes() == before
