"""Forgetting a person: gone from what is stored and from what waits, written down, and finished when interrupted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from eden.base.audit import entries
from eden.base.identity.principal import Principal
from eden.base.identity.roles import permissions_of
from eden.base.problems import Problem
from eden.observe.insight.answering import Answering
from eden.observe.insight.client import LocalInsight
from eden.observe.insight.engine import Engine, StoreError
from eden.observe.insight.erasure import take_out
from eden.observe.models import observe_erasures
from eden.observe.service import Observe
from tests.observe.ingest import OWNER, Ingest, open_ingest, rows


@pytest.fixture(params=["sqlite", "postgresql"])
def ingest(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ingest]:
    with open_ingest(tmp_path, request.param) as made:
        yield made


class Away:
    """An engine that does not answer for a while."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.is_away = True

    def query(self, *arguments: Any, **options: Any) -> bytes:
        if self.is_away:
            raise StoreError(0, "Connection refused")
        return self._engine.query(*arguments, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


def observe(ingest: Ingest, engine: Engine) -> Observe:
    made = Observe(ingest.ground)
    made.insight = LocalInsight(Answering(engine))
    return made


def seen(service: Observe) -> list[dict[str, Any]]:
    """Events that questions find."""
    found = asyncio.run(service.insight.fetch("SELECT name FROM events", form="JSONEachRow"))
    return [msgspec.json.decode(line) for line in found.splitlines()]


def event(name: str) -> dict[str, Any]:
    return {"type": "event", "name": name}


def test_a_person_is_gone_from_the_store_and_the_spool(ingest: Ingest, store: Engine) -> None:
    error = {"type": "error", "error": {"type": "E", "message": "m"}}
    ingest.store(
        store,
        ingest.batch(event("stored"), error, {"type": "person", "props": {"a": 1}}, user="u1"),
        ingest.batch(event("other"), user="u2"),
    )
    ingest.send(ingest.batch(event("spooled"), user="u1"))
    service = observe(ingest, store)
    asyncio.run(service.pulls.ask(OWNER, "w", "bank", "u1", "it hangs", from_at=0, until_at=1))
    erasure = asyncio.run(service.erase(OWNER, "w", " u1 "))
    assert asyncio.run(service.pulls.page(OWNER, "w", "bank")) == []
    assert erasure.person == "u1" and erasure.done_at is not None
    assert [row["name"] for row in seen(service)] == ["other"]
    take_out(store)
    assert rows(store, "SELECT name FROM events") == [["other"]]
    ingest.store(store, ingest.batch(event("later"), user="u1"))
    assert sorted(rows(store, "SELECT name FROM events")) == [["later"], ["other"]]
    assert rows(store, "SELECT count() FROM errors") in ([["0"]], [[0]])
    assert [one.person for one in asyncio.run(service.erasures(OWNER, "w"))] == ["u1"]
    # that somebody was forgotten is in the audit log, who is not
    log = ingest.ground.database.read_now(lambda connection: entries(connection, "w"))
    assert log[0].action == "observe.erase"
    assert all("u1" not in str(entry) for entry in log)


def test_an_erasure_that_could_not_be_carried_out_is_finished_later(ingest: Ingest, store: Engine) -> None:
    ingest.store(store, ingest.batch(event("x"), user="u1"))
    away = Away(store)
    service = observe(ingest, away)
    assert asyncio.run(service.erase(OWNER, "w", "u1")).done_at is None
    with pytest.raises(Problem):
        asyncio.run(service.finish_erasures())
    away.is_away = False
    asyncio.run(service.finish_erasures())
    assert seen(service) == []
    done = ingest.ground.database.read_now(
        lambda connection: connection.execute(select(observe_erasures.c.done_at)).scalars().all()
    )
    assert done != [None] and len(done) == 1
    # nothing is left to be done
    away.is_away = True
    asyncio.run(service.finish_erasures())


def test_who_may_forget(ingest: Ingest, store: Engine) -> None:
    service = observe(ingest, store)
    developer = Principal("user", "d", "user:d", "d", permissions={"w": permissions_of(["developer"])})
    with pytest.raises(Problem, match=r"observe\.erase"):
        asyncio.run(service.erase(developer, "w", "u1"))
    for person in ("", "x" * 300):
        with pytest.raises(Problem, match="characters"):
            asyncio.run(service.erase(OWNER, "w", person))


def test_an_erasure_while_rows_are_on_their_way(ingest: Ingest, store: Engine) -> None:
    """The erasure comes when a chunk was digested and is not inserted yet."""

    class Slow:
        def insert(self, table: str, lines: bytes, *, token: str = "") -> None:
            if table == "events" and b'"u1"' in lines:
                asyncio.run(service.erase(OWNER, "w", "u1"))
            store.insert(table, lines, token=token)

        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

    service = observe(ingest, store)
    ingest.send(ingest.batch(event("x"), user="u1"), ingest.batch(event("y"), user="u2"))
    with ingest.inserter(Slow()) as inserter:
        assert inserter.settled(20)
    assert [row["name"] for row in seen(service)] == ["y"]
    take_out(store)
    assert rows(store, "SELECT name FROM events") == [["y"]]
