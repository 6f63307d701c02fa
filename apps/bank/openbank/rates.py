"""How often a third party may ask: a token bucket each (UK Open Banking leaves the figure to the bank)."""

from __future__ import annotations

#: requests a second, for ever and at once
RATE, BURST = 20, 100
_SECOND = 1_000_000
#: third parties whose rate is known; with one more all begin with a full bucket
_KEPT = 10_000


class Rates:
    """Of one process. Time comes in as µs and does not have to go forward."""

    def __init__(self, rate: float = RATE, burst: float = BURST) -> None:
        self._rate, self._burst = rate, burst
        self._buckets: dict[str, tuple[float, int]] = {}

    def takes(self, name: str, at: int) -> bool:
        """Whether one more is allowed now; then it is counted."""
        left, then = self._buckets.get(name, (self._burst, at))
        left = min(self._burst, left + max(0, at - then) * self._rate / _SECOND)
        if left < 1:
            self._buckets[name] = (left, at)
            return False
        if len(self._buckets) >= _KEPT:
            self._buckets.clear()
        self._buckets[name] = (left - 1, at)
        return True
