"""A process that dies in the midst of inserts loses nothing and stores nothing twice, when they are made again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 3


def _count(folder: Path, sql: str) -> list[int]:
    """Asked by a process of its own: the engine opens one folder in each."""
    code = (
        "import sys; from pathlib import Path; from eden.observe.insight.embedded import Embedded;"
        "print(Embedded(Path(sys.argv[1])).query(sys.argv[2], form='TSV').decode())"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder), sql], capture_output=True, text=True, check=True)
    return [int(word) for word in done.stdout.split()]


def test_killed_while_inserting(tmp_path: Path) -> None:
    told, first = -1, 0
    for number in range(ROUNDS):
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.observe.insight.inserting", str(tmp_path / "store"), str(first)],
            stdout=subprocess.PIPE,
        )
        assert child.stdout is not None
        with child.stdout:
            # the engine is open
            told = int(child.stdout.readline())
            time.sleep(random.Random(number).uniform(0.02, 0.4))
            os.kill(child.pid, signal.SIGKILL)
            for line in child.stdout:
                if line.endswith(b"\n"):
                    told = int(line)
        child.wait()
        # the last one may have been stored or not: it is made again, as the spool is read again
        first = told + 1
    sql = """SELECT count(), uniqExact(code), max(code), min(n), max(n),
        (SELECT sum(events) FROM trends WHERE name = ''), (SELECT sum(events) FROM trends WHERE name = 'e')
        FROM (SELECT code, count() OVER (PARTITION BY code) AS n FROM events)"""
    rows, batches, newest, fewest, most, all_counted, counted = _count(tmp_path / "store", sql)
    # of the batch that was being inserted, a month may be there
    assert told <= newest <= told + 1
    assert rows - (newest > told) * (rows % 10 or 10) == (told + 1) * 10 and batches == newest + 1
    assert most == 10 and (fewest == 10 or newest == told + 1)
    assert all_counted == counted <= rows and counted >= (told + 1) * 10
