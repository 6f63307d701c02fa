"""Backup and restore between all kinds of installations; damage is found before anything is written."""

from __future__ import annotations

import asyncio
import io
import os
import random
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard
from sqlalchemy import Connection, insert, select

from eden.app import prepare_database
from eden.base import changes, migrate
from eden.base.blobs import content_name
from eden.base.errors import EdenError
from eden.base.ground import Ground, open_ground, secret_check
from eden.base.ids import new_id
from eden.base.settings import Settings
from eden.base.tables import idempotency, users, workspaces
from eden.cli import main
from eden.observe.attachments import attachment_name
from eden.observe.insight import backup as events_store
from eden.observe.models import observe_apps
from eden.operate import archive
from eden.operate.backup import LAST_BACKUP, backup, reflect
from eden.operate.restore import restore
from eden.operate.running import held
from tests.operate.conftest import SECRET, MakeSettings

Content = tuple[dict[str, list[tuple[Any, ...]]], dict[str, bytes]]


def nothing(text: str) -> None:
    """No progress is shown."""


def within(settings: Settings, work: Callable[[Ground], Any]) -> Any:
    ground = open_ground(settings)
    try:
        return work(ground)
    finally:
        ground.close()


def fill(ground: Ground, rows: int = 5) -> None:
    """Rows of every kind of column, an audit chain, blobs small and large."""
    prepare_database(ground)

    def work(connection: Connection) -> None:
        for number in range(rows):
            ground.audit.append(connection, "w", "user:a@b.c", "release.halt", f"r{number}", {"为什么": "\u0000\n\"'"})
            changes.append(connection, "release.halted", "w", {"n": number})
            connection.execute(
                insert(users).values(
                    id=new_id(), email=f"p{number}@example.com", name="名字 \u2028", password_hash=None,
                    oidc_subject=None, locale="zh", created_at=2**53 + number, disabled_at=None,
                )
            )  # fmt: skip
            connection.execute(
                insert(idempotency).values(
                    id=f"{number:064}",
                    request="r" * 64,
                    status=200,
                    headers=[["a", "b"]],
                    body=os.urandom(300),
                    created_at=1,
                )
            )

    ground.database.write_now(work)

    async def blobs() -> None:
        await ground.blobs.put_content(b"small")
        await ground.blobs.put_content(random.Random(1).randbytes(3_000_000))
        await ground.blobs.put("metadata/w/timestamp.json", b"{}")
        # what came along with a report
        await ground.blobs.put(attachment_name(sha256(b"a minidump").hexdigest()), b"a minidump")
        await ground.blobs.put("health/probe", b"not part of an installation")

    asyncio.run(blobs())


def content(ground: Ground) -> Content:
    """All rows and blobs, but for when a backup was made."""

    def rows(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(select(table).order_by(*table.primary_key.columns))
                if row[0] != LAST_BACKUP
            ]
            for table in reflect(connection)
        }

    async def blobs() -> dict[str, bytes]:
        names = [name async for name, _ in ground.blobs.list() if not name.startswith("health/")]
        return {name: await ground.blobs.get(name) or b"" for name in names}

    return ground.database.read_now(rows), asyncio.run(blobs())


def written(settings: Settings, path: Path, **options: Any) -> Path:
    within(settings, lambda ground: backup(ground, path, progress=nothing, **{"with_secret": False, **options}))
    return path


@pytest.mark.parametrize(
    ("source", "target"), [("folder", "folder"), ("folder", "servers"), ("servers", "folder"), ("servers", "servers")]
)
def test_restored_installation_has_the_same_bytes(
    make_settings: MakeSettings, tmp_path: Path, source: str, target: str
) -> None:
    old, new = make_settings(source), make_settings(target)
    within(old, fill)
    before = within(old, content)
    assert before[0]["users"] and before[0]["audit"] and len(before[1]) == 4
    manifest = restore(new, written(old, tmp_path / "backup"), force=False, progress=nothing)
    assert within(new, content) == before
    assert manifest.tables["users"] == 5
    assert set(manifest.tables) == set(before[0])

    def goes_on(ground: Ground) -> None:
        prepare_database(ground)
        assert ground.database.read_now(lambda c: ground.audit.verify(c, "w")).broken_at is None
        # numbers go on after the last one
        assert ground.database.write_now(lambda c: changes.append(c, "x", "w", {})) == 6

    within(new, goes_on)


def test_backup_while_others_write(make_settings: MakeSettings, tmp_path: Path) -> None:
    """What is in the file is one moment: as many changes as the counter says."""
    settings = make_settings("folder")
    ground = open_ground(settings)
    fill(ground)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            ground.database.write_now(lambda connection: changes.append(connection, "x", "w", {"text": "y" * 100}))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            written(settings, tmp_path / f"{number}")
    finally:
        stop.set()
        writer.join()
        ground.close()
    for number in range(3):
        target = make_settings("folder")
        restore(target, tmp_path / f"{number}", force=False, progress=nothing)
        tables, _ = within(target, content)
        assert dict(tables["counters"])["changes"] == len(tables["changes"]) >= 5


def test_large_tables_come_in_pieces(
    make_settings: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eden.operate.backup._ROWS", 7)
    monkeypatch.setattr("eden.operate.backup._PIECE_BYTES", 2000)
    monkeypatch.setattr("eden.operate.restore._PARAMETERS", 40)
    for kind in ("folder", "servers"):
        old, new = make_settings(kind), make_settings(kind)
        within(old, lambda ground: fill(ground, 50))
        path = written(old, tmp_path / kind)
        assert sum(name.startswith("tables/users/") for name, _, _ in archive.members(path)) > 3
        restore(new, path, force=False, progress=nothing)
        assert within(new, content) == within(old, content)


def test_secret_only_when_asked_for(make_settings: MakeSettings, tmp_path: Path) -> None:
    old = make_settings("folder")
    within(old, fill)
    without, with_secret = written(old, tmp_path / "a"), written(old, tmp_path / "b", with_secret=True)
    assert (without.stat().st_mode & 0o777, with_secret.stat().st_mode & 0o777) == (0o600, 0o600)
    assert SECRET.encode() not in zstandard.ZstdDecompressor().stream_reader(without.read_bytes()).read()
    # as a new machine: no key anywhere
    new = msgspec.structs.replace(make_settings("folder"), secret_key="")
    with pytest.raises(EdenError, match=r"the one here is missing. Put the installation's key into .*secret.key"):
        restore(new, without, force=False, progress=nothing)
    assert not Path(new.data).exists()
    restore(new, with_secret, force=False, progress=nothing)
    key = Path(new.data) / "secret.key"
    assert (key.read_text().strip(), key.stat().st_mode & 0o777) == (SECRET, 0o600)
    within(new, prepare_database)
    # another key in the data folder is replaced only by force, one in the settings never
    key.write_text("another key of another installation")
    with pytest.raises(EdenError, match="not the one of the backup"):
        restore(new, with_secret, force=False, progress=nothing)
    restore(new, with_secret, force=True, progress=nothing)
    assert key.read_text().strip() == SECRET
    set_otherwise = msgspec.structs.replace(make_settings("folder"), secret_key="x" * 40)
    with pytest.raises(EdenError, match="not the one of the backup"):
        restore(set_otherwise, with_secret, force=True, progress=nothing)


@pytest.mark.parametrize("kind", ["folder", "servers"])
def test_full_target_is_replaced_only_by_force(make_settings: MakeSettings, tmp_path: Path, kind: str) -> None:
    old, new = make_settings("folder"), make_settings(kind)
    within(old, fill)
    path = written(old, tmp_path / "backup")
    # a server that was started once is still empty
    within(new, prepare_database)
    restore(new, path, force=False, progress=nothing)
    within(new, lambda ground: asyncio.run(ground.blobs.put_content(b"later")))
    within(new, lambda ground: ground.database.write_now(lambda c: changes.append(c, "later", "w", {})))
    later = within(new, content)
    with pytest.raises(
        EdenError, match=r"There is an installation already, or a part of one: the table .* has rows.*--force"
    ):
        restore(new, path, force=False, progress=nothing)
    assert within(new, content) == later
    restore(new, path, force=True, progress=nothing)
    assert within(new, content) == within(old, content)


def test_blobs_alone_are_an_installation(make_settings: MakeSettings, tmp_path: Path) -> None:
    old, new = make_settings("folder"), make_settings("folder")
    within(old, fill)
    within(new, lambda ground: asyncio.run(ground.blobs.put_content(b"somebody's")))
    with pytest.raises(EdenError, match="1 files in the blob store"):
        restore(new, written(old, tmp_path / "backup"), force=False, progress=nothing)


@contextmanager
def packed_tar(path: Path) -> Iterator[tarfile.TarFile]:
    compressor = zstandard.ZstdCompressor()
    with (
        path.open("wb") as raw,
        compressor.stream_writer(raw) as packed,
        tarfile.open(fileobj=packed, mode="w|") as tar,
    ):
        yield tar


def rewritten(path: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    """The archive with other content but the same manifest."""
    members = [(name, file.read()) for name, _, file in archive.members(path)]
    with packed_tar(path) as tar:
        for name, data in members:
            changed = change(name, data)
            if changed is not None:
                info = tarfile.TarInfo(name)
                info.size = len(changed)
                tar.addfile(info, io.BytesIO(changed))


def cut(path: Path, share: float) -> None:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def flip(path: Path, place: float) -> None:
    data = bytearray(path.read_bytes())
    data[int(len(data) * place)] ^= 0x10
    path.write_bytes(data)


DAMAGE: dict[str, Callable[[Path], object]] = {
    **{f"cut at {share}": lambda path, share=share: cut(path, share) for share in (0, 0.001, 0.3, 0.9, 0.99)},  # type: ignore[misc]
    **{f"bit at {place}": lambda path, place=place: flip(path, place) for place in (0, 0.0005, 0.2, 0.5, 0.8, 0.999)},  # type: ignore[misc]
    "no archive": lambda path: path.write_text("PK" + "x" * 1000, encoding="ascii"),
    "another row": lambda path: rewritten(
        path, lambda name, data: data.replace(b"p1@", b"q1@") if name.startswith("tables/users/") else data
    ),
    "a blob is missing": lambda path: rewritten(
        path, lambda name, data: None if name.startswith("blobs/meta") else data
    ),
    "no manifest": lambda path: rewritten(path, lambda name, data: None if name == "manifest.json" else data),
    "no JSON": lambda path: rewritten(path, lambda name, data: data[:-1] if name == "manifest.json" else data),
    "another format": lambda path: rewritten(
        path, lambda name, data: data.replace(b'"format":1', b'"format":9') if name == "manifest.json" else data
    ),
    "another step": lambda path: rewritten(
        path, lambda name, data: data.replace(b'"schema":"', b'"schema":"z') if name == "manifest.json" else data
    ),
}


@pytest.fixture(scope="module")
def good_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    settings = Settings(data=str(folder / "data"), secret_key=SECRET)
    within(settings, fill)
    return written(settings, folder / "backup")


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_archive_changes_nothing(
    make_settings: MakeSettings, tmp_path: Path, good_archive: Path, damage: str
) -> None:
    new = make_settings("folder")
    path = Path(shutil.copy(good_archive, tmp_path))
    DAMAGE[damage](path)
    with pytest.raises(EdenError) as caught:
        restore(new, path, force=True, progress=nothing)
    assert caught.value.code in ("backup-damaged", "backup-format", "newer-schema")
    assert not Path(new.data).exists()


@pytest.mark.parametrize(
    "name", ["blobs/../../outside", "blobs//etc/passwd", "/etc/passwd", "else/x", "blobs/a/./b", "stores/x"]
)
def test_names_that_lead_outside(make_settings: MakeSettings, tmp_path: Path, name: str) -> None:
    path = tmp_path / "backup"
    with archive.Writer(path) as writer:
        writer.add(name, b"x")
        manifest = archive.Manifest(1, "x", migrate.head(), 0, "", {}, dict(writer.files))
        writer.add(archive.MANIFEST, msgspec.json.encode(manifest))
    with pytest.raises(EdenError, match="is not expected"):
        archive.verify(path)


def test_links_in_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "backup"
    with packed_tar(path) as tar:
        info = tarfile.TarInfo("blobs/x")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(info)
    with pytest.raises(EdenError, match="blobs/x is no file"):
        archive.verify(path)


@pytest.mark.parametrize("kind", ["folder", "servers"])
def test_failure_in_the_middle_is_undone(
    make_settings: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    old, new = make_settings("folder"), make_settings(kind)
    within(old, fill)
    path = written(old, tmp_path / "backup")
    within(new, prepare_database)
    before = within(new, content)
    run = migrate.run
    calls: list[str] = []

    def fails_at_the_end(connection: Connection, to: str = "head", versions: Path | None = None) -> str:
        calls.append(to)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return run(connection, to, versions)

    monkeypatch.setattr(migrate, "run", fails_at_the_end)
    with pytest.raises(EdenError, match="Nothing was restored: No space left on device"):
        restore(new, path, force=False, progress=nothing)
    assert calls == [migrate.head(), "head"]
    assert within(new, content) == before


def test_interrupted_backup_leaves_the_last_one(
    make_settings: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = make_settings("folder")
    within(settings, fill)
    path = written(settings, tmp_path / "backup")
    good = path.read_bytes()

    async def fails(*arguments: Any) -> list[str]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("eden.operate.backup._write_blobs", fails)
    with pytest.raises(EdenError, match="cannot be written: No space left"):
        written(settings, path)
    assert path.read_bytes() == good
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["backup"]


def test_backup_that_cannot_be_ended(
    make_settings: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full when the last bytes are written."""
    settings = make_settings("folder")
    within(settings, fill)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("eden.operate.archive.os.fsync", full)
        ground = open_ground(settings)
        with pytest.raises(EdenError, match="cannot be written: No space left"):
            backup(ground, tmp_path / "backup", with_secret=False, progress=nothing)
    ground.close()
    assert [file for file in tmp_path.iterdir() if file.is_file()] == []


def test_backup_with_another_key(make_settings: MakeSettings, tmp_path: Path) -> None:
    """Whoever restored it would be asked for a key that nobody has."""
    settings = make_settings("folder")
    within(settings, fill)
    with pytest.raises(EdenError, match="has another secret key"):
        written(msgspec.structs.replace(settings, secret_key="x" * 40), tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


@pytest.mark.parametrize("kind", ["folder", "servers"])
def test_tables_of_others_are_left_alone(make_settings: MakeSettings, tmp_path: Path, kind: str) -> None:
    old, new = make_settings(kind), make_settings(kind)

    def theirs(ground: Ground) -> None:
        def work(connection: Connection) -> None:
            connection.exec_driver_sql("CREATE TABLE theirs (id INTEGER)")
            connection.exec_driver_sql("INSERT INTO theirs VALUES (1)")

        ground.database.write_now(work)

    within(old, fill)
    for settings in (old, new):
        within(settings, theirs)
    manifest = restore(new, written(old, tmp_path / "backup"), force=True, progress=nothing)
    assert "theirs" not in manifest.tables
    rows = within(new, lambda g: g.database.read_now(lambda c: c.exec_driver_sql("SELECT id FROM theirs").all()))
    assert [tuple(row) for row in rows] == [(1,)]
    assert within(new, content) == within(old, content)


def test_table_that_eden_has_not(make_settings: MakeSettings, tmp_path: Path) -> None:
    path = tmp_path / "backup"
    with archive.Writer(path) as writer:
        writer.add("tables/strange/000001.ndjson", b"{}\n")
        check = secret_check(SECRET.encode())
        manifest = archive.Manifest(1, "x", migrate.head(), 0, check, {"strange": 1}, dict(writer.files))
        writer.add(archive.MANIFEST, msgspec.json.encode(manifest))
    with pytest.raises(EdenError, match="has a table 'strange', which Eden has not"):
        restore(make_settings("folder"), path, force=False, progress=nothing)


def test_no_restore_beside_a_server(
    make_settings: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good_archive: Path
) -> None:
    """On the same machine by the data folder; on others by their connections to the database."""
    here = make_settings("folder")
    within(here, prepare_database)
    before = within(here, content)
    with held(here), held(here), pytest.raises(EdenError, match=r"A server runs with the data folder .* Stop it first"):
        restore(here, good_archive, force=True, progress=nothing)
    with held(here, alone=True), pytest.raises(EdenError, match="A restore goes on"), held(here):
        pass
    assert within(here, content) == before
    elsewhere = make_settings("servers")
    monkeypatch.setattr("eden.operate.running._LINGER_SECONDS", 0)
    other = msgspec.structs.replace(elsewhere, data=str(tmp_path / "another machine"))
    ground = open_ground(other)
    prepare_database(ground)
    with pytest.raises(EdenError, match="other connections to the database"):
        restore(elsewhere, good_archive, force=True, progress=nothing)
    ground.close()
    monkeypatch.undo()
    restore(elsewhere, good_archive, force=True, progress=nothing)


def test_damaged_blobs_are_told(make_settings: MakeSettings, tmp_path: Path) -> None:
    settings = make_settings("folder")
    within(settings, fill)
    told: list[str] = []

    def work(ground: Ground) -> bool:
        digest = asyncio.run(ground.blobs.put_content(b"right"))
        asyncio.run(ground.blobs.put(content_name(digest), b"wrong"))
        asyncio.run(ground.blobs.put(attachment_name(sha256(b"right").hexdigest()), b"wrong"))
        return backup(ground, tmp_path / "backup", with_secret=False, progress=told.append)

    assert within(settings, work) is False
    damaged = [
        one.partition("in the backup: ")[2][:7] for one in told if one.startswith("Damaged in the store, and so")
    ]
    assert damaged == ["observe", "sha256/"]


def test_nothing_to_back_up(make_settings: MakeSettings, tmp_path: Path) -> None:
    with pytest.raises(EdenError, match="nothing to back up"):
        written(make_settings("folder"), tmp_path / "backup")
    with pytest.raises(EdenError, match="is not a folder"):
        written(make_settings("folder"), tmp_path / "none" / "backup")
    with pytest.raises(EdenError, match="is a folder"):
        written(make_settings("folder"), tmp_path)
    with pytest.raises(EdenError, match="cannot be read: Is a directory"):
        restore(make_settings("folder"), tmp_path, force=False, progress=nothing)
    with pytest.raises(EdenError, match="There is no file"):
        restore(make_settings("folder"), tmp_path / "backup", force=False, progress=nothing)


def test_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    for command in (["backup", "b.tar.zst"], ["link", "a@b.c"]):
        assert main(command) == 1
        assert "There is no installation here" in capsys.readouterr().err
    # nothing was made where nothing was
    assert list(tmp_path.iterdir()) == []
    assert main(["migrate"]) == 0
    assert main(["migrate"]) == 0
    assert main(["backup", "b.tar.zst"]) == 0
    assert main(["restore", "b.tar.zst", "--force"]) == 0
    out = capsys.readouterr().out
    assert "at step none and is at" in out
    assert "Nothing to do." in out
    assert "The secret key is not inside" in out
    assert "Restored: 0 rows and 0 files" in out


def test_new_machine_with_the_old_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The settings name a key that is not there yet: it is in the backup, and goes where they say."""
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "eden.toml").write_text('data = "data"\nsecret_key_file = "keys/secret.key"\n')
    (old / "keys").mkdir()
    (old / "keys" / "secret.key").write_text(f"{SECRET}\n")
    monkeypatch.chdir(old)
    assert main(["migrate"]) == 0
    assert main(["backup", "without"]) == 0
    assert main(["backup", "with", "--with-secret"]) == 0
    monkeypatch.chdir(new)
    assert main(["restore", str(old / "without")]) == 1
    assert "Put the installation's key into keys/secret.key" in capsys.readouterr().err
    assert main(["restore", str(old / "with")]) == 0
    key = new / "keys" / "secret.key"
    assert (key.read_text(), key.stat().st_mode & 0o777) == (f"{SECRET}\n", 0o600)
    # and one of another installation only by force
    key.write_text("x" * 40)
    assert main(["restore", str(old / "with")]) == 1
    assert "not the one of the backup" in capsys.readouterr().err
    assert main(["restore", str(old / "with"), "--force"]) == 0
    assert key.read_text() == f"{SECRET}\n"
    assert [path.name for path in key.parent.iterdir()] == ["secret.key"]


def test_the_events_store(make_settings: MakeSettings, tmp_path: Path) -> None:
    """What apps reported goes into another installation, with its roll-ups; what was there is gone."""

    def ask(settings: Settings, rows: bytes = b"", sql: str = "") -> list[Any]:
        """By a process of its own: the engine opens one folder in each."""
        code = """
import sys, msgspec
from eden.base.settings import Settings
from eden.observe.insight.opening import open_engine
engine = open_engine(msgspec.json.decode(sys.argv[1], type=Settings))
if rows := sys.stdin.buffer.read():
    for table in ("events", "logs"):
        engine.insert(table, rows)
for sql in sys.argv[2:]:
    said = engine.query(sql).decode()
print(said)
engine.close()
"""
        everything = """SELECT
            (SELECT groupArray((app, person, toString(at), props.a)) FROM (SELECT * FROM events ORDER BY ALL)),
            (SELECT groupArray((name, n)) FROM (SELECT name, sum(events) AS n FROM trends GROUP BY name ORDER BY name)),
            (SELECT count() FROM logs),
            (SELECT groupArray((person, f)) FROM (SELECT person, toString(min(first)) AS f FROM seen
             GROUP BY person ORDER BY person))"""
        done = subprocess.run(
            [sys.executable, "-c", code, msgspec.json.encode(settings).decode(), *([sql] if sql else []),
             everything],
            input=rows, capture_output=True, check=True,
        )  # fmt: skip
        return list(msgspec.json.decode(done.stdout)["data"][0])

    one, other = make_settings("one"), make_settings("other")
    for settings in (one, other):
        within(settings, fill)
    within(one, lambda ground: ground.database.write_now(lambda connection: connection.execute(_app(connection))))
    lines = [
        {"app": app, "at": 1_790_000_000 + 86_400 * day, "name": "e", "person": f"p{day}", "props": {"a": day}}
        for app in (1, 2)
        for day in (0, 1, 12)
    ]
    ask(one, b"\n".join(msgspec.json.encode(line) for line in lines))
    # whose first event has expired
    ask(one, sql="INSERT INTO seen VALUES (1, 'p0', 1500000000, 1500000000)")
    ask(other, b'{"app":1,"at":1790000000,"name":"other"}')
    (other.data_folder / "observe" / "spool").mkdir(exist_ok=True)
    (other.data_folder / "observe" / "spool" / "left").write_bytes(b"of before")
    kept = ask(one)
    file = tmp_path / "backup.tar.zst"
    assert within(one, lambda ground: backup(ground, file, with_secret=True, progress=nothing))
    names = archive.verify(file).files
    assert sum(name.startswith("stores/observe/events/") for name in names) == 3
    with pytest.raises(EdenError, match="installation already"):
        restore(other, file, force=False, progress=nothing)
    assert ask(other)[1] == [["", 1], ["other", 1]]
    restore(other, file, force=True, progress=nothing)
    events, trends, logs, seen = ask(other)
    # app 2 is in no table: its rows belong to nobody
    assert events == [row for row in kept[0] if row[0] == 1] and len(events) == 3
    assert trends == [["", 3], ["e", 3]] and logs == 3
    assert [person for person, _ in seen] == ["p0", "p1", "p12"] and seen[0][1].startswith("2017-07-14")
    assert not (other.data_folder / "observe" / "spool" / "left").exists()
    # a damaged store changes nothing
    broken = tmp_path / "broken.tar.zst"
    with archive.Writer(broken) as writer:
        manifest = archive.verify(file)
        for name, _, content in archive.members(file):
            if name != archive.MANIFEST:
                data = content.read() if not name.startswith("stores/") else b"no rows"
                writer.add(name, data)
        writer.add(archive.MANIFEST, msgspec.json.encode(msgspec.structs.replace(manifest, files=dict(writer.files))))
    with pytest.raises(EdenError) as caught:
        restore(other, broken, force=True, progress=nothing)
    assert caught.value.code == "events-store"
    assert ask(other)[1] == trends
    assert sorted(path.name for path in (other.data_folder / "observe").glob("store*")) == ["store"]


def test_a_store_that_cannot_take_its_place(
    make_settings: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too late to take anything back: nothing that the restored rows need is removed, and it is said what to do."""
    old, new = make_settings("folder"), make_settings("new")
    within(old, fill)
    path = written(old, tmp_path / "backup")

    def refused(self: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(events_store._Restoring, "replace", refused)
        with pytest.raises(EdenError, match=r"files are restored, the store observe is not: .*Permission denied") as it:
            restore(new, path, force=False, progress=nothing)
    assert it.value.code == "store-not-replaced" and "--force" in it.value.hint
    assert within(new, content) == within(old, content)
    restore(new, path, force=True, progress=nothing)
    assert within(new, content) == within(old, content)


def _app(connection: Connection) -> Any:
    workspace = {"id": new_id(), "slug": "w1", "name": "w", "settings": {}, "created_at": 1}
    connection.execute(insert(workspaces).values(workspace))
    app = {"number": 1, "workspace_id": workspace["id"], "key": "bank", "settings": {}, "revision": 1, "created_at": 1}
    return insert(observe_apps).values(app)
