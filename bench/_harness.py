"""Runs one benchmark and compares its figures with their targets.

A benchmark is a module of this folder with a function `main(quick: bool) -> Iterable[Figure]`, or in its place with
`PARTS`: several such functions by name, in their order, of which some may be chosen. `eden bench NAME` prints every
figure beside its target as soon as it is there and, as the last line, the same as JSON:
`{"figures": {NAME: NUMBER}, "targets": {NAME: NUMBER}, "ok": true}`. Exit code 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

#: columns of a figure's name
_WIDTH = 32


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


#: measures a part; with True with few rounds, which proves that it works
Part: TypeAlias = Callable[[bool], Iterable[Figure]]


def report(figures: Iterable[Figure]) -> bool:
    """Print figures as they come, and the JSON line; whether every target is met."""
    rows = []
    for row in figures:
        target = "" if row.target is None else f"{'≥' if row.at_least else '≤'} {row.target:g}"
        missed = "" if row.good else "MISSED"
        print(f"{row.name:<{_WIDTH}}  {row.value:>12.4g}  {target:<12} {missed}".rstrip(), flush=True)
        rows.append(row)
    ok = all(row.good for row in rows)
    summary = {
        "figures": {row.name: round(row.value, 4) for row in rows},
        "targets": {row.name: row.target for row in rows if row.target is not None},
        "ok": ok,
    }
    print(json.dumps(summary, ensure_ascii=False))
    return ok


def chosen(parts: Mapping[str, Part], only: str) -> list[Part]:
    """The parts that `only` names, all without; in their order. KeyError for a name that there is not."""
    names = [name.strip() for name in only.split(",")] if only else [*parts]
    wanted = {name: parts[name] for name in names}
    return [part for name, part in parts.items() if name in wanted]


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="eden bench")
    parser.add_argument("name")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args(argv)
    benchmark = importlib.import_module(f"bench.{arguments.name}")
    parts: Mapping[str, Part] = getattr(benchmark, "PARTS", None) or {arguments.name: benchmark.main}
    try:
        wanted = chosen(parts, arguments.only)
    except KeyError as error:
        parser.error(f"{arguments.name} has no part {error.args[0]!r}; its parts: {', '.join(parts)}")
    # what a benchmark does to its processes is news to them, and no figure
    logging.getLogger("eden").setLevel(logging.ERROR)
    return 0 if report(figure for part in wanted for figure in part(arguments.quick)) else 1


if __name__ == "__main__":
    sys.exit(main())
