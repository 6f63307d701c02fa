"""`eden doctor`: every check on a set-up that is broken in just that way."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sqlite3
import threading
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
from eden.base.listener import listen
from eden.base.parts import Finding
from eden.base.settings import DatabaseSettings, Listen, Settings
from eden.base.tables import audit, audit_heads, members, users, workspaces
from eden.cli import main
from eden.operate import doctor as module
from eden.operate.backup import backup
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
    found = wrong(make_settings("servers"))
    # what reads the tables is left out
    assert set(found) == {"schema"}
    assert "Run eden migrate" in found["schema"].hint


def test_nothing_there(make_settings: MakeSettings) -> None:
    """In a folder where no server is, a look makes nothing."""
    settings = make_settings("folder")
    assert "eden init" in wrong(settings)["database"].hint
    assert not settings.data_folder.exists()


def test_schema_of_a_newer_version(make_settings: MakeSettings) -> None:
    def newer(connection: Connection) -> None:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    found = wrong(prepared(make_settings("folder"), newer))
    assert set(found) == {"schema"}
    assert "which this version does not know" in found["schema"].sentence


def test_nobody_can_sign_in(make_settings: MakeSettings) -> None:
    settings = make_settings("folder")
    ground = open_ground(settings)
    prepare_database(ground)
    ground.close()
    assert wrong(settings)["owner"].hint == "Run eden init."
    # an owner who has not set a password yet
    without = prepared(
        make_settings("folder"), lambda connection: connection.execute(update(users).values(password_hash=None))
    )
    assert "eden link" in wrong(without)["owner"].hint


def test_public_rules(make_settings: MakeSettings) -> None:
    settings = prepared(make_settings("folder"))
    settings = msgspec.structs.replace(settings, listen=Listen(host="0.0.0.0", port=0))
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


def test_files_of_another_user(make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody ran a command as root."""
    settings = prepared(make_settings("folder"))
    file = settings.data_folder / "eden.db"
    monkeypatch.setattr(module, "_user_of", lambda path: int(path == file))
    found = wrong(settings)["owner of files"]
    assert found.sentence == f"{file} belongs to another user than {settings.data_folder}."
    assert "chown -R 0" in found.hint


def test_full_disk(make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FREE_BYTES", 1 << 80)
    assert "Make room" in wrong(prepared(make_settings("folder")))["free space"].hint


def test_key_that_others_can_read(make_settings: MakeSettings) -> None:
    settings = prepared(msgspec.structs.replace(make_settings("folder"), secret_key=""))
    assert wrong(settings) == {}
    os.chmod(settings.data_folder / "secret.key", 0o644)
    assert "chmod 600" in wrong(settings)["secret key"].hint


def test_named_key_that_others_can_read(tmp_path: Path) -> None:
    settings, key = Settings(secret_key="k" * 40), tmp_path / "named.key"
    key.write_text(settings.secret_key)
    for mode, good in ((0o644, False), (0o640, False), (0o600, True)):
        key.chmod(mode)
        (found,) = module._secret(settings, key)
        assert found.ok is good
        assert str(key) in found.sentence


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
    found = wrong(settings)["blobs"]
    assert found.sentence.endswith("/blobs refuses: denied.")
    assert "may this user write" in found.hint


def test_bucket_that_is_not_there(make_settings: MakeSettings) -> None:
    settings = prepared(make_settings("servers"))
    blobs = msgspec.structs.replace(settings.blobs, address="s3://no-such-bucket/x")
    found = wrong(msgspec.structs.replace(settings, blobs=blobs))
    assert set(found) == {"blobs"}
    assert "s3://no-such-bucket/x refuses: NoSuchBucket" in found["blobs"].sentence
    assert "Is the bucket there" in found["blobs"].hint


def test_store_that_does_not_answer(make_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = prepared(make_settings("folder"))

    async def wait(self: Blobs, name: str, data: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Blobs, "put", wait)
    monkeypatch.setattr(module, "_ANSWER_SECONDS", 0)
    assert "no answer" in wrong(settings)["blobs"].sentence


def test_database_that_does_not_answer(make_settings: MakeSettings) -> None:
    settings = make_settings("servers")
    address = settings.database.address.rpartition("/")[0] + "/none"
    settings = msgspec.structs.replace(settings, database=msgspec.structs.replace(settings.database, address=address))
    found = wrong(settings)["database"]
    assert found.sentence == 'The database refuses: database "none" does not exist.'
    assert "Is PostgreSQL up" in found.hint


def test_no_postgresql(make_settings: MakeSettings) -> None:
    with socket.socket() as unused:
        # bound, and nobody listens
        unused.bind(("127.0.0.1", 0))
        address = f"postgresql://eden:hidden@127.0.0.1:{unused.getsockname()[1]}/eden"
        settings = msgspec.structs.replace(make_settings("folder"), database=DatabaseSettings(address=address))
        found = wrong(settings)["database"]
    assert "create a connection" in found.sentence
    assert "hidden" not in found.sentence


def test_file_that_is_no_database(make_settings: MakeSettings) -> None:
    settings = prepared(make_settings("folder"))
    for path in settings.data_folder.glob("eden.db*"):
        path.unlink()
    (settings.data_folder / "eden.db").write_bytes(b"no database" * 1000)
    found = wrong(settings)["database"]
    assert "not a database" in found.sentence
    assert "restore the last backup" in found.hint


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
    # the entries, then the end of the chain, too
    for table in (audit, audit_heads):
        ground.database.write_now(lambda connection, table=table: connection.execute(table.delete()))  # type: ignore[misc]
        assert "of workspace w was changed" in wrong(settings)["audit log"].sentence
    ground.close()


def test_backups_are_told_of(make_settings: MakeSettings, tmp_path: Path) -> None:
    settings = prepared(make_settings("folder"))
    assert "None was made yet" in findings(settings)["backup"].sentence
    ground = open_ground(settings)
    try:
        for name in ("one", "two"):
            assert backup(ground, tmp_path / name, with_secret=False, progress=lambda text: None)
    finally:
        ground.close()
    found = findings(settings)["backup"]
    assert found.ok and found.sentence.endswith(" UTC, 0.0 days ago.")


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


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::", "::1"])
def test_server_that_answers(make_settings: MakeSettings, host: str) -> None:
    """It is asked at the address that it listens on; one that listens everywhere, on this machine."""
    answers = [b'{"status":"ready"}', b'{"status":"not ready","reasons":{"blobs":"They are away."}}']
    with listen(host, 0) as listener:
        settings = msgspec.structs.replace(
            make_settings("folder"), listen=Listen(host=host, port=listener.getsockname()[1])
        )

        def serve() -> None:
            listener.settimeout(20)
            for body in answers:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))

        thread = threading.Thread(target=serve)
        thread.start()
        found = findings(settings)["server"]
        assert found.sentence.endswith("and is ready.")
        assert "They are away." in findings(settings)["server"].sentence
        thread.join()


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
