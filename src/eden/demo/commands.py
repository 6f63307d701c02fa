"""`eden demo`."""

from __future__ import annotations

import argparse

from eden.base.commands import Subparsers, add_command
from eden.simulator.commands import add_server_arguments


def add_arguments(subparsers: Subparsers) -> None:
    """Add the parser of `demo`."""
    demo = add_command(subparsers, "demo", _demo, "open a phone that runs a bank, and the platform behind it")
    add_server_arguments(demo)


def _demo(arguments: argparse.Namespace) -> int:
    from eden.demo.service import demo_command

    return demo_command(arguments)
