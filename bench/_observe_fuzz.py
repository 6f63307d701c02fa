"""Spoiled batches of all wires through the receiver, the spool and the digest, in this process; the short version is a
test (`tests/observe/accept/test_fuzz.py`)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing

from bench._harness import Figure
from bench._observe_platform import Site
from eden.base.ground import open_ground
from eden.observe.accept.foreign import foreign_wires
from eden.observe.service import Observe
from eden.observe.spool.folder import spool_folder
from tests.observe.accept.fuzzing import Fuzzing, Outcome


def fuzz(site: Site, count: int) -> Iterator[Figure]:
    """No server may run on the site: the spool is read back and emptied here. Raises RuntimeError telling the first
    input that did what none may do."""
    with closing(open_ground(site.settings)) as ground:
        outcome = asyncio.run(_fuzz(Observe(ground, foreign_wires()), site, count))
    if outcome.failures:
        raise RuntimeError(f"{len(outcome.failures)} failures; the first: {outcome.failures[0]}")
    yield Figure("fuzzed_inputs", sum(outcome.statuses.values()))
    yield Figure("fuzzed_taken", outcome.taken)
    yield Figure("fuzzed_rows", outcome.rows)
    yield Figure("fuzzed_failed", len(outcome.failures), 0)
    yield Figure("fuzzed_5xx", sum(count for status, count in outcome.statuses.items() if status >= 500), 0)
    yield Figure("fuzzed_memory_mb", outcome.megabytes, 400)


async def _fuzz(observe: Observe, site: Site, count: int) -> Outcome:
    folder = spool_folder(site.settings.data_folder)
    await observe.apps.start()
    await observe.spool.start()
    try:
        return await Fuzzing(observe.receiver, folder, site.app, site.write_key).run(count)
    finally:
        await observe.spool.stop()
