"""A statement with its values written into it, as people read it and ask it again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*):[^{}]+\}")


def inlined(sql: str, parameters: Mapping[str, Any]) -> str:
    """`sql` with {name:Type} replaced by ClickHouse's literals: for reading, and for the page of SQL, which checks what
    it is given before it runs it."""
    return _PLACE.sub(lambda found: _literal(parameters[found[1]]) if found[1] in parameters else found[0], sql)


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
    return f"'{text}'"
