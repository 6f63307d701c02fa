"""Releasing in JSON: what the API takes and gives. Times are RFC 3339, shares basis points."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from eden.base.api.times import moment
from eden.release.interfaces import ArmCounts, Message, ProgramKind
from eden.release.packages import NativeRecord
from eden.release.rules_plan import plan_to_json
from eden.release.rules_reasons import say
from eden.release.service_lists import ListInfo
from eden.release.service_programs import HostApp, Program, VersionRef
from eden.release.service_release_rows import ReleaseEvent, ReleaseInfo
from eden.release.service_reports import CountRow
from eden.release.service_trials import LONGEST_SECONDS, Trial
from eden.release.service_version_rows import Review, Version
from eden.release.trust_root import KeyInfo, TrustState

Key = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", max_length=64)]
Name = Annotated[str, Meta(min_length=1, max_length=400)]
ListName = Annotated[str, Meta(min_length=1, max_length=80)]
LongText = Annotated[str, Meta(max_length=4_000)]
Reason = Annotated[str, Meta(max_length=1_000)]
Revision = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Code = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Id = Annotated[str, Meta(max_length=128)]


class Given(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a client sends."""


# programs


class NewHostApp(Given):
    """A host app to be made."""

    key: Key
    name: Name


class HostAppView(msgspec.Struct, kw_only=True):
    """An app that phones have, in which programs run."""

    id: str
    key: str
    name: str
    created_at: datetime

    @classmethod
    def of(cls, host: HostApp) -> HostAppView:
        return cls(id=host.id, key=host.key, name=host.name, created_at=moment(host.created_at))


class NewProgram(Given):
    """A program to be made. `app_id`: what its packages call themselves (default: the first upload says it);
    `host_app`: the key of the app in which it runs."""

    key: Key
    kind: ProgramKind
    name: Annotated[str, Meta(max_length=400)] = ""
    description: LongText = ""
    app_id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    host_app: Key | None = None


class ProgramChange(Given):
    """What is to be different; what is left out stays."""

    name: Name | None = None
    description: LongText | None = None


class ProgramView(msgspec.Struct, kw_only=True):
    """A program. `stable`: what everyone may have; `newest`: the version with the highest code; `release_id`: the
    release that offers a version now."""

    id: str
    key: str
    kind: str
    name: str
    description: str
    app_id: str | None
    host_app: str | None
    created_by: str
    created_at: datetime
    stable: VersionRef | None
    newest: VersionRef | None
    release_id: str | None

    @classmethod
    def of(cls, program: Program) -> ProgramView:
        fields = msgspec.structs.asdict(program)
        return cls(**fields | {"created_at": moment(program.created_at)})


# versions


class FileView(msgspec.Struct, kw_only=True):
    """A file of a version. `served`: devices may fetch it; `entries`: files inside."""

    name: str
    size: int
    sha256: str
    served: bool
    entries: int


class ReviewView(msgspec.Struct, kw_only=True):
    """What a reviewer said."""

    reviewer: str
    verdict: str
    comment: str
    at: datetime

    @classmethod
    def of(cls, review: Review) -> ReviewView:
        return cls(reviewer=review.reviewer, verdict=review.verdict, comment=review.comment, at=moment(review.at))


class VersionView(msgspec.Struct, kw_only=True):
    """A version. `signed_state`: what devices may do with it (null: nothing); `size`: bytes that a device fetches at
    most; `files` and `reviews` are empty in lists."""

    id: str
    program: str
    code: int
    name: str
    state: str
    signed_state: str | None
    container: int
    size: int
    manifest: dict[str, Any]
    notes: str
    author: str
    created_at: datetime
    files: list[FileView]
    reviews: list[ReviewView]

    @classmethod
    def of(cls, version: Version) -> VersionView:
        fields = msgspec.structs.asdict(version)
        files = [FileView(**msgspec.structs.asdict(file)) for file in version.files]
        reviews = [ReviewView.of(review) for review in version.reviews]
        return cls(**fields | {"created_at": moment(version.created_at), "files": files, "reviews": reviews})


class NewUpgrade(Given):
    """An upgrade of the native shell."""

    version: Annotated[str, Meta(min_length=1, max_length=64)]
    native: NativeRecord
    code: Code | None = None
    notes: LongText = ""


class NewReview(Given):
    """A review; a rejection needs a comment."""

    verdict: Literal["approved", "rejected"]
    comment: LongText = ""


class Withdrawal(Given):
    """Why a version is taken back."""

    reason: Annotated[str, Meta(min_length=1, max_length=1_000)]


# trial links


class NewTrial(Given):
    """A link for testers to be made; it works for `seconds`."""

    code: Code
    name: ListName
    seconds: Annotated[int, Meta(ge=60, le=LONGEST_SECONDS)] = 14 * 24 * 3600
    track: Literal["trial", "develop"] = "trial"


class TrialView(msgspec.Struct, kw_only=True):
    """A link for testers. `link` opens the version in the super app; null when it has ended, or is not for you."""

    id: str
    program: str
    code: int
    version: str
    name: str
    track: str
    link: str | None
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    @classmethod
    def of(cls, trial: Trial, app: str) -> TrialView:
        """`app`: the address of the workspace's super app."""
        fields = msgspec.structs.asdict(trial)
        token = fields.pop("token")
        link = None if token is None else f"{app}?trial={token}&program={trial.program}"
        if link is not None and trial.track == "develop":
            link += "&track=develop"
        times = {name: moment(fields[name]) for name in ("created_at", "expires_at", "revoked_at")}
        return cls(**fields | times, link=link)


# lists


class ListChange(Given):
    """What is to be different. `add` and `remove` are ids, or patterns of a list of patterns."""

    name: ListName | None = None
    add: Annotated[list[Id], Meta(max_length=10_000)] = msgspec.field(default_factory=list)
    remove: Annotated[list[Id], Meta(max_length=10_000)] = msgspec.field(default_factory=list)


class ListView(msgspec.Struct, kw_only=True):
    """A list. `size`: ids or patterns in it; `revision` grows with every change of them."""

    id: str
    name: str
    kind: str
    size: int
    patterns: list[str]
    revision: int
    created_by: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, found: ListInfo) -> ListView:
        fields = msgspec.structs.asdict(found)
        times = {name: moment(fields[name]) for name in ("created_at", "updated_at")}
        return cls(**fields | times | {"patterns": list(found.patterns)})


# releases


class NewRelease(Given):
    """A release to be made, as a draft. Without a plan it has the standard one: 1 %, 10 %, 50 %, everyone, a day each.
    Lists may be named by id or by name."""

    program: Key
    code: Code
    plan: dict[str, Any] | None = None
    notes: LongText = ""


class PlanChange(Given):
    """Another plan. `revision`: of the release as you saw it."""

    plan: dict[str, Any]
    revision: Revision
    reason: Reason = ""


class Act(Given):
    """A verb. `revision`: of the release as you saw it; pausing, halting and rolling need a reason."""

    revision: Revision
    reason: Reason = ""


class Advance(Act):
    """To the next step, or to the step with the index `step`."""

    step: Annotated[int, Meta(ge=0, le=1_000)] | None = None


class MessageView(msgspec.Struct, kw_only=True):
    """A sentence, with its code and its fields for those who say it themselves."""

    code: str
    fields: dict[str, str | int]
    text: str

    @classmethod
    def of(cls, message: Message) -> MessageView:
        return cls(code=message.code, fields=message.fields, text=say(message))


class ReleaseView(msgspec.Struct, kw_only=True):
    """A release. `step` is an index into the plan's steps; `share`: basis points that are reached now; `closed`: why
    nobody new is offered the version; `previous_code`: what was stable when it began. `refused`: for every verb why it
    is not possible now, null when it is. `verdict`: what the guardrails said last."""

    id: str
    program: str
    kind: str
    code: int
    version: str
    state: str
    plan: dict[str, Any]
    step: int
    share: int
    closed: str | None
    run: int
    previous_code: int | None
    revision: int
    notes: str
    created_by: str
    created_at: datetime
    started_at: datetime | None
    step_started_at: datetime | None
    stopped_at: datetime | None
    updated_at: datetime
    refused: dict[str, MessageView | None]
    verdict: dict[str, Any] | None

    @classmethod
    def of(cls, info: ReleaseInfo) -> ReleaseView:
        release = info.release
        return cls(
            id=release.id,
            program=info.program_key,
            kind=info.program_kind,
            code=info.version_code,
            version=info.version_name,
            state=release.state,
            plan=plan_to_json(release.plan),
            step=release.step,
            share=release.share,
            closed=release.closed,
            run=release.run,
            previous_code=release.previous_code,
            revision=release.revision,
            notes=info.notes,
            created_by=info.created_by,
            created_at=moment(info.created_at),
            started_at=moment(info.started_at),
            step_started_at=moment(release.step_started_at),
            stopped_at=moment(release.stopped_at),
            updated_at=moment(info.updated_at),
            refused={
                verb.value: None if message is None else MessageView.of(message)
                for verb, message in info.refused.items()
            },
            verdict=info.verdict,
        )


class EventView(msgspec.Struct, kw_only=True):
    """Something that happened to a release; `revision` is the release's after it."""

    revision: int
    at: datetime
    actor: str
    kind: str
    state: str
    step: int
    share: int
    reason: str
    message: MessageView | None

    @classmethod
    def of(cls, event: ReleaseEvent) -> EventView:
        fields = msgspec.structs.asdict(event)
        message = None if event.message is None else MessageView.of(event.message)
        return cls(**fields | {"at": moment(event.at), "message": message})


class CountView(msgspec.Struct, kw_only=True):
    """Reports of a minute or an hour from `at` on: of one arm, in one run of the release."""

    at: datetime
    run: int
    arm: str
    counts: ArmCounts

    @classmethod
    def of(cls, row: CountRow) -> CountView:
        return cls(at=moment(row.at), run=row.run, arm=row.arm, counts=row.counts)


class CountsView(msgspec.Struct, kw_only=True):
    """Reports of a release in time order."""

    items: list[CountView]


# keys


class RootProposal(Given):
    """What the next root shall have that this one has not. `add`: public keys as TUF metadata lists them, with
    "keyid"; `remove`: ids of root keys; `threshold`: keys that must sign; `renew`: online roles that get new keys."""

    add: Annotated[list[dict[str, Any]], Meta(max_length=20)] = msgspec.field(default_factory=list)
    remove: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=20)] = msgspec.field(
        default_factory=list
    )
    threshold: Annotated[int, Meta(ge=1, le=20)] | None = None
    renew: Annotated[list[Literal["targets", "snapshot", "timestamp", "programs"]], Meta(max_length=4)] = msgspec.field(
        default_factory=list
    )


class Leap(Given):
    """How many versions of metadata to pass over."""

    versions: Annotated[int, Meta(ge=1, le=1_000_000)] = 1_000


class Leapt(msgspec.Struct, kw_only=True):
    """The version of the timestamp metadata now."""

    timestamp: int


class TrustView(msgspec.Struct, kw_only=True):
    """Which keys sign what. `version` 0: there is no root yet."""

    version: int
    threshold: int
    expires_at: datetime | None
    root_keys: list[KeyInfo]
    online_keys: list[KeyInfo]

    @classmethod
    def of(cls, state: TrustState) -> TrustView:
        return cls(
            version=state.version,
            threshold=state.threshold,
            expires_at=moment(state.expires_at),
            root_keys=list(state.root_keys),
            online_keys=list(state.online_keys),
        )
