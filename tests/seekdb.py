"""A database with OceanBase's dialect for tests: its own embedded engine, a private process once per test session."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import asyncmy
import pylibseekdb


@contextmanager
def seekdb_database() -> Iterator[str]:
    """The address of a new, empty database; it is dropped in the end."""
    name = f"eden_{uuid.uuid4().hex}"
    _administer(f"CREATE DATABASE {name}")
    try:
        yield f"oceanbase://root@localhost/{name}?unix_socket={_socket()}"
    finally:
        _administer(f"DROP DATABASE {name}")


def _administer(statement: str) -> None:
    async def run() -> None:
        async with asyncmy.connect(user="root", unix_socket=_socket()) as connection, connection.cursor() as cursor:
            await cursor.execute(statement)

    asyncio.run(run())


@cache
def _socket() -> str:
    folder = Path(tempfile.mkdtemp(prefix="eden-seekdb-"))
    instance = pylibseekdb.open(str(folder / "data"))

    def stop() -> None:
        instance.close()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return str(instance.connection_options()["unix_socket"])
