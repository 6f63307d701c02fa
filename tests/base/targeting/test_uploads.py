from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.base.targeting import UploadError, parse_ids, parse_patterns
from eden.base.targeting import uploads as module
from tests.base.targeting.strategies import steady


def problems(parse: object, content: bytes | str) -> list[tuple[int, str]]:
    assert callable(parse)
    with pytest.raises(UploadError) as caught:
        parse(content)
    assert caught.value.code == "list-invalid"
    return [(problem.line, problem.sentence) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("content", "ids"),
    [
        ("a", ["a"]),
        ("a,b\nc", ["a", "b", "c"]),
        (" a ,\tb ,, \r\n\r\n c \r d,", ["a", "b", "c", "d"]),
        ("a，b", ["a", "b"]),
        ("b,a,b,A", ["b", "a", "A"]),
        ("\ufeffa\nb", ["a", "b"]),
        (b"\xef\xbb\xbfa\n\xe6\x9d\xad", ["a", "杭"]),
        ("x" * 128, ["x" * 128]),
        ("\u3000用户1\u00a0", ["用户1"]),
    ],
)
def test_ids(content: bytes | str, ids: list[str]) -> None:
    assert parse_ids(content) == ids


@steady
@given(
    st.lists(st.text("abcé😀-_.@", min_size=1, max_size=10), min_size=1),
    st.sampled_from([",", "\n", "\r\n", " , ", ",\n"]),
)
def test_ids_come_back(ids: list[str], separator: str) -> None:
    assert parse_ids(separator.join(ids)) == list(dict.fromkeys(ids))
    assert parse_ids(separator.join(ids).encode()) == list(dict.fromkeys(ids))


GAP = "An id has a gap or a control character in it; separate ids by commas or line ends."


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", [(0, "It has no ids; write them separated by commas or on lines of their own.")]),
        (" ,\n,", [(0, "It has no ids; write them separated by commas or on lines of their own.")]),
        ("a\nb c,d\r\ne\tf", [(2, GAP), (3, GAP)]),
        ("a\r" + "x" * 129, [(2, "An id has 129 characters; 128 is the limit.")]),
        ("a\n\nb\x00", [(3, GAP)]),
        ("a\ud800", [(1, GAP)]),
        ("a\u2028b", [(1, GAP)]),
        (b"a\nb\n\xff\xfe", [(3, "This is not UTF-8; save the file as UTF-8.")]),
        ("a b\n" * 3, [(1, GAP), (2, GAP), (3, GAP)]),
    ],
)
def test_refused_ids(content: bytes | str, expected: list[tuple[int, str]]) -> None:
    assert problems(parse_ids, content) == expected


def test_message_names_the_line() -> None:
    with pytest.raises(UploadError, match=r"The list cannot be used\. Line 2: An id has a gap"):
        parse_ids("a\nb c")
    with pytest.raises(UploadError, match=r"The list cannot be used\. It has no ids"):
        parse_ids("")


def test_problems_end() -> None:
    assert len(problems(parse_ids, "\n".join(f"a {n}" for n in range(100)))) == module.MAX_PROBLEMS


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_IDS", 3)
    assert parse_ids("a,b,c,a") == ["a", "b", "c"]
    assert problems(parse_ids, "a,b,c,d") == [(0, "It has 4 ids; 3 is the limit, so split it.")]
    monkeypatch.setattr(module, "MAX_BYTES", 2_000_000)
    assert problems(parse_ids, b"," * 2_000_001) == [(0, "It is larger than 2 MB; split it.")]


@steady
@given(st.text("a ,\n\r\x00\ud800，", max_size=20) | st.binary(max_size=20))
def test_whatever_is_sent_is_a_list_or_refused(content: str | bytes) -> None:
    try:
        ids = parse_ids(content)
    except UploadError as error:
        assert error.problems
    else:
        assert all(id_ and id_ == id_.strip() for id_ in ids)


def test_patterns() -> None:
    assert parse_patterns("^2088\\d+$\r\n\n  test-  \n^2088\\d+$") == ("^2088\\d+$", "test-")
    assert parse_patterns("\n".join(f"^{n}$" for n in range(20)).encode()) == tuple(f"^{n}$" for n in range(20))
    assert parse_patterns("a b") == ("a b",)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", [(0, "It has no patterns; write one on each line.")]),
        (
            "ok\n(\n\na**",
            [
                (2, "At character 2: nothing stands here, which would match everything; write what is to be matched."),
                (4, "At character 3: a second quantifier follows the first; leave one, or put the part in ( )."),
            ],
        ),
        ("x" * 257, [(1, "It has more than 256 characters; shorten it.")]),
        ("a\tb", [(1, "It has control characters in it; remove them.")]),
        (".*", [(1, "It matches every text; write what is to be matched, or mean everyone by a rule.")]),
        (
            "\n".join(f"{n}.{{240}}" for n in range(8)),
            [
                (
                    5,
                    "With this one the patterns match more than 1024 characters at once, repetitions counted;"
                    " shorten them.",
                )
            ],
        ),
        ("\n".join(f"^{n}$" for n in range(30)), [(21, "A list has at most 20 patterns; join some with |.")]),
    ],
)
def test_refused_patterns(content: str, expected: list[tuple[int, str]]) -> None:
    assert problems(parse_patterns, content) == expected
