"""The tables of the secure keyboard, on the ground's `metadata`. Nothing that was typed is in any of them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from eden.base.tables import ID, LONG, Json, at, metadata

#: of a purpose, a kind, an app, an account
WORD = String(64)

#: keys of every use (`interfaces.KeyAlgorithm`)
keyboard_keys = Table(
    "keyboard_keys",
    metadata,
    Column("kid", WORD, primary_key=True),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False),
    Column("algorithm", String(20), nullable=False),
    #: empty of secret keys
    Column("public", LargeBinary, nullable=False),
    #: what the vault keeps of it: sealed by the server's secret, or a name of a hardware module's
    Column("kept", LargeBinary, nullable=False),
    at("created_at"),
    #: not used for new things from then on; null: the newest of its algorithm
    at("replaced_at", nullable=True),
    #: not used at all from then on, and removed
    at("ends_at", nullable=True),
    Index("ix_keyboard_keys_workspace_id", "workspace_id"),
)

#: what values are asked for, and which services may have them
keyboard_purposes = Table(
    "keyboard_purposes",
    metadata,
    Column("workspace_id", ID, ForeignKey("workspaces.id"), primary_key=True),
    Column("name", WORD, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("shortest", Integer, nullable=False),
    Column("longest", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("lock_seconds", Integer, nullable=False),
    #: ids of tokens
    Column("verifiers", Json, nullable=False),
    Column("openers", Json, nullable=False),
    Column("created_by", LONG, nullable=False),
    at("created_at"),
    Column("revision", Integer, nullable=False),
)

#: sessions whose value has come back, until they have ended
keyboard_spent = Table(
    "keyboard_spent",
    metadata,
    Column("session", WORD, primary_key=True),
    at("expires_at"),
    Index("ix_keyboard_spent_expires_at", "expires_at"),
)

#: what values are compared with: a password's Argon2id hash, a PIN's enciphered block
keyboard_references = Table(
    "keyboard_references",
    metadata,
    Column("workspace_id", ID, ForeignKey("workspaces.id"), primary_key=True),
    Column("purpose", WORD, primary_key=True),
    #: as the service names it
    Column("account", WORD, primary_key=True),
    #: of a PIN: the key of its block; null of a password
    Column("kid", WORD),
    Column("reference", LargeBinary, nullable=False),
    #: wrong ones in a row; counted before a value is opened
    Column("tries", Integer, nullable=False),
    #: -1: until it is unlocked
    Column("locked_until", BigInteger),
    at("set_at"),
)

#: what was done with sealed values
keyboard_log = Table(
    "keyboard_log",
    metadata,
    Column("id", ID, primary_key=True),
    Column("workspace_id", ID, ForeignKey("workspaces.id"), nullable=False),
    at("at"),
    Column("actor", LONG, nullable=False),
    Column("action", String(20), nullable=False),
    Column("purpose", WORD, nullable=False),
    Column("account", WORD, nullable=False),
    Column("outcome", String(20), nullable=False),
    Index("ix_keyboard_log_workspace_id_id", "workspace_id", "id"),
    Index("ix_keyboard_log_at", "at"),
)
