"""Content encodings: what was packed comes out, and no bytes cost more than the limit."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from eden.base.problems import Problem
from eden.observe.accept.encodings import decompress


def _streamed(body: bytes) -> bytes:
    """A frame that does not say how large it is."""
    packer = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    return bytes(packer.compress(body) + packer.flush())


PACKERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "two members": ("gzip", lambda body: gzip.compress(body[:3]) + gzip.compress(body[3:])),
    "zlib": ("deflate", zlib.compress),
    "raw": ("deflate", lambda body: zlib.compress(body, wbits=-15)),
    "br": ("br", lambda body: brotli.compress(body, quality=2)),
    "zstd": ("zstd", zstandard.compress),
    "zstd, no size": ("zstd", _streamed),
    "two frames": ("zstd", lambda body: zstandard.compress(body[:3]) + _streamed(body[3:])),
    "twice": ("gzip, br", lambda body: brotli.compress(gzip.compress(body), quality=2)),
}


@pytest.mark.parametrize("name", PACKERS)
@given(body=st.binary(min_size=1, max_size=3000))
@settings(max_examples=15, deadline=None)
def test_what_was_packed_comes_out(name: str, body: bytes) -> None:
    encoding, pack = PACKERS[name]
    # what is between two encodings may be larger than what it holds
    assert decompress(pack(body), encoding, len(body) + (100 if name == "twice" else 0)) == body
    if name != "twice" and len(body) > 1:
        with pytest.raises(Problem) as told:
            decompress(pack(body), encoding, len(body) - 1)
        assert told.value.status == 413


@pytest.mark.parametrize("name", [name for name in PACKERS if name not in ("two members", "two frames")])
def test_what_is_cut_is_refused(name: str) -> None:
    encoding, pack = PACKERS[name]
    packed = pack(bytes(range(256)) * 20)
    for cut in (0, 1, len(packed) // 2, len(packed) - 1):
        with pytest.raises(Problem) as told:
            decompress(packed[:cut], encoding, 100_000)
        assert told.value.status == 400


@given(
    body=st.binary(max_size=300), encoding=st.sampled_from(["gzip", "deflate", "br", "zstd", "identity", "x", "a,b,c"])
)
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_taken_or_refused(body: bytes, encoding: str) -> None:
    try:
        assert len(decompress(body, encoding, 10_000)) <= 10_000
    except Problem as problem:
        assert problem.status in (400, 413, 415)


@pytest.mark.parametrize("name", ["gzip", "br", "zstd", "zstd, no size", "twice"])
def test_a_bomb_costs_its_limit(name: str) -> None:
    encoding, pack = PACKERS[name]
    bomb = pack(bytes(60_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(Problem) as told:
            decompress(bomb, encoding, 1_000_000)
        assert told.value.status == 413
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_an_unknown_encoding_is_named() -> None:
    with pytest.raises(Problem, match="lzma") as told:
        decompress(b"x", "lzma", 10)
    assert told.value.status == 415
    assert "gzip" in told.value.headers["Accept-Encoding"]
