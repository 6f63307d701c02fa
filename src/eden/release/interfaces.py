"""The words of releasing: what is stored, what rules decide on, what a device sends and gets.

Units, everywhere: moments are integer microseconds since 1970 in UTC (RFC 3339 text in HTTP), lengths of time are
integer seconds unless the name says `_us`, shares are basis points (0 to 10000; 1 is 0.01 %), `code` is an integer.
Everything here is a frozen value; `rules*.py` computes with them, the service stores them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec

#: All devices, in basis points.
EVERYONE = 10_000

#: Microseconds of a second: moments are in the former, lengths of time in the latter.
SECOND = 1_000_000


class ProgramKind(StrEnum):
    """What a program is: it says which files a version has and how a device hears of it."""

    MINIPROGRAM = "miniprogram"
    H5 = "h5"
    NATIVE = "native"
    DIMINA = "dimina"


class Track(StrEnum):
    """Whom a version is for: everybody by releases, testers with a token, developers by preview."""

    RELEASE = "release"
    TRIAL = "trial"
    DEVELOP = "develop"


class VersionState(StrEnum):
    """The life of a version as people see it. What devices may do with it is its `SignedState`."""

    UPLOADED = "uploaded"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class SignedState(StrEnum):
    """What the signed metadata says about a version.

    `stable`: everyone may have it. `release`: those whom the running release reaches. `kept`: who has it keeps it,
    offered to nobody. `revoked`: must be left. `trial`: with a token only.
    """

    STABLE = "stable"
    RELEASE = "release"
    KEPT = "kept"
    REVOKED = "revoked"
    TRIAL = "trial"


class ReleaseState(StrEnum):
    """Where a release is. `finished` is the end; the way out of `rolled_back` is `roll_forward`."""

    DRAFT = "draft"
    LIVE = "live"
    PAUSED = "paused"
    HALTED = "halted"
    ROLLED_BACK = "rolled_back"
    FINISHED = "finished"


class Verb(StrEnum):
    """What an operator, a schedule or a guardrail does to a release."""

    START = "start"
    ADVANCE = "advance"
    PAUSE = "pause"
    RESUME = "resume"
    HALT = "halt"
    ROLL_BACK = "roll_back"
    ROLL_FORWARD = "roll_forward"
    FINISH = "finish"


class Closed(StrEnum):
    """Why a live release is offered to nobody new."""

    BEFORE_WINDOW = "before_window"
    AFTER_WINDOW = "after_window"
    CAP = "cap"


class Arm(StrEnum):
    """A device's part in the comparison: has the new version by its bucket, is the matched control, or has the new
    version because a list names it (not drawn by lot, so not compared)."""

    NEW = "new"
    CONTROL = "control"
    LISTED = "listed"


class Message(msgspec.Struct, frozen=True):
    """A sentence to be said in the reader's language: a code of `rules_reasons.SENTENCES` and its fields."""

    code: str
    fields: dict[str, str | int] = {}


class Audience(msgspec.Struct, frozen=True, kw_only=True):
    """Who is reached: who is in a list, or matches a pattern, or satisfies the rule and is within the share.

    `lists` are ids of lists; `patterns` regular expressions that are found in the device id or the user id; `rule` is
    the JSON of `eden.base.targeting`, null for everyone; `share` in basis points of those who satisfy the rule.
    """

    lists: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    rule: Any = None
    share: int = 0


class Window(msgspec.Struct, frozen=True, kw_only=True, rename={"opens_at": "from", "closes_at": "until"}):
    """Nobody new is offered the version before `opens_at` or from `closes_at` on (µs; null: no bound)."""

    opens_at: int | None = None
    closes_at: int | None = None


class Ramp(msgspec.Struct, frozen=True, kw_only=True):
    """The share grows by itself: after k periods of `every` seconds it is start × (factor/100)^k, at most the step's.

    `factor` in percent (200 doubles). `start` in basis points; null: where the step before stood, or 1 % without one.
    """

    factor: int
    every: int
    start: int | None = None


class Guardrails(msgspec.Struct, frozen=True, kw_only=True):
    """What stops the release by itself.

    `crash`, `start`, `error`: compare crashes, failures to start, script errors with the control arm. `alpha`: the
    chance, in basis points, that a harmless release is ever stopped by the comparison, however often one looks.
    `control`: keep a control arm; without one only the limit holds. `limit`: where there is no control arm, stop when
    more than this share (basis points) of starts surely crashes or fails; null: no limit. `minimum_starts`: starts of
    the new version before a step may go on by itself.
    """

    crash: bool = True
    start: bool = True
    error: bool = False
    alpha: int = 500
    control: bool = True
    limit: int | None = 2_000
    minimum_starts: int = 0


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One stage of a plan. `cap`: devices that may have the version, counted over the whole release; null: any number.

    `minimum_seconds`: before that much time in the step (stops and the time before its window left out) it cannot go
    on. `advance`: "auto" goes on when that time is over and the guardrails are content; at the last step it finishes.
    """

    name: str
    audience: Audience
    window: Window | None = None
    cap: int | None = None
    ramp: Ramp | None = None
    minimum_seconds: int = 0
    advance: Literal["manual", "auto"] = "manual"
    guardrails: Guardrails = Guardrails()


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The steps of a release, at least one. Made by `rules_plan.check_plan`."""

    steps: tuple[Step, ...]


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """Brings one version of one program to its users. All that rules need; who did what is in the audit log.

    `step` is an index into the plan; `share` the basis points that are reached now, `step_share` those at the step's
    begin. `step_started_at` (µs) is null for a draft. `stopped_at` (µs): since when it is not live; `stopped_us`: how
    long it stood still within this step before that. `closed`: why nobody new is offered (kept by `tick`). `run`
    counts starts and rolls forward: guardrails begin anew with each, since a person decided against their verdict.
    `previous_code`: the version that was stable when the release was started, null if there was none.
    """

    id: str
    program: str
    version_code: int
    salt: str
    plan: Plan
    track: Track = Track.RELEASE
    state: ReleaseState = ReleaseState.DRAFT
    previous_code: int | None = None
    step: int = 0
    share: int = 0
    step_share: int = 0
    step_started_at: int | None = None
    stopped_at: int | None = None
    stopped_us: int = 0
    closed: Closed | None = None
    run: int = 0
    revision: int = 0


class Health(StrEnum):
    """What the guardrails say. `watch`: not enough to stop, too much to go on by itself. `collecting`: fewer starts
    than the step asks for. `no_control`: there is nobody to compare with, or there are too few starts yet; only the
    limit holds."""

    HEALTHY = "healthy"
    WATCH = "watch"
    COLLECTING = "collecting"
    NO_CONTROL = "no_control"
    HALT = "halt"


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What the schedule knows of the world: `devices` that have got the version, and the guardrails' word with its
    reason. Without guardrails, `healthy`."""

    devices: int = 0
    health: Health = Health.HEALTHY
    reason: Message | None = None


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """What the schedule wants now: a `verb`, or a new `share` (basis points), or another `closed`; `reason` is why."""

    kind: Literal["verb", "share", "closed"]
    verb: Verb | None = None
    share: int | None = None
    closed: Closed | None = None
    reason: Message


class ArmCounts(msgspec.Struct, kw_only=True, frozen=True):
    """What one arm of a release reported so far, in devices' reports (`started`: starts, `crash`: crashes, …).

    The last four are for the comparison, with each device's part limited (`metrics.count`): starts, and devices that
    crashed, failed to start, had a script error, each device at most once.
    """

    offered: int = 0
    downloaded: int = 0
    installed: int = 0
    started: int = 0
    first_page: int = 0
    crash: int = 0
    error: int = 0
    failed: int = 0
    bad: int = 0
    rolled_back: int = 0
    refused: int = 0
    exposed: int = 0
    crashed: int = 0
    unstarted: int = 0
    erred: int = 0


class ReportKind(StrEnum):
    """What a device says about a version. `failed`: did not reach its first page; `bad`: marked so by the device.

    `refused`: the update was not installed, because it was refused or broke off. Networks do that to good versions, so
    it counts for no guardrail.
    """

    OFFERED = "offered"
    DOWNLOADED = "downloaded"
    INSTALLED = "installed"
    STARTED = "started"
    FIRST_PAGE = "first_page"
    CRASH = "crash"
    ERROR = "error"
    FAILED = "failed"
    BAD = "bad"
    ROLLED_BACK = "rolled_back"
    REFUSED = "refused"


class DecisionAction(StrEnum):
    """What a device shall do: get `code`; stay; go back to `code`, a lower one; delete what it has."""

    INSTALL = "install"
    KEEP = "keep"
    ROLLBACK = "rollback"
    REMOVE = "remove"


class NoticeLevel(StrEnum):
    """How strongly the native shell asks for its upgrade."""

    OPTIONAL = "optional"
    RECOMMENDED = "recommended"
    FORCED = "forced"


# what a device sends and gets

DeviceId = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
ProgramKey = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Code = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
Text = Annotated[str, msgspec.Meta(max_length=256)]


class DeviceContext(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a device says about itself; every part may be missing."""

    city: Text | None = None
    device_model: Text | None = None
    platform: Text | None = None
    os_version: Text | None = None
    app_version: Text | None = None
    container_version: Text | None = None
    network: Text | None = None
    language: Text | None = None
    channel: Text | None = None
    tags: Annotated[tuple[Text, ...], msgspec.Meta(max_length=100)] = ()
    user_id: Text | None = None


class CheckProgram(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A program on the device: the code it has, the codes it marked bad, and a tester's token."""

    key: ProgramKey
    have: Code | None = None
    bad: Annotated[tuple[Code, ...], msgspec.Meta(max_length=100)] = ()
    trial: Text | None = None


class CheckRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`POST check`: `timestamp` is the version of the timestamp metadata that the device has (0: none)."""

    device: DeviceId
    context: DeviceContext = DeviceContext()
    programs: Annotated[tuple[CheckProgram, ...], msgspec.Meta(max_length=1_000)] = ()
    timestamp: Annotated[int, msgspec.Meta(ge=0)] = 0


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """The device is in a list: its leaf's `index` of `size` leaves, and the Merkle `path` of SHA-256 in hex."""

    list: str
    index: int
    size: int
    path: tuple[str, ...]


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What the native shell shows: `title` and `text` are plain text, `url` is where the upgrade is."""

    level: NoticeLevel
    version: str
    title: str
    text: str
    url: str


class ProgramAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a device shall do with one program. `release` is null unless a running release offers the version."""

    key: str
    code: int | None
    version: str | None
    action: DecisionAction
    release: str | None
    proofs: tuple[Proof, ...] = ()
    notice: Notice | None = None


class CheckAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a check: programs that need nothing are left out. `interval`: seconds until the next check."""

    interval: int
    timestamp: int
    programs: tuple[ProgramAnswer, ...] = ()


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that happened on a device, `count` times. `at` is the device's clock (µs)."""

    program: ProgramKey
    code: Code
    kind: ReportKind
    at: int
    release: Text | None = None
    count: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1
    reason: Annotated[str, msgspec.Meta(max_length=2_000)] | None = None


class ReportBatch(msgspec.Struct, frozen=True, kw_only=True):
    """`POST reports`: counted once for each `batch`, however often it arrives."""

    device: DeviceId
    batch: Annotated[str, msgspec.Meta(min_length=8, max_length=64)]
    reports: Annotated[tuple[Report, ...], msgspec.Meta(max_length=1_000)]
