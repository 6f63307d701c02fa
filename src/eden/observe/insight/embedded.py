"""ClickHouse in this process (chdb). One folder per process, and never a fork after it was opened."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from eden.observe.insight.engine import StoreError

_NUMBER = re.compile(r"Code: ([0-9]+)\. DB::Exception: (.*?)(?: \([A-Z_]+\))?(?: \(version .*)?$", re.DOTALL)


class Embedded:
    """`memory_bytes`: what the engine may take; it would take most of the machine."""

    def __init__(self, folder: Path, database: str = "eden", *, memory_bytes: int = 900_000_000) -> None:
        chdb: Any = import_module("chdb")

        self._connect: Callable[[], Any] = lambda: chdb.connect(
            f"{folder}?max_server_memory_usage={memory_bytes}&mark_cache_size=67108864"
        )
        self._database = database
        self._local = threading.local()
        self._all: list[Any] = []
        self._session().query(f"CREATE DATABASE IF NOT EXISTS {database}")
        self._session().query(f"USE {database}")

    def _session(self) -> Any:
        session = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = self._connect()
            self._all.append(session)
            if len(self._all) > 1:
                session.query(f"USE {self._database}")
        return session

    def query(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
        form: str = "JSONCompact",
    ) -> bytes:
        try:
            found = self._session().query(_with(sql, settings), form, params=dict(parameters or {}))
        except RuntimeError as error:
            raise _store_error(error) from error
        return bytes(found.bytes() or b"")

    def insert(self, table: str, rows: bytes, *, token: str = "") -> None:
        settings = "type_json_skip_duplicated_paths = 1, deduplicate_blocks_in_dependent_materialized_views = 1"
        if token:
            settings += f", insert_deduplication_token = '{token}'"
        try:
            self._session().query(f"INSERT INTO {table} SETTINGS {settings} FORMAT JSONEachRow\n" + rows.decode())
        except RuntimeError as error:
            raise _store_error(error) from error

    def close(self) -> None:
        for session in self._all:
            session.close()


def _with(sql: str, settings: Mapping[str, Any] | None) -> str:
    if not settings:
        return sql
    return f"{sql} SETTINGS {', '.join(f'{name} = {value!r}' for name, value in settings.items())}"


def _store_error(error: RuntimeError) -> StoreError:
    found = _NUMBER.search(str(error))
    return StoreError(int(found[1]), found[2]) if found else StoreError(0, str(error))
