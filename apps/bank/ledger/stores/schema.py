"""The ledger's tables, the same in every store; a dialect gives the types their names.

Keys are made by the application, texts have a length, times are microseconds since 1970 (UTC). The journal in its order
is the record of everything that moved; balances, pendings and postings follow from it (`bank.ledger.audit` proves it).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

#: the step that the code is written for
STEP = 1

_BALANCES: dict[str, str | int] = dict.fromkeys(
    ("debits_posted", "debits_pending", "credits_posted", "credits_pending"), "big"
)


class Table(NamedTuple):
    """`columns`: name → type: id (16 bytes), hash, bytes, big, int, or a number of characters. `key`: the primary key.

    `replaced`: a row with a key that is there takes its place. `packed`: rows stand in the order of their key.
    """

    name: str
    columns: Mapping[str, str | int]
    key: tuple[str, ...]
    unique: tuple[str, ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()
    replaced: bool = False
    packed: bool = False


HEAD = Table(
    "ledger_head",
    {
        "one": "int", "step": "int", "shard": "int", "epoch": "big",
        "seq": "big", "number": "big", "at": "big", "account": "big", "flushed": "big", "tree": "bytes",
    },
    ("one",),
)  # fmt: skip
ACCOUNTS = Table(
    "ledger_accounts",
    {
        "number": "big", "id": "id", "ledger": "int", "code": "int", "flags": "int",
        "transfer_limit": "big", "day_limit": "big", "reference": 64, "opened_at": "big",
    },
    ("number",),
    unique=("id",),
)  # fmt: skip
#: Balances as of `ledger_head.flushed`, or later: rows of the journal from there on have what they are after them.
BALANCES = Table(
    "ledger_balances",
    {"number": "big", **_BALANCES, "day": "int", "spent": "big"},
    ("number",),
    replaced=True,
)
JOURNAL = Table(
    "ledger_journal",
    {
        "seq": "big", "number": "big", "at": "big", "id": "id", "debit": "id", "credit": "id", "amount": "big",
        "ledger": "int", "code": "int", "flags": "int", "pending_id": "bytes16", "timeout_s": "int",
        "reference": 64, "data": "bytes16", "released": "big",
        **{f"{side}_{name}": type_ for side in ("debit", "credit") for name, type_ in _BALANCES.items()},
    },
    ("seq",),
    unique=("id",),
)  # fmt: skip
PENDINGS = Table(
    "ledger_pendings",
    {
        "id": "id", "debit": "id", "credit": "id", "ledger": "int", "code": "int", "flags": "int", "amount": "big",
        "at": "big", "expires": "big", "resolution": "int",
    },
    ("id",),
    indexes=(("resolution", "expires"),),
)  # fmt: skip
REFUSALS = Table("ledger_refusals", {"id": "id", "outcome": 64, "at": "big"}, ("id",), packed=True)
NOTES = Table(
    "ledger_notes",
    {"seq": "big", "at": "big", "kind": 32, "name": 128, "body": "text"},
    ("seq",),
    indexes=(("kind", "name"),),
)
NODES = Table("ledger_nodes", {"height": "int", "place": "big", "hash": "hash"}, ("height", "place"), packed=True)
#: signed tree heads
HEADS = Table("ledger_heads", {"size": "big", "at": "big", "note": "text"}, ("size",), replaced=True)
#: which transfers an account has; follows the journal
POSTINGS = Table("ledger_postings", {"account": "id", "seq": "big"}, ("account", "seq"), packed=True)
#: how far a consumer of the journal has come: the first entry that it has not dealt with
CURSORS = Table("ledger_cursors", {"consumer": 64, "seq": "big"}, ("consumer",), replaced=True)
DAYS = Table(
    "ledger_days",
    {
        "day": 10, "cut_off": "big", "closed_at": "big", "first_seq": "big", "end_seq": "big",
        "first_number": "big", "end_number": "big",
    },
    ("day",),
)  # fmt: skip
CLOSINGS = Table(
    "ledger_closings",
    {"account": "id", "day": 10, **_BALANCES},
    ("account", "day"),
    packed=True,
)
CHART = Table(
    "ledger_chart",
    {"code": "int", "account": 16, "kind": 16, "name": 128, "name_zh": 128},
    ("code",),
    replaced=True,
)

TABLES = (
    HEAD, ACCOUNTS, BALANCES, JOURNAL, PENDINGS, REFUSALS, NOTES, NODES, HEADS, POSTINGS, CURSORS, DAYS, CLOSINGS,
    CHART,
)  # fmt: skip
BY_NAME = {table.name: table for table in TABLES}


class Dialect(NamedTuple):
    """How a store names types and replaces rows."""

    types: dict[str, str]
    text: str
    #: what stands after the columns of a packed table
    packed: str = ""
    #: options after any table
    options: str = ""
    #: an index is made by a statement of its own; otherwise with its table
    own_indexes: bool = True
    #: the beginning and the end of a statement that leaves rows alone whose key is there
    ignoring: tuple[str, str] = ("INSERT INTO", " ON CONFLICT DO NOTHING")
    #: rows are replaced by ON CONFLICT; otherwise by ON DUPLICATE KEY
    on_conflict: bool = True

    def create(self, table: Table) -> list[str]:
        """The statements that make a table, each safe to run again."""
        columns = [
            f"{name} {self.text.format(type_) if isinstance(type_, int) else self.types[type_]} NOT NULL"
            for name, type_ in table.columns.items()
        ]
        keys = [f"PRIMARY KEY ({', '.join(table.key)})", *(f"UNIQUE ({column})" for column in table.unique)]
        indexes = {f"{table.name}_{'_'.join(names)}": ", ".join(names) for names in table.indexes}
        if not self.own_indexes:
            keys += [f"INDEX {name} ({names})" for name, names in indexes.items()]
            indexes = {}
        tail = f"{self.packed if table.packed else ''}{self.options}"
        return [
            f"CREATE TABLE IF NOT EXISTS {table.name} ({', '.join(columns + keys)}){tail}",
            *(f"CREATE INDEX IF NOT EXISTS {name} ON {table.name} ({names})" for name, names in indexes.items()),
        ]

    def replacing(self, table: Table) -> str:
        """What stands after the values of a row that takes the place of the one with its key."""
        if not table.replaced:
            return ""
        others = [name for name in table.columns if name not in table.key]
        if self.on_conflict:
            return f" ON CONFLICT ({', '.join(table.key)}) DO UPDATE SET " + ", ".join(
                f"{name} = excluded.{name}" for name in others
            )
        return " ON DUPLICATE KEY UPDATE " + ", ".join(f"{name} = VALUES({name})" for name in others)
