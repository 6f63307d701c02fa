"""Kept answers: for whom, for how long, and who fetches them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from eden.gateway.exchange import Answer
from eden.gateway.pipeline.cache import Entry, ResponseCache
from eden.gateway.pipeline.compile import compile_workspace
from eden.gateway.service import encode
from eden.gateway.stored import Stored
from tests.gateway.pipeline.house import APP, House, catalogue, header
from tests.gateway.pipeline.test_authorizer import TOKEN, ask, says, workspace


def good(body: bytes = b'{"rate":1}', *headers: tuple[bytes, bytes], status: int = 200) -> Answer:
    return Answer(status, [(b"content-type", b"application/json"), *headers], body)


def house(**cache: Any) -> House:
    return House(catalogue({"cache": cache}))


def test_a_good_answer_is_given_again() -> None:
    made = house(ttl_s=60)
    first, answer = made.call(answer=good())
    assert (first.cached, answer.body) == (False, b'{"rate":1}')
    made.now_ms += 59_000
    second, again = made.call()
    assert (second.cached, again.body, again.status, header(again, "age")) == (True, b'{"rate":1}', 200, "59")
    assert (header(again, "result-status"), header(again, "server-time")) == ("1000", str(made.now_ms))
    made.now_ms += 1000
    third, _ = made.call(answer=good(b"{}"))
    assert not third.cached


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"target": b"?a=1"}, {"target": b"?a=1"}, True),
        ({"target": b"?a=1"}, {"target": b"?a=2"}, False),
        ({"body": b'{"a":1}'}, {"body": b'{"a":1}'}, True),
        ({"body": b'{"a":1}'}, {"body": b'{"a":2}'}, False),
        ({"headers": {"accept-language": "zh"}}, {"headers": {"accept-language": "en"}}, True),
        ({"headers": {"authorization": "Bearer a"}}, {"headers": {"authorization": "Bearer a"}}, True),
        ({"headers": {"authorization": "Bearer a"}}, {"headers": {"authorization": "Bearer b"}}, False),
        ({"headers": {"authorization": "Bearer a"}}, {}, False),
    ],
)
def test_what_tells_answers_apart(one: dict[str, Any], other: dict[str, Any], same: bool) -> None:
    made = house()
    made.call(answer=good(), **one)
    exchange, _ = made.call(**other)
    assert exchange.cached is same


def test_keys_are_the_catalogues() -> None:
    made = house(keys=["$.header.accept-language", "$.http_body.month"])
    made.call(b'{"month": 5, "noise": 1}', answer=good(), headers={"accept-language": "zh"})
    assert made.call(b'{"month": 5, "noise": 2}', headers={"accept-language": "zh"})[0].cached
    assert not made.call(b'{"month": 6}', headers={"accept-language": "zh"})[0].cached
    assert not made.call(b'{"month": 5}', headers={"accept-language": "en"})[0].cached


def test_keys_see_what_is_in_the_body_of_the_commercial_platform() -> None:
    made = house(keys=["$.http_body.month"])
    made.call(b'[{"_requestBody": {"month": 5}, "noise": 1}]', answer=good(), wire="mgw")
    assert made.call(b'[{"_requestBody": {"month": 5}, "noise": 2}]', wire="mgw")[0].cached
    assert not made.call(b'[{"_requestBody": {"month": 6}}]', wire="mgw")[0].cached


def test_people_never_share_an_answer() -> None:
    made = House(workspace(operation={"cache": {}}))
    for name, token in (("ann", "Bearer t1"), ("bob", "Bearer t2")):
        exchange, _ = ask(made, headers={"authorization": token})
        assert made.pipeline.authorized(exchange, says(principal=name)) is None
        made.pipeline.after(exchange, good(name.encode()))
        made.pipeline.ended(exchange, None)
    assert made.call(headers=TOKEN)[1].body == b"ann"
    assert made.call(headers={"authorization": "Bearer t2"})[1].body == b"bob"


@pytest.mark.parametrize(
    "answer",
    [
        good(b"{}", (b"pragma", b"no-cache")),
        good(b"{}", (b"cache-control", b"no-cache")),
        good(b"{}", (b"cache-control", b"max-age=5, No-Store")),
        good(b"{}", (b"cache-control", b"private")),
        good(b"{}", (b"cache-control", b'private="x"')),
        good(b"{}", (b"set-cookie", b"a=1")),
        good(b"{}", (b"vary", b"Cookie")),
        good(b"{}", (b"vary", b"*")),
        good(b"{}", status=201),
        good(b"{}", status=404),
        good(b"{}", status=500),
        good(b"x" * 101),
    ],
)
def test_what_is_not_kept(answer: Answer) -> None:
    made = house(most_bytes=100)
    made.call(answer=answer)
    exchange, _ = made.call(answer=good(b"{}"))
    assert not exchange.cached


def test_what_does_not_hinder() -> None:
    made = house()
    made.call(answer=good(b"{}", (b"cache-control", b"max-age=5"), (b"vary", b"Accept-Encoding, Origin")))
    assert made.call()[0].cached


def test_the_service_is_asked_for_the_whole() -> None:
    made = house()
    headers = {"if-none-match": '"x"', "range": "bytes=0-1", "accept-encoding": "gzip"}
    exchange = made.passes(headers=headers)
    assert exchange.whole_answer
    assert not {b"if-none-match", b"range", b"accept-encoding"} & {name for name, _ in exchange.send_headers}


def test_one_call_fetches_for_all() -> None:
    made = house()
    first = made.passes()
    waiting = [made.passes() for _ in range(3)]
    assert [exchange.locates for exchange in (first, *waiting)] == [False, True, True, True]

    async def run() -> list[Answer | None]:
        tasks = [asyncio.ensure_future(made.pipeline.locate(exchange)) for exchange in waiting]
        await asyncio.sleep(0)
        assert not any(task.done() for task in tasks)
        tasks[2].cancel()
        made.pipeline.after(first, good(b"once"))
        made.pipeline.ended(first, None)
        return list(await asyncio.gather(*tasks[:2]))

    answers = asyncio.run(run())
    assert [answer and answer.body for answer in answers] == [b"once", b"once"]
    assert [exchange.cached for exchange in waiting] == [True, True, False]
    # who comes late finds it
    late = made.passes(target=b"?other")
    assert asyncio.run(made.pipeline.locate(waiting[2])) is not None and not late.locates


@pytest.mark.parametrize("how", ["gone", "error", "private", "failed"])
def test_those_who_wait_are_not_left_alone(how: str) -> None:
    made = house()
    first, second = made.passes(), made.passes()
    assert second.locates

    async def run() -> Answer | None:
        task = asyncio.ensure_future(made.pipeline.locate(second))
        await asyncio.sleep(0)
        if how == "error":
            made.pipeline.after(first, good(b"{}", status=500))
        elif how == "private":
            made.pipeline.after(first, good(b"{}", (b"cache-control", b"private")))
        elif how == "failed":
            made.pipeline.failed(first, "connect")
        made.pipeline.ended(first, None)
        return await task

    # it asks for itself
    assert asyncio.run(run()) is None
    assert (second.upstream, second.cached) == ("bank/main", False)
    third, fourth = made.passes(), made.passes()
    # an answer that says it is not kept is not waited for
    assert (third.locates, fourth.locates) == (False, how != "private")


def test_memory_is_bounded() -> None:
    kept = ResponseCache(most_bytes=3000)
    for number in range(10):
        key = b"%d" % number
        assert kept.fill(key, 0) is True
        kept.filled(key, Entry(good(b"x" * 400), 0, 1000), 0)
    assert kept.size <= 3000
    assert [number for number in range(10) if kept.get(b"%d" % number, 0)] == [7, 8, 9]
    assert kept.get(b"9", 1000) is None
    too_large = Entry(good(b"x" * 4000), 0, 1000)
    kept.fill(b"large", 0)
    kept.filled(b"large", too_large, 0)
    assert kept.get(b"large", 0) is None and kept.size <= 3000


def test_a_change_of_the_operation_forgets_and_of_another_does_not() -> None:
    other = {"group": "bank", "open": True, "path": "/other"}
    operation = {"group": "bank", "open": True, "path": "/account", "cache": {}}
    made = House(catalogue(operations={"bank.account.get": operation, "other": other}))
    made.call(answer=good())
    changed = catalogue(operations={"bank.account.get": operation, "other": {**other, "path": "/x"}})
    made.table = compile_workspace(Stored(encode(changed)), [APP], "w1", 2, made.table)
    assert made.call()[0].cached
    changed = catalogue(operations={"bank.account.get": {**operation, "path": "/y"}, "other": other})
    made.table = compile_workspace(Stored(encode(changed)), [APP], "w1", 3, made.table)
    assert not made.call()[0].cached
