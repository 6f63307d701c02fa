"""Memory that the worker processes of a gateway share: nonces that were seen, token buckets, how each worker fares.

One file without a name (`memfd`), inherited by every worker and mapped. Each worker has a segment of it that only it
writes; all read all segments. So there is no lock, and nothing that a killed worker could leave locked.

- **Nonces.** A worker writes a nonce into its own segment, then looks for it in the others' and is refused when one has
  it: two workers that are given the same nonce at the same moment may both be refused, but never both accept. The
  table is an open-addressed set of 64-bit keyed digests, one per minute of the time that the request was signed for,
  cleared when requests of that minute are too old to be accepted. A full bucket refuses: what cannot be remembered is
  not accepted.
- **Buckets** follow the generic cell rate algorithm (ITU-T I.371): a bucket is one number, the moment at which it would
  be full again, and the bucket of all workers is the latest of theirs. Between reading and writing lie microseconds;
  what two workers let through in the same ones is counted once.

A new gateway knows no nonces. So it accepts nothing that was signed before it began (`Layout.began_ms`); a worker that
takes the place of another one finds that one's segment.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import secrets
import struct
import sys
import threading
import time
from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec

from eden.gateway.memo import Memo

#: slots of a bucket of nonces: two cache lines
_WAYS: Final = 16
_BUCKET: Final = _WAYS * 8
_MINUTE_MS: Final = 60_000
#: minutes of signing times that are told apart: the window before and behind now, with the ones that are cut
_MINUTES: Final = 14
#: the largest window that fits, seconds on either side of now
WINDOW_S: Final = (_MINUTES - 2) * 30
#: a nonce is put into the first of its two buckets up to here, then into the emptier one; so as long as the first is
#: not as full, nothing of it stands in the second
_HALF: Final = _BUCKET // 2
#: buckets of limits are pairs of digest and moment, this many beside each other
_LIMIT_WAYS: Final = 8
_LIMIT_BUCKET: Final = _LIMIT_WAYS * 16
#: of a nonce's digest: its tag, and two buckets where it may stand
_unpack: Final = struct.Struct("<8sII").unpack
#: a slot that is free, and the tag in place of this one
_NONE: Final = bytes(8)
_ONE: Final = b"\1" + bytes(7)
#: figures of a worker: 64-bit numbers, see `State`
_STATE_BYTES: Final = 4096
_GENERATIONS: Final = 4096
_PAGE: Final = 4096


class Layout(msgspec.Struct, frozen=True):
    """Sizes; the same in all processes. `nonces`: that fit for each worker and minute; `limits`: buckets of each
    worker. `key`: what digests are made with. `began_ms`: when the gateway started."""

    workers: int
    nonces: int
    limits: int
    key: bytes
    began_ms: int

    @property
    def nonce_buckets(self) -> int:
        # two choices fill such buckets to nine tenths before one runs over
        return _power(self.nonces * 10 // 9 // _WAYS)

    @property
    def limit_buckets(self) -> int:
        return _power(self.limits // _LIMIT_WAYS)

    @property
    def segment(self) -> int:
        return (
            _STATE_BYTES
            + _GENERATIONS
            + _MINUTES * self.nonce_buckets * _BUCKET
            + -(-self.limit_buckets * _LIMIT_BUCKET // _PAGE) * _PAGE
        )


def _power(count: int) -> int:
    """The next power of two, and a page of buckets at least."""
    return max(_PAGE // _BUCKET, 1 << max(count - 1, 1).bit_length())


def layout(workers: int, nonces: int = 1 << 19, limits: int = 1 << 16) -> Layout:
    return Layout(workers, nonces, limits, secrets.token_bytes(16), time.time_ns() // 1_000_000)


def allocate(plan: Layout) -> int:
    """A file descriptor of the memory, zeroed; pages are taken when they are first written."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("eden-gateway", os.MFD_CLOEXEC)
    else:  # macOS: a file that has lost its name
        import tempfile

        handle, path = tempfile.mkstemp(prefix="eden-gateway-")
        os.unlink(path)
    os.ftruncate(handle, plan.segment * plan.workers)
    return handle


class State:
    """Numbers of one worker that everybody may read: `NAMES`, in this order."""

    NAMES: Final = ("pid", "beat_ms", "connections", "calls", "refused", "feed")

    def __init__(self, memory: mmap.mmap, at: int) -> None:
        self._numbers = memoryview(memory)[at : at + 8 * len(self.NAMES)].cast("Q")

    def read(self) -> dict[str, int]:
        return dict(zip(self.NAMES, self._numbers, strict=True))

    def write(self, **values: int) -> None:
        for name, value in values.items():
            self._numbers[self.NAMES.index(name)] = value

    def close(self) -> None:
        self._numbers.release()


class Shared:
    """The memory as worker `number` sees it. `handle` is what `allocate` gave, and stays the caller's."""

    def __init__(self, plan: Layout, handle: int, number: int, clock: Callable[[], float] = time.time) -> None:
        """`clock`: seconds since 1970."""
        self.plan = plan
        self._memory = mmap.mmap(handle, plan.segment * plan.workers)
        starts = [plan.segment * worker for worker in range(plan.workers)]
        self.states = [State(self._memory, start) for start in starts]
        self.state = self.states[number]
        order = [starts[number], *(start for start in starts if start != starts[number])]
        self.nonces = SharedNonces(self._memory, plan, [start + _STATE_BYTES for start in order], clock)
        after = _STATE_BYTES + _GENERATIONS + _MINUTES * plan.nonce_buckets * _BUCKET
        self.buckets = SharedBuckets(self._memory, plan, [start + after for start in order])

    def close(self) -> None:
        for state in self.states:
            state.close()
        self.buckets.close()
        self._memory.close()


class SharedNonces:
    """See the module. The first of `starts` is this worker's."""

    def __init__(self, memory: mmap.mmap, plan: Layout, starts: list[int], clock: Callable[[], float]) -> None:
        self._memory = memory
        self._clock = clock
        self._began_ms = plan.began_ms
        #: a digest that has begun with the key
        self._begun = hashlib.blake2b(digest_size=16, key=plan.key).copy
        self._mask = plan.nonce_buckets - 1
        self._table = plan.nonce_buckets * _BUCKET
        self._own, self._others = starts[0], starts[1:]
        #: the minute of the last call, and where its table begins
        self._minute = self._first = -1
        #: takes and gives back a lock between writing and looking: on the way the processor makes the write visible
        self._fence = threading.Lock()

    def take(self, key: bytes, at_ms: int) -> bool:
        """See `exchange.Nonces`. What was signed before the gateway began is refused: it may have been seen by the one
        before. So is what is further from now than `WINDOW_S`, whatever a catalogue says: its minute's place is another
        one's."""
        if at_ms < self._began_ms or not -WINDOW_S <= at_ms / 1000 - self._clock() <= WINDOW_S:
            return False
        minute = at_ms // _MINUTE_MS
        if minute != self._minute and not self._turn_to(minute):
            return False
        memory = self._memory
        digest = self._begun()
        digest.update(key)
        tag, one, two = _unpack(digest.digest())
        if tag == _NONE:
            tag = _ONE
        at = self._first + (one & self._mask) * _BUCKET
        bucket = memory[at : at + _BUCKET]
        # slots are taken from the front, and no tag is zero
        size = len(bucket.rstrip(b"\0"))
        if tag in bucket and _has(bucket, tag):
            return False
        if size > _HALF:
            other = self._first + (two & self._mask) * _BUCKET
            bucket = memory[other : other + _BUCKET]
            if _has(bucket, tag):
                return False
            if (taken := len(bucket.rstrip(b"\0"))) < size:
                at, size = other, taken
            if size > _BUCKET - 8:
                return False
        at += (size + 7) & -8
        memory[at : at + 8] = tag
        return not self._others or self._alone(tag, one & self._mask, two & self._mask, minute)

    def _alone(self, tag: bytes, one: int, two: int, minute: int) -> bool:
        """Whether no other worker has it in one of its two buckets; it stands in our own table already."""
        memory, first = self._memory, self._first - self._own
        self._fence.acquire()
        self._fence.release()
        for other in self._others:
            for number in (one, two):
                start = other + first + number * _BUCKET
                if _has(memory[start : start + _BUCKET], tag) and self._generation(other, minute) == minute:
                    return False
        return True

    def _turn_to(self, minute: int) -> bool:
        """Make the table of this minute the one at hand; False when its place has a newer one's."""
        known = self._generation(self._own, minute)
        if known > minute:
            return False
        place = minute % _MINUTES
        first = self._own + _GENERATIONS + place * self._table
        if known < minute:
            at = self._own + place * 8
            self._memory[at : at + 8] = bytes(8)
            self._memory[first : first + self._table] = bytes(self._table)
            self._memory[at : at + 8] = minute.to_bytes(8, "little")
        self._minute, self._first = minute, first
        return True

    def _generation(self, start: int, minute: int) -> int:
        """The minute whose table a worker has in the place of this one."""
        at = start + minute % _MINUTES * 8
        return int.from_bytes(self._memory[at : at + 8], "little")


def _has(bucket: bytes, tag: bytes) -> bool:
    at = bucket.find(tag)
    while at >= 0:
        if at % 8 == 0:
            return True
        at = bucket.find(tag, at + 1)
    return False


#: key, tokens a second, tokens at most
_Wanted: TypeAlias = tuple[bytes, float, float]


class SharedBuckets:
    """See the module. The first of `starts` is this worker's."""

    def __init__(self, memory: mmap.mmap, plan: Layout, starts: list[int]) -> None:
        self._memory = memory
        self._key = plan.key
        self._mask = plan.limit_buckets - 1
        self._starts = starts
        self._own, self._others = starts[0], starts[1:]
        self._view = memoryview(memory)
        #: the memory in eights of bytes: a slot is a tag, and behind it a moment
        self._tags, self._moments = self._view.cast("Q"), self._view.cast("d")
        #: bucket → where it is kept
        self._slots: Memo[_Wanted, _Slot] = Memo(self._slot, 20_000)

    def close(self) -> None:
        for view in (self._tags, self._moments, self._view):
            view.release()

    def take(self, wanted: list[_Wanted], now: float) -> int:
        """See `exchange.Buckets`."""
        slots, tags, moments = self._slots, self._tags, self._moments
        for bucket in wanted:
            slot = slots[bucket]
            at = slot.at
            if tags[at] != slot.number:
                at = self._seat(slot, now)
            full = moments[at + 1]
            if self._others and (latest := self._latest(slot)) > full:
                full = latest
            if full < now:
                full = now
            full += slot.step
            if full - now > slot.depth:
                return self._give_back(wanted, bucket)
            moments[at + 1] = full
        return -1

    def _give_back(self, wanted: list[_Wanted], empty: _Wanted) -> int:
        """What was taken of buckets before the one that is empty; its index."""
        for index, bucket in enumerate(wanted):
            if bucket == empty:
                return index
            slot = self._slots[bucket]
            self._moments[slot.at + 1] -= slot.step
        raise AssertionError("it is one of those that are wanted")

    def _slot(self, bucket: _Wanted) -> _Slot:
        key, rate, most = bucket
        digest = hashlib.blake2b(key, digest_size=12, key=self._key).digest()
        tag = digest[:8] if digest[:8] != _NONE else _ONE
        place = (int.from_bytes(digest[8:], "little") & self._mask) * _LIMIT_BUCKET
        return _Slot(tag, place, self._own, 1 / rate, most / rate + 1e-9)

    def _seat(self, slot: _Slot, now: float) -> int:
        """Where it is in our segment: in another slot than it was, or in one that it is given: of a bucket that is full
        again (which is as if it had never been used), or of the one that will be soonest."""
        tags, moments, first = self._tags, self._moments, (self._own + slot.place) // 8
        places = range(first, first + _LIMIT_BUCKET // 8, 2)
        at = next((at for at in places if tags[at] == slot.number), -1)
        if at < 0:
            at = next((at for at in places if moments[at + 1] <= now), -1)
            if at < 0:
                at = min(places, key=lambda at: moments[at + 1])
            # the moment first: a reader that sees the new tag never sees the old one's moment
            moments[at + 1] = 0.0
            tags[at] = slot.number
        slot.at = at
        return at

    def _latest(self, slot: _Slot) -> float:
        """The moment of a key by the other workers."""
        memory, latest = self._memory, 0.0
        for start in self._others:
            at = start + slot.place
            found = memory.find(slot.tag, at, at + _LIMIT_BUCKET)
            if found >= 0 and (found - at) % 16 == 0:
                latest = max(latest, self._moments[found // 8 + 1])
        return latest


class _Slot:
    """Where a bucket is kept. `tag`, also as a `number`; `place`: of its slots, from the beginning of a segment's
    buckets; `at`: of the one in our own segment, in eights of bytes, as far as is known. `step`: seconds until a token
    is there again; `depth`: until all of them are."""

    __slots__ = ("at", "depth", "number", "place", "step", "tag")

    def __init__(self, tag: bytes, place: int, own: int, step: float, depth: float) -> None:
        self.step = step
        self.depth = depth
        self.tag = tag
        self.number = int.from_bytes(tag, sys.byteorder)
        self.place = place
        self.at = (own + place) // 8
