"""What is masked, and what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.observe.privacy import _PIECE, Masks, _pieces, check_pattern, reduced_agent


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to ann.b+c@mail.example.org now", "write to [email] now"),
        ("13812345678", "[phone]"),
        ("tel +86 138 1234 5678.", "tel [phone]."),
        ("+1 (415) 555-2671", "[phone]"),
        ("card 4111 1111 1111 1111", "card [card]"),
        ("4111-1111-1111-1111,", "[card],"),
        # the check digit is wrong: an order's number
        ("4111 1111 1111 1112", "4111 1111 1111 1112"),
        ("id 11010519491231002X", "id [id]"),
        ("110105194912310021", "110105194912310021"),
        ("order 20261126-000123, 1790000000, 3.14159", "order 20261126-000123, 1790000000, 3.14159"),
        ("pages/index/index?id", "pages/index/index?id"),
        ("0197c1d0-0000-7000-8000-000000000000", "0197c1d0-0000-7000-8000-000000000000"),
        ("a1b381234567813812345678", "a1b381234567813812345678"),
        ("12345678901", "12345678901"),
    ],
)
def test_built_in(text: str, masked: str) -> None:
    masks = Masks()
    assert masks.text(text) == masked
    # remembered, and done twice
    assert masks.text(text) == masked
    assert masks.text(masked) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        (4111111111111111, "[card]"),
        (4111111111111111.0, "[card]"),
        (378282246310005, "[card]"),
        (6200000000000000000, "[card]"),
        (13812345678, "[phone]"),
        (110105194912310003, "[id]"),
        # the check digit is wrong
        (4111111111111112, 4111111111111112),
        # milliseconds and microseconds whose check digit is right, an order that begins with the day
        (1789999999995, 1789999999995),
        (1790000000000002, 1790000000000002),
        (2026112600000003, 2026112600000003),
        (3.14159, 3.14159),
        (-13812345678, -13812345678),
        (12345678901, 12345678901),
        (4111111111111111.5, 4111111111111111.5),
        (2**80, 2**80),
    ],
)
def test_numbers(number: float, masked: float | str) -> None:
    assert Masks().number(number) == masked
    assert Masks(("email",)).number(number) == number
    assert Masks((), ()).number(number) == number


@given(st.integers(min_value=0, max_value=10**20))
def test_numbers_as_their_texts(number: int) -> None:
    masks = Masks()
    text = masks.text(str(number))
    assert masks.number(number) == (number if text == str(number) else text)


def test_own_patterns_find_numbers() -> None:
    masks = Masks((), ("^99[0-9]{4}$",))
    assert (masks.number(991234), masks.number(991234.0), masks.number(99123)) == ("[masked]", "[masked]", 99123)


def test_numbers_in_documents() -> None:
    # 16 GB are no phone
    document = {"memory": 17179869184, "list": [4111111111111111, 1], "frames": [{"line": 4111111111111111}]}
    Masks().document(document)
    assert document == {"memory": 17179869184, "list": ["[card]", 1], "frames": [{"line": 4111111111111111}]}


def test_only_what_is_wanted() -> None:
    text = "ann@example.org 13812345678 K-77"
    assert Masks(("email",)).text(text) == "[email] 13812345678 K-77"
    assert Masks((), ("K-[0-9]+",)).text(text) == "ann@example.org 13812345678 [masked]"
    assert Masks((), ("^K$",)).text("K") == "[masked]"
    assert not Masks((), ()).any


def test_code_is_not_masked() -> None:
    document = {"frames": [{"source": "to = 'ann@example.org'"}], "message": "ann@example.org"}
    Masks().document(document)
    assert document == {"frames": [{"source": "to = 'ann@example.org'"}], "message": "[email]"}


@pytest.mark.parametrize(
    "pattern",
    [
        "K-[0-9]{1,9}",
        "[a-z]+@[a-z]+",
        "(?i)secret-[^ ]*",
        "(?<![0-9])[0-9]{6}",
        "a|b",
        "order (?:no|id): ([0-9a-f]*)",
        "[a-z]{1,40}@[a-z]+",
        "^a$",
    ],
)
def test_patterns_that_can_be_used(pattern: str) -> None:
    assert check_pattern(pattern) == ""


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        "(a+)+",
        "(a*)*b",
        "(a|aa)+",
        r"(a)\1",
        "a*",
        "x?",
        "a+b+c+",
        "(?:a{1,60}){1,60}",
        "a*a*b",
        "a+(?=b+)c",
        "a+b{0,60}c",
        "a{0,60}" * 5 + "b",
        "[",
    ],
)
def test_patterns_that_cannot(pattern: str) -> None:
    assert check_pattern(pattern)


@given(st.text("a ", max_size=50), st.integers(1, 300))
def test_pieces(text: str, times: int) -> None:
    """A pattern that may take the square of a text's length is never given a long one."""
    pieces = list(_pieces(text * times))
    assert "".join(pieces) == text * times
    assert all(len(piece) <= _PIECE for piece in pieces)


def test_long_texts_are_masked_in_pieces() -> None:
    words = " ".join(f"K-{number:04d}" for number in range(2_000))
    assert Masks((), ("K-[0-9]{4}",)).text(words) == " ".join(["[masked]"] * 2_000)


@given(st.text("a1@.+- (", max_size=400))
def test_built_in_patterns_take_any_text(text: str) -> None:
    masks = Masks()
    assert masks.text(masks.text(text)) == masks.text(text)


@pytest.mark.parametrize(
    "text", ["1" * 16_000, "a@" * 8_000, "+1 " * 5_000, "1-" * 8_000, "a." * 8_000 + "@", "+1(1)" * 3_000]
)
def test_no_text_takes_for_ever(text: str) -> None:
    assert Masks().text(text)


@pytest.mark.parametrize(
    ("agent", "reduced"),
    [
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.4 Safari/605.1.15",
            "Safari 17, macOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) Version/17.4 Mobile/15E148 Safari/604.1",
            "Safari 17, iOS",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0", "Firefox 126, Linux"),
        ("python-requests/2.32.3", "python-requests/2.32.3"),
        ("who knows", ""),
    ],
)
def test_agents(agent: str, reduced: str) -> None:
    assert reduced_agent(agent) == reduced


def test_documents_lose_addresses_and_sessions() -> None:
    document = {
        "user": {"id": "u", "ip_address": "10.0.0.1"},
        "request": {"cookies": {"a": "b"}, "headers": {"X-Forwarded-For": "10.0.0.1", "Accept": "*/*"}},
        "env": [{"REMOTE_ADDR": "10.0.0.1"}, "ann@example.org"],
    }
    Masks((), ()).document(document)
    assert document == {
        "user": {"id": "u"}, "request": {"headers": {"Accept": "*/*"}}, "env": [{}, "ann@example.org"],
    }  # fmt: skip
