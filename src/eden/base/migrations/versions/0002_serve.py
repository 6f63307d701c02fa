"""Serving: catalogues, apps that may call, what the gateway counted; the secure keyboard."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "keyboard_spent",
        sa.Column("session", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("session", name="pk_keyboard_spent"),
        if_not_exists=True,
    )
    op.create_index("ix_keyboard_spent_expires_at", "keyboard_spent", ["expires_at"], if_not_exists=True)
    op.create_table(
        "gateway_apps",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(400), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("limits", sa.Text(), nullable=True),
        sa.Column("created_by", sa.String(400), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_gateway_apps"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_gateway_apps_workspace_id"),
        if_not_exists=True,
    )
    op.create_index("ix_gateway_apps_workspace_id", "gateway_apps", ["workspace_id"], if_not_exists=True)
    op.create_table(
        "gateway_catalogues",
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("author", sa.String(400), nullable=False),
        sa.Column("author_id", sa.String(36), nullable=False),
        sa.Column("note", sa.String(400), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "revision", name="pk_gateway_catalogues"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_gateway_catalogues_workspace_id"),
        if_not_exists=True,
    )
    op.create_table(
        "gateway_figures",
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("operation", sa.String(128), nullable=False),
        sa.Column("length", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("worker", sa.String(40), nullable=False),
        sa.Column("tally", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "operation", "length", "at", "worker", name="pk_gateway_figures"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_gateway_figures_workspace_id"),
        if_not_exists=True,
    )
    op.create_index("ix_gateway_figures_length_at", "gateway_figures", ["length", "at"], if_not_exists=True)
    op.create_table(
        "gateway_traces",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("trace", sa.String(32), nullable=False),
        sa.Column("operation", sa.String(128), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gateway_traces"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_gateway_traces_workspace_id"),
        if_not_exists=True,
    )
    op.create_index("ix_gateway_traces_at", "gateway_traces", ["at"], if_not_exists=True)
    op.create_index("ix_gateway_traces_trace", "gateway_traces", ["trace"], if_not_exists=True)
    op.create_index("ix_gateway_traces_workspace_id_at", "gateway_traces", ["workspace_id", "at"], if_not_exists=True)
    op.create_table(
        "keyboard_keys",
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("algorithm", sa.String(20), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("kept", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.BigInteger(), nullable=True),
        sa.Column("ends_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("kid", name="pk_keyboard_keys"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_keyboard_keys_workspace_id"),
        if_not_exists=True,
    )
    op.create_index("ix_keyboard_keys_workspace_id", "keyboard_keys", ["workspace_id"], if_not_exists=True)
    op.create_table(
        "keyboard_log",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(400), nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_keyboard_log"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_keyboard_log_workspace_id"),
        if_not_exists=True,
    )
    op.create_index("ix_keyboard_log_at", "keyboard_log", ["at"], if_not_exists=True)
    op.create_index("ix_keyboard_log_workspace_id_id", "keyboard_log", ["workspace_id", "id"], if_not_exists=True)
    op.create_table(
        "keyboard_purposes",
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("shortest", sa.Integer(), nullable=False),
        sa.Column("longest", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("lock_seconds", sa.Integer(), nullable=False),
        sa.Column("verifiers", sa.Text(), nullable=False),
        sa.Column("openers", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(400), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "name", name="pk_keyboard_purposes"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_keyboard_purposes_workspace_id"),
        if_not_exists=True,
    )
    op.create_table(
        "keyboard_references",
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("purpose", sa.String(64), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("kid", sa.String(64), nullable=True),
        sa.Column("reference", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=True),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "purpose", "account", name="pk_keyboard_references"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_keyboard_references_workspace_id"),
        if_not_exists=True,
    )
    op.create_table(
        "gateway_keys",
        sa.Column("app", sa.String(64), nullable=False),
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("algorithm", sa.String(20), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.String(400), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("retires_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("app", "kid", name="pk_gateway_keys"),
        sa.ForeignKeyConstraint(["app"], ["gateway_apps.key"], name="fk_gateway_keys_app"),
        if_not_exists=True,
    )
    op.create_table(
        "gateway_secrets",
        sa.Column("app", sa.String(64), nullable=False),
        sa.Column("kid", sa.String(64), nullable=False),
        sa.Column("algorithm", sa.String(20), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.String(400), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("retires_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("app", "kid", name="pk_gateway_secrets"),
        sa.ForeignKeyConstraint(["app"], ["gateway_apps.key"], name="fk_gateway_secrets_app"),
        if_not_exists=True,
    )
