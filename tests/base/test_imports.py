"""Loading packages without some of what they would load."""

from __future__ import annotations

import sys
from importlib import import_module

import pytest

from eden.base.imports import without


def test_it_is_missing_meanwhile_and_there_afterwards() -> None:
    sys.modules.pop("colorsys", None)
    with without("colorsys"), pytest.raises(ImportError):
        import_module("colorsys")
    assert import_module("colorsys").rgb_to_hsv(0, 0, 0) == (0.0, 0.0, 0)
    # who has it keeps it
    with without("colorsys", "this_is_unused"):
        assert import_module("colorsys")
    assert "colorsys" in sys.modules and "this_is_unused" not in sys.modules
