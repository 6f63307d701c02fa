"""Forgetting a person: gone from every report at the return, from the disk by the next `scrub`."""

from __future__ import annotations

from eden.observe import schema
from eden.observe.insight.engine import Engine


def erase(engine: Engine, app: int, person: str, before: int) -> None:
    """Delete what is of `person`, a user or a device, up to `before` (microseconds) in all tables of the app. Raises
    StoreError."""
    moment = before / 1_000_000
    for table, columns in schema.PERSONAL.items():
        who = " OR ".join(f"{column} = {{person:String}}" for column in columns)
        engine.query(
            f"DELETE FROM {table} WHERE app = {{app:UInt32}} AND ({who})"
            " AND at <= fromUnixTimestamp64Milli(toInt64({before:Float64} * 1000))",
            {"app": app, "person": person, "before": moment},
            settings={"lightweight_deletes_sync": 2},
        )
