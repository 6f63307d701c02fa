"""The text of a query → its syntax tree, within bounds, of what queries may have.

What is allowed is a list of node classes and of their parts; everything else is refused with its place. After this no
piece of the user's text is left but names, numbers and strings: `writing` writes the query anew from the tree.

sqlglot is an extra and is loaded by whoever imports this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from sqlglot import exp
from sqlglot.dialects.clickhouse import ClickHouse
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError, TokenError
from sqlglot.parsers.clickhouse import ClickHouseParser
from sqlglot.tokenizer_core import Token, TokenType

from eden.observe.sql.functions import may_call
from eden.observe.sql.refusals import DEEPEST, LONGEST, MOST_WORDS, Refusal
from eden.observe.sql.tables import TABLES

_OPEN, _CLOSE = "([{", ")]}"
_NAME = re.compile(r"[^\\\"`\x00-\x1f\x7f]{1,200}")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_NUMBER = re.compile(r"(?:0[xX][0-9a-fA-F]+|[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)")
#: what stands in the tree as text besides names, strings and numbers: words of the grammar
_WORDS = re.compile(r"[A-Za-z0-9_ ]{0,60}")

#: parts of clauses that queries may have; by class, because one word means other things elsewhere
_QUERY = {"with_", "expressions", "distinct", "from_", "joins", "where", "group", "having", "qualify", "windows",
          "order", "limit", "offset", "this", "expression", "alias"}  # fmt: skip
_PARTS: Final[dict[type[exp.Expr], set[str]]] = {
    exp.Select: _QUERY,
    exp.SetOperation: _QUERY,
    exp.Subquery: _QUERY,
    exp.Table: {"this", "alias", "joins", "db", "catalog"},
    exp.TableAlias: {"this"},
    exp.With: {"expressions"},
    exp.CTE: {"this", "alias", "scalar"},
    exp.Join: {"this", "on", "side", "kind", "using", "method", "global_", "expressions"},
    exp.Distinct: {"expressions", "on"},
    exp.Star: {"except_", "replace"},
    exp.Limit: {"this", "expression", "offset", "expressions", "limit_options"},
    exp.Cast: {"this", "to"},
    exp.Group: {"expressions", "grouping_sets", "cube", "rollup", "totals", "all"},
}
#: how a part that is refused is called
_CALLED = {"prewhere": "PREWHERE (WHERE does the same)", "settings": "SETTINGS", "format": "FORMAT", "sample": "SAMPLE",
           "into": "INTO", "recursive": "WITH RECURSIVE", "hint": "A hint", "locks": "FOR UPDATE",
           "columns": "Names of columns after an alias"}  # fmt: skip

#: the grammar of expressions; functions are looked up by their names
_NODES: Final[frozenset[str]] = frozenset(
    """
    Select Union Except Intersect Subquery With CTE From Join Table TableAlias Where Group Having Qualify Order Ordered
    WithFill Limit LimitOptions Offset Distinct Window WindowSpec Star Columns Alias Aliases Column Identifier Dot
    Literal HexString Null Boolean Placeholder Cast JSONCast NestedJSONSelect DataType DataTypeParam Interval
    IntervalSpan Var
    Case If Paren Tuple Array Bracket Slice Lambda In Between Like ILike Not And Or Xor EQ NEQ GT GTE LT LTE Is
    NullSafeEQ NullSafeNEQ Neg Add Sub Mul Div IntDiv Mod DPipe Exists GroupingSets Rollup Cube PropertyEQ
    Anonymous AnonymousAggFunc ParameterizedAgg CombinedAggFunc CombinedParameterizedAgg
""".split()
)

_TYPES: Final[frozenset[str]] = frozenset(
    """
    ARRAY BIGINT BOOLEAN DATE DATE32 DATETIME DATETIME2 DATETIME64 DECIMAL DECIMAL32 DECIMAL64 DECIMAL128 DOUBLE
    DYNAMIC FIXEDSTRING FLOAT INT INT128 INT256 IPV4 IPV6 JSON LOWCARDINALITY MAP NULLABLE SMALLINT STRUCT TEXT
    TIMESTAMP TINYINT UBIGINT UINT UINT128 UINT256 USMALLINT UTINYINT UUID VARCHAR CHAR NULL
""".split()
)
#: functions whose last argument is the name of a type
_TYPED = ("dynamicelement", "variantelement", "jsonextract", "jsonextractkeysandvalues")
#: functions whose right side could name a table
_IN_FUNCTIONS = ("in", "notin", "globalin", "globalnotin", "nullin")


class _Parser(ClickHouseParser):
    """Functions stay as they are written; only those whose first argument is a word of the grammar are understood."""

    FUNCTIONS = {  # noqa: RUF012
        name: make
        for name, make in ClickHouseParser.FUNCTIONS.items()
        if name in ("DATE_DIFF", "DATEDIFF", "DATE_ADD", "DATEADD", "DATE_SUB", "DATESUB")
    }


class Read:
    """A query that may be run, as a tree. `tokens` tell places; `parameters` are the names that it has."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines: list[int] = [0, *(match.end() for match in re.finditer("\n", text))]
        self.tokens = self._tokens()
        self.tree = self._tree()
        self.parameters: dict[str, str] = {}
        for node in self.tree.walk():
            self._check(node)

    def refuse(self, code: str, at: exp.Expr | int | None = None, **values: str) -> Refusal:
        """The refusal, at the place of a node or of a character."""
        offset = self._offset(at) if isinstance(at, exp.Expr) else at
        if offset is None:
            return Refusal(code, 0, 0, **values)
        line = sum(1 for start in self._lines if start <= offset)
        return Refusal(code, line, offset - self._lines[line - 1] + 1, **values)

    def where(self, word: str) -> int | None:
        """Where a word stands first in the text, outside of strings."""
        lower = word.lower()
        return next((token.start for token in self.tokens if token.text.lower() == lower), None)

    def _offset(self, node: exp.Expr) -> int | None:
        return min((int(each.meta["start"]) for each in node.walk() if "start" in each.meta), default=None)

    def _tokens(self) -> list[Token]:
        text = self.text
        if len(text) > LONGEST:
            raise Refusal("long", limit=f"{LONGEST:,}")
        if not text.strip():
            raise Refusal("empty")
        for at, character in enumerate(text):
            # also what reads as a space or turns the direction of writing: the text must be what it looks like
            if not character.isprintable() and character not in "\t\n\r":
                raise self.refuse("character", at, name=f"U+{ord(character):04X}")
        try:
            tokens = ClickHouse().tokenize(text)
        except TokenError:
            raise Refusal("syntax", name="a quote or comment without end") from None
        if not tokens:
            raise Refusal("empty")
        if len(tokens) > MOST_WORDS:
            raise Refusal("large", limit=f"{MOST_WORDS:,}")
        first = next((token for token in tokens if token.text != "("), tokens[0])
        if first.text.upper() not in ("SELECT", "WITH", "FROM", ";"):
            raise self.refuse("statement", first.start, name=first.text.upper()[:30])
        depth = 0
        for token in tokens:
            if token.token_type in (TokenType.STRING, TokenType.IDENTIFIER, TokenType.HEREDOC_STRING):
                continue
            depth += (token.text in tuple(_OPEN)) - (token.text in tuple(_CLOSE))
            if depth > DEEPEST:
                raise self.refuse("deep", token.start, limit=str(DEEPEST))
        return tokens

    def _tree(self) -> exp.Expr:
        try:
            parser = _Parser(error_level=ErrorLevel.IMMEDIATE, dialect=ClickHouse)
            found = parser.parse(self.tokens, self.text)
        except ParseError as error:
            raise self._unreadable(error) from None
        except (SqlglotError, RecursionError):
            raise Refusal("syntax", name="some place: it is too deeply nested") from None
        trees = [tree for tree in found if tree is not None]
        if not trees:
            raise Refusal("empty")
        if len(trees) > 1:
            raise self.refuse("several", self.where(";"))
        tree = trees[0]
        if not isinstance(tree, (exp.Select, exp.SetOperation, exp.Subquery)) or tree.alias:
            raise self.refuse("statement", self.tokens[0].start, name=self.tokens[0].text.upper()[:30])
        for text in list(tree.find_all(exp.RawString)):
            text.replace(exp.Literal.string(text.name))
        for ordered in list(tree.find_all(exp.Ordered)):
            # ORDER BY ALL: a word of the grammar, not a column
            if isinstance(ordered.this, exp.Column) and ordered.this.sql().upper() == "ALL":
                ordered.this.replace(exp.Var(this="ALL"))
        return tree

    def _unreadable(self, error: ParseError) -> Refusal:
        first = error.errors[0] if error.errors else {}
        line, column, word = first.get("line"), first.get("col"), str(first.get("highlight") or "").strip()
        if not line or not column:
            return Refusal("syntax", name="its end")
        # the parser counts columns to a word's end
        return Refusal("syntax", int(line), max(1, int(column) - max(0, len(word) - 1)), name=word or "its end")

    def _check(self, node: exp.Expr) -> None:
        for kind, parts in _PARTS.items():
            if isinstance(node, kind):
                self._check_parts(node, parts)
                break
        if isinstance(node, exp.Table):
            self._check_table(node)
        elif isinstance(node, exp.CTE):
            self._check_named(node)
        elif isinstance(node, exp.Identifier):
            if not _NAME.fullmatch(node.name):
                raise self.refuse("name", node)
            return
        elif isinstance(node, exp.Literal):
            self._check_literal(node)
            return
        elif isinstance(node, exp.DataType):
            self._check_type(node)
        elif isinstance(node, exp.Placeholder):
            self._check_parameter(node)
        elif isinstance(node, exp.In):
            self._check_in(node)
        name = type(node).__name__
        if name not in _NODES:
            self._check_call(node)
        self._check_words(node)

    def _check_parts(self, node: exp.Expr, parts: set[str]) -> None:
        for part, value in node.args.items():
            if value not in (None, False, []) and part not in parts:
                words = _CALLED.get(part, part.strip("_").upper())
                place = value[0] if isinstance(value, list) else value
                offset = self.where(words.split()[0])
                if offset is not None:
                    raise self.refuse("clause", offset, name=words)
                raise self.refuse("clause", place if isinstance(place, exp.Expr) else node, name=words)

    def _check_table(self, node: exp.Table) -> None:
        tables = ", ".join(TABLES)
        if not isinstance(node.this, exp.Identifier):
            called = node.this.name if isinstance(node.this, exp.Anonymous) else type(node.this).__name__
            raise self.refuse("table-function", node.this, name=called, tables=tables)
        if node.args.get("db") or node.args.get("catalog"):
            raise self.refuse("database", node, name=node.db or node.catalog, tables=tables)

    def _check_named(self, node: exp.CTE) -> None:
        alias = node.args.get("alias")
        name = alias.this if isinstance(alias, exp.TableAlias) else alias
        if not isinstance(name, exp.Identifier) or not re.fullmatch(r"\w{1,100}", name.name):
            raise self.refuse("name", node)

    def _check_literal(self, node: exp.Literal) -> None:
        text = node.name
        if not node.is_string:
            if not _NUMBER.fullmatch(text):
                raise self.refuse("syntax", node, name=text[:30])
        elif "aggregatefunction" in text.lower():
            raise self.refuse("type", node, name="AggregateFunction")

    def _check_type(self, node: exp.DataType) -> None:
        name = node.this.name if hasattr(node.this, "name") else str(node.this)
        if name not in _TYPES:
            raise self.refuse("type", node, name=str(node.args.get("kind") or name))

    def _check_type_name(self, node: exp.Expr, called: str) -> None:
        """The type is written out, so that it is seen."""
        last = node.expressions[-1] if node.expressions else None
        if not (isinstance(last, exp.Literal) and last.is_string):
            raise self.refuse("type", self.where(called), name=f"{called}: {'' if last is None else last.sql()}"[:60])

    def _check_parameter(self, node: exp.Placeholder) -> None:
        name, kind = node.name, node.args.get("kind")
        if not _WORD.fullmatch(name) or name.lower().startswith("eden_"):
            raise self.refuse("parameter-name", self.where(name))
        if not isinstance(kind, exp.DataType):
            raise self.refuse("type", self.where(name), name=str(kind or name))
        self.parameters[name] = kind.sql(dialect=ClickHouse)

    def _check_in(self, node: exp.In) -> None:
        """A bare name after IN is a table to the engine, in brackets too."""
        right = [*(node.args.get("expressions") or ()), *filter(None, [node.args.get("field")])]
        right += [node.args["unnest"]] if node.args.get("unnest") else []
        if node.args.get("query") is None and len(right) == 1:
            inner = right[0]
            while isinstance(inner, exp.Paren):
                inner = inner.this
            if isinstance(inner, (exp.Column, exp.Identifier, exp.Dot, exp.Var, exp.Table)):
                raise self.refuse("in", inner)

    def _check_call(self, node: exp.Expr) -> None:
        if not isinstance(node, exp.Func) or isinstance(node, exp.Apply):
            raise self.refuse("clause", node, name=_spaced(type(node).__name__))
        # what has no name of its own is looked at once it is written
        called = str(node.meta.get("clickhouse_name", ""))
        if called and not may_call(called):
            raise self.refuse("function", self._offset(node), name=called)

    def _check_words(self, node: exp.Expr) -> None:
        if isinstance(node, (exp.Anonymous, exp.AnonymousAggFunc, exp.ParameterizedAgg)):
            called = str(node.this)
            if not _WORD.fullmatch(called) or called.lower() in _IN_FUNCTIONS or not may_call(called):
                raise self.refuse("function", self.where(called) or self._offset(node), name=called[:60])
            if called.lower() in _TYPED:
                self._check_type_name(node, called)
        for value in _texts(node):
            if not _WORDS.fullmatch(value):
                raise self.refuse("syntax", node, name=value[:30])


def _texts(node: exp.Expr) -> Iterator[str]:
    for value in node.args.values():
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, str):
                yield each


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).upper()
