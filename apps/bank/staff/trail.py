"""What the bank's people have seen of customers and what they have done: a chain of records that shows any change.

It is the ground's audit log (`eden.base.audit`) in the bank's own database, under the bank's secret. What a page shows
of a customer is read in the transaction that records it: nothing is seen that is not written down.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from bank.staff.members import Member
from eden.base.audit import AuditLog, Entry, Verdict, entries
from eden.base.tables import audit

#: the action of lists of customers; its detail has their ids
LIST = "customer.list"
#: the bank has one chain; the ground's have one for each workspace
_CHAIN = "bank"


class Trail:
    """Writes and reads it; `secret` is the bank's."""

    def __init__(self, secret: bytes) -> None:
        self._log = AuditLog(b"bank staff" + secret)

    def do_note(self, connection: Connection, member: Member | str, action: str, target: str, **detail: Any) -> None:
        """Record something, inside the write that does it or the read that shows it. `member` is a login while nobody
        has signed in."""
        actor = member if isinstance(member, str) else member.login
        self._log.append(connection, _CHAIN, f"staff:{actor}", action, target, detail)

    def verify(self, connection: Connection) -> Verdict:
        """Whether the chain is what was written."""
        return self._log.verify(connection, _CHAIN)


def read(
    connection: Connection,
    *,
    actor: str = "",
    action: str = "",
    target: str = "",
    about: str = "",
    before: int | None = None,
    limit: int,
) -> list[Entry]:
    """The newest first; texts are the beginnings of what is looked for. `about` is a customer's id: what was about
    them, and lists in which they stood."""
    asked = ((audit.c.actor, actor and f"staff:{actor}"), (audit.c.action, action), (audit.c.target, target))
    where = [column.startswith(text, autoescape=True) for column, text in asked if text]
    if about:
        listed = audit.c.action.startswith(LIST) & audit.c.detail.contains(about, autoescape=True)
        where.append((audit.c.target == customer(about)) | listed)
    return entries(connection, _CHAIN, *where, before=before, limit=limit)


def customer(identifier: str) -> str:
    """How a customer is called there."""
    return f"customer {identifier}"
