"""Processes that are killed: `python -m tests.observe.digest.killed MODE FOLDER [FIRST]`.

`send` appends numbered batches to the spool, from FIRST on, and tells each that was acknowledged on standard output.
`store` moves the spool into the events store until it is killed; it tells that it has begun. `settle` does so until
everything is stored, and tells what the store has.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from eden.base.ground import open_ground
from eden.base.settings import DatabaseSettings, Settings
from eden.observe.accept.wires import batch_key
from eden.observe.digest.inserter import Inserter
from eden.observe.insight.opening import open_engine
from eden.observe.interfaces import Accepted
from eden.observe.spool.folder import spool_folder
from eden.observe.spool.writer import SpoolWriter

APP = 1
#: events of a batch, and of these, errors
EVENTS = 5


def settings(folder: Path) -> Settings:
    return Settings(
        data=str(folder),
        secret_key="of the tests, and of nothing else but them",
        database=DatabaseSettings(address=f"sqlite:///{folder}/eden.db"),
    )


def batch(number: int) -> Accepted:
    """Its events have its number as their value. One is an error: these are noted in the database as well. And one has
    an id that the batch before or after it has, too."""
    at = time.time_ns() // 1_000_000
    lines = [b'{"batch":"%d","device":"d"}' % number]
    lines += [b'{"type":"event","name":"x","at":%d,"value":%d}' % (at, number)] * (EVENTS - 1)
    lines += [b'{"type":"error","at":%d,"error":{"type":"E","message":"m"}}' % at]
    lines += [b'{"type":"event","name":"shared","id":"%016x","at":%d}' % (number // 2 + 1, at)]
    return Accepted("eden", APP, at * 1000, batch_key("eden", APP, str(number)), b"\n".join(lines), {})


async def send(folder: Path, first: int) -> None:
    writer = SpoolWriter(spool_folder(folder), 10**9, segment_bytes=20_000)
    await writer.start()

    async def one(number: int) -> None:
        await writer.append(batch(number))
        print(number, flush=True)

    number = first
    while True:
        await asyncio.gather(*(one(number + step) for step in range(10)))
        number += 10
        # the others are to come to work as well
        await asyncio.sleep(0.002)


def store(folder: Path, *, settle: bool) -> None:
    ground = open_ground(settings(folder))
    engine = open_engine(settings(folder))
    inserter = Inserter(engine, ground)
    inserter.start()
    print("begun", flush=True)
    if not settle:
        time.sleep(600)
    assert inserter.settled(60)
    inserter.stop()
    for sql in (
        # every batch, and the fewest and most events that one has
        "SELECT groupArray(value), min(n), max(n) FROM (SELECT value, count() AS n FROM events"
        " WHERE name = 'x' GROUP BY value)",
        # of what is in two batches, and as the roll-ups count it
        "SELECT count(), uniqExact(id) FROM events WHERE name = 'shared'",
        "SELECT sumIf(events, name = 'x'), sumIf(events, name = 'shared'), sumIf(events, name = '') FROM trends",
        "SELECT count() FROM errors",
        "SELECT count() FROM quarantine",
    ):
        print(engine.query(sql, form="TSV").decode().strip(), flush=True)
    engine.close()
    ground.close()


if __name__ == "__main__":
    mode, place = sys.argv[1], Path(sys.argv[2])
    if mode == "send":
        asyncio.run(send(place, int(sys.argv[3])))
    else:
        store(place, settle=mode == "settle")
