"""`eden gateway envoy`: what it asks the server, what it writes, that it goes on when the server is away."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from eden.base.errors import EdenError
from eden.gateway.commands import add_arguments
from eden.gateway.envoy import command
from tests.gateway.samples import SHOP


class Remote:
    """Answers as the API does; `away`: not."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {"groups": SHOP["groups"], "operations": {
            "shop.a.get": {"group": "shop", "open": True, "signature": "off", "method": "GET", "path": "/a"},
            "shop.b.get": {"group": "shop", "open": True, "method": "GET", "path": "/b"},
        }}  # fmt: skip
        self.away = False
        self.asked: list[str] = []

    def get(self, path: str) -> Any:
        self.asked.append(path)
        if self.away:
            raise EdenError("away", "The server does not answer.")
        if path == "/catalogue":
            return {"revision": 1, "catalogue": self.document}
        second = "cursor=2" in path
        app = {
            "key": "two" if second else "one",
            "name": "App",
            "open": True,
            "limits": {"rate": 5.0} if second else None,
        }
        return {"items": [app], "next_cursor": None if second else "2"}


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser.add_subparsers())
    return parser.parse_args(["gateway", "envoy", *words])


def test_writes_what_envoy_reads_and_says_what_it_does_not_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = arguments(str(tmp_path), "--listen", "0.0.0.0:80", "--admin", "127.0.0.1:9901")
    assert command.run(Remote(), given) == 0  # type: ignore[arg-type]
    said = capsys.readouterr()
    assert said.out == "to our own gateway: shop.b.get 1: Calls are signed.\n"
    assert "envoy -c" in said.err
    routes = (tmp_path / "routes.json").read_text()
    assert "/rpc/shop.a.get" in routes
    assert '"regex": "one"' in routes
    bootstrap = json.loads((tmp_path / "bootstrap.json").read_text())
    assert bootstrap["admin"]["address"]["socket_address"]["port_value"] == 9901
    assert bootstrap["dynamic_resources"]["cds_config"]["path_config_source"]["path"] == str(tmp_path / "clusters.json")
    assert {file.name for file in tmp_path.iterdir()} == {
        "bootstrap.json", "clusters.json", "listeners.json", "routes.json",
    }  # fmt: skip
    # Envoy may be another user
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o644}
    # a file is where the folder should be
    with pytest.raises(EdenError, match="cannot be written to"):
        command.run(Remote(), arguments(str(tmp_path / "routes.json")))  # type: ignore[arg-type]


def test_watching_renders_changes_and_outlives_the_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    remote = Remote()
    seen = []

    def rest(_: float) -> None:
        seen.append((tmp_path / "routes.json").read_text())
        if len(seen) == 1:
            remote.away = True
        elif len(seen) == 2:
            remote.away = False
            remote.document["operations"]["shop.a.get"]["path"] = "/changed"
        else:
            raise KeyboardInterrupt

    assert command.run(remote, arguments(str(tmp_path), "--watch"), rest) == 0  # type: ignore[arg-type]
    assert "does not answer" in capsys.readouterr().err
    assert ["/changed" in text for text in seen] == [False, False, True]


def test_a_server_that_never_answered_is_an_error(tmp_path: Path) -> None:
    remote = Remote()
    remote.away = True
    with pytest.raises(EdenError, match="does not answer"):
        command.run(remote, arguments(str(tmp_path), "--watch"))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["8720", ":1", "a:0", "a:b", "a:70000"])
def test_addresses_that_are_none(text: str) -> None:
    with pytest.raises(SystemExit):
        arguments("folder", "--listen", text)
