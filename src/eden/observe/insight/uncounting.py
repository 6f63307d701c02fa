"""Taking events off the roll-ups without counting again what is left: what is to be changed is worked out here.

The events are counted by themselves. Of `trends`, the rows that they are in are read, changed and written again:
numbers are subtracted, and what the states of persons and sessions have in common goes, unless events that stay have
it, too. These are looked for among those of the same persons and devices, for a session is on one device.

A look at a person's events reads a block for every name and day of theirs. So there are few, and each by one column:
by two, either of which would do, both are read whole.

A state of `uniq` is, written out, a byte that says how much it was thinned, the number of elements and 4 bytes of hash
for each (ClickHouse, src/AggregateFunctions/UniquesHashSet.h).
"""

from __future__ import annotations

import math
import struct
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import msgspec

from eden.observe import schema
from eden.observe.insight.engine import Engine
from eden.observe.insight.hidden import Gone

#: between what names a row and the states: numbers that are added up
_SUMS = schema.COUNTS.split(", ")[5:-2]
_NUMBERS = struct.Struct("<" + "".join("d" if name == "total" else "Q" for name in _SUMS))
#: one more row that has the same is read and written unchanged
_KEY = "cityHash64(name, slot, version, code)"
_ROWS = (
    f"SELECT {_KEY} AS key, toString(name), slot, toString(version), code,"
    f" {', '.join(_SUMS)}, persons, sessions, toUInt8(split), CAST(shared AS Array(String)) FROM ({{}})"
)
_STATES = f"SELECT {_KEY} AS key, persons, sessions FROM ({{}})"
#: rows of `trends`; a deletion looks at all there are, and more conditions would cost more than they save
_WHERE = (
    f"app = {{app:UInt32}} AND toUnixTimestamp(slot) IN {{slots:Array(UInt32)}} AND {_KEY} IN {{keys:Array(UInt64)}}"
)
_MERGED = (
    f"SELECT name, slot, version, code, {', '.join(f'sum({name}) AS {name}' for name in _SUMS)},"
    " uniqMergeState(persons) AS persons, uniqMergeState(sessions) AS sessions, 0 AS split, [] AS shared"
    f" FROM (SELECT * FROM trends WHERE {_WHERE})"
    " GROUP BY name, slot, version, code"
)
_SAME_DAYS = "app = {app:UInt32} AND toDate(at) IN (SELECT toDate(arrayJoin({slots:Array(UInt32)}), 'UTC'))"
#: bits of `split`: what is to be forgotten, and what is hidden for somebody else
_GOES, _HIDDEN = 1, 2
#: of 16 digits of a sum, so many may cancel each other out
_EXACT = 1e7

#: how much it was thinned, and the hashes
State: TypeAlias = tuple[int, bytes]
#: of persons, and of sessions
States: TypeAlias = tuple[State, State]


class Uncounting(NamedTuple):
    """What takes `events` off: rows of `trends` WHERE `where` are replaced by `rows` (RowBinary, the columns of
    `schema.COUNTS`). `persons`: whose the events are; `stays`: whether others of theirs may."""

    events: int = 0
    persons: Sequence[str] = ()
    stays: bool = False
    where: str = "0"
    parameters: Mapping[str, Any] = {}
    rows: bytes = b""


class _Row(msgspec.Struct):
    """Of `trends`: what names it as it is written, numbers, states. `shared`: of one person's events the devices, of
    one device's the persons."""

    name: bytes
    slot: bytes
    version: bytes
    code: bytes
    numbers: tuple[float, ...]
    states: States
    shared: list[bytes]

    def line(self, app: int) -> bytes:
        return b"".join((
            struct.pack("<I", app), _text(self.name), self.slot, _text(self.version), self.code,
            _NUMBERS.pack(*self.numbers), *(
                bytes((thinned,)) + _length(len(hashes) // 4) + hashes for thinned, hashes in self.states
            ),
        ))  # fmt: skip


class _Own:
    """Events of one person or device by the keys of rows of `trends`: what goes, and the states of what stays."""

    def __init__(self) -> None:
        self.going: dict[int, list[_Row]] = defaultdict(list)
        self.staying: dict[int, list[States]] = defaultdict(list)
        self.persons: set[str] = set()
        self.devices: set[str] = set()

    def read(self, engine: Engine, gone: Gone, hidden: str) -> bool:
        """False when some of it is hidden for somebody else, too."""
        name = gone.name
        split = f"{_GOES} * ({gone.in_time('events')}) + {_HIDDEN} * ({hidden})"
        for who, shared, into in (
            (f"person = {name}", "device", self.devices),
            (f"device = {name} AND person != {name}", "person", self.persons),
        ):
            where = f"WHERE app = {gone.app:d} AND {who}"
            counted = schema.counts("events", where, split=split, more=f"groupUniqArray({shared}) AS shared")
            for key, row, bits in _read(engine, counted):
                if bits == _GOES | _HIDDEN:
                    return False
                if bits == _GOES:
                    self.going[key].append(row)
                    into.update(one.decode() for one in row.shared if one)
                elif not bits:
                    self.staying[key].append(row.states)
        return True

    def rows(self) -> Iterator[_Row]:
        return (row for several in self.going.values() for row in several)


def uncounting(engine: Engine, gone: Gone) -> Uncounting | None:
    """What takes the events of `gone` off the roll-ups, while nothing comes in. None when that cannot be told from them
    (some of the events are off already). Raises StoreError."""
    hidden = engine.hidden.rows("events", but=gone)
    own = _Own()
    if not own.read(engine, gone, hidden):
        return None
    if not own.going:
        return Uncounting()
    stays = bool(own.persons or own.staying)
    parameters: dict[str, Any] = {
        "app": gone.app,
        "slots": sorted({int.from_bytes(row.slot, "little") for row in own.rows()}),
        "keys": sorted(own.going),
    }
    # of the person itself, all events were looked at
    theirs = f"{_SAME_DAYS} AND {gone.name} NOT IN (person, device) AND NOT ({hidden})"
    for column, shared in (("device", own.devices), ("person", own.persons)):
        if others := shared - {gone.person}:
            counted = schema.counts("events", f"WHERE {column} IN {{others:Array(String)}} AND {theirs}")
            found = engine.query(_STATES.format(counted), {**parameters, "others": sorted(others)}, form="RowBinary")
            for key, states in _Reader(found).states():
                own.staying[key].append(states)
    rows = _changed(_read(engine, _MERGED, parameters), own, gone.app)
    if rows is None:
        return None
    events = sum(int(row.numbers[0]) for row in own.rows() if not row.name)
    return Uncounting(events, sorted({gone.person, *own.persons}), stays, _WHERE, parameters, rows)


def _changed(rows: Iterable[tuple[int, _Row, int]], own: _Own, app: int) -> bytes | None:
    """The rows without what goes; None: they have not got it."""
    lines = bytearray()
    missing = set(own.going)
    for key, before, _ in rows:
        missing.discard(key)
        row = _without(before, own.going.get(key, ()), own.staying.get(key, ()))
        if row is None:
            return None
        if row.numbers[0]:
            lines += row.line(app)
    return None if missing else bytes(lines)


def _without(before: _Row, going: Sequence[_Row], staying: Sequence[States]) -> _Row | None:
    """What remains of `before`; None: it has not got it."""
    numbers = before.numbers
    for row in going:
        left = tuple(map(_difference, numbers, row.numbers))
        numbers = tuple(number for number in left if number is not None)
        if len(numbers) < len(left):
            return None
    states = []
    for place, (thinned, hashes) in enumerate(before.states):
        leaving = {one for row in going for one in _hashes(row.states[place])}
        leaving.difference_update(one for several in staying for one in _hashes(several[place]))
        if leaving:
            hashes = array("I", [one for one in array("I", hashes) if one not in leaving]).tobytes()
        states.append((thinned, hashes))
    return msgspec.structs.replace(before, numbers=numbers, states=tuple(states))


def _difference(old: float, new: float) -> float | None:
    """None when it is none, or is not exact to nine digits beside what it is a difference of."""
    difference = old - new
    if isinstance(difference, int):
        return difference if difference >= 0 else None
    exact = math.isfinite(difference) and abs(old) + abs(new) <= _EXACT * max(1.0, abs(difference))
    return difference if exact else None


def _hashes(state: State) -> Iterable[int]:
    return array("I", state[1])


# RowBinary


def _read(engine: Engine, sql: str, parameters: Mapping[str, Any] | None = None) -> Iterable[tuple[int, _Row, int]]:
    """Keys, rows, and the values by which they are split."""
    return _Reader(engine.query(_ROWS.format(sql), parameters, form="RowBinary")).rows()


def _text(value: bytes) -> bytes:
    return _length(len(value)) + value


def _length(number: int) -> bytes:
    """LEB128."""
    written = bytearray()
    while number > 127:
        written.append(number & 127 | 128)
        number >>= 7
    written.append(number)
    return bytes(written)


class _Reader:
    """From the beginning to the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def rows(self) -> Iterator[tuple[int, _Row, int]]:
        while self._at < len(self._data):
            key = self._number()
            name, slot, version = self._text(), self._take(4), self._text()
            code = self._take(8)
            numbers = _NUMBERS.unpack(self._take(_NUMBERS.size))
            states, split = (self._state(), self._state()), self._take(1)[0]
            shared = [self._text() for _ in range(self._length())]
            yield key, _Row(name, slot, version, code, numbers, states, shared), split

    def states(self) -> Iterator[tuple[int, States]]:
        while self._at < len(self._data):
            yield self._number(), (self._state(), self._state())

    def _number(self) -> int:
        return int.from_bytes(self._take(8), "little")

    def _take(self, size: int) -> bytes:
        self._at += size
        return self._data[self._at - size : self._at]

    def _length(self) -> int:
        number = shift = 0
        while True:
            byte = self._data[self._at]
            self._at += 1
            number |= (byte & 127) << shift
            if byte < 128:
                return number
            shift += 7

    def _text(self) -> bytes:
        return self._take(self._length())

    def _state(self) -> State:
        (thinned,) = self._take(1)
        return thinned, self._take(4 * self._length())
