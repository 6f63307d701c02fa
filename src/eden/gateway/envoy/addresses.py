"""Where something listens."""

from __future__ import annotations

import argparse
from typing import NamedTuple


class Address(NamedTuple):
    host: str
    port: int


def address(text: str) -> Address:
    """HOST:PORT, for options."""
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"{text} is not HOST:PORT")
    return Address(host, int(port))
