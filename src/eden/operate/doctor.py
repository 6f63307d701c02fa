"""`eden doctor`: what is wrong with a set-up, and what to do about it.

It writes nothing but probes that it removes. Where an installation is, it makes the data folder and the key when they
are missing, as `eden up` would.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec
from obstore.exceptions import BaseError
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError

from eden.app import Platform
from eden.base import migrate
from eden.base.api.times import moment
from eden.base.database import ping
from eden.base.errors import EdenError
from eden.base.ground import SECRET_FILE, Ground, has_other_secret
from eden.base.ids import new_id, now
from eden.base.jobs import FAILED
from eden.base.parts import Finding
from eden.base.settings import Settings
from eden.base.tables import audit, audit_heads, installation, jobs, workspaces
from eden.operate.backup import LAST_BACKUP
from eden.operate.running import LOCK_FILE, running_server
from eden.operate.stores import PROBES, check_there, check_writable, explained, sqlite_file
from eden.operate.up import check_https, check_owner, has_owner

#: less free space than this, and uploads soon fail
FREE_BYTES = 1_000_000_000
#: clocks of machines that share a database may differ so much: leases are a minute long
CLOCK_SECONDS = 5
#: a store that has not answered by then does not answer
_ANSWER_SECONDS = 30

OfDatabase = Callable[[Ground, Connection], Sequence[Finding]]


def doctor(
    load: Callable[[], Settings],
    *,
    as_json: bool,
    write: Callable[[str], None] = print,
    key_file: Callable[[], Path | None] = lambda: None,
) -> int:
    """Run all checks and write what they found; 1 when something is wrong, else 0. `load` gives the settings,
    `key_file` what `secret_key_file` names."""
    findings = asyncio.run(examine(load, key_file))
    wrong = [finding for finding in findings if not finding.ok]
    if as_json:
        write(msgspec.json.format(msgspec.json.encode({"ok": not wrong, "findings": findings})).decode())
    else:
        for finding in findings:
            write(f"  {'✓' if finding.ok else '✗'} {finding.name}: {finding.sentence}")
            if not finding.ok and finding.hint:
                write(f"      {finding.hint}")
        write(f"\n  {len(wrong)} of {len(findings)} checks failed." if wrong else "\n  All is well.")
    return 1 if wrong else 0


async def examine(load: Callable[[], Settings], key_file: Callable[[], Path | None] = lambda: None) -> list[Finding]:
    """All findings. Later checks are left out when what they need is not there."""
    try:
        settings, key_place = load(), key_file()
    except EdenError as error:
        return [_bad("settings", error)]
    findings = [Finding("settings", True, "All names and values are known.")]
    findings += [_tried("https", lambda: check_https(settings), "Public rules about TLS are kept.")]
    findings += [_port(settings)]
    try:
        check_there(settings)
    except EdenError as error:
        return [*findings, *_data_folder(settings, make=False), _bad("database", error)]
    findings += _data_folder(settings, make=True)
    try:
        platform = Platform(settings)
    except EdenError as error:
        return [*findings, _bad("set-up", error)]
    ground = platform.ground
    try:
        findings += await _of_stores(ground, key_place)
        if any(finding.name == "schema" and finding.ok for finding in findings):
            # the tables that the services' checks read are there
            for part in platform.parts:
                for check in part.doctor:
                    findings += await _run(settings, part.name, check())
    finally:
        ground.close()
    return findings


async def _of_stores(ground: Ground, key_place: Path | None) -> list[Finding]:
    settings, database = ground.settings, ground.database
    findings = [*_secret(settings, key_place)]
    findings += await _run(settings, "blobs", _blobs(ground), _ANSWER_SECONDS)
    needed: dict[str, OfDatabase] = {"database": _answers, "schema": _schema}
    for name, check in needed.items():
        reading = database.read(lambda c, check=check: check(ground, c))  # type: ignore[misc]
        found = await _run(settings, name, reading, _ANSWER_SECONDS)
        findings += found
        if not all(finding.ok for finding in found):
            return findings
    for name, check in _CHECKS.items():
        findings += await _run(settings, name, database.read(lambda c, check=check: check(ground, c)))  # type: ignore[misc]
    return findings


async def _run(
    settings: Settings, name: str, check: Awaitable[Sequence[Finding]], seconds: float | None = None
) -> Sequence[Finding]:
    try:
        async with asyncio.timeout(seconds):
            return await check
    except TimeoutError:
        sentence = f"There is no answer within {seconds} s."
        return [Finding(name, False, sentence, "Is it up, and does the network let this machine reach it?")]
    except EdenError as error:
        return [_bad(name, error)]
    except (DBAPIError, BaseError) as error:
        return [_bad(name, explained(error, settings))]
    except Exception as error:
        first = str(error).splitlines()[0] if str(error) else ""
        return [Finding(name, False, f"{type(error).__name__}: {first}", "The set-up of this store is wrong.")]


def _bad(name: str, error: EdenError) -> Finding:
    return Finding(name, False, error.sentence, error.hint)


def _tried(name: str, check: Callable[[], None], sentence: str) -> Finding:
    try:
        check()
    except EdenError as error:
        return _bad(name, error)
    return Finding(name, True, sentence)


def _data_folder(settings: Settings, *, make: bool) -> list[Finding]:
    folder = settings.data_folder
    if not make and not os.path.exists(folder):
        return []
    probe = folder / f"doctor-{new_id()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        hint = "Give it to the user that the server runs as, or set data to another folder."
        return [Finding("data folder", False, f"{folder} cannot be written: {error.strerror}.", hint)]
    written = Finding("data folder", True, f"{folder.absolute()} can be written.")
    mode = stat.S_IMODE(folder.stat().st_mode)
    closed = Finding(
        "privacy",
        os.name != "posix" or mode & 0o007 == 0,
        f"Mode of {folder} is {mode:04o}.",
        f"Every user of this machine can read the database: chmod 700 {folder}",
    )
    return [written, closed, *_owners(settings), *_free_space(settings)]


def _places(settings: Settings) -> list[Path]:
    """Folders and files on this machine that the server writes: those that are there."""
    places = [settings.data_folder, *(settings.data_folder / name for name in (SECRET_FILE, LOCK_FILE))]
    if (file := sqlite_file(settings)) is not None:
        places += [Path(f"{file}{end}") for end in ("", "-wal", "-shm")]
    if "://" not in settings.blobs_address:
        places.append(Path(settings.blobs_address))
    return [place for place in places if os.path.exists(place)]


def _owners(settings: Settings) -> list[Finding]:
    """A command that was run as root leaves files that the server cannot open."""
    user = _user_of(settings.data_folder)
    others = [place for place in _places(settings) if _user_of(place) != user]
    if os.name != "posix" or not others:
        return []
    sentence = f"{others[0]} belongs to another user than {settings.data_folder}."
    hint = f"Run eden's commands as the server's user. To mend it: chown -R {user} {settings.data_folder} {others[0]}"
    return [Finding("owner of files", False, sentence, hint)]


def _user_of(path: Path) -> int:
    return path.stat().st_uid


def _free_space(settings: Settings) -> list[Finding]:
    """Of every disk that the server writes to."""
    disks = {place.stat().st_dev: place for place in reversed(_places(settings))}
    found = []
    for place in disks.values():
        free = shutil.disk_usage(place).free
        sentence = f"{free / 1e9:,.1f} GB are free in {place}."
        hint = "Make room, or move data or blobs.address to a larger disk."
        found.append(Finding("free space", free >= FREE_BYTES, sentence, hint))
    return found


def _port(settings: Settings) -> Finding:
    """Free, or a platform answers there."""
    port = settings.listen.port
    try:
        answer = running_server(settings)
    except EdenError as error:
        return _bad("port", error)
    if answer is None:
        return Finding("port", True, f"Port {port} is free; no server runs.")
    if not answer:
        return Finding("server", True, f"A server answers on port {port} and is ready.")
    return Finding("server", False, f"The server on port {port} is not ready: {answer}", "Read its log.")


def _secret(settings: Settings, key_place: Path | None) -> list[Finding]:
    place = key_place or settings.data_folder / SECRET_FILE
    if settings.secret_key and key_place is None:
        return [Finding("secret key", True, "It is set.")]
    mode = stat.S_IMODE(place.stat().st_mode)
    return [
        Finding(
            "secret key",
            os.name != "posix" or mode & 0o077 == 0,
            f"It is in {place}, mode {mode:04o}. Backups leave it out: keep a copy elsewhere.",
            f"Others can read it: chmod 600 {place}",
        )
    ]


async def _blobs(ground: Ground) -> Sequence[Finding]:
    name, content = f"{PROBES}doctor-{new_id()}", b"eden doctor"
    try:
        await ground.blobs.put(name, content)
    except OSError as error:
        # S3's word for a bucket that is not there
        raise explained(error, ground.settings) from error
    found = await ground.blobs.get(name)
    await ground.blobs.delete(name)
    hint = "Another program writes there, or the store is broken."
    return [Finding("blobs", found == content, f"{ground.blobs.address} takes and gives files.", hint)]


def _answers(ground: Ground, connection: Connection) -> list[Finding]:
    ping(connection)
    check_writable(ground.settings)
    shown = ground.database.url.set(drivername=ground.database.dialect).render_as_string()
    return [Finding("database", True, f"{shown} answers.")]


def _schema(ground: Ground, connection: Connection) -> list[Finding]:
    migrate.check_at_head(connection)
    return [Finding("schema", True, f"It is at step {migrate.head()}, the newest.")]


def _key(ground: Ground, connection: Connection) -> list[Finding]:
    same = not has_other_secret(connection, ground.secret)
    sentence = "The database and the secret key belong together." if same else "The database has another secret key."
    hint = "Set secret_key_file to the key that the database was begun with."
    return [Finding("key of the database", same, sentence, hint)]


def _owner(ground: Ground, connection: Connection) -> list[Finding]:
    owned = has_owner(connection, bool(ground.settings.oidc.issuer))
    if not owned and connection.execute(select(workspaces.c.id).limit(1)).first() is not None:
        hint = "Make a link with which an owner sets a password: eden link ADDRESS"
        return [Finding("owner", False, "No owner can sign in.", hint)]
    if not owned and not ground.settings.is_public:
        return [Finding("owner", False, "Nobody can sign in yet.", "Run eden init.")]
    return [_tried("owner", lambda: check_owner(ground.settings, owned), "Somebody can sign in.")]


def _integrity(ground: Ground, connection: Connection) -> list[Finding]:
    if ground.database.dialect != "sqlite":
        return []
    words = connection.execute(text("PRAGMA quick_check")).scalars().all()
    orphans = connection.execute(text("PRAGMA foreign_key_check")).all()
    wrong = [str(word) for word in words if word != "ok"][:1]
    wrong += [f"{len(orphans)} references lead nowhere"] if orphans else []
    sentence = f"The file is damaged: {', '.join(wrong)}." if wrong else "The file is whole."
    return [Finding("integrity", not wrong, sentence, "Stop the server and restore the last backup.")]


def _clock(ground: Ground, connection: Connection) -> list[Finding]:
    if ground.database.dialect == "postgresql":
        theirs = connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one()
        off = abs(now() / 1e6 - float(theirs))
    else:
        # no other clock to ask: at least, nothing was written in the future
        newest = connection.execute(select(func.max(audit.c.at))).scalar() or 0
        off = max(0.0, (newest - now()) / 1e6)
    good = off <= CLOCK_SECONDS
    sentence = "It agrees with the database." if good else f"It differs from the database's by {off:.0f} s."
    return [Finding("clock", good, sentence, "Set the clock by NTP: signatures and leases depend on it.")]


def _audit(ground: Ground, connection: Connection) -> list[Finding]:
    # a workspace has a chain from its first moment: one of which nothing is left is broken, too
    chains = set(connection.execute(select(workspaces.c.id)).scalars())
    chains |= set(connection.execute(select(audit.c.workspace_id).distinct()).scalars())
    chains |= set(connection.execute(select(audit_heads.c.workspace_id)).scalars())
    findings, entries = [], 0
    for workspace_id in sorted(chains):
        verdict = ground.audit.verify(connection, workspace_id)
        entries += verdict.entries
        if verdict.broken_at is not None:
            where = f"of workspace {workspace_id}" if workspace_id else "of the platform"
            findings.append(
                Finding(
                    "audit log",
                    False,
                    f"The audit log {where} was changed at entry {verdict.broken_at}.",
                    "Compare it with a backup; whoever can write to the database, or another secret key, did this.",
                )
            )
    return findings or [Finding("audit log", True, f"All {entries:,} entries are what was written.")]


def _backup(ground: Ground, connection: Connection) -> list[Finding]:
    """When the last one was made; whoever has other means does not need it."""
    at = connection.execute(select(installation.c.value).where(installation.c.name == LAST_BACKUP)).scalar()
    if at is None:
        return [Finding("backup", True, "None was made yet: eden backup FILE, and eden restore FILE to try it.")]
    days = (now() - int(at)) / 86_400_000_000
    made = f"{moment(int(at)):%Y-%m-%d %H:%M} UTC"
    return [Finding("backup", True, f"The last one was made on {made}, {days:.1f} days ago.")]


def _failed_jobs(ground: Ground, connection: Connection) -> list[Finding]:
    rows = connection.execute(
        select(jobs.c.kind, func.count(), func.max(jobs.c.error)).where(jobs.c.state == FAILED).group_by(jobs.c.kind)
    ).all()
    hint = "The log has more; failed jobs are forgotten after 14 days."
    if not rows:
        return [Finding("jobs", True, "None has failed.")]
    return [Finding("jobs", False, f"{count} of kind {kind} failed: {error}", hint) for kind, count, error in rows]


_CHECKS: dict[str, OfDatabase] = {
    "key of the database": _key,
    "owner": _owner,
    "integrity": _integrity,
    "clock": _clock,
    "audit log": _audit,
    "backup": _backup,
    "jobs": _failed_jobs,
}
