"""A full disk: who has no room is told, the others' writes are kept, and it goes on when there is room."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select

from eden.base.database import Database
from eden.base.problems import Problem
from eden.base.tables import changes, metadata


@pytest.fixture
def small(tmp_path: Path) -> Database:
    """A file with room for 400 kB more."""
    store = Database(f"sqlite:///{tmp_path}/eden.db")
    metadata.create_all(store.engine)
    pages = store.write_now(lambda connection: connection.exec_driver_sql("PRAGMA page_count").scalar_one())
    limit(store, pages + 100)
    return store


def limit(store: Database, pages: int) -> None:
    store.write_now(lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count={pages}").scalar_one())


def write(number: int, size: int) -> Callable[[Connection], int]:
    def work(connection: Connection) -> int:
        connection.execute(
            insert(changes).values(seq=number, at=1, kind="x", workspace_id="w", payload={"text": "y" * size})
        )
        return number

    return work


def numbers(store: Database) -> list[int]:
    return store.read_now(lambda c: list(c.execute(select(changes.c.seq).order_by(changes.c.seq)).scalars()))


def test_answered_writes_are_kept(small: Database) -> None:
    """SQLite undoes the whole transaction when the disk is full: those that share it must not be lost silently."""

    async def run() -> list[int | BaseException]:
        works = (small.write(write(number, 500_000 if number % 5 == 4 else 10)) for number in range(40))
        return await asyncio.gather(*works, return_exceptions=True)

    results = asyncio.run(run())
    large = [number for number in range(40) if number % 5 == 4]
    refused = [number for number, result in enumerate(results) if isinstance(result, Problem)]
    assert refused == large
    assert {result.code for result in results if isinstance(result, Problem)} == {"storage-full"}
    assert numbers(small) == [number for number in range(40) if number not in large]
    limit(small, 100_000)
    assert small.write_now(write(100, 500_000)) == 100
    small.close()


def test_other_failures_stay_alone(small: Database) -> None:
    async def run() -> list[object]:
        def fail(connection: Connection) -> int:
            write(999, 10)(connection)
            raise ZeroDivisionError

        works = [small.write(fail if number % 2 else write(number, 10)) for number in range(20)]
        return await asyncio.gather(*works, return_exceptions=True)

    results = asyncio.run(run())
    assert [isinstance(result, ZeroDivisionError) for result in results] == [False, True] * 10
    assert numbers(small) == list(range(0, 20, 2))
    small.close()
