"""Questions about what apps report, as values; docs/questions.md says exactly what each means.

A question is data: the console keeps it in an address, a dashboard in a row, the API takes it as JSON. The field
`question` says which one it is. Properties are named by text: a column (`version`), a property of the event
(`props.kind`, `props.phases.boot`), or one of the person (`person.plan`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from eden.observe.interfaces import LAUNCH, LONG_TASK, PAGE_LEAVE, PAGE_VIEW, REQUEST, SET_DATA

#: columns of events that may be asked for; those of `NUMBERS` are numbers
TEXTS = (
    "name", "person", "device", "session", "platform", "os", "model", "app_version", "version", "release", "country",
    "city", "language", "network", "channel", "source", "page",
)  # fmt: skip
NUMBERS = ("value", "code")
#: events that no hand of a person made: they do not come between the steps of a strict funnel
QUIET = (REQUEST, SET_DATA, LONG_TASK, PAGE_LEAVE, "$error", "$white_screen")

#: most groups of a breakdown; the others are added up
LARGEST_TOP = 50
#: most steps of a funnel
LARGEST_STEPS = 12
#: most points of a line
LARGEST_POINTS = 1500

#: names of properties
Name: TypeAlias = Annotated[
    str, Meta(pattern=r"^([a-z_]+|(props|person)(\.[^.\x00]+){1,16})$", min_length=1, max_length=200)
]
EventName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200)]
Value: TypeAlias = Annotated[str, Meta(max_length=1000)]
Zone: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_+\-/]+$", min_length=1, max_length=64)]
Label: TypeAlias = Annotated[str, Meta(max_length=200)]
Unit: TypeAlias = Literal["person", "device", "session"]
Interval: TypeAlias = Literal["minute", "hour", "day", "week", "month"]
Operator: TypeAlias = Literal[
    "is", "is_not", "contains", "contains_not", "matches", "matches_not", "gt", "gte", "lt", "lte", "between", "set",
    "not_set",
]  # fmt: skip
#: "rows": never from roll-ups, where events that came twice are twice
Source: TypeAlias = Literal["best", "rows"]
#: seconds, at most 90 days
Window: TypeAlias = Annotated[int, Meta(ge=1, le=90 * 86_400)]


class Given(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What somebody asks."""


class Filter(Given, tag="property", tag_field="by", frozen=True, kw_only=True):
    """A condition on a property. `is`, `contains` and `matches` (RE2) hold for one of `values`; their `_not` for none,
    and so for what is not set. `gt`, `gte`, `lt`, `lte` take one number, `between` two, both included."""

    property: Name
    operator: Operator = "is"
    values: Annotated[tuple[Value | float, ...], Meta(max_length=1000)] = ()


class InCohort(Given, tag="cohort", tag_field="by", frozen=True, kw_only=True):
    """Only people of a cohort, or only others."""

    cohort: Condition
    inside: bool = True


AnyFilter: TypeAlias = Filter | InCohort
Filters: TypeAlias = Annotated[tuple[AnyFilter, ...], Meta(max_length=20)]


class Events(Given, frozen=True, kw_only=True):
    """Events with one of the names (none: any name) for which all filters hold. `label`: what to call them."""

    names: Annotated[tuple[EventName, ...], Meta(max_length=50)] = ()
    filters: Filters = ()
    label: Label = ""

    def meets(self, other: Events) -> bool:
        """Whether an event could be among both."""
        return not self.names or not other.names or not set(self.names).isdisjoint(other.names)


# people


class Did(Given, tag="did", tag_field="is", frozen=True, kw_only=True):
    """Did the events `at_least` times and no more than `at_most` in the last `days` (times 24 hours before now)."""

    events: Events
    days: Annotated[int, Meta(ge=1, le=800)] = 30
    at_least: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    at_most: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None


class Has(Given, tag="has", tag_field="is", frozen=True, kw_only=True):
    """Has a property: the filter names it without `person.` in front or with it."""

    filter: Filter


class AllOf(Given, tag="all", tag_field="is", frozen=True, kw_only=True):
    """Who meets every condition."""

    conditions: Annotated[tuple[Condition, ...], Meta(min_length=1, max_length=20)]


class AnyOf(Given, tag="any", tag_field="is", frozen=True, kw_only=True):
    """Who meets one of the conditions."""

    conditions: Annotated[tuple[Condition, ...], Meta(min_length=1, max_length=20)]


class Not(Given, tag="not", tag_field="is", frozen=True, kw_only=True):
    """Everybody else: people are those of whom an event is stored."""

    condition: Condition


Condition: TypeAlias = Did | Has | AllOf | AnyOf | Not


# time


class Period(Given, frozen=True, kw_only=True):
    """The time that a question is about, in a time zone of IANA: either `last`, as in 24h, 7d, 4w, 12M (the unit that
    runs now is the last one of them), or `since` (included) to `until` (not included; default now)."""

    last: Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,3}[mhdwM]$")] = ""
    since: datetime | None = None
    until: datetime | None = None
    zone: Zone = "UTC"


LAST_7_DAYS = Period(last="7d")


class Breakdown(Given, frozen=True, kw_only=True):
    """One answer for each value of up to two properties: the `top` most frequent, and one for all others."""

    by: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=2)]
    top: Annotated[int, Meta(ge=1, le=LARGEST_TOP)] = 10


class Common(Given, tag_field="question", frozen=True, kw_only=True):
    """What all questions have. `filters` hold for every event of the question, beside those of its parts."""

    period: Period = LAST_7_DAYS
    filters: Filters = ()


# the questions

MeasureKind: TypeAlias = Literal[
    "count", "persons", "devices", "sessions", "per_person", "sum", "average", "minimum", "maximum", "percentile",
    "ratio", "person_ratio",
]  # fmt: skip


class Measure(Given, frozen=True, kw_only=True):
    """What is measured of the events. `sum` to `percentile` take the numbers of the property `of`; a ratio divides
    by what is counted of the events `over`."""

    kind: MeasureKind = "count"
    of: Name = "value"
    percentile: Annotated[float, Meta(ge=0, le=100)] = 95.0
    over: Events | None = None


class Trend(Common, tag="trend", frozen=True, kw_only=True):
    """A measure over time. `rolling`: every point looks back so many days (7: people active in a week), with an
    interval of a day; `cumulative`: every point looks back to the start. `compare`: with the period before."""

    events: Events = Events()
    measure: Measure = Measure()
    interval: Interval = "day"
    breakdown: Breakdown | None = None
    compare: bool = False
    cumulative: bool = False
    rolling: Annotated[int, Meta(ge=2, le=90)] | None = None
    source: Source = "best"


class Step(Given, frozen=True, kw_only=True):
    """A step of a funnel; `within`: seconds since the step before."""

    events: Events
    within: Window | None = None


class Exclusion(Given, frozen=True, kw_only=True):
    """Events that end an attempt when they come between step `after` and the one that follows it (counted from 1);
    without `after`, between any two."""

    events: Events
    after: Annotated[int, Meta(ge=1, le=LARGEST_STEPS)] | None = None


class Funnel(Common, tag="funnel", frozen=True, kw_only=True):
    """How many go all the way. `window`: seconds from the first step to the last. `order`: "strict": nothing else done
    in between; "unordered": the steps in any order, and the answer says how many met one of them, two, …"""

    steps: Annotated[tuple[Step, ...], Meta(min_length=2, max_length=LARGEST_STEPS)]
    window: Window = 7 * 86_400
    unit: Unit = "person"
    order: Literal["ordered", "strict", "unordered"] = "ordered"
    exclusions: Annotated[tuple[Exclusion, ...], Meta(max_length=10)] = ()
    breakdown: Breakdown | None = None
    compare: bool = False


class Retention(Common, tag="retention", frozen=True, kw_only=True):
    """Who comes back. `mode`: "first" puts people into the cohort of their very first start event, "recurring" into
    that of every interval with one. `bounded`: back in just that interval, or else in it or later."""

    start: Events = Events(names=(LAUNCH,))
    back: Events = Events(names=(LAUNCH,))
    interval: Literal["day", "week", "month"] = "day"
    mode: Literal["first", "recurring"] = "first"
    bounded: bool = True
    unit: Literal["person", "device"] = "person"


class Paths(Common, tag="paths", frozen=True, kw_only=True):
    """The ways people go: from the first `start` on, or up to the last `end`; else from the beginning of the visit.
    A node is the page of a page view, or the name of any event. `share`: links below this share of all are left out."""

    by: Literal["page", "event"] = "page"
    events: Events = Events(names=(PAGE_VIEW,))
    start: Annotated[str, Meta(min_length=1, max_length=1000)] | None = None
    end: Annotated[str, Meta(min_length=1, max_length=1000)] | None = None
    steps: Annotated[int, Meta(ge=2, le=10)] = 5
    collapse: bool = True
    unit: Unit = "session"
    nodes: Annotated[int, Meta(ge=1, le=50)] = 12
    share: Annotated[float, Meta(ge=0, le=1)] = 0.01


class Percentiles(Common, tag="percentiles", frozen=True, kw_only=True):
    """How the numbers of a property are distributed: at once, by groups, and over time when there is an `interval`."""

    events: Events = Events(names=(LAUNCH,))
    of: Name = "value"
    percentiles: Annotated[tuple[Annotated[float, Meta(ge=0, le=100)], ...], Meta(min_length=1, max_length=10)] = (
        50.0, 75.0, 90.0, 95.0, 99.0,
    )  # fmt: skip
    breakdown: Breakdown | None = None
    interval: Interval | None = None
    compare: bool = False


class Cohort(Common, tag="cohort", frozen=True, kw_only=True):
    """How many people meet a condition now, and who: `limit` of them by id, behind `after`."""

    condition: Condition
    after: Annotated[str, Meta(max_length=400)] = ""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class Trail(Common, tag="trail", frozen=True, kw_only=True):
    """What one person, or device, did and met: events, errors, log lines, the newest first; `after` goes on behind a
    page."""

    person: Annotated[str, Meta(max_length=400)] = ""
    device: Annotated[str, Meta(max_length=400)] = ""
    kinds: Annotated[tuple[Literal["event", "error", "log"], ...], Meta(min_length=1, max_length=3)] = (
        "event", "error", "log",
    )  # fmt: skip
    after: Annotated[str, Meta(max_length=400)] = ""
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class Versions(Common, tag="versions", frozen=True, kw_only=True):
    """Versions side by side, and how people take them up over time; the `top` that most people have."""

    by: Literal["version", "code", "app_version", "release"] = "version"
    interval: Interval = "day"
    top: Annotated[int, Meta(ge=1, le=LARGEST_TOP)] = 10


class Release(Common, tag="release", frozen=True, kw_only=True):
    """A version against its control, from the start of its release. `code` is the version's, `against` the codes that
    it is compared with (none: all others)."""

    code: Annotated[int, Meta(ge=0, le=2**53 - 1)]
    against: Annotated[tuple[Annotated[int, Meta(ge=0, le=2**53 - 1)], ...], Meta(max_length=50)] = ()
    #: of the intervals
    confidence: Annotated[float, Meta(ge=0.5, lt=1)] = 0.95


class Overview(Common, tag="overview", frozen=True, kw_only=True):
    """The numbers that an app's first page shows, with the period before."""

    interval: Interval = "day"
    compare: bool = True
    top: Annotated[int, Meta(ge=1, le=LARGEST_TOP)] = 10


class EventNames(Common, tag="events", frozen=True, kw_only=True):
    """The names of events with how often they came, how many people had them, and when last."""

    limit: Annotated[int, Meta(ge=1, le=1000)] = 200
    source: Source = "best"


class PropertyNames(Common, tag="properties", frozen=True, kw_only=True):
    """Properties that the events have, from a sample of the newest."""

    events: Events = Events()
    limit: Annotated[int, Meta(ge=1, le=1000)] = 200


class PropertyValues(Common, tag="values", frozen=True, kw_only=True):
    """The most frequent values of a property that begin with, or have in them, the text `like`."""

    property: Name
    events: Events = Events()
    like: Annotated[str, Meta(max_length=200)] = ""
    limit: Annotated[int, Meta(ge=1, le=200)] = 20


Question: TypeAlias = (
    Trend
    | Funnel
    | Retention
    | Paths
    | Percentiles
    | Cohort
    | Trail
    | Versions
    | Release
    | Overview
    | EventNames
    | PropertyNames
    | PropertyValues
)
QUESTIONS: tuple[type[Question], ...] = (
    Trend, Funnel, Retention, Paths, Percentiles, Cohort, Trail, Versions, Release, Overview, EventNames,
    PropertyNames, PropertyValues,
)  # fmt: skip
