"""Queries of people, run: the text is read and written anew, looked at by the engine, then answered within limits.

What keeps a query to its apps, one behind the other: the list of what its syntax tree may have (`reading`), the row
filter behind every table (`writing`), the engine's own reading of it (`engine_reading`), the engine's filter on every
table, and `readonly`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Final, Literal, TypeAlias

import msgspec

from eden.base.problems import Problem
from eden.observe import schema
from eden.observe.app_settings import RETENTION
from eden.observe.apps import App
from eden.observe.insight.client import Answer, Insight, Limits
from eden.observe.sql.refusals import Refusal

#: what a query may take; a session of somebody who explores has several of them
QUERY_LIMITS: Final = Limits(
    seconds=30.0, memory_bytes=400_000_000, rows=1_000_000, result_bytes=100_000_000, read_rows=2_000_000_000
)
#: seconds after which the engine is not waited for: it looks at its clock between calls of functions, not within one
_GRACE: Final = 0.9
_LOOK_LIMITS: Final = Limits(seconds=5.0, rows=50_000)

Form: TypeAlias = Literal["csv", "ndjson", "parquet", "arrow"]
#: form → the engine's format, media type
FORMS: Final[Mapping[Form, tuple[str, str]]] = {
    "csv": ("CSVWithNames", "text/csv"),
    "ndjson": ("JSONEachRow", "application/x-ndjson"),
    "parquet": ("Parquet", "application/vnd.apache.parquet"),
    "arrow": ("ArrowStream", "application/vnd.apache.arrow.stream"),
}
#: settings of ClickHouse for all of them
_SETTINGS: Final[Mapping[str, Any]] = {
    "joined_subquery_requires_alias": 0,
    # the engine's filter comes first, by itself. Together with the query's conditions it would be put behind them, as
    # its column is in the primary key: `toUInt8(person) = 1` would fail at a row of another app, and say what it has
    "query_plan_merge_filters": 0,
    "optimize_prewhere_after_pushdown": 0,
    # one call on a large array cannot be stopped in its midst
    "function_range_max_elements_in_block": 1_000_000,
    # strings are UTF-8 to those who read these files
    "output_format_arrow_string_as_string": 1,
    "output_format_parquet_string_as_string": 1,
    "output_format_arrow_low_cardinality_as_dictionary": 0,
    "output_format_arrow_compression_method": "none",
}
_SYNTAX = re.compile(r"Syntax error: failed at position [0-9]+ \((.{1,40}?)\)")
#: where in the query, and in the engine, it failed
_WHERE = re.compile(r"[.:]? In scope .*|: [Ww]hile executing .*", re.DOTALL)

Parameters: TypeAlias = Mapping[str, "str | int | float | bool | Sequence[str | int | float] | None"]


class Checked(msgspec.Struct, frozen=True):
    """A query that may be run; `sql` is what runs."""

    sql: str
    parameters: dict[str, Any]
    settings: dict[str, Any]


class Queries:
    """Over the store of one process."""

    def __init__(self, insight: Insight) -> None:
        self._insight = insight

    async def check(self, text: str, apps: Sequence[App], parameters: Parameters, *, now: int) -> Checked:
        """What runs for `text` on the rows of `apps`; `now` in microseconds. Raises Refusal, and Problem when the
        store does not answer."""
        if find_spec("sqlglot") is None:
            raise Problem(
                "insight-unavailable",
                "What reads SQL is not installed.",
                "Install it: pip install 'eden-platform[observe]'",
            )
        from eden.observe.sql.engine_reading import check_tree
        from eden.observe.sql.writing import AppScope, write

        scopes = tuple(AppScope(app.number, app.key, kept_from(app, now)) for app in apps)
        # in a thread: its stack is empty, and the loop goes on
        written = await asyncio.to_thread(write, text, scopes)
        values = _values(written.parameters, parameters)
        try:
            tree = await self._insight.fetch(f"EXPLAIN AST {written.sql}", values, form="TSVRaw", limits=_LOOK_LIMITS)
        except Problem as problem:
            if problem.code == "insight-refused" and (found := _SYNTAX.search(problem.sentence)):
                raise Refusal("syntax", name=found[1]) from None
            raise _plain(problem) from None
        check_tree(tree.decode(), written.tables)
        numbers = [app.number for app in apps]
        return Checked(written.sql, values, {**_SETTINGS, "additional_table_filters": schema.only(*numbers)})

    async def ask(self, checked: Checked, *, rows: int = 0, limits: Limits = QUERY_LIMITS) -> Answer:
        """The rows; of more than `rows` the first ones. Raises Problem insight-limit, -refused, -unavailable."""
        settings = checked.settings | ({"limit": rows} if rows else {})
        try:
            async with asyncio.timeout(limits.seconds + _GRACE):
                return await self._insight.ask(checked.sql, checked.parameters, limits=limits, settings=settings)
        except Problem as problem:
            raise _plain(problem) from None
        except TimeoutError:
            raise _late(limits) from None

    async def stream(self, checked: Checked, form: Form, *, limits: Limits = QUERY_LIMITS) -> AsyncIterator[bytes]:
        """The rows as a file, piece by piece. An error comes before the first piece."""
        pieces = self._insight.stream(
            checked.sql, checked.parameters, form=FORMS[form][0], limits=limits, settings=checked.settings
        )
        try:
            # the answer is whole before its first piece comes; sending it is another matter
            async with asyncio.timeout(limits.seconds + _GRACE):
                piece = await anext(pieces, b"")
            yield piece
            async for piece in pieces:
                yield piece
        except Problem as problem:
            raise _plain(problem) from None
        except TimeoutError:
            raise _late(limits) from None


def _late(limits: Limits) -> Problem:
    return Problem("insight-limit", f"The question takes more than {limits.seconds:g} seconds.", "Ask for less.")


def _values(known: Mapping[str, str], given: Parameters) -> dict[str, Any]:
    for name in known:
        if name not in given:
            raise Refusal("parameter", name=name)
    for name in given:
        if name not in known:
            raise Refusal("parameter-unused", name=name[:100])
    return dict(given)


def _plain(problem: Problem) -> Problem:
    """The engine's sentence without the query that it read: the reader wrote another one."""
    if problem.code != "insight-refused":
        return problem
    return Problem(problem.code, _WHERE.sub(".", problem.sentence), problem.hint)


_DAY = 24 * 3600 * 1_000_000
_HOUR = _DAY // 24


def kept_from(app: App, now: int) -> dict[str, int]:
    """By table, the time before which the app's rows have expired, in microseconds; by whole hours."""
    hour = now - now % _HOUR
    found = {table: max(0, hour - app.settings.days(table) * _DAY) for table in RETENTION}
    return found | {"trends": found["events"]}
