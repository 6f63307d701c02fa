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


def _build(arguments: argparse.Namespace) -> int:
    from eden.build.service import build_command

    return build_command(arguments)
