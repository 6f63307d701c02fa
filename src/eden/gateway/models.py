"""The tables of serving, on the ground's `metadata`."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from eden.base.tables import ID, LONG, Json, at, metadata

#: of an app, of a secret, of a key
KEY = String(64)

#: every revision of a workspace's catalogue, whole; the highest one counts
gateway_catalogues = Table(
    "gateway_catalogues",
    metadata,
    Column("workspace_id", ID, ForeignKey("workspaces.id"), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    #: `interfaces.Catalogue` as JSON with sorted names, by Zstandard
    Column("document", LargeBinary, nullable=False),
    #: what changed from the revision before: {"added": […], "changed": […], "removed": […]} of places
    Column("summary", Json, nullable=False),
    Column("author", LONG, nullable=False),
    Column("author_id", ID, nullable=False),
    #: why, in the author's words
    Column("note", LONG, nullable=False),
    at("at"),
)

#: who may call
gateway_apps = Table(
    "gateway_apps",
    metadata,
    #: AppId; one on the whole platform, since a call names nothing else
    Column("key", KEY, primary_key=True),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False),
    Column("name", LONG, nullable=False),
    Column("open", Boolean, nullable=False),
    #: `interfaces.Limits`; none: the catalogue's
    Column("limits", Json),
    Column("created_by", LONG, nullable=False),
    at("created_at"),
    Column("revision", Integer, nullable=False),
    Index("ix_gateway_apps_workspace_id", "workspace_id"),
)

#: what apps sign with
gateway_secrets = Table(
    "gateway_secrets",
    metadata,
    Column("app", KEY, ForeignKey("gateway_apps.key"), primary_key=True),
    Column("kid", KEY, primary_key=True),
    #: of `interfaces.SignatureAlgorithm`
    Column("algorithm", String(20), nullable=False),
    #: under the server's secret
    Column("sealed", LargeBinary, nullable=False),
    Column("created_by", LONG, nullable=False),
    at("created_at"),
    #: not accepted from then on; may be in the future, while installed apps migrate
    at("retires_at", nullable=True),
)

#: what callers encrypt to
gateway_keys = Table(
    "gateway_keys",
    metadata,
    Column("app", KEY, ForeignKey("gateway_apps.key"), primary_key=True),
    Column("kid", KEY, primary_key=True),
    #: of `interfaces.EncryptionAlgorithm`
    Column("algorithm", String(20), nullable=False),
    Column("public", LargeBinary, nullable=False),
    #: the private key under the server's secret
    Column("sealed", LargeBinary, nullable=False),
    Column("created_by", LONG, nullable=False),
    at("created_at"),
    at("retires_at", nullable=True),
)
