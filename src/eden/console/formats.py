"""Numbers, sizes, shares, durations and times as people of a language write them.

Times go to the browser in UTC; `container/console/time.ts` turns them into the reader's own time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import floor, log10

from markupsafe import Markup

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUS = "−"

#: powers of 1000, as storage and networks count
_SIZES = ("B", "kB", "MB", "GB", "TB", "PB")

_DURATIONS = {
    "en": ((86_400, " d"), (3_600, " h"), (60, " min"), (1, " s")),
    "zh": ((86_400, " 天"), (3_600, " 小时"), (60, " 分钟"), (1, " 秒")),
}
_COMPACT = {
    "en": ((10**9, "B"), (10**6, "M"), (10**3, "k")),
    "zh": ((10**8, " 亿"), (10**4, " 万")),
}


def number(value: float, locale: str, digits: int | None = None) -> str:
    """1234567 → "1,234,567"; both languages group by thousands. `digits` after the point, fewer when they are zeros."""
    del locale  # the same in both; callers need not know
    text = f"{abs(value):,}" if isinstance(value, int) else f"{abs(value):,.{2 if digits is None else digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{_MINUS}{text}" if value < 0 and text != "0" else text


def figure(value: float, locale: str) -> str:
    """A measured value of any size, to three figures behind the point of small ones: "1,234.5", "0.00342"."""
    small = abs(value)
    return number(value, locale, 2 if small >= 1 or not small else min(2 - floor(log10(small)), 15))


def compact(value: int, locale: str) -> str:
    """Three figures where there is little room: 12345 → "12.3k", "1.23 万"."""
    for size, unit in _COMPACT[locale]:
        if abs(value) >= size:
            return f"{_three(value / size)}{unit}"
    return number(value, locale)


def share(basis_points: int, locale: str) -> str:
    """1250 → "12.5 %" (Chinese without the space)."""
    return percent(basis_points / 10_000, locale)


def percent(ratio: float, locale: str, digits: int = 2) -> str:
    """0.125 → "12.5 %" (Chinese without the space)."""
    return f"{number(ratio * 100, locale, digits)}{'' if locale == 'zh' else ' '}%"


def size(octets: int, locale: str) -> str:
    """1536 → "1.54 kB"; negative for a saving."""
    value, unit = float(abs(octets)), 0
    # 999.5 would be written as 1000
    while value >= 999.5 and unit < len(_SIZES) - 1:
        value, unit = value / 1000, unit + 1
    text = number(abs(octets), locale) if unit == 0 else _three(value)
    return f"{_MINUS if octets < 0 else ''}{text} {_SIZES[unit]}"


def _three(value: float) -> str:
    """Three figures: 1.54, 15.4, 154."""
    digits = 0 if abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2
    return number(float(value), "en", digits)


def duration(seconds: float, locale: str) -> str:
    """The two largest units: 93784 → "1 d 2 h"; below a second in milliseconds."""
    if 0 < seconds < 1:
        return f"{round(seconds * 1000)} {'毫秒' if locale == 'zh' else 'ms'}"
    parts: list[str] = []
    rest = round(seconds)
    units = _DURATIONS[locale]
    for index, (length, unit) in enumerate(units):
        count, rest = divmod(rest, length)
        if count or (not parts and index == len(units) - 1):
            parts.append(f"{count}{unit}")
        elif parts:
            break
    return " ".join(parts[:2])


def milliseconds(value: float, locale: str) -> str:
    """Three figures of what is short: 0.8 → "0.8 ms", 350 → "350 ms", 1250 → "1.25 s", 75,000 → "1 min 15 s"."""
    if abs(value) >= 59_950:
        return duration(value / 1000, locale)
    if abs(value) >= 999.5:
        return f"{_three(value / 1000)}{_DURATIONS[locale][3][1]}"
    return f"{_three(value)} {'毫秒' if locale == 'zh' else 'ms'}"


def utc(microseconds: int) -> datetime:
    """An instant as the database keeps it, as a datetime."""
    return _EPOCH + timedelta(microseconds=microseconds)


def time_element(microseconds: int, locale: str, style: str = "datetime") -> Markup:
    """`<time>` in UTC; `style` is what the browser makes of it: "datetime", "date", "clock" (with seconds), "relative"
    ("3 minutes ago")."""
    moment = utc(microseconds)
    machine = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    written = {"date": "%Y-%m-%d", "clock": "%H:%M:%S UTC"}
    shown = moment.strftime(written.get(style, "%Y-%m-%d %H:%M UTC"))
    return Markup('<time datetime="{}" data-time="{}">{}</time>').format(machine, style, shown)
