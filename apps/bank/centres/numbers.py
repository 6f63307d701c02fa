"""Numbers that people call an application or a claim by: a letter, the day, six digits."""

from __future__ import annotations

import secrets

from sqlalchemy import Column, Connection, select

from bank.times import day_of


def new(connection: Connection, column: Column[str], letter: str, at: int) -> str:
    """One that no other row has: of a thousand in a day two would be the same in two days of five."""
    while True:
        number = f"{letter}{day_of(at):%Y%m%d}{secrets.randbelow(1_000_000):06d}"
        if connection.execute(select(column).where(column == number)).first() is None:
            return number
