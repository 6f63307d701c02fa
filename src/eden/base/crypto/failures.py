"""The one way in which opening fails."""

from __future__ import annotations


class Unopened(ValueError):
    """What was sealed cannot be opened: another key, another context, or changed bytes. It does not say which."""

    def __init__(self) -> None:
        super().__init__("What was sealed cannot be opened with this key and context.")
