"""form, and which fields are its own."""

from __future__ import annotations

from tests.browser.components.conftest import MakeStand

_FIELDS = """
<form bindsubmit="on" bindreset="on" report-submit="{{report}}">
  <input name="text" value="a"/><textarea name="area" value="b"/>
  <checkbox-group name="checks"><checkbox value="1" checked/><checkbox value="2" checked/></checkbox-group>
  <radio-group name="radio"><radio value="x"/><radio value="y" checked/></radio-group>
  <switch name="switch" checked/><slider name="slider" value="30" min="10"/>
  <picker name="picker" range="{{[1,2]}}" value="{{1}}">p</picker>
  <picker-view name="wheels" value="{{[1]}}" style="height:100px">
    <picker-view-column><view>a</view><view>b</view></picker-view-column>
  </picker-view>
  <input value="without a name"/>
  <button id="submit" form-type="submit" data-n="1">submit</button>
  <button id="reset" formType="reset">reset</button>
</form>
"""


def test_submit_and_reset(stand: MakeStand) -> None:
    s = stand(_FIELDS, {"report": False})
    s.locator("#submit").click()
    s.locator("#reset").click()
    s.locator("#submit").click()
    first, reset, second = s.events()
    assert first["type"] == "submit"
    assert first["detail"]["value"] == {
        "text": "a",
        "area": "b",
        "checks": ["1", "2"],
        "radio": "y",
        "switch": True,
        "slider": 30,
        "picker": 1,
        "wheels": [1],
    }
    assert first["detail"]["target"]["id"] == "submit"
    assert first["detail"]["target"]["dataset"] == {"n": 1} or first["detail"]["target"]["dataset"] == {"n": "1"}
    assert "formId" not in first["detail"]
    assert reset["type"] == "reset"
    assert second["detail"]["value"] == {
        "text": "",
        "area": "",
        "checks": [],
        "radio": "",
        "switch": False,
        "slider": 10,
        "picker": 0,
        "wheels": [0],
    }


def test_report_submit_gives_a_form_id(stand: MakeStand) -> None:
    s = stand(_FIELDS, {"report": True})
    s.locator("#submit").click()
    assert s.details("submit")[0]["formId"] == "requestFormId:fail deprecated"


def _component(behaviors: str, wxml: str, rest: str = "") -> dict[str, object]:
    return {"js": f"Component({{behaviors: {behaviors}, {rest}}})", "wxml": wxml, "json": {"component": True}}


def test_fields_in_components_need_the_behaviours(stand: MakeStand) -> None:
    components = {
        "field": _component("['wx://form-field']", "<view/>", "data: {}, attached() { this.setData({value: 'own'}) }"),
        "plain": _component("[]", '<input name="hidden" value="h"/><button id="no" form-type="submit">no</button>'),
        "group": _component("['wx://form-field-group']", '<input name="inner" value="i"/>'),
        "press": _component("['wx://form-field-button']", '<button id="yes" form-type="submit">yes</button>'),
        "wrap": _component("[]", "<view><slot/></view>"),
    }
    files: dict[str, object] = {}
    for name, parts in components.items():
        for extension, content in parts.items():
            files[f"components/{name}/index.{extension}"] = content
    s = stand(
        """<form bindsubmit="on"><field name="custom"/><plain/><group/><press/>
           <wrap><input name="slotted" value="s"/></wrap></form>""",
        json={"usingComponents": {name: f"/components/{name}/index" for name in components}},
        files=files,
    )
    s.locator("#no").click()
    assert s.events() == []
    s.locator("#yes").click()
    assert s.details("submit")[0]["value"] == {"custom": "own", "inner": "i", "slotted": "s"}
