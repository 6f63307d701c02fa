"""A PostgreSQL for tests: the distribution's, started once per test session on a socket of its own.

`EDEN_TEST_POSTGRES` names a server that runs already (postgresql://USER:PASSWORD@HOST/DATABASE, may create databases).
As root on a Debian the server is installed when it is absent.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pg8000.dbapi
from sqlalchemy.engine import URL, make_url


@contextmanager
def postgres_database(*, durable: bool = False) -> Iterator[str]:
    """The address of a new, empty database; it is dropped in the end. `durable`: what is committed is on the disk."""
    server = make_url(_server(durable))
    name = f"eden_{uuid.uuid4().hex}"
    _administer(server, f"CREATE DATABASE {name}")
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def copied_database(address: str) -> Iterator[str]:
    """The address of a copy of a database that nobody uses at the moment; it is dropped in the end."""
    original = make_url(address)
    name = f"{original.database}_{uuid.uuid4().hex[:8]}"
    _administer(original, f"CREATE DATABASE {name} TEMPLATE {original.database}")
    try:
        yield original.set(database=name).render_as_string(hide_password=False)
    finally:
        _administer(original, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(server: URL, statement: str) -> Any:
    """What the statement gives, if it is a question."""
    connection = pg8000.dbapi.connect(
        user=server.username or "postgres",
        password=server.password,
        host=server.host or "127.0.0.1",
        port=server.port or 5432,
        database=server.database,
    )
    try:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None
    finally:
        connection.close()


@cache
def _server(durable: bool = False) -> str:
    if named := os.environ.get("EDEN_TEST_POSTGRES"):
        return named
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="eden-postgres-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:
        # PostgreSQL does not run as root; Debian's package brings a user
        shutil.chown(folder, "postgres")
        as_user = {"user": "postgres", "group": "postgres", "extra_groups": []}
    subprocess.run(
        [programs / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        **as_user,
    )
    for _ in range(5):
        if address := _start(programs / "postgres", folder, as_user, durable):
            return address
    raise RuntimeError(f"PostgreSQL did not start:\n{(folder / 'log').read_text()}")


def _start(program: Path, folder: Path, as_user: dict[str, Any], durable: bool) -> str | None:
    """The address of a server on a free port; None when somebody else was faster to take it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": folder,
        "max_connections": 200,
        "fsync": "on" if durable else "off",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with open(folder / "log", "a") as log:
        process = subprocess.Popen(
            [program, "-D", folder / "data", *options], cwd=folder, stdout=log, stderr=log, **as_user
        )

    def stop() -> None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()

    address = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    while process.poll() is None:
        try:
            # on the port there may be the server of another process of the suite
            if _administer(make_url(address), "SHOW data_directory") == str(folder / "data"):
                atexit.register(stop)
                return address
        except pg8000.dbapi.Error:
            # not yet
            pass
        time.sleep(0.05)
    return None


def _programs() -> Path:
    """The folder of initdb and postgres."""

    def installed() -> list[Path]:
        return sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))

    if not installed() and not shutil.which("initdb") and os.geteuid() == 0 and shutil.which("apt-get"):
        with open(Path(tempfile.gettempdir()) / "eden-postgres.lock", "w") as lock:
            # one of the suite's processes installs, the others wait
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not installed():
                environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
                for command in (["apt-get", "-qq", "update"], ["apt-get", "-qq", "install", "-y", "postgresql"]):
                    subprocess.run(
                        command, env=environment, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
                    )
    if found := installed():
        return found[-1]
    if initdb := shutil.which("initdb"):
        return Path(initdb).resolve().parent
    raise RuntimeError("The tests need PostgreSQL: install it, or name a server in EDEN_TEST_POSTGRES.")
