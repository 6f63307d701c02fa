"""Values of crash groups that the service gives to pages and API. Times are microseconds in UTC."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from eden.observe.crashes.document import ErrorDocument
from eden.observe.crashes.rules import GroupState


class CrashSort(StrEnum):
    """In which order groups are listed; the largest or newest first."""

    LAST_SEEN = "last_seen"
    OCCURRENCES = "occurrences"
    PERSONS = "persons"
    FIRST_SEEN = "first_seen"


class CrashFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which groups are listed, and which of their errors are counted: those from `since` (included) to `until` (not
    included). `fatal`: crashes only, or handled errors only. `text`: in title or place. `assigned_to`: a user's id.
    `version`, `person` (a user or a device) and `release` choose errors; groups without any are not listed."""

    since: int
    until: int
    state: GroupState | None = None
    fatal: bool | None = None
    text: str = ""
    assigned_to: str = ""
    version: str = ""
    release: str = ""
    person: str = ""


class CrashGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group as it stands. `assigned_to`: a user's id, `assignee` what that person is called. `first_*`: of the lowest
    version that it was seen in, and the release that brought it."""

    id: str
    app: int
    algorithm: int
    hash: str
    #: of the events store
    short: str
    title: str
    culprit: str
    fatal: bool
    state: GroupState
    assigned_to: str | None
    assignee: str
    muted_until: int | None
    muted_above: int | None
    closed_at: int | None
    closed_in: int | None
    first_seen_at: int
    last_seen_at: int
    first_version: str
    first_code: int
    first_release: str
    last_version: str
    occurrences: int
    revision: int


class Figures(msgspec.Struct, frozen=True):
    """Of the errors that were asked for: how many, of how many persons and devices, how many ended the program, and
    when the first and the last one was."""

    occurrences: int = 0
    persons: int = 0
    devices: int = 0
    fatal: int = 0
    first_at: int = 0
    last_at: int = 0


class Listed(msgspec.Struct, frozen=True):
    """A line of the list. `trend`: occurrences by equal parts of the time asked for."""

    group: CrashGroup
    figures: Figures
    trend: list[int] = []


class InVersion(msgspec.Struct, frozen=True):
    """Errors of a group in one version of the program."""

    version: str
    code: int
    occurrences: int
    persons: int
    first_at: int
    last_at: int


class Share(msgspec.Struct, frozen=True):
    """Errors of a group by one property: `of` is "model", "os", "platform", "app_version", "page", "country" or
    "network"."""

    of: str
    value: str
    occurrences: int
    persons: int


class Affected(msgspec.Struct, frozen=True):
    """A person (user or device) that has seen a group's errors."""

    person: str
    occurrences: int
    last_at: int


class Occurrence(msgspec.Struct, frozen=True):
    """One error, without its document."""

    id: str
    at: int
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


class Whole(msgspec.Struct, frozen=True):
    """One error with its document; None: it was stored without one, or cannot be read any more."""

    occurrence: Occurrence
    document: ErrorDocument | None
    raw: str


class Activity(msgspec.Struct, frozen=True):
    """What happened to a group: "new", "regressed", "awake", "closed", "opened", "muted", "assigned"."""

    at: int
    actor: str
    action: str
    detail: dict[str, Any]


class Member(msgspec.Struct, frozen=True):
    """Somebody that a group can be assigned to."""

    id: str
    name: str
    email: str


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """A group in a time. `trend`: (beginning of a part, occurrences, those that ended the program). `introduced_by`:
    name of the release's version and its start, where the release is still known."""

    group: CrashGroup
    figures: Figures
    trend: list[tuple[int, int, int]]
    versions: list[InVersion]
    shares: list[Share]
    persons: list[Affected]
    activities: list[Activity]
    release_started_at: int | None
