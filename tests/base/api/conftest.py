"""One store for all tests of a module."""

from __future__ import annotations

from tests.stores import database, store

__all__ = ["database", "store"]
