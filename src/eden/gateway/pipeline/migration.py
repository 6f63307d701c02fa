"""Moving traffic to another upstream by share: the same caller goes the same way every time, and stays as the share
grows.
"""

from __future__ import annotations

from eden.base.targeting import bucket, in_share
from eden.gateway.interfaces import Migration

_BASIS_POINTS = 100


class CompiledMigration:
    """A migration, ready for use. `upstream`: "GROUP/NAME"."""

    __slots__ = ("_all", "_salt", "_share", "upstream")

    def __init__(self, operation: str, group: str, migration: Migration) -> None:
        self.upstream = f"{group}/{migration.upstream}"
        self._all = migration.complete
        self._share = migration.percent * _BASIS_POINTS
        self._salt = f"gateway migration {operation} {migration.upstream}"

    def takes(self, device: str) -> bool:
        """Whether the calls of this device go there."""
        return self._all or (self._share > 0 and in_share(bucket(self._salt, device), self._share))
