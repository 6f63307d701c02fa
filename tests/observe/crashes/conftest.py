"""`stage`: crashes over a real store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from eden.observe.insight.client import LocalInsight
from eden.observe.insight.engine import Engine
from tests.observe.stage import Stage, open_stage


@pytest.fixture
def stage(tmp_path: Path, store: Engine, insight: LocalInsight) -> Iterator[Stage]:
    with open_stage(tmp_path, store, insight) as opened:
        yield opened
