"""Times at the border: RFC 3339 in HTTP, integer microseconds in UTC inside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import overload

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@overload
def moment(at: int) -> datetime: ...
@overload
def moment(at: int | None) -> datetime | None: ...
def moment(at: int | None) -> datetime | None:
    """Microseconds as a time that is written as RFC 3339 with "Z"."""
    return None if at is None else _EPOCH + timedelta(microseconds=at)


@overload
def microseconds(at: datetime) -> int: ...
@overload
def microseconds(at: datetime | None) -> int | None: ...
def microseconds(at: datetime | None) -> int | None:
    """A time as microseconds; one without a zone is UTC."""
    if at is None:
        return None
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - _EPOCH) // timedelta(microseconds=1)
