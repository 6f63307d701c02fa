"""checkbox, radio, switch and label."""

from __future__ import annotations

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
