from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.build.jsonfile import JsonProblem, dump, locate, parse

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(values)
def test_json_is_read_as_json(value: object) -> None:
    assert parse(json.dumps(value)) == value
    assert parse(json.dumps(value, indent=2, ensure_ascii=False)) == value


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, // one\n "b": [2, 3,],\n}',
        '/* head */ {"a": 1, "b": [2, 3 /* three */ , ]}',
        '{"a": 1,\n\n// last\n"b": [2, 3]\n// end\n}',
    ],
)
def test_comments_and_trailing_commas_are_accepted(text: str) -> None:
    assert parse(text) == {"a": 1, "b": [2, 3]}


def test_what_looks_like_a_comment_in_a_string_stays() -> None:
    text = '{"url": "https://a/*b*/c", "s": "x,}", "q": "\\"//", }'
    assert parse(text) == {"url": "https://a/*b*/c", "s": "x,}", "q": '"//'}


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ('{"a": 1\n "b": 2}', 2, 2),
        ('{"a": /* x\n*/ }', 2, 4),
        ("", 1, 1),
        ('{"a": tru}', 1, 7),
        ('{\n  "a": "b', 2, 8),
    ],
)
def test_a_problem_has_its_place(text: str, line: int, column: int) -> None:
    with pytest.raises(JsonProblem) as problem:
        parse(text)
    assert (problem.value.line, problem.value.column) == (line, column)


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 10_000, "NaN", "[Infinity]", "{", "\0", '"\\ud800', "'a'"])
def test_a_strange_text_is_a_problem_and_nothing_worse(text: str) -> None:
    with pytest.raises(JsonProblem):
        parse(text)


@given(st.text())
def test_any_text_parses_or_is_a_problem(text: str) -> None:
    try:
        parse(text)
    except JsonProblem as problem:
        assert problem.line >= 1
        assert problem.column >= 1
    locate(text, "a", 0)


def test_places_of_keys_and_elements() -> None:
    text = '{"a": [1,\n 2, {"b": 3}],\n  // no\n  "c": {"d": []}, "a b": [[], ["x"]]}'
    assert locate(text, "a") == (1, 2)
    assert locate(text, "a", 1) == (2, 2)
    assert locate(text, "a", 2, "b") == (2, 6)
    assert locate(text, "c", "d") == (4, 9)
    assert locate(text, "a b", 1, 0) == (4, 32)
    assert locate(text, "nothing") == (0, 0)


@given(values)
def test_dump_is_canonical_and_utf8(value: object) -> None:
    text = dump(value)
    text.encode()
    assert dump(parse(text)) == text


def test_lone_surrogates_can_be_written() -> None:
    assert dump({"a": "\ud800"}).encode() == '{"a":"\ufffd"}'.encode()
