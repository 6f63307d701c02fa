"""Whether a server of this installation runs on this machine."""

from __future__ import annotations

import errno
import http.client
import socket
from contextlib import closing

import msgspec

from eden.base.errors import EdenError
from eden.base.settings import Settings, is_loopback

_SECONDS = 5.0


def running_server(settings: Settings) -> str | None:
    """None: the port is free. Else why the platform that answers there is not ready, "" when it is.

    Raises EdenError when another program has the port, or the address is not this machine's.
    """
    host, port = settings.listen.host, settings.listen.port
    if _is_free(host, port):
        return None
    try:
        connection = http.client.HTTPConnection(host if is_loopback(host) else "127.0.0.1", port, timeout=_SECONDS)
        with closing(connection):
            connection.request("GET", "/readyz")
            body = msgspec.json.decode(connection.getresponse().read())
        return "" if body["status"] == "ready" else " ".join(body["reasons"].values())
    except (OSError, http.client.HTTPException, msgspec.DecodeError, KeyError, TypeError, AttributeError) as error:
        raise EdenError(
            "port-taken", f"Port {port} is taken by another program.", "Set listen.port to another one."
        ) from error


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise EdenError(
                "cannot-listen",
                f"{host} port {port}: {error.strerror}.",
                "Set listen.host to an address of this machine.",
            ) from error
    return True


def refuse_while_running(settings: Settings) -> None:
    """Raises EdenError when a server answers: what is about to be done would pull the ground from under it."""
    try:
        answer = running_server(settings)
    except EdenError:
        return
    if answer is not None:
        raise EdenError("server-runs", f"A server runs on port {settings.listen.port}.", "Stop it first.")
