"""Server processes and the insight process are killed (SIGKILL) while they work: every acknowledged batch is in the
events store once, whole, and in its roll-ups; a batch that was sent again because nobody answered is there once, and so
is an event that is in two batches."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import insert, select

from eden.base.ground import open_ground
from eden.base.tables import metadata, workspaces
from eden.observe.models import crash_groups, observe_apps
from eden.observe.spool.folder import segments, spool_folder
from tests.observe.digest.killed import APP, EVENTS, settings

ROUNDS = 3


def start(*arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.observe.digest.killed", *map(str, arguments)], stdout=subprocess.PIPE
    )


def kill(process: subprocess.Popen[bytes]) -> list[bytes]:
    """What it said in whole lines."""
    process.kill()
    assert process.stdout is not None
    with process.stdout:
        said = [line for line in process.stdout if line.endswith(b"\n")]
    process.wait()
    return said


def test_killed_at_any_moment(tmp_path: Path) -> None:
    chance = random.Random(7)
    ground = open_ground(settings(tmp_path))
    metadata.create_all(ground.database.engine)

    def furnish(connection: object) -> None:
        connection.execute(insert(workspaces).values(id="w", slug="w", name="W", settings={}, created_at=0))  # type: ignore[attr-defined]
        values = {"number": APP, "workspace_id": "w", "key": "bank", "settings": {}, "revision": 1, "created_at": 0}
        connection.execute(insert(observe_apps).values(values))  # type: ignore[attr-defined]

    ground.database.write_now(furnish)
    acknowledged: set[int] = set()
    for number in range(ROUNDS):
        storing = start("store", tmp_path)
        assert storing.stdout is not None and storing.stdout.readline() == b"begun\n"
        # from the first that was not acknowledged on: some of them are in the spool
        first = max(acknowledged, default=-9) - 8
        sending = start("send", tmp_path, max(0, first))
        assert sending.stdout is not None
        acknowledged.add(int(sending.stdout.readline()))
        time.sleep(chance.uniform(0.05, 0.7))
        victims = [sending, storing] if number % 2 else [storing, sending]
        said = {process: kill(process) for process in victims}
        acknowledged |= {int(line) for line in said[sending]}
    settling = start("settle", tmp_path)
    output, _ = settling.communicate(timeout=90)
    assert settling.returncode == 0
    begun, events, shared, counted, errors, quarantined = output.decode().splitlines()
    batches, fewest, most = events.split("\t")
    stored = [int(value) for value in batches.strip("[]").split(",")]
    assert begun == "begun" and len(acknowledged) > 20
    assert acknowledged <= set(stored)
    assert (int(fewest), int(most)) == (EVENTS - 1, EVENTS - 1)
    pairs = len({value // 2 for value in stored})
    assert [int(value) for value in shared.split("\t")] == [pairs, pairs]
    plain = len(stored) * (EVENTS - 1)
    assert [int(value) for value in counted.split("\t")] == [plain, pairs, plain + pairs]
    assert (int(errors), int(quarantined)) == (len(stored), 0)
    # noted once as well
    groups = ground.database.read_now(lambda connection: connection.execute(select(crash_groups)).all())
    assert [group.occurrences for group in groups] == [len(stored)]
    assert segments(spool_folder(tmp_path)) == []
    ground.close()
