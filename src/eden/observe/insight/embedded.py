"""ClickHouse in this process (chdb).

Traps: one folder per process; never a fork after it was opened (the child would hang: here it is refused); one session
per thread, because a session runs one query after the other. Every question gets a session of its own, which costs
0.3 ms: its limits, and `readonly` as the last setting, which cannot be taken back, end with it. Its threads stay, some
hundred of them, and each keeps three files of /proc open; it raises the soft limit of open files by itself.
"""

from __future__ import annotations

import os
import re
import threading
import uuid
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from eden.base.imports import without
from eden.observe import schema
from eden.observe.insight.engine import Limits, StoreError
from eden.observe.insight.hidden import Hidden
from eden.observe.insight.memory import release_code
from eden.observe.insight.parameters import texts
from eden.observe.insight.shared_lock import SharedLock
from eden.observe.insight.statement import check_question

_ERROR = re.compile(r"Code: ([0-9]+)\. DB::Exception: (.*?)(?: \([A-Z_]+\))?(?: \(version .*)?$", re.DOTALL)
#: the engine would take most of the machine for its caches; these are for one of 2 GB
_SERVER = {
    "mark_cache_size": 67_108_864,
    "primary_index_cache_size": 67_108_864,
    "index_mark_cache_size": 33_554_432,
    "text_index_tokens_cache_size": 33_554_432,
    "text_index_header_cache_size": 33_554_432,
    "text_index_postings_cache_size": 33_554_432,
    "query_condition_cache_size": 8_388_608,
    "compiled_expression_cache_size": 16_777_216,
}
#: memory that a thread of a question is given, bytes; the engine would want a gigabyte free for each, which it has not
#: got, and answer everything on one
_THREAD = 200_000_000
#: rows from which on another thread helps to read them: few of them, states of people, may take long
_READ_TOGETHER = 16_384
_SQL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Embedded:
    """`memory_bytes`: what the engine may take; it would take most of the machine. `backups`: a folder that BACKUP may
    write to. Raises StoreError when the folder is another process's, EdenError when chdb is not installed."""

    kind = "embedded"
    cluster = ""

    def __init__(
        self, folder: Path, database: str = "eden", *, memory_bytes: int = 900_000_000, backups: Path | None = None
    ) -> None:
        chdb = _chdb()
        options: dict[str, int | str] = {"max_server_memory_usage": memory_bytes, **_SERVER}
        if backups is not None:
            options["backups.allowed_path"] = str(backups)
        address = f"{folder}?" + "&".join(f"{name}={value}" for name, value in options.items())
        self._connect: Callable[[], Any] = lambda: chdb.connect(address)
        self._usual = {
            "max_threads": max(1, min(os.cpu_count() or 1, memory_bytes // _THREAD)),
            "max_threads_min_free_memory_per_thread": 0,
            "merge_tree_min_rows_for_concurrent_read": _READ_TOGETHER,
            "merge_tree_min_bytes_for_concurrent_read": 0,
            # compiling what was asked a third time takes 40 ms, in which most of it would be answered, and saves none
            "compile_expressions": 0,
            "compile_aggregate_expressions": 0,
            "compile_sort_description": 0,
        }
        self.database = database
        self._process = os.getpid()
        self.folder = folder
        self.writing = SharedLock()
        self.hidden = Hidden()
        self._local = threading.local()
        self._all: list[Any] = []
        try:
            session = self._connect()
            session.query(f"CREATE DATABASE IF NOT EXISTS {database}")
        except RuntimeError as error:
            raise _not_opened(error, folder) from error
        # keeps the engine open between questions
        self._all.append(session)

    def open_session(self, database: str = "") -> Any:
        """A session of chdb of its own, to be closed by the caller."""
        self._check_process()
        session = self._connect()
        session.query(f"USE {database or self.database}")
        session.query(_set(self._usual))
        return session

    def _check_process(self) -> None:
        if os.getpid() != self._process:
            raise StoreError(0, "The events store does not survive a fork: this process must not use it.")

    def _session(self) -> Any:
        self._check_process()
        session = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = self.open_session()
            self._all.append(session)
        return session

    def query(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
        form: str = "JSONCompact",
    ) -> bytes:
        session = self.open_session() if settings else self._session()
        try:
            if settings:
                session.query(_set(settings))
            return bytes(session.query(sql, form, params=texts(parameters)).bytes() or b"")
        except RuntimeError as error:
            raise _store_error(error) from error
        finally:
            if settings:
                session.close()

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
        check_question(sql)
        session = self.open_session()
        try:
            given = self.hidden.filtered(settings or {})
            session.query(_set({**limited(limits), "log_comment": mark, **given, "readonly": 1}))
            return bytes(session.query(sql, form, params=texts(parameters)).bytes() or b"")
        except RuntimeError as error:
            raise _store_error(error) from error
        finally:
            session.close()

    def stop(self, mark: str) -> None:
        self.query("KILL QUERY WHERE Settings['log_comment'] = {mark:String} ASYNC", {"mark": mark})

    def insert(self, table: str, rows: bytes, *, token: str = "") -> None:
        with self.writing.shared():
            self._put(schema.inserted(table), rows, "JSONEachRow", token)

    def load(self, table: str, rows: bytes, *, form: str = "Native") -> None:
        self._put(table, rows, form, "")

    def _put(self, into: str, rows: bytes, form: str, token: str) -> None:
        session = self._session()
        # one insert is one block, and so one part of each month: all of it or nothing
        settings = ", ".join(f"{name} = {quoted(value)}" for name, value in inserted(token).items())
        try:
            # rows beside the text cost a third less than rows in it
            with session.send_insert(f"INSERT INTO {into} SETTINGS {settings}", form) as stream:
                stream.append(rows)
                stream.finish()
        except RuntimeError as error:
            raise _store_error(error) from error

    def hasten(self, table: str) -> None:
        # the engine looks what there is to be done when it is told so, and else after a second or more
        self.query(f"SYSTEM START MERGES {table}")

    def rest(self) -> None:
        self.query("SYSTEM JEMALLOC PURGE")
        release_code("_chdb")

    def close(self) -> None:
        for session in self._all:
            session.close()
        self._all.clear()


def _chdb() -> Any:
    """The package, without what it loads for arrays in memory: a fifth of the time to start, and 40 MB."""
    with without("pyarrow"):
        import_module("chdb.state")
        return import_module("chdb")


def limited(limits: Limits) -> dict[str, Any]:
    """ClickHouse's settings of a question's limits: exceeding any of them is an error, never half an answer."""
    return {
        "max_execution_time": limits.seconds,
        # looked at from the beginning, and not guessed ahead
        "timeout_before_checking_execution_speed": 0,
        "max_memory_usage": limits.memory_bytes,
        "max_result_rows": limits.rows,
        "max_result_bytes": limits.result_bytes,
        "max_rows_to_read": limits.read_rows,
        # an order or a group that needs more memory goes to the disk
        "max_bytes_before_external_group_by": limits.memory_bytes * 2 // 3,
        "max_bytes_before_external_sort": limits.memory_bytes // 2,
    }


def inserted(token: str) -> dict[str, Any]:
    """ClickHouse's settings of an insert. Without a token, rows are stored even if they were stored before."""
    return {
        "type_json_skip_duplicated_paths": 1,
        # a text that looks like a time is a text: "13" would become a day of this month
        "input_format_try_infer_dates": 0,
        "input_format_try_infer_datetimes": 0,
        "input_format_skip_unknown_fields": 1,
        # what a table knows of itself must not keep its copies from being told
        "deduplicate_blocks_in_dependent_materialized_views": 1,
        "max_insert_block_size": 100_000_000,
        "min_insert_block_size_rows": 100_000_000,
        "min_insert_block_size_bytes": 0,
        "input_format_parallel_parsing": 0,
        # months of a chunk: what is imported may be of twenty years
        "max_partitions_per_insert_block": 0,
        # the same rows without a token would be taken for a repetition
        "insert_deduplication_token": token or uuid.uuid4().hex,
    }


def quoted(value: object) -> str:
    """A literal of ClickHouse's SQL: a number, or a string."""
    if isinstance(value, int | float):
        return repr(value + 0)
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


def _set(settings: Mapping[str, Any]) -> str:
    for name in settings:
        if not _SQL_NAME.fullmatch(name):
            raise StoreError(0, f"{name!r} is no setting.")
    return "SET " + ", ".join(f"{name} = {quoted(value)}" for name, value in settings.items())


def _not_opened(error: RuntimeError, folder: Path) -> StoreError:
    said = str(error)
    if "different path" in said:
        return StoreError(0, f"This process has the store of another folder open, and can have one only: {folder}.")
    if "initializing" in said:
        # the engine tells why on standard error
        return StoreError(0, f"The store {folder} cannot be opened: another process has it, or it cannot be written.")
    return _store_error(error)


def _store_error(error: RuntimeError) -> StoreError:
    found = _ERROR.search(str(error))
    return StoreError(int(found[1]), found[2]) if found else StoreError(0, str(error))
