"""Runs the three kinds of tests one after the other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from eden.base.browser import chromium
from eden.base.errors import EdenError
from eden.base.tools import require_node
from eden.workshop.commands import SUITES
from eden.workshop.tree import source_tree

#: pytest's exit code when it found no test
NO_TESTS = 5


def test_command(suites: Sequence[str], pytest_arguments: Sequence[str]) -> int:
    """Run the suites (all when none is named), each to its end; 1 if any failed."""
    if unknown := [suite for suite in suites if suite not in SUITES]:
        raise EdenError("no-such-suite", f"There is no suite {unknown[0]}.", f"There are {', '.join(SUITES)}.")
    root = source_tree()
    runners: dict[str, Callable[[], int]] = {
        "python": lambda: _pytest(root, ["--ignore=tests/browser", *pytest_arguments]),
        "typescript": lambda: _vitest(root / "container"),
        "browser": lambda: _browser(root, pytest_arguments),
    }
    failed = []
    for suite in SUITES:
        if suites and suite not in suites:
            continue
        print(f"--- {suite}", flush=True)
        code = runners[suite]()
        # a selection of tests may lie in one suite alone
        if code and not (code == NO_TESTS and pytest_arguments):
            failed.append(suite)
    if failed:
        print(f"eden: failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _browser(root: Path, arguments: Sequence[str]) -> int:
    executable = chromium(install=True)
    paths = [] if any(argument.startswith("tests/") for argument in arguments) else ["tests/browser"]
    return _pytest(root, [*paths, *arguments], EDEN_CHROMIUM=str(executable))


def _pytest(root: Path, arguments: Sequence[str], **environment: str) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-n", "auto", "--dist", "worksteal", *arguments]
    return _run(command, root, environment)


def _vitest(container: Path) -> int:
    node = require_node("Running the TypeScript tests")
    return _run([str(node), "node_modules/vitest/vitest.mjs", "run"], container, {})


def _run(command: Sequence[str], directory: Path, environment: dict[str, str]) -> int:
    return subprocess.run(command, cwd=directory, env=os.environ | environment, stdin=subprocess.DEVNULL).returncode
