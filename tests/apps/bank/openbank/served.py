"""A bank as a process of its own, as people start it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

APPS = Path(__file__).parents[4] / "apps"


@contextmanager
def serving(data: Path) -> Iterator[str]:
    """Its address, once it answers."""
    command = [sys.executable, "-m", "bank", "serve", "--data", str(data), "--port", "0", "--seed", "2"]
    paths = os.pathsep.join([str(APPS), str(APPS.parent / "src"), os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(
        [*command, "--ends-with-input"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=APPS,
        env=os.environ | {"PYTHONPATH": paths},
    ) as process:  # fmt: skip
        assert process.stdout is not None and process.stdin is not None
        found = re.fullmatch(r"Bank  (http://127\.0\.0\.1:\d+)\n", process.stdout.readline())
        assert found is not None
        try:
            yield found[1]
        finally:
            process.stdin.close()
            process.wait(60)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
