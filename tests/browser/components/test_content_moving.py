"""scroll-view, swiper, movable-view: thresholds, targets, drags with mouse and finger."""

from __future__ import annotations

import pytest

from tests.browser.components.conftest import MakeStand
from tests.browser.components.gestures import drag_mouse, pinch, swipe

_LINES = '<view wx:for="{{40}}" id="k{{item}}" class="line">{{item}}</view>'
_SCROLL_CSS = ".sy{height:200px}.line{height:50px}.sx{white-space:nowrap}"
_CHIP_CSS = ".chip{display:inline-block;vertical-align:top;width:100px;height:40px}"


def test_scroll_view_properties_and_events(stand: MakeStand) -> None:
    s = stand(
        f'<scroll-view id="s" class="sy" scroll-y scroll-top="{{{{top}}}}" bindscroll="on"'
        f' scroll-into-view="{{{{into}}}}" bindscrolltolower="on" bindscrolltoupper="on">{_LINES}</scroll-view>',
        {"top": 100, "into": ""},
        wxss=_SCROLL_CSS,
    )
    main = s.locator("#s .eden-scroll")
    assert main.evaluate("m => [m.scrollTop, m.scrollHeight, m.clientHeight, m.clientWidth]") == [100, 2000, 200, 375]
    assert s.details("scroll")[-1] == {
        "scrollTop": 100,
        "scrollLeft": 0,
        "scrollHeight": 2000,
        "scrollWidth": 375,
        "deltaX": 0,
        "deltaY": -100,
    }
    s.set_data(into="k20")
    s.frame.wait_for_function("getCurrentPages().at(-1).events.length")
    assert main.evaluate("m => m.scrollTop") == 1000
    assert s.events("scrolltolower") == []
    s.set_data(top=5000)
    s.frame.wait_for_function("getCurrentPages().at(-1).events.some(e => e.type === 'scrolltolower')")
    assert s.details("scrolltolower") == [{"direction": "bottom"}]
    s.set_data(top=10)
    s.frame.wait_for_function("getCurrentPages().at(-1).events.some(e => e.type === 'scrolltoupper')")
    assert s.details("scrolltoupper") == [{"direction": "top"}]


def test_scroll_view_layout(stand: MakeStand) -> None:
    s = stand(
        '<scroll-view id="x" class="sx" scroll-x><view class="chip" wx:for="{{10}}"/></scroll-view>'
        '<scroll-view id="flex" class="flex" enable-flex><view id="f1" class="chip"/><view id="f2" class="chip"/>'
        "</scroll-view>"
        '<scroll-view id="off" class="flex"><view id="o1" class="chip"/><view id="o2" class="chip"/></scroll-view>'
        f'<scroll-view id="max" class="max" scroll-y>{_LINES}</scroll-view>'
        '<view class="col"><view class="head"/>'
        f'<scroll-view id="rest" class="rest" scroll-y>{_LINES}</scroll-view></view>',
        wxss=_SCROLL_CSS + _CHIP_CSS + ".flex{display:flex;justify-content:flex-end}.max{max-height:120px}"
        ".col{display:flex;flex-direction:column;height:150px}.head{height:50px}.rest{flex:1;height:0}",
    )
    assert s.locator("#x .eden-scroll").evaluate("m => m.scrollWidth") == 1000
    assert s.box("#x")["height"] == 40
    assert (s.box("#f1")["x"], s.box("#f2")["x"]) == (175, 275)
    assert (s.box("#o1")["x"], s.box("#o2")["x"]) == (0, 100)
    assert s.box("#max")["height"] == 120
    assert s.locator("#max .eden-scroll").evaluate("m => m.clientHeight") == 120
    assert s.locator("#rest .eden-scroll").evaluate("m => m.clientHeight") == 100


def test_scroll_view_follows_the_mouse(stand: MakeStand) -> None:
    s = stand(
        f'<scroll-view id="s" class="sy" scroll-y bindtap="on">{_LINES}</scroll-view>',
        wxss=_SCROLL_CSS + ".sy{position:fixed;top:10px;width:300px}",
    )
    drag_mouse(s, "#s", 0, -80)
    assert s.style("#s", "position") == "fixed"
    top = s.locator("#s .eden-scroll").evaluate("m => m.scrollTop")
    assert top >= 60
    assert s.events("tap") == []


def test_scroll_view_refresher(stand: MakeStand) -> None:
    names = ["pulling", "refresh", "restore", "abort"]
    events = " ".join(f'bindrefresher{name}="on"' for name in names)
    s = stand(
        f'<scroll-view id="s" class="sy" scroll-y refresher-enabled refresher-triggered="{{{{busy}}}}" {events}>'
        f"{_LINES}</scroll-view>",
        {"busy": False},
        wxss=_SCROLL_CSS,
    )
    swipe(s, "#s .eden-scroll", (50, 10), (50, 30), (50, 45))
    s.frame.wait_for_function("getCurrentPages().at(-1).events.some(e => e.type === 'refresherabort')")
    types = [event["type"] for event in s.events()]
    assert types[0] == "refresherpulling"
    assert "refresherrefresh" not in types
    swipe(s, "#s .eden-scroll", (50, 10), (50, 30), (50, 90), (50, 130))
    types = [event["type"] for event in s.events()]
    assert types[-1] == "refresherrefresh"
    s.set_data(busy=True)
    assert s.events("refresherrefresh") == []
    s.set_data(busy=False)
    s.frame.wait_for_function("getCurrentPages().at(-1).events.some(e => e.type === 'refresherrestore')")
    assert s.locator("#s .eden-scroll").evaluate("m => m.style.transform") == ""


_SWIPER = """<swiper id="s" class="sw" current="{{current}}" duration="{{20}}" circular="{{circular}}"
  vertical="{{vertical}}" indicator-dots autoplay="{{autoplay}}" interval="{{150}}"
  bindchange="on" bindanimationfinish="on">
  <swiper-item wx:for="{{items}}" item-id="i{{item}}" id="p{{item}}" catchtouchmove="{{caught}}">{{item}}</swiper-item>
  </swiper>"""


def _swiper_data(**data: object) -> dict[str, object]:
    return {
        "items": [0, 1, 2],
        "current": 0,
        "circular": False,
        "vertical": False,
        "autoplay": False,
        "caught": "",
        **data,
    }


def test_swiper_geometry_and_current(stand: MakeStand) -> None:
    s = stand(_SWIPER, _swiper_data(current=1))
    box = s.box("#s")
    assert (box["width"], box["height"]) == (375, 150)
    assert s.box("#p1") == box
    assert s.events() == []
    assert s.locator(".wx-swiper-dot").count() == 3
    assert s.locator(".wx-swiper-dot").nth(1).get_attribute("class") == "wx-swiper-dot wx-swiper-dot-active"
    s.set_data(current=2)
    s.frame.wait_for_function("getCurrentPages().at(-1).events.length === 2")
    expected = {"current": 2, "currentItemId": "i2", "source": ""}
    assert [(event["type"], event["detail"]) for event in s.events()] == [
        ("change", expected),
        ("animationfinish", expected),
    ]
    assert s.box("#p2") == box
    s.set_data(items=[0])
    s.frame.wait_for_function(
        "document.querySelector('.eden-body').shadowRoot.querySelectorAll('.wx-swiper-dot').length === 1"
    )
    assert s.box("#p0") == box


@pytest.mark.parametrize("circular", [False, True])
def test_swiper_turns_with_finger_and_mouse(stand: MakeStand, circular: bool) -> None:
    s = stand(_SWIPER, _swiper_data(circular=circular))
    swipe(s, "#s .wx-swiper-wrapper", (300, 50), (250, 50), (100, 50))
    s.frame.wait_for_function("getCurrentPages().at(-1).events.length === 2")
    assert s.details("change") == [{"current": 1, "currentItemId": "i1", "source": "touch"}]
    s.events()
    drag_mouse(s, "#s", 250, 0)
    s.frame.wait_for_function("getCurrentPages().at(-1).events.length === 2")
    assert [event["current"] for event in s.details("change")] == [0]
    # back beyond the first: only round a circle
    swipe(s, "#s .wx-swiper-wrapper", (50, 50), (100, 50), (300, 50))
    s.frame.wait_for_function("getCurrentPages().at(-1).events.at(-1)?.type === 'animationfinish'")
    assert [event["current"] for event in s.details("change")] == ([2] if circular else [])
    assert s.box("#p2" if circular else "#p0") == s.box("#s")


def test_swiper_leaves_other_directions_and_caught_moves_alone(stand: MakeStand) -> None:
    s = stand(_SWIPER, _swiper_data())
    swipe(s, "#p0", (300, 20), (300, 60), (280, 140))
    s.set_data(caught="on")
    s.events()
    swipe(s, "#p0", (300, 50), (250, 50), (100, 50))
    s.page.wait_for_timeout(60)
    assert s.events("change") == []


def test_swiper_autoplay_goes_round(stand: MakeStand) -> None:
    s = stand(_SWIPER, _swiper_data(autoplay=True))
    s.frame.wait_for_function("getCurrentPages().at(-1).events.filter(e => e.type === 'change').length >= 3")
    changes = s.details("change")[:3]
    assert [change["current"] for change in changes] == [1, 2, 0]
    assert {change["source"] for change in changes} == {"autoplay"}


def test_swiper_margins_and_several_items(stand: MakeStand) -> None:
    s = stand(
        '<swiper id="a" previous-margin="40px" next-margin="75rpx" circular>'
        '<swiper-item id="a{{item}}" wx:for="{{4}}"/></swiper>'
        '<swiper id="b" display-multiple-items="2" vertical><swiper-item id="b{{item}}" wx:for="{{4}}"/></swiper>'
    )
    assert s.box("#a0") == {"x": 40, "y": s.box("#a")["y"], "width": 375 - 40 - 37.5, "height": 150}
    assert s.box("#a1")["x"] == pytest.approx(40 + 297.5)
    assert s.box("#a3")["x"] == pytest.approx(40 - 297.5)
    top = s.box("#b")["y"]
    assert [(s.box(f"#b{i}")["y"] - top, s.box(f"#b{i}")["height"]) for i in range(3)] == [(0, 75), (75, 75), (150, 75)]


_MOVABLE = """<movable-area id="area" class="area"><movable-view id="v" class="v" direction="{{direction}}"
  x="{{x}}" y="{{y}}" inertia="{{inertia}}" out-of-bounds="{{out}}" scale scale-max="3"
  animation="{{false}}" bindchange="on" bindscale="on"
  bindhtouchmove="on" bindvtouchmove="on">v</movable-view></movable-area>"""


def test_movable_view(stand: MakeStand) -> None:
    s = stand(
        _MOVABLE,
        {"direction": "all", "x": 10, "y": "75rpx", "inertia": False, "out": False},
        wxss=".area{width:300px;height:200px}.v{width:50px;height:50px}",
    )
    area = s.box("#area")

    def at() -> tuple[float, float]:
        box = s.box("#v")
        return round(box["x"] - area["x"], 1), round(box["y"] - area["y"], 1)

    assert at() == (10, 37.5)
    s.events()
    drag_mouse(s, "#v", 60, 20)
    x, y = at()
    assert 60 <= x <= 70
    assert 50 <= y <= 57.5
    events = s.events()
    assert events[0]["type"] == "htouchmove"
    assert events[-1]["detail"] == {"x": pytest.approx(x, abs=0.1), "y": pytest.approx(y, abs=0.1), "source": "touch"}
    # the area is the limit
    swipe(s, "#v", (10, 10), (100, 100), (600, 600))
    assert at() == (250, 150)
    s.set_data(x=1000, y=0)
    s.set_data(x=20)
    assert at() == (20, 0)
    assert s.events("change")[-1]["detail"] == {"x": 20, "y": 0, "source": ""}
    s.set_data(direction="horizontal")
    swipe(s, "#v", (10, 10), (40, 12), (80, 30))
    assert at()[1] == 0
    pinch(s, "#v", [(20, 25), (30, 25)], [(10, 25), (40, 25)], [(-20, 25), (70, 25)])
    assert s.box("#v")["width"] == 150
    assert s.details("scale")[-1]["scale"] == 3


def test_movable_view_springs_back_and_slides(stand: MakeStand) -> None:
    s = stand(
        _MOVABLE,
        {"direction": "all", "x": 0, "y": 0, "inertia": True, "out": True},
        wxss=".area{width:300px;height:200px}.v{width:50px;height:50px}",
    )
    swipe(s, "#v", (30, 10), (20, 10), (-100, 10))
    s.frame.wait_for_function("getCurrentPages().at(-1).events.at(-1)?.detail.source === 'out-of-bounds'")
    sources = {event["source"] for event in s.details("change")}
    assert "touch-out-of-bounds" in sources
    swipe(s, "#v", (10, 10), (20, 10), (60, 10), (100, 10))
    s.frame.wait_for_function("getCurrentPages().at(-1).events.some(e => e.detail.source === 'friction')")
