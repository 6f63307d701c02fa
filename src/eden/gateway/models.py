"""The tables of serving, on the ground's `metadata`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

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

#: what the data plane counted of an operation, per span of time; seconds become minutes, minutes hours
gateway_figures = Table(
    "gateway_figures",
    metadata,
    Column("workspace_id", ID, ForeignKey("workspaces.id"), primary_key=True),
    Column("operation", String(128), primary_key=True),
    #: of the span, in seconds: 1, 60 or 3600
    Column("length", Integer, primary_key=True, autoincrement=False),
    #: begin of the span, µs
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    #: which process counted; empty: several, added up
    Column("worker", String(40), primary_key=True),
    #: `figures.Tally` as MessagePack
    Column("tally", LargeBinary, nullable=False),
    Index("ix_gateway_figures_length_at", "length", "at"),
)

#: calls that did not end well, and slow ones
gateway_traces = Table(
    "gateway_traces",
    metadata,
    Column("id", ID, primary_key=True),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False),
    #: W3C trace id, 32 hexadecimal digits
    Column("trace", String(32), nullable=False),
    Column("operation", String(128), nullable=False),
    at("at"),
    #: `traces.Trace` as JSON
    Column("about", Json, nullable=False),
    Index("ix_gateway_traces_trace", "trace"),
    Index("ix_gateway_traces_workspace_id_at", "workspace_id", "at"),
    Index("ix_gateway_traces_at", "at"),
)
