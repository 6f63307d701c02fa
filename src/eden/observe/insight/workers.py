"""What the insight process does besides answering questions."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from eden.base.settings import Settings
from eden.observe.insight.engine import Engine
from eden.observe.insight.memory import collect_garbage

if TYPE_CHECKING:
    from eden.base.ground import Ground

#: rest before workers that could not begin try again
_AGAIN_SECONDS = 2.0

log = logging.getLogger("eden.insight")


class Worker(Protocol):
    """Works on threads of its own."""

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


class Workers:
    """All of them as one. They begin on a thread: what they load is half of what the process loads, and whoever asks
    need not wait for it. Where they cannot (the disk is full), they try again."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        self._ground: Ground | None = None
        self._members: Sequence[Worker] = ()
        self._begun = threading.Event()
        self._failed = ""
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="eden-workers", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()
        stop(self._members)
        if self._ground is not None:
            self._ground.close()

    def settled(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        return self._begun.wait(seconds) and all(
            member.settled(max(0.0, until - time.monotonic())) for member in self._members
        )

    def figures(self) -> Mapping[str, float]:
        if not self._begun.is_set():
            return {"digest_failing": float(bool(self._failed))}
        return {name: value for member in self._members for name, value in member.figures().items()}

    def _run(self) -> None:
        while not self._end.is_set():
            try:
                self._begin()
            except Exception as error:
                if str(error) != self._failed:
                    log.error("reports cannot be stored now: %s", error, exc_info=not hasattr(error, "hint"))
                self._failed = str(error) or type(error).__name__
            else:
                self._begun.set()
                return
            finally:
                collect_garbage()
            self._end.wait(_AGAIN_SECONDS)

    def _begin(self) -> None:
        from eden.base.ground import open_ground

        if self._ground is None:
            self._ground = open_ground(self._settings)
        members = made(self._engine, self._ground)
        # the first one may fail, and is made again
        for member in members:
            member.start()
        self._members = members


def made(engine: Engine, ground: Ground) -> Sequence[Worker]:
    """All of them, in the order in which they start."""
    from eden.observe.digest.inserter import Inserter
    from eden.observe.insight.forgetter import Forgetter
    from eden.observe.insight.keeper import Keeper

    return [Inserter(engine, ground), Keeper(engine, ground), Forgetter(engine)]


def stop(workers: Sequence[Worker], seconds: float | None = None) -> bool:
    """Side by side; whether all have stopped in that time."""
    threads = [threading.Thread(target=worker.stop, daemon=True) for worker in workers]
    for thread in threads:
        thread.start()
    until = None if seconds is None else time.monotonic() + seconds
    for thread in threads:
        thread.join(until and max(0.0, until - time.monotonic()))
    return not any(thread.is_alive() for thread in threads)
