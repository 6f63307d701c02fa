"""Who is calling, as an operation of the workspace says: what it is asked, how its answer is read, and for how long
believed.

Credentials are not kept: a principal is remembered under a digest of them.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from urllib.parse import quote

import msgspec

from eden.gateway.interfaces import Authorizer
from eden.gateway.pipeline.codes import SIGNED_OUT, UNAUTHORIZED, UPSTREAM, Stop

#: characters of a principal; a header has to hold it
LONGEST = 1024


class CompiledAuthorizer:
    """An authorizer, ready for use. `name`: one on the whole platform."""

    __slots__ = ("_fields", "_name", "cache_ms", "header", "operation", "required")

    def __init__(self, name: str, authorizer: Authorizer) -> None:
        self._name = name.encode()
        self.operation = authorizer.operation
        self.cache_ms = authorizer.cache_s * 1000
        self.header = authorizer.principal.lower().encode()
        self.required = authorizer.required
        self._fields: list[tuple[bool, str]] = []
        for field in authorizer.fields:
            place, _, wanted = field.partition(".")
            if place not in ("header", "cookie") or not wanted:
                raise ValueError(f"An authorizer reads header.NAME or cookie.NAME, not {field!r}.")
            self._fields.append((place == "cookie", wanted if place == "cookie" else wanted.lower()))

    def question(self, fields: dict[bytes, bytes]) -> dict[str, str]:
        """What the operation is asked: the fields that the call has, by name. Empty: nobody claims to be anybody."""
        asked = {}
        jar: dict[str, str] | None = None
        for is_cookie, name in self._fields:
            if is_cookie:
                if jar is None:
                    jar = cookies_of(fields.get(b"cookie", b""))
                value = jar.get(name)
            else:
                raw = fields.get(name.encode())
                value = None if raw is None else raw.decode("latin-1")
            if value:
                asked[name] = value
        return asked

    def key(self, question: dict[str, str]) -> bytes:
        """Under what the answer to this question is remembered."""
        return sha256(self._name + b"\0" + msgspec.json.encode(sorted(question.items()))).digest()

    def principal(self, status: int, body: bytes) -> str:
        """Who it is, by the operation's answer; "" for nobody where that is permitted. Stop."""
        if 200 <= status < 300:
            try:
                found = msgspec.json.decode(body)
            except msgspec.DecodeError:
                raise Stop(UPSTREAM, "The authorizer's answer is not JSON.") from None
            principal = found.get("principal") if isinstance(found, dict) else None
            if isinstance(principal, (dict, list)):
                principal = msgspec.json.encode(principal).decode()
            elif isinstance(principal, int) and not isinstance(principal, bool):
                principal = str(principal)
            if isinstance(principal, str) and principal:
                if len(principal) > LONGEST:
                    raise Stop(UPSTREAM, f"The authorizer's principal has more than {LONGEST} characters.")
                return principal
            return self.nobody("The authorizer knows nobody by that.")
        if status == 401:
            return self.nobody("The authorizer says that nobody is signed in.")
        if 400 <= status < 500:
            raise Stop(UNAUTHORIZED, f"The authorizer refused with {status}.")
        raise Stop(UPSTREAM, f"The authorizer could not be asked ({status}).")

    def nobody(self, reason: str = "Nobody is signed in.") -> str:
        """ "" where a call may come from nobody; Stop otherwise."""
        if self.required:
            raise Stop(SIGNED_OUT, reason)
        return ""


class Principals:
    """Principals that are believed for a while; at most `most`, the one asked for longest ago is forgotten first."""

    def __init__(self, most: int = 1 << 16) -> None:
        self._most = most
        self._known: OrderedDict[bytes, tuple[int, str]] = OrderedDict()

    def get(self, key: bytes, now_ms: int) -> str | None:
        """None: not known, or not any more."""
        found = self._known.get(key)
        if found is None:
            return None
        if now_ms >= found[0]:
            del self._known[key]
            return None
        self._known.move_to_end(key)
        return found[1]

    def put(self, key: bytes, principal: str, until_ms: int) -> None:
        self._known[key] = (until_ms, principal)
        self._known.move_to_end(key)
        if len(self._known) > self._most:
            self._known.popitem(last=False)


def as_header(text: str) -> bytes:
    """What can stand in a header: visible ASCII as it is, all else percent-encoded (UTF-8)."""
    if text.isascii() and text.isprintable() and text == text.strip():
        return text.encode()
    return quote(text, safe="").encode()


def cookies_of(header: bytes) -> dict[str, str]:
    """Cookies by name, read as browsers write them (RFC 6265, section 5.4); of several of a name the first."""
    jar: dict[str, str] = {}
    for pair in header.decode("latin-1").split(";"):
        name, equals, value = pair.strip().partition("=")
        if equals:
            jar.setdefault(name.strip(), value.strip().removeprefix('"').removesuffix('"'))
    return jar
