"""view, text, image, icon, progress, rich-text: geometry, looks and events."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.browser.components.conftest import MakeStand

#: 80 x 40
PICTURE = "data:image/svg+xml," + quote(
    '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40"><path fill="teal" d="M0 0h80v40H0z"/></svg>'
)


def test_view_hidden_and_aria(stand: MakeStand) -> None:
    s = stand(
        '<view id="a" aria-role="tab" aria-selected="{{!h}}" aria-label="{{label}}" tabindex="0">a</view>'
        '<view id="b" class="row" hidden="{{h}}">b</view><image id="c" hidden/>',
        {"h": True, "label": "first"},
        wxss=".row{display:flex}",
    )
    assert s.box("#a")["width"] == 375
    assert s.style("#b", "display") == "none"
    assert s.style("#c", "display") == "none"
    a = s.locator("#a")
    names = ["role", "aria-selected", "aria-label", "tabindex"]
    assert [a.get_attribute(name) for name in names] == ["tab", "false", "first", "0"]
    s.set_data(h=False, label="")
    assert s.style("#b", "display") == "flex"
    assert (a.get_attribute("aria-selected"), a.get_attribute("aria-label")) == ("true", None)


def test_view_hover_class_comes_and_goes(stand: MakeStand) -> None:
    s = stand(
        """<view id="out" class="box" hover-class="press" hover-start-time="10" hover-stay-time="20">
             <view id="in" class="box" hover-class="press" hover-start-time="10" hover-stay-time="20"
               hover-stop-propagation>x</view></view>""",
        wxss=".box{padding:20px}.press{background:rgb(1, 2, 3)}",
    )
    box = s.box("#in")
    s.page.mouse.move(box["x"] + 5, box["y"] + 5)
    s.page.mouse.down()
    s.page.wait_for_function("document.querySelector('iframe')")
    s.locator("#in.press").wait_for()
    assert s.style("#in", "backgroundColor") == "rgb(1, 2, 3)"
    assert s.style("#out", "backgroundColor") == "rgba(0, 0, 0, 0)"
    s.page.mouse.up()
    s.locator("#in:not(.press)").wait_for()


def test_animation_runs_step_after_step(stand: MakeStand) -> None:
    transition = {"duration": 20, "timingFunction": "linear", "delay": 0}
    s = stand('<view id="a" animation="{{animation}}" bindtransitionend="on" style="color:red">a</view>')
    first = [{"type": "translateX", "args": [30]}, {"type": "style", "args": ["opacity", 0.5]}]
    second = [*first, {"type": "rotate", "args": [90]}]
    s.set_data(
        animation={"actions": [{"animates": each, "option": {"transition": transition}} for each in (first, second)]}
    )
    s.page.wait_for_function(
        """() => {
            const page = document.querySelector('iframe').contentDocument.querySelector('.eden-body').shadowRoot
            return getComputedStyle(page.querySelector('#a')).transform.startsWith('matrix(0, 1, -1, 0, 30')
        }"""
    )
    assert s.style("#a", "opacity") == "0.5"
    assert s.style("#a", "color") == "rgb(255, 0, 0)"
    assert s.events("transitionend")


@pytest.mark.parametrize(
    ("wxml", "data", "shown"),
    [
        ("<text id='t'>{{t}}</text>", {"t": "a\nb"}, "a\nb"),
        (r"<text id='t'>a\nb</text>", {}, "a\nb"),
        ("<text id='t' decode>{{t}}</text>", {"t": "1 &lt; 2 &amp;&nbsp;3"}, "1 < 2 &\u00a03"),
        ("<text id='t' space='ensp'>{{t}}</text>", {"t": "a  b"}, "a\u2002\u2002b"),
        ("<text id='t'>{{t}}</text>", {"t": "a &lt;  b"}, "a &lt; b"),
    ],
)
def test_text_content(stand: MakeStand, wxml: str, data: dict[str, str], shown: str) -> None:
    assert stand(wxml, data).locator("#t").inner_text() == shown


def test_text_keeps_up_with_changes_and_inherited_nowrap(stand: MakeStand) -> None:
    s = stand(
        '<text id="t" decode>{{t}}</text><view class="one"><text id="long">{{long}}</text></view>'
        '<text id="sel" user-select>x</text>',
        {"t": "&lt;", "long": "word " * 40},
        wxss=".one{width:100px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}",
    )
    s.set_data(t="&amp;lt;")
    assert s.locator("#t").inner_text() == "&lt;"
    assert s.box("#long")["height"] < 30
    assert s.style("#sel", "display") == "inline-block"
    assert s.style("#sel", "userSelect") == "text"
    assert s.style("#t", "userSelect") != "text"


@pytest.mark.parametrize(
    ("mode", "width", "height"),
    [("scaleToFill", 100, 100), ("aspectFit", 100, 100), ("widthFix", 100, 50), ("heightFix", 200, 100)],
)
def test_image_geometry(stand: MakeStand, mode: str, width: int, height: int) -> None:
    s = stand(
        '<view class="row"><image id="i" class="im" mode="{{mode}}" src="{{src}}" bindload="on"/></view>'
        '<image id="plain"/>',
        {"mode": mode, "src": PICTURE},
        wxss=".im{width:100px;height:100px}.row{display:flex;height:130px}",
    )
    s.locator("#i img:not(.eden-image-off)").wait_for()
    box = s.box("#i")
    assert (box["width"], box["height"]) == (width, height)
    plain = s.box("#plain")
    assert (plain["width"], plain["height"]) == (320, 240)
    assert s.details("load") == [{"width": 80, "height": 40}]


@pytest.mark.parametrize(
    ("mode", "fit", "position"), [("aspectFill", "cover", "50% 50%"), ("top left", "none", "0px 0px")]
)
def test_image_modes(stand: MakeStand, mode: str, fit: str, position: str) -> None:
    s = stand('<image mode="{{mode}}" src="{{src}}"/>', {"mode": mode, "src": PICTURE})
    s.locator("wx-image img:not(.eden-image-off)").wait_for()
    assert (s.style("wx-image img", "objectFit"), s.style("wx-image img", "objectPosition")) == (fit, position)


def test_image_sources(stand: MakeStand) -> None:
    png = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
        "1f15c4890000000d49444154789c6360f8cf500f00038401807e6a2e0b0000000049454e44ae426082"
    )
    s = stand(
        '<image id="rel" src="../../img/a.png" bindload="on"/><image id="abs" src="/img/a.png" bindload="on"/>'
        '<image id="no" src="/img/none.png" binderror="on"/>',
        files={"img/a.png": png},
    )
    s.frame.wait_for_function("getCurrentPages().at(-1).events.length === 3")
    events = {event["id"]: event for event in s.events()}
    assert events["rel"]["detail"] == events["abs"]["detail"] == {"width": 1, "height": 1}
    assert events["no"]["type"] == "error"
    assert "errMsg" in events["no"]["detail"]


def test_icon_size_and_color(stand: MakeStand) -> None:
    s = stand(
        '<icon id="a" type="success"/><icon id="b" type="warn" size="40" color="rgb(1, 2, 3)"/>'
        '<icon id="c" type="info" size="75rpx"/>'
    )
    assert s.box("#a")["width"] == 23
    assert s.style("#b svg", "fill") == "rgb(1, 2, 3)"
    assert s.box("#b")["height"] == 40
    assert s.box("#c")["width"] == pytest.approx(37.5, abs=0.1)


def test_progress(stand: MakeStand) -> None:
    s = stand(
        '<progress id="p" percent="{{n}}" stroke-width="10" show-info color="rgb(1, 2, 3)"/>'
        '<progress id="a" percent="20" active duration="1" bindactiveend="on"/>',
        {"n": 40},
    )
    bar = s.box("#p .wx-progress-bar")
    assert bar["height"] == 10
    assert s.box("#p .wx-progress-inner-bar")["width"] == pytest.approx(bar["width"] * 0.4, abs=0.5)
    assert s.locator("#p .wx-progress-info").inner_text() == "40%"
    assert s.locator("#p [role=progressbar]").get_attribute("aria-valuenow") == "40"
    s.frame.wait_for_function("getCurrentPages().at(-1).events.length")
    assert s.details("activeend") == [{"curPercent": 20}]
    s.set_data(n=130)
    assert s.locator("#p .wx-progress-info").inner_text() == "100%"


def test_rich_text_is_safe_and_whitelisted(stand: MakeStand) -> None:
    html = (
        '<div class="red" style="width:75rpx" onclick="x()"><script>top.hacked=1</script><b>bold</b>'
        '<img src="javascript:x()" onerror="x()"><iframe src="/"></iframe><video>inside</video>'
        '<a href="javascript:x()">link</a>&lt;&nbsp;</div>'
    )
    s = stand(
        '<rich-text id="r" nodes="{{html}}"/><rich-text id="n" nodes="{{nodes}}"/>',
        {
            "html": html,
            "nodes": [
                {
                    "name": "DIV",
                    "attrs": {"class": "red", "onclick": "x()"},
                    "children": [
                        {"type": "text", "text": "a&amp;b"},
                        {"name": "script", "children": [{"type": "text", "text": "no"}]},
                    ],
                }
            ],
        },
        wxss=".red{color:rgb(255, 0, 0)}",
    )
    assert s.locator("#r").inner_text() == "boldinsidelink<\u00a0"
    assert s.box("#r > div")["width"] == pytest.approx(37.5, abs=0.1)
    assert s.style("#r > div", "color") == "rgb(255, 0, 0)"
    assert s.locator("#r script, #r iframe, #r [onclick], #r [onerror], #r [src], #r [href]").count() == 0
    assert s.locator("#n").inner_text() == "a&b"
    assert s.style("#n > div", "color") == "rgb(255, 0, 0)"
    s.set_data(html="plain")
    assert s.locator("#r").inner_text() == "plain"


def test_unknown_tags_are_inert_boxes(stand: MakeStand) -> None:
    s = stand('<i id="i" class="x" bindtap="on">a</i><div id="d">b</div>', wxss=".x{color:rgb(1, 2, 3)}")
    assert s.style("#i", "display") == "inline"
    assert s.style("#i", "color") == "rgb(1, 2, 3)"
    s.locator("#i").click()
    assert [event["id"] for event in s.events("tap")] == ["i"]
