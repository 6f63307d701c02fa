"""What every service stands on, opened once per process."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, insert, select

from eden.base.audit import AuditLog
from eden.base.blobs import Blobs
from eden.base.catalogue import Catalogue, NoCatalogue
from eden.base.changes import Feed
from eden.base.database import Database
from eden.base.errors import EdenError
from eden.base.jobs import Jobs
from eden.base.settings import Settings
from eden.base.tables import installation
from eden.base.telemetry import Metrics

SECRET_FILE = "secret.key"
_CHECK = "secret_check"


@dataclass
class Ground:
    """The platform's ground. `secret` is the server's key; `stopping` is set when the server is about to stop:
    whoever answers a request without an end (an event stream) ends it then."""

    settings: Settings
    database: Database
    blobs: Blobs
    feed: Feed
    jobs: Jobs
    audit: AuditLog
    metrics: Metrics
    secret: bytes
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    #: of mini programs and releases; the service that keeps them puts it here
    catalogue: Catalogue = field(default_factory=NoCatalogue)

    def close(self) -> None:
        """Waits for what is being written."""
        self.database.close()


def open_ground(settings: Settings) -> Ground:
    """Open the stores that the settings name; nothing is read or written yet but the key.

    Raises EdenError: the data folder cannot be written, an address is wrong, the key is missing or not readable.
    """
    make_data_folder(settings)
    secret = server_secret(settings)
    blobs = Blobs.of(settings)
    database = Database(settings.database_address)
    return Ground(
        settings=settings,
        database=database,
        blobs=blobs,
        feed=Feed(database),
        jobs=Jobs(database),
        audit=AuditLog(secret),
        metrics=Metrics(),
        secret=secret,
    )


def make_data_folder(settings: Settings) -> None:
    """The data folder, for this user only: the database holds hashes of passwords. Raises EdenError."""
    folder = settings.data_folder
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EdenError(
            "data-folder", f"The data folder {folder} cannot be made: {error.strerror}.", "Set data to another folder."
        ) from error


def server_secret(settings: Settings) -> bytes:
    """The key: as set; or the one in the data folder, which is made on first use unless the server is public."""
    if settings.secret_key:
        return settings.secret_key.encode()
    path = settings.data_folder / SECRET_FILE
    if settings.is_public:
        raise EdenError(
            "no-secret-key",
            "A server that others can reach needs a secret key of its own.",
            f"Set secret_key_file to a file that only this user can read (such as {path}"
            + (", which is there already)." if path.exists() else "); make one with: openssl rand -base64 48"),
        )
    return read_or_make_secret(path)


def read_or_make_secret(path: Path) -> bytes:
    """The key in `path`, made with mode 0600 when it is not there (of several processes, one makes it). EdenError."""
    try:
        if not path.exists():
            _make_secret(path)
        secret = path.read_text(encoding="utf-8").strip().encode()
    except (OSError, UnicodeDecodeError) as error:
        raise EdenError(
            "secret-unreadable",
            f"The secret key {path} cannot be read or made: {error}.",
            "The data folder and what is in it belong to the user who runs the server.",
        ) from error
    if len(secret) < 32:
        raise EdenError("weak-secret-key", f"{path} has less than 32 characters.", "Restore it from where you keep it.")
    return secret


def _make_secret(path: Path) -> None:
    """The whole file appears at once: a process beside this one never reads half a key."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # another process was faster: that one's counts
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def check_secret(connection: Connection, secret: bytes) -> None:
    """Make sure that this is the key that the database was begun with; the first one is remembered by a digest.

    Raises EdenError otherwise: with another key, signing keys could not be opened and the audit log would look cut.
    """
    if has_other_secret(connection, secret):
        raise EdenError(
            "other-secret-key",
            "This database was begun with another secret key.",
            "Set secret_key_file to the key it was begun with.",
        )
    if _known_check(connection) is None:
        connection.execute(insert(installation).values(name=_CHECK, value=secret_check(secret)))


def has_other_secret(connection: Connection, secret: bytes) -> bool:
    """Whether the database was begun with another key; no when no server has used it yet."""
    known = _known_check(connection)
    return known is not None and not hmac.compare_digest(known, secret_check(secret))


def _known_check(connection: Connection) -> str | None:
    return connection.execute(select(installation.c.value).where(installation.c.name == _CHECK)).scalar()


def secret_check(secret: bytes) -> str:
    """A digest that tells keys apart and does not help to find one."""
    return hmac.new(secret, b"eden secret check", hashlib.sha256).hexdigest()
