"""`eden up`: check what must hold, listen, serve with one process or several."""

from __future__ import annotations

import errno
import socket

from eden.base.errors import EdenError
from eden.base.settings import Settings, is_loopback
from eden.operate.server import run_server


def up(settings: Settings) -> int:
    """Serve until a signal comes; the exit code."""
    listener = listen(settings.listen.host, settings.listen.port)
    try:
        return run_server(settings, listener, on_start=lambda: announce(settings, listener))
    finally:
        listener.close()


def listen(host: str, port: int) -> socket.socket:
    """A bound socket at `host`. Raises EdenError when the port is taken, or the address is not this machine's."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise EdenError("cannot-listen", f"{host} is no address to listen on: {error.strerror}.") from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # a second server on the same port is found here, not when the first request is lost
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise EdenError(
                "port-taken",
                f"Port {port} is taken.",
                "Another server runs there; stop it, or choose another port with --port.",
            ) from error
        raise EdenError("cannot-listen", f"{host} port {port}: {error.strerror}.") from error
    listener.setblocking(False)
    return listener


def announce(settings: Settings, listener: socket.socket) -> None:
    """Print where the server is."""
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    local = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else shown}:{port}"
    print(f"\n  Console  {settings.public_url.rstrip('/') or local}/console/")
    if settings.public_url or not is_loopback(host):
        print(f"  Listens  http://{shown}:{port}")
    print(f"  Data     {settings.data_folder.absolute()}")
    print("\n  Stop with Ctrl-C.\n", flush=True)
