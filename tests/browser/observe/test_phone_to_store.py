"""From the phone to the events store: the demo bank is opened in the super app, and its rows are there in seconds."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from eden.observe.insight.client import Insight
from tests.browser.platform import RunningPlatform

BANK = Path(__file__).parents[3] / "apps/bank/miniprogram"


@pytest.fixture
def bank(platform: RunningPlatform) -> RunningPlatform:
    """A platform with the bank released, and its own service for reports."""
    platform.collecting = None
    files: dict[str, Any] = {str(one.relative_to(BANK)): one.read_bytes() for one in BANK.rglob("*") if one.is_file()}
    files["eden.json"] = {**json.loads(files["eden.json"]), "version": "1.0.0"}
    files["project.config.json"] = {"appid": "wxbank", "projectname": "Bank"}
    # the page of other tests' programs is none of the bank's
    platform.publish("1.0.0", {**files, "pages/a/a.wxml": "<view/>", "pages/a/a.js": "Page({})"})
    platform.release("1.0.0", finish=True)
    return platform


def _rows(
    page: Page, platform: RunningPlatform, sql: str, enough: Callable[[list[list[Any]]], bool]
) -> list[list[Any]]:
    """The answer of the events store, as soon as it is the one that is waited for."""

    async def ask() -> list[list[Any]]:
        insight = Insight(platform.platform.ground.settings)
        try:
            return (await insight.ask(sql)).rows
        finally:
            await insight.close()

    until = time.monotonic() + 60
    while not enough(rows := platform.run(ask())):
        assert time.monotonic() < until, rows
        page.wait_for_timeout(200)
    return rows


def test_bank_in_the_phone(page: Page, bank: RunningPlatform, expect_console: Callable[[str], None]) -> None:
    # there is no bank behind this one
    expect_console("bank.eden.local|ERR_")
    page.goto(f"{bank.origin}/app/test/?program=bank")
    program = page.frame_locator("iframe:not(.spare):not(.back)").frame_locator("iframe")
    program.get_by_role("tab", name="转账").click(timeout=30_000)

    sql = "SELECT name, page, person, session, version, toUInt32(code), value, props FROM events ORDER BY at"
    rows = _rows(page, bank, sql, lambda rows: sum(row[0] == "$page_view" for row in rows) >= 2)
    named = {row[0]: row for row in rows}
    assert {"$launch", "$page_view", "$page_leave", "$request"} <= set(named)
    assert all(row[4:6] == ["1.0.0", 10000] for row in rows)
    assert len({(row[2], row[3]) for row in rows}) == 1 and rows[0][2]
    launch = json.loads(named["$launch"][7]) if isinstance(named["$launch"][7], str) else named["$launch"][7]
    assert named["$launch"][6] > 0 and launch["kind"] == "cold"
    assert "pages/transfer/transfer" in {row[1] for row in rows if row[0] == "$page_view"}

    # an error, with its stack, in a crash group
    guard = page.wait_for_selector("iframe:not(.spare):not(.back)")
    assert guard is not None
    outer = guard.content_frame()
    assert outer is not None
    expect_console("lost in the vault")
    outer.child_frames[0].evaluate("setTimeout(() => { throw new RangeError('lost in the vault') })")
    errors = _rows(page, bank, 'SELECT type, message, "group", fatal FROM errors', bool)
    assert errors[0][:2] == ["RangeError", "lost in the vault"] and errors[0][2] and not errors[0][3]
