"""JSON paths that a query reads, moved behind the row filter.

The engine reads single paths of a JSON column from the disk, but not through a subquery: `props.kind` outside of
`(SELECT props FROM events …)` would read every property of every event, ten times slower. So the subquery has a column
"props.kind" of its own, and the query names that. Where a star or several tables leave it open what is meant, nothing
is moved, and the query is only slower.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.dialects.clickhouse import ClickHouse

from eden.observe.sql.tables import TABLES

_JSON = "props"


def move_paths(query: exp.Select, tables: dict[str, tuple[str, list[exp.Expr]]]) -> None:
    """`tables`: by alias, the table that `query` reads from directly and the columns of its subquery, which grow."""
    having = [alias for alias, (name, _) in tables.items() if _has_json(name)]
    if not having or any(_is_open(each) for each in query.expressions):
        return
    moved: dict[tuple[str, str], None] = {}
    for column in list(_own_columns(query)):
        names = [part.name for part in column.parts]
        if names[0] == _JSON and len(tables) == 1:
            alias, path, prefix = having[0], names[1:], None
        elif names[0] in having and names[1:2] == [_JSON]:
            alias, path, prefix = names[0], names[2:], names[0]
        else:
            continue
        node: exp.Expr = column
        while isinstance(node.parent, exp.Dot) and isinstance(node.parent.expression, exp.Identifier):
            node = node.parent
            path.append(node.expression.name)
        if not path:
            continue
        whole, read = ".".join([_JSON, *path]), _chain(path)
        if isinstance(node.parent, exp.JSONCast):
            node = node.parent
            kind = node.args["to"]
            whole, read = f"{whole}.:{kind.sql(dialect=ClickHouse)}", exp.JSONCast(this=read, to=kind.copy())
        if (alias, whole) not in moved:
            moved[alias, whole] = None
            tables[alias][1].append(exp.alias_(read, exp.to_identifier(whole, quoted=True)))
        node.replace(exp.column(exp.to_identifier(whole, quoted=True), table=_quoted(prefix)))


def _has_json(table: str) -> bool:
    return any(column.name == _JSON for column in TABLES[table].columns)


def _is_open(projection: exp.Expr) -> bool:
    return isinstance(projection, (exp.Star, exp.Columns)) or (
        isinstance(projection, exp.Column) and isinstance(projection.this, exp.Star)
    )


def _own_columns(node: exp.Expr) -> Iterator[exp.Column]:
    """Columns that are not inside of a further query."""
    for value in node.args.values():
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, exp.Column):
                yield each
            elif isinstance(each, exp.Expr) and not isinstance(each, exp.Query):
                yield from _own_columns(each)


def _chain(path: list[str]) -> exp.Expr:
    chain: exp.Expr = exp.column(exp.to_identifier(_JSON, quoted=True))
    for name in path:
        chain = exp.Dot(this=chain, expression=exp.to_identifier(name, quoted=True))
    return chain


def _quoted(name: str | None) -> exp.Identifier | None:
    return None if name is None else exp.to_identifier(name, quoted=True)
