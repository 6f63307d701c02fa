"""The address that a server listens on."""

from __future__ import annotations

import errno
import ipaddress
import socket
import sys

from eden.base.errors import EdenError

#: connections that wait to be taken
_BACKLOG = 2048


def listen_together(host: str, port: int, count: int) -> list[socket.socket]:
    """So many sockets on one port, among which the kernel spreads connections: one for each process, so that none gets
    all of them. Where that cannot be had it is one socket, which all share. Raises as `listen`.

    What waits at a socket waits for whoever has it next: a process that dies loses the connections that it had, not
    those that it had not taken yet.
    """
    first = listen(host, port)
    if count == 1 or sys.platform != "linux":
        return [first]
    # the first one has found out that nobody else is there; a socket that shares its port does so from the beginning
    address = first.getsockname()
    first.close()
    sockets: list[socket.socket] = []
    try:
        for _ in range(count):
            one = socket.socket(first.family, socket.SOCK_STREAM)
            sockets.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            one.bind(address)
            one.listen(_BACKLOG)
            one.setblocking(False)
    except OSError as error:
        for one in sockets:
            one.close()
        raise _told(error, host, port) from error
    return sockets


def listen(host: str, port: int) -> socket.socket:
    """A listening socket at `host`. Raises EdenError "port-taken", or "cannot-listen" when the address is not this
    machine's or the port is not for everybody."""
    family, address = _place(host, port)
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # a second server on the same port is found here, not when the first request is lost
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _told(error, host, port) from error
    listener.setblocking(False)
    return listener


def _place(host: str, port: int) -> tuple[socket.AddressFamily, tuple[object, ...]]:
    """Family and address of a name or number."""
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        pass
    else:
        return socket.AF_INET6 if version == 6 else socket.AF_INET, (host, port)
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise EdenError(
            "cannot-listen", f"{host} is no address to listen on: {error.strerror}.", "Look at listen.host."
        ) from error
    return family, address


def _told(error: OSError, host: str, port: int) -> EdenError:
    if error.errno == errno.EADDRINUSE:
        return EdenError(
            "port-taken",
            f"Port {port} is taken.",
            "Another server runs there; stop it, or choose another port with --port.",
        )
    hint = {
        errno.EACCES: "Ports below 1024 are for root: take another one, and put a proxy in front.",
        errno.EADDRNOTAVAIL: "Set listen.host to an address of this machine.",
    }.get(error.errno or 0, "Look at listen.host and listen.port.")
    return EdenError("cannot-listen", f"{host} port {port}: {error.strerror}.", hint)
