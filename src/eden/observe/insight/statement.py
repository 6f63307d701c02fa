"""What the engine may be asked to read: one statement that only looks.

`readonly` keeps the engine from changing tables and settings, but not from ending other questions (KILL), from stopping
its own work (SYSTEM), or, on the embedded engine, from writing an answer to a file of this machine (INTO OUTFILE).
This is for SQL of this program, and the last wall behind `eden.observe.sql` for that of people.
"""

from __future__ import annotations

import re

from eden.observe.insight.engine import StoreError

#: what is no code: strings, names in quotes, comments; and what begins a text that has none of these
_TEXTS = re.compile(
    r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`\\]|\\.|``)*`|--[^\n]*|\#[ !][^\n]*|/\*.*?\*/""", re.DOTALL
)
_FIRST = re.compile(r"[\s(]*(SELECT|WITH|EXPLAIN|DESCRIBE|DESC|SHOW|EXISTS|VALUES|FROM)\b", re.IGNORECASE)
_NEVER = re.compile(r"\bINTO\s+OUTFILE\b|\$\w*\$|['\"`]|/\*", re.IGNORECASE)
#: number of ClickHouse's error for what is not allowed in readonly mode
_READONLY = 164


def check_question(sql: str) -> None:
    """Raises StoreError when `sql` is not one statement that reads."""
    code = _code(sql)
    if _NEVER.search(code.replace("''", " ")):
        raise StoreError(_READONLY, "A question has no INTO OUTFILE, no text between dollars and no quote left open.")
    if ";" in code.rstrip().rstrip(";"):
        raise StoreError(_READONLY, "A question is one statement.")
    if not _FIRST.match(code):
        raise StoreError(_READONLY, "A question begins with SELECT, WITH, EXPLAIN, DESCRIBE or SHOW.")


def is_question(sql: str) -> bool:
    """Whether it answers rows."""
    return _FIRST.match(_code(sql)) is not None


def _code(sql: str) -> str:
    return _TEXTS.sub(lambda found: "''" if found[0][0] in "'\"`" else " ", sql)
