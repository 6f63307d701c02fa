"""Hard cases of incidents: changes meanwhile, clocks, several processes, a store that lags; languages."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update

from eden.base.problems import Problem
from eden.base.tables import users
from eden.observe.alerts.channels import NotTold, tell
from eden.observe.alerts.interfaces import (
    AlertRule,
    AlertState,
    Email,
    Memory,
    Reading,
    Sequential,
    Service,
    SqlNumber,
    Threshold,
    Webhook,
)
from eden.observe.alerts.rows import Alert, Incident
from eden.observe.alerts.service import Kept
from eden.observe.alerts.telling import What, notice
from eden.observe.alerts.watch import Watch
from eden.observe.models import alerts
from tests.observe.alerts.conftest import MailServer, WebServer
from tests.observe.alerts.house import MANY, House, house
from tests.observe.alerts.test_watch import COMPARED, halts
from tests.observe.stage import SECOND

__all__ = ["house"]

ABOVE_100 = msgspec.structs.replace(MANY, condition=Threshold(direction="above", value=100))
#: a mean of nothing is no number
MEAN = AlertRule(
    subject=SqlNumber(sql="SELECT if(count() = 0, NULL, avg(value)) FROM events WHERE name = 'sale'"),
    condition=Threshold(direction="above", value=5), missing="tell", every=30,
)  # fmt: skip


def told(web: WebServer) -> list[str]:
    return [json.loads(body)["what"] for _, _, body in web.got]


def fire(house: House, alert: Alert) -> None:
    house.events("sale", 3)
    house.look()
    assert house.get(alert).state is AlertState.FIRING


# an alert that is changed while it fires


@pytest.mark.parametrize("change", [{"rule": ABOVE_100}, {"enabled": False}])
def test_another_rule_ends_the_incident_for_those_who_heard_of_it(
    house: House, web: WebServer, change: dict[str, Any]
) -> None:
    alert = house.make(MANY, Webhook(url=web.address))
    fire(house, alert)
    house.deliver()
    house.run(house.alerts.change(house.owner, "w", "bank", alert.id, **change))
    house.deliver()
    assert told(web) == ["opened", "resolved"]
    body = json.loads(web.got[1][2])
    assert body["changed"] is True and "Somebody changed the alert" in body["text"]
    assert house.incidents(alert)[0].changed
    house.look()
    house.deliver()
    assert len(web.got) == 2


def test_another_name_or_channel_ends_no_incident(house: House, web: WebServer) -> None:
    alert = house.make(MANY, Webhook(url=f"{web.address}/a"))
    fire(house, alert)
    house.deliver()
    house.run(
        house.alerts.change(
            house.owner, "w", "bank", alert.id, name="More",
            channels=[Kept(id=alert.channels[0].id), Webhook(url=f"{web.address}/b")],
        )
    )  # fmt: skip
    house.look()
    house.stage.store.query("TRUNCATE TABLE events")
    house.look()
    house.deliver()
    # who came later heard nothing of its beginning, and hears nothing of its end
    assert [(path, json.loads(body)["what"]) for path, _, body in web.got] == [("/a", "opened"), ("/a", "resolved")]


def test_what_was_told_again_only_is_told_to_be_over(house: House, web: WebServer) -> None:
    """The first notice was never taken; the second one was, a day later."""
    web.answers = [503]
    alert = house.make(msgspec.structs.replace(MANY, again=3600), Webhook(url=web.address))
    fire(house, alert)
    assert house.deliver() != []
    house.look(3700)
    house.deliver()
    house.stage.store.query("TRUNCATE TABLE events")
    house.look()
    house.deliver()
    assert told(web) == ["opened", "again", "resolved"]


def test_an_incident_that_ends_while_it_is_told_is_told_to_be_over(
    house: House, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow receiver takes the beginning when the end has come already."""
    name = "eden.observe.alerts.watch.tell"

    async def slow(*given: Any, **named: Any) -> None:
        monkeypatch.setattr(name, tell)
        house.stage.store.query("TRUNCATE TABLE events")
        house.stage.at += 30 * SECOND
        await house.watch.look_all({})
        await tell(*given, **named)

    alert = house.make(MANY, Webhook(url=web.address))
    fire(house, alert)
    monkeypatch.setattr(name, slow)
    house.deliver()
    assert told(web) == ["opened"] and house.get(alert).state is AlertState.OK
    house.deliver()
    assert told(web) == ["opened", "resolved"]


def test_a_mute_counts_from_the_moment_that_it_is_made(house: House, web: WebServer) -> None:
    """Also for a look that had begun before."""
    alert = house.make(MANY, Webhook(url=web.address))
    house.events("sale", 3)
    seen = house.get(alert)
    house.run(house.alerts.mute(house.owner, "w", "bank", alert.id, house.stage.at + 3600 * SECOND))
    house.run(house.watch.look(seen))
    house.deliver()
    assert web.got == [] and len(house.incidents(alert)) == 1
    # it begins anew with another rule, and its end is no news for those who never heard of it
    house.run(house.alerts.change(house.owner, "w", "bank", alert.id, rule=ABOVE_100))
    house.deliver()
    assert web.got == []


def test_the_end_of_what_was_told_is_told_though_it_is_muted(house: House, web: WebServer) -> None:
    alert = house.make(MANY, Webhook(url=web.address))
    fire(house, alert)
    house.deliver()
    house.run(house.alerts.mute(house.owner, "w", "bank", alert.id, house.stage.at + 3600 * SECOND))
    house.stage.store.query("TRUNCATE TABLE events")
    house.look()
    house.deliver()
    assert told(web) == ["opened", "resolved"]


# missing numbers


def test_numbers_that_are_back_and_too_much_are_another_incident(house: House, web: WebServer) -> None:
    alert = house.make(msgspec.structs.replace(MEAN, halt=True), Webhook(url=web.address))
    house.look()
    house.deliver()
    assert told(web) == ["opened"] and halts(house) == []
    house.events("sale", 1, value=9.0)
    house.look()
    house.deliver()
    assert sorted(told(web)) == ["opened", "opened", "resolved"] and len(halts(house)) == 1
    newest, first = house.incidents(alert)
    assert first.missing and first.resolved_at and not newest.missing and newest.resolved_at is None
    assert newest.first.value == 9


def test_silence_ends_no_incident_and_keeps_its_number(house: House, web: WebServer) -> None:
    alert = house.make(MEAN, Webhook(url=web.address))
    house.events("sale", 1, value=9.0)
    house.look()
    house.stage.store.query("TRUNCATE TABLE events")
    house.look()
    house.deliver()
    [incident] = house.incidents(alert)
    assert house.get(alert).state is AlertState.NO_DATA and incident.resolved_at is None
    assert incident.last.value == 9 and told(web) == ["opened"]


# a store that is away, or behind


@pytest.mark.parametrize("how", ["away", "behind"])
def test_a_store_that_lacks_rows_neither_fires_nor_resolves(
    house: House, web: WebServer, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    firing = house.make(MANY, Webhook(url=web.address))
    quiet = AlertRule(subject=MANY.subject, condition=Threshold(direction="below", value=1), every=30)
    waiting = house.make(quiet, Webhook(url=web.address))
    house.events("sale", 3)
    house.look()
    house.deliver()
    assert told(web) == ["opened"]
    house.stage.store.query("TRUNCATE TABLE events")

    async def status() -> Any:
        if how == "away":
            raise Problem("insight-unavailable", "It is away.")
        return SimpleNamespace(figures={"digest_lag_seconds": 61.0})

    with monkeypatch.context() as patch:
        patch.setattr(house.stage.insight, "status", status)
        house.look()
        house.deliver()
        assert house.get(firing).state is AlertState.FIRING and house.get(waiting).state is AlertState.OK
        assert told(web) == ["opened"]
    house.look()
    assert house.get(firing).state is AlertState.OK and house.get(waiting).state is AlertState.FIRING


# clocks and processes


def test_a_clock_that_is_set_back_stops_no_alert(house: House) -> None:
    """It was a year ahead when the alert was last looked at."""
    compared = AlertRule(subject=COMPARED, condition=Sequential(), every=30)
    alert, other = house.make(MANY), house.make(compared)
    house.look()
    house.stage.at -= 365 * 86_400 * SECOND
    house.look()
    found = house.get(alert)
    assert found.looked_at == house.stage.at and found.memory.course[-1][0] == house.stage.at // SECOND
    betting = house.get(other).memory.betting
    assert betting is not None and betting.since <= house.stage.at


def test_a_clock_that_jumps_ahead_opens_one_incident(house: House, web: WebServer) -> None:
    alert = house.make(MANY, Webhook(url=web.address))
    fire(house, alert)
    house.look(30 * 86_400)
    house.deliver()
    assert len(house.incidents(alert)) == 1 and sorted(told(web)) == ["again", "opened"]


def test_of_two_processes_that_look_at_once_one_tells(house: House, web: WebServer) -> None:
    alert = house.make(MANY, Webhook(url=web.address))
    house.events("sale", 3)
    house.look()
    house.stage.store.query("TRUNCATE TABLE events")
    house.look()
    house.deliver()
    web.got.clear()
    house.events("sale", 3)
    stage = house.stage
    stage.at += 30 * SECOND
    other = Watch(stage.ground, stage.apps, stage.insight, lambda: stage.at)
    seen = house.get(alert)

    async def both() -> None:
        await asyncio.gather(house.watch.look(seen), other.look(seen))

    house.run(both())
    house.deliver()
    assert told(web) == ["opened"] and len(house.incidents(alert)) == 2
    assert len(house.get(alert).memory.course) == 3


def test_a_late_look_of_another_process_changes_nothing(house: House) -> None:
    """Its lease ran out while the store was slow: what it found is old."""
    alert = house.make(MANY)
    stale = house.get(alert)
    house.events("sale", 3)
    house.look()
    house.stage.store.query("TRUNCATE TABLE events")
    house.run(house.watch.look(stale))
    assert house.get(alert).state is AlertState.FIRING and house.incidents(alert)[0].resolved_at is None


# addresses


@pytest.mark.parametrize(
    ("channel", "field"),
    [
        (Webhook(url="http://[x"), "channels[0].url"),
        (Webhook(url="https://host:99999/"), "channels[0].url"),
        (Webhook(url="https:///path"), "channels[0].url"),
        (Email(server="smtp://h:x", sender="a@x", to=("b@x",)), "channels[0].server"),
        (Service(url="unknown://x"), "channels[0].url"),
    ],
)
def test_what_is_no_address_is_not_kept(house: House, channel: Any, field: str) -> None:
    with pytest.raises(Problem) as caught:
        house.make(MANY, channel)
    assert [name for name, _ in caught.value.errors] == [field]


def test_the_server_does_not_ask_its_neighbours(house: House, web: WebServer) -> None:
    """A public server, unless its operator says so; whoever made the alert reads why."""
    house.watch._private = False
    alert = house.make(MANY, Webhook(url=web.address))
    fire(house, alert)
    [failed] = house.deliver()
    assert "private network" in failed and web.got == []
    [found] = house.incidents(alert)[0].told.values()
    assert "private network" in found.trouble


# languages


def made(house: House, who: str = "owner", **more: Any) -> Alert:
    found: Alert = house.run(house.alerts.create(house.stage.people[who], "w", "bank", "Sales", MANY, (), **more))
    return found


def test_the_language_is_that_of_who_made_the_alert(house: House) -> None:
    assert made(house).language == "en"

    def choose(connection: Any) -> None:
        connection.execute(update(users).where(users.c.id == "id-owner").values(locale="zh"))

    house.stage.ground.database.write_now(choose)
    assert made(house).language == "zh" and made(house, language="en").language == "en"
    assert made(house, "developer").language == "en"
    alert = made(house)
    changed = house.run(house.alerts.change(house.owner, "w", "bank", alert.id, language="en"))
    assert changed.language == "en" == house.get(alert).language
    # another language is no other rule
    assert changed.state is alert.state and house.get(alert).revision == 2
    rows = house.stage.ground.database.read_now(lambda connection: connection.execute(select(alerts.c.language)).all())
    assert {row.language for row in rows} == {"en", "zh"}


def test_every_channel_is_told_in_the_alerts_language(house: House, web: WebServer, mail: MailServer) -> None:
    channels = (
        Webhook(url=f"{web.address}/hook"),
        Email(server=mail.address, sender="eden@x.example", to=("a@x.example",)),
        Service(url=web.address.replace("http", "json") + "/service"),
    )
    alert = house.make(MANY, *channels, name="销量过高")
    house.run(house.alerts.change(house.owner, "w", "bank", alert.id, language="zh"))
    fire(house, alert)
    house.deliver()
    bodies = {path: json.loads(body) for path, _, body in web.got}
    assert bodies["/hook"]["language"] == "zh"
    assert bodies["/hook"]["title"] == "bank：销量过高" == bodies["/service"]["title"]
    for text in (bodies["/hook"]["text"], bodies["/service"]["message"]):
        assert "当前数值为 3，界限为 2。" in text and "始于 2026-" in text and "The number" not in text
    assert "=?utf-8?" in mail.got[0][2]


WORDS: list[tuple[What, dict[str, Any], str, str]] = [
    ("opened", {}, "bank: Sales", "bank：Sales"),
    ("again", {}, "bank: Sales goes on", "bank：Sales（仍在继续）"),
    ("resolved", {}, "bank: Sales is over", "bank：Sales（已结束）"),
    ("test", {}, "bank: Sales (a test)", "bank：Sales（测试）"),
]
TEXTS: list[tuple[What, dict[str, Any], str, str]] = [
    ("opened", {"last": Reading(value=1234.5)}, "The number is 1,234.5.", "当前数值为 1,234.5。"),
    ("opened", {"last": Reading(value=3, limit=2)}, "The number is 3, held against 2.", "当前数值为 3，界限为 2。"),
    ("opened", {"last": Reading(value=2, low=1.5, high=4)}, "between 1.5 and 4,", "大致介于 1.5 与 4 之间。"),
    ("opened", {"missing": True}, "There are no numbers.", "没有数值。"),
    ("resolved", {"changed": True}, "Somebody changed the alert, or switched it off.", "有人修改或停用了该告警。"),
    ("test", {}, "This is a test: nothing is wrong.", "这是一条测试通知，没有出现问题。"),
    ("again", {}, "Since 2026-09-21 14:13 UTC.", "始于 2026-09-21 14:13（UTC）。"),
]


@pytest.mark.parametrize(("what", "more", "english", "chinese"), [*WORDS, *TEXTS])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_notices(what: What, more: dict[str, Any], english: str, chinese: str, language: Any) -> None:
    alert = Alert(
        id="a", workspace_id="w", app="bank", number=1, name="Sales", rule=MANY, channels=(), language=language,
        enabled=True, state=AlertState.OK, memory=Memory(), looked_at=None, muted_until=None, created_by="user:x",
        created_at=0, revision=1,
    )  # fmt: skip
    values: dict[str, Any] = {"first": Reading(), "last": Reading(), **more}
    incident = Incident(id="i", alert_id="a", opened_at=1_790_000_000 * SECOND, resolved_at=None, **values)
    found = notice(alert, incident, what, "w", "https://eden.example/x", 1_790_000_100 * SECOND)
    wanted = chinese if language == "zh" else english
    assert (found.title == wanted) if (what, more, english, chinese) in WORDS else (wanted in found.text)
    assert found.text.endswith("\nhttps://eden.example/x") and found.body["text"] == found.text
    # one time each, but for those that go on
    assert found.id == {"again": "i.again1790000100"}.get(what, f"i.{what}")


def test_a_failure_is_an_error_with_a_sentence(house: House, web: WebServer) -> None:
    alert = house.make(MANY, Webhook(url=web.address))
    web.answers = [301]
    with pytest.raises(NotTold, match="Give the address that it leads to"):
        house.run(house.watch.test(house.alerts, house.owner, "w", "bank", alert.id, alert.channels[0].id))
