"""The demo's gateway takes a free port, which its settings do not have."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from eden.demo.gateway import Gateway
from eden.gateway.try_call import TryIt
from tests.office import open_office


def test_calls_that_the_console_tries_find_it(tmp_path: Path) -> None:
    with open_office(tmp_path) as office:
        founded: Any = SimpleNamespace(owner=None, workspaces={"test": office.here_id})
        Gateway(office.platform, founded, "test", 4711)
        trial = next(part for part in office.platform.parts if part.name == "gateway").services["gateway_trial"]
        assert isinstance(trial, TryIt)
        assert trial.address == "http://127.0.0.1:4711"
