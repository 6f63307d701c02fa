"""Releasing in JSON: what the API takes and gives. Times are RFC 3339, shares basis points."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from eden.base.api.times import moment
from eden.base.targeting.language import MAX_TEXT
from eden.release.interfaces import ProgramKind
from eden.release.packages import NativeRecord
from eden.release.service_lists import ListInfo
from eden.release.service_programs import HostApp, Program, VersionRef
from eden.release.service_trials import LONGEST_SECONDS, Trial
from eden.release.service_version_rows import Review, Version
from eden.release.trust_root import KeyInfo, TrustState

Key = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", max_length=64)]
Name = Annotated[str, Meta(min_length=1, max_length=400)]
ListName = Annotated[str, Meta(min_length=1, max_length=80)]
LongText = Annotated[str, Meta(max_length=4_000)]
Code = Annotated[int, Meta(ge=1, le=2**53 - 1)]
#: an id or a pattern
Entry = Annotated[str, Meta(max_length=MAX_TEXT)]


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
    """What is to be different; what is left out stays. `host_app`: the key of the app in which it runs, empty for
    none."""

    name: Name | None = None
    description: LongText | None = None
    host_app: Annotated[str, Meta(pattern=r"^([a-z0-9][a-z0-9_-]{0,63})?$", max_length=64)] | None = None


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
    add: Annotated[list[Entry], Meta(max_length=10_000)] = msgspec.field(default_factory=list)
    remove: Annotated[list[Entry], Meta(max_length=10_000)] = msgspec.field(default_factory=list)


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
