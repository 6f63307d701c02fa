"""The bank's clock on the wall: China Standard Time, without summer time."""

from __future__ import annotations

import datetime

ZONE = datetime.timezone(datetime.timedelta(hours=8), "CST")
_SECOND = 1_000_000


def local(at: int) -> datetime.datetime:
    """The local time of a moment in µs."""
    return datetime.datetime.fromtimestamp(at // _SECOND, ZONE)


def moment(day: datetime.date, hour: int = 0, minute: int = 0, second: int = 0) -> int:
    """µs of a local time."""
    time = datetime.datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=ZONE)
    return int(time.timestamp()) * _SECOND


def day_of(at: int) -> datetime.date:
    """The booking day of a moment."""
    return local(at).date()


def shown(at: int) -> str:
    """2026-11-20 12:03"""
    return local(at).strftime("%Y-%m-%d %H:%M")


def read(text: str) -> int:
    """The moment that `shown` wrote, in µs of a whole minute."""
    return int(datetime.datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=ZONE).timestamp()) * _SECOND


def shown_day(at: int) -> str:
    """2026-11-20"""
    return local(at).strftime("%Y-%m-%d")
