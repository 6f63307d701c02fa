"""Pages of alerts."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import msgspec
import pytest

from eden.console.forms import Form
from eden.observe.alerts.interfaces import AlertRule, AskedNumber, Change, Compared, Sequential, SqlNumber, Threshold
from eden.observe.api_alerts import watch_of
from eden.observe.insight.answering import Answering
from eden.observe.insight.client import LocalInsight
from eden.observe.insight.engine import Engine
from eden.observe.pages.alert_form import COMPARISONS, NUMBERS, fields, read_rule
from eden.observe.questions.interfaces import Events, Funnel, Period, Step
from tests.observe.alerts.conftest import WebServer
from tests.observe.sql.stand import Stand, open_stand


@pytest.fixture(scope="module")
def stand(kept_store: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with open_stand(tmp_path_factory.mktemp("office"), LocalInsight(Answering(kept_store))) as stand:
        yield stand


def show(stand: Stand, path: str = "", who: str = "owner", locale: str = "en") -> str:
    headers = stand.office.sign_in(who) | {"Accept-Language": locale}
    found = stand.office.client.get(f"/console/{stand.office.here}/analysis/bank/alerts{path}", headers=headers)
    assert found.status_code == 200
    return unescape(found.text)


def send(stand: Stand, path: str, who: str = "owner", **form: Any) -> Any:
    headers = stand.office.sign_in(who)
    data = {"_csrf": headers["X-CSRF-Token"], **form}
    address = f"/console/{stand.office.here}/analysis/bank/alerts{path}"
    return stand.office.client.post(address, headers=headers, data=data, follow_redirects=False)


USUAL = {"name": "Many crashes", "of": "question", "number": "crashes", "period": "60m", "when": "above", "value": "5",
         "looks": "1", "every": "60", "again": "86400", "channel": "none"}  # fmt: skip


def make(stand: Stand, **form: Any) -> str:
    """The path of a new alert."""
    answer = send(stand, "", **{**USUAL, **form})
    assert answer.status_code == 303, answer.text
    return "/" + str(answer.headers["location"]).rpartition("/")[2]


def rule_of(stand: Stand, path: str) -> dict[str, Any]:
    found: dict[str, Any] = stand.office.get("owner", f"{stand.path('bank')}/alerts{path}")["rule"]
    return found


def test_none_yet(stand: Stand) -> None:
    assert "No alert yet" in show(stand) and "还没有告警" in show(stand, locale="zh")
    assert "alerts/new" in show(stand) and "alerts/new" not in show(stand, who="reviewer")


@pytest.mark.parametrize("of", ["question", "sql", "comparison"])
@pytest.mark.parametrize("locale", ["en", "zh"])
def test_the_form(stand: Stand, of: str, locale: str) -> None:
    html = show(stand, f"/new?of={of}", locale=locale)
    assert f'name="of" value="{of}"' in html and 'name="looks"' in html


def test_from_begin_to_end(stand: Stand, web: WebServer) -> None:
    path = make(stand, channel="webhook", address=f"{web.address}/secret")
    html = show(stand, path)
    assert "Many crashes" in html and "Crashes" in html and "above 5" in html and "whsec_" in html
    # who may only read sees where it goes, not what opens it
    seen = show(stand, path, who="reviewer")
    assert "127.0.0.1" in seen and "whsec_" not in seen and "/secret" not in seen
    channel = re.findall(r'name="channel" value="([^"]+)"', html)[0]
    assert send(stand, f"{path}/test", channel=channel).status_code == 303
    assert json.loads(web.got[0][2])["what"] == "test"
    web.answers = [500]
    send(stand, f"{path}/test", channel=channel)
    form = show(stand, f"{path}/edit")
    assert 'value="Many crashes"' in form and '<option value="crashes" selected' in form
    revision = re.findall(r'name="revision" value="(\d+)"', form)[0]
    changed = send(
        stand, path, **{**USUAL, "name": "More crashes", "value": "7", "revision": revision, "remove": channel}
    )
    assert changed.status_code == 303 and rule_of(stand, path)["condition"]["value"] == 7
    assert "Nobody else is told" in show(stand, path)
    assert send(stand, path, **{**USUAL, "revision": revision}).status_code == 422
    send(stand, f"{path}/mute", seconds="3600")
    assert "Muted until" in show(stand, path) and "Muted" in show(stand)
    send(stand, f"{path}/mute", seconds="")
    assert "Muted until" not in show(stand, path)
    send(stand, f"{path}/switch", on="")
    assert ">Off<" in re.sub(r"<svg.*?</svg>", "", show(stand, path), flags=re.DOTALL)
    send(stand, f"{path}/switch", on="yes")
    assert send(stand, f"{path}/remove").status_code == 303
    assert (
        "More crashes"
        not in re.sub(r'<div[^>]*id="flashes".*?</div>', "", show(stand), flags=re.DOTALL).partition('id="alerts"')[2]
    )


def test_an_incident_is_shown(stand: Stand, kept_store: Engine) -> None:
    path = make(stand, name="Sales", of="sql", sql="SELECT count() FROM events", value="2")
    rows = [{"app": stand.app("bank").number, "at": stand.seconds, "arrived": stand.seconds, "name": "sale"}] * 3
    kept_store.insert("events", b"\n".join(json.dumps(row).encode() for row in rows))
    asyncio.run(watch_of(stand.observe).look_all({}))
    html = show(stand, path)
    assert "Firing" in html and "The number over the last looks" in html and "Going on" in html
    listed = show(stand)
    assert "1 alert is firing" in listed and "Sales" in listed
    assert "触发中" in show(stand, path, locale="zh") and "1 个告警正在触发" in show(stand, locale="zh")
    send(stand, f"{path}/remove")


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"value": "many"}, "value"),
        ({"name": ""}, "name"),
        ({"number": "nothing"}, "number"),
        ({"of": "sql", "sql": "SELECT * FROM system.one"}, "sql"),
        ({"of": "comparison", "compared": "errors", "direction": "more", "alpha": "0.01", "new": "1,x"}, "new"),
        ({"of": "comparison", "compared": "errors", "direction": "more", "alpha": "0.01", "new": "all"}, "new"),
        ({"channel": "webhook", "address": "not an address"}, "address"),
        ({"channel": "email", "address": "smtp://h", "sender": "nobody", "to": "a@x.example"}, "sender"),
        ({"channel": "apprise", "address": "unknown://x"}, ""),
    ],
)
def test_what_has_to_be_mended(stand: Stand, form: dict[str, str], field: str) -> None:
    answer = send(stand, "", **{**USUAL, **form})
    assert answer.status_code == 422
    if field:
        assert re.search(rf'<(input|select|textarea)[^>]*name="{field}"[^>]*aria-invalid="true"', answer.text), (
            answer.text
        )


def test_what_has_to_be_mended_in_chinese(stand: Stand) -> None:
    headers = stand.office.sign_in("owner") | {"Accept-Language": "zh"}
    data = {**USUAL, "value": "nan", "channel": "webhook", "address": "http://[x", "_csrf": headers["X-CSRF-Token"]}
    address = f"/console/{stand.office.here}/analysis/bank/alerts"
    assert "请填写一个数字。" in stand.office.client.post(address, headers=headers, data=data).text
    data["value"] = "5"
    assert "无法使用该地址。" in stand.office.client.post(address, headers=headers, data=data).text


def test_the_language_of_notices(stand: Stand) -> None:
    """What the form says; before that the reader's."""
    assert '<option value="zh" selected' in show(stand, "/new", locale="zh")
    assert '<option value="en" selected' in show(stand, "/new")
    path = make(stand, language="zh")
    assert '<option value="zh" selected' in show(stand, f"{path}/edit")
    assert send(stand, path, **{**USUAL, "revision": "1", "language": "en"}).status_code == 303
    assert stand.office.get("owner", f"{stand.path('bank')}/alerts{path}")["language"] == "en"
    send(stand, f"{path}/remove")


def test_who_may(stand: Stand) -> None:
    path = make(stand)
    for address in ("", path, f"{path}/mute", f"{path}/switch", f"{path}/remove", f"{path}/test"):
        assert send(stand, address, who="reviewer", **USUAL).status_code == 403
    send(stand, f"{path}/remove")


def test_numbers_of_any_size_are_written_whole(stand: Stand) -> None:
    for value, said in (("1234567.5", "above 1,234,567.5"), ("0.00342", "above 0.00342"), ("-12", "above −12")):
        path = make(stand, value=value)
        assert said in show(stand, path) and f'value="{value}"' in show(stand, f"{path}/edit")
        send(stand, f"{path}/remove")


STEP = Step(events=Events())
BELOW = Threshold(direction="below", value=1.5)
EITHER = Sequential(direction="either")
MILLIONS = Threshold(direction="above", value=1234567.25)
RULES = [
    *(AlertRule(subject=AskedNumber(question=make(Period(last="24h"))), condition=BELOW)
      for make in NUMBERS.values()),
    *(AlertRule(subject=msgspec.structs.replace(one, new=(3, 4), control=(2,)), condition=EITHER)
      for one in COMPARISONS.values()),
    AlertRule(subject=msgspec.structs.replace(COMPARISONS["start"], new="all", baseline=800.0), condition=Sequential()),
    AlertRule(subject=SqlNumber(sql="SELECT 1"), condition=MILLIONS),
    AlertRule(subject=SqlNumber(sql="SELECT 1,\n2"), condition=Change(percent=5), looks=3, missing="tell", again=0),
    AlertRule(subject=AskedNumber(question=Funnel(period=Period(last="7d"), steps=(STEP, STEP))),
              condition=Change(direction="less", percent=10)),
    AlertRule(subject=Compared(measure="rate", events=COMPARISONS["errors"].events, over=COMPARISONS["failed"].over),
              condition=Sequential(alpha=0.001), halt=True),
]  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_a_form_means_the_rule_that_it_was_made_of(rule: AlertRule) -> None:
    found = fields(rule)
    form = Form({name: [value] for name, value in found.items() if name not in ("missing", "halt") or value})
    of: Any = "sql" if "sql" in found else "comparison" if "compared" in found else "question"
    assert read_rule(form, of, rule) == rule


def test_a_mail_is_read(stand: Stand) -> None:
    path = make(
        stand, channel="email", address="smtp://u:p@h.example", sender="e@x.example", to="a@x.example， b@x.example"
    )
    assert "a@x.example, b@x.example" in show(stand, path) and "u:p" not in show(stand, path)
    send(stand, f"{path}/remove")
