"""Taking events off the roll-ups without counting again what is left.

The events are counted by themselves. Of `trends`, the rows that they are in are read, changed and written again:
numbers are subtracted, and what the states of persons and sessions have in common goes, unless events that stay have
it, too. These are looked for among those of the same persons and devices, for a session is on one device.

A state of `uniq` is, written out, a byte that says how much it was thinned, the number of elements and 4 bytes of hash
for each (ClickHouse, src/AggregateFunctions/UniquesHashSet.h).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import msgspec

from eden.observe import schema
from eden.observe.insight.engine import Engine
from eden.observe.insight.hidden import SYNC, Gone

#: between what names a row and the states: numbers that are added up
_SUMS = schema.COUNTS.split(", ")[6:-2]
_NUMBERS = struct.Struct("<" + "".join("d" if name == "total" else "Q" for name in _SUMS))
#: rows of `trends` are found by it beside name and slot; one more that has the same is read and written unchanged
_KEY = "cityHash64(toString(name), toUnixTimestamp(slot), toString(version), code, toString(platform))"
_ROWS = (
    f"SELECT {_KEY} AS key, toString(name), slot, toString(version), code, toString(platform),"
    f" {', '.join(_SUMS)}, persons, sessions, toUInt8(split) FROM ({{}})"
)
_MERGED = (
    f"SELECT name, slot, version, code, platform, {', '.join(f'sum({name}) AS {name}' for name in _SUMS)},"
    " uniqMergeState(persons) AS persons, uniqMergeState(sessions) AS sessions, 0 AS split"
    " FROM (SELECT * FROM trends WHERE {})"
    " GROUP BY name, slot, version, code, platform"
)
#: events of the same persons and devices on the same days
_ALIKE = (
    "app = {app:UInt32} AND toDate(at) IN (SELECT toDate(arrayJoin({slots:Array(UInt32)}), 'UTC'))"
    " AND (person IN {persons:Array(String)} OR device IN {devices:Array(String)})"
)
#: of 16 digits of a sum, so many may cancel each other out
_EXACT = 1e7

#: how much it was thinned, and the hashes
State: TypeAlias = tuple[int, bytes]


class _Row(msgspec.Struct):
    """Of `trends`: what names it as it is written, numbers, states."""

    name: bytes
    slot: bytes
    version: bytes
    code: bytes
    platform: bytes
    numbers: tuple[float, ...]
    states: tuple[State, State]

    def line(self, app: int) -> bytes:
        return b"".join((
            struct.pack("<I", app), _text(self.name), self.slot, _text(self.version), self.code, _text(self.platform),
            _NUMBERS.pack(*self.numbers), *(
                bytes((thinned,)) + _length(len(hashes) // 4) + hashes for thinned, hashes in self.states
            ),
        ))  # fmt: skip


def uncount(engine: Engine, gone: Gone) -> tuple[int, list[str]] | None:
    """Take the events of `gone` off `trends`, while nothing comes in; how many they are, and whose. None when that
    cannot be told from the roll-ups (some of the events are off them already), and nothing was changed. Raises
    StoreError: `trends` may be without the rows."""
    condition, others = gone.condition("events"), engine.hidden.rows("events", but=gone)
    ((events, overlapping, persons, devices, slots),) = msgspec.json.decode(
        engine.query(
            f"SELECT count(), countIf({others}), groupUniqArrayIf(person, person != ''),"
            f" groupUniqArrayIf(device, device != ''), groupUniqArray(toUnixTimestamp({schema.slot('at')}))"
            f" FROM events WHERE {condition}",
            settings={"output_format_json_quote_64bit_integers": 0},
        )
    )["data"]
    if overlapping:
        return None
    if not events:
        return 0, []
    parameters: dict[str, Any] = {"app": gone.app, "persons": persons, "devices": devices, "slots": sorted(slots)}
    counted = schema.counts("events", f"WHERE {_ALIKE} AND NOT ({others})", split=condition)
    alike = _read(engine, counted, parameters)
    taken = {key: row for (key, is_gone), row in alike.items() if is_gone}
    parameters |= {"names": sorted({row.name.decode() for row in taken.values()}), "keys": sorted(taken)}
    where = (
        "app = {app:UInt32} AND name IN {names:Array(String)} AND toUnixTimestamp(slot) IN {slots:Array(UInt32)}"
        f" AND {_KEY} IN {{keys:Array(UInt64)}}"
    )
    found = {key: row for (key, _), row in _read(engine, _MERGED.format(where), parameters).items()}
    if not taken.keys() <= found.keys():
        return None
    lines = bytearray()
    for key, before in found.items():
        row = _without(before, taken[key], alike.get((key, 0))) if key in taken else before
        if row is None:
            return None
        if row.numbers[0]:
            lines += row.line(gone.app)
    there = f"{schema.local('trends', engine.cluster)}{schema.on(engine.cluster)}"
    engine.query(f"DELETE FROM {there} WHERE {where}", parameters, settings=SYNC)
    if lines:
        engine.load(f"trends ({schema.COUNTS})", bytes(lines), form="RowBinary")
    return int(events), persons


def _without(before: _Row, taken: _Row, left: _Row | None) -> _Row | None:
    """What remains of `before`; None: it has not got it."""
    numbers = tuple(map(_difference, before.numbers, taken.numbers))
    if None in numbers:
        return None
    states = []
    for place, (thinned, hashes) in enumerate(before.states):
        going = set(_hashes(taken.states[place]))
        if left is not None:
            going.difference_update(_hashes(left.states[place]))
        kept = b"".join(one for one in _hashes((thinned, hashes)) if one not in going) if going else hashes
        states.append((thinned, kept))
    return msgspec.structs.replace(before, numbers=numbers, states=tuple(states))


def _difference(old: float, new: float) -> float | None:
    """None when it is none, or is not exact to nine digits beside what it is a difference of."""
    difference = old - new
    if isinstance(difference, int):
        return difference if difference >= 0 else None
    exact = math.isfinite(difference) and abs(old) + abs(new) <= _EXACT * max(1.0, abs(difference))
    return difference if exact else None


def _hashes(state: State) -> Iterator[bytes]:
    return (state[1][at : at + 4] for at in range(0, len(state[1]), 4))


# RowBinary


def _read(engine: Engine, sql: str, parameters: Mapping[str, Any]) -> dict[tuple[int, int], _Row]:
    """Rows by their keys, and by the value by which they are split."""
    return dict(_Reader(engine.query(_ROWS.format(sql), parameters, form="RowBinary")).rows())


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

    def rows(self) -> Iterable[tuple[tuple[int, int], _Row]]:
        while self._at < len(self._data):
            key = int.from_bytes(self._take(8), "little")
            name, slot, version = self._text(), self._take(4), self._text()
            code, platform = self._take(8), self._text()
            numbers = _NUMBERS.unpack(self._take(_NUMBERS.size))
            row = _Row(name, slot, version, code, platform, numbers, (self._state(), self._state()))
            yield (key, self._take(1)[0]), row

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
