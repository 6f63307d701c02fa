"""The second place for the ledger's heads, asked now and then: whether the journal still grows from what it kept."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from msgspec import Struct

from bank.ledger.heads import HeadError, SignedHead
from bank.ledger.interfaces import LedgerError
from bank.ledger.ledger import Ledger
from bank.ledger.witness import Forked, Witness
from eden.base.ids import now

#: seconds between looks
_EVERY = 60

log = logging.getLogger("bank")


class State(Struct, frozen=True):
    """What the witness said last. `state`: agrees, forked, unreadable (file or signature), not-asked."""

    state: str
    at: int
    head: SignedHead | None
    words: str = ""


class Witnessing:
    """Takes the ledger's signed head to a witness's file, best on another machine."""

    def __init__(self, ledger: Ledger, path: Path) -> None:
        self._ledger = ledger
        self._witness = Witness(path, ledger.public_keys)
        self._lock = asyncio.Lock()
        self.state = State("not-asked", 0, None)

    async def look(self) -> State:
        """Sign the head and show it to the witness now."""
        async with self._lock:
            try:
                head = await self._ledger.head()
                await self._witness.accept(head, self._ledger.consistency)
                self.state = State("agrees", now(), head)
            except Forked as error:
                self.state = State("forked", now(), self.state.head, f"{error.sentence} {error.hint}")
                log.error("%s", error.sentence)
            except (HeadError, LedgerError, OSError) as error:
                self.state = State("unreadable", now(), self.state.head, str(error))
                log.warning("the ledger's witness cannot be asked: %s", error)
            return self.state

    async def run(self) -> None:
        """For ever."""
        while True:
            await self.look()
            await asyncio.sleep(_EVERY)
