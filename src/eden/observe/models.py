"""The tables of observing on the ground's `metadata`: what people set. What apps report is in the events store."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from eden.base.tables import ID, LONG, SHA256, SHORT, Json, at, metadata

KEY = String(64)

observe_apps = Table(
    "observe_apps",
    metadata,
    #: from a counter; what the events store calls the app
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False),
    #: key of the mini program
    Column("key", KEY, nullable=False),
    #: of `apps.AppSettings`: kinds and samples, consent, masks, quota, retention
    Column("settings", Json, nullable=False),
    Column("revision", Integer, nullable=False),
    at("created_at"),
    UniqueConstraint("workspace_id", "key"),
)

observe_keys = Table(
    "observe_keys",
    metadata,
    #: what clients send; public by nature, as in a DSN
    Column("key", String(32), primary_key=True),
    Column("app", Integer, ForeignKey("observe_apps.number"), nullable=False),
    Column("label", SHORT, nullable=False),
    Column("created_by", LONG, nullable=False),
    at("created_at"),
    at("disabled_at", nullable=True),
    Index("ix_observe_keys_app", "app"),
)

#: counted at acceptance, by hour
observe_usage = Table(
    "observe_usage",
    metadata,
    Column("app", Integer, ForeignKey("observe_apps.number"), primary_key=True, autoincrement=False),
    Column("hour", BigInteger, primary_key=True, autoincrement=False),
    Column("accepted", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)

#: people to be forgotten: what is received of them up to `at` is never shown
observe_erasures = Table(
    "observe_erasures",
    metadata,
    Column("id", ID, primary_key=True),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False),
    Column("person", String(256), nullable=False),
    Column("requested_by", LONG, nullable=False),
    at("at"),
    #: when the last byte had left the disk
    at("done_at", nullable=True),
    Index("ix_observe_erasures_workspace_id", "workspace_id"),
)

#: properties that events have been seen with, kept at ingest
observe_properties = Table(
    "observe_properties",
    metadata,
    Column("app", Integer, ForeignKey("observe_apps.number"), primary_key=True, autoincrement=False),
    Column("event", String(200), primary_key=True),
    Column("path", String(200), primary_key=True),
    #: type → events that had it: {"number": 12, "text": 3}
    Column("types", Json, nullable=False),
    at("first_seen_at"),
    at("last_seen_at"),
)

crash_groups = Table(
    "crash_groups",
    metadata,
    Column("id", ID, primary_key=True),
    Column("app", Integer, ForeignKey("observe_apps.number"), nullable=False),
    Column("algorithm", Integer, nullable=False),
    #: fingerprint in hexadecimal; its first 64 bits are the store's `group`
    Column("hash", SHA256, nullable=False),
    #: those 64 bits, 16 digits
    Column("short", String(16), nullable=False),
    Column("title", LONG, nullable=False),
    Column("culprit", LONG, nullable=False),
    Column("fatal", Boolean, nullable=False),
    #: of `crashes.rules.GroupState`
    Column("state", String(12), nullable=False),
    Column("assigned_to", ID, ForeignKey("users.id")),
    at("muted_until", nullable=True),
    #: muted until there were more occurrences than these
    Column("muted_above", BigInteger),
    at("closed_at", nullable=True),
    #: in which version code it was said to be mended
    Column("closed_in", BigInteger),
    at("first_seen_at"),
    at("last_seen_at"),
    #: when pages were last told that it has happened again
    at("told_at"),
    #: of the lowest version code that it was seen in: where it came into the program
    Column("first_version", SHORT, nullable=False),
    Column("first_code", BigInteger, nullable=False),
    Column("first_release", String(36), nullable=False),
    Column("last_version", SHORT, nullable=False),
    #: counted when they were stored; reports count in the events store
    Column("occurrences", BigInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("app", "algorithm", "hash"),
    Index("ix_crash_groups_app_last_seen_at", "app", "last_seen_at"),
    Index("ix_crash_groups_app_short", "app", "short"),
)

crash_activities = Table(
    "crash_activities",
    metadata,
    Column("id", ID, primary_key=True),
    Column("group_id", ID, ForeignKey("crash_groups.id"), nullable=False),
    at("at"),
    Column("actor", LONG, nullable=False),
    Column("action", String(20), nullable=False),
    Column("detail", Json, nullable=False),
    Index("ix_crash_activities_group_id", "group_id"),
)

#: source maps of versions: blobs with the archives that their packages brought
observe_symbols = Table(
    "observe_symbols",
    metadata,
    Column("app", Integer, ForeignKey("observe_apps.number"), primary_key=True, autoincrement=False),
    Column("code", BigInteger, primary_key=True, autoincrement=False),
    Column("sha256", SHA256, nullable=False),
    at("created_at"),
)

#: a phone was asked for its log
log_pulls = Table(
    "log_pulls",
    metadata,
    Column("id", ID, primary_key=True),
    Column("app", Integer, ForeignKey("observe_apps.number"), nullable=False),
    Column("device", String(128), nullable=False),
    #: of `logs.pulls.PullState`
    Column("state", String(12), nullable=False),
    at("from_at"),
    at("until_at"),
    #: why, in the words of whoever asked
    Column("reason", LONG, nullable=False),
    Column("requested_by", LONG, nullable=False),
    at("requested_at"),
    at("expires_at"),
    at("arrived_at", nullable=True),
    Index("ix_log_pulls_app_device", "app", "device"),
)

saved_questions = Table(
    "saved_questions",
    metadata,
    Column("id", ID, primary_key=True),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False),
    Column("app", Integer, ForeignKey("observe_apps.number"), nullable=False),
    Column("name", LONG, nullable=False),
    #: of `questions.interfaces.Question`
    Column("question", Json, nullable=False),
    Column("created_by", LONG, nullable=False),
    at("created_at"),
    Column("revision", Integer, nullable=False),
    Index("ix_saved_questions_workspace_id", "workspace_id"),
)

dashboards = Table(
    "dashboards",
    metadata,
    Column("id", ID, primary_key=True),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False),
    Column("name", LONG, nullable=False),
    #: list of {"question": id, "width": columns}
    Column("tiles", Json, nullable=False),
    Column("created_by", LONG, nullable=False),
    at("created_at"),
    Column("revision", Integer, nullable=False),
    Index("ix_dashboards_workspace_id", "workspace_id"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", ID, primary_key=True),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False),
    Column("app", Integer, ForeignKey("observe_apps.number"), nullable=False),
    Column("name", LONG, nullable=False),
    #: of `alerts.interfaces.AlertRule`
    Column("rule", Json, nullable=False),
    #: where it is told; addresses hold passwords, so they are sealed with the server's key
    Column("channels", Text, nullable=False),
    #: of what is told
    Column("language", String(10), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("state", String(12), nullable=False),
    #: what a sequential comparison remembers between looks
    Column("memory", Json, nullable=False),
    at("looked_at", nullable=True),
    at("muted_until", nullable=True),
    Column("created_by", LONG, nullable=False),
    at("created_at"),
    Column("revision", Integer, nullable=False),
    Index("ix_alerts_workspace_id", "workspace_id"),
)

alert_incidents = Table(
    "alert_incidents",
    metadata,
    Column("id", ID, primary_key=True),
    Column("alert_id", ID, ForeignKey("alerts.id"), nullable=False),
    at("opened_at"),
    at("resolved_at", nullable=True),
    #: numbers that opened it, and the last ones
    Column("detail", Json, nullable=False),
    #: by channel: when it was told, or why not
    Column("told", Json, nullable=False),
    Index("ix_alert_incidents_alert_id", "alert_id"),
)
