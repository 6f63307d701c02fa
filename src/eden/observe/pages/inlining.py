"""A statement with its values written into it, as people read it, and as they ask it again on the page of SQL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from eden.observe.sql.refusals import LONGEST

_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*):[^{}]+\}")
#: the page of SQL is about one app anyway, and its tables have no such column
_OF_APP = re.compile(r"\bapp = \{[A-Za-z0-9_]+:UInt32\}")

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TABLE = re.compile(r"\b(?:FROM|JOIN) ([A-Za-z_]+)")


def inlined(sql: str, parameters: Mapping[str, Any]) -> str:
    """`sql` with {name:Type} replaced by ClickHouse's literals."""
    return _PLACE.sub(lambda found: _literal(parameters[found[1]]) if found[1] in parameters else found[0], sql)


def askable(sql: str, parameters: Mapping[str, Any]) -> str:
    """The statement as the page of SQL takes it; nothing where that page does not know what it is made of, or has no
    room for it."""
    # people are read there as if FINAL was there
    plain = _OF_APP.sub("true", sql).replace("FROM people FINAL ", "FROM people ")
    written = inlined(plain, parameters) if _is_readable(plain) else ""
    return written if len(written) <= LONGEST else ""


@lru_cache(maxsize=500)
def _is_readable(sql: str) -> bool:
    """Of SQL without values: there are not many."""
    # sqlglot is an extra; where it is missing, so is the page of SQL
    try:
        from eden.observe.sql.reading import Read
        from eden.observe.sql.refusals import Refusal
        from eden.observe.sql.tables import TABLES
    except ImportError:
        return False
    try:
        Read(sql)
    except Refusal:
        return False
    return all(table in TABLES for table in _TABLE.findall(sql))


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_literal(each) for each in value)}]"
    text = str(value).replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    # such as the key of all other groups
    text = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02X}", text)
    return f"'{text}'"
