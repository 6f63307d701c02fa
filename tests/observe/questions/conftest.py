"""Worlds of made-up rows in one events store, filled once for all tests of questions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from eden.observe.insight.engine import Engine
from tests.observe.conftest import Opener, empty_store
from tests.observe.questions import world
from tests.observe.questions.reference import World

#: an app of which no event came twice
CLEAN = 2
#: apps from this number on have small worlds of their seed
SMALL = 100
SMALL_WORLDS = 24


@pytest.fixture(scope="session")
def worlds(_open: Opener) -> Iterator[tuple[Engine, dict[int, World]]]:
    """The store, and the world of every app in it: 1 is large."""
    found = {1: world.make(1, 700), CLEAN: world.make(2, 500, repeats=False)} | {
        SMALL + seed: world.make(seed, 90, days=4) for seed in range(SMALL_WORLDS)
    }
    with empty_store(_open) as engine:
        for chunk in ("events", "late", "errors", "people"):
            rows = [line for app, one in found.items() for line in world.lines(one, app)[chunk]]
            engine.insert("events" if chunk == "late" else chunk, b"\n".join(rows))
        yield engine, found
