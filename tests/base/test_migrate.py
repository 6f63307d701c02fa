"""The schema's history: what steps make is what the program's tables say, from the first version on."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

import eden.gateway.models
import eden.keyboard.models
import eden.observe.models
import eden.release.models  # noqa: F401 - tables of every service
from eden.base import migrate
from eden.base.database import Database
from eden.base.errors import EdenError
from eden.base.tables import members, metadata, users, workspaces
from tests.stores import KINDS, open_store

#: a database of the first version, with rows in its tables
FIRST = Path(__file__).parent / "first_version.sql"

STEP = """
from alembic import op
import sqlalchemy as sa

revision = "{name}"
down_revision = "{before}"


def upgrade():
    {body}
"""


@pytest.fixture(params=KINDS)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with open_store(request.param, tmp_path, tables=False) as store:
        yield store


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, metadata))


def row_counts(connection: Connection, names: list[str]) -> dict[str, int]:
    return {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in names}


def test_steps_make_the_tables_of_the_program(empty: Database) -> None:
    with pytest.raises(EdenError, match=r"The database is empty; .* Run eden migrate"):
        empty.read_now(migrate.check_at_head)
    assert migrate.upgrade(empty) == (None, migrate.head())
    assert empty.read_now(differences) == []
    empty.read_now(migrate.check_at_head)
    assert migrate.upgrade(empty) == (migrate.head(), migrate.head())


def test_from_the_first_version_on(tmp_path: Path) -> None:
    """Its rows are all there afterwards, in the tables of today."""
    path = tmp_path / "eden.db"
    old = sqlite3.connect(path)
    old.executescript(FIRST.read_text(encoding="utf-8"))
    old.close()
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        counts = row_counts(connection, inspect(connection).get_table_names())
    engine.dispose()
    assert all(counts.values()), "the fixture has rows in every table"
    store = Database(f"sqlite:///{path}")
    before, after = migrate.upgrade(store)
    assert (before, after) == ("0001", migrate.head())
    assert store.read_now(differences) == []
    assert store.read_now(lambda connection: row_counts(connection, list(counts))) == counts
    assert store.read_now(lambda c: c.execute(text("PRAGMA foreign_key_check")).all()) == []
    store.close()


def steps(folder: Path, *bodies: str) -> Path:
    """A folder with further steps after the newest."""
    before = migrate.head()
    for number, body in enumerate(bodies):
        name = f"test{number}"
        (folder / f"{name}.py").write_text(STEP.format(name=name, before=before, body=body))
        before = name
    return folder


def tables(store: Database) -> set[str]:
    return set(store.read_now(lambda connection: inspect(connection).get_table_names()))


def test_a_failing_step_leaves_the_schema_as_it_was(empty: Database, tmp_path: Path) -> None:
    migrate.upgrade(empty)
    create = 'op.create_table("more", sa.Column("id", sa.Integer(), primary_key=True))'
    folder = steps(tmp_path, create, 'raise RuntimeError("no luck")')
    with pytest.raises(RuntimeError, match="no luck"):
        migrate.upgrade(empty, versions=folder)
    assert "more" not in tables(empty)
    assert empty.read_now(migrate.current) == migrate.head()
    (folder / "test1.py").unlink()
    assert migrate.upgrade(empty, versions=folder) == (migrate.head(), "test0")
    assert "more" in tables(empty)


#: a table that others refer to, made anew as alembic does it on SQLite
REBUILD = """with op.batch_alter_table("workspaces", recreate="auto") as batch:
        batch.alter_column("name", type_=sa.String(500))"""


def furnish(connection: Connection) -> None:
    connection.execute(workspaces.insert().values(id="w", slug="test", name="T", settings={}, created_at=1))
    connection.execute(users.insert().values(id="u", email="a@b.c", name="A", locale="", created_at=1))
    connection.execute(members.insert().values(workspace_id="w", user_id="u", roles=["owner"], created_at=1))


def test_table_that_others_refer_to_is_changed(empty: Database, tmp_path: Path) -> None:
    migrate.upgrade(empty)
    empty.write_now(furnish)
    migrate.upgrade(empty, versions=steps(tmp_path, REBUILD))
    assert empty.read_now(lambda connection: row_counts(connection, ["workspaces", "members"])) == {
        "workspaces": 1,
        "members": 1,
    }
    # and foreign keys are watched again
    with pytest.raises(DBAPIError):
        empty.write_now(lambda connection: connection.execute(workspaces.delete()))


def test_step_that_leaves_rows_alone_is_undone(tmp_path: Path) -> None:
    store = Database(f"sqlite:///{tmp_path}/eden.db")
    migrate.upgrade(store)
    store.write_now(furnish)
    with pytest.raises(EdenError, match="A row of the table members belongs to a row of workspaces that is not there"):
        migrate.upgrade(store, versions=steps(tmp_path, """op.execute("DELETE FROM workspaces")"""))
    assert store.read_now(lambda connection: row_counts(connection, ["workspaces"])) == {"workspaces": 1}
    assert store.read_now(migrate.current) == migrate.head()
    store.close()


def test_of_many_processes_one_runs_the_steps(empty: Database) -> None:
    stores = [Database(empty.url.render_as_string(hide_password=False)) for _ in range(4)]
    results: list[tuple[str | None, str]] = []
    threads = [threading.Thread(target=lambda store=store: results.append(migrate.upgrade(store))) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        store.close()
    head = migrate.head()
    assert sorted(results, key=str) == sorted([(None, head), (head, head), (head, head), (head, head)], key=str)


def test_a_newer_schema_is_refused(empty: Database, tmp_path: Path) -> None:
    migrate.upgrade(empty, versions=steps(tmp_path, "pass"))
    with pytest.raises(EdenError, match="at step test0, which this version does not know"):
        migrate.upgrade(empty)
    with pytest.raises(EdenError, match="Install the version"):
        empty.read_now(migrate.check_at_head)


def test_steps_are_one_line() -> None:
    assert migrate.known()[0] == "0001"
    assert migrate.known()[-1] == migrate.head()
