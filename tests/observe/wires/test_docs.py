"""docs/observe-wire.md tells of everything that the code takes."""

from __future__ import annotations

import re
from pathlib import Path

from eden.observe.accept import posthog as accept_posthog
from eden.observe.accept.foreign import foreign_wires
from eden.observe.accept.own import Header
from eden.observe.digest import mas, otlp, own, posthog, sentry
from eden.observe.digest.sentry_telemetry import DISCARDED

_PAGE = (Path(__file__).parents[3] / "docs" / "observe-wire.md").read_text(encoding="utf-8")


def _section(title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", _PAGE, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def _cells(section: str) -> set[str]:
    """What stands in code in the first cells of its tables."""
    return {
        word for row in re.findall(r"^\| ([^|]*) \|", section, re.MULTILINE) for word in re.findall(r"`([^`]+)`", row)
    }


def test_every_item_of_sentry() -> None:
    section = _section("Sentry")
    assert _cells(section) == set(sentry.KNOWN)
    assert DISCARDED in section


def test_every_path_of_posthog() -> None:
    paths = {f"/{path}/" for path in (*accept_posthog._EVENTS, *accept_posthog._QUESTIONS)}
    paths |= {f"/{path}" for path in accept_posthog._TELEMETRY}
    told = {word for word in _cells(_section("PostHog")) if word.startswith("/")}
    told |= {f"{word}/" for word in told if not word.endswith("/")}
    assert paths <= told
    assert set(posthog.NAMES) <= _cells(_section("PostHog"))


def test_every_attribute_of_opentelemetry() -> None:
    rows = dict(re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| (.+) \|$", _section("OpenTelemetry"), re.MULTILINE))
    for field, names in otlp.FIELDS.items():
        (told,) = (attributes for columns, attributes in rows.items() if f"`{field}`" in columns)
        assert all(f"`{name}`" in told for name in names), field


def test_every_record_of_our_own() -> None:
    section = _section("Eden's own wire")
    assert _cells(section) == set(own._READERS)
    for name in (*Header.__struct_fields__, *own._CONTEXT):
        assert f"`{name}`" in section, name


def test_every_kind_of_line() -> None:
    assert set(mas.PLACES) <= _cells(_section("Log lines of the commercial platform"))
    assert mas.ZONE in _PAGE


def test_every_wire() -> None:
    for word in foreign_wires():
        assert f"/observe/{word}" in _PAGE
