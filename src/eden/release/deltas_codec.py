"""Binary deltas and full downloads of package archives: pure functions on bytes.

A delta is a Zstandard frame (RFC 8878) that was compressed with the old archive as raw dictionary, in the framing of
RFC 9842 ("dcz"): a skippable frame of 40 bytes that names the dictionary by its SHA-256, then the frame. A full
download is a Brotli stream (RFC 7932). What was tried and measured is in docs/deltas.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import brotli  # type: ignore[import-untyped]
import zstandard

#: magic number and length of the skippable frame that begins a dcz body (RFC 9842, section 5)
DCZ_MAGIC = b"\x5e\x2a\x4d\x18\x20\x00\x00\x00"
DCZ_HEAD = len(DCZ_MAGIC) + 32

#: A phone need not have more than the larger of 8 MiB and 1.25 times the dictionary as window, at most 128 MiB
#: (RFC 9842, section 5).
_WINDOW_FLOOR = 8 << 20
_WINDOW_CEILING = 128 << 20
#: what `decode_delta` makes at most, unless it is told otherwise
LARGEST_RESULT = 1 << 30


class DeltaError(ValueError):
    """These bytes are not a delta of this base: wrong head, another dictionary, a damaged or oversized frame."""


@dataclass(frozen=True, slots=True)
class _Effort:
    """How hard to compress inputs of up to `largest` bytes (None: any); `tables` overrides the level's sizes."""

    largest: int | None
    level: int
    tables: Mapping[str, int] = field(default_factory=dict)


#: By the bytes of base and target together; processor time on one core of the bench's machine:
#:
#:     base + target   level             time      size
#:     ≤ 8 MiB         19 (btultra2)     ≤ 1.0 s   reference; level 22 gains 0.1 %
#:     more            12, large tables  0.1 s at 12 MB, 0.9 s at 128 MB; 17 % more at 12 MB, 13 % less at 31 MB
#:
#: Long-distance matching stays off: its table does not know the dictionary, so its matches within the target push
#: out better ones in the base (level 12 at 31 MB: three times as large with it).
_DELTA_EFFORTS = (_Effort(8 << 20, 19), _Effort(None, 12, {"hash_log": 24, "chain_log": 25, "search_log": 7}))

#: By the bytes of the target: quality, and its time for the largest of its row.
_FULL_EFFORTS = (
    _Effort(4 << 20, 11),  # 5 s
    _Effort(6 << 20, 10),  # 5 s
    _Effort(64 << 20, 9),  # 6 s
    _Effort(None, 5),  # 1.3 s at 64 MB
)
#: up to this size quality 9 is quick: 0.4 s
_QUICK_LIMIT = 6 << 20
#: of Brotli; larger ones are not part of the "br" coding of HTTP
_FULL_WINDOW_LOG = 24


def encode_delta(base: bytes, target: bytes) -> bytes:
    """What makes `target` of `base`, as a dcz body.

    Takes up to about a second of processor time, without the interpreter's lock. The window is at least base and
    target together, so that all of the base stays in reach, unless RFC 9842's limit forbids that.
    """
    effort = _effort(_DELTA_EFFORTS, len(base) + len(target))
    parameters = zstandard.ZstdCompressionParameters.from_level(
        effort.level,
        window_log=_window_log(len(base), len(target)),
        **effort.tables,
        write_content_size=True,
        write_checksum=False,
        write_dict_id=False,
    )
    frame = zstandard.ZstdCompressor(dict_data=_dictionary(base), compression_params=parameters).compress(target)
    return DCZ_MAGIC + hashlib.sha256(base).digest() + frame


def decode_delta(base: bytes, dcz: bytes, largest: int = LARGEST_RESULT) -> bytes:
    """The target of a delta, at most `largest` bytes.

    DeltaError when the delta is of another base, is damaged, or says that it makes more. A damaged delta may also
    give wrong bytes: compare the result's SHA-256.
    """
    if len(dcz) < DCZ_HEAD or not dcz.startswith(DCZ_MAGIC):
        raise DeltaError("This is not a delta: the 40 bytes at its beginning are not those of a dcz body.")
    if dcz[len(DCZ_MAGIC) : DCZ_HEAD] != hashlib.sha256(base).digest():
        raise DeltaError("This delta is of another base: its dictionary has another SHA-256.")
    frame = dcz[DCZ_HEAD:]
    try:
        about = zstandard.get_frame_parameters(frame)
        if not 0 <= about.content_size <= largest:
            raise DeltaError(f"This delta makes more than {largest} bytes, or does not say how many.")
        decompressor = zstandard.ZstdDecompressor(dict_data=_dictionary(base), max_window_size=_WINDOW_CEILING)
        return decompressor.decompress(frame, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise DeltaError(f"This delta is damaged: {error}.") from error


def brotli_full(target: bytes) -> bytes:
    """The whole target as a Brotli stream, quality 11 up to 4 MiB, less for larger ones: about 6 s at most."""
    quality = _effort(_FULL_EFFORTS, len(target)).level
    stream: bytes = brotli.compress(target, quality=quality, lgwin=_FULL_WINDOW_LOG)
    return stream


def full_size_bounds(target: bytes) -> tuple[int, int]:
    """Between which sizes `brotli_full` is, told in a tenth of its time: from 70 or 50 to 100 % of a quick stream.

    Measured, quality 11 has 83 to 95 % of quality 9's size, and 9 has 80 to 100 % of 5's.
    """
    quality, least = (9, 70) if len(target) <= _QUICK_LIMIT else (5, 50)
    size = len(brotli.compress(target, quality=quality, lgwin=_FULL_WINDOW_LOG))
    return size * least // 100, size


def full_sha256(stream: bytes, piece: int = 1 << 20) -> str | None:
    """SHA-256 (hex) of what a Brotli stream holds, without keeping it; None when it is damaged."""
    decompressor, digest = brotli.Decompressor(), hashlib.sha256()
    try:
        digest.update(decompressor.process(stream, output_buffer_limit=piece))
        while not decompressor.is_finished() and (more := decompressor.process(b"", output_buffer_limit=piece)):
            digest.update(more)
    except brotli.error:
        return None
    return digest.hexdigest() if decompressor.is_finished() else None


def _dictionary(base: bytes) -> zstandard.ZstdCompressionDict | None:
    return zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT) if base else None


def _effort(efforts: tuple[_Effort, ...], size: int) -> _Effort:
    return next(effort for effort in efforts if effort.largest is None or size <= effort.largest)


def _window_log(base: int, target: int) -> int:
    """Logarithm of the window for a base and a target of these sizes.

    A frame whose window holds all of its content says the content's size as its window (RFC 8878, 3.1.1.1.1.2), so
    only that size is held against the limit.
    """
    limit = min(_WINDOW_CEILING, max(_WINDOW_FLOOR, base + base // 4))
    if target > limit:
        return limit.bit_length() - 1
    return max(zstandard.WINDOWLOG_MIN, (base + target).bit_length())
