"""How long a large mini program takes to build: cold in a fresh process, and again after one page was edited.

Figures: `cold_build_s` is the median wall time of a process that starts, builds and writes; `cold_cpu_s` the processor
time of it and of esbuild; `peak_mb` the two processes' largest memory together. `rebuild_ms` is the median build after
one page's template, script and sheet changed, within a process that stays.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from bench._harness import Figure
from bench._program import Size, write_program

ROUNDS = 5


def main(quick: bool) -> Iterable[Figure]:
    size = Size(30, 15, 70, 50) if quick else Size()
    with tempfile.TemporaryDirectory(prefix="eden-bench-") as folder:
        program, out = Path(folder, "program"), Path(folder, "package")
        write_program(program, size)
        _child("cold", program, out)  # fills the cache of compiled WebAssembly
        cold = [_child("cold", program, out) for _ in range(1 if quick else ROUNDS)]
        rebuild = _child("rebuild", program, out)
    yield Figure("cold_build_s", median(run["wall_s"] for run in cold), 3.0)
    yield Figure("cold_cpu_s", median(run["cpu_s"] for run in cold))
    yield Figure("peak_mb", max(run["peak_mb"] for run in cold), 400.0)
    yield Figure("rebuild_ms", rebuild["rebuild_ms"], 150.0)


def _child(task: str, program: Path, out: Path) -> dict[str, float]:
    """Figures of one process of its own."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "bench.build", task, program, out], stdout=subprocess.PIPE, text=True, check=True
    )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures | {"wall_s": time.perf_counter() - started}


def _cold(program: Path, out: Path) -> None:
    from eden.build.service import Builder

    result = Builder(program).build()
    if not result.ok:
        raise SystemExit("\n".join(map(str, result.diagnostics)))
    result.write(out)


def _rebuild(program: Path) -> float:
    """Median milliseconds of a build after an edit of one page."""
    from eden.build.service import Builder

    builder = Builder(program)
    builder.build()
    page = next(program.glob("pages/*/index.wxml"))
    times = []
    for number in range(ROUNDS):
        for suffix, addition in (
            (".wxml", "<view>{}</view>"),
            (".js", "// {}"),
            (".wxss", ".edited-{} {{ width: 10rpx }}"),
        ):
            file = page.with_suffix(suffix)
            file.write_text(f"{file.read_text('utf-8')}{addition.format(number)}\n", encoding="utf-8")
        started = time.perf_counter()
        result = builder.build()
        times.append((time.perf_counter() - started) * 1000)
        assert result.ok
    return median(times)


def _measure(task: str, program: Path, out: Path) -> None:
    """Run inside the child; the last line of the output is what it measured."""
    figures = {}
    if task == "cold":
        _cold(program, out)
    else:
        figures["rebuild_ms"] = _rebuild(program)
    from eden.build.scripts_esbuild import stop

    stop()
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    figures["cpu_s"] = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    figures["peak_mb"] = (own.ru_maxrss + children.ru_maxrss) / 1024
    print(json.dumps(figures))


if __name__ == "__main__":
    _measure(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
