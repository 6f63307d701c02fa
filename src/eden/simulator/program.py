"""A mini program that is built again whenever its source changes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from watchfiles import Change, DefaultFilter, awatch

from eden.build.diagnostics import render
from eden.build.interfaces import BuildResult, Severity
from eden.build.service import Builder


@dataclass(frozen=True, slots=True)
class Revision:
    """A finished build. `files` is the package folder; empty as long as no build has succeeded."""

    number: int
    result: BuildResult
    files: dict[str, bytes]
    seconds: float
    text: str


class _SourceFilter(DefaultFilter):
    """Changes that concern a program: not its tools' caches, not hidden files."""

    ignore_dirs = (*DefaultFilter.ignore_dirs, "miniprogram_npm_cache", ".eden")

    def __call__(self, change: Change, path: str) -> bool:
        return super().__call__(change, path)


class LiveProgram:
    """Builds `source` in a thread of its own and tells `listeners` of every revision (on the event loop)."""

    def __init__(self, source: Path) -> None:
        self.source = source
        self.builder = Builder(source)
        self.revision: Revision | None = None
        self.listeners: list[Callable[[Revision], None]] = []
        self._good: dict[str, bytes] = {}
        # The builder keeps caches and is not thread-safe: one thread, one build at a time.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="eden-build")

    def build(self) -> Revision:
        """Build now, in the calling thread; the last good package stays when this one has errors."""
        started = time.perf_counter()
        result = self.builder.build()
        if result.archives:
            self._good = result.files()
        number = self.revision.number + 1 if self.revision else 1
        text = "\n".join(render(result.diagnostics, self.builder.text))
        self.revision = Revision(number, result, self._good, time.perf_counter() - started, text)
        return self.revision

    async def watch(self) -> None:
        """Rebuild after every change, until cancelled."""
        loop = asyncio.get_running_loop()
        async for _ in awatch(self.source, watch_filter=_SourceFilter(), debounce=80, step=20):
            revision = await loop.run_in_executor(self._thread, self.build)
            for listener in list(self.listeners):
                listener(revision)

    def close(self) -> None:
        """Wait for a running build, then end the thread."""
        self._thread.shutdown()


def event_of(revision: Revision) -> dict[str, Any]:
    """What the simulator page is told: numbers, problems, and hashes that say which parts changed."""
    return {
        "revision": revision.number,
        "seconds": round(revision.seconds, 3),
        "errors": sum(problem.severity is Severity.ERROR for problem in revision.result.diagnostics),
        "problems": [
            {
                "file": problem.file,
                "line": problem.line,
                "column": problem.column,
                "severity": str(problem.severity),
                "code": problem.code,
                "message": problem.message,
            }
            for problem in revision.result.diagnostics
        ],
        "text": revision.text,
        "hashes": {
            file["path"]: file["sha256"]
            for package in revision.result.manifest.get("packages", [])
            if package["name"] != "maps"
            for file in package["files"]
        },
    }
