"""Crash groups in JSON: what the API gives. Times are RFC 3339."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from eden.base.api.times import moment
from eden.base.api.views import viewed
from eden.observe.crashes.document import ErrorDocument
from eden.observe.crashes.interfaces import (
    Activity,
    Affected,
    CrashGroup,
    Detail,
    Figures,
    InVersion,
    Listed,
    Occurrence,
    Share,
    Whole,
)
from eden.observe.crashes.rules import GroupState


class CrashGroupView(msgspec.Struct, kw_only=True):
    """A group of errors. `closed_in`: the version code that mends it; `muted_above`: muted until it has happened more
    often in all. `first_*`: of the lowest version it was seen in; `first_release` brought that version."""

    id: str
    title: str
    culprit: str
    fatal: bool
    state: GroupState
    assigned_to: str | None
    assignee: str
    muted_until: datetime | None
    muted_above: int | None
    closed_at: datetime | None
    closed_in: int | None
    first_seen_at: datetime
    last_seen_at: datetime
    first_version: str
    first_code: int
    first_release: str
    last_version: str
    algorithm: int
    hash: str
    revision: int

    @classmethod
    def of(cls, group: CrashGroup) -> CrashGroupView:
        return viewed(cls, group)


class FiguresView(msgspec.Struct, kw_only=True):
    """Of the errors that were asked for; `fatal`: how many ended the program. Times are null when there are none."""

    occurrences: int
    persons: int
    devices: int
    fatal: int
    first_at: datetime | None
    last_at: datetime | None

    @classmethod
    def of(cls, figures: Figures) -> FiguresView:
        never = {} if figures.occurrences else {"first_at": None, "last_at": None}
        return viewed(cls, figures, **never)


class CrashListView(msgspec.Struct, kw_only=True):
    """A line of the list. `trend`: errors by equal parts of the time asked for."""

    group: CrashGroupView
    figures: FiguresView
    trend: list[int]

    @classmethod
    def of(cls, line: Listed) -> CrashListView:
        return cls(group=CrashGroupView.of(line.group), figures=FiguresView.of(line.figures), trend=line.trend)


class VersionCrashView(msgspec.Struct, kw_only=True):
    """Errors of a group in one version."""

    version: str
    code: int
    occurrences: int
    persons: int
    first_at: datetime
    last_at: datetime

    @classmethod
    def of(cls, one: InVersion) -> VersionCrashView:
        return viewed(cls, one)


class AffectedView(msgspec.Struct, kw_only=True):
    """A person that has seen a group's errors."""

    person: str
    occurrences: int
    last_at: datetime

    @classmethod
    def of(cls, one: Affected) -> AffectedView:
        return viewed(cls, one)


class TrendPoint(msgspec.Struct, kw_only=True):
    """Errors in one part of the time, which begins at `at`."""

    at: datetime
    occurrences: int
    fatal: int


class ActivityView(msgspec.Struct, kw_only=True):
    """What happened to a group, and by whom; "system" is the server."""

    at: datetime
    actor: str
    action: str
    detail: dict[str, Any]

    @classmethod
    def of(cls, one: Activity) -> ActivityView:
        return viewed(cls, one)


class CrashDetailView(msgspec.Struct, kw_only=True):
    """A group and its errors in the time asked for. `shares`: by model, system, app version, page, country, network;
    `release_started_at`: when the release began that brought it."""

    group: CrashGroupView
    figures: FiguresView
    trend: list[TrendPoint]
    versions: list[VersionCrashView]
    shares: list[Share]
    persons: list[AffectedView]
    activities: list[ActivityView]
    release_started_at: datetime | None

    @classmethod
    def of(cls, detail: Detail) -> CrashDetailView:
        return viewed(
            cls,
            detail,
            group=CrashGroupView.of(detail.group),
            figures=FiguresView.of(detail.figures),
            trend=[TrendPoint(at=moment(at), occurrences=count, fatal=fatal) for at, count, fatal in detail.trend],
            versions=[VersionCrashView.of(one) for one in detail.versions],
            persons=[AffectedView.of(one) for one in detail.persons],
            activities=[ActivityView.of(one) for one in detail.activities],
        )


class OccurrenceView(msgspec.Struct, kw_only=True):
    """One error."""

    id: str
    at: datetime
    person: str
    device: str
    version: str
    code: int
    platform: str
    os: str
    model: str
    message: str
    fatal: bool
    page: str

    @classmethod
    def of(cls, one: Occurrence) -> OccurrenceView:
        return viewed(cls, one)


class ErrorView(msgspec.Struct, kw_only=True):
    """One error with everything that was sent of it: frames in the author's files, breadcrumbs, contexts. `document` is
    null when none was stored."""

    error: OccurrenceView
    document: ErrorDocument | None

    @classmethod
    def of(cls, whole: Whole) -> ErrorView:
        return cls(error=OccurrenceView.of(whole.occurrence), document=whole.document)
