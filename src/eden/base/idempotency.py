"""Writes that can be sent again: the header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).

The first request with a key runs; its answer is kept for `KEPT_SECONDS`, and whoever sends the same request with the
same key again gets those bytes. A key belongs to the principal who used it. All processes share the table:

- while the first request runs, a second one is told to wait (409 `idempotency-busy`);
- another request with the same key is a mistake (422 `idempotency-mismatch`);
- an answer that says nothing of the request itself (not signed in, forbidden, too large, too many, a fault of the
  server) is not kept: trying again may succeed;
- a process that died left its key behind: after `BUSY_SECONDS` the next request takes it over and runs. What the dead
  one had committed is committed, so a write must also stand on its own: names and versions that exist answer 409.

Answers may hold secrets that are shown once (a new token), so they are kept encrypted under the server's secret.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, delete, insert, select, update

from eden.base.database import Database
from eden.base.ids import now
from eden.base.problems import Problem
from eden.base.tables import idempotency

HEADER = "idempotency-key"
LONGEST_KEY = 200
KEPT_SECONDS = 24 * 3600
BUSY_SECONDS = 300
#: larger answers are not kept (none of ours is)
LARGEST_ANSWER = 1 << 20
#: statuses that say nothing of the request itself; of one that is too large (413) the end was never read
_FORGOTTEN = frozenset({401, 403, 408, 413, 429})

_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered; header names in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def is_kept(self) -> bool:
        """Whether the same request would be answered like this again."""
        return self.status < 500 and self.status not in _FORGOTTEN and len(self.body) <= LARGEST_ANSWER


@dataclass(frozen=True, slots=True)
class Claim:
    """This request runs under the key; `at` tells it from who takes it over later."""

    id: str
    at: int


def fingerprint(*parts: bytes) -> str:
    """SHA-256 of a list of bytes: no two different lists have the same input."""
    state = hashlib.sha256()
    for part in parts:
        state.update(len(part).to_bytes(8, "big") + part)
    return state.hexdigest()


def check_key(key: str) -> None:
    """Problem `invalid` for a key that is empty, too long, or not visible ASCII."""
    if not 1 <= len(key) <= LONGEST_KEY or not all("!" <= character <= "~" for character in key):
        sentence = f"The key has 1 to {LONGEST_KEY} visible ASCII characters; a UUID is a good one."
        raise Problem("invalid", f"The header Idempotency-Key is not valid. {sentence}", errors=[(HEADER, sentence)])


class Idempotency:
    """The table of keys. `secret` is the server's; `clock` gives µs in UTC."""

    def __init__(self, database: Database, secret: bytes, clock: Callable[[], int] = now) -> None:
        self._database = database
        self._cipher = AESGCM(hashlib.sha256(b"eden idempotency\0" + secret).digest())
        self._clock = clock

    async def claim(self, principal: str, key: str, request: str | None) -> Claim | Answer:
        """Take the key for a request, or get the answer of the one that had it.

        `principal` is the actor's kind and id; `request` the request's fingerprint, None when it is not known before
        the request has run (a streamed body): then an answer is only for those who call `matches` first.
        Problems `idempotency-busy`, `idempotency-mismatch`.
        """
        row_id = fingerprint(principal.encode(), key.encode())
        at = self._clock()

        def work(connection: Connection) -> Claim | tuple[int, list[list[str]], bytes]:
            row = connection.execute(select(idempotency).where(idempotency.c.id == row_id)).first()
            taken = {"request": request or "", "status": 0, "headers": [], "body": b"", "created_at": at}
            if row is None:
                connection.execute(insert(idempotency).values(id=row_id, **taken))
                return Claim(row_id, at)
            age = at - row.created_at
            if age >= (BUSY_SECONDS if row.status == 0 else KEPT_SECONDS) * _MICROSECONDS:
                connection.execute(update(idempotency).where(idempotency.c.id == row_id).values(**taken))
                return Claim(row_id, at)
            if request is not None and row.request not in ("", request):
                raise mismatch()
            if row.status == 0:
                raise Problem(
                    "idempotency-busy",
                    "The first request with this key is still running.",
                    "Send it again in a moment to get its answer.",
                    headers={"Retry-After": "1"},
                )
            return row.status, row.headers, row.body

        found = await self._database.write(work)
        if isinstance(found, Claim):
            return found
        status, headers, sealed = found
        body = self._cipher.decrypt(sealed[:12], sealed[12:], row_id.encode())
        return Answer(status, tuple((name, value) for name, value in headers), body)

    async def matches(self, principal: str, key: str, request: str) -> bool:
        """Whether the kept answer belongs to a request with this fingerprint."""
        row_id = fingerprint(principal.encode(), key.encode())
        kept = await self._database.read(
            lambda connection: connection.execute(
                select(idempotency.c.request).where(idempotency.c.id == row_id)
            ).scalar()
        )
        return kept == request

    async def keep(self, claim: Claim, request: str, answer: Answer) -> None:
        """The request has run; keep its answer, or nothing when it should be tried again."""
        if not answer.is_kept:
            await self.release(claim)
            return
        nonce = os.urandom(12)
        sealed = nonce + self._cipher.encrypt(nonce, answer.body, claim.id.encode())
        values = {
            "request": request,
            "status": answer.status,
            "headers": [list(header) for header in answer.headers],
            "body": sealed,
        }
        await self._database.write(
            lambda connection: connection.execute(
                update(idempotency)
                .where(idempotency.c.id == claim.id, idempotency.c.created_at == claim.at, idempotency.c.status == 0)
                .values(**values)
            )
        )

    async def release(self, claim: Claim) -> None:
        """The request came to nothing: the key is free again."""
        await self._database.write(
            lambda connection: connection.execute(
                delete(idempotency).where(
                    idempotency.c.id == claim.id, idempotency.c.created_at == claim.at, idempotency.c.status == 0
                )
            )
        )


def mismatch() -> Problem:
    """The key was used for another request."""
    return Problem(
        "idempotency-mismatch",
        "This Idempotency-Key was used for a different request.",
        "Make a new key for every new request; use one again only to repeat the same request.",
    )


def forget_old(connection: Connection, at: int) -> None:
    """Remove answers that nobody will ask for again; `at` is now, µs."""
    connection.execute(delete(idempotency).where(idempotency.c.created_at < at - KEPT_SECONDS * _MICROSECONDS))
