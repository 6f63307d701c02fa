"""The console's pages with a year behind them."""

from __future__ import annotations

from collections.abc import Iterator

from bench._harness import Figure
from bench._release_platform import Bench


def pages(bench: Bench, quick: bool) -> Iterator[Figure]:
    yield from ()
