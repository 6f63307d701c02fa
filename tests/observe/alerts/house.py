"""A workspace with alerts over a real store, and a clock that stands."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from eden.base.errors import EdenError
from eden.base.tables import jobs
from eden.observe import schema
from eden.observe.alerts.interfaces import AlertRule, Channel, SqlNumber, Threshold
from eden.observe.alerts.rows import Alert, Incident
from eden.observe.alerts.service import Alerts
from eden.observe.alerts.telling import TELL
from eden.observe.alerts.watch import Watch
from eden.observe.insight.answering import Answering
from eden.observe.insight.client import LocalInsight
from eden.observe.insight.engine import Engine
from eden.observe.interfaces import EventRow
from tests.observe.stage import SECOND, Stage, number_of

COUNT = SqlNumber(sql="SELECT count() FROM events WHERE name = 'sale'")
MANY = AlertRule(subject=COUNT, condition=Threshold(direction="above", value=2), every=30)


class House:
    """A stage with alerts; `look` passes half a minute."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.alerts = Alerts(stage.ground, stage.apps, stage.insight, lambda: stage.at)
        self.watch = Watch(stage.ground, stage.apps, stage.insight, lambda: stage.at)
        self.owner = stage.people["owner"]

    def run(self, work: Any) -> Any:
        return asyncio.run(work)

    def make(self, rule: AlertRule, *channels: Channel, name: str = "Sales") -> Alert:
        found: Alert = self.run(self.alerts.create(self.owner, "w", "bank", name, rule, channels))
        return found

    def events(self, name: str, count: int, **more: Any) -> None:
        at = self.stage.at / SECOND
        fields = {"at": at - 1, "received": at - 1} | more
        self.stage.put(
            *(
                EventRow(app=1, name=name, person=f"p{n}", id=number_of(name, at, n, str(more)), **fields)
                for n in range(count)
            )
        )

    def look(self, seconds: int = 30) -> None:
        self.stage.at += seconds * SECOND
        self.run(self.watch.look_all({}))

    def get(self, alert: Alert) -> Alert:
        found: Alert = self.run(self.alerts.get(self.owner, "w", "bank", alert.id))
        return found

    def incidents(self, alert: Alert) -> list[Incident]:
        found: list[Incident] = self.run(self.alerts.incidents(self.owner, "w", "bank", alert.id))
        return found

    def deliver(self) -> list[str]:
        """Do what waits to be told, once; why it was not taken."""

        def waiting(connection: Any) -> list[Any]:
            rows = (
                connection.execute(select(jobs.c.payload).where(jobs.c.kind == TELL).order_by(jobs.c.id))
                .scalars()
                .all()
            )
            connection.execute(delete(jobs).where(jobs.c.kind == TELL))
            return list(rows)

        failed = []
        for payload in self.stage.ground.database.write_now(waiting):
            try:
                self.run(self.watch.tell(payload))
            except EdenError as error:
                failed.append(str(error))
                self.left.append(payload)
        return failed

    left: list[dict[str, Any]] = []  # noqa: RUF012


@pytest.fixture
def house(tmp_path: Path, kept_store: Engine) -> Iterator[House]:
    for table in schema.NAMES:
        kept_store.query(f"TRUNCATE TABLE {table}")
    stage = Stage(tmp_path, kept_store, LocalInsight(Answering(kept_store)))
    assert stage.app("bank") == 1
    house = House(stage)
    house.left = []
    yield house
    stage.ground.close()
