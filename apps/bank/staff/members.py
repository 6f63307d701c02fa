"""The bank's own people: who they are, what they may see and do, and their sessions.

Sign-in is by a name and a password. A failure says nothing of which of the two was wrong and takes as long as a
success; `MOST_FAILURES` in a row lock the name for `LOCKED`. A session ends `IDLE` after it was last used, and at the
latest `LONGEST` after it began.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct
from sqlalchemy import Connection, Row, delete, insert, select, update

from bank.ids import new_hex
from bank.staff.tables import staff, staff_sessions
from eden.base.errors import EdenError
from eden.base.identity.secrets import digest, new_secret

_MINUTE: Final = 60_000_000
MOST_FAILURES: Final = 5
LOCKED: Final = 15 * _MINUTE
IDLE: Final = 30 * _MINUTE
LONGEST: Final = 10 * 60 * _MINUTE
#: a use that is no later than this after the last one is not worth a write
_MOVE: Final = 2 * _MINUTE

_READ: Final = frozenset(
    {"customers.read", "work.read", "products.read", "reversals.read", "books.read", "batches.read"}
)
#: role → what it may do. Who may propose and who may decide are told apart by person, too (`proposals`).
ROLES: Final[Mapping[str, frozenset[str]]] = {
    "officer": frozenset(
        {"customers.read", "customers.unmask", "work.read", "work.decide", "products.read", "reversals.read",
         "reversals.propose", "reversals.decide"}
    ),
    "product": frozenset({"products.read", "products.propose", "products.decide"}),
    "accountant": frozenset(
        {"books.read", "batches.read", "batches.run", "customers.read", "products.read", "reversals.read",
         "reversals.decide"}
    ),
    "auditor": _READ | {"trail.read"},
}  # fmt: skip
#: what everybody may who works here, whatever their roles
EVERYBODY: Final = frozenset({"own.password"})
#: every word that a page may ask for
PERMISSIONS: Final = EVERYBODY.union(*ROLES.values())

_LOGIN = re.compile(r"[a-z][a-z0-9.-]{1,39}")


class Member(Struct, frozen=True):
    """One of the bank's people."""

    id: str
    login: str
    name: str
    roles: tuple[str, ...]

    @property
    def permissions(self) -> frozenset[str]:
        return EVERYBODY.union(*(ROLES[role] for role in self.roles if role in ROLES))


class Session(Struct, frozen=True):
    """A session in use; every form carries its `csrf`."""

    id: str
    csrf: str
    member: Member
    created_at: int
    expires_at: int


class Refused(Struct, frozen=True):
    """Why somebody was not let in: "wrong" or "locked"; minutes to wait."""

    why: str
    minutes: int = 0


def do_set(connection: Connection, login: str, name: str, roles: Sequence[str], hashed: str, at: int) -> str:
    """Take somebody in, or give a known one a new name, roles and password (a hash); their sessions end. The id.

    Raises EdenError "bank-staff" for a login or a role that cannot be.
    """
    if not _LOGIN.fullmatch(login) or not 1 <= len(name.strip()) <= 80:
        raise EdenError(
            "bank-staff",
            f"{login!r} with the name {name!r} cannot sign in.",
            "A login has lower-case letters and dots.",
        )
    if not roles or (unknown := set(roles) - set(ROLES)):
        raise EdenError(
            "bank-staff",
            f"There is no role {', '.join(sorted(unknown)) if roles else ''}.",
            f"Roles: {', '.join(ROLES)}.",
        )
    values = {
        "name": name.strip(), "roles": sorted(set(roles)), "password": hashed, "failures": 0, "locked_until": 0,
        "state": "active",
    }  # fmt: skip
    known = connection.execute(select(staff.c.id).where(staff.c.login == login)).scalar()
    if known is None:
        known = new_hex(at)
        connection.execute(insert(staff).values(id=known, login=login, created_at=at, **values))
    else:
        connection.execute(update(staff).where(staff.c.id == known).values(**values))
        _end_all(connection, known)
    return str(known)


def do_leave(connection: Connection, login: str) -> None:
    """Somebody does not work here any more: no sign-in, no session. Raises EdenError "bank-staff" for nobody."""
    known = connection.execute(select(staff.c.id).where(staff.c.login == login)).scalar()
    if known is None:
        raise EdenError("bank-staff", f"Nobody is called {login}.", "python -m bank staff lists who is.")
    connection.execute(update(staff).where(staff.c.id == known).values(state="left"))
    _end_all(connection, known)


def everybody(connection: Connection) -> list[tuple[Member, str]]:
    """All of them, with their state, by login."""
    return [(_member(row), row.state) for row in connection.execute(select(staff).order_by(staff.c.login))]


def names(connection: Connection) -> dict[str, str]:
    """Names by id, for what they have written."""
    return {row.id: row.name for row in connection.execute(select(staff.c.id, staff.c.name))}


def password_of(connection: Connection, login: str, at: int) -> tuple[str | None, str | None] | Refused:
    """Id and hash to check against, both None for nobody; or that they have to wait."""
    row = connection.execute(select(staff).where(staff.c.login == login, staff.c.state == "active")).first()
    if row is None:
        return None, None
    if row.locked_until > at:
        return Refused("locked", -(-(row.locked_until - at) // _MINUTE))
    return row.id, row.password


def do_fail(connection: Connection, identifier: str, at: int) -> None:
    """A wrong password was given."""
    failures = connection.execute(select(staff.c.failures).where(staff.c.id == identifier)).scalar_one() + 1
    values = {"failures": failures}
    if failures >= MOST_FAILURES:
        values = {"failures": 0, "locked_until": at + LOCKED}
    connection.execute(update(staff).where(staff.c.id == identifier).values(**values))


def do_sign_in(connection: Connection, identifier: str, at: int) -> str:
    """A new session's secret, which is not kept."""
    secret = new_secret()
    connection.execute(update(staff).where(staff.c.id == identifier).values(failures=0))
    connection.execute(delete(staff_sessions).where(staff_sessions.c.expires_at < at))
    connection.execute(
        insert(staff_sessions).values(
            id=digest(secret), staff_id=identifier, csrf=secrets.token_urlsafe(24), created_at=at, expires_at=at + IDLE
        )
    )
    return secret


def do_change_password(connection: Connection, identifier: str, before: str, hashed: str, at: int) -> str | None:
    """Somebody's own new password (a hash), in place of the hash `before`: all their sessions end, and the secret of a
    new one comes back. None, and nothing is done, when the password has been changed or they have left meanwhile."""
    changed = connection.execute(
        update(staff)
        .where(staff.c.id == identifier, staff.c.password == before, staff.c.state == "active")
        .values(password=hashed)
    )
    if changed.rowcount == 0:
        return None
    _end_all(connection, identifier)
    return do_sign_in(connection, identifier, at)


def of_session(connection: Connection, secret: str, at: int) -> Session | None:
    """The session of a cookie's secret, with what the person may do now."""
    row = connection.execute(
        select(staff_sessions.c.id.label("session"), staff_sessions.c.csrf, staff_sessions.c.created_at.label("began"),
               staff_sessions.c.expires_at, staff)
        .join(staff, staff.c.id == staff_sessions.c.staff_id)
        .where(staff_sessions.c.id == digest(secret), staff_sessions.c.expires_at > at, staff.c.state == "active")
    ).first()  # fmt: skip
    return Session(row.session, row.csrf, _member(row), row.began, row.expires_at) if row else None


def new_end(session: Session, at: int) -> int | None:
    """When the session should end instead, now that it was used; None while that is not worth a write."""
    end = min(at + IDLE, session.created_at + LONGEST)
    return end if end - session.expires_at > _MOVE else None


def do_move_end(connection: Connection, session: str, end: int) -> None:
    """`end` from `new_end`."""
    connection.execute(update(staff_sessions).where(staff_sessions.c.id == session).values(expires_at=end))


def do_sign_out(connection: Connection, session: str) -> None:
    connection.execute(delete(staff_sessions).where(staff_sessions.c.id == session))


def _end_all(connection: Connection, identifier: str) -> None:
    connection.execute(delete(staff_sessions).where(staff_sessions.c.staff_id == identifier))


def _member(row: Row[tuple[object, ...]]) -> Member:
    return Member(row.id, row.login, row.name, tuple(row.roles))
