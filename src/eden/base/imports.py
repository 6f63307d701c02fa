"""Loading packages without those that they would load for what is not used here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def without(*names: str) -> Iterator[None]:
    """What is imported meanwhile finds these packages missing, unless they were loaded before; it has to be able to do
    without. Of one thread: another that imported one of them now would not find it either."""
    modules: dict[str, Any] = sys.modules
    unwanted = [name for name in names if name not in modules]
    modules.update(dict.fromkeys(unwanted))
    try:
        yield
    finally:
        for name in unwanted:
            del modules[name]
