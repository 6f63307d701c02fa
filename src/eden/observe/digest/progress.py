"""How far the spool is stored: a small SQLite file in its folder, so that every batch is stored exactly once.

A *chunk* is a few ranges of segments whose rows are inserted together. Before anything is inserted, one transaction
writes the chunk down: its ranges and the keys of its batches (the intent). Inserts carry the chunk's token, which the
events store takes once. After a crash the last intent is carried out again: what had arrived is not stored twice, what
had not is stored. A batch whose key was seen in an earlier chunk is what a client sent again because it did not hear
the answer, and is passed over; keys are remembered for `SEEN_SECONDS` and up to `MOST_SEEN`. Ids of records, which may
come again in another batch, are kept as `eden.observe.digest.recent` gives them.

The file goes where its segments go, since neither is worth anything without the other: a folder that is moved, restored
or removed takes both along. Tokens are made of what a chunk reads: an old file beside a newer store gives no token to
new segments that the store has had.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import msgspec

from eden.base.errors import EdenError
from eden.observe.spool.reader import Range

#: a phone that was offline sends a batch again within this time
SEEN_SECONDS = 7 * 86_400
#: 60 bytes each
MOST_SEEN = 4_000_000
_TRIM_EVERY = 200
_TRIMMED = 20_000
_AT_ONCE = 500
#: bytes of ids that share a row
_PAGE = 4_096

_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS places (segment TEXT PRIMARY KEY, place INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (
    number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, chunk INTEGER NOT NULL, at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS recent (page INTEGER PRIMARY KEY, generation INTEGER NOT NULL, keys BLOB NOT NULL);
"""


class Chunk(NamedTuple):
    """What is stored together; `number` counts from 1."""

    number: int
    ranges: tuple[Range, ...]

    @property
    def token(self) -> str:
        """The same for the same bytes of the same segments, and for nothing else: names of segments are random, and
        what is in one does not change."""
        return blake2b(msgspec.json.encode(self.ranges), digest_size=16).hexdigest()


class _Page(NamedTuple):
    """A row of `recent`."""

    number: int
    generation: int
    keys: bytes


class Progress:
    """Of one thread. Raises EdenError when the file cannot be used, sqlite3.Error when the disk cannot."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            self._database = _opened(file)
            self._database.executescript(_TABLES)
            self._database.execute("INSERT OR IGNORE INTO facts VALUES ('name', ?)", (secrets.token_hex(6),))
            facts = dict(self._database.execute("SELECT name, value FROM facts").fetchall())
        except sqlite3.Error as error:
            raise EdenError(
                "observe-progress",
                f"The file {file} cannot be used: {error}.",
                "It says what of the spool is stored already. Without it, what is in the spool is stored once more.",
            ) from error
        self._inode = file.stat().st_ino
        #: of this file, known to nobody else
        self.name = facts["name"]
        last = self._database.execute("SELECT page, generation, keys FROM recent ORDER BY page DESC LIMIT 1").fetchone()
        self._page = _Page(*last) if last is not None else _Page(0, 0, b"")
        self._number = int(facts.get("number", "0"))
        self._trimmed = self._number
        pending = facts.get("pending")
        #: the chunk that was begun and not finished, with its places in the segments
        self.pending = None if pending is None else Chunk(self._number, _ranges(pending))

    def close(self) -> None:
        self._database.close()

    def places(self) -> dict[str, int]:
        """By segment, up to where it is stored."""
        return dict(self._database.execute("SELECT segment, place FROM places").fetchall())

    def belong(self, store: str) -> None:
        """What is known of batches and ids is known of this store. Of another one, empty or put back, it says nothing:
        what is sent again is wanted."""
        known = self._database.execute("SELECT value FROM facts WHERE name = 'store'").fetchone()
        if known is not None and known[0] == store:
            return
        with _Transaction(self._database):
            if known is not None:
                self._database.execute("DELETE FROM seen")
                self._database.execute("DELETE FROM recent")
            self._set("store", store)
        if known is not None:
            self._page = _Page(0, 0, b"")

    def recent(self) -> Iterator[tuple[int, bytes]]:
        """Generation and ids, as `done` was given them, in their order."""
        yield from self._database.execute("SELECT generation, keys FROM recent ORDER BY page")

    def begin(self, ranges: Sequence[Range], keys: Sequence[bytes], at: int) -> tuple[Chunk, list[bool]]:
        """Write down a chunk before it is stored. `keys`: of its batches in their order (empty: none). Tells which of
        the batches were not seen before. `at`: seconds."""
        if self.pending is not None:
            raise RuntimeError("a chunk is being stored")
        self._stay()
        chunk = Chunk(self._number + 1, tuple(ranges))
        with _Transaction(self._database):
            fresh = self._note(chunk.number, keys, at)
            self._set("number", str(chunk.number))
            self._set("pending", msgspec.json.encode(chunk.ranges).decode())
        self._number = chunk.number
        self.pending = chunk
        return chunk, fresh

    def again(self, keys: Sequence[bytes]) -> list[bool]:
        """Of the pending chunk: which of its batches it is to store, as `begin` told."""
        assert self.pending is not None
        return self._note(self.pending.number, keys, 0)

    def done(self, ids: bytes = b"", generation: int = 0) -> None:
        """The pending chunk is stored. `ids`: what it adds to the `generation` of `recent`; only the one before is kept
        beside it."""
        assert self.pending is not None
        page = self._page
        if ids:
            full = page.generation != generation or len(page.keys) >= _PAGE
            page = _Page(page.number + 1, generation, ids) if full else page._replace(keys=page.keys + ids)
        with _Transaction(self._database):
            self._database.executemany(
                "INSERT INTO places VALUES (?, ?)"
                " ON CONFLICT (segment) DO UPDATE SET place = max(place, excluded.place)",
                [(span.segment, span.end) for span in self.pending.ranges],
            )
            if ids:
                self._database.execute("REPLACE INTO recent VALUES (?, ?, ?)", page)
            if page.generation != self._page.generation:
                self._database.execute("DELETE FROM recent WHERE generation < ?", (page.generation - 1,))
            self._database.execute("DELETE FROM facts WHERE name = 'pending'")
        self._page = page
        self.pending = None

    def forget(self, segments: Sequence[str], at: int) -> None:
        """Segments are gone; and keys of long ago are not remembered. `at`: seconds."""
        if segments:
            with _Transaction(self._database):
                self._database.executemany("DELETE FROM places WHERE segment = ?", [(name,) for name in segments])
        if self._number >= self._trimmed + _TRIM_EVERY:
            self._trimmed = self._number
            self._trim(at)

    def _stay(self) -> None:
        """Somebody may have removed the folder, and with it the file: what is known is written into a new one."""
        with contextlib.suppress(FileNotFoundError):
            if self._file.stat().st_ino == self._inode:
                return
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._file.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(draft)) as new:
            self._database.backup(new)
        # closing removes the old file's log by its name, which is to be the new one's
        self._database.close()
        for suffix in ("-wal", "-shm"):
            self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
        os.replace(draft, self._file)
        self._database = _opened(self._file)
        self._inode = self._file.stat().st_ino

    def _trim(self, at: int) -> None:
        with _Transaction(self._database):
            newest = self._database.execute("SELECT max(number) FROM seen").fetchone()[0] or 0
            self._database.execute(
                "DELETE FROM seen WHERE number IN (SELECT number FROM seen ORDER BY number LIMIT ?)"
                " AND (at < ? OR number <= ?)",
                (_TRIMMED, at - SEEN_SECONDS, newest - MOST_SEEN),
            )

    def _note(self, number: int, keys: Sequence[bytes], at: int) -> list[bool]:
        """Remember the keys that are new, as of this chunk; which batches it is to store."""
        wanted = [key for key in dict.fromkeys(keys) if key]
        before = self._database.total_changes
        self._database.executemany(
            "INSERT INTO seen (key, chunk, at) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING",
            [(key, number, at) for key in sorted(wanted)],
        )
        # nearly always, all are new
        earlier = {} if self._database.total_changes - before == len(wanted) else self._chunks_of(wanted)
        fresh, mine = [], set[bytes]()
        for key in keys:
            is_new = not key or (key not in mine and earlier.get(key, number) == number)
            fresh.append(is_new)
            if key:
                mine.add(key)
        return fresh

    def _chunks_of(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        """The chunk that brought each key."""
        found: dict[bytes, int] = {}
        for start in range(0, len(keys), _AT_ONCE):
            part = keys[start : start + _AT_ONCE]
            marks = ",".join("?" * len(part))
            found.update(self._database.execute(f"SELECT key, chunk FROM seen WHERE key IN ({marks})", part).fetchall())
        return found

    def _set(self, name: str, value: str) -> None:
        self._database.execute(
            "INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
        )


def _opened(file: Path) -> sqlite3.Connection:
    database = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    # a transaction that was answered is on the disk, also when the power fails
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    return database


class _Transaction:
    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __enter__(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            try:
                self._database.execute("COMMIT")
                return
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")


def _ranges(text: str) -> tuple[Range, ...]:
    found: list[tuple[str, int, int]] = msgspec.json.decode(text, type=list[tuple[str, int, int]])
    return tuple(Range(*one) for one in found)
