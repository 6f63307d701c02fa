"""The second opinion: what the engine itself understood of a query before it is run.

`EXPLAIN AST` only reads. Two readers of one grammar differ somewhere; whatever the first one missed would show here: a
table more than was filtered, a function as a table, a setting.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

from eden.observe.sql.functions import is_known_to_grammar
from eden.observe.sql.refusals import Refusal

_LINE = re.compile(r"(?P<indent> *)(?P<kind>[\w:.]+)(?: (?P<rest>.*))?")
_NAME = re.compile(r"(.*?)(?: \(alias .*\))?(?: \(children [0-9]+\))?")
_IN: Final = frozenset("in notin globalin globalnotin nullin notnullin globalnullin globalnotnullin".split())
#: nodes of a SELECT; `Set` (settings) and everything that changes something are not among them
_KINDS: Final = frozenset(
    """
    SelectWithUnionQuery SelectIntersectExceptQuery SelectQuery ExpressionList Subquery WithElement Function Identifier
    Literal Asterisk QualifiedAsterisk ColumnsRegexpMatcher ColumnsListMatcher QualifiedColumnsRegexpMatcher
    QualifiedColumnsListMatcher ColumnsTransformerList ColumnsExceptTransformer ColumnsReplaceTransformer
    ColumnsReplaceTransformer::Replacement
    TablesInSelectQuery TablesInSelectQueryElement TableExpression TableIdentifier TableJoin ArrayJoin OrderByElement
    WindowDefinition WindowListElement QueryParameter InterpolateElement CastQueryParameter
""".split()
)


def check_tree(tree: str, expected: Mapping[str, int]) -> None:
    """`tree`: the answer of EXPLAIN AST; `expected`: how often each table is read from. Raises Refusal."""
    lines = []
    for line in tree.splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            raise Refusal("syntax", name=line[:40])
        named = _NAME.fullmatch(found["rest"] or "")
        lines.append((len(found["indent"]), found["kind"], named[1] if named else ""))
    tables: Counter[str] = Counter()
    for at, (indent, kind, name) in enumerate(lines):
        if kind not in _KINDS:
            raise Refusal("clause", name=kind)
        if kind == "TableIdentifier":
            tables[name] += 1
        elif kind == "TableExpression":
            child = lines[at + 1][1] if at + 1 < len(lines) else ""
            if child not in ("Subquery", "TableIdentifier"):
                raise Refusal("table-function", name=lines[at + 1][2], tables=", ".join(expected))
        elif kind == "Function":
            _check_function(lines, at, indent, name)
    if dict(tables) != dict(expected):
        other = next(iter(tables - Counter(expected)), "") or next(iter(expected))
        raise Refusal("table", name=other, tables=", ".join(expected))


def _check_function(lines: list[tuple[int, str, str]], at: int, indent: int, name: str) -> None:
    if not is_known_to_grammar(name):
        raise Refusal("function", name=name)
    if name.lower() in _IN:
        arguments = []
        for deep, kind, _ in lines[at + 1 :]:
            if deep <= indent:
                break
            if deep == indent + 2:
                arguments.append(kind)
        if len(arguments) != 2 or arguments[1] not in ("Subquery", "Literal", "Function"):
            raise Refusal("in")
