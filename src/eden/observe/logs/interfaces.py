"""Values of logs that the service gives to pages and API. Times are microseconds in UTC."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

#: severity numbers of OpenTelemetry from which a level begins
LEVELS = {"trace": 1, "debug": 5, "info": 9, "warn": 13, "error": 17, "fatal": 21}


def level_name(level: int) -> str:
    """What a severity number is called."""
    return next((name for name, least in reversed(LEVELS.items()) if level >= least), "trace")


class LogFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Lines from `since` (included) to `until` (not included). `level`: at least this severity. `text`: as
    `logs.search` reads it. `person`: a user or a device."""

    since: int
    until: int
    level: int = 0
    text: str = ""
    tag: str = ""
    device: str = ""
    person: str = ""
    session: str = ""
    version: str = ""
    page: str = ""
    trace: str = ""
    pull: str = ""


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line. `place`: what tells it apart from others of its device, for `Logs.around`."""

    at: int
    received: int
    seq: int
    level: int
    tag: str
    message: str
    person: str
    device: str
    session: str
    version: str
    platform: str
    model: str
    page: str
    trace: str
    pull: str
    source: str
    props: dict[str, Any]

    @property
    def place(self) -> tuple[int, int, int]:
        """Milliseconds of its time and of its receipt, and its place in the batch."""
        return self.at // 1000, self.received // 1000, self.seq


class PullState(StrEnum):
    """`expired`: the phone did not come in time."""

    WAITING = "waiting"
    ARRIVED = "arrived"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Pull(msgspec.Struct, frozen=True, kw_only=True):
    """A phone was asked for its log from `from_at` to `until_at`. `lines`: how many there are in the events store."""

    id: str
    app: int
    device: str
    state: PullState
    from_at: int
    until_at: int
    reason: str
    requested_by: str
    requested_at: int
    expires_at: int
    arrived_at: int | None
    lines: int = 0
