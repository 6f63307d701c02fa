"""What a customer has in hand of a transaction: its receipt, which anybody can check without the bank.

Of money that was reserved first, it is the receipt of what became of it: that it moved, or came back.
"""

from __future__ import annotations

from msgspec import Struct

from bank.centres import statements
from bank.centres.payments import settling_id
from bank.ledger.ledger import Ledger
from bank.ledger.rules import expiry_id
from eden.base.database import Database


class ReceiptFile(Struct, frozen=True):
    """A receipt as a file: its name and bytes (base64 in JSON). Whose keys verify it, one knows from elsewhere."""

    name: str
    content: bytes


async def make(database: Database, ledger: Ledger, customer: str, transaction: str) -> ReceiptFile:
    """Refusal "no-transaction"."""
    line = await database.read(lambda connection: statements.find(connection, customer, transaction))
    ends = [settling_id(line.id, True), settling_id(line.id, False), expiry_id(bytes.fromhex(line.id)).hex()]
    transfer = next((one.transfer.id for one in await ledger.transfers(ends) if one is not None), line.id)
    receipt = await ledger.receipt(transfer)
    return ReceiptFile(f"receipt-{transaction}.json", receipt.encoded())
