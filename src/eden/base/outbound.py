"""Headers of `wx.request` when a server sends it for a phone that is a web page.

`x-eden-header-NAME` stands for request headers that a browser does not let a page set; `x-eden-set-cookie` carries the
answer's cookies, as a JSON array; `x-eden-unreachable` says that no server gave one.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

Headers = list[tuple[bytes, bytes]]

UNREACHABLE: Headers = [(b"x-eden-unreachable", b"1")]
_OVERRIDE = "x-eden-header-"
#: of the hop: nobody but the server itself says these
_OF_HOP = {
    "host", "connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-authorization",
    "proxy-connection", "content-length", "accept-encoding", "expect",
}  # fmt: skip
#: of the browser; not part of what the program sends
_OF_BROWSER = {"origin", "referer", "cookie"}
_NOT_RETURNED = {"content-encoding", "content-length", "transfer-encoding", "connection", "set-cookie"}


def forwarded(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """What the program sends, without what the browser adds for itself; names in lower case."""
    kept: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name.startswith(_OVERRIDE):
            name = name.removeprefix(_OVERRIDE)
            if name and name not in _OF_HOP:
                kept[name] = value
        elif name not in _OF_HOP and name not in _OF_BROWSER and not name.startswith("sec-"):
            kept.setdefault(name, value)
    return kept


def returned(headers: Iterable[tuple[str, str]]) -> Headers:
    """What of the answer's headers a page gets, its cookies in one of ours."""
    kept, cookies = [], []
    for name, value in headers:
        lower = name.lower()
        if lower == "set-cookie":
            cookies.append(value)
        elif lower not in _NOT_RETURNED and not lower.startswith("x-eden-"):
            kept.append((lower.encode("latin-1"), value.encode("latin-1", "replace")))
    if cookies:
        kept.append((b"x-eden-set-cookie", msgspec.json.encode(cookies)))
    return kept
