"""Headers of ours in the query, for callers that cannot set headers: a browser's WebSocket and EventSource.

    /rpc/shop.news.watch?topic=7&x-eden-app=shop&x-eden-time=…&x-eden-nonce=…&x-eden-signature=hmac-sha256%20s1%20…

They count only as far as there is no header of the name. What is signed is the query without them, as it was sent; they
go on to no service, so that a signature is not kept in somebody's log of addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

NAMES: Final = frozenset(
    {b"x-eden-app", b"x-eden-device", b"x-eden-time", b"x-eden-nonce", b"x-eden-signature", b"x-eden-version"}
)
_MARK: Final = b"x-eden-"


def lift(target: bytes, fields: Mapping[bytes, bytes]) -> tuple[bytes, dict[bytes, bytes]]:
    """The target ("" or "?query") without fields of ours, and those that were in it and are not in `fields`.

    ValueError for one that is there twice, or has what no header may have.
    """
    if _MARK not in target:
        return target, {}
    kept, found = [], dict[bytes, bytes]()
    for pair in target[1:].split(b"&"):
        name, _, value = pair.partition(b"=")
        if name not in NAMES:
            kept.append(pair)
        elif name in found:
            raise ValueError(f"{name.decode()} is in the query twice")
        else:
            found[name] = unquote_to_bytes(value)
            if not found[name].isascii() or any(byte < 32 or byte == 127 for byte in found[name]):
                raise ValueError(f"{name.decode()} in the query is no header's value")
    query = b"&".join(kept)
    return b"?" + query if query else b"", {name: value for name, value in found.items() if name not in fields}
