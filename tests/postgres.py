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

import pg8000.dbapi
from sqlalchemy.engine import URL, make_url


@contextmanager
def postgres_database() -> Iterator[str]:
    """The address of a new, empty database; it is dropped in the end."""
    server = make_url(_server())
    name = f"eden_{uuid.uuid4().hex}"
    _administer(server, f"CREATE DATABASE {name}")
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(server: URL, statement: str) -> None:
    connection = pg8000.dbapi.connect(
        user=server.username or "postgres",
        password=server.password,
        host=server.host or "127.0.0.1",
        port=server.port or 5432,
        database=server.database,
    )
    connection.autocommit = True
    connection.cursor().execute(statement)
    connection.close()


@cache
def _server() -> str:
    if named := os.environ.get("EDEN_TEST_POSTGRES"):
        return named
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="eden-postgres-"))
    as_user: dict[str, object] = {}
    if os.geteuid() == 0:
        # PostgreSQL does not run as root; Debian's package brings a user
        shutil.chown(folder, "postgres")
        as_user = {"user": "postgres", "group": "postgres", "extra_groups": []}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    subprocess.run(
        [programs / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True, cwd=folder, stdout=subprocess.DEVNULL, **as_user,  # type: ignore[call-overload]
    )  # fmt: skip
    options = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
    process = subprocess.Popen(
        [programs / "postgres", "-D", folder / "data", "-p", str(port), *options, "-c", "max_connections=200"],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **as_user,  # type: ignore[call-overload]
    )  # fmt: skip

    def stop() -> None:
        process.send_signal(signal.SIGINT)
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    address = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    for _ in range(200):
        try:
            _administer(make_url(address), "SELECT 1")
            return address
        except Exception:
            if process.poll() is not None:
                raise
            time.sleep(0.05)
    raise RuntimeError("PostgreSQL did not start")


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
