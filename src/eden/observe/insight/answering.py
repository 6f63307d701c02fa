"""Answers to what server processes ask of the insight process; every method blocks and is called on a thread."""

from __future__ import annotations

import time
from collections.abc import Sequence

from eden.observe import schema
from eden.observe.insight import erasure, status
from eden.observe.insight.engine import Engine
from eden.observe.insight.hidden import FILTERS
from eden.observe.insight.wire import Ask, Erase, Look, Settle
from eden.observe.insight.workers import Worker


class Answering:
    """`cap`: the engine's memory in bytes."""

    def __init__(self, engine: Engine, workers: Sequence[Worker] = (), *, cap: int = 0) -> None:
        self._engine = engine
        self._workers = workers
        self._cap = cap

    def answer(self, request: Ask | Look | Settle | Erase, mark: str = "") -> bytes:
        """The answer's bytes. Raises StoreError."""
        match request:
            case Ask():
                settings = dict(request.settings)
                if request.app is not None:
                    settings[FILTERS] = schema.only(request.app)
                return self._engine.read(
                    request.sql,
                    request.parameters,
                    limits=request.limits,
                    settings=settings,
                    form=request.form,
                    mark=mark,
                )
            case Look():
                return status.look(self._engine, self._workers, cap=self._cap)
            case Settle():
                until = time.monotonic() + request.seconds
                done = all(worker.settled(max(0.0, until - time.monotonic())) for worker in self._workers)
                return b"true" if done else b"false"
            case Erase():
                erasure.erase(self._engine, request.app, request.person, request.before)
                return b"true"

    def rest(self) -> None:
        """Nothing is asked."""
        self._engine.rest()

    def stop(self, mark: str) -> None:
        """End the question under `mark`."""
        self._engine.stop(mark)
