"""Edits of single bytes in what a ledger keeps and in its receipts, and whether they are found."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from bank.ledger.audit import audit
from bank.ledger.ledger import Ledger
from bank.ledger.receipts import ReceiptError, verify
from bank.ledger.statements import CONSUMER

#: what an edit must be found in; of cursors that of our own read model
EDITED = "accounts balances chart closings cursors days heads journal nodes notes pendings postings".split()
_INTEGER_BYTES = 8


def edited(value: Any, random: Random) -> Any:
    """The value with one byte changed; an integer is eight bytes."""
    if isinstance(value, int):
        place = random.randrange(_INTEGER_BYTES)
        data = bytearray(value.to_bytes(_INTEGER_BYTES, "big", signed=True))
        data[place] ^= random.randrange(1, 256)
        return int.from_bytes(data, "big", signed=True)
    if isinstance(value, str):
        place = random.randrange(len(value))
        other = chr(random.choice([code for code in range(32, 127) if chr(code) != value[place]]))
        return value[:place] + other + value[place + 1 :]
    data = bytearray(value)
    data[random.randrange(len(data))] ^= random.randrange(1, 256)
    return bytes(data)


class Editor:
    """Changes a byte of a row of a ledger's file behind its back, and changes it back."""

    def __init__(self, path: Path, random: Random) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._random = random
        self._rows = {
            table: self._connection.execute(f"SELECT * FROM ledger_{table} LIMIT 2000").fetchall() for table in EDITED
        }
        self._rows["cursors"] = [row for row in self._rows["cursors"] if row[0] == CONSUMER]
        self._columns = {
            table: [row[1] for row in self._connection.execute(f"PRAGMA table_info(ledger_{table})")]
            for table in EDITED
        }

    def close(self) -> None:
        self._connection.close()

    async def found(self, ledger: Ledger) -> tuple[bool, str]:
        """Whether an audit finds an edit of a random byte, and which it was."""
        random = self._random
        table = random.choice([table for table in EDITED if self._rows[table]])
        row = random.choice(self._rows[table])
        columns = self._columns[table]
        # an empty text or blob has no byte
        place = random.choice([place for place, value in enumerate(row) if value not in ("", b"")])
        value = edited(row[place], random)
        before = " AND ".join(f"{name} = ?" for name in columns)
        after = list(row)
        after[place] = value
        what = f"{table}.{columns[place]}: {row[place]!r} became {value!r}"
        try:
            self._set(table, columns[place], before, value, row)
        except sqlite3.IntegrityError:
            # the store itself refuses a key that there is
            return True, what
        try:
            findings, _ = await audit(ledger.store, ledger.public_keys(), day_starts=ledger.day_starts)
        finally:
            self._set(table, columns[place], before, row[place], after)
        return bool(findings), what

    def _set(self, table: str, column: str, condition: str, value: Any, row: Sequence[Any]) -> None:
        changed = self._connection.execute(f"UPDATE ledger_{table} SET {column} = ? WHERE {condition}", (value, *row))
        if changed.rowcount != 1:
            raise RuntimeError(f"a row of ledger_{table} is not there any more")


def receipt_edit_is_found(receipt: bytes, keys: Sequence[str], random: Random) -> bool:
    """Whether a receipt with a random byte changed is refused."""
    data = bytearray(receipt)
    data[random.randrange(len(data))] ^= random.randrange(1, 256)
    try:
        verify(bytes(data), keys)
    except ReceiptError:
        return True
    return False
