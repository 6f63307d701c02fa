"""Envelopes: how Sentry's clients pack what they send.

    Envelope = Headers { "\\n" Item } [ "\\n" ] ;    Item = Headers "\\n" Payload ;

Headers are one line of JSON. A payload is as long as its header's `length` says and ends at a newline or the end;
without a length it goes to the next newline. Source: develop.sentry.dev, "Envelopes", serialization format.

Only headers are read here: what a payload holds is the digest's matter, so that accepting costs little.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

#: more items than any client sends; a longer envelope is read up to here
ITEMS = 10_000
#: a header line is a few hundred bytes; a longer one is no header
HEADER_BYTES = 64_000

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Item(NamedTuple):
    """An item's headers; its payload is `body[start:end]`."""

    type: str
    headers: dict[str, Any]
    start: int
    end: int

    def text(self, name: str) -> str:
        """A header that is text; "" when it is missing or something else."""
        value = self.headers.get(name)
        return value if isinstance(value, str) else ""

    def records(self) -> int:
        """How many records it says to hold: containers of logs, spans and metrics do."""
        value = self.headers.get("item_count")
        return value if isinstance(value, int) and 1 <= value <= 100_000 else 1


class Envelope(NamedTuple):
    """`fault` says why nothing could be read from `rest` on; "" when everything was."""

    headers: dict[str, Any]
    items: list[Item]
    fault: str
    rest: int

    def text(self, name: str) -> str:
        value = self.headers.get(name)
        return value if isinstance(value, str) else ""


def read_envelope(body: bytes) -> Envelope:
    """Headers and the places of the payloads. Items before a fault are whole.

    Raises ValueError: the envelope's own headers cannot be read.
    """
    end = body.find(b"\n", 0, HEADER_BYTES)
    end = len(body) if end < 0 else end
    if end > HEADER_BYTES:
        raise ValueError("the first line is longer than the headers of an envelope may be")
    headers = _headers(body, 0, end)
    if headers is None:
        raise ValueError("the first line is not a JSON object: an envelope begins with its headers")
    items: list[Item] = []
    position, size = end + 1, len(body)
    while position < size:
        if body[position] == 10:  # between items and at the end some clients leave empty lines
            position += 1
            continue
        if len(items) == ITEMS:
            return Envelope(headers, items, f"more than {ITEMS} items", position)
        end = body.find(b"\n", position, position + HEADER_BYTES)
        if end < 0:
            end = min(size, position + HEADER_BYTES)
        item = _headers(body, position, end)
        if item is None or not isinstance(kind := item.get("type"), str):
            return Envelope(headers, items, "an item's headers are not a JSON object with a type", position)
        start = end + 1
        stop, fault = _payload_end(body, item.get("length"), start, size)
        if fault:
            return Envelope(headers, items, f"item of type {kind[:40]}: {fault}", position)
        items.append(Item(kind, item, start, stop))
        position = stop + 1
    return Envelope(headers, items, "", size)


def _headers(body: bytes, start: int, end: int) -> dict[str, Any] | None:
    try:
        return _decode(memoryview(body)[start:end])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _payload_end(body: bytes, length: Any, start: int, size: int) -> tuple[int, str]:
    """Where the payload ends, or why that cannot be said."""
    if length is None:
        end = body.find(b"\n", start)
        return (max(start, size) if end < 0 else end), ""
    if not isinstance(length, int) or isinstance(length, bool) or length < 0:
        return start, "its length is not a number of bytes"
    end = start + length
    if end > size and not (length == 0 and start == size + 1):
        return start, f"it ends after {max(0, size - start)} of {length} bytes"
    if end < size and body[end] != 10:
        return start, f"it does not end after the {length} bytes that it says to have"
    return end, ""
