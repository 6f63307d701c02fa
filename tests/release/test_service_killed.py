"""kill -9 at every step of an upload and of a release leaves a consistent store, and the step can be done again."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.postgres import postgres_database

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        # a piece received, looked at, three blobs, log and feed, commits
        ("sqlite", {"upload": 12, "start": 6, "halt": 12}),
        # commits alone
        ("postgresql", {"upload": 4, "start": 2, "halt": 4}),
    ],
    ids=["sqlite", "postgresql"],
)
def test_kill_at_every_step(tmp_path: Path, kind: str, least: dict[str, int]) -> None:
    with nullcontext("") if kind == "sqlite" else postgres_database() as address:
        command = [sys.executable, "-m", "tests.release.killed", str(tmp_path), address]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    points = json.loads(run.stdout)
    assert points.keys() == least.keys()
    assert all(points[work] >= least[work] for work in least), points
