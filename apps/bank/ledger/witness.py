"""A second place for signed heads: a file, best on another machine, that takes only heads which grow from the last one.

Who holds the keys and the database can sign a rewritten journal. What they cannot do is make it grow from a head that
somebody else has kept.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from bank.ledger.heads import HeadError, SignedHead, open_head
from bank.ledger.interfaces import LedgerError
from bank.ledger.merkle import verify_consistency

#: gives the proof that the journal of one size is the beginning of that of another (`Ledger.consistency`)
Prove = Callable[[int, int], Awaitable[Sequence[bytes]]]

#: ends a note in the file
_END = b"\f"
#: bytes from the end of the file that are read: the newest note, however many keys have signed it, is in them
_TAIL = 1 << 16


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
        kept, _ = self._tail()
        if not kept:
            return None
        try:
            note = kept.split(_END)[-2].decode()
        except UnicodeDecodeError:
            raise HeadError("What the witness has kept is not a text.") from None
        return open_head(note, self._keys())

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

    def _tail(self) -> tuple[bytes, int]:
        """The end of what was kept, and how many bytes that is in all; what a crash has left unfinished was not.
        Raises HeadError when there is no note in it."""
        if not self._path.exists():
            return b"", 0
        with open(self._path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            start = file.seek(max(0, size - _TAIL))
            tail = file.read()
        kept = tail[: tail.rfind(_END) + 1]
        if start and not kept:
            raise HeadError(f"{self._path} does not end with a head that was kept.")
        return kept, start + len(kept)

    def _keep(self, head: SignedHead) -> None:
        _, kept = self._tail()
        with open(self._path, "ab") as file:
            file.truncate(kept)
            file.write(head.note.encode() + _END)
            file.flush()
            os.fsync(file.fileno())
