"""Circuit breakers: an operation whose service fails or is slow is not asked for a while.

Closed, calls are counted in ten slices of the window. Open, none goes through. After `open_s` it is half open:
`trial_calls` go through and decide, all of them good to close, one bad one to open again. Each worker has its own.
"""

from __future__ import annotations

from eden.gateway.interfaces import Breaker

_SLICES = 10


class BreakerState:
    """One breaker; all times in seconds of one monotonic clock."""

    __slots__ = ("_bad", "_calls", "_first", "_good_trials", "_opened", "_slice_s", "_slow", "_trials", "rule", "state")

    def __init__(self, rule: Breaker) -> None:
        self.rule = rule
        #: "closed", "open" or "half-open"
        self.state = "closed"
        self._slice_s = rule.window_s / _SLICES
        self._opened = 0.0
        self._trials = 0
        self._good_trials = 0
        self._first = 0
        self._calls = [0] * _SLICES
        self._bad = [0] * _SLICES
        self._slow = [0] * _SLICES

    def allows(self, now: float) -> bool:
        """Whether this call may go through; if so, `ended` has to be told of it."""
        if self.state == "closed":
            return True
        if self.state == "open":
            if now - self._opened < self.rule.open_s:
                return False
            self.state = "half-open"
            self._opened = now
            self._trials = self._good_trials = 0
        elif self._trials >= self.rule.trial_calls and now - self._opened >= self.rule.open_s:
            # those that were let through never came back
            self._opened = now
            self._trials = self._good_trials = 0
        if self._trials < self.rule.trial_calls:
            self._trials += 1
            return True
        return False

    def ended(self, now: float, started: float, failed: bool) -> None:
        """A call that was let through at `started` is over."""
        slow = (now - started) * 1000 > self.rule.slow_ms
        if self.state == "half-open":
            if started >= self._opened:
                self._decide(now, self._counts_as_bad(failed, slow))
            return
        if self.state == "closed":
            self._count(now, failed, slow)

    def given_up(self, started: float) -> None:
        """The caller went away: that says nothing of the service, and frees the trial's place."""
        if self.state == "half-open" and started >= self._opened and self._trials > self._good_trials:
            self._trials -= 1

    def _counts_as_bad(self, failed: bool, slow: bool) -> bool:
        model = self.rule.model
        return (failed and model != "slow") or (slow and model != "errors")

    def _decide(self, now: float, bad: bool) -> None:
        if bad:
            self._open(now)
            return
        self._good_trials += 1
        if self._good_trials >= self.rule.trial_calls:
            self.state = "closed"
            self._clear(int(now / self._slice_s))

    def _count(self, now: float, failed: bool, slow: bool) -> None:
        current = int(now / self._slice_s)
        passed = current - self._first
        if passed >= _SLICES:
            if passed >= 2 * _SLICES:
                self._clear(current)
            else:
                for index in range(self._first + _SLICES, current + 1):
                    self._calls[index % _SLICES] = self._bad[index % _SLICES] = self._slow[index % _SLICES] = 0
                self._first = current - _SLICES + 1
        place = current % _SLICES
        self._calls[place] += 1
        self._bad[place] += failed
        self._slow[place] += slow
        rule, calls = self.rule, sum(self._calls)
        if calls < rule.least_calls:
            return
        errors = rule.model != "slow" and sum(self._bad) * 100 >= rule.error_percent * calls
        delays = rule.model != "errors" and sum(self._slow) * 100 >= rule.slow_percent * calls
        if errors or delays:
            self._open(now)

    def _open(self, now: float) -> None:
        self.state = "open"
        self._opened = now

    def _clear(self, current: int) -> None:
        self._first = current
        self._calls = [0] * _SLICES
        self._bad = [0] * _SLICES
        self._slow = [0] * _SLICES
