"""`eden doctor`: what is wrong with a set-up, and what to do about it.

It writes nothing but probes that it removes, and makes the data folder and the key as `eden up` would.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy import Connection, func, select, text

from eden.app import Platform
from eden.base import migrate
from eden.base.database import ping
from eden.base.errors import EdenError
from eden.base.ground import SECRET_FILE, Ground, secret_check
from eden.base.ids import new_id, now
from eden.base.jobs import FAILED
from eden.base.parts import Check, Finding
from eden.base.settings import Settings
from eden.base.tables import audit, audit_heads, installation, jobs
from eden.operate.running import running_server
from eden.operate.up import check_https, check_owner, has_owner

#: less free space than this, and uploads soon fail
FREE_BYTES = 1_000_000_000
#: clocks of machines that share a database may differ so much: leases are a minute long
CLOCK_SECONDS = 5


def doctor(load: Callable[[], Settings], *, as_json: bool, write: Callable[[str], None] = print) -> int:
    """Run all checks and write what they found; 1 when something is wrong, else 0. `load` gives the settings."""
    findings = asyncio.run(examine(load))
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


async def examine(load: Callable[[], Settings]) -> list[Finding]:
    """All findings. Later checks are left out when what they need is not there."""
    try:
        settings = load()
    except EdenError as error:
        return [_bad("settings", error)]
    findings = [Finding("settings", True, "All names and values are known.")]
    findings += [_tried("https", lambda: check_https(settings), "Public rules about TLS are kept.")]
    findings += [_port(settings), *_data_folder(settings)]
    try:
        platform = Platform(settings)
    except EdenError as error:
        return [*findings, _bad("set-up", error)]
    ground = platform.ground
    try:
        findings += await _run("secret key", lambda: _secret(ground))
        findings += await _run("blobs", lambda: _blobs(ground))
        stored = await _run("database", lambda: _database(ground))
        findings += stored
        if any(finding.name == "jobs" for finding in stored):
            # the tables that the services' checks read are there
            for part in platform.parts:
                for check in part.doctor:
                    findings += await _run(part.name, check)
    finally:
        ground.close()
    return findings


async def _run(name: str, check: Check) -> Sequence[Finding]:
    try:
        return await check()
    except EdenError as error:
        return [_bad(name, error)]
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


def _data_folder(settings: Settings) -> list[Finding]:
    folder = settings.data_folder
    probe = folder / f"doctor-{new_id()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        hint = "Give it to the user that the server runs as, or set data to another folder."
        return [Finding("data folder", False, f"{folder} cannot be written: {error.strerror}.", hint)]
    free = shutil.disk_usage(folder).free
    space = Finding(
        "free space",
        free >= FREE_BYTES,
        f"{free / 1e9:,.1f} GB are free in {folder}.",
        "Make room, or move data or blobs.address to a larger disk.",
    )
    written = Finding("data folder", True, f"{folder.absolute()} can be written.")
    closed = Finding(
        "privacy",
        os.name != "posix" or stat.S_IMODE(folder.stat().st_mode) & 0o007 == 0,
        f"Mode of {folder} is {stat.S_IMODE(folder.stat().st_mode):04o}.",
        f"Every user of this machine can read the database: chmod 700 {folder}",
    )
    return [written, closed, space]


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


async def _secret(ground: Ground) -> Sequence[Finding]:
    path = ground.settings.data_folder / SECRET_FILE
    if ground.settings.secret_key:
        return [Finding("secret key", True, "It is set.")]
    mode = stat.S_IMODE(path.stat().st_mode)
    return [
        Finding(
            "secret key",
            mode & 0o077 == 0,
            f"It is in {path}, mode {mode:04o}. Backups leave it out: keep a copy elsewhere.",
            f"Others can read it: chmod 600 {path}",
        )
    ]


async def _blobs(ground: Ground) -> Sequence[Finding]:
    name, content = f"health/doctor-{new_id()}", b"eden doctor"
    await ground.blobs.put(name, content)
    found = await ground.blobs.get(name)
    await ground.blobs.delete(name)
    hint = "Another program writes there, or the store is broken."
    return [Finding("blobs", found == content, f"{ground.blobs.address} takes and gives files.", hint)]


async def _database(ground: Ground) -> Sequence[Finding]:
    await ground.database.read(ping)
    shown = ground.database.url.set(drivername=ground.database.dialect).render_as_string()
    findings = [Finding("database", True, f"{shown} answers.")]
    try:
        await ground.database.read(migrate.check_at_head)
    except EdenError as error:
        return [*findings, _bad("schema", error)]
    findings.append(Finding("schema", True, f"It is at step {migrate.head()}, the newest."))
    for check in (_key, _owner, _integrity, _clock, _audit, _failed_jobs):
        findings += await ground.database.read(lambda connection, check=check: check(ground, connection))  # type: ignore[misc]
    return findings


def _key(ground: Ground, connection: Connection) -> list[Finding]:
    known = connection.execute(select(installation.c.value).where(installation.c.name == "secret_check")).scalar()
    same = known is None or known == secret_check(ground.secret)
    sentence = "The database and the secret key belong together." if same else "The database has another secret key."
    hint = "Set secret_key_file to the key that the database was begun with."
    return [Finding("key of the database", same, sentence, hint)]


def _owner(ground: Ground, connection: Connection) -> list[Finding]:
    owned = has_owner(connection, bool(ground.settings.oidc.issuer))
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
    workspaces = set(connection.execute(select(audit.c.workspace_id).distinct()).scalars())
    workspaces |= set(connection.execute(select(audit_heads.c.workspace_id)).scalars())
    findings, entries = [], 0
    for workspace_id in sorted(workspaces):
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


def _failed_jobs(ground: Ground, connection: Connection) -> list[Finding]:
    rows = connection.execute(
        select(jobs.c.kind, func.count(), func.max(jobs.c.error)).where(jobs.c.state == FAILED).group_by(jobs.c.kind)
    ).all()
    hint = "The log has more; failed jobs are forgotten after 14 days."
    if not rows:
        return [Finding("jobs", True, "None has failed.")]
    return [Finding("jobs", False, f"{count} of kind {kind} failed: {error}", hint) for kind, count, error in rows]
