"""`sink`: a server that takes what clients in a page send, at an address of its own; `client`: a page with one."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from eden.base.tools import esbuild
from tests.browser.server import TestServer
from tests.observe.wires.conftest import sink

__all__ = ["sink"]

#: starts a client's script in a page; what the script is given; what it returns
Start = Callable[[str, dict[str, Any]], Any]
_PAGE = """<!doctype html>
<meta charset="utf-8">
<title>Shop</title>
<button>Buy</button>
<script src="/bundle.js"></script>
"""
_MODULES = Path(__file__).parents[3] / "container" / "node_modules"


@pytest.fixture
def client(page: Page, server: TestServer, tmp_path: Path) -> Start:
    """A page whose script is bundled with the client package, unmodified: a module with `export async function run`."""

    def start(script: str, given: dict[str, Any]) -> Any:
        source, bundle = tmp_path / "client.js", tmp_path / "bundle.js"
        source.write_text(script, encoding="utf-8")
        subprocess.run(
            [esbuild(), source, "--bundle", "--format=iife", "--global-name=client", f"--outfile={bundle}",
             "--log-level=warning", "--define:process.env.NODE_ENV=\"production\""],
            check=True, timeout=120, env={**os.environ, "NODE_PATH": str(_MODULES)},
        )  # fmt: skip
        server.answer("/bundle.js", bundle.read_bytes(), "text/javascript; charset=utf-8")
        page.goto(server.answer("/shop/cart", _PAGE))
        return page.evaluate(f"client.run({json.dumps(given)})")

    return start
