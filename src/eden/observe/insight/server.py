"""A ClickHouse server or cluster, over HTTP (clickhouse-connect).

The same tables and questions as on the embedded engine. Where a cluster is named, tables are replicated ones on every
machine with a distributed one before them; rows of a person lie on one machine.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from importlib import import_module
from typing import Any
from urllib.parse import unquote, urlsplit

from eden.base.errors import EdenError
from eden.observe import schema
from eden.observe.insight.embedded import inserted, limited
from eden.observe.insight.engine import Limits, StoreError
from eden.observe.insight.hidden import Hidden
from eden.observe.insight.shared_lock import SharedLock
from eden.observe.insight.statement import check_question, is_question

_CODE = re.compile(r"Code: ([0-9]+)")
#: of a value; where there is none, the client would write values in the place of its own signs, as in LIKE '%s'
_PLACE = re.compile(r"\{\w+:")
_OURS = re.compile(r"\(for url [^()]*\)$")
_REASON = re.compile(r"(\[Errno [0-9-]+\][^\")]*)")
_SENTENCE = re.compile(r"DB::Exception: (.*?)(?: \([A-Z_]+\))?(?: \(version .*)?$", re.DOTALL)


#: settings of questions about tables that are spread over machines: what a question looks up for a condition (IN, JOIN)
#: is found on all machines once, rather than refused. With "local", tables beside the main one would be without their
#: conditions. https://clickhouse.com/docs/reference/settings/session-settings/distributed
_ACROSS = {"distributed_product_mode": "global"}
#: an insert is answered when the machines have it: who is forgotten is hidden then, too
_THERE = {"distributed_foreground_insert": 1}


class Server:
    """`address`: http(s)://USER:PASSWORD@HOST:PORT/DATABASE, as the setting observe.clickhouse. The database is made
    when it is missing. Raises StoreError: the server does not answer, or refuses; EdenError: the address is wrong."""

    kind = "server"

    def __init__(self, address: str, *, cluster: str = "", database: str = "") -> None:
        connect: Any = import_module("clickhouse_connect")
        self._errors: Any = import_module("clickhouse_connect.driver.exceptions")
        # mappings as values of Map, as on the embedded engine
        connect.common.set_setting("dict_parameter_format", "map")
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise EdenError(
                "clickhouse-address",
                "observe.clickhouse is not the address of a ClickHouse server.",
                "It looks like https://USER:PASSWORD@HOST:8443/DATABASE.",
            )
        self.cluster = cluster
        self.writing = SharedLock()
        self.hidden = Hidden()
        self.database = database or parts.path.strip("/") or "eden"
        self._process = os.getpid()
        try:
            self._client = connect.get_client(
                host=parts.hostname,
                port=parts.port or (8443 if parts.scheme == "https" else 8123),
                interface=parts.scheme,
                username=unquote(parts.username or "default"),
                password=unquote(parts.password or ""),
                # a session would let one query run at a time
                autogenerate_session_id=False,
                send_receive_timeout=3600,
                query_limit=0,
            )
            self._make_database()
        except self._errors.ClickHouseError as error:
            raise self._store_error(error) from error
        self._client.database = self.database

    def _make_database(self) -> None:
        known = self._client.raw_query(
            "SELECT count() FROM system.databases WHERE name = {name:String}", {"name": self.database}, fmt="TSV"
        )
        if not int(known):
            there = f" ON CLUSTER '{self.cluster}'" if self.cluster else ""
            self._client.command(f"CREATE DATABASE IF NOT EXISTS `{self.database}`{there}")

    def query(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        settings: Mapping[str, Any] | None = None,
        form: str = "JSONCompact",
    ) -> bytes:
        self._check_process()
        try:
            # a statement that answers nothing has no format: DELETE and SYSTEM would be refused for it
            answered = form if is_question(sql) else None
            values = plain(parameters) if _PLACE.search(sql) else None
            given = {**(_THERE if self.cluster else {}), **(settings or {})}
            return bytes(self._client.raw_query(sql, values, settings=given, fmt=answered))
        except self._errors.ClickHouseError as error:
            raise self._store_error(error) from error

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
        # other machines forget people, too
        self.hidden.refresh(self)
        given = self.hidden.filtered(settings or {}, self.cluster, self.database)
        if self.cluster:
            given = {**_ACROSS, **given}
        return self.query(
            sql, parameters, settings={**limited(limits), "log_comment": mark, **given, "readonly": 1}, form=form
        )

    def stop(self, mark: str) -> None:
        there = f" ON CLUSTER '{self.cluster}'" if self.cluster else ""
        self.query(f"KILL QUERY{there} WHERE Settings['log_comment'] = {{mark:String}} ASYNC", {"mark": mark})

    def insert(self, table: str, rows: bytes, *, token: str = "") -> None:
        with self.writing.shared():
            self._put(schema.inserted(table), rows, "JSONEachRow", token)

    def load(self, table: str, rows: bytes, *, form: str = "Native") -> None:
        self._put(table, rows, form, "")

    def _put(self, into: str, rows: bytes, form: str, token: str) -> None:
        self._check_process()
        settings = inserted(token)
        if self.cluster:
            settings |= _THERE
        try:
            self._client.raw_insert(into, insert_block=rows, settings=settings, fmt=form)
        except self._errors.ClickHouseError as error:
            raise self._store_error(error) from error

    def hasten(self, table: str) -> None:
        """The server does much at a time, and whoever stopped its merges had a reason."""

    def rest(self) -> None:
        """The server's memory is its own."""

    def close(self) -> None:
        self._client.close()

    def _check_process(self) -> None:
        if os.getpid() != self._process:
            raise StoreError(0, "Connections to the events store do not survive a fork: open it anew.")

    def _store_error(self, error: Exception) -> StoreError:
        text = _OURS.sub("", str(error)).strip()
        code, sentence = _CODE.search(text), _SENTENCE.search(text)
        if code is None and sentence is None:
            found = _REASON.search(text)
            return StoreError(0, f"The ClickHouse server does not answer: {found[1] if found else text}")
        return StoreError(int(code[1]) if code else 0, (sentence[1] if sentence else text).strip())


def plain(parameters: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What the client writes as `parameters.texts` does: times as text in UTC, sets as lists. Raises TypeError."""
    return {name: _plain(value) for name, value in parameters.items()} if parameters else None


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            moment = value.astimezone(UTC) if value.tzinfo else value
            return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond:06d}"
        case date():
            return value.isoformat()
        case bool():
            return "true" if value else "false"
        case Mapping():
            return {_plain(key): _plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(item) for item in value]
        case None | str() | int() | float():
            return value
    raise TypeError(f"{type(value).__name__} cannot be a parameter")
