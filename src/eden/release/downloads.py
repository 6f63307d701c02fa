"""In which form a phone gets an archive: as a delta, compressed, whole, or in part. Content negotiation of HTTP.

RFC 9110 (semantics), RFC 9842 (dictionary transport), RFC 9651 (structured fields), Fetch Metadata. An archive is
named by its SHA-256 and never changes. A header that cannot be understood counts as absent: the worst that happens is
a larger download.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass

from eden.release.deltas import Deltas, Load

IMMUTABLE = "public, max-age=31536000, immutable"
VARY = "accept-encoding, available-dictionary"
#: seconds that a phone waits for a delta or a compressed form to be made; then it gets the next larger form
PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Response:
    """What to send. `headers` are in order, names in lower case; `body` is empty for 304 and 416."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True)
class DictionaryOffer:
    """For which requests the phone may use this archive as dictionary (RFC 9842, section 2.1).

    `match` is a URL pattern on the same origin without regular expression groups ("/device/v1/acme/targets/*"),
    `id` at most 1024 characters; both printable ASCII.
    """

    match: str
    id: str = ""

    def __post_init__(self) -> None:
        if not self.match or len(self.id) > 1024 or not all(" " <= c <= "~" for c in self.match + self.id):
            raise ValueError(
                "The pattern and the id of a dictionary are printable ASCII, the id at most 1024 characters."
            )

    def field(self) -> str:
        members = {"match": self.match} | ({"id": self.id} if self.id else {})
        return ", ".join(f"{key}={_sf_string(value)}" for key, value in members.items())


class RequestHeaders:
    """Request headers by name, whatever their case; several lines of one name are one list (RFC 9110, 5.3)."""

    def __init__(self, pairs: Iterable[tuple[str | bytes, str | bytes]]) -> None:
        self._lines: dict[str, list[str]] = {}
        for name, value in pairs:
            self._lines.setdefault(_text(name).lower(), []).append(_text(value).strip())

    def get(self, name: str) -> str | None:
        lines = self._lines.get(name)
        return None if lines is None else ", ".join(lines)


async def represent(
    request_headers: Iterable[tuple[str | bytes, str | bytes]],
    target: str,
    deltas: Deltas,
    load: Load,
    *,
    content_type: str = "application/zip",
    offer: DictionaryOffer | None = None,
    allowed_origin: str | None = None,
    may_use: Callable[[str], Awaitable[bool]] | None = None,
    patience: float = PATIENCE,
) -> Response:
    """The answer to a GET (or HEAD: leave the body out) of the archive with SHA-256 `target`; 404 if there is none.

    `request_headers` are pairs as ASGI gives them, or their text. `allowed_origin` is the value of the
    Access-Control-Allow-Origin header that the caller adds, if any: without it no other origin gets a delta. `may_use`
    says whether an archive (SHA-256) may be this phone's dictionary: whoever knows the hash of an archive that is not
    for them would otherwise learn from a delta's size how much the target is like it.
    """
    request = RequestHeaders(request_headers)
    common = [("cache-control", IMMUTABLE), ("vary", VARY)]
    readable = is_readable(request, allowed_origin)
    described = [*common, ("content-type", content_type)]
    offered = [("use-as-dictionary", offer.field())] if offer is not None and readable else []

    # The bytes under this name never change: whichever form the phone names is as good as new.
    if (known := _known_form(request.get("if-none-match"), target)) is not None:
        return Response(304, [*common, ("etag", known)])

    whole_tag = f'"{target}"'
    ranges = request.get("range")
    if ranges is not None and request.get("if-range") in (None, whole_tag):
        body = await load(target)
        if body is None:
            return not_found()
        part = _part(ranges, len(body))
        if part is not None:
            return _partial(body, part, described, whole_tag)

    accepted = accepted_codings(request.get("accept-encoding"))
    base = available_dictionary(request.get("available-dictionary")) if "dcz" in accepted and readable else None
    if base is not None and may_use is not None and not await may_use(base):
        base = None
    deadline = asyncio.get_running_loop().time() + patience
    for coding in _preference(accepted, base is not None):
        if coding == "dcz" and base is not None:
            body, tag = await _until(deadline, deltas.get(base, target)), f'"{target}.dcz.{base[:16]}"'
        elif coding == "br":
            body, tag = await _until(deadline, deltas.full(target)), f'"{target}.br"'
        else:
            body, tag = await load(target), whole_tag
        if body is not None:
            break
    else:
        return not_found()
    if request.get("if-none-match") == "*":
        return Response(304, [*common, ("etag", tag)])
    form = [("accept-ranges", "bytes")] if coding == "identity" else [("content-encoding", coding)]
    return Response(200, [*described, *offered, *form, ("etag", tag), ("content-length", str(len(body)))], body)


async def represent_delta(
    request_headers: Iterable[tuple[str | bytes, str | bytes]],
    base: str,
    target: str,
    deltas: Deltas,
    *,
    patience: float = PATIENCE,
) -> Response:
    """The delta as a file of its own, for phones whose browser knows no dictionaries.

    404 (not to be stored) when the full download is better or the delta is not there in time: the phone then fetches
    that.
    """
    request = RequestHeaders(request_headers)
    tag = f'"{target}.delta.{base[:16]}"'
    if tag in _tags(request.get("if-none-match")):
        return Response(304, [("cache-control", IMMUTABLE), ("etag", tag)])
    body = await _until(asyncio.get_running_loop().time() + patience, deltas.get(base, target))
    if body is None:
        return not_found()
    return Response(
        200,
        [
            ("cache-control", IMMUTABLE),
            ("content-type", "application/octet-stream"),
            ("etag", tag),
            ("content-length", str(len(body))),
        ],
        body,
    )


def not_found() -> Response:
    return Response(404, [("cache-control", "no-store"), ("content-length", "0")])


# ---- what the phone understands ------------------------------------------------------------------------------------


def accepted_codings(field: str | None) -> dict[str, float]:
    """Codings in lower case and their weights (RFC 9110, 12.5.3); members that are malformed are left out."""
    accepted: dict[str, float] = {}
    for member in (field or "").split(","):
        coding, *parameters = (part.strip() for part in member.lower().split(";"))
        weight = 1.0
        if parameters:
            found = re.fullmatch(r"q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", parameters[0])
            if not found or len(parameters) > 1:
                continue
            weight = float(found[1])
        if re.fullmatch(r"[!#$%&'*+.^_`|~0-9a-z-]+", coding):
            accepted[coding] = weight
    return accepted


def available_dictionary(field: str | None) -> str | None:
    """The SHA-256 (hex) of the dictionary that the phone has: a structured byte sequence, `:BASE64:`."""
    found = re.fullmatch(r" *:([A-Za-z0-9+/]{43}=?): *(?:;.*)?", field or "")
    if not found:
        return None
    try:
        return base64.b64decode(f"{found[1].rstrip('=')}=", validate=True).hex()
    except binascii.Error:
        return None


def is_readable(request: RequestHeaders, allowed_origin: str | None) -> bool:
    """Whether whoever asks may read the answer; otherwise sizes could tell secrets (RFC 9842, 9.3.2)."""
    mode = (request.get("sec-fetch-mode") or "").lower()
    if not mode or (request.get("sec-fetch-site") or "").lower() == "same-origin":
        return True
    if mode == "cors":
        origin = request.get("origin")
        return origin is not None and allowed_origin is not None and allowed_origin in ("*", origin)
    return mode in ("navigate", "same-origin")


def _preference(accepted: dict[str, float], dictionary: bool) -> Sequence[str]:
    """Codings to try, best first. "*" never means dcz: who cannot say the word has no use for it."""
    others = accepted.get("*", 0.0)
    weights = {"br": accepted.get("br", others)} | ({"dcz": accepted.get("dcz", 0.0)} if dictionary else {})
    # Without a word about it identity is acceptable, behind all that are named; it is the last resort in any case.
    identity = accepted.get("identity", 0.0)
    better = [coding for coding in ("dcz", "br") if 0 < weights.get(coding, 0) >= identity]
    return [*sorted(better, key=lambda coding: -weights[coding]), "identity"]


def _known_form(field: str | None, target: str) -> str | None:
    """The entity tag in If-None-Match that names a form of this archive."""
    forms = re.compile(rf'"{re.escape(target)}(?:\.br|\.dcz\.[0-9a-f]{{16}})?"')
    return next((tag for tag in _tags(field) if forms.fullmatch(tag)), None)


def _tags(field: str | None) -> list[str]:
    return re.findall(r'(?:W/)?("[\x21\x23-\x7e]*")', field or "")


# ---- parts ---------------------------------------------------------------------------------------------------------


def _part(field: str, size: int) -> tuple[int, int] | None:
    """First byte and the byte after the last; empty when none of them is there; None to ignore the header.

    Several ranges in one request are ignored, as RFC 9110 (14.2) permits.
    """
    found = re.fullmatch(r"bytes\s*=\s*(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))\s*", field, re.IGNORECASE)
    if not found:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        return max(0, size - int(suffix)), size
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) + 1, size) if last else size


def _partial(body: bytes, part: tuple[int, int], described: list[tuple[str, str]], tag: str) -> Response:
    first, end = part
    if first >= end:
        return Response(416, [("content-range", f"bytes */{len(body)}"), ("content-length", "0")])
    return Response(
        206,
        [
            *described,
            ("accept-ranges", "bytes"),
            ("etag", tag),
            ("content-range", f"bytes {first}-{end - 1}/{len(body)}"),
            ("content-length", str(end - first)),
        ],
        body[first:end],
    )


async def _until(deadline: float, making: Coroutine[None, None, bytes | None]) -> bytes | None:
    """What is made, or None when that takes too long: it is then ready for the next phone."""
    try:
        async with asyncio.timeout_at(deadline):
            return await making
    except TimeoutError:
        return None


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _sf_string(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
