"""Durations in buckets that grow with them: 16 to each doubling, so that whatever is read back is at most 1/32 wrong.

The scheme of HdrHistogram and of OpenTelemetry's exponential histograms, in integers: below 32 each number is a bucket
of its own; above, a bucket is the position of the highest bit and the four bits behind it.
"""

from __future__ import annotations

from collections.abc import Mapping


def bucket(value: int) -> int:
    """Index of the bucket of a duration, from 0 on."""
    shift = value.bit_length() - 5
    return value if shift <= 0 else (shift << 4) + (value >> shift)


def middle(index: int) -> float:
    """What a duration in this bucket is taken for."""
    if index < 32:
        return float(index)
    shift, first = (index >> 4) - 1, 16 + (index & 15)
    return ((first << shift) + ((first + 1) << shift) - 1) / 2


def quantile(buckets: Mapping[int, int], share: float) -> float | None:
    """The duration that `share` (0 to 1) of all are not above; None when there are none."""
    total = sum(buckets.values())
    if total == 0:
        return None
    # the smallest with at least that many at or below it ("nearest rank")
    rank, seen = max(1, -int(-share * total // 1)), 0
    for index in sorted(buckets):
        seen += buckets[index]
        if seen >= rank:
            return middle(index)
    raise AssertionError("a rank is within the total")
