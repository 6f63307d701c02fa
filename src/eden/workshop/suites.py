"""Runs the three kinds of tests one after the other.

When a whole suite runs, a test that fails among the others is run again alone. What passes then depends on luck or on
how busy the machine is: it is told, so that somebody mends it, but the change at hand is not refused for it.
"""

from __future__ import annotations

import json
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

#: pytest's exit codes when tests failed, and when it found none
TESTS_FAILED, NO_TESTS = 1, 5
#: more than these did not fail by chance
MOST_BY_CHANCE = 3


def test_command(suites: Sequence[str], pytest_arguments: Sequence[str]) -> int:
    """Run the suites (all when none is named), each to its end; 1 if any failed."""
    if unknown := [suite for suite in suites if suite not in SUITES]:
        raise EdenError("no-such-suite", f"There is no suite {unknown[0]}.", f"There are {', '.join(SUITES)}.")
    root = source_tree()
    runners: dict[str, Callable[[], int]] = {
        "python": lambda: _pytest(root, ["--ignore=tests/browser"], pytest_arguments),
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
    return _pytest(root, paths, arguments, EDEN_CHROMIUM=str(executable))


def _pytest(root: Path, selected: Sequence[str], arguments: Sequence[str], **environment: str) -> int:
    """Run the suite in `selected`; `arguments` are those of the person who asked for a part of it."""
    pytest = [sys.executable, "-m", "pytest", "-q"]
    many = [*pytest, "-n", "auto", "--dist", "worksteal"]
    if arguments:
        return _run([*many, *selected, *arguments], root, environment)
    # what failed in another run is not looked at
    code = _run([*many, "--cache-clear", *selected], root, environment)
    failed = _failed(root) if code == TESTS_FAILED else []
    if not 0 < len(failed) <= MOST_BY_CHANCE:
        return code
    print(f"\neden: again, alone: {', '.join(failed)}", flush=True)
    code = _run([*pytest, *failed], root, environment)
    if code == 0:
        print(f"eden: failed among others and passed alone, to be mended: {', '.join(failed)}", file=sys.stderr)
    return code


def _failed(root: Path) -> list[str]:
    """Tests that failed in the last run."""
    try:
        found = json.loads((root / ".pytest_cache/v/cache/lastfailed").read_text())
    except FileNotFoundError:
        return []
    return sorted(found)


def _vitest(container: Path) -> int:
    node = require_node("Running the TypeScript tests")
    return _run([str(node), "node_modules/vitest/vitest.mjs", "run"], container, {})


def _run(command: Sequence[str], directory: Path, environment: dict[str, str]) -> int:
    return subprocess.run(command, cwd=directory, env=os.environ | environment, stdin=subprocess.DEVNULL).returncode
