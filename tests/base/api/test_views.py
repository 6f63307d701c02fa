"""Values as HTTP shows them."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from eden.base.api.views import viewed


class Value(msgspec.Struct):
    name: str
    at: int
    until: int | None
    secret: str = "s"


class View(msgspec.Struct, kw_only=True):
    name: str
    at: datetime
    until: datetime | None
    seconds: int


def test_times_are_written_and_nothing_else_is_shown() -> None:
    found = viewed(View, Value("n", 1_000_000, None), seconds=3)
    assert msgspec.json.encode(found) == b'{"name":"n","at":"1970-01-01T00:00:01Z","until":null,"seconds":3}'
    assert viewed(View, Value("n", 0, 2_000_000), seconds=3).until == datetime(1970, 1, 1, 0, 0, 2, tzinfo=UTC)
    # what is said counts
    assert viewed(View, Value("n", 0, 5), seconds=3, until=None).until is None
    with pytest.raises(AttributeError, match="seconds"):
        viewed(View, Value("n", 0, None))
