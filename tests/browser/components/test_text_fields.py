"""input and textarea."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.components.conftest import MakeStand, Stand


def value(s: Stand, selector: str) -> str:
    return s.locator(f"{selector} .eden-control").input_value()


def test_input_tells_what_was_typed(stand: MakeStand) -> None:
    s = stand('<input id="i" bindinput="on" bindfocus="on" bindblur="on" bindconfirm="on"/>')
    s.locator("#i").click()
    s.page.keyboard.type("ab")
    s.page.keyboard.press("Backspace")
    s.page.keyboard.press("Enter")
    assert [(event["type"], event["detail"]) for event in s.events()] == [
        ("focus", {"value": "", "height": 0}),
        ("input", {"value": "a", "cursor": 1, "keyCode": 97}),
        ("input", {"value": "ab", "cursor": 2, "keyCode": 98}),
        ("input", {"value": "a", "cursor": 1, "keyCode": 8}),
        ("confirm", {"value": "a"}),
        ("blur", {"value": "a", "cursor": 1}),
    ]


def test_confirm_hold_keeps_the_focus(stand: MakeStand) -> None:
    s = stand('<input id="i" confirm-hold confirm-type="search" bindconfirm="on" bindblur="on"/>')
    s.locator("#i").click()
    s.page.keyboard.press("Enter")
    assert [event["type"] for event in s.events()] == ["confirm"]
    assert s.locator("#i .eden-control").get_attribute("enterkeyhint") == "search"


@pytest.mark.parametrize(
    ("returned", "shown"), [("fixed", "fixed"), ({"value": "1,000", "cursor": 2}, "1,000"), (None, "x"), (7, "x")]
)
def test_a_handler_may_return_another_value(stand: MakeStand, returned: object, shown: str) -> None:
    s = stand('<input id="i" bindinput="on" model:value="{{text}}"/>', {"text": ""})
    s.returns(returned)
    s.locator("#i").click()
    s.page.keyboard.type("x")
    assert value(s, "#i") == shown
    assert s.data("text") == shown
    if isinstance(returned, dict):
        assert s.locator("#i .eden-control").evaluate("node => node.selectionStart") == 2


def test_the_program_can_put_back_what_it_had(stand: MakeStand) -> None:
    s = stand('<input id="i" value="{{text}}" bindinput="on"/>', {"text": "old"})
    s.locator("#i").click()
    s.page.keyboard.type("er")
    assert s.data("text") == "old"
    s.set_data(text="old")
    assert value(s, "#i") == "old"


def test_maxlength(stand: MakeStand) -> None:
    s = stand(
        '<input id="d" value="{{long}}"/><input id="n" maxlength="-1" value="{{long}}"/><input id="f" maxlength="4"/>',
        {"long": "x" * 200},
    )
    assert len(value(s, "#d")) == 140
    assert len(value(s, "#n")) == 200
    s.locator("#f").click()
    s.page.keyboard.type("123456")
    assert value(s, "#f") == "1234"


def test_keyboard_types(stand: MakeStand) -> None:
    s = stand(
        """<input id="number" type="number"/><input id="digit" type="digit"/><input id="idcard" type="idcard"/>
           <input id="password" password/><input id="safe" type="safe-password" bindblur="on"/>"""
    )
    s.answer("secureKeyboard", {"error": {"reason": "the phone has no secure keyboard"}})
    for name in ("number", "digit", "idcard", "password", "safe"):
        s.locator(f"#{name}").click()
        s.page.keyboard.type("a1.5.x")
    assert [value(s, f"#{name}") for name in ("number", "digit", "idcard", "password", "safe")] == [
        "15",
        "1.5",
        "15x",
        "a1.5.x",
        # nothing but the phone's own keyboard types there, and there is none
        "",
    ]
    assert s.details("blur")[0]["encryptError"] == "the phone has no secure keyboard"
    # what is selected is replaced, its point with it
    s.locator("#digit").click()
    s.page.keyboard.press("Control+A")
    s.page.keyboard.insert_text("12.5")
    s.page.keyboard.insert_text(".7")
    assert value(s, "#digit") == "12.5"
    attributes = [
        (
            s.locator(f"#{name} .eden-control").get_attribute("type"),
            s.locator(f"#{name} .eden-control").get_attribute("inputmode"),
        )
        for name in ("number", "digit", "idcard", "password", "safe")
    ]
    assert attributes == [
        ("text", "numeric"),
        ("text", "decimal"),
        ("text", "text"),
        ("password", "text"),
        ("password", "none"),
    ]


def test_placeholder(stand: MakeStand) -> None:
    s = stand(
        """<input id="i" placeholder="Your name" placeholder-class="hint" placeholder-style="font-size:30rpx"
             value="{{v}}"/>""",
        {"v": ""},
        wxss=".hint { color: rgb(1, 2, 3) }",
    )
    hint = s.locator("#i .eden-hint")
    assert hint.inner_text() == "Your name"
    assert s.style("#i .eden-hint", "color") == "rgb(1, 2, 3)"
    assert s.style("#i .eden-hint", "fontSize") == "15px"
    s.set_data(v="x")
    assert not hint.is_visible()
    assert s.frame.get_by_role("textbox", name="Your name").count() == 1


def test_focus_follows_the_property(stand: MakeStand) -> None:
    s = stand(
        """<input id="a" auto-focus bindfocus="on"/>
           <input id="b" focus="{{focus}}" cursor="2" value="abcd" bindfocus="on" bindblur="on"/>""",
        {"focus": False},
    )
    s.heard(1)
    assert [(event["type"], event["id"]) for event in s.events()] == [("focus", "a")]
    s.set_data(focus=True)
    assert [(event["type"], event["id"]) for event in s.events()] == [("focus", "b")]
    assert s.locator("#b .eden-control").evaluate("node => node.selectionStart") == 2
    s.locator("#a").click()
    s.events()
    s.set_data(focus=True)
    assert [(event["type"], event["id"]) for event in s.events("focus")] == [("focus", "b")]
    s.set_data(focus=False)
    assert [event["type"] for event in s.events()] == ["blur"]


def test_selection(stand: MakeStand) -> None:
    s = stand('<input id="i" value="abcdef" selection-start="1" selection-end="4" bindselectionchange="on"/>')
    s.locator("#i .eden-control").focus()
    s.page.keyboard.type("-")
    assert value(s, "#i") == "a-ef"
    assert {"selectionStart": 2, "selectionEnd": 2} in s.details("selectionchange")


def test_a_disabled_input_passes_taps_on(stand: MakeStand) -> None:
    s = stand('<view bindtap="on" id="v"><input id="i" disabled value="x" bindtap="on" bindfocus="on"/></view>')
    s.locator("#i").click()
    assert [(event["type"], event["id"]) for event in s.events()] == [("tap", "i"), ("tap", "v")]
    s.page.keyboard.type("y")
    assert value(s, "#i") == "x"


def test_hold_keyboard(stand: MakeStand) -> None:
    s = stand(
        '<input id="i" hold-keyboard="{{hold}}" bindblur="on"/><view id="v" style="height:100px">elsewhere</view>',
        {"hold": True},
    )
    s.locator("#i").click()
    s.locator("#v").click()
    assert s.details("blur") == []
    s.set_data(hold=False)
    s.locator("#i .eden-control").blur()
    s.locator("#i").click()
    s.events()
    s.locator("#v").click()
    assert len(s.details("blur")) == 1


def test_composition_is_told_when_it_is_over(stand: MakeStand) -> None:
    s = stand('<input id="i" bindinput="on" bindkeyboardcompositionstart="on" bindkeyboardcompositionend="on"/>')
    s.locator("#i").click()
    cdp = s.page.context.new_cdp_session(s.page)
    cdp.send("Input.imeSetComposition", {"text": "ni", "selectionStart": 2, "selectionEnd": 2})
    assert [event["type"] for event in s.events()] == ["keyboardcompositionstart"]
    cdp.send("Input.insertText", {"text": "你"})
    events = s.events()
    assert [event["type"] for event in events] == ["keyboardcompositionend", "input"]
    assert events[1]["detail"]["value"] == "你"


def test_android_composes_every_word(stand: MakeStand, page: Page) -> None:
    cdp = page.context.new_cdp_session(page)
    cdp.send("Emulation.setUserAgentOverride", {"userAgent": "Mozilla/5.0 (Linux; Android 14)"})
    s = stand('<input id="i" bindinput="on"/>')
    s.locator("#i").click()
    for text in ("h", "he"):
        cdp.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})
    assert [detail["value"] for detail in s.details("input")] == ["h", "he"]


def test_input_geometry(stand: MakeStand) -> None:
    s = stand('<input id="i"/><input id="tall" style="height:60px;font-size:20px;text-align:right" value="x"/>')
    assert s.box("#i")["height"] == pytest.approx(22.4, abs=0.1)
    assert s.box("#i")["width"] == 375
    assert s.box("#tall .eden-control")["height"] == 60
    assert s.style("#tall .eden-control", "textAlign") == "right"
    assert s.style("#tall .eden-control", "fontSize") == "20px"


def test_textarea_grows_with_its_lines(stand: MakeStand) -> None:
    s = stand(
        '<textarea id="t" auto-height bindlinechange="on" style="width:300px;line-height:20px;height:300px"/>'
        '<textarea id="fixed" value="x"/>',
    )
    assert s.box("#t")["height"] == 20
    s.locator("#t").click()
    s.page.keyboard.type("a\nb\nc")
    assert s.box("#t")["height"] == 60
    assert [(detail["lineCount"], detail["height"], detail["heightRpx"]) for detail in s.details("linechange")] == [
        (1, 20, 40),
        (2, 40, 80),
        (3, 60, 120),
    ]
    assert (s.box("#fixed")["width"], s.box("#fixed")["height"]) == (300, 150)


def test_enter_in_a_textarea(stand: MakeStand) -> None:
    s = stand('<textarea id="a" bindconfirm="on"/><textarea id="b" confirm-type="send" bindconfirm="on"/>')
    for name in ("a", "b"):
        s.locator(f"#{name}").click()
        s.page.keyboard.type("x")
        s.page.keyboard.press("Enter")
    assert (value(s, "#a"), value(s, "#b")) == ("x\n", "x")
    assert [(event["id"], event["detail"]) for event in s.events()] == [("b", {"value": "x"})]


def test_a_late_nickname_is_reviewed(stand: MakeStand) -> None:
    s = stand('<input id="i" type="nickname" bindnicknamereview="on"/><view id="v">elsewhere</view>')
    s.locator("#i").click()
    s.page.keyboard.type("Ann")
    s.locator("#v").click()
    assert s.details("nicknamereview") == [{"pass": True, "timeout": False}]


def test_keyboard_accessory_shows_with_the_focus(stand: MakeStand) -> None:
    s = stand(
        """<textarea id="t" bindblur="on"><keyboard-accessory>
             <view id="bar" bindtap="on" style="height:50px">bar</view></keyboard-accessory></textarea>"""
    )
    assert not s.locator("#bar").is_visible()
    s.locator("#t .eden-control").focus()
    box = s.box("#bar")
    assert box["y"] + box["height"] == 812
    s.locator("#bar").click()
    assert [event["type"] for event in s.events()] == ["tap"]


def test_the_page_makes_way_for_the_keyboard(stand: MakeStand) -> None:
    s = stand(
        """<view style="height:600px"/><input id="i" cursor-spacing="10" bindkeyboardheightchange="on"/>
           <input id="j" adjust-position="{{false}}" bindkeyboardheightchange="on"/>""",
        app={"window": {"navigationStyle": "custom"}},
    )
    screen = s.page.locator("iframe")
    s.locator("#i .eden-control").focus()
    screen.evaluate("frame => { frame.style.height = '512px' }")
    s.heard(1)
    assert s.details("keyboardheightchange") == [{"height": 300, "duration": 0}]
    assert s.box("#i")["y"] + s.box("#i")["height"] <= 512 - 10
    s.locator("#j .eden-control").focus()
    assert s.box("#j")["y"] - s.box("#i")["y"] == pytest.approx(22.4, abs=0.1)
    assert s.frame.evaluate("document.documentElement.style.getPropertyValue('--eden-keyboard')") == "300px"
    screen.evaluate("frame => { frame.style.height = '812px' }")
    s.heard(1)
    assert s.details("keyboardheightchange") == [{"height": 0, "duration": 0}]
    assert s.box("#i")["y"] == 600


def test_a_growing_textarea_does_not_move_the_page(stand: MakeStand) -> None:
    s = stand('<view style="height:1500px"/><textarea id="t" auto-height style="line-height:20px"/>')
    s.locator("#t .eden-control").focus()
    s.page.keyboard.type("a\nb\nc\nd\ne\nf")
    before = s.box("#t")["y"]
    s.page.keyboard.type("xyz")
    assert s.box("#t")["y"] == before
