from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.base.targeting import bucket, in_range, in_share
from tests.base.targeting.strategies import steady
from tests.base.targeting.vectors import VECTORS

DEVICES = 200_000
buckets = st.integers(0, 2**32 - 1)
shares = st.integers(0, 10_000)


@pytest.fixture(scope="module")
def draws() -> tuple[list[int], list[int]]:
    """The buckets of many devices in two releases whose salts differ in the last character only."""
    devices = [f"device-{number}" for number in range(DEVICES)]
    one, two = ([bucket(salt, device) for device in devices] for salt in ("release-1", "release-2"))
    return one, two


@pytest.mark.parametrize("vector", VECTORS["buckets"], ids=str)
def test_bucket_is_the_head_of_sha256(vector: dict[str, str | int]) -> None:
    assert bucket(str(vector["salt"]), str(vector["device"])) == vector["bucket"]


@pytest.mark.parametrize(("device", "replaced"), [("a\ud800b", "a�b"), ("\udc00\ud800", "��"), ("\ud83d\ude00", "😀")])
def test_what_is_not_unicode_is_replaced(device: str, replaced: str) -> None:
    assert bucket("s", device) == bucket("s", replaced)


@pytest.mark.parametrize("vector", VECTORS["shares"], ids=str)
def test_share_ends_exactly(vector: dict[str, int]) -> None:
    assert in_share(vector["bucket"], vector["share"]) is vector["in"]


@pytest.mark.parametrize("vector", VECTORS["ranges"], ids=str)
def test_range_ends_exactly(vector: dict[str, int]) -> None:
    assert in_range(vector["bucket"], vector["low"], vector["high"]) is vector["in"]


@steady
@given(buckets, shares, shares)
def test_who_is_in_a_share_is_in_every_larger_one(number: int, one: int, two: int) -> None:
    small, large = sorted((one, two))
    assert in_share(number, large) or not in_share(number, small)
    assert in_range(number, small, large) is (in_share(number, large) and not in_share(number, small))


@pytest.mark.parametrize("share", [-1, 10_001])
def test_share_out_of_range_is_refused(share: int) -> None:
    with pytest.raises(ValueError, match="between 0 and 10000 basis points"):
        in_share(0, share)


@pytest.mark.parametrize(("low", "high"), [(-1, 5), (5, 10_001), (6, 5)])
def test_range_that_does_not_rise_is_refused(low: int, high: int) -> None:
    with pytest.raises(ValueError, match="rises within 0 and 10000"):
        in_range(0, low, high)


def test_buckets_are_uniform(draws: tuple[list[int], list[int]]) -> None:
    """Chi-squared over 10,000 cells has mean 9,999 and standard deviation 141; within four of them."""
    for numbers in draws:
        counts = Counter(number * 10_000 >> 32 for number in numbers)
        expected = DEVICES / 10_000
        chi_squared = sum((counts[cell] - expected) ** 2 / expected for cell in range(10_000))
        assert abs(chi_squared - 9_999) < 4 * 141


def test_releases_are_independent(draws: tuple[list[int], list[int]]) -> None:
    """Whoever is among the first 10 % of this release is among those of the next with a probability of 0.10."""
    one, two = draws
    first = [index for index, number in enumerate(one) if in_share(number, 1000)]
    assert len(first) / DEVICES == pytest.approx(0.10, abs=0.003)
    again = sum(in_share(two[index], 1000) for index in first) / len(first)
    assert again == pytest.approx(0.10, abs=0.005)


def test_salts_do_not_line_up(draws: tuple[list[int], list[int]]) -> None:
    """Chi-squared of the 16 × 16 table of both draws: 225 degrees of freedom, standard deviation 21."""
    table = Counter((a >> 28, b >> 28) for a, b in zip(*draws, strict=True))
    rows = Counter(a >> 28 for a in draws[0])
    columns = Counter(b >> 28 for b in draws[1])
    chi_squared = 0.0
    for row, column in itertools.product(range(16), repeat=2):
        expected = rows[row] * columns[column] / DEVICES
        chi_squared += (table[row, column] - expected) ** 2 / expected
    assert abs(chi_squared - 225) < 4 * 21.2


def test_each_share_has_its_part(draws: tuple[list[int], list[int]]) -> None:
    sizes = [sum(in_share(number, share) for number in draws[0]) for share in (0, 1, 100, 1000, 5000, 10_000)]
    assert sizes[0] == 0
    assert sizes[-1] == DEVICES
    assert 5 <= sizes[1] <= 40
    assert sizes[2:5] == pytest.approx([2000, 20_000, 100_000], rel=0.08)
