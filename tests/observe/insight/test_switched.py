"""The address of a server in the settings, and nothing else: the same tables, questions and ways of a record."""

from __future__ import annotations

import asyncio
from pathlib import Path

from msgspec.structs import replace

from eden.base.settings import Observe
from eden.observe.insight import place
from eden.observe.insight.client import Insight
from eden.observe.insight.doctor import check_store
from eden.observe.insight.engine import Engine
from eden.observe.insight.spawn import wait_until_ended
from eden.observe.questions.answers import answer
from eden.observe.questions.interfaces import Trend
from eden.observe.questions.results import TrendResult
from eden.observe.sql.queries import Queries
from tests.observe.ingest import open_ingest, rows


def test_an_address_switches_the_store(called: Engine, address: str, tmp_path: Path) -> None:
    with open_ingest(tmp_path) as ingest:
        settings = replace(ingest.settings, observe=Observe(clickhouse=address, threads=2))
        app = ingest.app
        batch = ingest.batch({"type": "event", "name": "pay", "id": "a" * 16}, {"type": "log", "message": "m"})
        ingest.send(batch)
        now = batch.received

        async def live() -> None:
            insight = Insight(settings, linger=0.1)
            try:
                assert (await insight.status()).engine == "server"
                # what waited in the spool is in the server's tables
                await insight.settled()
                found = await answer(insight, app.number, Trend(), now)
                assert isinstance(found.result, TrendResult) and found.result.series[0].total == 1
                queries = Queries(insight)
                checked = await queries.check("SELECT message FROM logs", [app], {}, now=now)
                assert (await queries.ask(checked)).rows == [["m"]]
                store, *_ = await check_store(settings)
                assert store.ok and store.sentence.startswith("Server engine, ClickHouse ")
                await insight.erase(app.number, "d", now)
                assert (await insight.ask("SELECT count() FROM events", app=app.number)).rows == [[0]]
            finally:
                await insight.close()

        asyncio.run(live())
        assert wait_until_ended(settings, 60)
    assert rows(called, f"SELECT * FROM quarantine WHERE app = {app.number}") == []
    assert not place.store(settings).exists()
