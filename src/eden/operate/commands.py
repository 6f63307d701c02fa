"""`eden up`, `eden doctor`, `eden migrate`, `eden backup` and `eden restore`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from eden.base.commands import Subparsers, add_command
from eden.base.settings import Settings


def add_arguments(subparsers: Subparsers) -> None:
    """Add the parsers of this room's commands."""
    up = add_command(subparsers, "up", _up, "run the platform server")
    _add_config(up)
    up.add_argument("--host", help="address to listen on (listen.host)")
    up.add_argument("--port", type=int, help="port to listen on; 0 takes a free one (listen.port)")
    up.add_argument("--processes", type=int, metavar="N", help="server processes on this machine (processes)")


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings (eden.toml, if there is one)")


def settings_of(arguments: argparse.Namespace) -> Settings:
    """What the file, the environment and the command line say; the later wins."""
    from eden.base.settings import load

    environment = dict(os.environ)
    for name, variable in (("host", "LISTEN_HOST"), ("port", "LISTEN_PORT"), ("processes", "PROCESSES")):
        if (value := getattr(arguments, name, None)) is not None:
            environment[f"EDEN_{variable}"] = str(value)
    config = arguments.config or (Path(environment["EDEN_CONFIG"]) if environment.get("EDEN_CONFIG") else None)
    return load(config, environment)


def _up(arguments: argparse.Namespace) -> int:
    from eden.operate.up import up

    return up(settings_of(arguments))
