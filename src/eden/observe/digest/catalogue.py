"""The catalogue of properties: which events there are, with which properties of which types.

Kept at ingest, so that nobody has to read the events to offer them (`eden.observe.questions.catalogue`). Counted in
memory and written seldom: what is new soon, counts once a minute or when there are very many; a crash of the process
loses counts of a minute, which only order lists. Of an event that comes very often, one of `_OF` is looked at and
counted for all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, insert, select, update

from eden.base.database import Database
from eden.base.ids import now
from eden.observe.interfaces import EventRow
from eden.observe.models import observe_apps, observe_properties

_NEW_SECONDS, _COUNTS_SECONDS = 2.0, 60.0
#: counts that wait to be written: names that never come again would fill the memory within a minute
_MOST_WAITING = 50_000
#: events of an app, and properties in them, that are told apart; names with ids in them would have no end
_MOST_OF_APP = 5_000
_MOST_DEPTH = 4
#: an event's first ones since the last write are all looked at, then one of so many
_FIRST, _OF = 200, 16
_LONGEST = 200
_TYPES = {int: "number", float: "number", str: "text", bool: "bool", list: "list"}


class Catalogue:
    """Of one thread."""

    def __init__(self, database: Database, clock: Callable[[], int] = now) -> None:
        self._database = database
        self._clock = clock
        #: (app, event) → (path, type) → count, since the last write
        self._counts: dict[tuple[int, str], dict[tuple[str, str], int]] = {}
        #: (app, event) → how many, since the last write
        self._seen: dict[tuple[int, str], int] = {}
        self._known: dict[int, set[tuple[str, str]]] = {}
        self._written = time.monotonic()

    def note(self, row: EventRow) -> None:
        """An event is stored."""
        place = (row.app, row.name)
        seen = self._seen[place] = self._seen.get(place, 0) + 1
        if seen > _FIRST and seen % _OF:
            return
        counts = self._counts.get(place)
        if counts is None:
            counts = self._counts[place] = {}
        count = 1 if seen <= _FIRST else _OF
        props = row.props
        if type(props) is dict:
            self._note(counts, props, "", 1, count)
        if not props:
            # an event without properties is an event all the same
            counts["", ""] = counts.get(("", ""), 0) + count

    def _note(
        self, counts: dict[tuple[str, str], int], props: dict[str, Any], before: str, depth: int, count: int
    ) -> None:
        for name, value in props.items():
            kind = _TYPES.get(type(value))
            if kind is None:
                if type(value) is dict and depth < _MOST_DEPTH:
                    self._note(counts, value, f"{before}{name}.", depth + 1, count)
                continue
            path = before + name if before else name
            counts[path, kind] = counts.get((path, kind), 0) + count

    def flush(self, *, force: bool = False) -> None:
        """Write what is due. Raises what the database raises; nothing is lost then."""
        if not self._counts:
            return
        waited = time.monotonic() - self._written
        many = sum(map(len, self._counts.values())) > _MOST_WAITING
        if not (force or many or waited >= _COUNTS_SECONDS or (waited > _NEW_SECONDS and self._has_new())):
            return
        at = self._clock()
        known = self._database.write_now(lambda connection: self._do_write(connection, at))
        self._known = known
        self._counts.clear()
        self._seen.clear()
        self._written = time.monotonic()

    def _has_new(self) -> bool:
        return any(
            (event, path) not in self._known.get(app, ())
            for (app, event), counts in self._counts.items()
            for path, _ in counts
        )

    def _do_write(self, connection: Connection, at: int) -> dict[int, set[tuple[str, str]]]:
        table = observe_properties.c
        known: dict[int, set[tuple[str, str]]] = {}
        numbers = sorted({app for app, _ in self._counts})
        query = select(observe_apps.c.number).where(observe_apps.c.number.in_(numbers)).order_by(observe_apps.c.number)
        # an app that is gone meanwhile is passed over
        for app in connection.execute(query).scalars().all():
            rows = connection.execute(select(table.event, table.path, table.types).where(table.app == app))
            held = {(row.event, row.path): row.types for row in rows}
            added: dict[tuple[str, str], dict[str, int]] = {}
            for (number, event), counts in self._counts.items():
                if number == app:
                    for (path, kind), count in counts.items():
                        types = added.setdefault((event[:_LONGEST], path[:_LONGEST]), {})
                        if kind:
                            types[kind] = types.get(kind, 0) + count
            for place, types in sorted(added.items()):
                self._do_write_one(connection, app, place, types, held, at)
            known[app] = set(held) | self._overflow(held, added)
        return self._known | known

    @staticmethod
    def _overflow(
        held: dict[tuple[str, str], Any], added: dict[tuple[str, str], dict[str, int]]
    ) -> set[tuple[str, str]]:
        # what is not written for want of room is not new any more
        return set(added) if len(held) >= _MOST_OF_APP else set()

    @staticmethod
    def _do_write_one(
        connection: Connection,
        app: int,
        place: tuple[str, str],
        types: dict[str, int],
        held: dict[tuple[str, str], Any],
        at: int,
    ) -> None:
        event, path = place
        if place in held:
            merged = dict(held[place])
            for kind, count in types.items():
                merged[kind] = merged.get(kind, 0) + count
            connection.execute(
                update(observe_properties)
                .where(
                    observe_properties.c.app == app,
                    observe_properties.c.event == event,
                    observe_properties.c.path == path,
                )
                .values(types=merged, last_seen_at=at)
            )
        elif len(held) < _MOST_OF_APP:
            held[place] = types
            connection.execute(
                insert(observe_properties).values(
                    app=app, event=event, path=path, types=types, first_seen_at=at, last_seen_at=at
                )
            )
