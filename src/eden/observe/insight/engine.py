"""The events store's engine, embedded or a server: one SQL, ClickHouse's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from eden.base.errors import EdenError
from eden.observe.insight.hidden import Hidden
from eden.observe.insight.shared_lock import SharedLock

#: ClickHouse's numbers of errors that mean: a limit of the question was reached
LIMITS = {159: "time", 160: "time", 241: "memory", 158: "rows", 396: "result", 307: "rows", 394: "time"}
#: the cap of the whole engine rather than of one question
MEMORY = 241


class StoreError(EdenError):
    """The engine refused or failed; `number` is ClickHouse's where it gave one (159: time, 241: memory, 396: result),
    else 0."""

    def __init__(self, number: int, sentence: str, hint: str = "") -> None:
        super().__init__("events-store", sentence, hint)
        self.number = number


class Limits(msgspec.Struct, frozen=True):
    """What one question may take: seconds, bytes of the engine's memory, rows and bytes of the answer, rows that are
    read (0: any number)."""

    seconds: float = 30.0
    memory_bytes: int = 600_000_000
    rows: int = 1_000_000
    result_bytes: int = 100_000_000
    read_rows: int = 0


class Engine(Protocol):
    """Called from several threads at once; each has a session of its own. After a fork it refuses to work."""

    #: "embedded" or "server"
    kind: str
    #: where the tables are
    database: str
    #: name of the cluster on whose machines tables are; "" for one machine
    cluster: str
    #: inserts hold it together; whoever needs rows to stay as they are for a moment, alone
    writing: SharedLock
    #: whose rows no question sees
    hidden: Hidden

    def query(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
        form: str = "JSONCompact",
    ) -> bytes:
        """The answer in one of ClickHouse's formats. `parameters` fill {name:Type} in the SQL. Raises StoreError."""
        ...

    def read(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        limits: Limits,
        settings: Mapping[str, Any] | None = None,
        form: str = "JSONCompact",
        mark: str = "",
    ) -> bytes:
        """As `query`, for questions: nothing can be written, and no setting be changed, by the SQL, and rows that are
        `hidden` are not there. Of the settings, `additional_table_filters` is a mapping. `mark` names the run for
        `stop`. Raises StoreError; its number is in LIMITS when it was one of those."""
        ...

    def stop(self, mark: str) -> None:
        """End the question that runs under `mark`, which then raises StoreError 394. Nothing, when none does."""
        ...

    def insert(self, table: str, rows: bytes, *, token: str = "") -> None:
        """Add rows, one JSON object a line; they are on the disk at the return. The same `token` twice stores once.
        Raises StoreError: nothing was stored."""
        ...

    def load(self, table: str, rows: bytes, *, form: str = "Native") -> None:
        """Add rows in one of ClickHouse's formats, as a backup has them, to a table or some of its columns; whoever
        has `writing` alone may do it. Raises StoreError."""
        ...

    def hasten(self, table: str) -> None:
        """Deletions of rows of a table that wait for their turn are begun, if that is in our hands. Raises
        StoreError."""
        ...

    def rest(self) -> None:
        """Nothing is asked at the moment: give back memory that is not needed. Raises StoreError."""
        ...

    def close(self) -> None: ...
