"""What was worked out once is not worked out again: the same lines, names and devices come with every call.

A `Memo` is a dictionary that fills itself, so that what is known costs one look-up and no call. It is bounded: when it
is full it forgets everything, which costs a busy worker a millisecond, and whoever sends it something new each time no
more than that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Memo(dict[K, V], Generic[K, V]):
    """`memo[key]` is `work_out(key)`, worked out at most once as long as it is remembered; whatever `work_out` raises
    comes through, and nothing is remembered of it. At most `most` keys, those that are not `worth` it left out."""

    __slots__ = ("_most", "_work_out", "_worth")

    def __init__(
        self, work_out: Callable[[K], V], most: int = 4096, worth: Callable[[K, V], bool] | None = None
    ) -> None:
        super().__init__()
        self._work_out = work_out
        self._most = most
        self._worth = worth

    def __missing__(self, key: K) -> V:
        value = self._work_out(key)
        if self._worth is None or self._worth(key, value):
            if len(self) >= self._most:
                self.clear()
            self[key] = value
        return value
