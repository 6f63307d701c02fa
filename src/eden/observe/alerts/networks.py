"""Which machines an alert may be sent to: not those that only this server can reach, unless its operator says so.

Whoever may write alerts could otherwise have the server ask its own neighbours (server-side request forgery).
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from eden.base.errors import EdenError


class PrivateAddress(EdenError):
    """The host is on a private network."""

    def __init__(self, host: str) -> None:
        super().__init__(
            "private-address",
            f"{host} is on a private network, where alerts are not sent.",
            "Whoever runs the server can allow it with the setting observe.private_addresses.",
        )


def is_public(address: str) -> bool:
    """Whether everybody on the internet means the same machine by it."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    return found.is_global and not found.is_multicast and (mapped is None or mapped.is_global)


async def check_host(host: str, *, private: bool) -> None:
    """Raises PrivateAddress unless all addresses of a host are public (or `private` ones are allowed); OSError when it
    has none."""
    if private:
        return
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    if not all(is_public(str(entry[4][0])) for entry in found):
        raise PrivateAddress(host)


class PublicResolver(AbstractResolver):
    """Resolves names for one connection: what was checked is what is connected to."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        entries: list[Any] = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        if not all(is_public(str(entry[4][0])) for entry in entries):
            raise PrivateAddress(host)
        return [
            ResolveResult(
                hostname=host, host=str(entry[4][0]), port=port, family=entry[0], proto=entry[2],
                flags=socket.AI_NUMERICHOST,
            )
            for entry in entries
        ]  # fmt: skip

    async def close(self) -> None:
        """Nothing is held."""
