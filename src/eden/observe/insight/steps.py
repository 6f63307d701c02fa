"""Bringing a store up to this version's tables, one numbered step after the other.

The table `schema_steps` says which were taken. Each may be taken again: a step that was interrupted is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from eden import __version__
from eden.base.errors import EdenError
from eden.observe import schema
from eden.observe.insight.engine import Engine

#: what every step does, by its number; the argument is the cluster's name. Steps 1 and 2 made other columns, before
#: anything was released
STEPS: Mapping[int, Callable[[str], Iterator[str]]] = {3: schema.statements}


def upgrade(engine: Engine, steps: Mapping[int, Callable[[str], Iterator[str]]] = STEPS) -> int:
    """Take the steps that are missing; how many that were. Raises EdenError "newer-store", "old-store"; StoreError."""
    cluster = engine.cluster
    kind = "ReplicatedMergeTree('/clickhouse/tables/all/{database}/{table}', '{shard}-{replica}')"
    engine.query(
        f"CREATE TABLE IF NOT EXISTS schema_steps{schema.on(cluster)}"
        " (step UInt32, eden String, at DateTime('UTC') DEFAULT now('UTC'))"
        f" ENGINE = {kind if cluster else 'MergeTree'} ORDER BY step"
    )
    taken = current(engine)
    if taken > max(steps):
        raise EdenError(
            "newer-store",
            f"The events store is at step {taken}, which this version of Eden does not know.",
            "Install the version that it was used with, or a newer one.",
        )
    if 0 < taken < min(steps):
        raise EdenError(
            "old-store",
            "The events store was made before the first release of Eden, with other columns.",
            "Remove the folder observe in the data folder, or the tables on the server: it is made anew, and empty.",
        )
    missing = [number for number in sorted(steps) if number > taken]
    for number in missing:
        for statement in steps[number](cluster):
            engine.query(statement)
        engine.insert("schema_steps", f'{{"step": {number}, "eden": "{__version__}"}}'.encode())
    return len(missing)


def current(engine: Engine) -> int:
    """The newest step that was taken; 0: none."""
    return int(engine.query("SELECT max(step) FROM schema_steps", form="TSV"))
