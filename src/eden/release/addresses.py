"""What stands in addresses, of the API and of pages."""

from __future__ import annotations

from eden.base.problems import not_found


def code_of(text: str) -> int:
    """The number of a version. Problem `not-found` for anything else."""
    if not text.isascii() or not text.isdigit() or len(text) > 16:
        raise not_found(f"Version {text[:24]}")
    return min(int(text), 2**53 - 1)
