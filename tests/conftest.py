"""What holds for every test: a socket may connect to this machine only, and nothing depends on luck or speed."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.traces import spans

__all__ = ["spans"]

# before any test is defined: @given takes what holds at that moment
settings.register_profile(
    "eden", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("eden")


class NetworkBlocked(AssertionError):
    """A test tried to leave this machine."""


def _check(address: Any) -> None:
    """`address` is what socket.connect takes; unix sockets have a path instead of a tuple."""
    if not isinstance(address, tuple):
        return
    host = address[0]
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    if not local:
        raise NetworkBlocked(f"a test tried to connect to {host}")


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Any:
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _check(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _check(address)
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, *rest: Any, **options: Any) -> Any:
        if host not in (None, ""):
            _check((host.decode() if isinstance(host, bytes) else host, 0))
        return getaddrinfo(host, *rest, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
        yield
