"""What people write into the search of logs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.observe.logs.search import Search, condition, parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Search()),
        ("   ", Search()),
        ("Payment declined", Search(("payment", "declined"))),
        ("payment payment", Search(("payment",))),
        # words with other characters are texts whose words a line has
        ("user_7", Search(("user", "7"), ("user_7",))),
        ("failed:", Search(("failed",), ("failed:",))),
        ("余额", Search((), ("余额",))),
        ("余额abc", Search(("abc",), ("余额abc",))),
        ("订单12345", Search(("12345",), ("订单12345",))),
        ('"单12345支付"', Search(("12345",), ("单12345支付",))),
        ("-支付失败", Search((), (), (), ("支付失败",))),
        ("支付*", Search((), ("支付",))),
        ("错误 code", Search(("code",), ("错误",))),
        # a quotation may begin and end within a word
        ('"card 42 gone"', Search(("42",), ("card 42 gone",))),
        ('"Card"', Search((), ("card",))),
        ('"not closed at all', Search(("closed", "at"), ("not closed at all",))),
        ('""', Search()),
        ("pay*", Search((), ("pay",))),
        ("*", Search()),
        ("-retry", Search((), (), ("retry",))),
        ("-user_7", Search((), (), (), ("user_7",))),
        ('-"card 42"', Search((), (), (), ("card 42",))),
        ("-pay*", Search((), (), (), ("pay",))),
        ("-", Search((), ("-",))),
        ("a-b", Search(("a", "b"), ("a-b",))),
        ("x\0y", Search(("x", "y"))),
    ],
)
def test_searches(text: str, expected: Search) -> None:
    assert parse(text) == expected


def test_a_search_is_bounded() -> None:
    found = parse(" ".join(f"w{number}" for number in range(100)))
    assert len(found.tokens) == 20
    assert parse("x" * 900).tokens == ("x" * 200,)


def test_conditions_name_their_parameters() -> None:
    parts, parameters = condition(parse('pay user_7 -no -"a b" "c d"'))
    assert parts == [
        "hasAllTokens(message, {tokens:Array(String)})",
        "NOT hasAnyTokens(message, {not_tokens:Array(String)})",
        "positionCaseInsensitiveUTF8(message, {text0:String}) > 0",
        "positionCaseInsensitiveUTF8(message, {text1:String}) > 0",
        "positionCaseInsensitiveUTF8(message, {not_text0:String}) = 0",
    ]
    assert parameters == {
        "tokens": ["pay", "user", "7"],
        "not_tokens": ["no"],
        "text0": "user_7",
        "text1": "c d",
        "not_text0": "a b",
    }


@given(st.text(max_size=300))
def test_any_text_is_a_search(text: str) -> None:
    condition(parse(text))
