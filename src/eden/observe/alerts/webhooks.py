"""Telling a webhook, signed as Standard Webhooks has it (standardwebhooks.com, version 1): the header
`webhook-signature` is `v1,` and the base64 of HMAC-SHA-256 over `ID.TIMESTAMP.BODY`, under the bytes behind `whsec_`.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import os
import socket
from typing import Any

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from eden.observe.alerts import networks
from eden.observe.alerts.channels import TIMEOUT, Notice, NotTold
from eden.observe.alerts.interfaces import Webhook
from eden.observe.alerts.networks import PrivateAddress


def signature(secret: str, notice_id: str, at: int, body: bytes) -> str:
    """The header of a webhook."""
    text = secret.removeprefix("whsec_")
    try:
        key = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        key = text.encode()
    signed = hmac.new(key, f"{notice_id}.{at}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(signed).decode()


async def post(channel: Webhook, notice: Notice, *, private: bool) -> None:
    """Raises NotTold, PrivateAddress."""
    body = msgspec.json.encode(notice.body)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Eden",
        "webhook-id": notice.id,
        "webhook-timestamp": str(notice.at),
        "webhook-signature": signature(channel.secret, notice.id, notice.at, body),
    }
    # as the client reads it: it takes １２７。0。0。1 for an address, too
    url = URL(channel.url)
    host = url.host or ""
    # an address in place of a name is never resolved
    if not private and _is_address(host) and not networks.is_public(host):
        raise PrivateAddress(host)
    connector = aiohttp.TCPConnector(resolver=None if private else PublicResolver(), use_dns_cache=False)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
            session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            if not 200 <= answer.status < 300:
                hint = "Give the address that it leads to." if 300 <= answer.status < 400 else ""
                raise NotTold(f"{host} answered {answer.status}.", hint)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise NotTold(f"{host} cannot be reached: {_reason(error)}.") from error


def _reason(error: Exception) -> str:
    """In the words of the operating system, if it is the one that refused."""
    number = getattr(getattr(error, "os_error", error), "errno", None)
    return os.strerror(number) if isinstance(number, int) and number > 0 else str(error).rstrip(".")


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


class PublicResolver(AbstractResolver):
    """Resolves names for one connection: what was checked is what is connected to."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        entries: list[Any] = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        if not all(networks.is_public(str(entry[4][0])) for entry in entries):
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
