"""Messages that two readers could read differently are not read; neither they nor floods hurt anybody else."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eden.gateway.proxy.framing import LAST_CHUNK, Chunks, chunk
from eden.gateway.proxy.heads import Heads
from eden.gateway.proxy.lines import FLEETING, Refused
from tests.gateway.proxy.stage import GET, Route, answer, echoing, run, stage, table, upstream

POST = b"POST /rpc/shop.get HTTP/1.1\r\nHost: a\r\n"
#: what hides in the body, or behind it
HIDDEN = b"GET /rpc/shop.get?hidden HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

ATTACKS = {
    "length and chunks": (POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN, 400),
    "chunks and length": (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + HIDDEN, 400),
    "two lengths": (POST + b"Content-Length: 0\r\nContent-Length: 46\r\n\r\n" + HIDDEN, 400),
    "the same length twice": (POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nab", 400),
    "list of lengths": (POST + b"Content-Length: 2, 2\r\n\r\nab", 400),
    "signed length": (POST + b"Content-Length: +2\r\n\r\nab", 400),
    "negative length": (POST + b"Content-Length: -1\r\n\r\n", 400),
    "hexadecimal length": (POST + b"Content-Length: 0x2\r\n\r\nab", 400),
    "empty length": (POST + b"Content-Length:\r\n\r\n", 400),
    "endless length": (POST + b"Content-Length: 99999999999999999999\r\n\r\n", 400),
    "large length": (POST + b"Content-Length: 999999999999999\r\n\r\n", 413),
    "two codings": (POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "another coding": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    "chunked is not last": (POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + HIDDEN, 400),
    "almost chunked": (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + HIDDEN, 400),
    "chunked by a vertical tab": (POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + HIDDEN, 400),
    "chunks of HTTP/1.0": (b"POST /rpc/shop.get HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN, 400),
    "folded line": (POST + b"X: a\r\n b\r\n\r\n", 400),
    "folded by a tab": (POST + b"X: a\r\n\tContent-Length: 46\r\n\r\n" + HIDDEN, 400),
    "folded first line": (b"POST /rpc/shop.get HTTP/1.1\r\n Host: a\r\n\r\n", 400),
    "line feed alone": (POST + b"X: a\nContent-Length: 46\r\n\r\n" + HIDDEN, 400),
    "only line feeds": (b"GET /rpc/shop.get HTTP/1.1\nHost: a\n\n", 400),
    "carriage return alone": (POST + b"X: a\rContent-Length: 46\r\n\r\n" + HIDDEN, 400),
    "null": (POST + b"X: a\x00b\r\n\r\n", 400),
    "space before colon": (POST + b"Content-Length : 46\r\n\r\n" + HIDDEN, 400),
    "no name": (POST + b": a\r\n\r\n", 400),
    "no colon": (POST + b"Content-Length\r\n\r\n", 400),
    "no host": (b"GET /rpc/shop.get HTTP/1.1\r\n\r\n", 400),
    "two hosts": (b"GET /rpc/shop.get HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    "odd host": (b"GET /rpc/shop.get HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    "two spaces": (b"GET  /rpc/shop.get HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "space before version": (b"GET /rpc/shop.get  HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "fragment": (b"GET /rpc/shop.get#x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "line end in the target": (b"GET /rpc/shop.get\r\nX: HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "CONNECT": (b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "unknown method": (b"FROBNICATE /rpc/shop.get HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    "HTTP/0.9": (b"GET /rpc/shop.get\r\n\r\n", 400),
    "HTTP/2": (b"GET /rpc/shop.get HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    "preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 501),
    "two secrets": (POST + b"x-eden-app: a\r\nX-Eden-App: b\r\nContent-Length: 0\r\n\r\n", 400),
    "long line": (b"GET /rpc/shop.get?" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 431),
    "many headers": (POST + b"".join(b"X-%d: a\r\n" % n for n in range(4000)) + b"\r\n", 431),
    "head without an end": (POST + b"X: " + b"a" * 40_000, 431),
    "chunk without a size": (CHUNKED + b"\r\n\r\n", 400),
    "negative size": (CHUNKED + b"-1\r\n\r\n", 400),
    "size with a prefix": (CHUNKED + b"0x1\r\na\r\n0\r\n\r\n", 400),
    "size that overflows": (CHUNKED + b"100000000000000001\r\na\r\n0\r\n\r\n", 400),
    "size with a space": (CHUNKED + b"1 \r\na\r\n0\r\n\r\n", 400),
    "chunk that is longer": (CHUNKED + b"1\r\nab\r\n0\r\n\r\n", 400),
    "chunk ended by a line feed": (CHUNKED + b"1\na\r\n0\r\n\r\n", 400),
    "line feed behind a chunk": (CHUNKED + b"1\r\na\n0\r\n\r\n", 400),
    "line feed in an extension": (CHUNKED + b"1;a\nb\r\na\r\n0\r\n\r\n" + HIDDEN, 400),
    "long extension": (CHUNKED + b"1;" + b"a" * 500 + b"\r\na\r\n0\r\n\r\n", 400),
    "many small chunks": (CHUNKED + b"1\r\na\r\n" * 1000 + b"0\r\n\r\n", 400),
    "long trailers": (CHUNKED + b"0\r\n" + b"X: aaaaaaaaaa\r\n" * 500 + b"\r\n", 431),
    "trailer without a colon": (CHUNKED + b"0\r\nGET / HTTP/1.1\r\n\r\n", 400),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused_and_reaches_nobody(attack: str) -> None:
    data, status = ATTACKS[attack]

    async def work() -> None:
        log: list[bytes] = []
        async with upstream(echoing(log)) as port, stage(table([port])) as gateway:
            other, other_writer = await gateway.connect()
            said = await gateway.said(data)
            assert said.startswith(b"HTTP/1.1 %d " % status), said[:200]
            # one answer, then the end: nothing of what is behind it was taken for a request
            assert said.count(b"HTTP/1.1 ") == 1 and b"connection: close\r\n" in said
            assert not any(b"hidden" in sent for sent in log)
            assert len(log) == 0
            other_writer.write(GET)
            assert (await answer(other))[0] == 200
            other_writer.close()

    run(work)


@pytest.mark.parametrize("cut", [1, 7, 100])
def test_attacks_in_small_pieces(cut: int) -> None:
    """The same attacks, a few bytes at a time."""

    async def work() -> None:
        log: list[bytes] = []
        async with upstream(echoing(log)) as port, stage(table([port])) as gateway:

            async def attempt(name: str) -> None:
                data, status = ATTACKS[name]
                reader, writer = await gateway.connect()
                reading = asyncio.create_task(reader.read())
                for start in range(0, min(len(data), 60 * cut), cut):
                    writer.write(data[start : start + cut])
                    await asyncio.sleep(0)
                writer.write(data[60 * cut :])
                said = await reading
                assert said.startswith(b"HTTP/1.1 %d " % status) and said.count(b"HTTP/1.1 ") == 1, (name, said[:200])
                writer.close()

            await asyncio.gather(*map(attempt, ATTACKS))
            assert not log

    run(work)


def test_a_streamed_body_that_breaks_its_framing_is_not_completed() -> None:
    """The upstream has the beginning of it, and no end that would make it a request."""

    async def work() -> None:
        log: list[bytes] = []
        route = Route("shop.get", body_bytes=1 << 20)
        async with upstream(echoing(log)) as port, stage(table([port], route)) as gateway:
            said = await gateway.said(CHUNKED + b"5\r\nhello\r\nnonsense\r\n" + HIDDEN)
            assert said.startswith(b"HTTP/1.1 400 ") and said.count(b"HTTP/1.1 ") == 1
            assert not log

    run(work)


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=30), st.data())
@settings(max_examples=60)
def test_chunks_come_apart_however_they_are_cut(pieces: list[bytes], data: st.DataObject) -> None:
    wire = b"".join(map(chunk, pieces)) + LAST_CHUNK + b"rest"
    chunks, got, at = Chunks(), b"", 0
    while not chunks.done:
        size = data.draw(st.integers(1, 400))
        got += b"".join(chunks.feed(wire[at : at + size]))
        at += size
    assert got == b"".join(pieces)
    assert chunks.rest + wire[at:] == b"rest"


_TOKENS = st.sampled_from(
    [b"GET ", b"POST ", b"/rpc/shop.get", b" HTTP/1.1", b" HTTP/1.0", b"\r\n", b"\n", b"\r", b" ", b"\t", b":",
     b"Host: a", b"Content-Length:", b"Transfer-Encoding: ", b"chunked", b"identity", b"0", b"5", b"\r\n\r\n", b"hello",
     b"X: y", b"Connection: ", b"Upgrade", b";", b",", b"\x00", b"\xff", b"Expect: 100-continue", b"?q=1", b"#"]
)  # fmt: skip
_NEAR = st.lists(st.tuples(st.integers(0, 120), st.integers(0, 6), _TOKENS), max_size=4)


def spoiled(edits: list[tuple[int, int, bytes]]) -> bytes:
    """A request with some of its bytes in another's place."""
    data = POST + b"Content-Length: 5\r\nX: y\r\n\r\nhello"
    for at, length, token in edits:
        data = data[:at] + token + data[at + length :]
    return data


@given(st.one_of(st.lists(_TOKENS, max_size=30).map(b"".join), _NEAR.map(spoiled), st.binary(max_size=300)))
@settings(max_examples=400)
def test_what_is_taken_is_what_rfc_9112_says(data: bytes) -> None:
    """Whatever comes: a head is refused, or every line of it is what the grammar says, and its length is one."""
    try:
        read = Heads(1 << 16).read(data)
    except Refused as refused:
        assert 400 <= refused.status <= 505
        return
    # an empty line in front is of the message before
    data = data.removeprefix(b"\r\n")
    end = data.find(b"\r\n\r\n") + 4
    if read is None:
        assert end < 4
        return
    head, fields, length, rest = read
    assert rest == data[end:]
    lines = data[: end - 4].split(b"\r\n")
    assert b"\n" not in b"".join(lines) and b"\r" not in b"".join(lines)
    method, target, version = lines[0].split(b" ")
    assert (head.method, head.url) == (method, target) and version in (b"HTTP/1.1", b"HTTP/1.0")
    named = [line.partition(b":") for line in lines[1:]]
    headers = [(name.lower(), value.strip(b" \t")) for name, _, value in named]
    assert dict(headers) == fields
    assert [field for field in headers if field[0] not in FLEETING] == head.headers or b"connection" in fields
    lengths = [value for name, value in headers if name == b"content-length"]
    codings = [value for name, value in headers if name == b"transfer-encoding"]
    assert len(lengths) + len(codings) <= 1
    assert length == (-1 if codings else int(lengths[0]) if lengths else 0)
