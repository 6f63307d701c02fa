"""checkbox, radio, switch and the labels around them."""

from __future__ import annotations

import pytest

from tests.browser.components.conftest import MakeStand


def test_checkbox_group_reports_values_in_document_order(stand: MakeStand) -> None:
    s = stand(
        """<checkbox-group bindchange="on">
             <label wx:for="{{items}}" wx:key="*this" id="l{{item}}"><checkbox id="c{{item}}" value="{{item}}"
               checked="{{item === 'b'}}" disabled="{{item === 'd'}}"/>{{item}}</label>
           </checkbox-group>""",
        {"items": ["a", "b", "c", "d"]},
    )
    assert s.locator("#cb").get_attribute("aria-checked") == "true"
    s.locator("#cc").click()
    s.locator("#la").click()
    s.locator("#ld").click()
    assert s.details("change") == [{"value": ["b", "c"]}, {"value": ["a", "b", "c"]}]
    s.locator("#cb").press(" ")
    assert s.details("change") == [{"value": ["a", "c"]}]
    assert s.locator("#cd").get_attribute("aria-disabled") == "true"


def test_radio_group_has_one_choice(stand: MakeStand) -> None:
    s = stand(
        """<radio-group bindchange="on">
             <radio wx:for="{{items}}" wx:key="*this" id="r{{item}}" value="{{item}}" checked="{{item === chosen}}"/>
           </radio-group>""",
        {"items": ["a", "b", "c"], "chosen": "a"},
    )

    def checked() -> list[str]:
        return [item for item in "abc" if s.locator(f"#r{item}").get_attribute("aria-checked") == "true"]

    s.locator("#rb").click()
    s.locator("#rb").click()
    assert s.details("change") == [{"value": "b"}]
    assert checked() == ["b"]
    s.set_data(chosen="c")
    assert checked() == ["c"]
    assert s.details("change") == []
    s.locator("#rc").press("ArrowDown")
    assert s.details("change") == [{"value": "a"}]
    assert checked() == ["a"]


def test_boxes_look_as_on_wechat_and_programs_restyle_them(stand: MakeStand) -> None:
    s = stand(
        """<checkbox id="c" checked/><radio id="r" checked/><radio id="own" checked color="#ff0000"/>
           <switch id="s" checked/>""",
        wxss="""#r .wx-radio-input.wx-radio-input-checked { background-color: rgb(1, 2, 3) }
                #c .wx-checkbox-input { width: 40px }""",
    )
    assert s.box("#r .wx-radio-input")["width"] == 24
    assert s.box("#c .wx-checkbox-input")["width"] == 42
    assert (s.box("#s .wx-switch-input")["width"], s.box("#s .wx-switch-input")["height"]) == (52, 32)
    assert s.style("#r .wx-radio-input", "backgroundColor") == "rgb(1, 2, 3)"
    assert s.style("#own .wx-radio-input", "backgroundColor") == "rgb(255, 0, 0)"
    assert s.style("#c .wx-checkbox-input", "color") == "rgb(9, 187, 7)"
    assert "eden-tick" in s.style("#c .wx-checkbox-input", "fontFamily", "::before")
    assert s.frame.evaluate("document.fonts.ready.then(() => document.fonts.check('20px eden-tick', '\\uea08'))")
    assert s.style("#s .wx-switch-input", "backgroundColor") == "rgb(4, 190, 2)"


def test_switch(stand: MakeStand) -> None:
    s = stand(
        """<switch id="a" model:checked="{{on}}" bindchange="on" bindtap="on"/>
           <switch id="b" disabled bindchange="on"/><switch id="c" type="checkbox" bindchange="on"/>{{on}}""",
        {"on": False},
    )
    s.locator("#a").click()
    s.locator("#b").click(force=True)
    s.locator("#c").click()
    assert [(event["type"], event["id"], event["detail"].get("value")) for event in s.events("change")] == [
        ("change", "a", True),
        ("change", "c", True),
    ]
    assert s.data("on") is True
    s.locator("#a").press(" ")
    assert s.data("on") is False
    assert [event["type"] for event in s.events()][-2:] == ["change", "tap"]
    assert s.locator("#a").get_attribute("role") == "switch"
    assert s.locator("#c").get_attribute("role") == "checkbox"
    assert s.locator("#c .wx-checkbox-input-checked").count() == 1


@pytest.mark.parametrize("label", ["for", "around"])
def test_labels_act_on_their_control_once(stand: MakeStand, label: str) -> None:
    controls = '<switch id="s" bindchange="on"/>'
    around = f'<label id="l">text <text id="t">more</text>{controls}</label>'
    beside = f'<label id="l" for="s">text <text id="t">more</text></label>{controls}'
    s = stand(around if label == "around" else beside)
    for target in ("#t", "#s", "#t"):
        s.locator(target).click()
    assert s.details("change") == [{"value": True}, {"value": False}, {"value": True}]


def test_labels_press_buttons_and_focus_fields(stand: MakeStand) -> None:
    s = stand(
        """<label id="a">press <button id="b" bindtap="on">b</button></label>
           <label id="c" for="i">name</label><input id="i" bindfocus="on"/>
           <label id="d">a caught <text id="caught" catchtap="on">tap</text><switch bindchange="on"/></label>""",
    )
    s.locator("#a").click(position={"x": 5, "y": 5})
    s.locator("#b").click()
    s.locator("#c").click()
    s.locator("#caught").click()
    assert [(event["type"], event["id"]) for event in s.events()] == [
        ("tap", "b"),
        ("tap", "b"),
        ("focus", "i"),
        ("tap", "caught"),
    ]


def test_the_accessible_name_of_a_control_is_its_label(stand: MakeStand) -> None:
    s = stand(
        """<label><checkbox value="a"/>Terms accepted</label><label for="r">Blue</label><radio id="r"/>
           <label for="t">Remarks</label><textarea id="t"/>"""
    )
    assert s.frame.get_by_role("checkbox", name="Terms accepted").count() == 1
    assert s.frame.get_by_role("radio", name="Blue").count() == 1
    assert s.frame.get_by_role("textbox", name="Remarks").count() == 1
