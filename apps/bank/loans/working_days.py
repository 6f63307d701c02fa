"""Days on which a bank works, and where a due day goes that is none."""

from __future__ import annotations

import calendar
import datetime
from dataclasses import dataclass
from enum import StrEnum

Day = datetime.date


class Move(StrEnum):
    """What happens to a day that is no working day (the names are ISDA's)."""

    NONE = "none"
    FOLLOWING = "following"
    #: the next working day, unless it lies in another month: then the one before
    MODIFIED_FOLLOWING = "modified following"
    PRECEDING = "preceding"


@dataclass(frozen=True, slots=True)
class Calendar:
    """`weekend`: days of the week without work (Monday is 0); `holidays`; `worked`: days of a weekend that are worked.

    China's calendar has such days every year, in exchange for longer holidays.
    """

    weekend: frozenset[int] = frozenset({5, 6})
    holidays: frozenset[Day] = frozenset()
    worked: frozenset[Day] = frozenset()

    def works(self, day: Day) -> bool:
        return day in self.worked or (day.weekday() not in self.weekend and day not in self.holidays)

    def move(self, day: Day, how: Move) -> Day:
        """The day, or the working day in its place. Raises ValueError when none is within a year."""
        if how is Move.NONE or self.works(day):
            return day
        if how is Move.PRECEDING:
            return self._search(day, -1)
        moved = self._search(day, 1)
        if how is Move.MODIFIED_FOLLOWING and moved.month != day.month:
            return self._search(day, -1)
        return moved

    def _search(self, day: Day, step: int) -> Day:
        for _ in range(366):
            day += datetime.timedelta(days=step)
            if self.works(day):
                return day
        raise ValueError("the calendar has no working day within a year")


def add_months(day: Day, months: int) -> Day:
    """The same day of a later month, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return Day(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
