"""Active checks: each target of an upstream with `Health` is asked for a page, again and again.

The checks of a pool are one task. A target is taken out after `unhealthy` bad answers in a row and comes back after
`healthy` good ones; in between it keeps what it was, so that one lost packet moves nothing. A check has a connection of
its own, as a target whose connections are all in use is not ill.
"""

from __future__ import annotations

import asyncio
import logging

from eden.gateway.exchange import Failure, Headers
from eden.gateway.interfaces import Health
from eden.gateway.proxy.lines import Usual
from eden.gateway.proxy.link import Connection
from eden.gateway.proxy.upstream import Pool, Target

log = logging.getLogger("eden.gateway")


async def watch(pool: Pool, health: Health) -> None:
    """Check the pool's targets until cancelled."""
    counts: dict[str, int] = {}
    while True:
        await asyncio.gather(*(_look(target, health, counts) for target in pool.targets))
        await asyncio.sleep(health.interval_ms / 1000)


async def _look(target: Target, health: Health, counts: dict[str, int]) -> None:
    good = await probe(target, health)
    if good == target.well:
        counts[target.url] = 0
        return
    counts[target.url] = counts.get(target.url, 0) + 1
    if counts[target.url] >= (health.healthy if good else health.unhealthy):
        target.well, counts[target.url] = good, 0
        log.warning("the target %s is %s", target.url, "well again" if good else "not well: no calls go there")


async def probe(target: Target, health: Health) -> bool:
    """Whether the target answers as it should, within the time."""
    asked = _Asked()
    connection: Connection | None = None
    try:
        async with asyncio.timeout(health.timeout_ms / 1000):
            connection = await target.connect(counted=False)
            connection.begin(asked, False)
            connection.transport.write(
                b"GET %b%b HTTP/1.1\r\nhost: %b\r\nuser-agent: eden-gateway\r\nconnection: close\r\n\r\n"
                % (target.prefix, health.path.encode(), target.authority)
            )
            status = await asked.status
    except (OSError, TimeoutError):
        return False
    finally:
        if connection is not None:
            connection.abort()
    least, most = health.status
    return least <= status <= most


class _Asked:
    """Takes the status of an answer and nothing else."""

    def __init__(self) -> None:
        self.status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.over = False
        self.target: Target | None = None

    def _is(self, status: int) -> None:
        if not self.status.done():
            self.status.set_result(status)

    def connected(self, connection: Connection, reused: bool) -> None:
        """Probes make their connections themselves."""

    def usual(self, usual: Usual, body: bytes) -> None:
        self._is(usual.status)

    def unusual(self) -> _Asked:
        return self

    def unexpected(self) -> None:
        self._is(0)

    def whole(self, status: int, headers: Headers, body: bytes) -> None:
        self._is(status)

    def head(self, status: int, headers: Headers, length: int) -> None:
        self._is(status)

    def data(self, piece: bytes) -> None:
        """Nobody reads it."""

    def end(self) -> None:
        """The status was told before."""

    def upgraded(self, headers: Headers, rest: bytes) -> None:
        self._is(101)

    def lost(self, failure: Failure) -> None:
        self._is(0)

    def stalled(self, stalled: bool) -> None:
        """A probe is small."""
