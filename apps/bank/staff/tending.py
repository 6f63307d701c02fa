"""What follows from decisions of staff, done even if the process that took them has died: versions of products whose
day has come, reversals, and orders that another process has written.

Everything here can be done again: a product's version has a base, a reversal a key, a transfer an id.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from bank.centres.payments import Payments
from bank.refusals import Refusal
from bank.staff import members, proposals
from bank.staff.proposals import REVERSAL, Proposal
from eden.base.database import Database

#: seconds between looks
_EVERY = 30

log = logging.getLogger("bank")


class Tending:
    """`clock` gives µs of the bank's time."""

    def __init__(self, database: Database, payments: Payments, clock: Callable[[], int]) -> None:
        self._database, self._payments, self._clock = database, payments, clock

    async def reverse(self, approved: Proposal) -> None:
        """Carry out a reversal that was approved. Refusals of the payment centre: it is over then, nothing moves."""
        try:
            await self._payments.reverse(approved.subject)
        except Refusal:
            await self._end(approved, "overtake")
            raise
        await self._end(approved, "release")

    async def _end(self, approved: Proposal, verb: str) -> None:
        await self._database.write(lambda connection: proposals.do_end(connection, approved.id, verb, self._clock()))

    async def look(self) -> None:
        """Do what is due."""
        await self._database.write(
            lambda connection: proposals.do_release(connection, members.names(connection), self._clock())
        )
        left = await self._database.read(
            lambda connection: proposals.of_kind(connection, REVERSAL, states=("approved",), limit=100)
        )
        for approved in left:
            try:
                await self.reverse(approved)
            except Refusal as refusal:
                log.warning("the reversal %s cannot be carried out: %s", approved.id, refusal.sentence)
        await self._payments.finish()

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("what staff have decided could not be done")
            await asyncio.sleep(_EVERY)
