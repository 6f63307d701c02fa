"""`eden doctor`: every check on a set-up that is broken in just that way."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, insert, update

from eden.app import prepare_database
from eden.base.blobs import Blobs
from eden.base.errors import EdenError
from eden.base.ground import open_ground
from eden.base.ids import now
from eden.base.jobs import claim, enqueue, fail
from eden.base.parts import Finding
from eden.base.settings import Listen, Settings
from eden.base.tables import audit, members, users, workspaces
from eden.cli import main
from eden.operate import doctor as module
from eden.operate.doctor import doctor, examine
from tests.operate.conftest import MakeSettings


def own(connection: Connection) -> None:
    """A workspace with an owner who has a password."""
    connection.execute(insert(workspaces).values(id="w", slug="w", name="W", settings={}, created_at=1))
    connection.execute(
        insert(users).values(id="u", email="a@b.c", name="A", password_hash="$argon2id$…", locale="en", created_at=1)
    )
    connection.execute(insert(members).values(workspace_id="w", user_id="u", roles=["owner"], created_at=1))


def prepared(settings: Settings, *works: Callable[[Connection], Any]) -> Settings:
    ground = open_ground(settings)
    prepare_database(ground)
    for work in (own, *works):
        ground.database.write_now(work)
    ground.database.write_now(lambda connection: ground.audit.append(connection, "w", "system", "x", "y"))
    ground.close()
    return settings


def findings(settings: Settings) -> dict[str, Finding]:
    return {finding.name: finding for finding in asyncio.run(examine(lambda: settings))}


def wrong(settings: Settings) -> dict[str, Finding]:
    return {name: finding for name, finding in findings(settings).items() if not finding.ok}


@pytest.mark.parametrize("kind", ["folder", "servers"])
def test_all_is_well(make_settings: MakeSettings, kind: str) -> None:
    settings = prepared(make_settings(kind))
    found = findings(settings)
    assert [finding for finding in found.values() if not finding.ok] == []
    names = {"settings", "https", "port", "data folder", "free space", "secret key", "blobs", "database", "schema"}
    assert names | {"key of the database", "owner", "clock", "audit log", "jobs"} <= set(found)
    assert ("integrity" in found) is (kind == "folder")
    # nothing of the probes is left
    assert asyncio.run(_listed(Blobs.of(settings))) == []
    assert not any(path.name.startswith("doctor") for path in settings.data_folder.iterdir())


async def _listed(blobs: Blobs) -> list[tuple[str, int]]:
    return [found async for found in blobs.list()]


def test_settings_that_cannot_be_read() -> None:
    def load() -> Settings:
        raise EdenError("bad-setting", "It is bad.", "Mend it.")

    assert asyncio.run(examine(load)) == [Finding("settings", False, "It is bad.", "Mend it.")]


def test_empty_database(make_settings: MakeSettings) -> None:
    found = wrong(make_settings("folder"))
    # what reads the tables is left out
    assert set(found) == {"schema"}
    assert "Run eden migrate" in found["schema"].hint


def test_nobody_can_sign_in(make_settings: MakeSettings) -> None:
    disabled = prepared(
        make_settings("folder"), lambda connection: connection.execute(update(users).values(disabled_at=1))
    )
    assert wrong(disabled)["owner"].hint == "Run eden init."


def test_public_rules(make_settings: MakeSettings) -> None:
    settings = msgspec.structs.replace(make_settings("folder"), listen=Listen(host="0.0.0.0", port=0))
    assert "public_url" in wrong(settings)["https"].hint
    settings = msgspec.structs.replace(settings, secret_key="", public_url="https://eden.example.com")
    found = wrong(settings)
    assert set(found) == {"set-up"}
    assert "secret key of its own" in found["set-up"].sentence


def test_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    found = wrong(Settings(data=str(tmp_path / "data"), listen=Listen(port=0)))
    assert "cannot be written" in found["data folder"].sentence


def test_data_folder_of_everybody(make_settings: MakeSettings) -> None:
    settings = prepared(make_settings("folder"))
    assert settings.data_folder.stat().st_mode & 0o777 == 0o700
    os.chmod(settings.data_folder, 0o755)
    assert "chmod 700" in wrong(settings)["privacy"].hint


def test_full_disk(make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FREE_BYTES", 1 << 80)
    assert "Make room" in wrong(prepared(make_settings("folder")))["free space"].hint


def test_key_that_others_can_read(make_settings: MakeSettings) -> None:
    settings = prepared(msgspec.structs.replace(make_settings("folder"), secret_key=""))
    assert wrong(settings) == {}
    os.chmod(settings.data_folder / "secret.key", 0o644)
    assert "chmod 600" in wrong(settings)["secret key"].hint


def test_another_key(make_settings: MakeSettings) -> None:
    settings = msgspec.structs.replace(prepared(make_settings("folder")), secret_key="x" * 40)
    found = wrong(settings)
    assert "begun with" in found["key of the database"].hint
    # the chain's end is sealed with the key
    assert "audit log" in found


def test_blobs_that_cannot_be_written(make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = prepared(make_settings("folder"))

    async def refuse(self: Blobs, name: str, data: object) -> None:
        raise PermissionError("denied")

    monkeypatch.setattr(Blobs, "put", refuse)
    assert wrong(settings)["blobs"].sentence == "PermissionError: denied"


def test_database_that_does_not_answer(make_settings: MakeSettings) -> None:
    settings = make_settings("servers")
    address = settings.database.address.rpartition("/")[0] + "/none"
    settings = msgspec.structs.replace(settings, database=msgspec.structs.replace(settings.database, address=address))
    found = wrong(settings)["database"]
    assert "none" in found.sentence
    assert "Password" not in found.sentence


def test_damaged_file(make_settings: MakeSettings) -> None:
    settings = prepared(make_settings("folder"))
    path = settings.data_folder / "eden.db"
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA foreign_keys=OFF")
    raw.execute("INSERT INTO members VALUES ('none', 'none', '[]', 1)")
    raw.commit()
    raw.close()
    assert "2 references lead nowhere" in wrong(settings)["integrity"].sentence


def test_clock(make_settings: MakeSettings) -> None:
    late = {"at": now() + 60_000_000}
    settings = prepared(make_settings("folder"))
    ground = open_ground(settings)
    ground.database.write_now(lambda connection: connection.execute(update(audit).values(**late)))
    ground.close()
    found = wrong(settings)
    assert "differs" in found["clock"].sentence
    # and that is a change of the log
    assert "entry 1" in found["audit log"].sentence


def test_cut_audit_log(make_settings: MakeSettings) -> None:
    settings = prepared(make_settings("servers"))
    ground = open_ground(settings)
    ground.database.write_now(lambda connection: connection.execute(audit.delete()))
    ground.close()
    assert "of workspace w was changed" in wrong(settings)["audit log"].sentence


def test_failed_jobs(make_settings: MakeSettings) -> None:
    def work(connection: Connection) -> None:
        enqueue(connection, "release.sign", {})
        (job,) = claim(connection, {"release.sign": 60}, now() + 1, 1)
        fail(connection, job, "no luck", None)

    found = wrong(prepared(make_settings("folder"), work))
    assert found["jobs"].sentence == "1 of kind release.sign failed: no luck"


def test_port(make_settings: MakeSettings) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        other.settimeout(0)
        settings = msgspec.structs.replace(make_settings("folder"), listen=Listen(port=other.getsockname()[1]))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("eden.operate.running._SECONDS", 0.05)
            assert "taken by another program" in wrong(settings)["port"].sentence
    settings = msgspec.structs.replace(settings, listen=Listen(host="192.0.2.1", port=8700))
    assert "address of this machine" in wrong(settings)["port"].hint


def test_words_and_json(make_settings: MakeSettings) -> None:
    settings = prepared(make_settings("folder"))
    lines: list[str] = []
    assert doctor(lambda: settings, as_json=False, write=lines.append) == 0
    assert lines[-1] == "\n  All is well."
    assert all(line.startswith("  ✓ ") for line in lines[:-1])
    settings = msgspec.structs.replace(settings, secret_key="x" * 40)
    lines.clear()
    assert doctor(lambda: settings, as_json=False, write=lines.append) == 1
    assert "  ✗ key of the database: The database has another secret key." in lines
    lines.clear()
    assert doctor(lambda: settings, as_json=True, write=lines.append) == 1
    told = json.loads(lines[0])
    assert told["ok"] is False
    assert {"name", "ok", "sentence", "hint"} == set(told["findings"][0])


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "eden.toml").write_text("[listen]\nprot = 1\n")
    assert main(["doctor"]) == 1
    assert "Did you mean listen.port?" in capsys.readouterr().out
