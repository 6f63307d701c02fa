"""Heads that came before are not read again, and mean what they meant."""

from __future__ import annotations

import httptools
import pytest

from eden.gateway.memo import Memo
from eden.gateway.proxy import answers
from eden.gateway.proxy.heads import Heads
from eden.gateway.proxy.ids import Ids
from eden.gateway.proxy.lines import Refused, usual_answer

CALL = (
    b"POST /rpc/shop.get HTTP/1.1\r\nHost: a\r\nX-Eden-App: shop\r\nx-eden-time: %d\r\nx-eden-nonce: %b\r\n"
    b"x-eden-signature: hmac-sha256 k1 q83v\r\nContent-Length: %d\r\n\r\n%b"
)


def test_a_head_that_came_before_is_the_same() -> None:
    heads = Heads(4096)
    first, second = heads.read(CALL % (1, b"one", 2, b"ab")), heads.read(CALL % (22, b"two", 3, b"cde"))
    assert first is not None and second is not None
    assert first[0] is second[0]
    assert (first[2:], second[2:]) == ((2, b"ab"), (3, b"cde"))
    assert (second[1][b"x-eden-time"], second[1][b"x-eden-nonce"], second[1][b"x-eden-app"]) == (b"22", b"two", b"shop")
    # what is another one each time is told by name only
    assert first[0].headers == [(b"host", b"a"), (b"x-eden-app", b"shop")]
    third = heads.read(CALL.replace(b"shop\r\n", b"bank\r\n") % (1, b"one", 0, b""))
    assert third is not None and third[0] is not first[0] and third[1][b"x-eden-app"] == b"bank"


@pytest.mark.parametrize(
    "other",
    [
        CALL % (1, b"on\x00e", 0, b""),
        CALL % (1, b"one\rtwo", 0, b""),
        CALL.replace(b"x-eden-nonce: ", b"x-eden-nonce : ") % (1, b"one", 0, b""),
        CALL.replace(b"Content-Length: %d", b"Content-Length: +%d") % (1, b"one", 0, b""),
        CALL.replace(b"x-eden-nonce: %b", b"x-eden-time: 2%b") % (1, b"", 0, b""),
    ],
)
def test_what_is_remembered_is_no_way_in(other: bytes) -> None:
    """A head of the same lines but for a fleeting one that no head can have is refused as if it were the first."""
    heads = Heads(4096)
    heads.read(CALL % (1, b"one", 0, b""))
    with pytest.raises(Refused):
        heads.read(other)


def test_a_secret_is_not_remembered() -> None:
    heads = Heads(4096)
    call = CALL.replace(b"Host: a\r\n", b"Host: a\r\nAuthorization: Bearer %b\r\nCookie: a=1; b=2\r\n")
    first, second = heads.read(call % (b"7", 1, b"one", 0, b"")), heads.read(call % (b"8", 2, b"two", 0, b""))
    assert first is not None and second is not None and first[0] is second[0]
    head, fields = second[:2]
    assert (fields[b"authorization"], fields[b"cookie"]) == (b"Bearer 8", b"a=1; b=2")
    assert sorted(head.secrets) == [b"authorization", b"cookie"]
    assert not any(b"Bearer" in value for _, value in [*head.headers, *head.fields.items()])
    assert b"Bearer" not in b"".join(b"".join(lines) for lines in heads._known)


def test_what_is_another_one_in_each_call_and_goes_on_makes_no_other_head() -> None:
    heads = Heads(4096)
    call = CALL.replace(b"Host: a\r\n", b"Host: a\r\nIdempotency-Key: %b\r\n")
    first, second = heads.read(call % (b"k-1", 1, b"one", 0, b"")), heads.read(call % (b"k-2", 2, b"two", 0, b""))
    assert first is not None and second is not None and first[0] is second[0]
    assert second[0].secrets == (b"idempotency-key",) and second[1][b"idempotency-key"] == b"k-2"


def test_a_secret_in_the_place_of_what_is_not_sent_on_is_another_head() -> None:
    heads = Heads(4096)
    lines = (b"Cookie: a=1", b"Traceparent: 00", b"Cookie: a=2", b"X-Eden-Time: 1", b"Authorization: b")
    for line in lines * 2:
        read = heads.read(b"GET /rpc/shop.get HTTP/1.1\r\nHost: a\r\n%b\r\n\r\n" % line)
        assert read is not None
        name, _, value = line.partition(b": ")
        secret = name in (b"Cookie", b"Authorization")
        assert read[0].secrets == ((name.lower(),) if secret else ())
        assert read[1][name.lower()] == value


def test_cookies_on_several_lines_are_all_told() -> None:
    heads = Heads(4096)
    call = CALL.replace(b"Host: a\r\n", b"Host: a\r\nCookie: a=1\r\nCookie: b=2\r\n") % (1, b"one", 0, b"")
    first, second = heads.read(call), heads.read(call)
    assert first is not None and second is not None and first[0] is not second[0]
    assert [value for name, value in second[0].headers if name == b"cookie"] == [b"a=1", b"b=2"]


def test_a_long_head_that_came_before_is_still_too_long() -> None:
    heads = Heads(len(CALL) + 20)
    assert heads.read(CALL % (1, b"one", 0, b"")) is not None
    with pytest.raises(Refused, match="bytes"):
        heads.read(CALL.replace(b"Host: a", b"Host: " + b"a" * 30) % (1, b"one", 0, b""))


ANSWERS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 404 \r\nServer: x\r\nDate: today\r\nContent-Length: 0\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n",
    b"HTTP/1.1 500 No\r\nconnection: Keep-Alive\r\ncontent-length: 4\r\n\r\n\r\n\r\n",
]


class _Read:
    def __init__(self, data: bytes) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.body, self.ended = b"", False
        parser = httptools.HttpResponseParser(self)
        parser.feed_data(data)
        self.status = parser.get_status_code()

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.ended = True


@pytest.mark.parametrize("data", ANSWERS)
def test_usual_answers_are_read_as_llhttp_reads_them(data: bytes) -> None:
    for _ in range(2):
        read, found = _Read(data), usual_answer(data)
        assert read.ended and found is not None
        assert (found[0].status, list(found[0].headers), found[1]) == (read.status, read.headers, read.body)


@pytest.mark.parametrize(
    "data",
    [
        ANSWERS[0][:-1],
        ANSWERS[0] + b"!",
        ANSWERS[0][:20],
        ANSWERS[0].replace(b"200 OK", b"204 No"),
        ANSWERS[0].replace(b"HTTP/1.1", b"HTTP/1.0"),
        ANSWERS[0].replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
        ANSWERS[0].replace(b"\r\n\r\n", b"\r\nContent-Length: 2\r\n\r\n"),
        ANSWERS[0].replace(b"Content-Length: 2", b"Transfer-Encoding: chunked"),
        ANSWERS[0].replace(b"Content-Length: 2", b"Content-Length: +2"),
        ANSWERS[0].replace(b"Content-Length", b"Content-Length "),
        ANSWERS[0].replace(b"OK", b"O\x00K"),
        b"HTTP/1.1 100 Continue\r\n\r\n" + ANSWERS[0],
    ],
)
def test_all_other_answers_are_for_llhttp(data: bytes) -> None:
    assert usual_answer(data) is None


def test_a_line_is_one_line() -> None:
    with pytest.raises(ValueError, match="more than a line"):
        answers.request_line((b"x", b"a\nb"))
    assert answers.request_line((b"x", b"y")) == b"x: y\r\n"
    assert answers.request_line((b"connection", b"y")) == b""


def test_a_memo_is_bounded() -> None:
    asked: list[int] = []

    def work_out(key: int) -> int:
        asked.append(key)
        return key * 2

    memo = Memo(work_out, 3, lambda key, _: key < 100)
    assert [memo[key] for key in (1, 1, 2, 3, 200, 200)] == [2, 2, 4, 6, 400, 400]
    assert asked == [1, 2, 3, 200, 200]
    assert memo[4] == 8 and len(memo) == 1


def test_ids_are_drawn_by_the_block_and_differ() -> None:
    ids = Ids()
    traces, spans = {ids.trace() for _ in range(1000)}, {ids.span() for _ in range(1000)}
    assert len(traces) == len(spans) == 1000
    assert {len(trace) for trace in traces} == {32} and {len(span) for span in spans} == {16}
    both = [ids.both().split(b"-") for _ in range(1000)]
    assert len({trace for trace, _ in both}) == len({span for _, span in both}) == 1000
    assert {(len(trace), len(span)) for trace, span in both} == {(32, 16)}
