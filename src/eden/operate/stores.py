"""What the drivers of stores say, told to an operator: a sentence, and the settings to look at."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from obstore.exceptions import BaseError
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from eden.base.blobs import Blobs
from eden.base.errors import EdenError
from eden.base.settings import Settings

#: not part of an installation
PROBES = "health/"
_LONGEST = 300


@contextmanager
def told(settings: Settings) -> Iterator[None]:
    """Raises EdenError "database" or "blobs" for what the stores' drivers raise inside."""
    try:
        yield
    except (DBAPIError, BaseError) as error:
        raise explained(error, settings) from error


def explained(error: DBAPIError | BaseError | OSError, settings: Settings) -> EdenError:
    """Of a database or blob store that does not answer, refuses, or is damaged; OSError: of the blob store."""
    return _of_database(error, settings) if isinstance(error, DBAPIError) else _of_blobs(error, settings)


def _of_blobs(error: BaseError | OSError, settings: Settings) -> EdenError:
    hint = "Look at blobs.address: is the folder there, and may this user write to it?"
    if settings.blobs.address.startswith("s3:"):
        hint = (
            "Is the bucket there, is the server that blobs.endpoint names up, and are blobs.access_key, "
            "blobs.secret_key and blobs.region right?"
        )
    return EdenError("blobs", f"{settings.blobs_address} refuses: {_said_of_blobs(error)}.", hint)


def _of_database(error: DBAPIError, settings: Settings) -> EdenError:
    said = _said_of_database(error)
    if sqlite_file(settings) is None:
        hint = "Is PostgreSQL up, and are host, user, password and name in database.address right?"
    elif "locked" in said:
        hint = "Another program holds the file: end it."
    elif "malformed" in said or "not a database" in said:
        hint = "The file is damaged: stop the server and restore the last backup."
    else:
        hint = "May this user write to the file and its folder, and is there room on the disk?"
    return EdenError("database", f"The database refuses: {said}.", hint)


def _said_of_database(error: DBAPIError) -> str:
    detail = error.orig.args[0] if error.orig is not None and error.orig.args else ""
    # PostgreSQL's fields: M is the message
    return _short(str(detail.get("M", detail)) if isinstance(detail, dict) else str(detail or type(error).__name__))


def _said_of_blobs(error: BaseError | OSError) -> str:
    """S3 answers in XML: its code and message are what counts."""
    text = str(error)
    told = [
        found[1] for name in ("Code", "Message") if (found := re.search(rf"<{name}>(.*?)</{name}>", text, re.DOTALL))
    ]
    return _short(": ".join(told) or text)


def _short(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return (line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…").rstrip(".")


def sqlite_file(settings: Settings) -> Path | None:
    """Where the database is a file: that."""
    try:
        url = make_url(settings.database_address)
        return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
    except (ArgumentError, ValueError):
        # no address; opening it says so
        return None


async def listed(blobs: Blobs, settings: Settings) -> list[tuple[str, int]]:
    """Name and length of every file that belongs to the installation. Raises EdenError when there is no such bucket."""
    try:
        return sorted([(name, size) async for name, size in blobs.list() if not name.startswith(PROBES)])
    except OSError as error:
        raise explained(error, settings) from error


def check_there(settings: Settings) -> None:
    """Raises EdenError when the settings name a database file that is not there: a look must not make one."""
    path = sqlite_file(settings)
    if path is None:
        return
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise EdenError(
            "nothing-there",
            f"There is no installation here: {path} is missing.",
            "Name its settings with --config, or make one with eden init.",
        ) from None
    except OSError as error:
        raise EdenError(
            "database", f"{path} cannot be reached: {error.strerror}.", "Run this as the user that the server runs as."
        ) from error


def check_writable(settings: Settings) -> None:
    """Raises EdenError when this user may only read the database's file: SQLite says so at the first change, not
    before."""
    path = sqlite_file(settings)
    if path is None or not path.exists():
        return
    for place in (path, path.parent):
        if not os.access(place, os.W_OK):
            raise EdenError(
                "database",
                f"{place} cannot be written by this user.",
                "Run eden's commands as the user that the server runs as, and give the file to that one.",
            )
