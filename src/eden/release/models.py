"""The tables of releasing, on the ground's `metadata` (portable rules: `eden.base.tables`).

Bytes are blobs by their SHA-256; a row only names them. What a device may have is in `versions.signed_state` and in
`releases`; the signed metadata (`metadata_files`) is made from these and never the other way round.

What grows with time is bounded: `release_counts` and `version_counts` fold minutes into hours after two days,
`device_parts` go with their release's end, `report_batches` after a week, old `metadata_files` after a week. A year
of history is some thousand rows per release.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from eden.base.tables import ID, LONG, SHA256, SHORT, Json, at, metadata
from eden.release.interfaces import ArmCounts

KEY = String(64)
ACTOR = LONG

host_apps = Table(
    "host_apps",
    metadata,
    Column("id", ID, primary_key=True),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False),
    Column("key", KEY, nullable=False),
    Column("name", LONG, nullable=False),
    at("created_at"),
    UniqueConstraint("workspace_id", "key"),
)

programs = Table(
    "programs",
    metadata,
    Column("id", ID, primary_key=True),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False),
    Column("host_app_id", ID, ForeignKey("host_apps.id")),
    #: in addresses and target paths
    Column("key", KEY, nullable=False),
    #: of `interfaces.ProgramKind`
    Column("kind", String(12), nullable=False),
    Column("name", LONG, nullable=False),
    Column("description", Text, nullable=False),
    #: what packages call themselves; bound by the first upload
    Column("app_id", String(128)),
    Column("created_by", ACTOR, nullable=False),
    at("created_at"),
    UniqueConstraint("workspace_id", "key"),
)

versions = Table(
    "versions",
    metadata,
    Column("id", ID, primary_key=True),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False),
    Column("program_id", ID, ForeignKey("programs.id"), nullable=False),
    Column("code", BigInteger, nullable=False),
    Column("name", String(64), nullable=False),
    #: of `interfaces.VersionState`
    Column("state", String(12), nullable=False),
    #: of `interfaces.SignedState`; none: no device may have it
    Column("signed_state", String(12)),
    #: SHA-256 over kind, name, code and the files: the same upload again is recognised by it
    Column("digest", SHA256, nullable=False),
    #: the oldest container that runs it
    Column("container", Integer, nullable=False),
    #: bytes that a device without any version fetches, before compression
    Column("size", BigInteger, nullable=False),
    #: what the package says of itself: manifest, H5 addresses, upgrade record
    Column("manifest", Json, nullable=False),
    Column("notes", Text, nullable=False),
    Column("author", ACTOR, nullable=False),
    Column("author_id", ID, nullable=False),
    at("created_at"),
    at("withdrawn_at", nullable=True),
    UniqueConstraint("program_id", "code"),
    Index("ix_versions_workspace_id_created_at", "workspace_id", "created_at"),
    Index("ix_versions_program_id_signed_state", "program_id", "signed_state"),
)

version_files = Table(
    "version_files",
    metadata,
    Column("version_id", ID, ForeignKey("versions.id"), primary_key=True),
    #: "manifest.json", "main.zip"
    Column("name", LONG, primary_key=True),
    #: order of the files; the first one carries the version's signed fields
    Column("position", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", SHA256, nullable=False),
    #: whether devices may fetch it; source maps stay on the server
    Column("served", Boolean, nullable=False),
    #: of an archive: [[path, size, sha256], …] sorted by path
    Column("entries", Json, nullable=False),
    Index("ix_version_files_sha256", "sha256"),
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", ID, primary_key=True),
    Column("version_id", ID, ForeignKey("versions.id"), nullable=False),
    Column("reviewer", ACTOR, nullable=False),
    Column("reviewer_id", ID, nullable=False),
    #: "approved" or "rejected"
    Column("verdict", String(12), nullable=False),
    Column("comment", Text, nullable=False),
    at("at"),
    Index("ix_reviews_version_id_at", "version_id", "at"),
)

lists = Table(
    "lists",
    metadata,
    Column("id", ID, primary_key=True),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False),
    Column("name", SHORT, nullable=False),
    #: "exact" or "patterns"
    Column("kind", String(10), nullable=False),
    #: of the leaves' hashes, and the root of their tree in hex; empty for patterns
    Column("salt", String(64), nullable=False),
    Column("root", SHA256, nullable=False),
    #: ids, or patterns
    Column("size", Integer, nullable=False),
    #: blobs of an exact list: its ids, one a line, and its sorted leaves, 32 bytes each
    Column("ids_sha256", SHA256),
    Column("leaves_sha256", SHA256),
    #: of a list of patterns: ["regular expression", …]
    Column("patterns", Json, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_by", ACTOR, nullable=False),
    at("created_at"),
    at("updated_at"),
    UniqueConstraint("workspace_id", "name"),
)

releases = Table(
    "releases",
    metadata,
    Column("id", ID, primary_key=True),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False),
    Column("program_id", ID, ForeignKey("programs.id"), nullable=False),
    Column("version_id", ID, ForeignKey("versions.id"), nullable=False),
    Column("notes", Text, nullable=False),
    # the fields of `interfaces.Release`
    Column("track", String(10), nullable=False),
    Column("salt", String(64), nullable=False),
    Column("plan", Json, nullable=False),
    Column("state", String(12), nullable=False),
    Column("previous_code", BigInteger),
    Column("step", Integer, nullable=False),
    Column("share", Integer, nullable=False),
    Column("step_share", Integer, nullable=False),
    at("step_started_at", nullable=True),
    at("stopped_at", nullable=True),
    Column("stopped_us", BigInteger, nullable=False),
    Column("closed", String(16)),
    Column("run", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    #: "PROGRAM TRACK" while the release offers its version, else null: the database lets only one of them be
    Column("offering", String(60), unique=True),
    Column("created_by", ACTOR, nullable=False),
    at("created_at"),
    at("started_at", nullable=True),
    at("updated_at"),
    Index("ix_releases_program_id_created_at", "program_id", "created_at"),
    Index("ix_releases_workspace_id_created_at", "workspace_id", "created_at"),
    Index("ix_releases_state", "state"),
)

#: what happened to a release, for its page; `revision` is the release's after it
release_events = Table(
    "release_events",
    metadata,
    Column("release_id", ID, ForeignKey("releases.id"), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    at("at"),
    Column("actor", ACTOR, nullable=False),
    #: "create", a verb, "share", "closed" or "plan"
    Column("kind", String(16), nullable=False),
    Column("state", String(12), nullable=False),
    Column("step", Integer, nullable=False),
    Column("share", Integer, nullable=False),
    #: a person's words
    Column("reason", Text, nullable=False),
    #: of the schedule and of guardrails: {"code", "fields"} of `interfaces.Message`; numbers of a verdict
    Column("detail", Json),
)


def _count_columns() -> list[Column[int]]:
    return [Column(name, BigInteger, nullable=False, default=0) for name in ArmCounts.__struct_fields__]


#: what devices reported of a release, by arm; `at` is the begin of the minute or, once folded, of the hour
release_counts = Table(
    "release_counts",
    metadata,
    Column("release_id", ID, ForeignKey("releases.id"), primary_key=True),
    Column("run", Integer, primary_key=True, autoincrement=False),
    #: of `interfaces.Arm`
    Column("arm", String(8), primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    *_count_columns(),
)

#: what devices reported of a version, in or out of a release
version_counts = Table(
    "version_counts",
    metadata,
    Column("program_id", ID, ForeignKey("programs.id"), primary_key=True),
    Column("code", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    *_count_columns(),
)

#: what one device already counted for in a running release, so that it weighs once
device_parts = Table(
    "device_parts",
    metadata,
    Column("release_id", ID, ForeignKey("releases.id"), primary_key=True),
    Column("device_id", String(128), primary_key=True),
    #: whether it has the version: these are counted against a cap
    Column("has", Boolean, nullable=False),
    #: `metrics.Tally`; none: it is not compared
    Column("tally", Json),
    Index("ix_device_parts_release_id_has", "release_id", "has"),
)

devices = Table(
    "devices",
    metadata,
    Column("workspace_id", ID, ForeignKey("workspaces.id"), primary_key=True),
    Column("device_id", String(128), primary_key=True),
    #: `interfaces.DeviceContext` of the last check
    Column("context", Json, nullable=False),
    Column("user_id", String(256)),
    #: {program key: code}
    Column("installed", Json, nullable=False),
    at("first_seen_at"),
    at("seen_at"),
    Index("ix_devices_workspace_id_seen_at", "workspace_id", "seen_at"),
    Index("ix_devices_workspace_id_user_id", "workspace_id", "user_id"),
)

report_batches = Table(
    "report_batches",
    metadata,
    #: SHA-256 over workspace, device and batch
    Column("id", SHA256, primary_key=True),
    at("at"),
    Index("ix_report_batches_at", "at"),
)

trials = Table(
    "trials",
    metadata,
    Column("id", ID, primary_key=True),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False),
    Column("program_id", ID, ForeignKey("programs.id"), nullable=False),
    Column("version_id", ID, ForeignKey("versions.id"), nullable=False),
    Column("name", SHORT, nullable=False),
    #: of `interfaces.Track`: "trial" or "develop"
    Column("track", String(10), nullable=False),
    Column("token_hash", SHA256, nullable=False, unique=True),
    #: the token under the server's secret, so that its QR code can be shown again
    Column("token_sealed", LargeBinary, nullable=False),
    Column("created_by", ACTOR, nullable=False),
    at("created_at"),
    at("expires_at"),
    at("revoked_at", nullable=True),
    Index("ix_trials_program_id_created_at", "program_id", "created_at"),
    Index("ix_trials_version_id", "version_id"),
    Index("ix_trials_expires_at", "expires_at"),
)

#: online keys of the roles that the server signs; root keys are known by root.json alone
signing_keys = Table(
    "signing_keys",
    metadata,
    Column("workspace_id", ID, ForeignKey("workspaces.id"), primary_key=True),
    #: "targets", "snapshot", "timestamp", "programs"
    Column("role", String(12), primary_key=True),
    Column("key_id", SHA256, primary_key=True),
    #: "ed25519" or "ecdsa-sha2-nistp256"
    Column("scheme", String(32), nullable=False),
    #: the key as TUF metadata lists it
    Column("public", Json, nullable=False),
    #: PKCS #8 under the server's secret
    Column("sealed", LargeBinary, nullable=False),
    #: "next" until a root lists it, "active", then "retired"
    Column("state", String(10), nullable=False),
    at("created_at"),
)

#: signed metadata as it is served: "root", "targets", "snapshot", "timestamp", "apps.KEY"
metadata_files = Table(
    "metadata_files",
    metadata,
    Column("workspace_id", ID, ForeignKey("workspaces.id"), primary_key=True),
    Column("name", SHORT, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("bytes", LargeBinary, nullable=False),
    at("created_at"),
    Index("ix_metadata_files_created_at", "created_at"),
)

#: the newest file of each role
metadata_heads = Table(
    "metadata_heads",
    metadata,
    Column("workspace_id", ID, ForeignKey("workspaces.id"), primary_key=True),
    Column("name", SHORT, primary_key=True),
    Column("version", Integer, nullable=False),
    #: size and SHA-256 of the served bytes, for the roles above it
    Column("length", Integer, nullable=False),
    Column("sha256", SHA256, nullable=False),
    at("expires_at"),
    Index("ix_metadata_heads_expires_at", "expires_at"),
)

#: what the guardrails of a running release know: their state, and up to where counts were read
release_guards = Table(
    "release_guards",
    metadata,
    Column("release_id", ID, ForeignKey("releases.id"), primary_key=True),
    Column("run", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    #: `guardrails_v1.State`
    Column("state", Json, nullable=False),
    #: {arm: `interfaces.ArmCounts`} at the last look
    Column("seen", Json, nullable=False),
    #: `guardrails_v1.Verdict`, for the release's page
    Column("verdict", Json, nullable=False),
    at("looked_at"),
)

#: content that is being put ("claimed"), that nobody names ("seen") or that is being removed ("deleting")
blob_marks = Table(
    "blob_marks",
    metadata,
    Column("sha256", SHA256, primary_key=True),
    Column("state", String(10), nullable=False),
    at("at"),
)
