"""Which records came lately, by their ids: one that comes again in another batch is not stored again.

A phone that lost an answer and packed anew, two pages that share a queue, a client that retries in a new envelope: the
batch is another one, the records have the ids of before. The events store would count them twice in its roll-ups.

What is remembered are 64 bits of app and id in two tables with open addresses, the newer of which is filled. When it
has `most`, the older one goes and it takes its place: so at least the last `most` are known, and at most twice as many
(and what the chunk in which that happens has beside). The factors that spread ids over a table are secret: nobody can
choose ids that all want one place, or that are another app's.

`Progress` keeps what a chunk adds, in the same transaction in which the chunk is done. A chunk that is carried out
again, after a fault or after a kill, is therefore looked at beside exactly what was known the first time: nothing of
its own, and everything of the chunks before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import TypeAlias

import numpy as np

#: remembered for certain: 16 to 32 MB of memory, 8 to 16 MB of disk
MOST = 1_000_000
#: places of a table in the beginning, and which part of them may be taken
_LEAST_BITS = 12
_FULL = 0.75

#: 64 bits each
_Keys: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.uint64]]"
_Places: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.intp]]"
_Flags: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.bool_]]"


class _Table:
    """A set of keys. 0 is no key: it marks a free place."""

    def __init__(self, bits: int = _LEAST_BITS) -> None:
        self.bits = bits
        self._slots: _Keys = np.zeros(1 << bits, np.uint64)
        self.count = 0

    def make_room(self, more: int) -> None:
        """For so many keys more."""
        while self.count + more > _FULL * self._slots.size:
            self.bits += 1
            held = self._slots[self._slots != 0]
            self._slots, self.count = np.zeros(1 << self.bits, np.uint64), 0
            self.add(held, self.look(held)[1])

    def look(self, keys: _Keys) -> tuple[_Flags, _Places]:
        """Which of the keys are there; and of each its place, or the free one where its way ends."""
        places = (keys >> np.uint64(64 - self.bits)).astype(np.intp)
        held = self._slots[places]
        found = held == keys
        going = np.flatnonzero((held != 0) & ~found)
        while going.size:
            places[going] = self._next(places[going])
            held, wanted = self._slots[places[going]], keys[going]
            same = held == wanted
            found[going[same]] = True
            going = going[(held != 0) & ~same]
        return found, places

    def add(self, keys: _Keys, places: _Places) -> _Places:
        """Keys that differ and are not there, at the free places that `look` gave; where they came to stand."""
        self.count += keys.size
        taken = []
        while keys.size:
            # of several that want one place the last one has it
            self._slots[places] = keys
            stands = self._slots[places] == keys
            taken.append(places[stands])
            keys, places = keys[~stands], self._next(places[~stands])
            going = np.flatnonzero(self._slots[places] != 0)
            while going.size:
                places[going] = self._next(places[going])
                going = going[self._slots[places[going]] != 0]
        return np.concatenate(taken) if taken else places

    def take_back(self, places: _Places) -> None:
        """The keys that were added last, by where they stand."""
        self._slots[places] = 0
        self.count -= places.size

    def _next(self, places: _Places) -> _Places:
        return (places + 1) & (self._slots.size - 1)


class Recent:
    """Of one thread. `secret`: the same for all that is loaded. `most`: records that are remembered for certain."""

    def __init__(self, secret: bytes, most: int = MOST) -> None:
        self._most = most
        factors = np.frombuffer(blake2b(secret, digest_size=16).digest(), np.uint64) | np.uint64(1)
        self._of_id, self._of_app = factors
        self._older, self._newer = _Table(), _Table()
        #: counts the tables that were filled
        self.generation = 0
        self._fresh: _Keys = np.zeros(0, np.uint64)
        self._places: _Places = np.zeros(0, np.intp)

    def load(self, kept: Iterable[tuple[int, bytes]]) -> None:
        """What was kept before, in its order: generation, and keys as `fresh` gave them."""
        for generation, keys in kept:
            while self.generation < generation:
                self._turn()
            found = np.frombuffer(keys, np.uint64)
            self._newer.make_room(found.size)
            self._newer.add(found, self._newer.look(found)[1])
        self.keep()

    def late(self, apps: Sequence[int], ids: Sequence[int]) -> list[int]:
        """The places in `ids` (64 bits; 0: none) of records that came before, in these or in earlier ones. What is
        fresh is remembered: until `forget`, unless `keep` comes before. One call for each chunk."""
        given: _Keys = np.array(ids, np.uint64)
        named = np.flatnonzero(given)
        keys = given[named] * self._of_id + np.array(apps, np.int64)[named].astype(np.uint64) * self._of_app
        keys[keys == 0] = 1
        self._newer.make_room(keys.size)
        known, places = self._newer.look(keys)
        fresh = ~(known | self._older.look(keys)[0])
        ordered = np.sort(keys)
        if (ordered[1:] == ordered[:-1]).any():
            first = np.zeros(keys.size, np.bool_)
            first[np.unique(keys, return_index=True)[1]] = True
            fresh &= first
        self._fresh = keys[fresh]
        self._places = self._newer.add(self._fresh, places[fresh])
        found: list[int] = named[~fresh].tolist()
        return found

    @property
    def fresh(self) -> bytes:
        """What this chunk adds."""
        return self._fresh.tobytes()

    def forget(self) -> None:
        """The chunk is not done, and comes again: nothing of it was seen."""
        self._newer.take_back(self._places)
        self._settle()

    def keep(self) -> None:
        """The chunk is done."""
        self._settle()
        if self._newer.count >= self._most:
            self._turn()

    def _settle(self) -> None:
        self._fresh, self._places = self._fresh[:0], self._places[:0]

    def _turn(self) -> None:
        self._older, self._newer = self._newer, _Table(self._newer.bits)
        self.generation += 1
