"""Reading the papers of applications: one photo after the other, in a process of its own, never in the bank's loop.

Rows are the queue (`papers.first`), so a bank that starts again reads what was left; what waits is bounded there.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct

from bank.centres import papers
from bank.credit.papers.reader import KINDS, Reader, ReaderFailed, Reading
from bank.refusals import Refusal
from eden.base.database import Database
from eden.base.errors import EdenError
from eden.base.ids import now
from eden.base.sealing import Seal

log = logging.getLogger("bank")


class Show(Struct, frozen=True):
    """A photo of a paper: base64 of a JPEG or PNG."""

    kind: str
    photo: str


class Desk:
    """Takes photos in and has them read. Start `run` in the loop; close it in the end."""

    def __init__(self, database: Database, seal: Seal, reader: Reader | None = None) -> None:
        self._database, self._seal = database, seal
        self._reader = reader or Reader()
        self._hands = ThreadPoolExecutor(1, "bank-papers")
        self._rung = asyncio.Event()

    async def take(self, customer: str, application: str, wanted: Show, chinese: bool) -> papers.Paper:
        """A photo, which is read later. Refusals "bad-photo", "busy", "too-many-photos", "not-possible"."""
        if wanted.kind not in KINDS:
            raise Refusal("invalid", what="kind")
        try:
            photo = base64.b64decode(wanted.photo, validate=True)
        except (ValueError, binascii.Error):
            raise Refusal("bad-photo") from None
        if not 0 < len(photo) <= papers.MOST_BYTES:
            raise Refusal("bad-photo")
        await self._database.write(
            lambda connection: papers.do_take(connection, self._seal, customer, application, wanted.kind, photo, now())
        )
        self._rung.set()
        return await self._database.read(
            lambda connection: papers.find(connection, self._seal, customer, application, wanted.kind, chinese)
        )

    async def run(self) -> None:
        """Read what waits, for ever."""
        while True:
            self._rung.clear()
            try:
                while await self.read_next():
                    pass
            except Exception:
                log.exception("a paper could not be read")
                await asyncio.sleep(1)
            await self._rung.wait()

    async def read_next(self) -> bool:
        """Read the photo that has waited longest; False when none does."""
        row = await self._database.read(papers.first)
        if row is None:
            return False
        try:
            photo = self._seal.open(row.content, "paper", row.id, row.sha256)
            reading = await asyncio.get_running_loop().run_in_executor(self._hands, self._reader.read, photo, row.kind)
        except (ReaderFailed, EdenError):
            # of a photo that cannot be opened any more, another is taken: those behind it do not wait for it
            reading = Reading(("failed",))
        await self._database.write(
            lambda connection: papers.do_conclude(connection, self._seal, row.id, row.sha256, reading, now())
        )
        return True

    def close(self) -> None:
        """Ends the reader's process, with what it is reading."""
        self._reader.close()
        self._hands.shutdown()
