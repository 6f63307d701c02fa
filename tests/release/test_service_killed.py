"""kill -9 at every step of an upload and of a release leaves a consistent store, and the step can be done again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_kill_at_every_step(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.release.killed", str(tmp_path)], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    points = json.loads(run.stdout)
    # a piece received, looked at, three blobs, log and feed, commits
    assert points["upload"] >= 12
    assert points["start"] >= 6
    assert points["halt"] >= 12
