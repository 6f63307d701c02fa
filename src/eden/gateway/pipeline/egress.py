"""The safe exit: third parties that a catalogue lists, and nothing else, through `/egress?url=`.

What keeps a caller from having the gateway ask its neighbours (server-side request forgery):

1. An address is one thing only: `https`, a host of letters, digits and dashes that ends in a letter, a port in digits.
   No user, backslash, escape, other script or number in the host; what is no such address is refused, not mended.
2. Host, port and method are in the list.
3. The name is looked up once, every address it has is a public one (`eden.base.addresses`), and exactly that one is
   connected to, with a certificate for the name: a name that leads elsewhere a moment later changes nothing.
4. Redirects go through all of this again, at most so many; what was secret to the first host is not told to another.
5. The answer has a largest size, and no header of it is the gateway's.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Literal, NamedTuple, TypeAlias
from urllib.parse import parse_qs, urljoin

from eden.base.addresses import is_public
from eden.base.outbound import forwarded
from eden.gateway.exchange import Address, Headers
from eden.gateway.interfaces import Domain, Egress, Limits
from eden.gateway.pipeline.codes import DENIED, MALFORMED, UPSTREAM, UPSTREAM_NAME, Stop
from eden.gateway.pipeline.limits import Level

#: name, port → its addresses; OSError when there are none
Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]

#: of a request
BODY_BYTES = 4 << 20
_LONGEST = 4096
#: what a request line can hold, and no reader takes for something else
_VISIBLE = re.compile(r"[!-\[\]-~]+")
_ADDRESS = re.compile(r"https://([^/?#]*)([^#]*)(?:#.*)?", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_AUTHORITY = re.compile(r"([a-z0-9.-]{1,253})(?::([1-9][0-9]{0,4}))?", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
#: the last label: of letters, or punycode; so no spelling of a number is a host (WHATWG URL, "ends in a number")
_TOP = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,57}[a-z0-9]")
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
#: not told to another host
_SECRET = frozenset((b"authorization", b"cookie", b"proxy-authorization"))


class Place(NamedTuple):
    """Where a request goes; `path` with its query, as it was written."""

    host: str
    port: int
    path: bytes

    @property
    def url(self) -> str:
        return f"https://{self.host}:{self.port}{self.path.decode()}"


def parse(url: str) -> Place:
    """An https address in its plain spelling; Stop for all else."""
    if len(url) > _LONGEST or _VISIBLE.fullmatch(url) is None:
        raise Stop(DENIED, f"An address is {_LONGEST} visible ASCII characters at most, without backslashes.")
    whole = _ADDRESS.fullmatch(url)
    if whole is None:
        raise Stop(DENIED, "Only https addresses are reached.")
    authority = _AUTHORITY.fullmatch(whole[1])
    if authority is None:
        raise Stop(DENIED, "The address has to name a host, and a port in digits at most.")
    host, port = authority[1].lower(), int(authority[2] or 443)
    labels = host.split(".")
    if len(labels) < 2 or _TOP.fullmatch(labels[-1]) is None or not all(_LABEL.fullmatch(label) for label in labels):
        raise Stop(DENIED, "The host has to be a full name, not a number.")
    if port > 65535:
        raise Stop(DENIED, "There is no such port.")
    path = whole[2]
    return Place(host, port, (path if path.startswith("/") else "/" + path).encode())


class EgressRoute:
    """The exit of a workspace, ready for use (`exchange.Route`)."""

    __slots__ = ("_exact", "_suffixes", "bytes", "level", "redirects", "timeout_ms", "workspace_id")

    operation = "egress"
    version = ""
    kind: Literal["http"] = "http"
    body_bytes = BODY_BYTES
    needs_body = True
    # as of an operation that has nothing but a signature and limits
    open = signed = True
    encryption: Literal["off"] = "off"
    response_signature = etag = False
    response_rules = retry = None

    def __init__(self, workspace_id: str, egress: Egress, limits: Limits | None) -> None:
        self.workspace_id = workspace_id
        self.redirects = egress.redirects
        self.bytes = egress.bytes
        self.timeout_ms = egress.timeout_ms
        self.level = None if limits is None else Level(f"e{workspace_id}", limits)
        self._exact: dict[str, list[Domain]] = {}
        self._suffixes: list[tuple[str, Domain]] = []
        for domain in egress.domains:
            host = domain.host.lower()
            if host.startswith("*."):
                self._suffixes.append((host[1:], domain))
            else:
                self._exact.setdefault(host, []).append(domain)

    def check(self, place: Place, method: str) -> None:
        """Stop unless it is listed."""
        below = (domain for suffix, domain in self._suffixes if place.host.endswith(suffix))
        domains = [*self._exact.get(place.host, ()), *below]
        if not domains:
            raise Stop(DENIED, f"{place.host} is not among the domains that this app may reach.")
        if not any(method in domain.methods and place.port in domain.ports for domain in domains):
            raise Stop(DENIED, f"{method} to port {place.port} of {place.host} is not permitted.")


async def pin(place: Place, resolve: Resolve) -> Address:
    """The one address to connect to; Stop when the name has none, or one that is not public."""
    try:
        found = await resolve(place.host, place.port)
    except OSError:
        found = []
    if not found:
        raise Stop(UPSTREAM_NAME, f"{place.host} has no address.")
    if not all(is_public(address) for address in found):
        # one private address among public ones is how names are made to lead inside
        raise Stop(DENIED, f"{place.host} has an address that is not public.")
    return Address(found[0], place.port, place.host)


def wanted(target: bytes) -> Place:
    """The address in the query of `/egress?url=`; Stop."""
    try:
        found = parse_qs(
            target.removeprefix(b"?").decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            max_num_fields=1,
            errors="strict",
        ).get("url")
    except ValueError:
        found = None
    if found is None or not target.startswith(b"?"):
        raise Stop(MALFORMED, "Give the address in the query parameter url, percent-encoded, and nothing else.")
    return parse(found[0])


def sent_headers(headers: Headers) -> Headers:
    """What the third party is told of the caller: nothing of the gateway."""
    return [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in forwarded(headers).items()
        if not name.startswith(("x-eden-", "x-mgs-", "x-forwarded-")) and name not in _GATEWAY and "_" not in name
    ]


_GATEWAY = frozenset("operation-type appid workspaceid did ts sign signtype forwarded traceparent tracestate".split())


class Hop(NamedTuple):
    """The next request of a chain of redirects."""

    place: Place
    method: bytes
    headers: Headers
    body: bytes


def next_hop(
    place: Place, method: bytes, headers: Headers, body: bytes, status: int, answer: Iterable[tuple[bytes, bytes]]
) -> Hop | None:
    """Where a redirect leads (Fetch standard, "HTTP-redirect fetch"); None when it is none. Stop when nobody may
    follow.
    """
    if status not in _REDIRECTS:
        return None
    locations = [value for name, value in answer if name == b"location"]
    if not locations:
        return None
    try:
        location = locations[0].decode("ascii")
    except UnicodeDecodeError:
        raise Stop(DENIED, "The redirect's address is not ASCII.") from None
    if len(locations) > 1 or _VISIBLE.fullmatch(location) is None:
        raise Stop(DENIED, "The redirect's address is none.")
    if _SCHEME.match(location):
        # not joined: that would mend what is no address
        there = parse(location)
    else:
        there = parse("https:" + location if location.startswith("//") else urljoin(place.url, location))
    if (status in (301, 302) and method == b"POST") or (status == 303 and method not in (b"GET", b"HEAD")):
        method, body = b"GET", b""
        headers = [header for header in headers if not header[0].startswith(b"content-")]
    if (there.host, there.port) != (place.host, place.port):
        headers = [header for header in headers if header[0] not in _SECRET]
    return Hop(there, method, headers, body)


def too_large(most: int) -> Stop:
    """What is said of an answer beyond the bound."""
    return Stop(UPSTREAM, f"The answer has more than {most} bytes.")
