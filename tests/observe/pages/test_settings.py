"""The page of collection: switches, masks, retention; keys to send with; usage; quarantine."""

from __future__ import annotations

import html
from typing import Any

from eden.console.forms import Form
from eden.observe.app_settings import AppSettings, Sample
from eden.observe.interfaces import QuarantinedRow
from eden.observe.pages.settings import KINDS, read_settings
from tests.observe.pages.stand import NOW, Stand, text
from tests.release.test_pages_releases import Fields


def filled(stand: Stand, **changes: Any) -> dict[str, Any]:
    """The form as a browser would send it."""
    page = stand.get("/bank/settings").text
    part = page[page.index('aria-labelledby="collect-title"') :]
    values = Fields(part[: part.index("</form>")]).values
    values["consent"] = ["granted"]
    return {name: value for name, value in (values | changes).items() if value is not None}


def test_what_was_not_changed_stays(stand: Stand) -> None:
    before = stand.app().settings
    answer = stand.post("/bank/settings", **filled(stand))
    assert answer.status_code == 303, text(answer.text)
    assert stand.app().settings == before == AppSettings()


def test_switches_samples_and_days(stand: Stand) -> None:
    changes: dict[str, Any] = {
        "on-tap": None,
        "per-mille-request": "50",
        "days-logs": "7",
        "consent": "ask",
        "masks": "A[0-9]{4}\n",
    }
    changes |= {"mask": ["email"], "tap_text": "yes", "quota": "100000"}
    assert stand.post("/bank/settings", **filled(stand, **changes)).status_code == 303
    found = stand.app().settings
    assert found.kinds == {"tap": Sample(on=False), "request": Sample(per_mille=50)}
    assert (found.retention, found.consent, found.masks) == ({"logs": 7}, "ask", ("A[0-9]{4}",))
    assert (found.mask, found.tap_text, found.quota) == (("email",), True, 100_000)
    page = stand.get("/bank/settings").text
    assert 'value="50"' in page and "A[0-9]{4}" in page
    usual: dict[str, Any] = {f"on-{kind}": "yes" for kind in KINDS} | {f"per-mille-{kind}": "1000" for kind in KINDS}
    usual |= {"days-logs": "30", "masks": "", "mask": ["email", "phone", "card", "id"], "tap_text": None, "quota": "0"}
    assert stand.post("/bank/settings", **filled(stand, **usual)).status_code == 303
    assert stand.app().settings == AppSettings()


def test_what_has_to_be_mended_comes_back(stand: Stand) -> None:
    wrong = filled(stand, masks="(a+)+", batch="70")
    answer = stand.post("/bank/settings", **wrong)
    assert answer.status_code == 422
    assert 'href="#masks"' in answer.text and "(a+)+" in answer.text and 'value="70"' in answer.text
    assert stand.app().settings.masks == ()
    for name, value in (("batch", "0"), ("per-mille-tap", "1001"), ("days-logs", "x"), ("consent", "maybe")):
        answer = stand.post("/bank/settings", **filled(stand, **{name: value}))
        assert answer.status_code == 422 and f'href="#{name}"' in answer.text, name
    # in Chinese it is said in Chinese what to do; exactly what is wrong follows
    chinese = stand.office.client.post(
        "/console/test/analysis/bank/settings",
        headers=stand.office.sign_in("owner") | {"Accept-Language": "zh"},
        data=filled(stand, batch="0"),
    )
    said = html.unescape(chinese.text)
    assert chinese.status_code == 422 and "请检查所填内容后重新提交。（A whole number from 1 to 1,000.）" in said, text(
        said
    )


def test_somebody_else_was_faster(stand: Stand) -> None:
    mine, theirs = filled(stand, batch="20"), filled(stand, batch="30")
    assert stand.post("/bank/settings", **theirs).status_code == 303
    answer = stand.post("/bank/settings", **mine)
    assert answer.status_code == 422 and "Somebody changed the settings" in answer.text
    assert stand.app().settings.batch == 30
    assert stand.post("/bank/settings", **filled(stand, batch="50")).status_code == 303


def test_keys_are_ready_to_be_copied(stand: Stand) -> None:
    made = stand.post("/bank/keys", label="The <shop>'s website")
    assert made.headers["location"].endswith("/bank/settings#keys")
    page = stand.get("/bank/settings").text
    assert "The &lt;shop&gt;&#39;s website" in page
    number = stand.app().number
    key = next(key for key, app in stand.observe.apps._keys.items() if app == number)
    host = "testserver.local"
    for address in (
        f"http://{key}@{host}/observe/sentry/{number}",
        f"http://{host}/observe/posthog",
        f"http://{host}/observe/otlp",
        f"http://{host}/observe/v1/batch",
    ):
        assert f'data-copy="{address}"' in html.unescape(page)
    assert stand.post(f"/bank/keys/{key}/disable").status_code == 303
    assert f"http://{key}@" not in html.unescape(stand.get("/bank/settings").text)
    assert stand.observe.apps.by_key(key) is None
    refused = stand.post("/bank/keys", label=" ")
    assert refused.headers["location"].endswith("/bank/settings")
    assert stand.post(f"/bank/keys/{'0' * 32}/disable").status_code == 404


def test_what_could_not_be_stored_is_shown(stand: Stand) -> None:
    assert "Nothing is in quarantine" in stand.get("/bank/settings").text
    row = QuarantinedRow(app=stand.app().number, received=NOW, wire="sentry", reason="no <time>", raw='{"a":"<b>"}')
    stand.put(row)
    page = stand.get("/bank/settings").text
    assert "no &lt;time&gt;" in page and "{&#34;a&#34;:&#34;&lt;b&gt;&#34;}" in page


def test_a_form_without_fields_is_no_change_of_what_it_has_not() -> None:
    found = read_settings(Form({"consent": ["denied"], "seconds": ["30"]}), AppSettings(batch=7, quota=5))
    assert (found.batch, found.seconds, found.quota, found.consent) == (7, 30, 5, "denied")
