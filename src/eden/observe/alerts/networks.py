"""Which machines an alert may be sent to: not those that only this server can reach, unless its operator says so.

Whoever may write alerts could otherwise have the server ask its own neighbours (server-side request forgery). What
counts is the address that is connected to: names may mean another machine a moment later, and services lead on to
others.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

from eden.base.addresses import is_public as is_public
from eden.base.errors import EdenError

T = TypeVar("T")

#: where what runs now may connect to public machines only: the hosts that it was kept from
_kept_from: ContextVar[list[str] | None] = ContextVar("kept_from", default=None)
#: events of PEP 578 that come before a socket leads anywhere; their second argument is the address
_LEADING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})


class PrivateAddress(EdenError):
    """The host is on a private network."""

    def __init__(self, host: str) -> None:
        super().__init__(
            "private-address",
            f"{host} is on a private network, where alerts are not sent.",
            "Whoever runs the server can allow it with the setting observe.private_addresses.",
        )


async def among_public(work: Callable[[], T], *, private: bool) -> T:
    """What `work` gives, done by another thread. Unless `private` machines may be told, it connects to public ones
    only, whatever names and redirects it follows; PrivateAddress when it failed (or gave False) for that."""
    if private:
        return await asyncio.to_thread(work)
    _watch_sockets()
    return await asyncio.to_thread(_guarded, work)


def _guarded(work: Callable[[], T]) -> T:
    kept_from: list[str] = []
    # a thread of `to_thread` works in a copy of its caller's context
    _kept_from.set(kept_from)
    try:
        found = work()
    except Exception as error:
        if kept_from:
            raise PrivateAddress(kept_from[0]) from error
        raise
    if kept_from and found is False:
        raise PrivateAddress(kept_from[0])
    return found


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _LEADING and (kept_from := _kept_from.get()) is not None:
        address = arguments[1]
        host = str(address[0] if isinstance(address, tuple) else address)
        if not is_public(host):
            kept_from.append(host)
            # as if the network had refused: who connects closes the socket then
            raise PermissionError(f"{host} is on a private network")


_watched = False


def _watch_sockets() -> None:
    """Hooks are for the rest of the process: there is one, and none before it is needed."""
    global _watched
    if not _watched:
        _watched = True
        sys.addaudithook(_audit)
