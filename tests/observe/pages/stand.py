"""A platform whose events store is an engine in this process, with a week of a small bank, at a clock that stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec

from eden.observe.apps import App
from eden.observe.insight.client import Insight
from eden.observe.insight.engine import Engine
from eden.observe.interfaces import TABLE_OF, AnyRow, ErrorRow, EventRow, LogRow
from eden.observe.service import Observe
from tests.office import Office, open_office

#: 20 November 2026, 12:00 UTC, in seconds
NOW = 1_795_176_000
DAY = 86_400
PAGES = ("pages/home/home", "pages/transfer/transfer", "pages/done/done")


@dataclass
class Stand:
    """`office` with the mini programs "bank", which has reported, and "shop", which has not."""

    office: Office
    observe: Observe
    engine: Engine

    def app(self, key: str = "bank") -> App:
        return next(
            app
            for app in self.observe.apps._apps.values()
            if app.key == key and app.workspace_id == self.office.here_id
        )

    def get(self, path: str, who: str = "owner", locale: str = "en", **headers: str) -> httpx.Response:
        """A page below the analysis of the workspace."""
        return self.office.client.get(
            f"/console/{self.office.here}/analysis{path}",
            headers=self.office.sign_in(who) | {"Accept-Language": locale} | headers,
            follow_redirects=False,
        )

    def post(self, path: str, who: str = "owner", **values: Any) -> httpx.Response:
        return self.office.client.post(
            f"/console/{self.office.here}/analysis{path}",
            headers=self.office.sign_in(who),
            data=values,
            follow_redirects=False,
        )

    def put(self, *rows: AnyRow) -> None:
        tables: dict[str, list[AnyRow]] = {}
        for row in rows:
            tables.setdefault(TABLE_OF[type(row)], []).append(row)
        for table, several in tables.items():
            self.engine.insert(table, msgspec.json.Encoder().encode_lines(several))


@contextmanager
def open_stand(folder: Path, engine: Engine, insight: Insight) -> Iterator[Stand]:
    """`insight` answers in place of a process of its own."""
    with open_office(folder) as office:
        observe = next(part.services["observe"] for part in office.platform.parts if part.name == "observe")
        assert isinstance(observe, Observe)
        observe.insight = insight
        observe.clock = lambda: NOW * 1_000_000
        for key in ("bank", "shop"):
            made = office.ask(
                "owner",
                "POST",
                f"/workspaces/{office.here}/programs",
                json={"key": key, "name": key.title(), "kind": "miniprogram"},
            )
            assert made.status_code == 201, made.text
        stand = Stand(office, observe, engine)
        # the apps are made when somebody looks for the first time
        assert stand.get("/bank/dashboards").status_code == 200
        stand.put(*week(stand.app().number))
        yield stand


def week(app: int) -> Iterator[AnyRow]:
    """Twelve people, each of whom comes on one to seven of the last days. Everybody launches and sees the first page;
    those with an even number go on to the second one, and those whose number can be divided by six to the third.
    Even numbers have version 1.1.0, whose starts take half as long. p03 met an error, p04 a crash."""
    number = 0
    for person in range(12):
        for day in range(7 - person % 7):
            number += 1
            at = NOW - 60 - day * DAY - 3600 * (person % 3)
            new = person % 2 == 0
            common: dict[str, Any] = {
                "app": app,
                "received": NOW,
                "person": f"p{person:02}",
                "device": f"d{person:02}",
                "session": f"{number:016x}",
                "platform": "ios" if person % 3 else "android",
                "version": "1.1.0" if new else "1.0.0",
                "code": 10100 if new else 10000,
                "release": "r1" if new else "r0",
                "source": "eden",
            }
            start = 400.0 if new else 800.0
            phases = {"check": start / 8, "boot": start / 2, "render": start / 4}
            yield event(common, at, "$launch", start, kind="cold", phases=phases, first=day == 0)
            ways = PAGES[: 1 + (person % 2 == 0) + (person % 6 == 0)]
            for step, page in enumerate(ways):
                yield event(common | {"page": page}, at + 10 * step + 1, "$page_view", 50.0)
                asked = {"host": "api", "pattern": "/a/{id}", "method": "GET", "status": 500 if person == 1 else 200}
                yield event(common | {"page": page}, at + 10 * step + 2, "$request", 120.0, **asked)
            if person in (3, 4):
                yield ErrorRow(
                    **common,
                    at=at + 5,
                    id=f"{number:032x}",
                    group=person,
                    algorithm=1,
                    type="TypeError",
                    message=f"of <{person}>",
                    culprit="load in pages/home.js",
                    fatal=person == 4,
                    raw="{}",
                )
    yield LogRow(**common, at=NOW - 60, message="the last line <b>", level=13)


_numbers = iter(range(1, 1_000_000))


def event(common: dict[str, Any], at: float, name: str, value: float | None = None, **props: Any) -> EventRow:
    return EventRow(**common, at=at, name=name, id=next(_numbers), value=value, props=props)


def text(page: str) -> str:
    """What a page says, without its elements; spaces are single."""
    body = re.sub(r"<(script|template|svg)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body))
