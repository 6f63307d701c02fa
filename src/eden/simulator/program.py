"""A mini program that is built again whenever its source changes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from watchfiles import Change, DefaultFilter, awatch

from eden.build.diagnostics import render
from eden.build.interfaces import BuildResult, PackageArchive, Severity
from eden.build.service import Builder

#: package → style sheet → what `code/styles.json` says of it
Styles = dict[str, dict[str, Any]]

STYLES = "code/styles.json"


@dataclass(frozen=True, slots=True)
class Revision:
    """A finished build. `files` is the package folder that runs now; empty as long as there is none.

    `taken`: that is this build's, not an earlier one's (see `LiveProgram.build`). `texts` are the terminal's lines of
    each problem. `styles` is what a running program has to replace when nothing but the rules of style sheets changed
    since the package before; None: it must start anew.
    """

    number: int
    result: BuildResult
    files: dict[str, bytes]
    taken: bool
    seconds: float
    texts: tuple[str, ...]
    styles: Styles | None = None

    @property
    def text(self) -> str:
        """Every problem as in the terminal."""
        return "\n".join(self.texts)


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
        self._files: dict[str, bytes] = {}
        self._archives: tuple[PackageArchive, ...] = ()
        self._errors: set[tuple[str, str]] = set()
        # The builder keeps caches and is not thread-safe: one thread, one build at a time.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="eden-build")

    def build(self) -> Revision:
        """Build now, in the calling thread.

        The package is taken unless it has an error that the one before has not: half a line typed must not stop a
        running program, while a program with a module that was always broken still changes.
        """
        started = time.perf_counter()
        result = self.builder.build()
        errors = {(problem.file, problem.code) for problem in result.diagnostics if problem.severity is Severity.ERROR}
        taken = bool(result.archives) and (not self._files or errors <= self._errors)
        styles = None
        if taken:
            styles = changed_styles(self._archives, result.archives)
            self._files, self._archives, self._errors = result.files(), result.archives, errors
        number = self.revision.number + 1 if self.revision else 1
        texts = tuple("\n".join(render([problem], self.builder.text)) for problem in result.diagnostics)
        seconds = time.perf_counter() - started
        self.revision = Revision(number, result, self._files, taken, seconds, texts, styles)
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


def changed_styles(before: Iterable[PackageArchive], after: Iterable[PackageArchive]) -> Styles | None:
    """The style sheets that differ, or None when more does: other files, imports, fonts, sheets that came or went."""
    old = {archive.name: archive.entries for archive in before if archive.name != "maps"}
    new = {archive.name: archive.entries for archive in after if archive.name != "maps"}
    if old.keys() != new.keys():
        return None
    changed: Styles = {}
    for name, entries in new.items():
        if entries == old[name]:
            continue
        if {**entries, STYLES: b""} != {**old[name], STYLES: b""}:
            return None
        sheets = _changed_sheets(*(msgspec.json.decode(part[name].get(STYLES, b"{}")) for part in (old, new)))
        if sheets is None:
            return None
        changed[name] = sheets
    return changed


def _changed_sheets(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any] | None:
    if before.keys() != after.keys():
        return None
    changed = {path: sheet for path, sheet in after.items() if sheet != before[path]}
    if any({**sheet, "css": ""} != {**before[path], "css": ""} for path, sheet in changed.items()):
        return None
    return changed


def event_of(revision: Revision) -> dict[str, Any]:
    """What the simulator page is told: numbers, problems, and hashes that say which parts changed."""
    return {
        "revision": revision.number,
        "taken": revision.taken,
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
                "text": text,
            }
            for problem, text in zip(revision.result.diagnostics, revision.texts, strict=True)
        ],
        "styles": revision.styles,
        "hashes": {
            f"{package['name']}/{file['path']}": file["sha256"]
            for package in revision.result.manifest.get("packages", [])
            if package["name"] != "maps"
            for file in package["files"]
        },
    }
