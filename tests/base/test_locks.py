"""Locks of files, by two handles of this process and by one that is gone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from eden.base.locks import lock

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files are not locked there")


def test_one_alone_or_several_beside_each_other(tmp_path: Path) -> None:
    first, second = (os.open(tmp_path, os.O_RDONLY) for _ in range(2))
    assert lock(first, alone=False) and lock(second, alone=False)
    assert not lock(first, alone=True)
    os.close(second)
    assert lock(first, alone=True)
    other = os.open(tmp_path, os.O_RDONLY)
    assert not lock(other, alone=False)
    os.close(first)
    assert lock(other, alone=True)
    os.close(other)


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    script = (
        "import os, sys; from eden.base.locks import lock; handle = os.open(sys.argv[1], os.O_RDONLY);"
        " print(lock(handle, alone=True), flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdin is not None and holder.stdout is not None
    with holder.stdin, holder.stdout:
        assert holder.stdout.readline() == b"True\n"
        handle = os.open(tmp_path, os.O_RDONLY)
        assert not lock(handle, alone=True)
        holder.kill()
        holder.wait()
        assert lock(handle, alone=True)
        os.close(handle)
