"""A syntax tree that may be run → the query that is run: written anew, every table behind the row filter.

`FROM events AS e` becomes `FROM (SELECT 'bank' AS program, at, … FROM events WHERE app = 7 AND …) AS e`, whatever is
around it, and queries named by WITH get names that no table has. So whatever a name means in some corner of the
grammar, it can only mean what has been filtered.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import msgspec
from sqlglot import exp, parse_one
from sqlglot.dialects.clickhouse import ClickHouse
from sqlglot.generators.clickhouse import ClickHouseGenerator

from eden.observe.sql.functions import is_known_to_grammar
from eden.observe.sql.paths import move_paths
from eden.observe.sql.reading import Read
from eden.observe.sql.refusals import Refusal
from eden.observe.sql.tables import TABLES, TableInfo, in_dictionary

#: put before the names of queries in WITH; no table's name begins so
_NAMED: Final = "with_"

#: what may stand in a query that was written here: strings, names in quotes, numbers, words, signs
_TOKEN = re.compile(
    r"""(?P<space>[ ]+)
    | (?P<text>'(?:[^'\\\x00-\x1f]|\\.)*')
    | "[^"\\`\x00-\x1f]+"
    | (?P<parameter>\{[A-Za-z_]\w*:[ ][A-Za-z0-9 (),']+\})
    | (?P<number>[0-9][0-9A-Za-z_.]*(?:(?<=[eE])[+-][0-9]+)?)
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<sign>->|\.:|\.\^|<=>|<>|<=|>=|\|\||::|[-+*/%=<>(),.\[\]?:^])
    """,
    re.VERBOSE | re.ASCII,
)
#: words of the grammar that brackets may follow
_BEFORE_BRACKETS: Final = frozenset(
    "in as over using on and or not select from join where by having exists distinct all except replace columns when "
    "then else case with sets cast between like ilike limit offset union intersect array any is rollup cube interval "
    "row rows range qualify end desc asc nulls first last ties to step fill totals string "
    # types
    "nullable lowcardinality map tuple datetime datetime64 decimal decimal32 decimal64 decimal128 fixedstring "
    "json".split()
)


class AppScope(msgspec.Struct, frozen=True):
    """An app whose rows a query sees. `kept_from`: by table, microseconds before which rows have expired."""

    number: int
    key: str
    kept_from: dict[str, int] = {}


class Written(msgspec.Struct, frozen=True):
    """A query to be run. `tables`: how often each name is read from, as the engine must find it, too."""

    sql: str
    parameters: dict[str, str]
    tables: dict[str, int]


def write(text: str, apps: tuple[AppScope, ...]) -> Written:
    """The query that answers `text` for these apps. Raises Refusal."""
    read = Read(text)
    filtering = _Filtering(read, apps)
    try:
        filtering.filter(read.tree, frozenset())
        _read_something(read.tree)
        sql = _Writer(dialect=ClickHouse, identify=True, comments=False, normalize=False).generate(read.tree)
    except RecursionError:
        raise Refusal("deep", limit="so") from None
    _examine(sql, read)
    return Written(sql, read.parameters, dict(filtering.tables))


class _Writer(ClickHouseGenerator):
    """Strings are written by one rule: backslashes, quotes and control characters behind a backslash."""

    def literal_sql(self, expression: exp.Literal) -> str:
        if not expression.is_string:
            return str(super().literal_sql(expression))
        return quoted(expression.name)

    def unsupported(self, message: str) -> None:
        raise Refusal("clause", name=message)


def quoted(text: str) -> str:
    """A string in ClickHouse's SQL."""
    text = text.replace("\\", "\\\\").replace("'", "\\'")
    return "'" + re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\x{ord(found[0]):02X}", text) + "'"


# the row filter


class _Filtering:
    """Puts the filter behind every table of a tree. `tables` counts the names that are read from."""

    def __init__(self, read: Read, apps: tuple[AppScope, ...]) -> None:
        self._read = read
        self._apps = apps
        self.tables: Counter[str] = Counter()

    def filter(self, node: exp.Expr, named: frozenset[str]) -> None:
        """`named`: queries that WITH names around the node."""
        clause = node.args.get("with_")
        if isinstance(clause, exp.With):
            for each in clause.expressions:
                self.filter(each.this, named)
                if not each.args.get("scalar"):
                    name = each.args["alias"].this
                    named |= {name.name}
                    name.set("this", _NAMED + name.name)
        direct = self._direct(node, named) if isinstance(node, exp.Select) else {}
        for child in list(_children(node)):
            if isinstance(child, exp.Table):
                self._filter_table(child, named)
            elif not isinstance(child, exp.With):
                self.filter(child, named)
        if direct:
            assert isinstance(node, exp.Select)
            move_paths(node, {alias: (name, _projections(node, alias)) for alias, name in direct.items()})

    def _direct(self, query: exp.Select, named: frozenset[str]) -> dict[str, str]:
        """By alias, the tables in FROM and JOIN; none when there is something else among them."""
        sources = [query.args.get("from_"), *(query.args.get("joins") or ())]
        found: dict[str, str] = {}
        for source in filter(None, sources):
            if isinstance(source, exp.Join) and source.args.get("kind") == "ARRAY":
                return {}
            table = source.this
            if not isinstance(table, exp.Table) or table.args.get("joins") or table.alias_or_name in found:
                return {}
            if table.name in named or table.name not in TABLES:
                return {}
            found[table.alias_or_name] = table.name
        return found

    def _filter_table(self, node: exp.Table, named: frozenset[str]) -> None:
        name = node.name
        alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name, quoted=True))
        joins = node.args.get("joins") or []
        for join in joins:
            self.filter(join, named)
        if name in named:
            node.this.set("this", _NAMED + name)
            node.set("alias", alias)
            self.tables[_NAMED + name] += 1
            return
        if name not in TABLES:
            raise self._read.refuse("table", node, name=name, tables=", ".join(TABLES))
        self.tables[name] += 1
        node.replace(exp.Subquery(this=_rows(name, self._apps).copy(), alias=alias, joins=joins))


def _children(node: exp.Expr) -> Iterator[exp.Expr]:
    for value in node.args.values():
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, exp.Expr):
                yield each


def _projections(query: exp.Select, alias: str) -> list[exp.Expr]:
    """The columns of the subquery that stands for the table of this alias."""
    for source in [query.args["from_"], *(query.args.get("joins") or ())]:
        if source.this.alias == alias:
            found: list[exp.Expr] = source.this.this.args["expressions"]
            return found
    raise AssertionError(alias)


@lru_cache(maxsize=256)
def _rows_of(name: str, apps: tuple[tuple[int, str, int], ...]) -> exp.Expr:
    table = TABLES[name]
    sql = f"SELECT {_columns(table, apps)} FROM {name}{' FINAL' if table.newest else ''} WHERE {_where(table, apps)}"
    return parse_one(sql, read=ClickHouse)


def _rows(name: str, apps: tuple[AppScope, ...]) -> exp.Expr:
    return _rows_of(name, tuple((app.number, app.key, app.kept_from.get(name, 0)) for app in apps))


def _columns(table: TableInfo, apps: tuple[tuple[int, str, int], ...]) -> str:
    program = quoted(apps[0][1])
    if len(apps) > 1:
        numbers, keys = ", ".join(str(app[0]) for app in apps), ", ".join(quoted(app[1]) for app in apps)
        program = f"transform(app, [{numbers}], [{keys}], '')"
    return ", ".join([f"{program} AS program", *(_column(table, each.name) for each in table.columns[1:])])


def _column(table: TableInfo, name: str) -> str:
    """A dictionary has the texts of rows that were filtered, too, and functions are called with all of them: one that
    fails (`base64Decode`) would say what other apps have."""
    return f'toString({table.name}."{name}") AS "{name}"' if name in in_dictionary(table.name) else f'"{name}"'


def _where(table: TableInfo, apps: tuple[tuple[int, str, int], ...]) -> str:
    """The rows of these apps that have not expired. Names are qualified: an alias of the query cannot take their
    place."""
    if not any(kept for _, _, kept in apps):
        return f"{table.name}.app IN ({', '.join(str(number) for number, _, _ in apps)})"
    each = (
        f"({table.name}.app = {number} AND {table.name}.{table.time} >= fromUnixTimestamp64Micro({kept}))"
        for number, _, kept in apps
    )
    return " OR ".join(each)


def _read_something(query: exp.Expr) -> None:
    """A query without FROM reads a system table, and of those the engine does not limit the rows of the answer."""
    if isinstance(query, exp.SetOperation):
        _read_something(query.this)
        _read_something(query.expression)
    elif isinstance(query, exp.Subquery):
        _read_something(query.this)
    elif isinstance(query, exp.Select) and not query.args.get("from_"):
        query.set("from_", exp.From(this=exp.Subquery(this=exp.select("1"))))


# the last look


def _examine(sql: str, read: Read) -> None:
    """Whether the written query has nothing but what it may: no comment, no other quoting, no other function."""
    at, word = 0, ""
    while at < len(sql):
        found = _TOKEN.match(sql, at)
        if found is None:
            raise Refusal("syntax", name=sql[at : at + 20])
        if found["sign"] == "(" and word and word.lower() not in _BEFORE_BRACKETS and not is_known_to_grammar(word):
            offset = read.where(word)
            raise read.refuse("function", offset, name=word)
        if not found["space"]:
            word = found["word"] or ""
        at = found.end()
