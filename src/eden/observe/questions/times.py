"""Periods and intervals of calendars, in any time zone.

Where an interval begins is worked out here, with the zone's rules, and handed to the events store as numbers: a day
that has 23 or 25 hours, or begins at one o'clock, is right there without the store knowing of zones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from eden.base.api.times import microseconds, moment
from eden.base.problems import Problem
from eden.observe.questions.interfaces import LARGEST_POINTS, Interval, Period

#: rows are kept no longer than this
LONGEST = timedelta(days=800)
_UNITS: dict[str, Interval] = {"m": "minute", "h": "hour", "d": "day", "w": "week", "M": "month"}
_FIXED = {"minute": 60, "hour": 3600}


@dataclass(frozen=True, slots=True)
class Range:
    """From `since` (included) to `until` (not included), microseconds UTC."""

    since: int
    until: int
    zone: ZoneInfo

    @property
    def milliseconds(self) -> tuple[int, int]:
        """As the store's times compare, which have milliseconds."""
        return -(-self.since // 1000), -(-self.until // 1000)


def zone_of(name: str) -> ZoneInfo:
    """Problem `invalid` when there is none of the name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        sentence = f"There is no time zone {name}."
        raise Problem("invalid", sentence, "Write a name such as Asia/Shanghai.", errors=[("zone", sentence)]) from None


def resolve(period: Period, now: int) -> Range:
    """The range of a period at the moment `now` (microseconds). Problem `invalid` when it is none."""
    zone = zone_of(period.zone)
    if period.last:
        count, unit = int(period.last[:-1]), _UNITS[period.last[-1]]
        since = earlier(begin(now, unit, zone), unit, count - 1, zone)
        # the moment itself is part of what is asked
        found = Range(since, now + 1000, zone)
    else:
        until = now + 1000 if period.until is None else microseconds(period.until)
        since_ = microseconds(period.since)
        if since_ is None:
            raise _wrong("since", "Say since when: either `last`, or `since`.")
        found = Range(since_, until, zone)
    if found.until <= found.since:
        raise _wrong("until", "The period ends before it begins.")
    if found.until - found.since > LONGEST // timedelta(microseconds=1):
        raise _wrong("since", f"A period is at most {LONGEST.days} days.")
    return found


def before(period: Period, found: Range) -> Range:
    """The range before: as many units, or days, or as long, so that the same days of the week and the same part of
    today are compared."""
    zone = found.zone
    if period.last:
        count, unit = int(period.last[:-1]), _UNITS[period.last[-1]]
        return replace(
            found,
            since=earlier(found.since, unit, count, zone),
            until=earlier(found.until, unit, count, zone),
        )
    local = local_time(found.since, zone)
    if local.timetz().replace(tzinfo=None) == time() and found.until - found.since >= 82_800_000_000:
        days = (local_time(found.until - 1, zone).date() - local.date()).days + 1
        return replace(
            found,
            since=earlier(found.since, "day", days, zone),
            until=earlier(found.until, "day", days, zone),
        )
    return replace(found, since=2 * found.since - found.until, until=found.since)


def local_time(at: int, zone: ZoneInfo) -> datetime:
    return moment(at).astimezone(zone)


def begin(at: int, unit: Interval, zone: ZoneInfo) -> int:
    """When the interval began in which the moment is; weeks begin on Mondays."""
    local = local_time(at, zone)
    if unit in _FIXED:
        # subtracting what has passed since the full minute or hour is right across any change of the clock
        passed = timedelta(seconds=local.second, microseconds=local.microsecond)
        if unit == "hour":
            passed += timedelta(minutes=local.minute)
        return at - passed // timedelta(microseconds=1)
    day = local.date()
    if unit == "week":
        day -= timedelta(days=day.weekday())
    elif unit == "month":
        day = day.replace(day=1)
    return midnight(day, zone)


def midnight(day: date, zone: ZoneInfo) -> int:
    """The first moment of a day. One without a midnight begins when the clock was put forward."""
    return microseconds(datetime.combine(day, time(), zone).astimezone(UTC))


def earlier(at: int, unit: Interval, count: int, zone: ZoneInfo) -> int:
    """The moment `count` units earlier: of the same time of the day, where days or longer ones are counted, and of
    the month's last day where the month is shorter."""
    if unit in _FIXED:
        return at - count * _FIXED[unit] * 1_000_000
    local = local_time(at, zone)
    if unit == "month":
        months = local.year * 12 + local.month - 1 - count
        year, month = divmod(months, 12)
        last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
        day = date(year, month + 1, min(local.day, last))
    else:
        day = local.date() - timedelta(days=count * (7 if unit == "week" else 1))
    return microseconds(datetime.combine(day, local.time(), zone).astimezone(UTC))


def edges(found: Range, unit: Interval, *, lead: int = 0) -> list[int]:
    """Seconds at which the intervals begin that the range touches; `lead` more before them.

    Problem `invalid` when there are more than LARGEST_POINTS.
    """
    result = [at // 1_000_000 for at in _begins(found, unit)]
    if len(result) > LARGEST_POINTS:
        sentence = f"That are more than {LARGEST_POINTS:,} points."
        raise Problem(
            "invalid", sentence, "Choose a shorter period or a longer interval.", errors=[("interval", sentence)]
        )
    start = result[0] * 1_000_000
    return [earlier(start, unit, count, found.zone) // 1_000_000 for count in range(lead, 0, -1)] + result


def following(at: int, unit: Interval, zone: ZoneInfo) -> int:
    """When the interval begins that follows the one that began at `at`."""
    if unit in _FIXED:
        return begin(at + _FIXED[unit] * 1_000_000, unit, zone)
    day = local_time(at, zone).date()
    if unit == "month":
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    else:
        day += timedelta(days=7 if unit == "week" else 1)
    return midnight(day, zone)


def _begins(found: Range, unit: Interval) -> Iterator[int]:
    at = begin(found.since, unit, found.zone)
    count = 0
    while at < found.until and count <= LARGEST_POINTS:
        yield at
        count += 1
        at = following(at, unit, found.zone)


def _wrong(name: str, sentence: str) -> Problem:
    return Problem("invalid", sentence, errors=[(name, sentence)])
