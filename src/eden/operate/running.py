"""Whether a server of this installation runs: on this machine by its port and its data folder, elsewhere by its
connections to the database."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import msgspec
from sqlalchemy import text

from eden.base.database import Database
from eden.base.errors import EdenError
from eden.base.listener import listen
from eden.base.locks import lock
from eden.base.settings import Settings

#: in the data folder: servers hold it together, a restore alone
LOCK_FILE = "server.lock"
_SECONDS = 5.0
#: connections of a process that has just ended are gone after so long
_LINGER_SECONDS = 5.0
#: where a server that listens on all addresses is found
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def running_server(settings: Settings) -> str | None:
    """None: the port is free. Else why the platform that answers there is not ready, "" when it is.

    Raises EdenError when another program has the port, or the address is not this machine's.
    """
    host, port = settings.listen.host, settings.listen.port
    try:
        listen(host, port).close()
    except EdenError as error:
        if error.code != "port-taken":
            raise
    else:
        return None
    try:
        with closing(http.client.HTTPConnection(_ANY.get(host, host), port, timeout=_SECONDS)) as connection:
            connection.request("GET", "/readyz")
            body = msgspec.json.decode(connection.getresponse().read())
        if body["status"] == "ready":
            return ""
        return " ".join(f"{name}: {reason}" for name, reason in body["reasons"].items())
    except (OSError, http.client.HTTPException, msgspec.DecodeError, KeyError, TypeError, AttributeError) as error:
        raise EdenError(
            "port-taken", f"Port {port} is taken by another program.", "Set listen.port to another one."
        ) from error


@contextmanager
def held(settings: Settings, *, alone: bool = False) -> Iterator[None]:
    """Hold the data folder as servers do, beside others, or `alone`, as a restore has to.

    Raises EdenError "server-runs" when somebody else holds it in the way. Where files cannot be locked, nobody is in
    the way.
    """
    path = settings.data_folder / LOCK_FILE
    try:
        file = path.open("a")
    except OSError as error:
        raise EdenError("data-folder", f"{path} cannot be written: {error.strerror}.") from error
    with file:
        if not lock(file.fileno(), alone=alone):
            who = "A server runs" if alone else "A restore goes on"
            hint = "Stop it first." if alone else "Wait until it has ended."
            raise EdenError("server-runs", f"{who} with the data folder {settings.data_folder}.", hint)
        yield


def check_unused(database: Database) -> None:
    """Raises EdenError when others are connected to the database: servers on other machines are. On PostgreSQL only; a
    SQLite file is in the data folder of one machine."""
    if database.dialect != "postgresql":
        return
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user "
        "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    until = time.monotonic() + _LINGER_SECONDS
    while count := database.read_now(lambda connection: connection.execute(others).scalar_one()):
        if time.monotonic() > until:
            raise EdenError(
                "server-runs",
                f"There are {count} other connections to the database.",
                "Stop the servers on all machines first, and whatever else works there as the same user.",
            )
        time.sleep(0.1)
