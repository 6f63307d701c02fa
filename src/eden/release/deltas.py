"""Deltas and full downloads of package archives, made when they are asked for and kept.

Archives are named by the SHA-256 (hex) of their bytes, which the signed metadata names: two programs with the same
content share a delta, and none can get another's. Kept files: `deltas/BASE-TARGET.dcz`, `deltas/none/BASE-TARGET`
(no delta is smaller than the full download), `full/TARGET.br`.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import re
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from typing import Protocol

from eden.base.telemetry import span
from eden.release.deltas_codec import (
    DeltaError,
    brotli_full,
    decode_delta,
    encode_delta,
    full_sha256,
    full_size_bounds,
)
from eden.release.deltas_slots import Slots, Work

__all__ = ["BlobStore", "DeltaError", "Deltas", "ListedStore", "Load", "brotli_full", "decode_delta", "delta_name",
           "encode_delta"]  # fmt: skip

_log = logging.getLogger(__name__)
_SHA256 = re.compile(r"[0-9a-f]{64}")

#: archives by their SHA-256; None when there is none
Load = Callable[[str], Awaitable[bytes | None]]

Make = Callable[[Work], Coroutine[None, None, bytes | None]]

#: of work ahead; what is beyond is made when it is asked for
_MOST_AHEAD = 1000
#: an entry of the memory counts for so many bytes at least
_ENTRY = 200
#: of how many names it is remembered when they were asked for last
_REMEMBERED = 20_000


class BlobStore(Protocol):
    """Files by name; `eden.base.blobs.Blobs` is one. What was put is there as a whole or not at all."""

    async def get(self, name: str) -> bytes | None: ...

    async def put(self, name: str, data: bytes) -> None: ...


class ListedStore(Protocol):
    """What `Deltas.trim` needs of a store; `list` gives names and their bytes."""

    def list(self, prefix: str) -> AsyncIterator[tuple[str, int]]: ...

    async def delete(self, name: str) -> None: ...


class Deltas:
    """`get` and `full` answer from memory, from the store, or make and keep; the same work is never done twice at once.

    `load` gives archives. At most `workers` archives are compressed at a time, on threads (the libraries leave the
    interpreter's lock alone meanwhile): by default one less than there are processors, at least two and at most four.
    When `waiting` pieces of work are asked for and not done, a further one is refused: the answer is None at once.
    `hot_bytes` bounds the memory for results.

    Nothing raises: a failure is logged, counted and answered by None, and the phone gets the next larger form.
    `counts` says how often what happened: made, none, kept, refused, failed, damaged.
    """

    def __init__(
        self,
        load: Load,
        store: BlobStore,
        *,
        workers: int | None = None,
        waiting: int = 32,
        hot_bytes: int = 64 << 20,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._load = load
        self._store = store
        self._waiting = waiting
        self._slots = Slots(workers or max(2, min(4, (os.cpu_count() or 1) - 1)))
        self._hot = _Hot(hot_bytes)
        self._works: dict[str, Work] = {}
        self._asked: OrderedDict[str, None] = OrderedDict()
        self._closed = False

    async def get(self, base: str, target: str) -> bytes | None:
        """The delta from `base` to `target` as a dcz body.

        None when it would not be smaller than the full download (this is remembered), when one of the archives is
        unknown, or when it cannot be made now.
        """
        return await self._ask(delta_name(base, target), lambda work: self._delta(work, base, target), base, target)

    async def full(self, target: str) -> bytes | None:
        """`target` as a Brotli stream; None when the archive is unknown or it cannot be made now."""
        return await self._ask(_full_name(target), lambda work: self._full(work, target), target)

    def prepare(self, bases: Iterable[str], target: str) -> None:
        """Make the full download and the deltas from `bases` ahead, in this order, behind what phones wait for."""
        if not _SHA256.fullmatch(target):
            return
        self._start(_full_name(target), lambda work: self._full(work, target), urgent=False)
        for base in bases:
            if base != target and _SHA256.fullmatch(base):
                self._start(delta_name(base, target), self._maker(base, target), urgent=False)

    async def trim(self, store: ListedStore, limit: int) -> int:
        """Delete kept deltas until they take at most `limit` bytes; returns the bytes that became free.

        Those go first that this process was not asked for, then those that it was not asked for longest. What is
        asked for again is made again.
        """
        kept = [entry async for entry in store.list("deltas/")]
        excess = sum(size for _, size in kept) - limit
        order = {name: place for place, name in enumerate(self._asked)}
        freed = 0
        for name, size in sorted(kept, key=lambda entry: order.get(entry[0], -1)):
            if freed >= excess:
                break
            await store.delete(name)
            self._hot.drop(name)
            freed += size
        return freed

    async def idle(self) -> None:
        """Until nothing is being made, nor waits to be."""
        while self._works:
            await asyncio.wait([work.task for work in self._works.values() if work.task])

    async def close(self) -> None:
        """Drop what waits. A thread in the middle of an archive ends it, seconds later at most."""
        self._closed = True
        tasks = [work.task for work in self._works.values() if work.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._works.clear()
        self._slots.close()

    # ---- one piece of work per name --------------------------------------------------------------------------------

    async def _ask(self, name: str, make: Make, *archives: str) -> bytes | None:
        if not all(map(_SHA256.fullmatch, archives)):
            return None
        self._asked[name] = None
        self._asked.move_to_end(name)
        if len(self._asked) > _REMEMBERED:
            self._asked.popitem(last=False)
        found, held = self._hot.get(name)
        if found:
            return held
        work = self._start(name, make, urgent=True)
        return await self._wait(work) if work else None

    def _maker(self, base: str, target: str) -> Make:
        return lambda work: self._delta(work, base, target)

    async def _wait(self, work: Work) -> bytes | None:
        """Whoever stops waiting does not stop the work: others may wait for it, and it is kept."""
        assert work.task is not None
        try:
            return await asyncio.shield(work.task)
        except asyncio.CancelledError:
            if self._closed and work.task.cancelled():
                return None
            raise

    def _start(self, name: str, make: Make, *, urgent: bool, always: bool = False) -> Work | None:
        """The work of this name, begun if it is not under way; None when there is too much already."""
        work = self._works.get(name)
        if work is not None:
            if urgent and not work.urgent:
                work.urgent = True
                self._slots.wake()
            return work
        alike = sum(other.urgent == urgent for other in self._works.values())
        if self._closed or (alike >= (self._waiting if urgent else _MOST_AHEAD) and not always):
            self.counts["refused"] += 1
            return None
        work = self._works[name] = Work(urgent)
        work.task = asyncio.get_running_loop().create_task(self._guard(name, work, make), name=name)
        return work

    async def _guard(self, name: str, work: Work, make: Make) -> bytes | None:
        try:
            return await make(work)
        except Exception:
            self.counts["failed"] += 1
            _log.exception("%s cannot be made; phones get the full download", name)
            return None
        finally:
            del self._works[name]

    # ---- making and keeping ----------------------------------------------------------------------------------------

    async def _delta(self, work: Work, base: str, target: str) -> bytes | None:
        name = delta_name(base, target)
        if (kept := await self._kept(name)) is not None:
            old = await self._load(base)
            if old is None:
                return None
            if await asyncio.to_thread(_is_delta, old, kept, target):
                return self._hot.put(name, kept)
            self._damaged(name)
        elif await self._kept(_none_name(base, target)) is not None:
            return self._hot.put(name, None)
        async with self._slots.take(work):
            old, new = await self._load(base), await self._load(target)
            if old is None or new is None:
                return None
            with span("delta.make", base=base, target=target):
                dcz, least, most = await self._slots.thread(_make_delta, base, old, target, new)
        if least < len(dcz) < most:
            # Who asks would need the full download next if the delta lost; so this wait is not in vain.
            full = await self._whole(work, target)
            if full is None:
                return None
            most = len(full)
        if len(dcz) >= most:
            self.counts["none"] += 1
            await self._keep(_none_name(base, target), f"{len(dcz)} >= {most}\n".encode())
            return self._hot.put(name, None)
        self.counts["made"] += 1
        await self._keep(name, dcz)
        return self._hot.put(name, dcz)

    async def _whole(self, work: Work, target: str) -> bytes | None:
        """The full download, for a delta to be compared with; never refused."""
        found, held = self._hot.get(_full_name(target))
        if found:
            return held
        whole = self._start(_full_name(target), lambda work: self._full(work, target), urgent=work.urgent, always=True)
        return await self._wait(whole) if whole else None

    async def _full(self, work: Work, target: str) -> bytes | None:
        name = _full_name(target)
        if (kept := await self._kept(name)) is not None:
            if await asyncio.to_thread(full_sha256, kept) == target:
                return self._hot.put(name, kept)
            self._damaged(name)
        async with self._slots.take(work):
            new = await self._load(target)
            if new is None:
                return None
            with span("full.make", target=target):
                stream = await self._slots.thread(_make_full, target, new)
        self.counts["made"] += 1
        await self._keep(name, stream)
        return self._hot.put(name, stream)

    async def _kept(self, name: str) -> bytes | None:
        """What the store has; None when it has nothing, or fails."""
        try:
            kept = await self._store.get(name)
        except Exception:
            _log.exception("%s cannot be read; it is made again", name)
            return None
        if kept is not None:
            self.counts["kept"] += 1
        return kept

    async def _keep(self, name: str, data: bytes) -> None:
        try:
            await self._store.put(name, data)
        except Exception:
            _log.exception("%s cannot be stored; it will be made again", name)

    def _damaged(self, name: str) -> None:
        self.counts["damaged"] += 1
        _log.error("%s is damaged; it is made again", name)


class _Hot:
    """The results asked for last, up to `limit` bytes; "there is none" is a result as well."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._entries: OrderedDict[str, bytes | None] = OrderedDict()

    def get(self, name: str) -> tuple[bool, bytes | None]:
        if name not in self._entries:
            return False, None
        self._entries.move_to_end(name)
        return True, self._entries[name]

    def put(self, name: str, data: bytes | None) -> bytes | None:
        """Hold, and give back, `data`. What takes more than a quarter of the memory is not held."""
        self.drop(name)
        weight = self._weight(data)
        if weight <= self._limit // 4:
            self._entries[name] = data
            self._size += weight
        while self._size > self._limit:
            self._size -= self._weight(self._entries.popitem(last=False)[1])
        return data

    def drop(self, name: str) -> None:
        if name in self._entries:
            self._size -= self._weight(self._entries.pop(name))

    @staticmethod
    def _weight(data: bytes | None) -> int:
        return _ENTRY + len(data or b"")


def delta_name(base: str, target: str) -> str:
    """Where the delta from one archive to another is kept."""
    return f"deltas/{base}-{target}.dcz"


def _none_name(base: str, target: str) -> str:
    return f"deltas/none/{base}-{target}"


def _full_name(target: str) -> str:
    return f"full/{target}.br"


def _make_delta(base: str, old: bytes, target: str, new: bytes) -> tuple[bytes, int, int]:
    """The delta, and between which sizes the full download is. On a worker's thread."""
    _check(base, old)
    _check(target, new)
    dcz = encode_delta(old, new)
    if decode_delta(old, dcz, len(new)) != new:
        raise DeltaError("The delta does not give its target back.")
    return dcz, *full_size_bounds(new)


def _make_full(target: str, new: bytes) -> bytes:
    _check(target, new)
    return brotli_full(new)


def _check(sha256: str, data: bytes) -> None:
    if hashlib.sha256(data).hexdigest() != sha256:
        raise DeltaError(f"The archive {sha256} has other bytes in the store. Restore it from a backup.")


def _is_delta(old: bytes, dcz: bytes, target: str) -> bool:
    with contextlib.suppress(DeltaError):
        return hashlib.sha256(decode_delta(old, dcz)).hexdigest() == target
    return False
