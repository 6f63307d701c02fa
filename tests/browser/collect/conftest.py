"""The super app with a program to be watched, and a server that it reports to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Frame, Page

from tests.browser.collecting import Collecting
from tests.browser.platform import RunningPlatform

#: two pages that do what people and programs do; API stands for an address
PROGRAM: dict[str, Any] = {
    "app.json": {"pages": ["pages/a/a", "pages/b/b"]},
    "pages/a/a.wxml": (
        '<view class="text">first page</view>'
        '<view id="go" bindtap="go" data-x="1"><text id="word">go</text></view>'
        '<view id="free">free</view>'
        '<view id="fail" bindtap="fail">fail</view>'
        '<view id="reject" bindtap="reject">reject</view>'
        '<view id="ask" bindtap="ask">ask</view>'
        '<view id="slow" bindtap="slow">slow</view>'
        '<view id="log" bindtap="log">log</view>'
        '<view id="report" bindtap="report">report</view>'
        '<view id="hang" bindtap="hang">hang</view>'
        '<view wx:for="{{rows}}" wx:key="id">{{item.name}}</view>'
    ),
    "pages/a/a.js": """Page({
      data: { rows: [] },
      go() { wx.navigateTo({ url: '/pages/b/b?token=hush' }) },
      fail() { undefined.nothing() },
      reject() { Promise.reject(new RangeError('too far')) },
      ask() { wx.request({ url: 'API/users/17/orders?secret=1', method: 'POST', data: 'hush', fail() {} }) },
      slow() {
        const end = Date.now() + 80
        while (Date.now() < end);
        this.setData({ rows: Array.from({ length: 1500 }, (_, id) => ({ id, name: 'row ' + id })) })
      },
      log() {
        const manager = wx.getRealtimeLogManager()
        manager.setFilterMsg('order 7')
        manager.addFilterMsg('paid')
        manager.info('paid', { sum: 5 })
        manager.tag('pay').error('key', 'value')
        wx.getLogManager().debug('kept on the phone')
        this.state = manager.getCurrentState()
        console.warn('a warning', 13800138000)
      },
      report() {
        wx.reportEvent('bought', { sum: 5, phone: 13800138000 })
        wx.reportAnalytics('seen', { page: 'a' })
        wx.reportMonitor('depth', 3)
        wx.reportPerformance(2001, 120, ['cold', 'wifi'])
      },
      hang() { setTimeout(() => { for (;;); }, 300) },
    })""",
    "pages/b/b.wxml": '<view class="text">second page</view>',
    "pages/b/b.js": "Page({})",
}


class Watched:
    """The super app in a browser's page, and what arrives of it."""

    def __init__(self, page: Page, platform: RunningPlatform) -> None:
        self.page = page
        self.platform = platform
        assert platform.collecting is not None
        self.collecting: Collecting = platform.collecting

    def start(self, program: str = "bank") -> None:
        """Load the super app with a program opened, until that shows its first page."""
        self.page.goto(f"{self.platform.origin}/app/test/?program={program}")
        self.shows("first page")

    @property
    def frame(self) -> Frame:
        """The frame of the program in front."""
        guard = self.page.wait_for_selector("iframe:not(.spare):not(.back)")
        assert guard is not None
        outer = guard.content_frame()
        assert outer is not None
        return outer.child_frames[0]

    def shows(self, text: str) -> None:
        program = self.page.frame_locator("iframe:not(.spare):not(.back)").frame_locator("iframe")
        program.get_by_text(text, exact=True).wait_for(timeout=30_000)

    def tap(self, name: str) -> None:
        self.page.frame_locator("iframe:not(.spare):not(.back)").frame_locator("iframe").locator(f"#{name}").click()

    def event(self, name: str, count: int = 1, **wanted: Any) -> dict[str, Any]:
        """The `count`th event of this name that arrives."""
        return self.collecting.wait_for(count, type="event", name=name, **wanted)[count - 1]


@pytest.fixture
def watched(page: Page, platform: RunningPlatform) -> Callable[..., Watched]:
    """Publish the program, changed by `files`, and watch it; keyword arguments are switches."""

    def make(files: dict[str, Any] | None = None, /, **switches: Any) -> Watched:
        api = f"{platform.origin}/api"
        program = {
            name: text.replace("API", api) if isinstance(text, str) else text
            for name, text in {**PROGRAM, **(files or {})}.items()
        }
        program["eden.json"] = {"version": "1.0.0", "domains": {"request": [platform.origin]}}
        platform.publish("1.0.0", program)
        platform.release("1.0.0", finish=True)
        assert platform.collecting is not None
        platform.collecting.want("bank", **switches)
        return Watched(page, platform)

    return make
