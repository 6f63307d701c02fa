"""Which ids are surely new, so that the store need not be asked: what ids that are ordered by time are good for.

All ids that are taken are either in memory here or at most as large as `floor`. So an id above the floor which is not
here is new; any other has to be looked up. The floor rises as ids are forgotten. Ids that lie in the future (a client's
clock is wrong) are kept apart, so that they do not lift the floor above everybody else's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bank.ledger.stores.base import Store

#: ids of one generation; two are kept, of about 100 bytes each
_GENERATION = 1 << 17
#: how far ahead of ours a client's clock may be
_AHEAD_MS = 60_000
#: ids further ahead that are kept; with more of them every id is looked up
_FAR = 10_000
_HIGHEST = b"\xff" * 16


def _horizon(now: int) -> bytes:
    """The largest id that a clock not too far ahead makes at a time (microseconds)."""
    return ((now // 1_000 + _AHEAD_MS) << 80 | (1 << 80) - 1).to_bytes(16, "big")


class KnownIds:
    """The ids that one writer knows to be taken."""

    def __init__(self, floor: bytes, far: Iterable[bytes] = (), generation: int = _GENERATION) -> None:
        self._floor = floor
        self._young: set[bytes] = set(far)
        self._old: set[bytes] = set()
        self._generation = generation

    @classmethod
    async def load(cls, store: Store, now: int) -> KnownIds:
        """From what is committed."""
        horizon = _horizon(now)
        far = await store.ids_after(horizon, _FAR)
        if len(far) >= _FAR:
            return cls(_HIGHEST)
        return cls(await store.newest_id(horizon), far)

    def doubtful(self, ids: Sequence[bytes]) -> list[bytes]:
        """Those that may be taken."""
        floor, young, old = self._floor, self._young, self._old
        if ids and min(ids) > floor and young.isdisjoint(ids) and old.isdisjoint(ids):
            return []
        return [id_ for id_ in ids if id_ <= floor or id_ in young or id_ in old]

    def add(self, ids: Iterable[bytes], now: int) -> None:
        """These are taken now."""
        self._young.update(ids)
        if len(self._young) < self._generation:
            return
        horizon = _horizon(now)
        far = {id_ for id_ in self._old if id_ > horizon}
        self._floor = max(self._floor, max(self._old - far, default=b""))
        if len(far) >= min(_FAR, self._generation):
            self._floor, far = _HIGHEST, set()
        self._old, self._young = self._young, far
