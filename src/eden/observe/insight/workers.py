"""What the insight process does besides answering questions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from eden.base.ground import Ground
from eden.observe.insight.engine import Engine


class Worker(Protocol):
    """Made with `(engine, ground)` before anything runs; works on threads of its own."""

    def start(self) -> None: ...

    def stop(self) -> None:
        """Returns when what it was doing is done."""
        ...

    def settled(self, seconds: float) -> bool:
        """Wait until everything that was acknowledged before this call is in the store or in quarantine; False when
        that took longer. Called on a thread."""
        ...

    def figures(self) -> Mapping[str, float]:
        """Numbers for `Status.figures`, by name: `spool_bytes`, `spool_seconds` (age of the oldest that waits), …"""
        ...


def workers(engine: Engine, ground: Ground) -> list[Worker]:
    """All of them, in the order in which they start."""
    from eden.observe.digest.inserter import Inserter
    from eden.observe.insight.forgetter import Forgetter
    from eden.observe.insight.keeper import Keeper

    return [Inserter(engine, ground), Keeper(engine, ground), Forgetter(engine)]
