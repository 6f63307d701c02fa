"""What the mini program asks of the bank, below `/v1`; `apps/bank/gateway.toml` has each under its operation's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bank.mobile import accounts, claims, loans, messages, papers, sessions, shops, third_parties
from bank.web import Route

if TYPE_CHECKING:
    from bank.server import Bank


def routes(bank: Bank) -> list[Route]:
    """All of them."""
    rooms = (sessions, accounts, shops, messages, loans, papers, claims, third_parties)
    return [route for room in rooms for route in room.routes(bank)]
