"""A second place for signed heads: a file, best on another machine, that takes only heads which grow from the last one.

Who holds the keys and the database can sign a rewritten journal. What they cannot do is make it grow from a head that
somebody else has kept.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from bank.ledger.heads import SignedHead, open_head
from bank.ledger.interfaces import LedgerError
from bank.ledger.merkle import verify_consistency

#: gives the proof that the journal of one size is the beginning of that of another (`Ledger.consistency`)
Prove = Callable[[int, int], Awaitable[Sequence[bytes]]]


#: ends a note in the file
_END = "\f"


class Forked(LedgerError):
    """The journal is not the one whose head was kept: an old copy was put back, or something was rewritten."""

    def __init__(self, old: SignedHead, new: SignedHead) -> None:
        super().__init__(
            "ledger-forked",
            f"The journal of {new.size} entries does not grow from that of {old.size} entries which was published.",
            "Stop the bank, keep both, and compare them: entries were lost or rewritten.",
        )


class Witness:
    """Keeps heads in a file, one note after the other. `keys`: the ledger's public keys."""

    def __init__(self, path: Path, keys: Callable[[], Sequence[str]]) -> None:
        self._path, self._keys = path, keys

    def last(self) -> SignedHead | None:
        """The newest head that was kept. Raises HeadError when the file was touched."""
        notes = self._kept().split(_END)
        return open_head(notes[-2], self._keys()) if len(notes) > 1 else None

    async def accept(self, head: SignedHead, prove: Prove) -> None:
        """Keep a head, durably. Raises HeadError for one that is not signed right, Forked for one that does not fit."""
        head = open_head(head.note, self._keys())
        last = self.last()
        if last is not None:
            if head.size < last.size:
                raise Forked(last, head)
            path = await prove(last.size, head.size)
            roots = bytes.fromhex(last.root), bytes.fromhex(head.root)
            if not verify_consistency(last.size, roots[0], head.size, roots[1], path):
                raise Forked(last, head)
            if head.size == last.size:
                return
        self._keep(head)

    def _kept(self) -> str:
        """All that was kept; what a crash has left unfinished was not."""
        text = self._path.read_text() if self._path.exists() else ""
        return text[: text.rfind(_END) + 1]

    def _keep(self, head: SignedHead) -> None:
        kept = len(self._kept().encode())
        with open(self._path, "ab") as file:
            file.truncate(kept)
            file.write(f"{head.note}{_END}".encode())
            file.flush()
            os.fsync(file.fileno())
