"""Content encodings of batches, undone within a limit: a bomb costs no more than the limit."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import brotli  # type: ignore[import-untyped]
import zstandard

from eden.base.problems import Problem

#: what senders may use, for the answer to those who use another
ACCEPTED = "gzip, zstd, br, deflate"
#: the largest window that a Zstandard frame may ask for
_WINDOW = 1 << 27


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """The body without its content encodings (RFC 9110, section 8.4), at most `limit` bytes.

    Raises Problem: `media-type` for an encoding that is not known, `bad-request` for damaged or cut bytes, `too-large`.
    """
    codings = [coding.strip().lower() for coding in encoding.split(",") if coding.strip()]
    if len(codings) > 2:
        raise Problem("bad-request", "The body is encoded more than twice.")
    for coding in reversed(codings):
        if coding == "identity":
            continue
        undo = _DECODERS.get(coding)
        if undo is None:
            raise Problem(
                "media-type",
                f"The content encoding {coding[:40]} is not known.",
                f"Use one of: {ACCEPTED}.",
                headers={"Accept-Encoding": ACCEPTED},
            )
        try:
            body = undo(body, limit + 1)
        except OverflowError:
            raise _too_large(limit) from None
        except (zlib.error, brotli.error, zstandard.ZstdError, EOFError, MemoryError) as error:
            raise Problem("bad-request", f"The body is not what {coding} makes: {error}.") from error
        if len(body) > limit:
            raise _too_large(limit)
    return body


def _too_large(limit: int) -> Problem:
    return Problem("too-large", f"The batch has more than {limit:,} bytes.", "Send less at once.")


def _gunzip(body: bytes, most: int) -> bytes:
    return _inflate(body, most, 31)


def _undeflate(body: bytes, most: int) -> bytes:
    try:
        return _inflate(body, most, zlib.MAX_WBITS)
    except zlib.error:
        # many clients send what the name says, and not what RFC 9110 says
        return _inflate(body, most, -zlib.MAX_WBITS)


def _inflate(body: bytes, most: int, bits: int) -> bytes:
    """All members one behind the other, as RFC 1952 has them, up to `most` bytes of output."""
    pieces, size = [], 0
    while True:
        undo = zlib.decompressobj(bits)
        piece = undo.decompress(body, most - size)
        pieces.append(piece)
        size += len(piece)
        if size >= most:
            break
        if not undo.eof:
            raise EOFError("it ends too early")
        # zeroes behind the end are padding
        body = undo.unused_data.lstrip(b"\0")
        if not body or bits != 31:
            break
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _unbrotli(body: bytes, most: int) -> bytes:
    undo = brotli.Decompressor()
    pieces, size = [], 0
    piece = undo.process(body, output_buffer_limit=most)
    while True:
        pieces.append(piece)
        size += len(piece)
        if undo.is_finished() or size >= most:
            break
        if not piece or undo.can_accept_more_data():
            raise EOFError("it ends too early")
        piece = undo.process(b"", output_buffer_limit=most - size)
    return b"".join(pieces)


def _unzstd(body: bytes, most: int) -> bytes:
    """All frames one behind the other (RFC 8878, section 3)."""
    pieces: list[bytes] = []
    size = 0
    while body and size < most:
        promised = zstandard.frame_content_size(body)
        if promised < 0:
            # the frame does not say how large it is
            piece = _unzstd_part(body, most - size)
            if size + len(piece) >= most:
                return b"".join([*pieces, piece])
        elif size + promised >= most:
            raise OverflowError
        undo: Any = zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj()
        piece = undo.decompress(body)
        if not undo.eof:
            raise EOFError("it ends too early")
        pieces.append(piece)
        size += len(piece)
        body = undo.unused_data
    if not pieces:
        raise EOFError("it is empty")
    return b"".join(pieces)


def _unzstd_part(body: bytes, most: int) -> bytes:
    """The first `most` bytes of what the body gives, or all of it."""
    pieces, size = [], 0
    with zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(body) as reader:
        while size < most and (piece := reader.read(min(most - size, 1 << 20))):
            pieces.append(piece)
            size += len(piece)
    return b"".join(pieces)


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
