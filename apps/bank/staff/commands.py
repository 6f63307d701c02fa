"""`python -m bank staff`: who works at the bank. There is no other way to become one of them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from bank.staff import members
from eden.base.database import Database
from eden.base.errors import EdenError
from eden.base.identity.passwords import hash_password
from eden.base.ids import now

#: bytes of chance in a password that is made up; nobody chooses one
_BYTES = 12


def list_staff(database: Database) -> int:
    """Print everybody, with their roles."""
    for member, state in database.read_now(members.everybody):
        words = ", ".join(member.roles) if state == "active" else "does not work here any more"
        print(f"{member.login:20}  {member.name}  {words}")
    return 0


def set_member(database: Database, login: str, name: str, roles: Sequence[str]) -> int:
    """Take somebody in, or give a known one a new password (and name and roles, if they are given); it is printed."""
    known = {member.login: member for member, _ in database.read_now(members.everybody)}.get(login)
    if known is None and not (name and roles):
        raise EdenError("bank-staff", f"Nobody is called {login} yet.", "Give --name and --role to take them in.")
    password = secrets.token_urlsafe(_BYTES)
    hashed = hash_password(password)
    chosen = (name or (known.name if known else ""), roles or (known.roles if known else ()))
    database.write_now(lambda connection: members.do_set(connection, login, *chosen, hashed, now()))
    print(f"{login} signs in with the password {password}")
    return 0


def leave(database: Database, login: str) -> int:
    """Somebody does not work here any more."""
    database.write_now(lambda connection: members.do_leave(connection, login))
    print(f"{login} cannot sign in any more.")
    return 0
