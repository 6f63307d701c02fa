"""Runs one script of bench/."""

from __future__ import annotations

import subprocess
import sys

from eden.base.errors import EdenError
from eden.workshop.tree import source_tree


def bench_command(name: str, *, quick: bool, only: str = "") -> int:
    """Measure bench/NAME.py, or some parts of it, in a process of its own; 1 when a target is missed."""
    root = source_tree()
    names = sorted(path.stem for path in (root / "bench").glob("[!_]*.py"))
    if name not in names:
        raise EdenError("no-such-benchmark", f"There is no benchmark {name}.", f"There are: {', '.join(names)}.")
    command = [sys.executable, "-m", "bench._harness", name, *(["--quick"] if quick else [])]
    if only:
        command += ["--only", only]
    return subprocess.run(command, cwd=root).returncode
