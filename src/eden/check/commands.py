"""`eden check`."""

from __future__ import annotations

import argparse
from pathlib import Path

from eden.base.commands import Subparsers, add_command


def add_arguments(subparsers: Subparsers) -> None:
    """Add the parser of `check`."""
    check = add_command(subparsers, "check", _check, "open every page of a mini program in a real browser and report")
    check.add_argument("source", metavar="PATH", type=Path, help="the mini program's project folder")
    check.add_argument("--page", metavar="P", action="append", help="only this page (may be given several times)")
    check.add_argument("--json", metavar="F", type=Path, help="write the results as JSON")
    check.add_argument("--html", metavar="F", type=Path, help="write a contact sheet with a picture of every page")
    check.add_argument(
        "--permissions", choices=["granted", "refused"], default="granted", help="how permission prompts are answered"
    )
    check.add_argument("--fixtures", metavar="DIR", type=Path, help="recorded network answers; others are empty")
    check.add_argument("--jobs", metavar="N", type=int, default=0, help="pages at the same time (one per core)")


def _check(arguments: argparse.Namespace) -> int:
    from eden.check.service import check_command

    return check_command(arguments)
