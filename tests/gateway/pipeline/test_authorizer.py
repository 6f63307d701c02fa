"""Who is calling, by an operation of the workspace."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from eden.gateway.exchange import Answer, Exchange
from eden.gateway.interfaces import Catalogue
from eden.gateway.pipeline.authorizer import Principals
from eden.gateway.pipeline.compile import CompileError
from tests.gateway.pipeline.house import House, catalogue, header

SESSION = {"group": "bank", "path": "/sessions/check", "signature": "off"}
TOKEN = {"authorization": "Bearer t1"}


def workspace(
    authorizer: dict[str, Any] | None = None, operation: dict[str, Any] | None = None, **rest: Any
) -> Catalogue:
    return catalogue(
        operations={
            "bank.session.check": SESSION,
            "bank.account.get": {
                "group": "bank",
                "open": True,
                "path": "/account",
                "authorizer": "who",
                **(operation or {}),
            },
        },
        authorizers={"who": {"operation": "bank.session.check", **(authorizer or {})}},
        **rest,
    )


def ask(house: House, **rest: Any) -> tuple[Exchange, Exchange]:
    """A call, and what the authorizer is asked."""
    exchange = house.passes(**rest)
    assert exchange.authorizer is not None
    return exchange, exchange.authorizer


def says(status: int = 200, **body: Any) -> Answer:
    return Answer(status, [], msgspec.json.encode(body))


def test_the_question() -> None:
    house = House(workspace({"fields": ["header.Authorization", "cookie.session", "header.x-none"]}))
    headers = {**TOKEN, "cookie": 'a=b; session="s 1"; c', "x-eden-device": "phone"}
    exchange, asked = ask(house, headers=headers)
    assert (asked.send_method, asked.send_path, asked.upstream) == (b"POST", b"/sessions/check", "bank/main")
    assert msgspec.json.decode(asked.send_body or b"") == {"authorization": "Bearer t1", "session": "s 1"}
    assert (asked.operation, asked.whole_answer, asked.trace) == ("bank.session.check", True, exchange.trace)
    assert header(asked, "x-eden-app") == "app-1"
    assert header(asked, "authorization") is None


def test_the_principal_goes_upstream_and_nobody_else_says_it() -> None:
    house = House(workspace())
    exchange, _ = ask(house, headers={**TOKEN, "x-eden-principal": "root", "x_eden_principal": "root"})
    assert house.pipeline.authorized(exchange, says(principal="ann")) is None
    assert exchange.authorizer is None
    assert (exchange.principal, exchange.user) == ("ann", "ann")
    assert header(exchange, "x-eden-principal") == "ann"
    assert not any(b"_" in name for name, _ in exchange.send_headers)
    # where none is asked, none is said
    open_house = House(catalogue())
    assert header(open_house.passes(headers={"x-eden-principal": "root"}), "x-eden-principal") is None


def test_headers_of_other_authorizers_cannot_be_forged_either() -> None:
    house = House(workspace({"principal": "X-Who"}))
    exchange, _ = ask(house, headers={**TOKEN, "x-who": "root"})
    house.pipeline.authorized(exchange, says(principal="张三"))
    assert header(exchange, "x-who") == "%E5%BC%A0%E4%B8%89"


@pytest.mark.parametrize(
    ("principal", "expected"),
    [("ann", "ann"), (7, "7"), ({"id": 7}, '{"id":7}'), ("a\r\nx-evil: 1", "a%0D%0Ax-evil%3A%201")],
)
def test_what_a_principal_may_be(principal: Any, expected: str) -> None:
    house = House(workspace())
    exchange, _ = ask(house, headers=TOKEN)
    assert house.pipeline.authorized(exchange, says(principal=principal)) is None
    assert header(exchange, "x-eden-principal") == expected


def test_it_is_believed_for_a_while() -> None:
    house = House(workspace({"cache_s": 60}))
    exchange, _ = ask(house, headers=TOKEN)
    house.pipeline.authorized(exchange, says(principal="ann"))
    house.now_ms += 59_999
    again = house.passes(headers=TOKEN)
    assert (again.authorizer, again.principal, header(again, "x-eden-principal")) == (None, "ann", "ann")
    # another token is another question
    ask(house, headers={"authorization": "Bearer t2"})
    house.now_ms += 1
    ask(house, headers=TOKEN)


def test_it_may_be_asked_every_time() -> None:
    house = House(workspace({"cache_s": 0}))
    for _ in range(2):
        exchange, _ = ask(house, headers=TOKEN)
        house.pipeline.authorized(exchange, says(principal="ann"))


@pytest.mark.parametrize(
    ("answer", "code", "status"),
    [
        (says(401), 2000, 401),
        (says(403), 1005, 403),
        (says(404), 1005, 403),
        (says(200), 2000, 401),
        (says(200, principal=""), 2000, 401),
        (says(200, principal=True), 2000, 401),
        (says(500), 4002, 502),
        (Answer(502, [], b""), 4002, 502),
        (Answer(200, [], b"not json"), 4002, 502),
        (says(200, principal="a" * 2000), 4002, 502),
    ],
)
def test_refusals(answer: Answer, code: int, status: int) -> None:
    house = House(workspace())
    exchange, _ = ask(house, headers=TOKEN)
    told = house.pipeline.authorized(exchange, answer)
    assert told is not None and (told.code, told.status) == (code, status)
    # and is not remembered
    ask(house, headers=TOKEN)


def test_nobody() -> None:
    assert House(workspace()).stops().code == 2000
    free = House(workspace({"required": False}))
    exchange = free.passes()
    assert (exchange.authorizer, header(exchange, "x-eden-principal")) == (None, None)
    exchange, _ = ask(free, headers=TOKEN)
    assert free.pipeline.authorized(exchange, says(401)) is None
    assert header(exchange, "x-eden-principal") is None
    exchange, _ = ask(free, headers=TOKEN)
    refused = free.pipeline.authorized(exchange, says(403))
    assert refused is not None and refused.code == 1005


def test_it_can_be_switched_off_for_all() -> None:
    assert House(workspace(defaults={"auth_on": False})).passes().authorizer is None


def test_users_have_limits_of_their_own() -> None:
    house = House(workspace(operation={"limits": {"per_user": 2}}))
    exchange, _ = ask(house, headers=TOKEN)
    assert house.pipeline.authorized(exchange, says(principal="ann")) is None
    house.passes(headers=TOKEN)
    assert house.stops(headers=TOKEN).code == 1002
    exchange, _ = ask(house, headers={"authorization": "Bearer t2"})
    assert house.pipeline.authorized(exchange, says(principal="bob")) is None
    # the same person by another token
    exchange, _ = ask(house, headers={"authorization": "Bearer t3"})
    limited = house.pipeline.authorized(exchange, says(principal="ann"))
    assert limited is not None and limited.code == 1002


def test_the_operation_itself_need_not_be_open() -> None:
    house = House(workspace())
    assert house.stops(operation="bank.session.check", signed=None).code == 3000
    ask(house, headers=TOKEN)


def test_what_is_remembered_is_bounded() -> None:
    known = Principals(most=2)
    for name in ("a", "b", "c"):
        known.put(name.encode(), name, 10)
    assert [known.get(name, 0) for name in (b"a", b"b", b"c")] == [None, "b", "c"]
    assert known.get(b"b", 10) is None


@pytest.mark.parametrize("fields", [["query.token"], ["authorization"], ["header."]])
def test_what_an_authorizer_cannot_read(fields: list[str]) -> None:
    with pytest.raises(CompileError, match=r"authorizers\.who"):
        House(workspace({"fields": fields}))


def test_there_has_to_be_such_an_operation() -> None:
    with pytest.raises(CompileError, match=r"no operation bank\.nothing"):
        House(workspace({"operation": "bank.nothing"}))
