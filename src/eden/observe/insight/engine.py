"""The events store's engine, embedded or a server: one SQL, ClickHouse's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from eden.base.errors import EdenError


class StoreError(EdenError):
    """The engine refused or failed; `code` is ClickHouse's number where it gave one (159: time, 241: memory, 396:
    rows)."""

    def __init__(self, number: int, sentence: str) -> None:
        super().__init__("events-store", sentence)
        self.number = number


class Engine(Protocol):
    """Called from several threads at once; each has a session of its own."""

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

    def insert(self, table: str, rows: bytes, *, token: str = "") -> None:
        """Add rows, one JSON object a line. The same `token` twice stores once. Raises StoreError: nothing was
        stored."""
        ...

    def close(self) -> None: ...
