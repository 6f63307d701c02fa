"""What a worker serves follows what is in the database, and is left as it was by what cannot be served."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from eden.base import changes
from eden.base.identity.principal import SYSTEM
from eden.base.ids import new_id, now
from eden.base.tables import workspaces
from eden.gateway.pipeline.compile import CompiledTable
from eden.gateway.proxy.gateway import Tables
from eden.gateway.proxy.loading import Loader
from eden.gateway.service_apps import Apps
from tests.gateway.proxy.installed import APP, Installed, installed, shop
from tests.gateway.proxy.stage import until


class Worker:
    """`tables`: what it serves; `table`: of the one workspace that has a catalogue."""

    def __init__(self, site: Installed) -> None:
        self.site = site
        self.swaps = 0
        self.tables = Tables({}, {})

    def swap(self, tables: Tables) -> None:
        self.tables = tables
        self.swaps += 1

    @property
    def table(self) -> CompiledTable:
        table = self.tables.find({})
        assert isinstance(table, CompiledTable)
        return table

    async def seen(self) -> None:
        """All that was written is."""
        last = self.site.ground.database.read_now(changes.last_number)
        await until(lambda: self.site.ground.feed.seen == last)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Installed]:
    with installed(tmp_path) as made:
        made.ground.feed.poll_seconds = 0.02
        yield made


def works(site: Installed, work: Callable[[Worker], Awaitable[None]]) -> None:
    async def main() -> None:
        worker = Worker(site)
        worker.tables = await Loader(site.ground, worker.swap).start()
        try:
            await work(worker)
        finally:
            await site.ground.feed.stop()

    asyncio.run(main())


def test_changes_of_a_catalogue_and_of_apps(site: Installed) -> None:
    site.put(shop(9, breaker={}))

    async def work(worker: Worker) -> None:
        first = worker.table
        route = first.find("shop.echo", None)
        document = shop(9, breaker={})
        document["operations"]["shop.more"] = document["operations"]["shop.echo"]
        await asyncio.to_thread(site.put, document)
        await worker.seen()
        second = worker.table
        assert (first.find("shop.more", None), first.revision, second.revision) == (None, 1, 2)
        assert second.find("shop.more", None) is not None and second.find("shop.echo", None) is route
        assert second.apps is not first.apps and second.apps.keys() == {APP.encode()}
        # an app's change leaves the catalogue as it is
        await Apps(site.ground).create(SYSTEM, site.workspace, "other", "Other")
        await worker.seen()
        third = worker.table
        assert third.apps.keys() == {b"other", APP.encode()} and third.catalogue is second.catalogue
        assert worker.tables.find({b"x-eden-app": b"other"}) is third
        assert worker.swaps == 2

    works(site, work)


def test_many_changes_at_once_are_one_table(site: Installed) -> None:
    site.put(shop(9))

    async def work(worker: Worker) -> None:
        await site.ground.feed.stop()
        for number in range(5):
            await asyncio.to_thread(site.put, shop(9, timeout_ms=100 + number))
        site.ground.feed.go_on()
        await worker.seen()
        assert (worker.table.revision, worker.swaps) == (6, 1)
        route = worker.table.find("shop.echo", None)
        assert route is not None and route.timeout_ms == 104

    works(site, work)


def test_what_cannot_be_served_leaves_the_old_table_in_force(site: Installed, caplog: pytest.LogCaptureFixture) -> None:
    """A catalogue of a newer Eden, say."""
    site.put(shop(9))

    async def work(worker: Worker) -> None:
        first = worker.table
        document = shop(9)
        bad: list[dict[str, Any]] = [{"feathers": {}}, {"authorizers": {"a": {"operation": "nothing"}}}]
        for revision, more in enumerate(bad, 2):
            await asyncio.to_thread(site.put_stored, revision, document | more)
            await worker.seen()
            assert worker.table is first and worker.swaps == 0
        assert [record.getMessage().partition(": ")[2] for record in caplog.records] == [
            "Object contains unknown field `feathers`",
            "authorizers.a: There is no operation nothing.",
        ]
        # and the next good one is served
        await asyncio.to_thread(site.put_stored, 4, document | {"defaults": {"timeout_ms": 7}})
        await worker.seen()
        assert worker.table.revision == 4 and worker.swaps == 1

    with caplog.at_level(logging.WARNING, "eden.gateway"):
        works(site, work)


def test_a_workspace_without_a_catalogue_is_none(site: Installed) -> None:
    """A call that names no workspace is for the only one that has a catalogue, whoever makes apps elsewhere."""
    site.put(shop(9))
    other = new_id()
    site.ground.database.write_now(
        lambda connection: connection.execute(
            insert(workspaces).values(id=other, slug="bank", name="Bank", settings={}, created_at=now())
        )
    )

    async def work(worker: Worker) -> None:
        await Apps(site.ground).create(SYSTEM, other, "bank", "Bank")
        await worker.seen()
        assert worker.table.workspace_id == site.workspace
        assert worker.tables.find({b"x-eden-workspace": other.encode()}) is None

    works(site, work)
