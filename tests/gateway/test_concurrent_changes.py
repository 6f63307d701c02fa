"""Many people change a catalogue at once: one of those who saw the same revision does, and nobody's change is lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from eden.gateway.interfaces import Catalogue
from tests.gateway.samples import SHOP
from tests.office import Office, open_office
from tests.postgres import postgres_database
from tests.stores import KINDS

GATEWAY = "/workspaces/test/gateway"


@pytest.fixture(params=KINDS)
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    with ExitStack() as stack:
        database = stack.enter_context(postgres_database()) if request.param == "postgresql" else ""
        yield stack.enter_context(open_office(tmp_path, database))


def test_changes_at_once(office: Office) -> None:
    def put(number: int) -> int:
        document = SHOP | {"defaults": {"timeout_ms": 100 + number}}
        answer = office.ask("developer", "PUT", f"{GATEWAY}/catalogue", json=document, headers={"If-Match": '"0"'})
        return answer.status_code

    def set_model(number: int) -> Any:
        model = {"values": [f"v{number}"]}
        return office.ask("developer", "PUT", f"{GATEWAY}/models/M{number}", json=model).status_code

    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(put, range(6))) == [200] + [409] * 5
        assert set(threads.map(set_model, range(6))) == {200}
    found = office.get("owner", f"{GATEWAY}/catalogue")
    assert found["revision"] == 7
    assert {f"M{number}" for number in range(6)} <= found["catalogue"]["models"].keys()
    # each revision is the one before with one thing more
    for revision in range(2, 8):
        (change,) = office.get("owner", f"{GATEWAY}/revisions/{revision}/changes")
        assert (change["action"], change["kind"]) == ("add", "model")
    first = office.get("owner", f"{GATEWAY}/revisions/1")["catalogue"]
    assert msgspec.convert(first, Catalogue).models.keys() == SHOP["models"].keys()
