"""What axe-core says about a page."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

from playwright.sync_api import Frame, Page

#: of WCAG and of axe's own advice
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@cache
def _axe() -> str:
    spec = importlib.util.find_spec("axe_playwright_python")
    assert spec and spec.origin
    return (Path(spec.origin).parent / "axe.min.js").read_text("utf-8")


def violations(page: Page | Frame, only: str = "", within: str = "html") -> list[str]:
    """What axe finds, by all rules or one, one line for each element."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    run = {"type": "rule", "values": [only]} if only else {"type": "tag", "values": _TAGS}
    found = page.evaluate(
        "([where, run]) => axe.run(where, {runOnly: run, resultTypes: ['violations']})", [within, run]
    )
    return [
        f"{rule['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
