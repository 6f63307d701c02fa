"""Everything of the open bank together: its surface, and the paths that are its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bank.openbank import accounts, oauth, payments
from bank.openbank.gate import Gate
from bank.openbank.operations import ROOT, Operation
from bank.openbank.pages import Pages
from bank.openbank.surface import Surface

if TYPE_CHECKING:
    from bank.server import Bank

PREFIXES = (f"{ROOT}/", "/oauth/", oauth.METADATA)


def operations(bank: Bank) -> list[Operation]:
    """All resources."""
    return [*accounts.operations(bank), *payments.operations(bank)]


def surface(bank: Bank) -> Surface:
    """That of a bank."""
    gate = Gate(bank)
    return Surface(gate, operations(bank), [*oauth.routes(bank, gate), *Pages(bank, gate).routes()])


async def finish(bank: Bank) -> int:
    """Carry out what a process that died has left; how many payments that were."""
    return await payments.finish(bank)
