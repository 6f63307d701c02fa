"""What a simulated phone keeps from one visit to the next. There are many, so it is little."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from eden.release.simulate_trust import Held


class Kept(NamedTuple):
    """A complete version on a phone: files by name and SHA-256, the first of them the signed one."""

    code: int
    files: tuple[tuple[str, str], ...]
    release: str | None


@dataclass(slots=True)
class Shelf:
    """What a phone keeps of one program."""

    current: Kept | None = None
    previous: Kept | None = None
    next: Kept | None = None
    bad: frozenset[int] = frozenset()
    attempts: int = 0
    #: bytes of the program's role, as the phone keeps them
    role: bytes | None = None

    def swap(self) -> None:
        """Before a start: the waiting version takes its place. Going back makes no way back to what is left."""
        if self.next is None:
            return
        back = self.previous is not None and self.next.code == self.previous.code
        keeps = self.current is not None and self.current.code not in self.bad and not back
        self.previous = self.current if keeps else None
        self.current, self.next, self.attempts = self.next, None, 0

    def condemn(self) -> None:
        """The current version is bad for good; the one before is current again."""
        if self.current is not None:
            self.bad |= {self.current.code}
        self.current, self.previous, self.attempts = self.previous, None, 0


@dataclass(slots=True)
class Phone:
    """A phone between two visits; who it is follows from its number."""

    number: int
    held: Held | None = None
    #: version of the timestamp that it believes
    timestamp: int = 0
    shelves: list[Shelf] = field(default_factory=list)
    visits: int = 0
    reports: list[dict[str, Any]] = field(default_factory=list)
    #: what is being sent, until it is answered
    batch: bytes | None = None
    batches: int = 0
