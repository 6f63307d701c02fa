"""`stage`: logs over a real store, whose tables are made once for all tests of a module."""

from __future__ import annotations

from tests.observe.stage import stage

__all__ = ["stage"]
