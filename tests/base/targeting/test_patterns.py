from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.base.targeting import PatternError, check_pattern, compile_patterns
from eden.base.targeting import patterns as module
from eden.base.targeting.patterns import MAX_SUBJECT, Matcher
from tests.base.targeting.strategies import steady
from tests.base.targeting.vectors import VECTORS


@pytest.mark.parametrize("vector", VECTORS["patterns"]["match"], ids=lambda vector: vector["pattern"])
def test_matches(vector: dict[str, Any]) -> None:
    check_pattern(vector["pattern"])
    matches = compile_patterns([vector["pattern"]])
    assert [text for text in vector["yes"] if not matches(text)] == []
    assert [text for text in vector["no"] if matches(text)] == []


@pytest.mark.parametrize("pattern", VECTORS["patterns"]["refused"], ids=lambda pattern: pattern[:20])
def test_refused(pattern: str) -> None:
    with pytest.raises(PatternError) as caught:
        check_pattern(pattern)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("ab)", "At character 3: the “)” has no “(” before it; write \\) for the character."),
        ("a|", "At character 3: nothing stands here, which would match everything; write what is to be matched."),
        ("^*", "At character 2: “^” and “$” cannot be repeated; remove the quantifier."),
        ("a*?", "At character 3: a second quantifier follows the first; leave one, or put the part in ( )."),
        ("a{x}", "At character 2: write {3}, {3,} or {3,5} with numbers below 1000, or \\{ for the character."),
        ("a{1", "At character 2: write {3}, {3,} or {3,5}, or \\{ for the character."),
        ("a{2,1}", "At character 2: the second number of { } is the greater one, and not 0."),
        ("+", "At character 1: “+” has nothing before it that it could belong to; write \\+ for the character."),
        ("(" * 9 + "a" + ")" * 9, "At character 9: groups are nested more than 8 deep; write the pattern flatter."),
        ("x(?=a)", "At character 2: groups with “(?” other than “(?:” are not supported; use plain ( )."),
        ("(a", "At character 1: the “(” has no “)”; add it, or write \\( for the character."),
        ("a\\", "At character 2: nothing follows the “\\”; write \\\\ for the character."),
        ("a\\s", "At character 2: “\\s” is not supported; there are \\d, \\w and escaped punctuation."),
        ("x[a", "At character 2: the “[” has no “]”; add it, or write \\[ for the character."),
        ("[cb-a]", "At character 3: a range goes from a lower to a higher character; write \\- for a hyphen."),
        ("[]", "At character 1: the brackets are empty; write \\] for a “]” between them."),
        ("[a[", "At character 3: write \\[ for a “[” between brackets."),
        ("(a{99}){3}", "It matches too many characters at once; stay below 256 with the repetitions counted."),
        ("x*", "It matches every text; write what is to be matched, or mean everyone by a rule."),
    ],
)
def test_sentence(pattern: str, sentence: str) -> None:
    with pytest.raises(PatternError) as caught:
        check_pattern(pattern)
    assert str(caught.value) == sentence


_atoms = st.sampled_from(["a", "b", "c", ".", "\\d", "\\w", "[ab]", "[^a]", "[a-c1]", "\\.", "é", "😀"])
_quantifiers = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "{1,3}"])
_pieces = st.builds("".join, st.tuples(_atoms, _quantifiers)) | st.sampled_from(["^", "$"])
_rows = st.lists(_pieces, min_size=1, max_size=4).map("".join)


def _grouped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    group = st.builds(lambda one, two, times: f"({one}|{two}){times}", inner, inner, _quantifiers)
    return st.lists(group | _rows, min_size=1, max_size=3).map("".join)


regular = st.recursive(_rows, _grouped, max_leaves=4)
subjects = st.text("abc1.é😀\n", max_size=8)


@steady
@given(regular, subjects)
def test_means_what_python_means(pattern: str, text: str) -> None:
    """`$` is the end of the text, for which Python writes `\\Z`."""
    expected = re.search(pattern.replace("$", "\\Z"), text, re.ASCII | re.DOTALL) is not None
    assert compile_patterns([pattern])(text) is expected


@steady
@given(st.lists(regular, min_size=1, max_size=4), subjects)
def test_several_are_any_of_them(patterns: list[str], text: str) -> None:
    assert compile_patterns(patterns)(text) is any(compile_patterns([pattern])(text) for pattern in patterns)


@steady
@given(st.text("ab*+?{}[]()|^$\\-.,12:d😀", max_size=12), subjects)
def test_any_text_is_a_pattern_or_refused(pattern: str, text: str) -> None:
    try:
        matches = compile_patterns([pattern])
    except PatternError:
        return
    assert matches(text) in (True, False)


@steady
@given(regular)
def test_what_is_accepted_can_fail(pattern: str) -> None:
    matcher = Matcher([pattern])
    if matcher.matches_everything:
        assert all(map(matcher.search, ["", "q", "qq\n"]))


def test_half_a_character_is_one() -> None:
    """What a phone may send although it is not Unicode."""
    assert compile_patterns(["^a.c$"])("a\ud800c")
    assert not compile_patterns(["[😀-😂]"])("\ud83d")


def test_length_of_the_text_is_bounded() -> None:
    matches = compile_patterns(["a"])
    assert matches("x" * (MAX_SUBJECT - 1) + "a")
    assert not matches("a" * (MAX_SUBJECT + 1))


def test_no_pattern_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """States are made once for each state and character: quadratic or worse backtracking would show as more."""
    made = 0
    advance = Matcher._advance

    def counted(self: Matcher, state: Any, char: str) -> Any:
        nonlocal made
        made += 1
        return advance(self, state, char)

    monkeypatch.setattr(Matcher, "_advance", counted)
    for evil in ("(a*)*b", "(a|a)*b", "(a|aa)+$", "a*a*a*a*a*a*b", "(.*)(.*)(.*)(.*)x", "(a?){20}a{20}b"):
        made = 0
        assert not compile_patterns([evil])("a" * (MAX_SUBJECT - 1) + "!")
        assert made <= MAX_SUBJECT


def test_memory_is_bounded_and_forgetting_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MEMORY", 10)
    patterns = ["^(..a|.b.)+c$", "[0-9]{3}z"]
    matcher = Matcher(patterns)
    for text in ["xxa", "xxac", "abaxbac", "abxc", "axbc", "12345z", "12z345"] * 3:
        assert matcher.search(text) is any(re.search(pattern, text) for pattern in patterns)
        assert len(matcher._states) <= 12
