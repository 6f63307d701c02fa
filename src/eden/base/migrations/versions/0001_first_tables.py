"""The first version's tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
        if_not_exists=True,
    )
    op.create_index("ix_attempts_expires_at", "attempts", ["expires_at"], if_not_exists=True)
    op.create_table(
        "audit",
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(400), nullable=False),
        sa.Column("action", sa.String(80), nullable=False),
        sa.Column("target", sa.String(400), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "seq", name="pk_audit"),
        if_not_exists=True,
    )
    op.create_table(
        "audit_heads",
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("mac", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", name="pk_audit_heads"),
        if_not_exists=True,
    )
    op.create_table(
        "blob_marks",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_blob_marks"),
        if_not_exists=True,
    )
    op.create_table(
        "changes",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(80), nullable=False),
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_changes"),
        if_not_exists=True,
    )
    op.create_index("ix_changes_at", "changes", ["at"], if_not_exists=True)
    op.create_table(
        "counters",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
        if_not_exists=True,
    )
    op.create_table(
        "idempotency",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("request", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_idempotency"),
        if_not_exists=True,
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"], if_not_exists=True)
    op.create_table(
        "installation",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_installation"),
        if_not_exists=True,
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(80), nullable=False),
        sa.Column("key", sa.String(400), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("run_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.UniqueConstraint("kind", "key", name="uq_jobs_kind_key"),
        if_not_exists=True,
    )
    op.create_index("ix_jobs_state_run_at", "jobs", ["state", "run_at"], if_not_exists=True)
    op.create_table(
        "oidc_flows",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("browser", sa.String(64), nullable=False),
        sa.Column("nonce", sa.String(80), nullable=False),
        sa.Column("verifier", sa.String(128), nullable=False),
        sa.Column("destination", sa.String(400), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_oidc_flows"),
        if_not_exists=True,
    )
    op.create_index("ix_oidc_flows_expires_at", "oidc_flows", ["expires_at"], if_not_exists=True)
    op.create_table(
        "report_batches",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_report_batches"),
        if_not_exists=True,
    )
    op.create_index("ix_report_batches_at", "report_batches", ["at"], if_not_exists=True)
    op.create_table(
        "users",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("name", sa.String(400), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=True),
        sa.Column("oidc_subject", sa.String(300), nullable=True),
        sa.Column("locale", sa.String(10), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email", name="uq_users_email"),
        sa.UniqueConstraint("oidc_subject", name="uq_users_oidc_subject"),
        if_not_exists=True,
    )
    op.create_table(
        "workspaces",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("slug", sa.String(40), nullable=False),
        sa.Column("name", sa.String(400), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workspaces"),
        sa.UniqueConstraint("slug", name="uq_workspaces_slug"),
        if_not_exists=True,
    )
    op.create_table(
        "dashboards",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(400), nullable=False),
        sa.Column("tiles", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(400), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dashboards"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_dashboards_workspace_id"),
        if_not_exists=True,
    )
    op.create_index("ix_dashboards_workspace_id", "dashboards", ["workspace_id"], if_not_exists=True)
    op.create_table(
        "devices",
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("device_id", sa.String(128), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("user_id", sa.String(256), nullable=True),
        sa.Column("installed", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "device_id", name="pk_devices"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_devices_workspace_id"),
        if_not_exists=True,
    )
    op.create_index("ix_devices_workspace_id_seen_at", "devices", ["workspace_id", "seen_at"], if_not_exists=True)
    op.create_index("ix_devices_workspace_id_user_id", "devices", ["workspace_id", "user_id"], if_not_exists=True)
    op.create_table(
        "host_apps",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("name", sa.String(400), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_host_apps"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_host_apps_workspace_id"),
        sa.UniqueConstraint("workspace_id", "key", name="uq_host_apps_workspace_id_key"),
        if_not_exists=True,
    )
    op.create_table(
        "invitations",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_invitations_user_id"),
        if_not_exists=True,
    )
    op.create_index("ix_invitations_user_id", "invitations", ["user_id"], if_not_exists=True)
    op.create_table(
        "lists",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("root", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("ids_sha256", sa.String(64), nullable=True),
        sa.Column("leaves_sha256", sa.String(64), nullable=True),
        sa.Column("patterns", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(400), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lists"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_lists_workspace_id"),
        sa.UniqueConstraint("workspace_id", "name", name="uq_lists_workspace_id_name"),
        if_not_exists=True,
    )
    op.create_table(
        "members",
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "user_id", name="pk_members"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_members_user_id"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_members_workspace_id"),
        if_not_exists=True,
    )
    op.create_index("ix_members_user_id", "members", ["user_id"], if_not_exists=True)
    op.create_table(
        "metadata_files",
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "name", "version", name="pk_metadata_files"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_metadata_files_workspace_id"),
        if_not_exists=True,
    )
    op.create_index("ix_metadata_files_created_at", "metadata_files", ["created_at"], if_not_exists=True)
    op.create_table(
        "metadata_heads",
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "name", name="pk_metadata_heads"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_metadata_heads_workspace_id"),
        if_not_exists=True,
    )
    op.create_index("ix_metadata_heads_expires_at", "metadata_heads", ["expires_at"], if_not_exists=True)
    op.create_table(
        "observe_apps",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_observe_apps"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_observe_apps_workspace_id"),
        sa.UniqueConstraint("workspace_id", "key", name="uq_observe_apps_workspace_id_key"),
        if_not_exists=True,
    )
    op.create_table(
        "observe_erasures",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("person", sa.String(256), nullable=False),
        sa.Column("requested_by", sa.String(400), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_observe_erasures"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_observe_erasures_workspace_id"),
        if_not_exists=True,
    )
    op.create_index("ix_observe_erasures_workspace_id", "observe_erasures", ["workspace_id"], if_not_exists=True)
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(36), nullable=False),
        sa.Column("csrf", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_user_id"),
        if_not_exists=True,
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"], if_not_exists=True)
    op.create_table(
        "signing_keys",
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("role", sa.String(12), nullable=False),
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("scheme", sa.String(32), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "role", "key_id", name="pk_signing_keys"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_signing_keys_workspace_id"),
        if_not_exists=True,
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(36), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name="fk_tokens_created_by"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_tokens_workspace_id"),
        sa.UniqueConstraint("secret_hash", name="uq_tokens_secret_hash"),
        if_not_exists=True,
    )
    op.create_index("ix_tokens_workspace_id", "tokens", ["workspace_id"], if_not_exists=True)
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("app", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(400), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("channels", sa.Text(), nullable=False),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("memory", sa.Text(), nullable=False),
        sa.Column("looked_at", sa.BigInteger(), nullable=True),
        sa.Column("muted_until", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.String(400), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
        sa.ForeignKeyConstraint(["app"], ["observe_apps.number"], name="fk_alerts_app"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_alerts_workspace_id"),
        if_not_exists=True,
    )
    op.create_index("ix_alerts_workspace_id", "alerts", ["workspace_id"], if_not_exists=True)
    op.create_table(
        "crash_groups",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("app", sa.Integer(), nullable=False),
        sa.Column("algorithm", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("short", sa.String(16), nullable=False),
        sa.Column("title", sa.String(400), nullable=False),
        sa.Column("culprit", sa.String(400), nullable=False),
        sa.Column("fatal", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("assigned_to", sa.String(36), nullable=True),
        sa.Column("muted_until", sa.BigInteger(), nullable=True),
        sa.Column("muted_above", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_in", sa.BigInteger(), nullable=True),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("first_version", sa.String(80), nullable=False),
        sa.Column("first_code", sa.BigInteger(), nullable=False),
        sa.Column("first_release", sa.String(36), nullable=False),
        sa.Column("last_version", sa.String(80), nullable=False),
        sa.Column("occurrences", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_crash_groups"),
        sa.ForeignKeyConstraint(["app"], ["observe_apps.number"], name="fk_crash_groups_app"),
        sa.ForeignKeyConstraint(["assigned_to"], ["users.id"], name="fk_crash_groups_assigned_to"),
        sa.UniqueConstraint("app", "algorithm", "hash", name="uq_crash_groups_app_algorithm_hash"),
        if_not_exists=True,
    )
    op.create_index("ix_crash_groups_app_last_seen_at", "crash_groups", ["app", "last_seen_at"], if_not_exists=True)
    op.create_index("ix_crash_groups_app_short", "crash_groups", ["app", "short"], if_not_exists=True)
    op.create_table(
        "log_pulls",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("app", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(128), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.Column("requested_by", sa.String(400), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("arrived_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_log_pulls"),
        sa.ForeignKeyConstraint(["app"], ["observe_apps.number"], name="fk_log_pulls_app"),
        if_not_exists=True,
    )
    op.create_index("ix_log_pulls_app_device", "log_pulls", ["app", "device"], if_not_exists=True)
    op.create_table(
        "observe_keys",
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("app", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("created_by", sa.String(400), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_observe_keys"),
        sa.ForeignKeyConstraint(["app"], ["observe_apps.number"], name="fk_observe_keys_app"),
        if_not_exists=True,
    )
    op.create_index("ix_observe_keys_app", "observe_keys", ["app"], if_not_exists=True)
    op.create_table(
        "observe_properties",
        sa.Column("app", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event", sa.String(200), nullable=False),
        sa.Column("path", sa.String(200), nullable=False),
        sa.Column("types", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("app", "event", "path", name="pk_observe_properties"),
        sa.ForeignKeyConstraint(["app"], ["observe_apps.number"], name="fk_observe_properties_app"),
        if_not_exists=True,
    )
    op.create_table(
        "observe_symbols",
        sa.Column("app", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("app", "code", name="pk_observe_symbols"),
        sa.ForeignKeyConstraint(["app"], ["observe_apps.number"], name="fk_observe_symbols_app"),
        if_not_exists=True,
    )
    op.create_table(
        "observe_usage",
        sa.Column("app", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hour", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("app", "hour", name="pk_observe_usage"),
        sa.ForeignKeyConstraint(["app"], ["observe_apps.number"], name="fk_observe_usage_app"),
        if_not_exists=True,
    )
    op.create_table(
        "programs",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("host_app_id", sa.String(36), nullable=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("name", sa.String(400), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("app_id", sa.String(128), nullable=True),
        sa.Column("created_by", sa.String(400), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_programs"),
        sa.ForeignKeyConstraint(["host_app_id"], ["host_apps.id"], name="fk_programs_host_app_id"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_programs_workspace_id"),
        sa.UniqueConstraint("workspace_id", "key", name="uq_programs_workspace_id_key"),
        if_not_exists=True,
    )
    op.create_table(
        "saved_questions",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("app", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(400), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(400), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_saved_questions"),
        sa.ForeignKeyConstraint(["app"], ["observe_apps.number"], name="fk_saved_questions_app"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_saved_questions_workspace_id"),
        if_not_exists=True,
    )
    op.create_index("ix_saved_questions_workspace_id", "saved_questions", ["workspace_id"], if_not_exists=True)
    op.create_table(
        "alert_incidents",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("alert_id", sa.String(36), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alert_incidents"),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name="fk_alert_incidents_alert_id"),
        if_not_exists=True,
    )
    op.create_index("ix_alert_incidents_alert_id", "alert_incidents", ["alert_id"], if_not_exists=True)
    op.create_table(
        "crash_activities",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("group_id", sa.String(36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(400), nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_crash_activities"),
        sa.ForeignKeyConstraint(["group_id"], ["crash_groups.id"], name="fk_crash_activities_group_id"),
        if_not_exists=True,
    )
    op.create_index("ix_crash_activities_group_id", "crash_activities", ["group_id"], if_not_exists=True)
    op.create_table(
        "version_counts",
        sa.Column("program_id", sa.String(36), nullable=False),
        sa.Column("code", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("offered", sa.BigInteger(), nullable=False),
        sa.Column("downloaded", sa.BigInteger(), nullable=False),
        sa.Column("installed", sa.BigInteger(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("first_page", sa.BigInteger(), nullable=False),
        sa.Column("crash", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("bad", sa.BigInteger(), nullable=False),
        sa.Column("rolled_back", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("exposed", sa.BigInteger(), nullable=False),
        sa.Column("crashed", sa.BigInteger(), nullable=False),
        sa.Column("unstarted", sa.BigInteger(), nullable=False),
        sa.Column("erred", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("program_id", "code", "at", name="pk_version_counts"),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name="fk_version_counts_program_id"),
        if_not_exists=True,
    )
    op.create_table(
        "versions",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("program_id", sa.String(36), nullable=False),
        sa.Column("code", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("signed_state", sa.String(12), nullable=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("container", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("author", sa.String(400), nullable=False),
        sa.Column("author_id", sa.String(36), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_versions"),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name="fk_versions_program_id"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_versions_workspace_id"),
        sa.UniqueConstraint("program_id", "code", name="uq_versions_program_id_code"),
        if_not_exists=True,
    )
    op.create_index(
        "ix_versions_program_id_signed_state", "versions", ["program_id", "signed_state"], if_not_exists=True
    )
    op.create_index(
        "ix_versions_workspace_id_created_at", "versions", ["workspace_id", "created_at"], if_not_exists=True
    )
    op.create_table(
        "releases",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("program_id", sa.String(36), nullable=False),
        sa.Column("version_id", sa.String(36), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("track", sa.String(10), nullable=False),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("previous_code", sa.BigInteger(), nullable=True),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("step_share", sa.Integer(), nullable=False),
        sa.Column("step_started_at", sa.BigInteger(), nullable=True),
        sa.Column("stopped_at", sa.BigInteger(), nullable=True),
        sa.Column("stopped_us", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.String(16), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("offering", sa.String(60), nullable=True),
        sa.Column("created_by", sa.String(400), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_releases"),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name="fk_releases_program_id"),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name="fk_releases_version_id"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_releases_workspace_id"),
        sa.UniqueConstraint("offering", name="uq_releases_offering"),
        if_not_exists=True,
    )
    op.create_index("ix_releases_program_id_created_at", "releases", ["program_id", "created_at"], if_not_exists=True)
    op.create_index("ix_releases_state", "releases", ["state"], if_not_exists=True)
    op.create_index(
        "ix_releases_workspace_id_created_at", "releases", ["workspace_id", "created_at"], if_not_exists=True
    )
    op.create_table(
        "reviews",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("version_id", sa.String(36), nullable=False),
        sa.Column("reviewer", sa.String(400), nullable=False),
        sa.Column("reviewer_id", sa.String(36), nullable=False),
        sa.Column("verdict", sa.String(12), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reviews"),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name="fk_reviews_version_id"),
        if_not_exists=True,
    )
    op.create_index("ix_reviews_version_id_at", "reviews", ["version_id", "at"], if_not_exists=True)
    op.create_table(
        "trials",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("workspace_id", sa.String(36), nullable=False),
        sa.Column("program_id", sa.String(36), nullable=False),
        sa.Column("version_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("track", sa.String(10), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.String(400), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_trials"),
        sa.ForeignKeyConstraint(["program_id"], ["programs.id"], name="fk_trials_program_id"),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name="fk_trials_version_id"),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspaces.id"], name="fk_trials_workspace_id"),
        sa.UniqueConstraint("token_hash", name="uq_trials_token_hash"),
        if_not_exists=True,
    )
    op.create_index("ix_trials_expires_at", "trials", ["expires_at"], if_not_exists=True)
    op.create_index("ix_trials_program_id_created_at", "trials", ["program_id", "created_at"], if_not_exists=True)
    op.create_index("ix_trials_version_id", "trials", ["version_id"], if_not_exists=True)
    op.create_table(
        "version_files",
        sa.Column("version_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(400), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("served", sa.Boolean(), nullable=False),
        sa.Column("entries", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version_id", "name", name="pk_version_files"),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name="fk_version_files_version_id"),
        if_not_exists=True,
    )
    op.create_index("ix_version_files_sha256", "version_files", ["sha256"], if_not_exists=True)
    op.create_table(
        "device_parts",
        sa.Column("release_id", sa.String(36), nullable=False),
        sa.Column("device_id", sa.String(128), nullable=False),
        sa.Column("has", sa.Boolean(), nullable=False),
        sa.Column("tally", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("release_id", "device_id", name="pk_device_parts"),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name="fk_device_parts_release_id"),
        if_not_exists=True,
    )
    op.create_index("ix_device_parts_release_id_has", "device_parts", ["release_id", "has"], if_not_exists=True)
    op.create_table(
        "release_counts",
        sa.Column("release_id", sa.String(36), nullable=False),
        sa.Column("run", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("arm", sa.String(8), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("offered", sa.BigInteger(), nullable=False),
        sa.Column("downloaded", sa.BigInteger(), nullable=False),
        sa.Column("installed", sa.BigInteger(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("first_page", sa.BigInteger(), nullable=False),
        sa.Column("crash", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.BigInteger(), nullable=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.Column("bad", sa.BigInteger(), nullable=False),
        sa.Column("rolled_back", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("exposed", sa.BigInteger(), nullable=False),
        sa.Column("crashed", sa.BigInteger(), nullable=False),
        sa.Column("unstarted", sa.BigInteger(), nullable=False),
        sa.Column("erred", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("release_id", "run", "arm", "at", name="pk_release_counts"),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name="fk_release_counts_release_id"),
        if_not_exists=True,
    )
    op.create_table(
        "release_events",
        sa.Column("release_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(400), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("release_id", "revision", name="pk_release_events"),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name="fk_release_events_release_id"),
        if_not_exists=True,
    )
    op.create_table(
        "release_guards",
        sa.Column("release_id", sa.String(36), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("looked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("release_id", name="pk_release_guards"),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name="fk_release_guards_release_id"),
        if_not_exists=True,
    )
