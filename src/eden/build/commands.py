"""`eden build`."""

from __future__ import annotations

import argparse
from pathlib import Path

from eden.base.commands import Subparsers, add_command


def add_arguments(subparsers: Subparsers) -> None:
    """Add the parser of `build`."""
    build = add_command(subparsers, "build", _build, "compile a mini program into a package")
    build.add_argument("source", metavar="SRC", type=Path, help="the mini program's project folder")
    build.add_argument("-o", "--output", metavar="OUT", type=Path, required=True, help="folder to write the package to")
    for name, default, what in (("package", 2.0, "one package"), ("total", 20.0, "all packages together")):
        text = f"warn when {what} passes this size (default {default:g})"
        build.add_argument(f"--{name}-limit", metavar="MB", type=float, default=default, help=text)


def _build(arguments: argparse.Namespace) -> int:
    from eden.build.service import Options, build_command

    megabyte = 1024 * 1024
    options = Options(int(arguments.package_limit * megabyte), int(arguments.total_limit * megabyte))
    return build_command(arguments.source, arguments.output, options)
