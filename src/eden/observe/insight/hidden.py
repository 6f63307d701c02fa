"""Rows of people who were forgotten and whose rows are still in the tables: no question sees them.

The table `forgotten` names them, so that nothing of it is lost with the process; what it names is a condition of every
question (`Engine.read`) on every table that has rows of persons.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from eden.observe import schema
from eden.observe.insight.parameters import literal

if TYPE_CHECKING:
    from eden.observe.insight.engine import Engine

#: waits until a change is in all parts, and on all machines
SYNC = {"lightweight_deletes_sync": 2, "mutations_sync": 2}
#: ClickHouse's setting of conditions by table
FILTERS = "additional_table_filters"
#: how old the list may be where other machines forget people, too
_OLD_SECONDS = 0.25


class Gone(msgspec.Struct, frozen=True, array_like=True):
    """What is of `person`, a user or a device, and was received up to `before` (ms) in `app`. `counted`: events of it
    that the roll-ups do not have any more; -1: not known, the roll-ups may be between two states."""

    app: int
    person: str
    before: int
    counted: int = -1

    @property
    def name(self) -> str:
        """The person in SQL, whatever is in it: nothing has to be escaped on the way through two literals."""
        return f"unhex('{self.person.encode().hex()}')"

    def condition(self, table: str) -> str:
        """In SQL: rows of a table with persons."""
        who = " OR ".join(f"{column} = {self.name}" for column in schema.PERSONAL[table])
        return f"app = {self.app:d} AND ({who}) AND {self.in_time(table)}"

    def in_time(self, table: str) -> str:
        """In SQL: received by then."""
        return f"toUnixTimestamp64Milli({schema.TABLES[table].known}) <= {self.before:d}"


class Hidden:
    """Of one engine, for all its threads."""

    def __init__(self) -> None:
        self._gone: tuple[Gone, ...] = ()
        self._loaded_at = time.monotonic()
        self._changed = threading.Condition()

    @property
    def gone(self) -> tuple[Gone, ...]:
        return self._gone

    def find(self, gone: Gone) -> Gone | None:
        """The same with what is known of it."""
        same = (gone.app, gone.person, gone.before)
        return next((one for one in self._gone if (one.app, one.person, one.before) == same), None)

    def wait(self, seconds: float) -> bool:
        """Until somebody is to be taken out of the tables, or `wake`; whether there is somebody."""
        with self._changed:
            if not self._gone:
                self._changed.wait(seconds)
            return bool(self._gone)

    def wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def note(self, engine: Engine, *gone: Gone) -> None:
        """Write them down, and hide them from now on. Raises StoreError."""
        rows = ", ".join(f"({one.app:d}, {one.name}, {one.before:d}, {one.counted:d})" for one in gone)
        engine.query(
            "INSERT INTO forgotten SELECT app, person, before, counted, now64(6) FROM"
            f" values('app UInt32, person String, before Int64, counted Int64', {rows})",
            settings=again(),
        )
        self.load(engine)

    def remove(self, engine: Engine, done: Iterable[Gone]) -> None:
        """No row of them is left in the tables. Raises StoreError."""
        for gone in done:
            there = f"{schema.local('forgotten', engine.cluster)}{schema.on(engine.cluster)}"
            engine.query(
                f"DELETE FROM {there} WHERE app = {{app:UInt32}} AND person = {{person:String}}"
                " AND before = {before:Int64}",
                msgspec.structs.asdict(gone),
                settings=SYNC,
            )
        self.load(engine)

    def load(self, engine: Engine) -> None:
        """Whom the table names. Raises StoreError."""
        with self._changed:
            rows = engine.query(
                "SELECT app, person, before, counted FROM forgotten FINAL ORDER BY app, person, before",
                settings={"output_format_json_quote_64bit_integers": 0},
            )
            self._gone = tuple(msgspec.json.decode(rows, type=_Rows).data)
            self._loaded_at = time.monotonic()
            self._changed.notify_all()

    def refresh(self, engine: Engine) -> None:
        """`load`, unless that was done just now. Raises StoreError."""
        if time.monotonic() - self._loaded_at > _OLD_SECONDS:
            self.load(engine)

    def rows(self, table: str, but: Gone | None = None) -> str:
        """The condition that holds for hidden rows of a table, of all but one of them."""
        return " OR ".join(f"({gone.condition(table)})" for gone in self._gone if gone != but) or "0"

    def filtered(self, settings: Mapping[str, Any], cluster: str = "", database: str = "") -> dict[str, Any]:
        """Settings of a question, whose conditions by table are a mapping, with those of what is hidden. `cluster` and
        its `database`: where tables are on other machines, too."""
        given: Mapping[str, str] = settings.get(FILTERS, {})
        conditions = {table: [f"({condition})"] for table, condition in given.items()}
        if self._gone:
            for table in schema.PERSONAL:
                conditions.setdefault(table, []).append(f"NOT ({self.rows(table)})")
        rest = {name: value for name, value in settings.items() if name != FILTERS}
        if not conditions:
            return rest
        written = {table: " AND ".join(several) for table, several in conditions.items()}
        if cluster:
            # where a question of a machine names the table that is there; in whose session our database is not the
            # usual one, tables go by both names
            there = {schema.local(table, cluster): condition for table, condition in written.items()}
            written |= there | {f"{database}.{table}": condition for table, condition in there.items()}
        return {**rest, FILTERS: literal(written)}


class _Rows(msgspec.Struct):
    data: list[Gone]


def again() -> dict[str, str]:
    """ClickHouse's settings of an INSERT of rows that may have been there before."""
    return {"insert_deduplication_token": uuid.uuid4().hex}
