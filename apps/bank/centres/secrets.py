"""What only the customer knows: a password to sign in, a PIN of six digits to pay.

With the platform's secure keyboard there is one truth, and it is there: sealed values go to it as they came, and a
password that was typed on a page of the bank's own (the consent page of the open bank) is sealed here and asked of it,
too. So it is the same password everywhere, tries are counted in one place, and the bank keeps no hash. Without a
keyboard the bank keeps an Argon2id hash itself, and there is no PIN.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from bank.centres.customers import Credentials
from bank.keyboard import Keyboard, Typed
from bank.refusals import Refusal
from bank.tables import customers
from eden.base.database import Database
from eden.base.identity.passwords import verify_in_thread

#: Argon2 is linear in the length
_LONGEST_PASSWORD = 256
#: whose password nobody has: asking takes as long
_NOBODY = "nobody"
#: seconds for which a platform that is being started is waited for
_PATIENCE = 60

log = logging.getLogger("bank")


class Secrets:
    """Passwords and PINs of customers; `keyboard` may be none."""

    def __init__(self, database: Database, keyboard: Keyboard) -> None:
        self._database, self._keyboard = database, keyboard

    @property
    def has_keyboard(self) -> bool:
        """Whether passwords come sealed, payments ask for a PIN, and tries are counted by the keyboard."""
        return self._keyboard.is_used

    async def is_password(self, found: Credentials, phone: str, password: str) -> bool:
        """Of a password in clear, where a page of the bank's own has one, and where there is no secure keyboard."""
        if len(password) > _LONGEST_PASSWORD:
            return False
        if not self._keyboard.is_used:
            return await verify_in_thread(found.password, password)
        if not password:
            return False
        return await self.is_sealed_password(found, await self._keyboard.seal("sign-in", phone, password))

    async def is_sealed_password(self, found: Credentials, typed: Typed) -> bool:
        """Of what the keyboard has sealed. Refusals of `Keyboard.check`."""
        checked = await self._keyboard.check("sign-in", found.id or _NOBODY, typed)
        return checked.verified and found.id is not None

    async def check_password(self, customer: str, typed: Typed) -> None:
        """Before something is changed. Refusal "wrong-password"."""
        if not (await self._keyboard.check("sign-in", customer, typed)).verified:
            raise Refusal("wrong-password")

    async def check_pin(self, customer: str, typed: Typed) -> None:
        """Before money moves. Refusal "wrong-pin"; "no-pin" when nothing was typed."""
        if not typed.sealed:
            raise Refusal("no-pin")
        checked = await self._keyboard.check("pay", customer, typed)
        if not checked.verified:
            raise Refusal("wrong-pin", left=checked.tries_left)

    async def set_password(self, customer: str, typed: Typed) -> None:
        await self._keyboard.enrol("sign-in", customer, typed)

    async def set_pin(self, customer: str, typed: Typed) -> None:
        await self._keyboard.enrol("pay", customer, typed)

    async def enrol_made_up(self, password: str, pin: str, only: str = "") -> None:
        """Give made-up customers their password and PIN at the keyboard, where they are not yet: those who have a hash
        here; `only` the one with this phone number. A platform that is being started is waited for; one that stays
        away is asked at the next start."""
        if not self._keyboard.is_used:
            return
        try:
            for customer, phone in await self._database.read(_made_up):
                if only in ("", phone):
                    await self._enrol(customer, phone, password, pin)
        except Refusal as refusal:
            log.warning("made-up customers could not be enrolled at the secure keyboard: %s", refusal.sentence)

    async def _enrol(self, customer: str, phone: str, password: str, pin: str) -> None:
        for left in range(_PATIENCE * 5, -1, -1):
            try:
                await self.set_password(customer, await self._keyboard.seal("sign-in", phone, password))
                await self.set_pin(customer, await self._keyboard.seal("pay", customer, pin))
                break
            except Refusal as refusal:
                if refusal.code != "no-keyboard" or not left:
                    raise
                await asyncio.sleep(0.2)

        def work(connection: Connection) -> None:
            connection.execute(update(customers).where(customers.c.id == customer).values(password=None))

        await self._database.write(work)


def _made_up(connection: Connection) -> Sequence[tuple[str, str]]:
    rows = connection.execute(
        select(customers.c.id, customers.c.phone)
        .where(customers.c.made_up, customers.c.password.is_not(None))
        .order_by(customers.c.id)
    )
    return [(row.id, row.phone) for row in rows]
