"""Alerts as values: what is looked at, when it is too much, and where that is told.

A rule is data: the API takes it as JSON, a row keeps it. A *look* finds the rule's number and judges it; an *incident*
is the time from the look that found trouble to the one that found none.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from eden.base.sequential import LOGS
from eden.observe.questions.interfaces import Events, Filters, Name, Question

Direction: TypeAlias = Literal["more", "less", "either"]
Code: TypeAlias = Annotated[int, Meta(ge=0, le=2**53 - 1)]
#: looks whose numbers are kept for the plot
COURSE = 240


class Given(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """What somebody writes."""


# what is looked at


class AskedNumber(Given, tag="question", tag_field="of", frozen=True, kw_only=True):
    """The number of a question: of a trend the total, of a funnel the share that finish, of percentiles the first one,
    of a retention the share that come back at the last interval. Without a breakdown."""

    question: Question


class SqlNumber(Given, tag="sql", tag_field="of", frozen=True, kw_only=True):
    """One row of SQL: the number, and for a change the number of before in a second column."""

    sql: Annotated[str, Meta(min_length=1, max_length=20_000)]


class Compared(Given, tag="comparison", tag_field="of", frozen=True, kw_only=True):
    """Versions against others, or an app against a known value.

    `measure` "share": how many of the events `over` come with one of `events` (each at most once, such as failed
    requests of requests); "rate": how many `events` come per event `over`; "mean": of the number `value` of `events`.
    `new`: codes of the versions that are watched, "newest" the version with the highest code, "all" every version.
    `control`: codes that they are compared with, none: all others. `baseline`: a known value in place of a control.
    """

    measure: Literal["share", "rate", "mean"]
    events: Events
    over: Events = Events()
    value: Name = "value"
    filters: Filters = ()
    new: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=50)] | Literal["newest", "all"] = "newest"
    control: Annotated[tuple[Code, ...], Meta(max_length=50)] = ()
    baseline: float | None = None


Subject: TypeAlias = AskedNumber | SqlNumber | Compared


# when it is too much


class Threshold(Given, tag="threshold", tag_field="when", frozen=True, kw_only=True):
    """The number is above or below `value`."""

    direction: Literal["above", "below"]
    value: float


class Change(Given, tag="change", tag_field="when", frozen=True, kw_only=True):
    """The number differs by more than `percent` from that of the period before, of the same length."""

    direction: Direction = "either"
    percent: Annotated[float, Meta(gt=0, le=1_000_000)]


class Sequential(Given, tag="sequential", tag_field="when", frozen=True, kw_only=True):
    """A comparison leaves no doubt. However often it is looked at, it is wrong with a chance of `alpha` at most, for as
    long as the rule stays as it is."""

    direction: Direction = "more"
    alpha: Annotated[float, Meta(ge=1e-6, le=0.5)] = 0.01


Condition: TypeAlias = Threshold | Change | Sequential


class AlertRule(Given, frozen=True, kw_only=True):
    """`looks`: so many looks in a row must find trouble, and as many none, before the state changes. `every`: seconds
    between looks. `missing`: whether a missing number is told, too (of a comparison an hour after it began: the newest
    version has nothing to show at first). `again`: seconds after which an incident that goes
    on is told once more; 0: never. `halt`: an incident halts the releases that offer the mini program to users; where
    versions are compared, those of the versions that are watched."""

    subject: Subject
    condition: Condition
    looks: Annotated[int, Meta(ge=1, le=100)] = 1
    every: Annotated[int, Meta(ge=30, le=86_400)] = 60
    missing: Literal["ignore", "tell"] = "ignore"
    again: Annotated[int, Meta(ge=0, le=30 * 86_400)] = 86_400
    halt: bool = False


# where it is told


class Webhook(Given, tag="webhook", tag_field="by", frozen=True, kw_only=True):
    """A POST of JSON, signed with `secret`: docs/alerts.md. It follows no redirect."""

    id: Annotated[str, Meta(max_length=36)] = ""
    url: Annotated[str, Meta(pattern=r"^https?://[^\s]+$", max_length=2000)]
    secret: Annotated[str, Meta(max_length=200)] = ""


class Email(Given, tag="email", tag_field="by", frozen=True, kw_only=True):
    """A mail by an SMTP server: `server` is smtp://USER:PASSWORD@HOST:587 (STARTTLS where it is offered; it must be,
    when there is a password) or smtps://…"""

    id: Annotated[str, Meta(max_length=36)] = ""
    server: Annotated[str, Meta(pattern=r"^smtps?://[^\s]+$", max_length=500)]
    sender: Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]
    to: Annotated[tuple[Annotated[str, Meta(pattern=r"^[^@\s,]+@[^@\s,]+$", max_length=254)], ...],
                  Meta(min_length=1, max_length=20)]  # fmt: skip


class Service(Given, tag="apprise", tag_field="by", frozen=True, kw_only=True):
    """An address of Apprise: slack://…, dingtalk://…, wecombot://…, feishu://…"""

    id: Annotated[str, Meta(max_length=36)] = ""
    url: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9+]*://[^\s]*$", max_length=2000)]


Channel: TypeAlias = Webhook | Email | Service


# what is found


class AlertState(StrEnum):
    """Of an alert: nothing wrong, an incident is open, or there are no numbers."""

    OK = "ok"
    FIRING = "firing"
    NO_DATA = "no-data"


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a look found. `value`: the number, None when there is none; `limit`: what it is held against; `low` and
    `high`: bounds of a comparison's number. `trouble`: whether it is too much."""

    value: float | None = None
    limit: float | None = None
    low: float | None = None
    high: float | None = None
    trouble: bool = False
    #: further numbers: of both arms, of the period before
    more: dict[str, float] = {}


class Arm(msgspec.Struct, frozen=True, array_like=True):
    """One side of a comparison. Of shares and rates: occasions and events; of means: values, their sum, the sum of
    their squares."""

    count: float = 0
    total: float = 0
    squares: float = 0

    def __add__(self, other: Arm) -> Arm:
        return Arm(self.count + other.count, self.total + other.total, self.squares + other.squares)

    @property
    def mean(self) -> float | None:
        return self.total / self.count if self.count else None


class Betting(msgspec.Struct, frozen=True, kw_only=True):
    """All that a comparison remembers between looks. `begun`: when it began, microseconds; `since`: up to which rows
    have been looked at, by when they were received. `version`: the code that is watched, where that is the newest one.
    `more`, `less`: bets on either direction. `fit`: log-likelihood of the grid of ratios. `found`: the direction that
    was found; `after`: both arms since then."""

    since: int
    begun: int = 0
    version: int = -1
    new: Arm = Arm()
    control: Arm = Arm()
    more: tuple[float, ...] = ()
    less: tuple[float, ...] = ()
    fit: tuple[float, ...] = (0.0,) * len(LOGS)
    invested: int = 0
    fresh: float = 0
    found: Literal["", "more", "less"] = ""
    after_new: Arm = Arm()
    after_control: Arm = Arm()


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What an alert remembers. `streak`: looks in a row with the same finding ("trouble", "calm", "missing"). `course`:
    (seconds, number, limit) of the last looks. `trouble`: why the last look could not be made."""

    finding: Literal["", "trouble", "calm", "missing"] = ""
    streak: int = 0
    course: tuple[tuple[int, float | None, float | None], ...] = ()
    last: Reading = Reading()
    trouble: str = ""
    betting: Betting | None = None
