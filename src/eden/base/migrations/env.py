"""Alembic's entry: runs steps on the connection that `eden.base.migrate` has opened, inside its transaction."""

from __future__ import annotations

from alembic import context

from eden.base.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
context.run_migrations()
