"""Observing without senders: a ground with a workspace and two programs, the embedded engine, a clock that stands.
Errors and log lines are put where the inserter puts them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from sqlalchemy import Connection, insert

from eden.base.catalogue import ProgramInfo, ReleaseInfo, VersionInfo
from eden.base.ground import open_ground
from eden.base.identity.principal import Principal
from eden.base.identity.roles import ROLES, permissions_of
from eden.base.settings import DatabaseSettings, Settings
from eden.base.tables import members, metadata, users, workspaces
from eden.observe.apps import Apps
from eden.observe.crashes.document import ErrorDocument, Thrown
from eden.observe.crashes.finish import finished
from eden.observe.crashes.note import note_errors
from eden.observe.crashes.service import Crashes
from eden.observe.insight.answering import Answering
from eden.observe.insight.client import Insight, LocalInsight
from eden.observe.insight.engine import Engine
from eden.observe.interfaces import TABLE_OF, AnyRow, ErrorRow, LogRow, Row
from eden.observe.logs.note import note_pulls
from eden.observe.logs.pulls import Pulls
from eden.observe.logs.service import Logs

T = TypeVar("T")
SECOND = 1_000_000
#: when the clock stands, seconds
NOW = 1_790_000_000


def number_of(*what: object) -> int:
    """64 bits for these values, the same in every run: Python's own hash of a text is another in each."""
    return int.from_bytes(hashlib.blake2b(repr(what).encode(), digest_size=8).digest())


class Shelf:
    """A catalogue of two programs; tests put in what they need."""

    def __init__(self) -> None:
        self.all_versions = [VersionInfo(13, "1.3", 0), VersionInfo(12, "1.2", 0)]
        self.all_releases: list[ReleaseInfo] = []
        #: (key, code) → SHA-256
        self.maps: dict[tuple[str, int], str] = {}

    def programs(self, connection: Connection, workspace_id: str) -> Sequence[ProgramInfo]:
        return [ProgramInfo("bank", "Bank", "miniprogram"), ProgramInfo("shop", "Shop", "miniprogram")]

    def versions(self, connection: Connection, workspace_id: str, key: str) -> Sequence[VersionInfo]:
        return self.all_versions

    def releases(self, connection: Connection, workspace_id: str, key: str) -> Sequence[ReleaseInfo]:
        return self.all_releases

    def source_maps(self, connection: Connection, workspace_id: str, key: str, code: int) -> str | None:
        return self.maps.get((key, code))


class Stage:
    """`people` has a Principal for every role, each a member of the workspace `w`, and one of another workspace."""

    def __init__(self, folder: Path, store: Engine, insight: Insight) -> None:
        settings = Settings(
            data=str(folder), secret_key="of the tests, and of nothing else but them", database=DatabaseSettings()
        )
        self.ground = open_ground(settings)
        metadata.create_all(self.ground.database.engine)
        self.shelf = Shelf()
        self.ground.catalogue = self.shelf
        self.store = store
        self.insight = insight
        #: moves only when a test moves it
        self.at = NOW * SECOND
        self.apps = Apps(self.ground, lambda: self.at)
        self.crashes = Crashes(self.ground, self.apps, insight, lambda: self.at)
        self.logs = Logs(self.apps, insight, lambda: self.at)
        self.pulls = Pulls(self.ground, self.apps, insight, lambda: self.at)
        self.people: dict[str, Principal] = {
            role: Principal(
                "user", f"id-{role}", f"user:{role}@example.com", f"id-{role}", f"{role}@example.com",
                permissions={"w": permissions_of([role])},
            )
            for role in ROLES
        }  # fmt: skip
        self.people["stranger"] = Principal("user", "s", "user:s", "s", permissions={"v": permissions_of(["owner"])})
        self.ground.database.write_now(self._furnish)

    def _furnish(self, connection: Connection) -> None:
        for slug in ("w", "v"):
            connection.execute(insert(workspaces).values(id=slug, slug=slug, name=slug, settings={}, created_at=0))
        for role in ROLES:
            connection.execute(
                insert(users).values(
                    id=f"id-{role}", email=f"{role}@example.com", name=role.title(), locale="en", created_at=0
                )
            )
            connection.execute(
                insert(members).values(workspace_id="w", user_id=f"id-{role}", roles=[role], created_at=0)
            )

    @property
    def caller(self) -> tuple[Principal, str]:
        """Somebody who may read and decide."""
        return self.people["developer"], "w"

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run(work)

    def app(self, key: str = "bank") -> int:
        """The number of a program's app."""
        return self.run(self.apps.get(self.people["owner"], "w", key)).number

    def put(self, *rows: AnyRow) -> None:
        """Into the events store, and errors into their groups, as the inserter does."""
        tables: dict[str, list[AnyRow]] = {}
        for row in rows:
            tables.setdefault(TABLE_OF[type(row)], []).append(row)
        for table, several in tables.items():
            self.store.insert(table, msgspec.json.Encoder().encode_lines(several))
        errors = [row for row in rows if isinstance(row, ErrorRow)]
        self.ground.database.write_now(lambda connection: note_errors(connection, errors, self.at))
        pulled = [row for row in rows if isinstance(row, LogRow) and row.pull]
        self.ground.database.write_now(lambda connection: note_pulls(connection, pulled, self.at))

    def error(self, kind: str = "E", *, at: float = 0.0, code: int = 12, app: int = 1, **more: Any) -> ErrorRow:
        """An error `at` seconds from now. Of `more`: fields of the row, and "fatal", "id" and "value"."""
        fatal, error_id = more.pop("fatal", False), more.pop("id", f"{number_of(kind, at, code):032x}")
        thrown = Thrown(type=kind, value=more.pop("value", "x"))
        document = ErrorDocument(id=error_id, at=NOW + at, exceptions=[thrown], fatal=fatal)
        fields = {"person": "p", "device": "d", "version": f"1.{code - 10}", **more}
        return finished(document, Row(app=app, at=NOW + at, received=NOW + at, code=code, **fields))

    def line(self, message: str = "m", *, at: float = 0.0, app: int = 1, **more: Any) -> LogRow:
        """A log line `at` seconds from now."""
        return LogRow(app=app, at=NOW + at, received=NOW + at, message=message, **{"device": "d", **more})


@pytest.fixture
def stage(tmp_path: Path, kept_store: Engine) -> Iterator[Stage]:
    """With nothing stored."""
    for table in ("errors", "logs"):
        kept_store.query(f"TRUNCATE TABLE {table}")
    stage = Stage(tmp_path, kept_store, LocalInsight(Answering(kept_store)))
    try:
        # the first program's number is 1, the second's 2
        assert (stage.app("bank"), stage.app("shop")) == (1, 2)
        yield stage
    finally:
        stage.ground.close()
