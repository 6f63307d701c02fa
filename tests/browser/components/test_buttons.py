"""button: looks, pressing, open-type; navigator."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.components.conftest import MakeStand

_COLOURS = {
    "": [
        ("", "rgb(0, 0, 0)", "rgb(248, 248, 248)"),
        ('type="primary"', "rgb(255, 255, 255)", "rgb(26, 173, 25)"),
        ('type="warn"', "rgb(255, 255, 255)", "rgb(230, 67, 64)"),
        ("disabled", "rgba(0, 0, 0, 0.3)", "rgb(247, 247, 247)"),
        ('type="primary" disabled', "rgba(255, 255, 255, 0.6)", "rgb(158, 217, 157)"),
        ('type="primary" loading', "rgba(255, 255, 255, 0.6)", "rgb(23, 155, 22)"),
        ("plain", "rgb(53, 53, 53)", "rgba(0, 0, 0, 0)"),
        ('plain type="primary"', "rgb(26, 173, 25)", "rgba(0, 0, 0, 0)"),
        ('class="mine"', "rgb(0, 0, 0)", "rgb(1, 2, 3)"),
    ],
    "v2": [
        ("", "rgb(6, 174, 86)", "rgb(242, 242, 242)"),
        ('type="primary"', "rgb(255, 255, 255)", "rgb(7, 193, 96)"),
        ('type="warn"', "rgb(250, 81, 81)", "rgb(242, 242, 242)"),
        ("plain", "rgb(53, 53, 53)", "rgba(0, 0, 0, 0)"),
        ('class="mine"', "rgb(6, 174, 86)", "rgb(1, 2, 3)"),
    ],
}


@pytest.mark.parametrize("style", ["", "v2"])
def test_colours(stand: MakeStand, style: str) -> None:
    cases = _COLOURS[style]
    s = stand(
        "".join(f'<button id="b{i}" {attributes}>b</button>' for i, (attributes, *_) in enumerate(cases)),
        wxss=".mine { background: rgb(1, 2, 3) }",
        app={"style": style} if style else {},
    )
    shown = [
        (attributes, s.style(f"#b{i}", "color"), s.style(f"#b{i}", "backgroundColor"))
        for i, (attributes, *_) in enumerate(cases)
    ]
    assert shown == cases


def test_sizes(stand: MakeStand) -> None:
    markup = '<button id="b">b</button><button id="m" size="mini">b</button><button id="l" loading>b</button>'
    s = stand(markup)
    assert (s.box("#b")["width"], round(s.box("#b")["height"])) == (375, 46)
    assert round(s.box("#m")["height"]) == 30
    assert s.box("#m")["width"] < 60
    assert s.style("#l", "width", "::before") == "18px"
    v2 = stand(markup, app={"style": "v2"})
    assert (v2.box("#b")["width"], v2.box("#b")["x"], v2.box("#b")["height"]) == (184, 95.5, 40)
    assert v2.box("#m")["height"] == 32


def test_dark_theme(stand: MakeStand) -> None:
    s = stand('<button id="b">b</button>', app={"style": "v2", "darkmode": True}, theme="dark")
    assert s.style("#b", "backgroundColor") == "rgba(255, 255, 255, 0.1)"
    plain = stand('<button id="b">b</button>', app={"style": "v2"}, theme="dark")
    assert plain.style("#b", "backgroundColor") == "rgb(242, 242, 242)"


def test_taps_by_mouse_and_keyboard(stand: MakeStand) -> None:
    s = stand(
        """<view bindtap="on" id="outer"><button id="a" bindtap="on">a</button>
           <button id="b" disabled bindtap="on"><text id="t" bindtap="on">b</text></button></view>"""
    )
    s.locator("#a").click()
    s.locator("#a").press("Enter")
    s.locator("#a").press(" ")
    assert [event["id"] for event in s.events("tap")] == ["a", "outer"] * 3
    s.locator("#t").click(force=True)
    s.locator("#b").click(force=True)
    assert s.events() == []
    assert s.locator("#b").get_attribute("tabindex") == "-1"


def test_hover_class(stand: MakeStand) -> None:
    s = stand(
        """<button id="a" hover-start-time="0" hover-stay-time="0">a</button>
           <button id="b" hover-start-time="0" hover-stay-time="0" hover-class="mine">b</button>
           <button id="c" hover-class="none" hover-start-time="0">c</button>""",
        wxss=".mine { opacity: .5 }",
    )
    for name, classes in (("a", "button-hover"), ("b", "mine"), ("c", "")):
        s.locator(f"#{name}").hover()
        s.page.mouse.down()
        s.has(f"#{name}", className=classes)
        s.page.mouse.up()
        s.has(f"#{name}", className="")


#: open-type → event, name in errMsg, the host's answer
_OPEN_TYPES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "getUserInfo": ("getuserinfo", "getUserInfo", {"userInfo": {"nickName": "Ann"}, "rawData": "{}"}),
    "getPhoneNumber": ("getphonenumber", "getPhoneNumber", {"code": "c1"}),
    "getRealtimePhoneNumber": ("getrealtimephonenumber", "getRealtimePhoneNumber", {"code": "c2"}),
    "openSetting": ("opensetting", "openSetting", {"authSetting": {"scope.userInfo": True}}),
    "contact": ("contact", "enterContact", {"path": "/a", "query": {}}),
    "launchApp": ("launchapp", "launchApp", {}),
    "agreePrivacyAuthorization": ("agreeprivacyauthorization", "agreePrivacyAuthorization", {"buttonId": "b"}),
}


def test_open_types_ask_the_host(stand: MakeStand) -> None:
    s = stand(
        "".join(
            f"""<button id="{name}" open-type="{name}" bind{event}="on" binderror="on" lang="zh_CN" app-parameter="p"
                  session-from="s">b</button>"""
            for name, (event, *_) in _OPEN_TYPES.items()
        )
    )

    def press(name: str) -> dict[str, Any]:
        s.locator(f"#{name}").click()
        s.heard(1)
        return s.events()[0]

    for name, (event, api, answer) in _OPEN_TYPES.items():
        s.answer(name, answer)
        granted = press(name)
        assert (granted["type"], granted["detail"]) == (event, {**answer, "errMsg": f"{api}:ok"})
        s.answer(name, {"error": {"reason": "auth deny", "errno": 103}})
        refused = press(name)
        assert refused["type"] == ("error" if name == "launchApp" else event)
        assert refused["detail"] == {"errMsg": f"{api}:fail auth deny", "errno": 103}
    assert s.calls("getUserInfo")[0] == {"lang": "zh_CN", "withCredentials": True}
    assert s.calls("launchApp")[0] == {"appParameter": "p"}
    assert s.calls("contact")[0]["sendMessagePath"] == "/pages/a/a"


def test_choose_avatar_gives_a_temporary_file(stand: MakeStand) -> None:
    s = stand('<button id="b" open-type="chooseAvatar" bindchooseavatar="on">b</button><image src="{{src}}"/>')
    s.page.evaluate("answers.chooseAvatar = {data: new Blob(['x'], {type: 'image/png'})}")
    s.locator("#b").click()
    s.heard(1)
    (detail,) = s.details("chooseavatar")
    assert detail["avatarUrl"].startswith("http://tmp/") and detail["avatarUrl"].endswith(".png")
    s.answer("chooseAvatar", {"error": {"reason": "cancel"}})
    s.locator("#b").click()
    s.page.wait_for_function("() => calls.filter(c => c.name === 'chooseAvatar').length === 2")
    assert s.events() == []


def test_share_asks_the_page(stand: MakeStand) -> None:
    s = stand('<button id="b" open-type="share" data-n="7">b</button>')
    s.answer("shareAppMessage", {})
    s.frame.evaluate(
        """void (getCurrentPages()[0].onShareAppMessage = function ({from, target}) {
             return {title: `${from} ${target.dataset.n}`, promise: Promise.resolve({path: '/pages/b/b?x=1'})} })"""
    )
    s.locator("#b").click()
    s.page.wait_for_function("() => calls.some(c => c.name === 'shareAppMessage')")
    (shared,) = s.calls("shareAppMessage")
    assert (shared["title"], shared["path"]) == ("button 7", "/pages/b/b?x=1")


def test_two_open_types_in_one(stand: MakeStand) -> None:
    s = stand(
        """<button id="b" open-type="getPhoneNumber|agreePrivacyAuthorization" bindgetphonenumber="on"
             bindagreeprivacyauthorization="on">b</button>"""
    )
    s.answer("agreePrivacyAuthorization", {})
    s.answer("getPhoneNumber", {"code": "c"})
    s.locator("#b").click()
    s.heard(2)
    assert [event["type"] for event in s.events()] == ["agreeprivacyauthorization", "getphonenumber"]


def test_navigator_opens_pages(stand: MakeStand) -> None:
    s = stand(
        """<navigator id="n" url="/pages/b/b?x=1" bindsuccess="on" bindcomplete="on">go</navigator>
           <navigator id="bad" url="/pages/none" bindfail="on" bindcomplete="on">go</navigator>"""
    )
    s.locator("#bad").click()
    s.heard(2)
    events = s.events()
    assert [event["type"] for event in events] == ["fail", "complete"]
    assert events[0]["detail"]["errMsg"].startswith("navigateTo:fail")
    s.locator("#n").press("Enter")
    s.locator("#b").wait_for()
    assert s.frame.evaluate("getCurrentPages().map(page => page.route)") == ["pages/a/a", "pages/b/b"]
    assert s.frame.evaluate("getCurrentPages().at(-1).query") == {"x": "1"}
    assert s.frame.evaluate("getCurrentPages()[0].events.map(e => e.type)") == ["success", "complete"]


def test_navigator_opens_other_programs(stand: MakeStand) -> None:
    s = stand(
        """<navigator id="n" target="miniProgram" app-id="wx1" path="p?q=1" extra-data="{{data}}" version="trial"
             bindsuccess="on">go</navigator>
           <navigator id="x" target="miniProgram" open-type="exit">leave</navigator>""",
        {"data": {"a": [1]}},
    )
    s.answer("navigateToMiniProgram", {})
    s.answer("exitMiniProgram", {})
    s.locator("#n").click()
    s.locator("#x").click()
    s.page.wait_for_function("() => calls.some(c => c.name === 'exitMiniProgram')")
    (call,) = s.calls("navigateToMiniProgram")
    assert {name: call[name] for name in ("appId", "path", "extraData", "envVersion")} == {
        "appId": "wx1",
        "path": "p?q=1",
        "extraData": {"a": [1]},
        "envVersion": "trial",
    }
    assert s.details("success") == [{"errMsg": "navigateToMiniProgram:ok"}]
