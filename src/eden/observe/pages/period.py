"""The time that a page of analysis is about, as its address says it: `?time=7d`, or `?time=custom&since=…&until=…`.

Days are the reader's own: the browser tells its time zone in a cookie (`container/console/time.ts`). A period of days
begins with a whole day and ends now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Step: TypeAlias = Literal["minute", "hour", "day", "week", "month"]

ZONE_COOKIE = "eden_zone"

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
#: choices in the order of the page
CHOICES: Mapping[str, timedelta] = {
    "1h": _HOUR,
    "24h": 24 * _HOUR,
    "7d": 7 * _DAY,
    "28d": 28 * _DAY,
    "90d": 90 * _DAY,
}
USUAL = "7d"
CUSTOM = "custom"
#: rows are kept no longer than this
_LONGEST = timedelta(days=800)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` (included) to `until` (not included), microseconds UTC. `key`: the choice, "custom" for dates.
    `step`: how long a point of a plot is. `compare`: whether the period before is looked at, too."""

    key: str
    since: int
    until: int
    zone: ZoneInfo
    step: Step
    compare: bool = False

    @property
    def days(self) -> tuple[str, str]:
        """First and last day, as a form writes them."""
        first, last = (_moment(at, self.zone) for at in (self.since, max(self.until - 1, self.since)))
        return first.date().isoformat(), last.date().isoformat()

    def query(self) -> dict[str, str]:
        """What an address says to mean this period; what is usual is left out."""
        found = {}
        if self.key == CUSTOM:
            found["time"] = CUSTOM
            found["since"], found["until"] = self.days
        elif self.key != USUAL:
            found["time"] = self.key
        if self.compare:
            found["compare"] = "yes"
        return found


def read_zone(name: str | None) -> ZoneInfo:
    """The time zone of a name as browsers write it; UTC when there is none or nobody knows it."""
    try:
        return ZoneInfo(name) if name and len(name) <= 64 else ZoneInfo("UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def read_period(query: Mapping[str, str], now: int, zone: ZoneInfo) -> Period:
    """The period of an address. What cannot be read is taken for the usual one: an old link still shows a page."""
    compare = query.get("compare") == "yes"
    key = query.get("time", USUAL)
    here = _moment(now, zone)
    if key == CUSTOM and (found := _custom(query, here)) is not None:
        since, until = found
        return Period(CUSTOM, _micros(since), _micros(until), zone, _step(until - since), compare)
    if key not in CHOICES:
        key = USUAL
    length = CHOICES[key]
    if length <= _DAY:
        return Period(key, now - length // timedelta(microseconds=1), now, zone, _step(length), compare)
    first = datetime.combine(here.date() - (length - _DAY), time(), zone)
    return Period(key, _micros(first), now, zone, _step(length), compare)


def _custom(query: Mapping[str, str], here: datetime) -> tuple[datetime, datetime] | None:
    """Whole days from "since" to "until", both included, and not beyond now."""
    try:
        first, last = (date.fromisoformat(query[name]) for name in ("since", "until"))
    except (KeyError, ValueError):
        return None
    if first > last:
        first, last = last, first
    last = min(last, here.date())
    first = max(min(first, last), last - _LONGEST)
    return datetime.combine(first, time(), here.tzinfo), min(datetime.combine(last + _DAY, time(), here.tzinfo), here)


def _step(length: timedelta) -> Step:
    if length <= 3 * _HOUR:
        return "minute"
    if length <= 3 * _DAY:
        return "hour"
    return "day" if length <= 120 * _DAY else "week"


def _moment(at: int, zone: ZoneInfo) -> datetime:
    return (_EPOCH + timedelta(microseconds=at)).astimezone(zone)


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
