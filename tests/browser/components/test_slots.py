"""Slots of program components that stand inside built-ins."""

from __future__ import annotations

from tests.browser.components.conftest import MakeStand

LIST = {
    "pages/a/list.json": {"component": True},
    "pages/a/list.wxml": '<scroll-view scroll-y style="height:200px"><slot/><view class="end">end</view></scroll-view>',
    "pages/a/list.js": "Component({})",
}


def test_children_that_come_later_stand_where_the_slot_is(stand: MakeStand) -> None:
    page = stand(
        '<list><view wx:for="{{items}}" wx:key="*this">{{item}}</view></list>',
        {"items": []},
        files=LIST,
        json={"usingComponents": {"list": "list"}},
    )
    page.set_data(items=["a", "b"])
    assert page.locator("wx-scroll-view").inner_text().split() == ["a", "b", "end"]
    page.set_data(items=["c", "a", "b", "d"])
    assert page.locator("wx-scroll-view").inner_text().split() == ["c", "a", "b", "d", "end"]
    page.set_data(items=["d"])
    assert page.locator("wx-scroll-view").inner_text().split() == ["d", "end"]
    same = (
        "(node) => [...node.querySelectorAll('wx-view')].every((view) => view.parentNode.className.includes('scroll'))"
    )
    assert page.locator("wx-scroll-view").evaluate(same)
