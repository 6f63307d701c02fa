"""`eden up`: check what must hold, listen, serve with one process or several."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlalchemy import Connection, select

from eden.app import prepare_database
from eden.base.errors import EdenError
from eden.base.ground import make_data_folder, open_ground
from eden.base.listener import listen
from eden.base.settings import Settings, is_loopback
from eden.base.tables import members, users
from eden.gateway.proxy.run import beside
from eden.operate.running import held
from eden.operate.server import run_server
from eden.operate.stores import check_writable, told
from eden.operate.supervisor import supervise


def up(settings: Settings) -> int:
    """Serve until a signal comes; the exit code. Raises EdenError when something keeps it from starting."""
    check_https(settings)
    if settings.processes > 1 and sys.platform == "win32":
        raise EdenError("processes", "Several processes need Linux or macOS.", "Set processes to 1.")
    make_data_folder(settings)
    with told(settings), held(settings), listen(settings.listen.host, settings.listen.port) as listener:
        # only now: a server of another version may have been at this port, and its schema must stay as it is
        owned = _prepare(settings)

        with _gateway(settings) as calls:

            def started() -> None:
                announce(settings, listener, owned, calls)

            if settings.processes == 1:
                return run_server(settings, listener, on_start=started)
            return supervise(settings, listener, started)


@contextmanager
def _gateway(settings: Settings) -> Iterator[int | None]:
    """The gateway's processes, if they are wanted; the port on which they take calls."""
    if not settings.gateway.processes:
        yield None
        return
    with beside(settings) as port:
        yield port


def _prepare(settings: Settings) -> bool:
    """Bring the database up to date; whether somebody owns the installation."""
    check_writable(settings)
    with closing(open_ground(settings)) as ground:
        prepare_database(ground)
        owned = ground.database.read_now(lambda connection: has_owner(connection, bool(settings.oidc.issuer)))
    check_owner(settings, owned)
    return owned


def check_https(settings: Settings) -> None:
    """Raises EdenError for a public server whose people and phones would not be protected by TLS."""
    if settings.is_public and not settings.listen.allow_http and not settings.public_url.startswith("https:"):
        raise EdenError(
            "no-https",
            "This server can be reached by others, but public_url is no https address.",
            "Put a proxy with TLS in front and set public_url to its address "
            "(or set listen.allow_http, in a network that you trust).",
        )


def check_owner(settings: Settings, owned: bool) -> None:
    """Raises EdenError for a public server that nobody owns: whoever came first could take it."""
    if settings.is_public and not owned:
        raise EdenError(
            "no-owner",
            "A server that others can reach needs an owner with a password first.",
            "Run eden init on this machine, with the same settings; then start again.",
        )


def has_owner(connection: Connection, by_oidc: bool) -> bool:
    """Whether somebody can sign in who owns a workspace: by password, or by OpenID Connect."""
    rows = connection.execute(
        select(members.c.roles, users.c.password_hash)
        .join(users, users.c.id == members.c.user_id)
        .where(users.c.disabled_at.is_(None))
    )
    return any("owner" in roles and (by_oidc or password is not None) for roles, password in rows)


def announce(settings: Settings, listener: socket.socket, owned: bool, calls: int | None = None) -> None:
    """Print where the server is, and what is to be done first."""
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    local = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else shown}:{port}"
    print(f"\n  Console  {settings.public_url.rstrip('/') or local}/console/")
    if settings.public_url or not is_loopback(host):
        print(f"  Listens  http://{shown}:{port}")
    if calls is not None:
        print(f"  Gateway  http://{settings.gateway.host}:{calls}")
    print(f"  Data     {settings.data_folder.absolute()}")
    if not owned:
        print("\n  Nobody can sign in yet: run eden init in another terminal, in this folder.")
    print("\n  Stop with Ctrl-C.\n", flush=True)
