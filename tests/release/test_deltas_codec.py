"""A delta gives its target back, keeps to RFC 9842, and says so when it is none."""

from __future__ import annotations

import hashlib
import random

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from eden.release.deltas_codec import (
    DCZ_HEAD,
    DeltaError,
    brotli_full,
    decode_delta,
    encode_delta,
    full_sha256,
    full_size_bounds,
)

OLD = b"".join(b"Page({ data: { title: 'number %d', price: %d } })\n" % (n, n * n) for n in range(400))
NEW = OLD.replace(b"'number 77'", b"'number seventy-seven'").replace(b"price: 9801", b"price: 9900")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.lists(st.tuples(st.integers(0, 300), st.binary(max_size=20)), max_size=6))
def test_every_pair_round_trips(base: bytes, edits: list[tuple[int, bytes]]) -> None:
    target = base
    for place, text in edits:
        target = target[:place] + text + target[place + len(text) // 2 :]
    assert decode_delta(base, encode_delta(base, target)) == target


@pytest.mark.parametrize("base", [b"", b"abc", b"\x37\xa4\x30\xec" + OLD], ids=["empty", "short", "like-a-dictionary"])
def test_any_bytes_are_a_raw_dictionary(base: bytes) -> None:
    """Also those that begin as a trained dictionary would."""
    dcz = encode_delta(base, NEW)
    assert decode_delta(base, dcz) == NEW


def test_the_framing_is_rfc_9842s() -> None:
    dcz = encode_delta(OLD, NEW)
    assert dcz[:8].hex() == "5e2a4d1820000000"
    assert dcz[8:40] == hashlib.sha256(OLD).digest()
    # A skippable frame and a frame: whoever knows the dictionary reads the body as it is.
    dictionary = zstandard.ZstdCompressionDict(OLD, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    reader = zstandard.ZstdDecompressor(dict_data=dictionary).stream_reader(dcz, read_across_frames=True)
    assert reader.read() == NEW
    assert len(dcz) < 150


@pytest.mark.parametrize(
    ("base", "target"),
    [(1000, 3000), (20_000, 9 << 20), (9 << 20, 1000), (9 << 20, 10 << 20), (9 << 20, 13 << 20)],
)
def test_windows_keep_to_the_limit(base: int, target: int) -> None:
    old, new = bytes(base), b"\1" + bytes(target - 1)
    dcz = encode_delta(old, new)
    frame = zstandard.get_frame_parameters(dcz[DCZ_HEAD:])
    assert frame.window_size <= max(8 << 20, base * 5 // 4)
    assert frame.content_size == target
    assert frame.dict_id == 0
    assert decode_delta(old, dcz) == new


def test_all_of_the_base_stays_in_reach() -> None:
    noise = random.Random(1).randbytes
    first, middle, last = noise(300_000), noise(2_000_000), noise(300_000)
    # What stood first comes last, nearly five megabytes away.
    assert len(encode_delta(first + middle + last, last + middle + first)) < 2000


def test_another_base_is_refused() -> None:
    with pytest.raises(DeltaError, match="of another base"):
        decode_delta(OLD + b".", encode_delta(OLD, NEW))


def test_large_results_are_refused() -> None:
    dcz = encode_delta(OLD, NEW)
    assert decode_delta(OLD, dcz, len(NEW)) == NEW
    with pytest.raises(DeltaError, match="more than"):
        decode_delta(OLD, dcz, len(NEW) - 1)


def test_truncated_deltas_are_refused() -> None:
    dcz = encode_delta(OLD, NEW)
    for end in range(len(dcz)):
        with pytest.raises(DeltaError):
            decode_delta(OLD, dcz[:end])
    with pytest.raises(DeltaError, match="damaged"):
        decode_delta(OLD, dcz + b"more")


def test_flipped_bits_never_pass_for_the_target() -> None:
    dcz = encode_delta(OLD, NEW)
    for bit in range(8 * DCZ_HEAD, 8 * len(dcz)):
        damaged = bytearray(dcz)
        damaged[bit // 8] ^= 1 << bit % 8
        try:
            result = decode_delta(OLD, bytes(damaged), 1 << 20)
        except DeltaError:
            continue
        # Some bits say nothing (the reserved one of a frame); the others give other bytes, which a hash tells.
        assert result == NEW or hashlib.sha256(result).digest() != hashlib.sha256(NEW).digest()


@pytest.mark.parametrize(
    "target",
    [b"", OLD, bytes(3 << 20), OLD[:20_000] + random.Random(7).randbytes(50_000), bytes(7 << 20)],
    ids=["empty", "text", "zeros", "half-noise", "large"],
)
def test_full_downloads(target: bytes) -> None:
    stream = brotli_full(target)
    assert full_sha256(stream) == hashlib.sha256(target).hexdigest()
    least, most = full_size_bounds(target)
    assert least <= len(stream) <= most


def test_damaged_full_downloads_have_no_hash() -> None:
    stream = brotli_full(OLD)
    right = hashlib.sha256(OLD).hexdigest()
    assert full_sha256(b"") is None
    for end in range(0, len(stream), 7):
        assert full_sha256(stream[:end]) is None
    for place in range(len(stream)):
        damaged = bytearray(stream)
        damaged[place] ^= 0x10
        # A few bits say nothing; the hash is that of what a phone would read.
        if full_sha256(bytes(damaged)) == right:
            assert brotli.decompress(bytes(damaged)) == OLD
