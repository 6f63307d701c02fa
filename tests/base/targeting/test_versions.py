from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.base.targeting import parse_version
from tests.base.targeting.strategies import steady
from tests.base.targeting.vectors import VECTORS

RISING = VECTORS["versions"]["rising"]


@pytest.mark.parametrize(("lower", "higher"), list(itertools.pairwise(RISING)))
def test_order(lower: str, higher: str) -> None:
    one, two = parse_version(lower), parse_version(higher)
    assert one is not None
    assert two is not None
    assert one < two


@pytest.mark.parametrize("texts", VECTORS["versions"]["equal"], ids=str)
def test_same_version(texts: list[str]) -> None:
    found = {parse_version(text) for text in texts}
    assert len(found) == 1
    assert None not in found


@pytest.mark.parametrize("text", VECTORS["versions"]["unreadable"], ids=ascii)
def test_what_is_no_version(text: str) -> None:
    assert parse_version(text) is None


def test_nothing_is_no_version() -> None:
    assert parse_version(None) is None


@steady
@given(st.text() | st.text("0123456789.-+vaZ"))
def test_never_raises(text: str) -> None:
    version = parse_version(text)
    assert version is None or version == version


@steady
@given(st.lists(st.sampled_from(RISING), min_size=3, max_size=3))
def test_order_is_total(texts: list[str]) -> None:
    versions = sorted(version for text in texts if (version := parse_version(text)))
    assert versions[0] <= versions[1] <= versions[2]
    assert versions[0] <= versions[2]
