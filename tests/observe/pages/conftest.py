from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from eden.observe import schema
from eden.observe.insight.answering import Answering
from eden.observe.insight.client import LocalInsight
from eden.observe.insight.embedded import Embedded
from tests.observe.pages.stand import Stand, open_stand


@pytest.fixture(scope="module")
def stand(_folder: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Stand]:
    """One for the tests of a module: they add to it, and take away only what they added."""
    engine = Embedded(_folder, f"pages_{request.module.__name__.rpartition('.')[2]}")
    for statement in schema.statements():
        engine.query(statement)
    with open_stand(tmp_path_factory.mktemp("office"), engine, LocalInsight(Answering(engine))) as stand:
        yield stand
    engine.close()
