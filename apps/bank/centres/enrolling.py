"""Becoming a customer: a name, a phone number, a password and a PIN, and an account to begin with.

The number is taken as it is given; whoever runs the bank for real asks the operator, or sends it a code. Until then it
is good for nothing but signing in: the steps of identification that a loan needs are not passed by it.
"""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, insert

from bank.centres import accounting, customers, products
from bank.centres.secrets import Secrets
from bank.ids import new_hex
from bank.keyboard import Typed
from bank.ledger.ledger import Ledger
from bank.refusals import Refusal
from bank.tables import accounts
from eden.base.database import Database
from eden.base.ids import now

#: the product of the first account, and how accounts' numbers begin
_PRODUCT, _PREFIX = "CURRENT", "622202"
_LEVEL = "普通客户"


class Enrolling:
    """Over the bank's database and ledger; what is typed goes to `secrets`."""

    def __init__(self, database: Database, ledger: Ledger, secrets: Secrets) -> None:
        self._database, self._ledger, self._secrets = database, ledger, secrets

    async def enrol(self, phone: str, name: str, password: Typed, pin: Typed) -> str:
        """The new customer's id. What is typed is kept first: nobody is a customer who could not sign in. Refusals
        "bad-phone", "bad-name", "phone-taken", and those of the keyboard."""
        name = "".join(character for character in name.strip() if character.isprintable())[:40]
        if not name:
            raise Refusal("bad-name")
        at = now()
        await self._database.read(lambda connection: customers.check_phone(connection, phone))
        customer, account = new_hex(at), new_hex(at)
        await self._secrets.set_password(customer, password)
        await self._secrets.set_pin(customer, pin)
        number = f"{_PREFIX}{secrets.randbelow(10**10):010d}"
        product = await self._database.read(lambda connection: products.find(connection, _PRODUCT))
        assert isinstance(product.product, products.Deposit)
        await accounting.open_accounts(self._ledger, [accounting.new_account(account, product.product.gl, number)])

        def work(connection: Connection) -> None:
            customers.do_enrol(connection, phone, name, None, level=_LEVEL, identifier=customer, steps=(), at=at)
            connection.execute(
                insert(accounts).values(
                    id=account, customer_id=customer, product=_PRODUCT, product_version=product.version, number=number,
                    state="open", opened_at=at,
                )
            )  # fmt: skip

        await self._database.write(work)
        return customer
