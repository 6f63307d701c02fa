"""Bring a database's schema up to date, step by step (alembic).

All missing steps run in one transaction, which both databases give for changes of the schema, too: after a crash the
schema is as it was. Whoever comes second waits: on SQLite the transaction holds the file's write lock, on PostgreSQL
an advisory lock; then it finds nothing to do. Where nothing is missing, which is nearly always, alembic is not even
imported: it would take a tenth of a server's start.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from eden.base.database import Database
from eden.base.errors import EdenError

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

_FOLDER = Path(__file__).parent / "migrations"
#: any number that no other program uses on the same database
_LOCK = 0x6564656E


def _config(connection: Connection | None = None, versions: Path | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    if versions is not None:
        config.set_main_option("version_locations", f"{_FOLDER / 'versions'}\n{versions}".replace("%", "%%"))
        config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    return config


def _scripts(versions: Path | None = None) -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config(versions=versions))


def head() -> str:
    """The newest step that this program knows: the names of the steps' files begin with their numbers."""
    return max(path.name for path in (_FOLDER / "versions").glob("[0-9]*_*.py")).partition("_")[0]


def current(connection: Connection) -> str | None:
    """The step that the database is at; None: it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def upgrade(database: Database, to: str = "head", versions: Path | None = None) -> tuple[str | None, str]:
    """Run what is missing up to the step `to`. The steps before and after.

    Raises EdenError "newer-schema" when a newer program has been at this database.
    """
    if versions is None and to == "head" and database.read_now(current) == (newest := head()):
        return newest, newest
    with database.changing_schema() as connection:
        if database.dialect == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        before = current(connection)
        after = run(connection, to, versions)
    return before, after


def run(connection: Connection, to: str = "head", versions: Path | None = None) -> str:
    """The missing steps up to `to` inside the caller's transaction; the step after."""
    from alembic import command

    _check_known(current(connection), versions)
    command.upgrade(_config(connection, versions), to)
    after = current(connection)
    assert after is not None
    return after


def check_at_head(connection: Connection) -> None:
    """Raises EdenError when the schema is not the one that this program was written for."""
    at, wanted = current(connection), head()
    if at == wanted:
        return
    _check_known(at)
    raise EdenError(
        "old-schema",
        f"The database is {'empty' if at is None else f'at step {at}'}; this version needs step {wanted}.",
        "Run eden migrate." if at is None else "Make a backup, then run eden migrate.",
    )


def _check_known(revision: str | None, versions: Path | None = None) -> None:
    if revision is not None and revision not in known(versions):
        raise EdenError(
            "newer-schema",
            f"The database is at step {revision}, which this version does not know.",
            "Install the version of Eden that was used last, or a newer one.",
        )


def known(versions: Path | None = None) -> list[str]:
    """All steps, the oldest first."""
    return [script.revision for script in _scripts(versions).walk_revisions()][::-1]
