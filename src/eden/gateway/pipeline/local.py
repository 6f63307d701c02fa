"""Nonces and token buckets of one process, bounded: where no other worker counts along (the try-it page, tests)."""

from __future__ import annotations

from collections import OrderedDict, deque

from eden.gateway.pipeline.limits import Bucket


class LocalNonces:
    """What was seen within `keep_ms`. `most` of them are remembered; a call beyond that is not accepted, for its nonce
    could be used again.
    """

    def __init__(self, keep_ms: int, most: int = 1 << 16) -> None:
        self._keep_ms = keep_ms
        self._most = most
        self._seen: set[bytes] = set()
        self._order: deque[tuple[int, bytes]] = deque()

    def take(self, key: bytes, at_ms: int) -> bool:
        """Whether nobody has had `key`; `at_ms`, ms since 1970, is when the signature says the call was made."""
        while self._order and self._order[0][0] < at_ms - 2 * self._keep_ms:
            self._seen.discard(self._order.popleft()[1])
        if key in self._seen or len(self._seen) >= self._most:
            return False
        self._seen.add(key)
        self._order.append((at_ms, key))
        return True


class LocalBuckets:
    """At most `most` buckets; the one that waited longest is forgotten, which is to say full again."""

    def __init__(self, most: int = 1 << 16) -> None:
        self._most = most
        #: tokens, and when they were counted
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def take(self, wanted: list[Bucket], now: float) -> int:
        """One token of each, or of none: -1, or the index of the first that is empty. `now`: seconds, monotonic."""
        left = []
        for index, (key, rate, most) in enumerate(wanted):
            tokens, at = self._buckets.get(key, (most, now))
            tokens = min(most, tokens + max(0.0, now - at) * rate)
            if tokens < 1:
                return index
            left.append((key, tokens - 1))
        for key, tokens in left:
            self._buckets[key] = (tokens, now)
            self._buckets.move_to_end(key)
        while len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return -1
