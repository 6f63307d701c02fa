from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eden.console import formats


@pytest.mark.parametrize(
    ("function", "value", "english", "chinese"),
    [
        ("number", 0, "0", "0"),
        ("number", 1234567, "1,234,567", "1,234,567"),
        ("number", -1200, "−1,200", "−1,200"),
        ("number", 0.5, "0.5", "0.5"),
        ("number", 1234.5678, "1,234.57", "1,234.57"),
        ("number", -0.001, "0", "0"),
        ("compact", 999, "999", "999"),
        ("compact", 1000, "1k", "1,000"),
        ("compact", 12345, "12.3k", "1.23 万"),
        ("compact", 123_456_789, "123M", "1.23 亿"),
        ("share", 1, "0.01 %", "0.01%"),
        ("share", 1250, "12.5 %", "12.5%"),
        ("share", 10_000, "100 %", "100%"),
        ("percent", 0.0012, "0.12 %", "0.12%"),
        ("percent", -0.05, "−5 %", "−5%"),
        ("size", 0, "0 B", "0 B"),
        ("size", 999, "999 B", "999 B"),
        ("size", 1000, "1 kB", "1 kB"),
        ("size", 1536, "1.54 kB", "1.54 kB"),
        ("size", 15_360, "15.4 kB", "15.4 kB"),
        ("size", 999_499, "999 kB", "999 kB"),
        ("size", 999_500, "1 MB", "1 MB"),
        ("size", -148_200, "−148 kB", "−148 kB"),
        ("size", 2 * 10**18, "2,000 PB", "2,000 PB"),
        ("duration", 0, "0 s", "0 秒"),
        ("duration", 0.25, "250 ms", "250 毫秒"),
        ("duration", 59.6, "1 min", "1 分钟"),
        ("duration", 61, "1 min 1 s", "1 分钟 1 秒"),
        ("duration", 3600, "1 h", "1 小时"),
        ("duration", 3605, "1 h", "1 小时"),
        ("milliseconds", 0.8, "0.8 ms", "0.8 毫秒"),
        ("milliseconds", 999.4, "999 ms", "999 毫秒"),
        ("milliseconds", 1250, "1.25 s", "1.25 秒"),
        ("milliseconds", 59_949, "59.9 s", "59.9 秒"),
        ("milliseconds", 75_000, "1 min 15 s", "1 分钟 15 秒"),
        ("duration", 93784, "1 d 2 h", "1 天 2 小时"),
    ],
)
def test_written(function: str, value: Any, english: str, chinese: str) -> None:
    write = getattr(formats, function)
    assert [write(value, "en"), write(value, "zh")] == [english, chinese]


@given(st.integers(min_value=0, max_value=10**17))
def test_a_size_has_at_most_four_figures(octets: int) -> None:
    number, unit = formats.size(octets, "en").split()
    assert len(number.replace(".", "")) <= 3 and unit in ("B", "kB", "MB", "GB", "TB", "PB")


@given(st.floats(min_value=0, max_value=1e9))
def test_a_duration_has_at_most_two_units(seconds: float) -> None:
    assert len(formats.duration(seconds, "zh").split()) in (2, 4)


def test_a_time_is_utc_for_machines_and_people() -> None:
    element = formats.time_element(1_795_161_600_123_456, "en")
    assert element == '<time datetime="2026-11-20T08:00:00Z" data-time="datetime">2026-11-20 08:00 UTC</time>'
    assert ">2026-11-20<" in formats.time_element(1_795_161_600_123_456, "zh", "date")


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (3.0, "3"), (1234567.891, "1,234,567.89"), (1.005, "1"), (0.5, "0.5"), (0.012345, "0.0123"),
     (-0.00342, "−0.00342"), (1e-20, "0")],
)  # fmt: skip
def test_figures_of_any_size(value: float, written: str) -> None:
    assert formats.figure(value, "en") == written
