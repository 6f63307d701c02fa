"""Looks at a real store, incidents, and telling: to a web server and a mail server on this machine."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from eden.base.catalogue import HALT
from eden.base.identity.principal import Principal
from eden.base.problems import Problem
from eden.base.tables import jobs
from eden.observe.alerts.channels import NotTold
from eden.observe.alerts.interfaces import (
    AlertRule,
    AlertState,
    AskedNumber,
    Change,
    Compared,
    Email,
    Sequential,
    SqlNumber,
    Threshold,
    Webhook,
)
from eden.observe.alerts.service import Kept, Wanted
from eden.observe.models import alert_incidents
from eden.observe.questions.interfaces import (
    Events,
    Filter,
    Funnel,
    Measure,
    Percentiles,
    Period,
    Retention,
    Step,
    Trend,
)
from tests.observe.alerts.conftest import MailServer, WebServer
from tests.observe.alerts.house import COUNT, MANY, House, house
from tests.observe.stage import SECOND

__all__ = ["house"]


def test_an_incident_from_its_begin_to_its_end(house: House, web: WebServer, mail: MailServer) -> None:
    mailed = Email(server=mail.address, sender="eden@x.example", to=("a@x.example",))
    alert = house.make(MANY, Webhook(url=f"{web.address}/hook"), mailed)
    house.look()
    assert house.get(alert).state is AlertState.OK and house.incidents(alert) == [] and house.deliver() == []
    house.events("sale", 3)
    for _ in range(3):
        house.look()
    assert house.deliver() == []
    # told once, to each channel
    assert [json.loads(body)["what"] for _, _, body in web.got] == ["opened"] and len(mail.got) == 1
    [incident] = house.incidents(alert)
    assert house.get(alert).state is AlertState.FIRING and incident.resolved_at is None
    assert {bool(told.opened) for told in incident.told.values()} == {True} and len(incident.told) == 2
    house.stage.store.query("TRUNCATE TABLE events")
    house.look()
    house.look()
    house.deliver()
    assert [json.loads(body)["what"] for _, _, body in web.got] == ["opened", "resolved"] and len(mail.got) == 2
    [incident] = house.incidents(alert)
    assert incident.resolved_at is not None and house.get(alert).state is AlertState.OK
    assert incident.first.value == 3 and incident.last.value == 0
    body = json.loads(web.got[0][2])
    assert body["number"]["value"] == 3 and body["app"] == "bank" and body["address"].endswith(f"/alerts/{alert.id}")
    assert [value for _, value, _ in house.get(alert).memory.course] == [0, 3, 3, 3, 0, 0]


def test_what_is_not_taken_is_tried_again(house: House, web: WebServer) -> None:
    web.answers = [503]
    alert = house.make(MANY, Webhook(url=web.address))
    house.events("sale", 3)
    house.look()
    assert house.deliver() == ["127.0.0.1 answered 503."]
    [told] = house.incidents(alert)[0].told.values()
    assert told.opened is None and "503" in told.trouble
    for payload in house.left:
        house.run(house.watch.tell(payload))
    [told] = house.incidents(alert)[0].told.values()
    assert told.opened is not None and told.trouble == ""
    # the same notice both times: who takes it twice can tell
    assert web.got[0][1]["webhook-id"] == web.got[1][1]["webhook-id"]


def test_who_was_not_told_of_the_begin_is_not_told_of_the_end(house: House, web: WebServer) -> None:
    web.answers = [503]
    house.make(MANY, Webhook(url=web.address))
    house.events("sale", 3)
    house.look()
    house.deliver()
    house.stage.store.query("TRUNCATE TABLE events")
    house.look()
    house.deliver()
    for payload in house.left:
        house.run(house.watch.tell(payload))
    assert len(web.got) == 1


def test_what_goes_on_is_told_again(house: House, web: WebServer) -> None:
    house.make(msgspec.structs.replace(MANY, again=3600), Webhook(url=web.address))
    house.events("sale", 3)
    for seconds in (30, 3000, 700, 30, 3600):
        house.look(seconds)
        house.deliver()
    assert [json.loads(body)["what"] for _, _, body in web.got] == ["opened", "again", "again"]
    assert len({headers["webhook-id"] for _, headers, _ in web.got}) == 3


def test_a_muted_alert_tells_nobody_until_then(house: House, web: WebServer) -> None:
    alert = house.make(MANY, Webhook(url=web.address))
    house.run(house.alerts.mute(house.owner, "w", "bank", alert.id, house.stage.at + 3600 * SECOND))
    house.events("sale", 3)
    house.look()
    house.deliver()
    assert web.got == [] and len(house.incidents(alert)) == 1
    house.look(4000)
    house.deliver()
    assert len(web.got) == 1
    house.run(house.alerts.mute(house.owner, "w", "bank", alert.id, None))
    assert house.get(alert).muted_until is None


def halts(house: House) -> list[dict[str, Any]]:
    rows = house.run(
        house.stage.ground.database.read(
            lambda connection: connection.execute(select(jobs.c.payload).where(jobs.c.kind == HALT)).all()
        )
    )
    return [row.payload for row in rows]


def test_an_incident_halts_releases_once(house: House) -> None:
    alert = house.make(msgspec.structs.replace(MANY, halt=True))
    house.look()
    assert halts(house) == []
    house.events("sale", 3)
    house.look()
    house.look(60)
    asked = {"workspace_id": "w", "key": "bank", "code": 0, "watcher": alert.name}
    assert halts(house) == [asked]


def test_a_comparison_halts_the_versions_that_it_watches(house: House) -> None:
    rule = AlertRule(subject=COMPARED, condition=Sequential(alpha=0.01), every=30, halt=True)
    alert = house.make(rule)
    house.look()
    looks = 0
    while house.get(alert).state is not AlertState.FIRING:
        house.stage.at += 20 * SECOND
        fill(house, 13, 30, 50)
        fill(house, 12, 2, 50)
        house.stage.at += 10 * SECOND
        house.look(10)
        looks += 1
        assert looks < 8
    assert [one["code"] for one in halts(house)] == [13]


def test_who_may_not_halt_a_release_may_not_have_it_halted(house: House) -> None:
    writer = Principal(
        "token", "t", "token:t", permissions={"w": frozenset({"observe.read", "observe.write", "observe.sql"})}
    )
    house.run(house.alerts.create(writer, "w", "bank", "x", MANY, ()))
    with pytest.raises(Problem, match=r"release\.emergency|may not|permission"):
        house.run(house.alerts.create(writer, "w", "bank", "y", msgspec.structs.replace(MANY, halt=True), ()))


def test_missing_numbers(house: House, web: WebServer) -> None:
    """A mean of nothing is no number."""
    subject = SqlNumber(sql="SELECT if(count() = 0, NULL, avg(value)) FROM events")
    rule = AlertRule(subject=subject, condition=Threshold(direction="above", value=5), missing="tell", every=30)
    alert = house.make(rule, Webhook(url=web.address))
    house.look()
    house.deliver()
    assert house.get(alert).state is AlertState.NO_DATA and house.incidents(alert)[0].missing
    assert json.loads(web.got[0][2])["missing"] is True
    house.events("sale", 1, value=3.0)
    house.look()
    assert house.get(alert).state is AlertState.OK and house.incidents(alert)[0].resolved_at is not None


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT 1, 2", "one row with 1 number"),
        ("SELECT arrayJoin([1, 2])", "one row with 1 number"),
        ("SELECT 'many'", "must give a number"),
        ("SELECT nothing FROM events", "refuses the question"),
    ],
)
def test_a_query_that_gives_no_number(house: House, sql: str, said: str) -> None:
    alert = house.make(AlertRule(subject=SqlNumber(sql=sql), condition=Threshold(direction="above", value=1)))
    house.look()
    assert house.get(alert).state is AlertState.NO_DATA and said in house.get(alert).memory.trouble


def test_a_store_that_does_not_answer_is_no_finding(house: House) -> None:
    alert = house.make(MANY)

    async def away(*_: Any, **__: Any) -> Any:
        raise Problem("insight-unavailable", "It is away.")

    house.stage.insight.ask = house.stage.insight.fetch = away  # type: ignore[method-assign]
    house.look()
    assert house.get(alert).looked_at is None and house.get(alert).memory.streak == 0


def test_how_often_is_looked(house: House) -> None:
    alert = house.make(msgspec.structs.replace(MANY, every=120))
    for _ in range(9):
        house.look()
    assert len(house.get(alert).memory.course) == 3


DAY = Period(last="1d")


@pytest.mark.parametrize(
    ("question", "value"),
    [
        (Trend(period=DAY, events=Events(names=("sale",))), 4),
        (Trend(period=DAY, events=Events(names=("sale",)), measure=Measure(kind="persons")), 4),
        (Trend(period=DAY, events=Events(names=("none",))), 0),
        (Percentiles(period=DAY, events=Events(names=("sale",)), percentiles=(50.0,)), 2),
        (
            Funnel(period=DAY, steps=(Step(events=Events(names=("look",))), Step(events=Events(names=("sale",))))),
            0.5,
        ),
    ],
)
def test_questions_give_numbers(house: House, question: Any, value: float) -> None:
    house.events("look", 8)
    house.stage.at += SECOND
    house.events("sale", 4, value=2.0)
    alert = house.make(
        AlertRule(subject=AskedNumber(question=question), condition=Threshold(direction="above", value=1e9))
    )
    house.look()
    assert house.get(alert).memory.last.value == value, house.get(alert).memory.trouble


def test_a_retention_gives_a_number(house: House) -> None:
    alert = house.make(
        AlertRule(subject=AskedNumber(question=Retention()), condition=Threshold(direction="below", value=0.1))
    )
    house.look()
    assert house.get(alert).memory.trouble == ""


def test_a_change_against_the_period_before(house: House) -> None:
    at = house.stage.at
    house.stage.at = at - 24 * 3600 * SECOND
    house.events("sale", 4)
    house.stage.at = at
    house.events("sale", 9)
    question = Trend(period=Period(last="1d"), events=Events(names=("sale",)))
    alert = house.make(AlertRule(subject=AskedNumber(question=question), condition=Change(percent=100)))
    house.look()
    found = house.get(alert)
    assert found.memory.last.more["before"] == 4 and found.memory.last.value == 9
    assert found.state is AlertState.FIRING


COMPARED = Compared(
    measure="share", events=Events(filters=(Filter(property="props.failure", operator="set"),)),
    over=Events(names=("$request",)), new=(13,), control=(12,),
)  # fmt: skip


def fill(house: House, code: int, failed: int, whole: int) -> None:
    house.events("$request", failed, code=code, props={"failure": "timeout"})
    house.events("$request", whole - failed, code=code, props={"a": 1})


def test_a_comparison_of_versions(house: House) -> None:
    rule = AlertRule(subject=COMPARED, condition=Sequential(alpha=0.01), every=30)
    alert = house.make(rule)
    house.look()
    # what came before it was made does not count
    assert house.get(alert).memory.last.value is None
    looks = 0
    while house.get(alert).state is not AlertState.FIRING:
        house.stage.at += 20 * SECOND
        fill(house, 13, 20, 50)
        fill(house, 12, 4, 50)
        house.stage.at += 10 * SECOND
        house.look(10)
        looks += 1
        assert looks < 8
    found = house.get(alert).memory
    assert found.betting is not None and found.betting.new.count == 50 * looks and found.betting.new.total == 20 * looks
    assert found.last.value is not None and 3 < found.last.value < 8
    # alike again: it resolves itself
    while house.get(alert).state is not AlertState.OK:
        house.stage.at += 20 * SECOND
        fill(house, 13, 4, 60)
        fill(house, 12, 5, 60)
        house.stage.at += 10 * SECOND
        house.look(10)
        looks += 1
        assert looks < 20
    assert len(house.incidents(alert)) == 1


def test_the_newest_version_is_watched(house: House) -> None:
    subject = msgspec.structs.replace(COMPARED, new="newest", control=())
    alert = house.make(AlertRule(subject=subject, condition=Sequential()))
    house.look()
    assert house.get(alert).memory.betting.version == 13  # type: ignore[union-attr]
    house.stage.shelf.all_versions = []
    house.look(60)
    assert house.get(alert).memory.betting.version == -1  # type: ignore[union-attr]


def test_a_mean_against_a_known_value(house: House) -> None:
    subject = Compared(measure="mean", events=Events(names=("$launch",)), new="all", baseline=100.0)
    alert = house.make(AlertRule(subject=subject, condition=Sequential(direction="more")))
    house.look()
    house.stage.at += 20 * SECOND
    for value in (140.0, 150.0, 160.0):
        house.events("$launch", 40, value=value)
    house.stage.at += 10 * SECOND
    house.look()
    found = house.get(alert).memory.last
    assert found.value == pytest.approx(150) and found.low is not None and found.low > 100
    assert house.get(alert).state is AlertState.FIRING


def test_another_rule_begins_anew(house: House) -> None:
    alert = house.make(MANY)
    house.events("sale", 3)
    house.look()
    assert house.get(alert).state is AlertState.FIRING
    rule = msgspec.structs.replace(MANY, condition=Threshold(direction="above", value=100))
    changed = house.run(house.alerts.change(house.owner, "w", "bank", alert.id, rule=rule, revision=1))
    assert changed.state is AlertState.OK and house.incidents(alert)[0].resolved_at is not None
    with pytest.raises(Problem, match="meanwhile"):
        house.run(house.alerts.change(house.owner, "w", "bank", alert.id, name="x", revision=1))
    # switched off it is not looked at
    house.run(house.alerts.change(house.owner, "w", "bank", alert.id, enabled=False))
    house.look(300)
    assert house.get(alert).looked_at is None


def test_channels_are_kept_sealed(house: House, web: WebServer) -> None:
    alert = house.make(MANY, Webhook(url=f"{web.address}/a"), Email(server="smtp://u:p@h", sender="a@x", to=("b@x",)))
    first, second = alert.channels
    assert isinstance(first, Webhook) and first.secret.startswith("whsec_")
    with house.stage.ground.database.engine.connect() as connection:
        text = str(connection.exec_driver_sql("SELECT * FROM alerts").all())
    assert "u:p@h" not in text and first.secret not in text and web.address not in text
    wanted: list[Wanted] = [Kept(id=second.id), Webhook(url=web.address, secret="s")]
    changed = house.run(house.alerts.change(house.owner, "w", "bank", alert.id, channels=wanted))
    assert changed.channels[0] == second and changed.channels[1].secret == "s"
    with pytest.raises(Problem):
        house.run(house.alerts.change(house.owner, "w", "bank", alert.id, channels=[Kept(id=first.id)]))


def test_a_test(house: House, web: WebServer) -> None:
    alert = house.make(MANY, Webhook(url=web.address))
    asked = (house.alerts, house.owner, "w", "bank", alert.id)
    house.run(house.watch.test(*asked, alert.channels[0].id))
    assert json.loads(web.got[0][2])["what"] == "test"
    web.answers = [404]
    with pytest.raises(NotTold, match="answered 404"):
        house.run(house.watch.test(*asked, alert.channels[0].id))
    with pytest.raises(Problem):
        house.run(house.watch.test(*asked, "other"))


def test_who_may(house: House) -> None:
    reviewer = house.stage.people["reviewer"]
    with pytest.raises(Problem, match=r"may not|permission|right"):
        house.run(house.alerts.create(reviewer, "w", "bank", "x", MANY, ()))
    stranger = house.stage.people["stranger"]
    with pytest.raises(Problem):
        house.run(house.alerts.page(stranger, "w", "bank"))
    alert = house.make(MANY)
    assert [one.id for one in house.run(house.alerts.page(reviewer, "w", "bank"))] == [alert.id]
    with pytest.raises(Problem):
        house.run(house.alerts.get(house.owner, "w", "shop", alert.id))


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (AlertRule(subject=SqlNumber(sql="SELECT * FROM system.one"), condition=MANY.condition), "subject.sql"),
        (AlertRule(subject=COUNT, condition=Sequential()), "condition"),
    ],
)
def test_a_rule_that_does_not_fit(house: House, rule: AlertRule, field: str) -> None:
    with pytest.raises(Problem) as caught:
        house.make(rule)
    assert caught.value.errors[0][0] == field


def test_removed_with_its_incidents(house: House) -> None:
    alert = house.make(MANY)
    house.events("sale", 3)
    house.look()
    house.run(house.alerts.remove(house.owner, "w", "bank", alert.id))
    with house.stage.ground.database.engine.connect() as connection:
        assert connection.execute(select(alert_incidents)).all() == []
    # what still waits to be told is told to nobody
    assert house.deliver() == []
