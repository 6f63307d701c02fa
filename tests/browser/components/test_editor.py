"""editor and its context."""

from __future__ import annotations

from typing import Any

from tests.browser.components.conftest import MakeStand, Stand

_EDITOR = """<editor id="e" placeholder="Write" read-only="{{frozen}}" bindready="on" bindfocus="on" bindblur="on"
  bindinput="on" bindstatuschange="on"/><view id="v" style="height:50px">elsewhere</view>"""

_CALL = """async ([name, options]) => {
  const {context} = await new Promise(done => wx.createSelectorQuery().select('#e').context(done).exec())
  return context[name](...options)
}"""


def start(stand: MakeStand) -> Stand:
    s = stand(_EDITOR, {"frozen": False})
    s.heard(1)
    s.events()
    return s


def call(s: Stand, name: str, *options: Any) -> Any:
    return s.frame.evaluate(_CALL, [name, list(options)])


def contents(s: Stand) -> dict[str, Any]:
    result: dict[str, Any] = call(s, "getContents", {})
    return result


def test_typing_and_formats(stand: MakeStand) -> None:
    s = start(stand)
    s.locator(".ql-editor").click()
    s.page.keyboard.type("ab")
    call(s, "format", "bold")
    s.page.keyboard.type("c")
    assert contents(s) == {
        "errMsg": "getContents:ok",
        "html": "<p>ab<strong>c</strong></p>",
        "text": "abc\n",
        "delta": {"ops": [{"insert": "ab"}, {"attributes": {"bold": True}, "insert": "c"}, {"insert": "\n"}]},
    }
    assert {"bold": True} in s.details("statuschange")
    call(s, "format", "header", "H2")
    call(s, "format", "align", "center")
    call(s, "format", "backgroundColor", "#ff0000")
    assert s.details("statuschange")[-1] == {"bold": True, "header": 2, "align": "center", "backgroundColor": "#ff0000"}
    s.page.keyboard.type("d")
    assert "background-color: rgb(255, 0, 0)" in contents(s)["html"]
    call(s, "format", "header", 2)
    assert contents(s)["html"].startswith('<p style="text-align: center;">')


def test_events(stand: MakeStand) -> None:
    s = start(stand)
    s.locator(".ql-editor").click()
    s.page.keyboard.type("x")
    s.locator("#v").click()
    events = [(event["type"], event["detail"]["text"]) for event in s.events("focus", "input", "blur")]
    assert events == [("focus", "\n"), ("input", "x\n"), ("blur", "x\n")]


def test_insertions(stand: MakeStand) -> None:
    s = start(stand)
    call(s, "insertText", {"text": "one"})
    call(s, "insertDivider", {})
    call(
        s,
        "insertImage",
        {"src": "data:image/gif;base64,R0lGODlhAQABAAAAACw=", "width": "80%", "alt": "dot", "data": {"id": 1}},
    )
    ops = contents(s)["delta"]["ops"]
    assert [op["insert"] for op in ops if not isinstance(op["insert"], str)] == [
        {"divider": True},
        {"image": "data:image/gif;base64,R0lGODlhAQABAAAAACw="},
    ]
    image = next(op for op in ops if isinstance(op["insert"], dict) and "image" in op["insert"])
    assert image["attributes"] == {"width": "80%", "alt": "dot", "data-custom": "id=1"}
    call(s, "clear", {})
    assert contents(s)["text"] == "\n"


def test_set_contents_undo_and_callbacks(stand: MakeStand) -> None:
    s = start(stand)
    call(s, "setContents", {"html": "<p>a <b>b</b></p><ol><li>one</li></ol><script>alert(1)</script>"})
    assert contents(s)["html"] == "<p>a <strong>b</strong></p><ol><li>one</li></ol>"
    call(s, "setContents", {"delta": {"ops": [{"insert": "x\n", "attributes": {"list": "bullet"}}]}})
    assert "<li" in contents(s)["html"]
    s.locator(".ql-editor").click()
    s.page.keyboard.type("typed")
    call(s, "undo", {})
    assert "typed" not in contents(s)["text"]
    call(s, "redo", {})
    assert "typed" in contents(s)["text"]
    answered = s.frame.evaluate(
        f"""async () => {{
          const call = {_CALL}
          const got = await new Promise(success => call(['getContents', [{{success, complete: () => 0}}]]))
          const refused = await call(['insertCustomBlock', [{{}}]]).catch(error => error)
          return [got.errMsg, refused.errMsg]
        }}"""
    )
    assert answered == ["getContents:ok", "insertCustomBlock:fail not supported"]


def test_read_only_and_placeholder(stand: MakeStand) -> None:
    s = start(stand)
    assert "Write" in s.style("#e .ql-editor", "content", "::before")
    s.set_data(frozen=True)
    assert s.locator("#e .ql-editor").get_attribute("contenteditable") == "false"
    assert s.box("#e")["height"] == 200
