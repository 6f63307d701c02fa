"""Why a query is not run: a code, where in the text, and the values of its sentence."""

from __future__ import annotations

from typing import Final

from eden.base.errors import EdenError

#: characters, words and open brackets of a query
LONGEST: Final = 20_000
MOST_WORDS: Final = 4_000
DEEPEST: Final = 24

#: code → sentence; the console has the same ones in every language, as observe.sql-refusal.CODE
SENTENCES: dict[str, str] = {
    "empty": "There is no query.",
    "long": "The query has more than {limit} characters.",
    "deep": "Brackets are nested more than {limit} deep; name inner queries by WITH.",
    "large": "The query has more than {limit} words.",
    "character": "The character {name} is not used in queries.",
    "syntax": "The query cannot be read at {name}.",
    "several": "Only one query can be run at once; remove what follows the semicolon.",
    "statement": "Only SELECT can be run, not {name}.",
    "table": "There is no table {name}. Known tables: {tables}.",
    "database": "Tables of {name} cannot be read: only those of the apps. Known tables: {tables}.",
    "table-function": "The table function {name} cannot be used. Known tables: {tables}.",
    "function": "The function {name} cannot be used in queries.",
    "clause": "{name} cannot be used in queries.",
    "in": "IN needs a list or a query in brackets, such as IN (SELECT person FROM errors).",
    "name": "Names cannot hold quotes, backslashes or control characters.",
    "type": "The type {name} cannot be used in queries.",
    "parameter": "The parameter {name} needs a value.",
    "parameter-name": "Names of parameters are letters, digits and _, and do not begin with eden_.",
    "parameter-unused": "The query has no parameter {name}.",
}


class Refusal(EdenError):
    """The query is not run. `line` and `column` count from 1; 0: of no place. `values` fill the code's sentence."""

    def __init__(self, code: str, line: int = 0, column: int = 0, **values: str) -> None:
        self.reason = code
        self.line = line
        self.column = column
        self.values = values
        sentence = SENTENCES[code].format(**values)
        place = f"Line {line}, column {column}: " if line else ""
        super().__init__("sql-refused", f"{place}{sentence}")
