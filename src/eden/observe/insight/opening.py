"""The engine that the settings name, with its tables."""

from __future__ import annotations

from eden.base.errors import EdenError
from eden.base.settings import Settings
from eden.observe.insight import place
from eden.observe.insight.embedded import Embedded
from eden.observe.insight.engine import Engine
from eden.observe.insight.server import Server
from eden.observe.insight.steps import upgrade


def open_engine(settings: Settings) -> Engine:
    """Open it and make the tables that are missing. Raises EdenError: not installed, in use, newer than
    this version."""
    observe = settings.observe
    engine: Engine
    try:
        if observe.clickhouse:
            engine = Server(observe.clickhouse, cluster=observe.cluster)
        else:
            engine = Embedded(place.store(settings), memory_bytes=observe.memory_bytes)
    except ImportError as error:
        raise EdenError(
            "observe-off", "The engine of the events store is not installed.",
            "Install it: pip install 'eden-platform[observe]'",
        ) from error  # fmt: skip
    try:
        upgrade(engine)
        engine.hidden.load(engine)
    except EdenError:
        engine.close()
        raise
    return engine
