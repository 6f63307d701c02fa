"""LESS and SCSS by their own compilers, which run in one Node process (`preprocess.mjs`) that is kept for rebuilds."""

from __future__ import annotations

import atexit
import json
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eden.base import tools
from eden.base.errors import EdenError
from eden.build.interfaces import Diagnostic, Severity, Source, StyleInput
from eden.build.paths import extension_of

#: seconds after which a sheet that loops for ever (`@while true`) is given up
TIMEOUT = 60.0

_READABLE = frozenset((".less", ".scss", ".sass", ".wxss", ".css"))


@dataclass(frozen=True, slots=True)
class Preprocessed:
    """CSS of a LESS or SCSS file; "" with a diagnostic when it cannot be compiled."""

    css: str
    #: program paths that were read, or looked for
    reads: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]


def preprocess_styles(
    sheets: Sequence[StyleInput], source: Source, aliases: Mapping[str, str]
) -> dict[str, Preprocessed]:
    """Path → result for LESS and SCSS sheets, all in one call of one process."""
    files = {
        path: str(file)
        for path in source.paths
        if extension_of(path) in _READABLE and (file := source.file(path)) is not None
    }
    try:
        answers = _worker().ask(
            {
                "vendor": str(tools.vendored("less.mjs").parent.as_posix()),
                "files": files,
                "aliases": list(aliases.items()),
                "sheets": [{"path": s.path, "text": s.text, "language": s.language} for s in sheets],
            }
        )["sheets"]
    except EdenError as error:
        failed = _failed("", 0, 0, str(error))  # once, not for each sheet
        return {sheet.path: failed for sheet in sheets}
    results = {}
    for sheet, answer in zip(sheets, answers, strict=True):
        reads = tuple(answer["reads"])
        if bad := answer.get("error"):
            failed = _failed(bad["path"], bad["line"], bad["column"], bad["message"])
            results[sheet.path] = Preprocessed("", reads, failed.diagnostics)
        else:
            results[sheet.path] = Preprocessed(answer["css"], reads, ())
    return results


def _failed(path: str, line: int, column: int, message: str) -> Preprocessed:
    sentence = " ".join(message.split()).rstrip(".")
    problem = Diagnostic(path, line, column, Severity.WARNING, "style-preprocessor", sentence)
    return Preprocessed("", (), (problem,))


class _Worker:
    """The Node process. Started on first use, started again after it died."""

    def __init__(self, node: Path) -> None:
        self.node = node
        self.lock = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None

    def ask(self, request: dict[str, Any]) -> Any:
        """The answer to a request; EdenError when the process died or was too slow."""
        with self.lock:
            process = self.start()
            timer = threading.Timer(TIMEOUT, process.kill)
            timer.start()
            try:
                assert process.stdin and process.stdout
                process.stdin.write(json.dumps(request).encode() + b"\n")
                process.stdin.flush()
                line = process.stdout.readline()
            except OSError:
                line = b""
            finally:
                timer.cancel()
            if not line:
                self.stop()
                raise EdenError("preprocessor-failed", "The LESS and SCSS compiler stopped without an answer.")
            return json.loads(line)

    def start(self) -> subprocess.Popen[bytes]:
        if self.process is None or self.process.poll() is not None:
            self.stop()
            driver = Path(__file__).with_suffix(".mjs")
            self.process = subprocess.Popen(
                [self.node, driver], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        return self.process

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


_current: _Worker | None = None


def _worker() -> _Worker:
    global _current
    if _current is None:
        _current = _Worker(tools.require_node("Compiling LESS and SCSS"))
    return _current


@atexit.register
def stop() -> None:
    """End the process, if it runs."""
    if _current is not None:
        _current.stop()
