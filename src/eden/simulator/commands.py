"""`eden dev`."""

from __future__ import annotations

import argparse
from pathlib import Path

from eden.base.commands import Subparsers, add_command


def add_arguments(subparsers: Subparsers) -> None:
    """Add the parser of `dev`."""
    dev = add_command(subparsers, "dev", _dev, "open a phone in the browser that runs a mini program, with live reload")
    dev.add_argument("source", metavar="PATH", type=Path, help="the mini program's project folder")
    add_server_arguments(dev)


def add_server_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to listen, and whether to open a browser."""
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 lets phones on your network in (127.0.0.1)"
    )
    parser.add_argument("--port", type=int, default=8600, help="port to listen on; 0 takes a free one (8600)")
    parser.add_argument("--no-open", dest="open", action="store_false", help="do not open a browser window")


def _dev(arguments: argparse.Namespace) -> int:
    from eden.simulator.service import dev_command

    return dev_command(arguments)
