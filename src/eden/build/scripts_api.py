"""Warnings about functions of `wx` that the container does not have (docs/compatibility.md)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from eden.build.interfaces import Diagnostic, ScriptOutput, Severity

#: name of each function → "yes", "partial" or "no"; generated from the container's code
_TABLE = Path(__file__).parent / "data" / "api.json"


@cache
def _states() -> dict[str, str]:
    states: dict[str, str] = json.loads(_TABLE.read_text(encoding="utf-8"))
    return states


def unsupported_apis(output: ScriptOutput) -> list[Diagnostic]:
    """A warning at the first use of each function that always fails.

    Libraries are left out: they ask before they call, and their users could not change them.
    """
    if "miniprogram_npm/" in output.path:
        return []
    return [
        Diagnostic(
            output.path, use.line, use.column, Severity.WARNING, "unsupported-api",
            f"wx.{use.name} is not supported; calling it fails",
        )
        for use in output.apis
        if _states().get(use.name) == "no"
    ]  # fmt: skip
