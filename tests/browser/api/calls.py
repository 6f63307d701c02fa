"""Calling wx from a test."""

from __future__ import annotations

from typing import Any

from tests.browser.components.conftest import Stand


def call(stand: Stand, name: str, options: dict[str, Any] | None = None) -> dict[str, Any]:
    """What wx.NAME(options) hands to `complete`."""
    script = "([name, options]) => new Promise((done) => wx[name]({...options, complete: done}))"
    result: dict[str, Any] = stand.frame.evaluate(script, [name, options or {}])
    return result


def begin(stand: Stand, name: str, options: dict[str, Any]) -> None:
    """Call without waiting; `ended` gives the result."""
    script = """([name, options]) => { globalThis.ended = undefined
        wx[name]({...options, complete: (result) => { globalThis.ended = result }}) }"""
    stand.frame.evaluate(script, [name, options])


def ended(stand: Stand) -> dict[str, Any]:
    """The result of the call that `begin` made, once it is there."""
    stand.frame.wait_for_function("globalThis.ended !== undefined")
    result: dict[str, Any] = stand.frame.evaluate("globalThis.ended")
    return result
