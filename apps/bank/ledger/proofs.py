"""Heads, receipts and consistency proofs of one shard, from what its store holds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from bank.ledger.canonical import note_body, note_entry
from bank.ledger.heads import Keys, SignedHead
from bank.ledger.interfaces import LedgerError
from bank.ledger.merkle import Prover, leaf_hash
from bank.ledger.receipts import FORMAT, Note, Receipt
from bank.ledger.records import posted_of, row_entry
from bank.ledger.rules import Book
from bank.ledger.stores.base import JOURNAL_COLUMNS, NOTE_COLUMNS, Store, plain_row
from bank.ledger.writer import Writer

#: takes a signed head to a second place (a witness, another bank, a public page)
Publish = Callable[[SignedHead], Awaitable[None]]


class Proofs:
    """Signs heads and proves by them. A head is written down before it is published or handed out."""

    def __init__(
        self, store: Store, writer: Writer, keys: Keys, clock: Callable[[], int], publish: Publish | None
    ) -> None:
        self._store, self._writer, self._clock, self._publish = store, writer, clock, publish
        self.keys = keys
        self._newest: SignedHead | None = None
        self._published = -1

    async def head(self) -> SignedHead:
        """The head of all that is committed, signed."""
        tree = self._writer.tree
        if self._newest is None or self._newest.size != tree.size:
            signed = self.keys.sign(tree.size, tree.root(), self._clock())
            row = (signed.size, signed.at, signed.note)

            def keep(book: Book) -> None:
                book.changes.others.setdefault("ledger_heads", []).append(row)

            await self._writer.command(keep)
            if self._newest is None or self._newest.size < signed.size:
                self._newest = signed
            return signed
        return self._newest

    async def publish(self) -> SignedHead:
        """Sign the head and take it to the second place, unless it is there already."""
        head = await self.head()
        if self._publish is not None and head.size > self._published:
            await self._publish(head)
            self._published = head.size
        return head

    async def rotate(self) -> str:
        """A new key; the tree says so, too. Its public form."""
        public = self.keys.rotate(self._clock())
        await self._writer.command(lambda book: book.note("key", public.rpartition("+")[0], note_body({"key": public})))
        self._newest = None
        return public

    async def consistency(self, old: int, size: int) -> list[bytes]:
        """That the journal of `old` entries is the beginning of that of `size`. Raises LedgerError for other sizes."""
        if not 0 <= old <= size <= self._writer.tree.size:
            raise LedgerError("ledger-size", "The journal has never had that many entries.", "Ask for heads it had.")
        return await consistency(self._store, old, size)

    async def transfer(self, id_: str) -> Receipt:
        """The receipt of a transfer. Raises LedgerError when there is none."""
        rows = await self._store.fetch(
            f"SELECT {JOURNAL_COLUMNS} FROM ledger_journal WHERE id = ?", (bytes.fromhex(id_),)
        )
        if not rows:
            raise LedgerError("ledger-transfer", f"There is no transfer {id_}.", "Look at its id and its outcome.")
        posted = posted_of(plain_row(rows[0]))
        head, path = await self._path(posted.seq)
        return Receipt(FORMAT, path, head.note, transfer=posted)

    async def note(self, kind: str, key: str) -> Receipt:
        """The receipt of the newest note with this kind and key. Raises LedgerError when there is none."""
        rows = await self._store.fetch(
            f"SELECT {NOTE_COLUMNS} FROM ledger_notes WHERE kind = ? AND name = ? ORDER BY seq DESC LIMIT 1",
            (kind, key),
        )
        if not rows:
            raise LedgerError("ledger-note", f"The ledger has no note {kind} {key}.", "Look at how it was written.")
        note = Note(*rows[0])
        head, path = await self._path(note.seq)
        return Receipt(FORMAT, path, head.note, note=note)

    async def _path(self, seq: int) -> tuple[SignedHead, list[str]]:
        head = self._newest
        if head is None or head.size <= seq:
            head = await self.head()
        path = await _prover(self._store).inclusion(seq, head.size)
        return head, [hash_.hex() for hash_ in path]


async def consistency(store: Store, old: int, size: int) -> list[bytes]:
    """That the journal of `old` entries is the beginning of that of `size`."""
    return await _prover(store).consistency(old, size)


def _prover(store: Store) -> Prover:
    async def nodes(height: int, start: int, end: int) -> Sequence[bytes]:
        if height:
            rows = await store.fetch(
                "SELECT hash FROM ledger_nodes WHERE height = ? AND place >= ? AND place < ? ORDER BY place",
                (height, start, end),
            )
            return [bytes(row[0]) for row in rows]
        between = "WHERE seq >= ? AND seq < ?"
        rows = await store.fetch(f"SELECT {JOURNAL_COLUMNS} FROM ledger_journal {between}", (start, end))
        notes = await store.fetch(f"SELECT {NOTE_COLUMNS} FROM ledger_notes {between}", (start, end))
        entries = {row[0]: row_entry(plain_row(row)) for row in rows}
        entries |= {note[0]: note_entry(*note) for note in notes}
        return [leaf_hash(entries[seq]) for seq in sorted(entries)]

    return Prover(nodes)
