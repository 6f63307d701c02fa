"""`eden simulate`."""

from __future__ import annotations

import argparse

from eden.base.commands import Subparsers, add_command

MOST_PHONES = 100_000
MOST_RATE = 5_000


def add_arguments(subparsers: Subparsers) -> None:
    """Add the parser of this room's command."""
    simulate = add_command(subparsers, "simulate", _simulate, "let a fleet of simulated phones update from a server")
    simulate.add_argument("--server", metavar="URL", default="http://127.0.0.1:8700", help="address of the server")
    simulate.add_argument("--workspace", metavar="W", default="test", help="short name of the workspace (test)")
    simulate.add_argument(
        "--program", metavar="KEY", action="append", required=True, help="mini program; may be given several times"
    )
    simulate.add_argument("--phones", metavar="N", type=int, default=100, help="how many phones (100)")
    simulate.add_argument("--rounds", metavar="N", type=int, default=2, help="how often each looks, with faults (2)")
    simulate.add_argument("--faults", metavar="PERCENT", type=float, default=1.0,
                          help="how often each kind of fault strikes a request (1)")  # fmt: skip
    simulate.add_argument("--broken", metavar="CODE=PERCENT", action="append", default=[],
                          help="phones on which this version does not start")  # fmt: skip
    simulate.add_argument("--seed", metavar="N", type=int, default=1, help="another fleet, other faults (1)")
    simulate.add_argument("--rate", metavar="N", type=float, default=200, help="requests a second at most (200)")
    simulate.add_argument("--seconds", metavar="N", type=float, default=600, help="give up after this long (600)")
    simulate.add_argument(
        "--yes-not-loopback", action="store_true",
        help="the server is not on this machine, is yours, and may be asked so often",
    )  # fmt: skip


def _simulate(arguments: argparse.Namespace) -> int:
    from eden.release.simulate_command import Wanted, run

    return run(Wanted.of(arguments))
