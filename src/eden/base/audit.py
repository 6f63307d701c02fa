"""The append-only record of who changed what: a hash chain per workspace.

Every entry's hash covers the entry before it, so that a changed, removed or inserted entry breaks the chain. The
chain's end is kept apart with a MAC under the server's secret: cutting entries off the end, or making the whole chain
anew, needs the secret, too. `verify` says where the chain breaks; what it cannot know is that somebody has put back an
older state of both, as from a backup, which is what exports that are kept elsewhere are for.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, insert, select, update

from eden.base.ids import now
from eden.base.tables import audit, audit_heads

_GENESIS = "0" * 64
_PAGE = 2000


class Entry(msgspec.Struct, frozen=True):
    """One change. `actor` is "user:EMAIL", "token:NAME" or "system"; `detail` an object; `at` microseconds."""

    seq: int
    at: int
    actor: str
    action: str
    target: str
    detail: dict[str, Any]
    hash: str


class Verdict(msgspec.Struct, frozen=True):
    """Of `verify`: how many entries were read, and the first one that is not what was written (None: all are)."""

    entries: int
    broken_at: int | None


class AuditLog:
    """Writes and verifies chains; `secret` is the server's, at least 16 bytes."""

    def __init__(self, secret: bytes) -> None:
        self._key = hashlib.sha256(b"eden audit\0" + secret).digest()

    def append(
        self,
        connection: Connection,
        workspace_id: str,
        actor: str,
        action: str,
        target: str,
        detail: Mapping[str, Any] | None = None,
    ) -> int:
        """Record one change, inside the write that makes it. The entry's number in its workspace, from 1.

        Changes of no workspace (users, workspaces themselves) have workspace_id "".
        """
        head = connection.execute(
            select(audit_heads.c.seq, audit_heads.c.hash).where(audit_heads.c.workspace_id == workspace_id)
        ).first()
        seq, previous = (head.seq + 1, head.hash) if head else (1, _GENESIS)
        at = now()
        text = msgspec.json.encode(dict(detail or {}), order="sorted").decode()
        digest = _hash(previous, workspace_id, seq, at, actor, action, target, text)
        # the end first: where transactions run side by side, it is its row that makes one of two wait and try again
        values = {"seq": seq, "hash": digest, "mac": self._mac(workspace_id, seq, digest)}
        if head:
            # compare and swap: two chains never grow from one end
            moved = connection.execute(
                update(audit_heads)
                .where(audit_heads.c.workspace_id == workspace_id, audit_heads.c.seq == head.seq)
                .values(**values)
            )
            if moved.rowcount != 1:
                raise RuntimeError("the audit log's end moved inside a transaction")
        else:
            connection.execute(insert(audit_heads).values(workspace_id=workspace_id, **values))
        connection.execute(
            insert(audit).values(
                workspace_id=workspace_id,
                seq=seq,
                at=at,
                actor=actor,
                action=action,
                target=target,
                detail=text,
                hash=digest,
            )
        )
        return seq

    def verify(self, connection: Connection, workspace_id: str) -> Verdict:
        """Read the whole chain of a workspace. It begins when the workspace is made: an empty one was emptied."""
        previous, count = _GENESIS, 0
        while True:
            rows = connection.execute(
                select(audit)
                .where(audit.c.workspace_id == workspace_id, audit.c.seq > count)
                .order_by(audit.c.seq)
                .limit(_PAGE)
            ).all()
            for row in rows:
                digest = _hash(previous, workspace_id, count + 1, row.at, row.actor, row.action, row.target, row.detail)
                if row.seq != count + 1 or not hmac.compare_digest(digest, row.hash):
                    return Verdict(count, count + 1)
                previous, count = row.hash, row.seq
            if len(rows) < _PAGE:
                break
        head = connection.execute(select(audit_heads).where(audit_heads.c.workspace_id == workspace_id)).first()
        good = head is not None and (
            head.seq == count
            and hmac.compare_digest(head.hash, previous)
            and hmac.compare_digest(head.mac, self._mac(workspace_id, count, previous))
        )
        return Verdict(count, None if good else count + 1)

    def _mac(self, workspace_id: str, seq: int, digest: str) -> str:
        return hmac.new(self._key, f"{workspace_id}\0{seq}\0{digest}".encode(), "sha256").hexdigest()


def entries(
    connection: Connection,
    workspace_id: str,
    *where: ColumnElement[bool],
    before: int | None = None,
    limit: int = 50,
) -> list[Entry]:
    """Newest first, of those for which all of `where` holds; `before` is the last entry's number of the page before."""
    query = select(audit).where(audit.c.workspace_id == workspace_id, *where)
    if before is not None:
        query = query.where(audit.c.seq < before)
    return [
        Entry(row.seq, row.at, row.actor, row.action, row.target, msgspec.json.decode(row.detail), row.hash)
        for row in connection.execute(query.order_by(audit.c.seq.desc()).limit(limit))
    ]


def _hash(*fields: str | int) -> str:
    # a JSON array: no two different lists of fields have the same bytes
    return hashlib.sha256(msgspec.json.encode(fields)).hexdigest()
