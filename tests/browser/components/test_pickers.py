"""picker, picker-view and slider."""

from __future__ import annotations

import pytest

from tests.browser.components.conftest import MakeStand, Stand
from tests.browser.components.gestures import swipe


def open_sheet(s: Stand, selector: str) -> None:
    s.locator(selector).click()
    s.locator(".eden-wheel").first.wait_for()


def confirm(s: Stand) -> None:
    s.locator(".eden-picker-confirm").click()
    s.locator(".eden-picker").wait_for(state="detached")


def test_selector(stand: MakeStand) -> None:
    s = stand(
        """<picker id="p" range="{{range}}" range-key="name" header-text="Pick" bindchange="on"
             bindcancel="on">p</picker>""",
        {"range": [{"name": "one"}, {"name": "two"}, {"name": "three"}]},
    )
    open_sheet(s, "#p")
    assert s.frame.get_by_role("dialog", name="Pick").count() == 1
    assert s.locator(".eden-wheel-items").all_inner_texts() == ["one\ntwo\nthree"]
    s.page.keyboard.press("ArrowDown")
    s.page.keyboard.press("ArrowDown")
    assert s.locator(".eden-wheel").get_attribute("aria-valuetext") == "three"
    confirm(s)
    assert s.details("change") == [{"value": "2"}]
    open_sheet(s, "#p")
    assert s.locator(".eden-wheel").get_attribute("aria-valuenow") == "2"
    s.page.keyboard.press("Home")
    s.locator(".eden-picker-cancel").click()
    open_sheet(s, "#p")
    assert s.locator(".eden-wheel").get_attribute("aria-valuenow") == "2"
    s.page.keyboard.press("Escape")
    assert [(event["type"], event["detail"]) for event in s.events()] == [("cancel", {}), ("cancel", {})]


def test_disabled_and_empty(stand: MakeStand) -> None:
    s = stand(
        """<picker id="d" disabled range="{{[1]}}" bindchange="on">p</picker>
           <picker id="e" range="{{none}}" bindchange="on">p</picker>""",
        {"none": None},
    )
    s.locator("#d").click(force=True)
    assert s.locator(".eden-picker").count() == 0
    open_sheet(s, "#e")
    confirm(s)
    assert s.details("change") == [{"value": "0"}]


def test_multi_selector_follows_its_program(stand: MakeStand) -> None:
    s = stand(
        """<picker id="p" mode="multiSelector" range="{{range}}" value="{{value}}" bindchange="on"
             bindcolumnchange="on">p</picker>""",
        {"range": [["fish", "bird"], ["cod", "eel"]], "value": [0, 1]},
    )
    open_sheet(s, "#p")
    s.page.keyboard.press("ArrowDown")
    assert s.details("columnchange") == [{"column": 0, "value": 1}]
    s.set_data(range=[["fish", "bird"], ["owl", "tit", "jay"]], value=[1, 2])
    assert s.locator(".eden-wheel").nth(1).get_attribute("aria-valuetext") == "jay"
    assert s.locator(".eden-wheel").nth(0).get_attribute("aria-valuetext") == "bird"
    confirm(s)
    assert s.details("change") == [{"value": [1, 2]}]


def test_date_and_time(stand: MakeStand) -> None:
    s = stand(
        """<picker id="d" mode="date" value="2024-01-31" start="2023-05-01" end="2025-12-31" bindchange="on">d</picker>
           <picker id="m" mode="date" fields="month" value="2024-01" bindchange="on">m</picker>
           <picker id="t" mode="time" value="12:30" bindchange="on">t</picker>"""
    )
    open_sheet(s, "#d")
    s.locator(".eden-wheel").nth(1).press("ArrowDown")
    assert s.locator(".eden-wheel").nth(2).get_attribute("aria-valuetext") == "29日"
    confirm(s)
    open_sheet(s, "#m")
    assert s.locator(".eden-wheel").count() == 2
    confirm(s)
    open_sheet(s, "#t")
    s.locator(".eden-wheel").nth(1).press("End")
    confirm(s)
    assert [event["detail"]["value"] for event in s.events("change")] == ["2024-02-29", "2024-01", "12:59"]


def test_region(stand: MakeStand) -> None:
    s = stand(
        """<picker id="p" mode="region" value="{{value}}" custom-item="全部" bindchange="on">p</picker>
           <picker id="c" mode="region" level="city" bindchange="on">c</picker>""",
        {"value": ["广东省", "广州市", "海珠区"]},
    )
    open_sheet(s, "#p")
    confirm(s)
    open_sheet(s, "#p")
    s.locator(".eden-wheel").nth(1).press("Home")
    confirm(s)
    open_sheet(s, "#c")
    assert s.locator(".eden-wheel").count() == 2
    confirm(s)
    assert s.details("change") == [
        {"value": ["广东省", "广州市", "海珠区"], "code": ["440000", "440100", "440105"]},
        {"value": ["广东省", "全部", "全部"], "code": ["440000"]},
        {"value": ["北京市", "北京市"], "code": ["110000", "110100"]},
    ]


def test_wheels_turn_by_drag_press_and_mouse_wheel(stand: MakeStand) -> None:
    s = stand('<picker id="p" range="{{range}}" bindchange="on">p</picker>', {"range": list("abcdefgh")})
    open_sheet(s, "#p")
    wheel = s.locator(".eden-wheel")
    box = s.box(".eden-wheel")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    s.page.mouse.move(x, y)
    s.page.mouse.down()
    s.page.mouse.move(x, y - 60)
    s.page.mouse.move(x, y - 6 - 48 * 2)
    s.page.wait_for_timeout(120)  # so long ago that the wheel has no speed left
    s.page.mouse.up()
    assert wheel.get_attribute("aria-valuenow") == "2"
    s.page.mouse.click(x, y + 48)
    s.has(".eden-wheel", ariaValueNow="3")
    s.page.mouse.wheel(0, -48 * 10)
    s.has(".eden-wheel", ariaValueNow="0")


def test_picker_view(stand: MakeStand) -> None:
    s = stand(
        """<picker-view id="v" style="height:200px" value="{{value}}" indicator-style="height:50px" bindchange="on"
             bindpickstart="on" bindpickend="on">
             <picker-view-column id="a"><view wx:for="{{items}}" wx:key="*this">{{item}}</view></picker-view-column>
             <picker-view-column id="b">
               <view wx:for="{{5}}" wx:key="*this" id="b{{item}}">{{item}}</view>
             </picker-view-column>
           </picker-view>""",
        {"value": [2, 1], "items": []},
    )
    s.set_data(items=["x", "y", "z"])
    s.has("#a", ariaValueNow="2")
    assert s.box("#b1")["height"] == 50
    assert s.box("#b1")["y"] == s.box("#v")["y"] + 75
    assert s.box("#b .eden-picker-indicator")["y"] == s.box("#v")["y"] + 75
    assert s.box("#a")["width"] == 187.5
    s.locator("#b").press("ArrowDown")
    s.heard(3)
    assert [(event["type"], event["detail"]) for event in s.events()] == [
        ("pickstart", {}),
        ("change", {"value": [2, 2]}),
        ("pickend", {}),
    ]
    s.set_data(value=[0, 4])
    s.has("#b", ariaValueNow="4")
    s.has("#a", ariaValueNow="0")
    assert s.events() == []
    assert s.locator("#b").get_attribute("aria-valuetext") == "4"


def test_slider(stand: MakeStand) -> None:
    s = stand(
        """<slider id="s" value="20" step="5" show-value bindchange="on" bindchanging="on" style="margin:0"/>
           <slider id="d" value="50" disabled bindchange="on"/>"""
    )
    rail = s.box("#s .wx-slider-handle-wrapper")
    y = rail["y"] + 1
    s.page.mouse.move(rail["x"] + rail["width"] * 0.2, y)
    s.page.mouse.down()
    s.page.mouse.move(rail["x"] + rail["width"] * 0.4, y)
    s.page.mouse.move(rail["x"] + rail["width"] * 0.61, y)
    s.page.mouse.up()
    events = s.events()
    assert [event["type"] for event in events][-1] == "change"
    assert events[-1]["detail"] == {"value": 60}
    assert {"value": 40} in [event["detail"] for event in events if event["type"] == "changing"]
    assert s.locator("#s .wx-slider-value").inner_text() == "60"
    s.page.mouse.click(rail["x"] + rail["width"] * 0.11, y)
    s.locator("#s").press("ArrowRight")
    s.locator("#s").press("End")
    s.locator("#d").click(force=True)
    assert s.details("change") == [{"value": 10}, {"value": 15}, {"value": 100}]
    assert s.locator("#s").get_attribute("aria-valuenow") == "100"


def test_slider_looks(stand: MakeStand) -> None:
    s = stand(
        """<slider id="s" value="50" block-size="14" active-color="#ff0000" background-color="#00ff00"
             block-color="#0000ff"/>"""
    )
    assert s.box("#s")["x"] == 18
    assert s.box("#s .wx-slider-thumb")["width"] == 14
    assert s.style("#s .wx-slider-track", "backgroundColor") == "rgb(255, 0, 0)"
    assert s.style("#s .wx-slider-handle-wrapper", "backgroundColor") == "rgb(0, 255, 0)"
    assert s.style("#s .wx-slider-thumb", "backgroundColor") == "rgb(0, 0, 255)"
    assert s.box("#s .wx-slider-track")["width"] == pytest.approx(s.box("#s .wx-slider-handle-wrapper")["width"] / 2)


def test_a_picker_opens_from_the_controls_in_it(stand: MakeStand) -> None:
    s = stand(
        """<picker id="p" range="{{[1, 2]}}"><input id="i" disabled value="1"/>
           <button id="b">choose</button></picker>"""
    )
    for control in ("#i", "#b"):
        s.locator(control).click()
        s.locator(".eden-wheel").wait_for()
        s.locator(".eden-picker-cancel").click()


def test_fingers_turn_wheels_and_move_sliders(stand: MakeStand) -> None:
    s = stand(
        """<picker-view id="v" style="height:170px" bindchange="on"><picker-view-column id="c">
             <view wx:for="{{30}}" wx:key="*this">{{item}}</view></picker-view-column></picker-view>
           <slider id="s" bindchange="on" style="margin:0"/>"""
    )
    swipe(s, "#c", (100, 150), (100, 140), (100, 82), (100, 82), (100, 82), (100, 82), (100, 82), (100, 82), pause=30)
    s.heard(1)
    assert s.details("change") == [{"value": [2]}]
    swipe(s, "#c", (100, 150), (100, 100), (100, 40), pause=16)
    s.heard(1)
    (thrown,) = s.details("change")
    assert thrown["value"][0] > 2 + 110 / 34
    swipe(s, "#s .wx-slider-tap-area", (10, 8), (100, 8), (187.5, 8), pause=16)
    s.heard(1)
    assert s.details("change") == [{"value": 50}]
