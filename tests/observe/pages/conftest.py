from __future__ import annotations

from collections.abc import Iterator

import pytest

from eden.observe.insight.answering import Answering
from eden.observe.insight.client import LocalInsight
from eden.observe.insight.engine import Engine
from tests.observe.pages.stand import Stand, open_stand


@pytest.fixture(scope="module")
def stand(kept_store: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """One for the tests of a module: they add to it, and take away only what they added."""
    insight = LocalInsight(Answering(kept_store))
    with open_stand(tmp_path_factory.mktemp("office"), kept_store, insight) as stand:
        yield stand
