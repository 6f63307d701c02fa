"""Entity tags of answers (RFC 9110, sections 8.8.3 and 13.1.2)."""

from __future__ import annotations

from hashlib import sha256


def etag_of(body: bytes) -> bytes:
    """A weak tag: what a header rule changes does not change it."""
    return b'W/"%b"' % sha256(body).hexdigest()[:32].encode()


def matches(if_none_match: bytes, tag: bytes) -> bool:
    """Whether the client has it already, by weak comparison."""
    if if_none_match.strip() == b"*":
        return True
    wanted = tag.removeprefix(b"W/")
    return any(one.strip().removeprefix(b"W/") == wanted for one in if_none_match.split(b","))
