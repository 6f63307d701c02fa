"""Properties as the catalogue has them that is kept as events arrive (`eden.observe.digest.catalogue`): for pickers,
which are not to read events. A question for `properties` looks at events of a period, with conditions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from eden.base.api.times import moment
from eden.observe.models import observe_properties
from eden.observe.questions.results import Given
from eden.observe.questions.times import Range


class CataloguedProperty(Given, frozen=True, kw_only=True):
    """`types`: text, number, bool, list, with about how many events have had it as such since it was first seen."""

    name: str
    types: dict[str, int]
    first_seen: datetime
    last_seen: datetime


class CataloguedProperties(Given, frozen=True, kw_only=True):
    """The most frequent first."""

    properties: list[CataloguedProperty]


def catalogued(connection: Connection, app: int, event: str | None, period: Range) -> CataloguedProperties:
    """Of an app's events (`event`: of one name) that came in the period."""
    table = observe_properties.c
    query = select(table.path, table.types, table.first_seen_at, table.last_seen_at).where(
        table.app == app, table.path != "", table.last_seen_at >= period.since, table.first_seen_at < period.until
    )
    if event is not None:
        query = query.where(table.event == event)
    found: dict[str, tuple[dict[str, int], int, int]] = {}
    for row in connection.execute(query):
        types, first, last = found.get(row.path, ({}, row.first_seen_at, row.last_seen_at))
        for kind, count in row.types.items():
            types[kind] = types.get(kind, 0) + count
        found[row.path] = types, min(first, row.first_seen_at), max(last, row.last_seen_at)
    ordered = sorted(found.items(), key=lambda one: (-sum(one[1][0].values()), one[0]))
    return CataloguedProperties(
        properties=[
            CataloguedProperty(name=f"props.{path}", types=types, first_seen=moment(first), last_seen=moment(last))
            for path, (types, first, last) in ordered
        ]
    )
