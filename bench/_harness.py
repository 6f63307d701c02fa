"""Runs one benchmark and compares its figures with their targets.

A benchmark is a module of this folder with a function `main(quick: bool) -> Iterable[Figure]`. `eden bench NAME`
prints every figure beside its target and, as the last line, the same as JSON:
`{"figures": {NAME: NUMBER}, "targets": {NAME: NUMBER}, "ok": true}`. Exit code 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number.

    `name` says what, and by its ending the unit ("cold_build_s", "page_push_ms", "runtime_gzip_kb"). `target` is the
    largest number that is good enough, or the smallest with `at_least`; without one the figure only informs.
    """

    name: str
    value: float
    target: float | None = None
    at_least: bool = False

    @property
    def good(self) -> bool:
        if self.target is None:
            return True
        return self.value >= self.target if self.at_least else self.value <= self.target


def report(figures: Iterable[Figure]) -> bool:
    """Print the table and the JSON line; whether every target is met."""
    rows = list(figures)
    width = max((len(row.name) for row in rows), default=0)
    for row in rows:
        target = "" if row.target is None else f"{'≥' if row.at_least else '≤'} {row.target:g}"
        print(f"{row.name:<{width}}  {row.value:>12.4g}  {target:<12} {'' if row.good else 'MISSED'}".rstrip())
    ok = all(row.good for row in rows)
    summary = {
        "figures": {row.name: round(row.value, 4) for row in rows},
        "targets": {row.name: row.target for row in rows if row.target is not None},
        "ok": ok,
    }
    print(json.dumps(summary, ensure_ascii=False))
    return ok


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench._harness")
    parser.add_argument("name")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args(argv)
    benchmark = importlib.import_module(f"bench.{arguments.name}")
    return 0 if report(benchmark.main(arguments.quick)) else 1


if __name__ == "__main__":
    sys.exit(main())
