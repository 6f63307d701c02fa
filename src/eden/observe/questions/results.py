"""Answers to questions, as values that a chart or a table is drawn from. Times are RFC 3339 in JSON; shares 0..1.

A `key` names a group of a breakdown: a value for each of its properties, `OTHER` for all groups that are not among the
top, "" for what is not set; without a breakdown it is empty.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

#: key of the groups that are added up; no property has it (a control character)
OTHER = "\x1bother"

Key: TypeAlias = tuple[str, ...]


class Given(msgspec.Struct, frozen=True):
    """Part of an answer."""


class Shown(Given, tag_field="result", frozen=True, kw_only=True):
    """An answer's result."""


class Interval(Given, frozen=True, kw_only=True):
    """From `low` to `high`, at the question's confidence."""

    low: float
    high: float


class Series(Given, frozen=True, kw_only=True):
    """A line: a value for each moment; None where there is nothing to divide by, or no number. `total`: of the whole
    period (people counted once); None for rolling and cumulative ones."""

    key: Key = ()
    values: list[float | None]
    total: float | None


class TrendResult(Shown, tag="trend", frozen=True, kw_only=True):
    """`moments` at which the intervals begin, in the question's zone; `before`: the lines of the period before, by the
    same keys, point for point. `rollups`: whether the numbers came from them."""

    moments: list[datetime]
    series: list[Series]
    before_moments: list[datetime] = []
    before: list[Series] = []
    rollups: bool = False


class FunnelStep(Given, frozen=True, kw_only=True):
    """`reached`: how many got here; `share` of those who began, `step_share` of those at the step before; `median` and
    `p90` milliseconds since the step before."""

    label: str
    reached: int
    share: float | None
    step_share: float | None
    median: float | None = None
    p90: float | None = None


class FunnelGroup(Given, frozen=True, kw_only=True):
    key: Key = ()
    steps: list[FunnelStep]


class FunnelResult(Shown, tag="funnel", frozen=True, kw_only=True):
    """`whole` has everybody, `groups` those of the breakdown (by their first step), the largest first; `before`: of
    the period before."""

    whole: FunnelGroup
    groups: list[FunnelGroup] = []
    before: FunnelGroup | None = None


class RetentionCohort(Given, frozen=True, kw_only=True):
    """`at`: when the interval began; `back[n]`: how many of `size` came back n intervals later; None where that has
    not begun."""

    at: datetime
    size: int
    back: list[int | None]


class RetentionResult(Shown, tag="retention", frozen=True, kw_only=True):
    """`shares[n]`: of all cohorts for which interval n has ended, how many came back then."""

    cohorts: list[RetentionCohort]
    shares: list[float | None]


class PathNode(Given, frozen=True, kw_only=True):
    """`step` from 0; with an end, step 0 is the end and the others lie before it. `ended`: how many went no further."""

    id: str
    step: int
    name: str
    count: int
    ended: int


class PathLink(Given, frozen=True, kw_only=True):
    """`source` and `target` are ids of nodes, in the order of time."""

    source: str
    target: str
    count: int


class PathsResult(Shown, tag="paths", frozen=True, kw_only=True):
    """`total`: how many ways there are. Nodes that are not among the most frequent of their step are one, `OTHER`."""

    total: int
    nodes: list[PathNode]
    links: list[PathLink]


class Percentile(Given, frozen=True, kw_only=True):
    percentile: float
    value: float | None


class PercentilesGroup(Given, frozen=True, kw_only=True):
    key: Key = ()
    count: int
    mean: float | None
    percentiles: list[Percentile]


class Bar(Given, frozen=True, kw_only=True):
    """How many numbers are at least `low` and below `high`; None: no bound."""

    low: float | None
    high: float | None
    count: int


class PercentileLine(Given, frozen=True, kw_only=True):
    """A percentile over time."""

    percentile: float
    values: list[float | None]


class PercentilesResult(Shown, tag="percentiles", frozen=True, kw_only=True):
    """`lines` of all numbers together, when the question has an interval."""

    whole: PercentilesGroup
    groups: list[PercentilesGroup] = []
    histogram: list[Bar]
    moments: list[datetime] = []
    lines: list[PercentileLine] = []
    before: PercentilesGroup | None = None


class Member(Given, frozen=True, kw_only=True):
    """A person of a cohort; `props` as last told."""

    person: str
    first_seen: datetime
    last_seen: datetime
    props: dict[str, Any] = {}


class CohortResult(Shown, tag="cohort", frozen=True, kw_only=True):
    """`of`: how many people there are. `next`: where the next page begins, None at the end."""

    size: int
    of: int
    members: list[Member]
    next: str | None


class TrailEntry(Given, frozen=True, kw_only=True):
    """`id` of an event (16 hex digits), error or log line; `title` its name, message or line; `group`: fingerprint's 64
    bits of an error in hexadecimal; `level` of a log line."""

    at: datetime
    kind: Literal["event", "error", "log"]
    id: str
    title: str
    page: str
    session: str
    version: str
    value: float | None = None
    props: dict[str, Any] = {}
    group: str = ""
    fatal: bool = False
    level: int | None = None


class TrailSession(Given, frozen=True, kw_only=True):
    id: str
    began: datetime
    ended: datetime
    events: int
    errors: int
    pages: int
    version: str
    platform: str
    model: str


class TrailResult(Shown, tag="trail", frozen=True, kw_only=True):
    """The newest first; `sessions` of the period, the newest first (at most 200); `next`: where the next page begins,
    None at the end."""

    entries: list[TrailEntry]
    sessions: list[TrailSession]
    next: str | None


class VersionFigures(Given, frozen=True, kw_only=True):
    """`share` of all active people that had the version; `crash_free_persons`, `crash_free_sessions` shares;
    `error_rate`: errors per launch; `request_failures`: share of requests; starts in milliseconds."""

    key: str
    persons: int
    share: float
    sessions: int
    launches: int
    crashes: int
    errors: int
    crash_free_persons: float | None
    crash_free_sessions: float | None
    error_rate: float | None
    start_p50: float | None
    start_p95: float | None
    requests: int
    request_failures: float | None
    first_seen: datetime
    last_seen: datetime


class VersionsResult(Shown, tag="versions", frozen=True, kw_only=True):
    """`adoption`: for every version the share of the people active in each interval."""

    versions: list[VersionFigures]
    moments: list[datetime]
    adoption: list[Series]


class Compared(Given, frozen=True, kw_only=True):
    """A measure of a version and of its control. `better` says which way is good; rates are per launch; `change`:
    candidate minus control. `verdict`: whether the interval of the change leaves no doubt; "few": not enough data."""

    measure: Literal[
        "crash_free_persons", "crash_free_sessions", "crash_rate", "error_rate", "request_failures", "start_p50",
        "start_p95", "white_screens",
    ]  # fmt: skip
    better: Literal["more", "less"]
    scale: Literal["share", "rate", "milliseconds"]
    candidate: float | None
    candidate_interval: Interval | None
    control: float | None
    control_interval: Interval | None
    change: float | None
    change_interval: Interval | None
    verdict: Literal["better", "worse", "same", "few"]


class ReleaseArm(Given, frozen=True, kw_only=True):
    persons: int
    sessions: int
    launches: int
    crashes: int
    errors: int
    requests: int


class ReleaseResult(Shown, tag="release", frozen=True, kw_only=True):
    """`adoption`: the candidate's share of active people over time."""

    candidate: ReleaseArm
    control: ReleaseArm
    measures: list[Compared]
    moments: list[datetime]
    adoption: list[float | None]


class OverviewFigures(Given, frozen=True, kw_only=True):
    """Of a whole period. `session_seconds`: how long pages were looked at in a session, on average."""

    persons: int
    new_persons: int
    launches: int
    sessions: int
    session_seconds: float | None
    crash_free_persons: float | None
    crash_free_sessions: float | None
    start_p50: float | None
    start_p95: float | None
    errors: int


class OverviewLine(Given, frozen=True, kw_only=True):
    """One interval."""

    at: datetime
    persons: int
    new_persons: int
    launches: int
    sessions: int
    crash_free_persons: float | None
    start_p50: float | None
    start_p95: float | None


class PageFigures(Given, frozen=True, kw_only=True):
    """`seconds`: median stay; `render_p50` in milliseconds."""

    page: str
    views: int
    persons: int
    seconds: float | None
    render_p50: float | None


class ErrorFigures(Given, frozen=True, kw_only=True):
    """`group`: fingerprint's 64 bits in hexadecimal, as 16 digits; `culprit`: function and file where it arose."""

    group: str
    type: str
    message: str
    culprit: str
    count: int
    persons: int
    fatal: bool
    last_seen: datetime


class OverviewResult(Shown, tag="overview", frozen=True, kw_only=True):
    """`active_day`, `active_week`, `active_month`: people in the 1, 7 and 28 days up to the period's end."""

    figures: OverviewFigures
    before: OverviewFigures | None
    active_day: int
    active_week: int
    active_month: int
    lines: list[OverviewLine]
    pages: list[PageFigures]
    errors: list[ErrorFigures]
    versions: list[Series]


class EventFigures(Given, frozen=True, kw_only=True):
    """The first and the last time in quarters of an hour."""

    name: str
    count: int
    persons: int
    first_seen: datetime
    last_seen: datetime


class EventNamesResult(Shown, tag="events", frozen=True, kw_only=True):
    events: list[EventFigures]


class PropertyFigures(Given, frozen=True, kw_only=True):
    """`types` as stored (text, number, bool, list, time) with how many of the sample had them."""

    name: str
    types: dict[str, int]


class PropertyNamesResult(Shown, tag="properties", frozen=True, kw_only=True):
    """`sample`: how many events were looked at."""

    sample: int
    properties: list[PropertyFigures]


class ValueFigures(Given, frozen=True, kw_only=True):
    value: str
    count: int


class PropertyValuesResult(Shown, tag="values", frozen=True, kw_only=True):
    values: list[ValueFigures]


Result: TypeAlias = (
    TrendResult
    | FunnelResult
    | RetentionResult
    | PathsResult
    | PercentilesResult
    | CohortResult
    | TrailResult
    | VersionsResult
    | ReleaseResult
    | OverviewResult
    | EventNamesResult
    | PropertyNamesResult
    | PropertyValuesResult
)


class Asked(Given, frozen=True, kw_only=True):
    """A statement that was run for an answer: its SQL, its parameters, and how long the engine worked."""

    name: str
    sql: str
    parameters: dict[str, Any]
    seconds: float
    read_rows: int = 0


class Answered(Given, frozen=True, kw_only=True):
    """`seconds` of all statements together, waiting included."""

    result: Result
    statements: list[Asked]
    seconds: float
