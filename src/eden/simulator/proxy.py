"""The way out for `wx.request`: the phone is a web page, and other origins rarely allow those (CORS).

Only the simulator's own page may use it: requests must come from its origin (Sec-Fetch-Site, Origin) and name this
machine by an address or a local name, so that no web site gets in by pointing its own name here (DNS rebinding); and
the server listens on loopback unless told otherwise. It is a developer's tool: any http(s) address is reached.
Which headers go out and come back: `eden.base.outbound`.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

import aiohttp
from yarl import URL

from eden.base.outbound import UNREACHABLE, forwarded, returned
from eden.simulator.http import Receive, Scope, Send, header, problem

#: WeChat's default is 60 s; the program's own limit ends earlier
TIMEOUT = aiohttp.ClientTimeout(total=120, sock_connect=15)
CHUNK = 64 * 1024


def _from_own_page(scope: Scope) -> bool:
    host = (header(scope, b"host") or b"").decode("latin-1")
    if not _is_local_name(host):
        return False
    site, origin = header(scope, b"sec-fetch-site"), header(scope, b"origin")
    if site is not None:
        return site == b"same-origin"
    return origin is None or origin.decode("latin-1").partition("://")[2] == host


def _is_local_name(host: str) -> bool:
    """`host` as in a Host header. Nobody outside decides where these names lead."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or name.endswith((".localhost", ".local")) or bool(ip_address(name))
    except ValueError:
        return False


def _as_written(url: str) -> URL:
    """Escapes stay as the program wrote them (%2F is not /); only what no address may hold is escaped."""
    return URL(url, encoded=url.isascii() and not re.search(r"[\s\"<>\\^`{|}]", url))


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


class Proxy:
    """One client session for all requests; made on first use, on the server's event loop."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        url = (parse_qs(scope["query_string"].decode()).get("url") or [""])[0]
        if not _from_own_page(scope):
            return await problem(send, 403, "foreign-page", "Only the simulator's own page may use this address.")
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            return await problem(send, 400, "bad-url", "Give an http or https address in the query parameter url.")
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=TIMEOUT, cookie_jar=aiohttp.DummyCookieJar())
        body = await _body(receive)
        started = False
        try:
            async with self._session.request(
                scope["method"],
                _as_written(url),
                headers=forwarded(scope["headers"]),
                data=body or None,
                allow_redirects=True,
            ) as answer:
                headers = returned(answer.headers.items())
                await send({"type": "http.response.start", "status": answer.status, "headers": headers})
                started = True
                async for chunk in answer.content.iter_chunked(CHUNK):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                return await send({"type": "http.response.body", "body": b""})
        except (TimeoutError, aiohttp.ClientError, ValueError) as error:
            if started:
                # An answer that is not completed: the connection to the phone is cut as well.
                return None
            detail = f"{urlsplit(url).hostname} gave no answer: {error}"
            return await problem(send, 502, "unreachable", detail, UNREACHABLE)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
