"""Spoiled batches of all wires: no answer fails, none is lost on the way, and no bytes cost more memory than there is.
`bench/_observe_fuzz.py` sends a million of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from eden.observe.accept.collect import Collect
from eden.observe.accept.foreign import foreign_wires
from eden.observe.accept.own import OwnWire
from eden.observe.accept.receiver import Receiver
from eden.observe.accept.usage import Usage
from eden.observe.spool.writer import SpoolWriter
from tests.observe.accept.fuzzing import Fuzzing, Outcome
from tests.observe.ingest import OWNER, open_ingest


def test_spoiled_batches_are_taken_or_refused(tmp_path: Path) -> None:
    async def work() -> Outcome:
        ground, apps = ingest.ground, ingest.apps
        app = await apps.get(OWNER, "w", "bank")
        (key,) = await apps.keys(OWNER, "w", "bank")
        spool, usage, collect = SpoolWriter(ingest.spool, 10**9), Usage(ground), Collect(ground, apps)
        receiver = Receiver(ground, apps, spool, usage, collect, {"v1": OwnWire(collect), **foreign_wires()})
        await spool.start()
        try:
            return await Fuzzing(receiver, ingest.spool, app.number, key.key).run(4_000)
        finally:
            await spool.stop()

    with open_ingest(tmp_path) as ingest:
        outcome = asyncio.run(work())
    assert outcome.failures == []
    assert sum(outcome.statuses.values()) >= 4_000
    # both happen a lot: what is spoiled a little is stored all the same
    assert outcome.taken > 1_000 and outcome.statuses[400] > 500 and outcome.statuses[413] > 0
    assert outcome.megabytes < 400
