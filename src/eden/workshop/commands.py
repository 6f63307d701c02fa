"""`eden test` and `eden bench`."""

from __future__ import annotations

import argparse

from eden.base.commands import Subparsers, add_command

SUITES = ("python", "typescript", "browser")


def add_arguments(subparsers: Subparsers) -> None:
    """Add the parsers of `test` and `bench`."""
    test = add_command(subparsers, "test", _test, "run Eden's own tests; sets up what they need")
    # choices would refuse no argument at all (a known flaw of argparse with nargs="*"); suites.py checks them
    test.add_argument("suites", metavar="SUITE", nargs="*", help=f"one or more of {', '.join(SUITES)} (all)")
    test.usage = "eden test [-h] [SUITE ...] [-- PYTEST-ARGUMENTS ...]"
    test.set_defaults(passed_on=[])

    bench = add_command(subparsers, "bench", _bench, "measure one of the figures that Eden publishes")
    bench.add_argument("name", metavar="NAME", help="a script of bench/, without .py")
    bench.add_argument("--quick", action="store_true", help="fewer rounds: proves that it runs, not how fast")
    bench.add_argument("--only", metavar="PART,…", default="", help="these parts of it; a wrong name lists all")


def _test(arguments: argparse.Namespace) -> int:
    from eden.workshop.suites import test_command

    return test_command(arguments.suites, arguments.passed_on)


def _bench(arguments: argparse.Namespace) -> int:
    from eden.workshop.benchmarks import bench_command

    return bench_command(arguments.name, quick=arguments.quick, only=arguments.only)
