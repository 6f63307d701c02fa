"""Rate limits on three levels: of the operation, or the default of operations without their own, and of the app over
all its calls; on each level of everybody, of each device and of each user.

A call takes a token of every bucket that it meets, or of none: whichever limit is lower wins. The buckets themselves
are shared by the workers (`exchange.Buckets`); users have theirs once it is known who they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from eden.gateway.interfaces import LimitAnswer, Limits
from eden.gateway.memo import Memo

#: key, tokens a second, tokens at most
Bucket: TypeAlias = tuple[bytes, float, float]


class Level:
    """The limits of one level, ready for use. `name`: what they are of; no two levels of the platform share one."""

    __slots__ = ("_user", "answer", "met")

    def __init__(self, name: str, limits: Limits) -> None:
        label = name.encode()
        everybody = [] if limits.rate is None else [_bucket(b"a" + label, limits.rate, limits.burst)]
        device = None if limits.per_device is None else _bucket(b"d" + label + b"\0", limits.per_device)
        self._user = None if limits.per_user is None else _bucket(b"u" + label + b"\0", limits.per_user)
        self.answer = limits.answer
        #: device → what each of its calls meets
        self.met: Memo[str, list[Bucket]] = Memo(
            lambda who: everybody if device is None else [*everybody, _of(device, who)]
        )

    def of_user(self, user: str) -> Bucket | None:
        return None if self._user is None else _of(self._user, user)


def of_user(levels: Iterable[Level], user: str) -> tuple[list[Bucket], list[LimitAnswer]]:
    """What a known user's call meets besides, and the answer to it where that bucket is the empty one."""
    buckets, answers = [], []
    for level in levels:
        if (bucket := level.of_user(user)) is not None:
            buckets.append(bucket)
            answers.append(level.answer)
    return buckets, answers


def retry_after(bucket: Bucket) -> int:
    """Seconds until there is a token again, at most; for the header of that name."""
    return max(1, min(3600, round(1 / bucket[1] + 0.5)))


def _bucket(key: bytes, rate: float, burst: int = 0) -> Bucket:
    """Without a burst: a second's worth, at least one."""
    return key, rate, float(burst) if burst else max(1.0, rate)


def _of(bucket: Bucket, who: str) -> Bucket:
    return bucket[0] + who.encode(), bucket[1], bucket[2]
