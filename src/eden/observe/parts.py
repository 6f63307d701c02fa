"""What observing brings to the platform."""

from __future__ import annotations

from pathlib import Path

from eden.base.ground import Ground
from eden.base.parts import Part


def parts(ground: Ground) -> Part:
    """The service over this process's ground."""
    return Part(name="observe", folder=Path(__file__).parent)
