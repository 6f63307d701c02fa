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
import threading
import time
from collections.abc import Callable
from typing import Final

import msgspec

#: slots of a bucket of nonces: two cache lines
_WAYS: Final = 16
_BUCKET: Final = _WAYS * 8
_MINUTE_MS: Final = 60_000
#: minutes of signing times that are told apart: the window before and behind now, with the ones that are cut
_MINUTES: Final = 14
#: the largest window that fits, seconds on either side of now
WINDOW_S: Final = (_MINUTES - 2) * 30
#: buckets of limits are pairs of digest and moment, this many beside each other
_LIMIT_WAYS: Final = 8
_LIMIT_BUCKET: Final = _LIMIT_WAYS * 16
_DOUBLE: Final = struct.Struct("<d")
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


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def layout(workers: int, nonces: int = 1 << 19, limits: int = 1 << 16) -> Layout:
    return Layout(workers, nonces, limits, secrets.token_bytes(16), _now_ms())


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

    def __init__(self, plan: Layout, handle: int, number: int, clock: Callable[[], int] = _now_ms) -> None:
        """`clock`: milliseconds since 1970."""
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
        self._memory.close()


class SharedNonces:
    """See the module. The first of `starts` is this worker's."""

    def __init__(self, memory: mmap.mmap, plan: Layout, starts: list[int], clock: Callable[[], int]) -> None:
        self._memory = memory
        self._clock = clock
        self._key = plan.key
        self._began_ms = plan.began_ms
        self._buckets = plan.nonce_buckets
        self._mask = self._buckets - 1
        self._table = self._buckets * _BUCKET
        self._own, self._others = starts[0], starts[1:]
        #: takes and gives back a lock between writing and looking: on the way the processor makes the write visible
        self._fence = threading.Lock()

    def take(self, key: bytes, at_ms: int) -> bool:
        """See `exchange.Nonces`. What was signed before the gateway began is refused: it may have been seen by the one
        before. So is what is further from now than `WINDOW_S`, whatever a catalogue says: its minute's place is another
        one's."""
        if at_ms < self._began_ms or abs(at_ms - self._clock()) > WINDOW_S * 1000:
            return False
        memory = self._memory
        digest = hashlib.blake2b(key, digest_size=16, key=self._key).digest()
        tag = digest[:8]
        if tag == b"\0\0\0\0\0\0\0\0":
            tag = b"\1\0\0\0\0\0\0\0"
        minute = at_ms // _MINUTE_MS
        place = minute % _MINUTES
        generation = self._own + place * 8
        known = memory[generation : generation + 8] == minute.to_bytes(8, "little")
        if not known and not self._begin(place, minute):
            return False
        table = _GENERATIONS + place * self._table
        first = table + (int.from_bytes(digest[8:12], "little") & self._mask) * _BUCKET
        second = table + (int.from_bytes(digest[12:16], "little") & self._mask) * _BUCKET
        own = self._own
        a = memory[own + first : own + first + _BUCKET]
        b = memory[own + second : own + second + _BUCKET]
        if _has(a, tag) or _has(b, tag):
            return False
        free_a, free_b = _free(a), _free(b)
        # the emptier of two: what is written is written from the front
        at, free = (first, free_a) if free_a <= free_b else (second, free_b)
        if free == _WAYS:
            return False
        memory[own + at + free * 8 : own + at + free * 8 + 8] = tag
        if self._others:
            self._fence.acquire()
            self._fence.release()
            for other in self._others:
                for start in (other + first, other + second):
                    if _has(memory[start : start + _BUCKET], tag) and self._same(other, place, minute):
                        return False
        return True

    def _begin(self, place: int, minute: int) -> bool:
        """Make the table of an old minute that of a new one."""
        at = self._own + place * 8
        if int.from_bytes(self._memory[at : at + 8], "little") > minute:
            return False
        start = self._own + _GENERATIONS + place * self._table
        self._memory[at : at + 8] = bytes(8)
        self._memory[start : start + self._table] = bytes(self._table)
        self._memory[at : at + 8] = minute.to_bytes(8, "little")
        return True

    def _same(self, start: int, place: int, minute: int) -> bool:
        return self._memory[start + place * 8 : start + place * 8 + 8] == minute.to_bytes(8, "little")


def _has(bucket: bytes, tag: bytes) -> bool:
    at = bucket.find(tag)
    while at >= 0:
        if at % 8 == 0:
            return True
        at = bucket.find(tag, at + 1)
    return False


def _free(bucket: bytes) -> int:
    """Slots that are taken; they are taken from the front, and no tag is zero."""
    return -(-len(bucket.rstrip(b"\0")) // 8)


class SharedBuckets:
    """See the module. The first of `starts` is this worker's."""

    def __init__(self, memory: mmap.mmap, plan: Layout, starts: list[int]) -> None:
        self._memory = memory
        self._key = plan.key
        self._mask = plan.limit_buckets - 1
        self._starts = starts
        self._own = starts[0]
        #: digests and places of keys that were asked for lately
        self._known: dict[bytes, tuple[bytes, int]] = {}

    def take(self, wanted: list[tuple[bytes, float, float]], now: float) -> int:
        """See `exchange.Buckets`."""
        found = []
        for index, (key, rate, most) in enumerate(wanted):
            tag, place = self._known.get(key) or self._place(key)
            full = max(now, self._latest(tag, place)) + 1 / rate
            if full - now > max(most, 1.0) / rate + 1e-9:
                return index
            found.append((tag, place, full))
        for tag, place, full in found:
            self._write(tag, place, full, now)
        return -1

    def _place(self, key: bytes) -> tuple[bytes, int]:
        digest = hashlib.blake2b(key, digest_size=12, key=self._key).digest()
        tag = digest[:8] if digest[:8] != bytes(8) else b"\1" + bytes(7)
        entry = tag, (int.from_bytes(digest[8:], "little") & self._mask) * _LIMIT_BUCKET
        if len(self._known) >= 20_000:
            # devices come and go
            self._known.clear()
        self._known[key] = entry
        return entry

    def _latest(self, tag: bytes, place: int) -> float:
        memory, latest = self._memory, 0.0
        for start in self._starts:
            at = start + place
            found = memory.find(tag, at, at + _LIMIT_BUCKET)
            if found >= 0 and (found - at) % 16 == 0:
                latest = max(latest, _DOUBLE.unpack_from(memory, found + 8)[0])
        return latest

    def _write(self, tag: bytes, place: int, full: float, now: float) -> None:
        """Into the slot of this tag, or of a bucket that is full again (which is as if it had never been used), or of
        the one that will be soonest."""
        memory, at = self._memory, self._own + place
        found = memory.find(tag, at, at + _LIMIT_BUCKET)
        if found < 0 or (found - at) % 16:
            slots = range(at, at + _LIMIT_BUCKET, 16)
            found = next((slot for slot in slots if _DOUBLE.unpack_from(memory, slot + 8)[0] <= now), -1)
            if found < 0:
                found = min(slots, key=lambda slot: _DOUBLE.unpack_from(memory, slot + 8)[0])
            # the moment first: a reader that sees the new tag never sees the old one's moment
            _DOUBLE.pack_into(memory, found + 8, 0.0)
            memory[found : found + 8] = tag
        _DOUBLE.pack_into(memory, found + 8, full)
