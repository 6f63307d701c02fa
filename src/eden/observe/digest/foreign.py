"""What the digests of other people's wires share: times, texts and numbers that may be anything, quarantine.

Clients of others send what their makers chose, in several versions: each value is looked at before it is believed,
and none of these functions raises.
"""

from __future__ import annotations

import hashlib
import math
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from eden.observe.digest.props import CUT
from eden.observe.interfaces import ERROR, Accepted, ErrorRow, EventRow, QuarantinedRow, Row

#: clocks that differ by less are right: the way through the network takes time as well
CLOCK_SECONDS = 1.0
#: nothing older is stored as what it says to be
OLDEST_SECONDS = 30 * 86_400.0
#: but what is brought over from another system
HISTORY_SECONDS = 20 * 365.25 * 86_400.0
#: of what could not be stored, so much is kept
QUARANTINED_BYTES = 16_384
CLOCK_ERROR = "$clock_error_ms"
#: bytes of rows that come of what a batch says once for all of its records
MOST_SHARED = 16_000_000


class Clock(NamedTuple):
    """How a sender's times become ours. `received` seconds; `error` seconds by which the sender's clock is behind;
    `oldest` seconds before which nothing happened."""

    received: float
    error: float = 0.0
    oldest: float = OLDEST_SECONDS

    @classmethod
    def of(cls, batch: Accepted, sent_at: object = None) -> Clock:
        """`sent_at`: the sender's time of sending, as it wrote it; None: it does not say."""
        received = batch.received / 1e6
        sent = seconds_of(sent_at)
        error = 0.0 if sent is None else received - sent
        return cls(received, error if abs(error) > CLOCK_SECONDS else 0.0)

    def at(self, moment: object) -> float:
        """Our time of a moment of the sender, in seconds with milliseconds; now, when it is none."""
        seconds = seconds_of(moment)
        return round(self.received, 3) if seconds is None else self.ours(seconds)

    def ours(self, seconds: float) -> float:
        """`at` of what was found to be a time."""
        return round(min(self.received, max(self.received - self.oldest, seconds + self.error)), 3)

    def note(self, moment: object, props: dict[str, Any]) -> float:
        """`at`; where a time was changed, the properties say by how much."""
        at, seconds = self.at(moment), seconds_of(moment)
        if seconds is not None and abs(at - seconds) > CLOCK_SECONDS:
            props[CLOCK_ERROR] = round((at - seconds) * 1000)
        return at


def seconds_of(moment: object) -> float | None:
    """Seconds since 1970 of a number (seconds, or by its size milli-, micro- or nanoseconds), a text with such a
    number, or ISO 8601 (no zone: UTC); None: it is no time."""
    if isinstance(moment, str):
        if moment[4:5] == "-":
            return _iso(moment)
        try:
            return seconds_of(float(moment))
        except ValueError:
            return _iso(moment)
    if not isinstance(moment, int | float) or isinstance(moment, bool):
        return None
    try:
        seconds = float(moment)
    except OverflowError:
        return None
    if not math.isfinite(seconds) or seconds <= 0:
        return None
    while seconds > 1e11:  # the year 5138
        seconds /= 1000
    return seconds


def _iso(moment: str) -> float | None:
    try:
        read = datetime.fromisoformat(moment.strip())
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def text(value: object, limit: int = 200) -> str:
    """A text or a number as text, at most `limit` characters; "" for anything else."""
    if isinstance(value, str):
        return value[:limit]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)[:limit]
    return ""


def number(value: object) -> float | None:
    """A finite number, or a text with one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        read = float(value)
    except (ValueError, OverflowError):
        return None
    return read if math.isfinite(read) else None


def whole(value: object, default: int = 0) -> int:
    """A whole number of 64 bits that is not negative."""
    read = number(value)
    return int(read) if read is not None and 0 <= read < 2**63 else default


def mapping(value: object) -> dict[str, Any]:
    """A JSON object; {} for anything else."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """A JSON array; [] for anything else."""
    return value if isinstance(value, list) else []


def hexadecimal(value: object, digits: int) -> str:
    """An id in lower case without dashes; "" when it is not one of that many digits, or only noughts."""
    if not isinstance(value, str):
        return ""
    value = value.replace("-", "").lower()
    if len(value) != digits or not value.strip("0"):
        return ""
    try:
        int(value, 16)
    except ValueError:
        return ""
    return value


def shared(said: dict[str, Any], records: int) -> dict[str, Any]:
    """What a batch says once, for each of its records; where that would make far more of it than was sent, only a
    sign that it is missing (`$cut`)."""
    return said if len(msgspec.json.encode(said)) * records <= MOST_SHARED else {CUT: len(said)}


def id_64(*parts: str | bytes) -> int:
    """64 bits of an id, by which the same event is recognised."""
    joined = b"\0".join(part if isinstance(part, bytes) else part.encode("utf-8", "replace") for part in parts)
    return int.from_bytes(hashlib.blake2b(joined, digest_size=8).digest(), "big")


def made_id(batch: Accepted, *parts: str | bytes) -> str:
    """An id, 16 digits, for what its client gave none: another one in every batch, but the same when the batch is
    digested again. `parts` tell it from the batch's other records."""
    return f"{id_64(batch.key, str(batch.received), *parts):016x}"


def version_of(release: str) -> tuple[str, int]:
    """Name and code of a version in a release's name: PACKAGE@NAME+CODE, where all but NAME may be missing.

    Source: docs.sentry.io, "Releases", versioning.
    """
    version = release.rpartition("@")[2]
    name, plus, build = version.partition("+")
    return (name, int(build)) if plus and build.isdecimal() and len(build) < 19 else (version, 0)


def error_event(error: ErrorRow) -> EventRow:
    """The event beside an error: what trends and people's trails count."""
    return EventRow(
        **{name: getattr(error, name) for name in Row.__struct_fields__},
        name=ERROR,
        id=id_64(error.id) if error.id else 0,
        props={"type": error.type, "message": error.message[:200], "fatal": error.fatal},
    )


def quarantined(batch: Accepted, reason: str, raw: bytes | str) -> QuarantinedRow:
    """What could not be stored, with the reason; its beginning."""
    if isinstance(raw, bytes):
        raw = raw[:QUARANTINED_BYTES].decode("utf-8", "replace")
    return QuarantinedRow(
        app=batch.app,
        received=round(batch.received / 1e6, 3),
        wire=batch.wire,
        reason=reason[:500],
        raw=raw[:QUARANTINED_BYTES],
    )
