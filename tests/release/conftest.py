"""Every test of releasing that takes `database` runs on SQLite and on PostgreSQL, with all tables."""

from __future__ import annotations

import eden.release.models  # noqa: F401 - its tables
from tests.base.conftest import database

__all__ = ["database"]
