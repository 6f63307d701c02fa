"""Installations on every database and blob store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from eden.base.settings import BlobSettings, DatabaseSettings, Listen, Settings
from tests.postgres import postgres_database
from tests.s3 import KEYS, s3_address, s3_endpoint

SECRET = "of the tests, and of nothing else but them"

#: makes the settings of a new, empty installation of a kind, "folder" or "servers"
MakeSettings = Callable[[str], Settings]


@pytest.fixture
def make_settings(tmp_path: Path) -> Iterator[MakeSettings]:
    """`folder`: SQLite and a folder; `servers`: PostgreSQL and S3. The port is free."""
    with ExitStack() as stack:
        count = 0

        def make(kind: str) -> Settings:
            nonlocal count
            count += 1
            data = str(tmp_path / f"data{count}")
            listen = Listen(port=0)
            if kind == "folder":
                return Settings(data=data, secret_key=SECRET, listen=listen)
            database = DatabaseSettings(address=stack.enter_context(postgres_database()), migrate="always")
            blobs = BlobSettings(
                address=s3_address(),
                endpoint=s3_endpoint(),
                access_key=KEYS["access_key"],
                secret_key=KEYS["secret_key"],
            )
            return Settings(data=data, secret_key=SECRET, listen=listen, database=database, blobs=blobs)

        yield make
