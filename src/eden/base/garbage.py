"""When processes that serve look for garbage."""

from __future__ import annotations

import gc
from typing import Final

#: objects that calls leave before it is looked for; Python's own 700 are a few calls' here
_LEFT: Final = 20_000


def settle() -> None:
    """What there is now stays: looking through it again and again, among what calls leave, is a waste."""
    gc.freeze()
    gc.set_threshold(_LEFT)
    gc.enable()
