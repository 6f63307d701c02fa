"""Threads that read the same class for the first time, at the same moment."""

from __future__ import annotations

import subprocess
import sys

# as modules have them: annotations are texts until somebody reads the class
_MANY = """
from __future__ import annotations

import sys
import threading

import msgspec

from eden.base.structs import make_ready

sys.setswitchinterval(1e-6)
lines = ["from __future__ import annotations", "from msgspec import Struct"]
for number in range(200):
    lines.append(f"class Outer{number}(Struct):\\n    inner: Inner{number}\\n    more: int = 0")
    lines.append(f"class Inner{number}(Struct):\\n    numbers: list[int] = []\\n    names: dict[str, int] = {{}}")
exec("\\n".join(lines))
made = [globals()[f"Outer{number}"] for number in range(200)]
make_ready()
barrier = threading.Barrier(4)
read = []


def work() -> None:
    for one in made:
        barrier.wait()
        read.append(msgspec.convert({"inner": {"numbers": [1]}}, one).inner.numbers)


threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert read == [[1]] * 800
"""


def test_threads_read_what_was_made_ready() -> None:
    # a process of its own, as it would die
    ended = subprocess.run([sys.executable, "-c", _MANY], capture_output=True)
    assert ended.returncode == 0, ended.stderr.decode()
