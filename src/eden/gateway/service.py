"""The catalogue of a workspace: revisions, each whole.

A change is a new revision by compare-and-swap, with an audit entry and a feed row in the same transaction. Nothing is
ever written over, so what was there at any time can be shown, compared and brought back exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
import zstandard
from sqlalchemy import Connection, insert, select

from eden.base.changes import append
from eden.base.ground import Ground
from eden.base.identity.principal import Principal, check_permission
from eden.base.ids import now
from eden.base.problems import Problem, not_found
from eden.gateway.interfaces import CATALOGUE_CHANGED, Catalogue
from eden.gateway.models import gateway_catalogues
from eden.gateway.rules_catalogue import Finding, check
from eden.gateway.rules_plan import Change, Summary, diff, summary
from eden.gateway.rules_ready import check_ready
from eden.gateway.stored import Stored

#: bytes of a document as JSON; 5,000 operations with their models have some 5 MB
MOST_BYTES = 16_000_000
#: findings that one refusal names
_NAMED = 50

T = TypeVar("T")


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """Who made a revision, when (µs) and why; `summary`: against the one before."""

    revision: int
    summary: Summary
    author: str
    note: str
    at: int


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What putting a document in place of `revision` would change, and what is found in it."""

    revision: int
    changes: list[Change]
    findings: list[Finding]


def encode(catalogue: Catalogue) -> bytes:
    """The document as JSON: names of things sorted, fields and parameters in the author's order."""
    return msgspec.json.encode(
        msgspec.structs.replace(
            catalogue,
            groups=dict(sorted(catalogue.groups.items())),
            operations=dict(sorted(catalogue.operations.items())),
            models=dict(sorted(catalogue.models.items())),
            authorizers=dict(sorted(catalogue.authorizers.items())),
        )
    )


def load(connection: Connection, workspace_id: str) -> tuple[int, Catalogue]:
    """The revision that counts, and its catalogue; 0 and an empty one before the first."""
    found = _newest(connection, workspace_id, 0)
    return (0, Catalogue()) if found is None else (found[0], _opened(found[1]))


def load_stored(
    connection: Connection, workspace_id: str, known: int, before: Stored | None
) -> tuple[int, Stored] | None:
    """The revision that counts, and its catalogue, for whoever serves `before` of revision `known`; None: it is that
    one."""
    found = _newest(connection, workspace_id, known)
    return None if found is None else (found[0], Stored(_text(found[1]), before))


def workspaces_served(connection: Connection) -> list[str]:
    """Ids of the workspaces that have a catalogue."""
    query = select(gateway_catalogues.c.workspace_id).distinct().order_by(gateway_catalogues.c.workspace_id)
    return list(connection.execute(query).scalars())


class Catalogues:
    """One per process. Methods check the principal's permission first: `gateway.read`, to change `gateway.write`."""

    def __init__(self, ground: Ground, clock: Callable[[], int] = now) -> None:
        self._ground = ground
        self._clock = clock

    async def get(self, principal: Principal, workspace_id: str) -> tuple[int, Catalogue]:
        """The revision that counts, and its catalogue."""
        check_permission(principal, workspace_id, "gateway.read")
        return await self._ground.database.read(lambda connection: load(connection, workspace_id))

    async def at(self, principal: Principal, workspace_id: str, revision: int) -> tuple[Revision, Catalogue]:
        """A revision of before. Problem `not-found`."""
        check_permission(principal, workspace_id, "gateway.read")
        return await self._ground.database.read(lambda connection: _find(connection, workspace_id, revision))

    async def history(
        self, principal: Principal, workspace_id: str, *, before: int | None = None, limit: int = 50
    ) -> list[Revision]:
        """The newest first, below `before`."""
        check_permission(principal, workspace_id, "gateway.read")
        table = gateway_catalogues.c
        query = select(table.revision, table.summary, table.author, table.note, table.at)
        query = query.where(table.workspace_id == workspace_id).order_by(table.revision.desc()).limit(limit)
        if before is not None:
            query = query.where(table.revision < before)
        rows = await self._ground.database.read(lambda connection: connection.execute(query).all())
        return [_revision(*row) for row in rows]

    async def compare(self, principal: Principal, workspace_id: str, before: int, after: int) -> list[Change]:
        """What lies between two revisions; 0 is the empty document of before the first. Problem `not-found`."""
        check_permission(principal, workspace_id, "gateway.read")

        def work(connection: Connection) -> tuple[Catalogue, Catalogue]:
            # first the one that was asked for, as a problem names the first that does not exist
            new, old = (Catalogue() if n == 0 else _find(connection, workspace_id, n)[1] for n in (after, before))
            return old, new

        return diff(*await self._ground.database.read(work))

    async def plan(self, principal: Principal, workspace_id: str, wanted: Catalogue) -> Plan:
        """What `put` would change. A document with errors has a plan, too: it names them."""
        revision, there = await self.get(principal, workspace_id)
        changes, findings = diff(there, wanted), check(wanted)
        if not any(one.level == "error" for one in findings):
            findings = [*check_ready(wanted, encode(wanted), changes), *findings]
        return Plan(revision=revision, changes=changes, findings=findings)

    async def put(
        self, principal: Principal, workspace_id: str, wanted: Catalogue, *, revision: int | None = None, note: str = ""
    ) -> int:
        """Put a document in the place of what is there; the revision that has it. One that changes nothing makes no
        revision. `revision`: the one that the principal saw; Problem `conflict` when there is a newer one, `invalid`
        with the places of all errors."""
        made, _ = await self.change(principal, workspace_id, lambda _: (wanted, None), revision=revision, note=note)
        return made

    async def change(
        self,
        principal: Principal,
        workspace_id: str,
        edit: Callable[[Catalogue], tuple[Catalogue, T]],
        *,
        revision: int | None = None,
        note: str = "",
    ) -> tuple[int, T]:
        """As `put`, of what `edit` makes of the document that is there, with what else it gives. It may run again."""
        check_permission(principal, workspace_id, "gateway.write")
        if len(note) > 400:
            raise Problem("invalid", "A note has at most 400 characters.", errors=[("note", "at most 400 characters")])

        def work(connection: Connection) -> tuple[int, T]:
            last, there = load(connection, workspace_id)
            if revision is not None and revision != last:
                raise changed_meanwhile(last)
            wanted, more = edit(there)
            refuse_errors(check(wanted))
            changes = diff(there, wanted)
            if not changes:
                return last, more
            document = encode(wanted)
            refuse_errors(check_ready(wanted, document, changes))
            self._do_put(connection, principal, workspace_id, last, document, changes, note)
            return last + 1, more

        return await self._ground.database.write(work)

    async def revert(
        self, principal: Principal, workspace_id: str, to: int, *, revision: int | None = None, note: str = ""
    ) -> int:
        """Put the document of revision `to` (0: the empty one) in the place of what is there, as a new revision.
        Problem `not-found`."""
        check_permission(principal, workspace_id, "gateway.write")
        wanted = Catalogue() if to == 0 else (await self.at(principal, workspace_id, to))[1]
        words = note or f"back to revision {to}"
        return await self.put(principal, workspace_id, wanted, revision=revision, note=words)

    def _do_put(
        self,
        connection: Connection,
        principal: Principal,
        workspace_id: str,
        last: int,
        document: bytes,
        changes: Sequence[Change],
        note: str,
    ) -> None:
        if len(document) > MOST_BYTES:
            raise Problem("too-large", f"The catalogue has more than {MOST_BYTES:,} bytes.", "Leave out some of it.")
        short: dict[str, Any] = msgspec.to_builtins(summary(changes))
        connection.execute(
            insert(gateway_catalogues).values(
                workspace_id=workspace_id,
                revision=last + 1,
                document=zstandard.compress(document),
                summary=short,
                author=principal.name,
                author_id=principal.user_id or principal.id,
                note=note,
                at=self._clock(),
            )
        )
        detail = short | {"revision": last + 1, "note": note}
        self._ground.audit.append(
            connection, workspace_id, principal.name, "gateway.catalogue.change", str(last + 1), detail
        )
        append(connection, CATALOGUE_CHANGED, workspace_id, {"revision": last + 1})


def changed_meanwhile(revision: int) -> Problem:
    """Somebody has made a newer revision than the one that was seen."""
    return Problem(
        "conflict",
        f"Somebody changed the catalogue meanwhile: it is at revision {revision}.",
        "Look at it again, then change it.",
    )


def refuse_errors(findings: Sequence[Finding]) -> None:
    """Problem `invalid` that names the places, when there is an error among them."""
    errors = [finding for finding in findings if finding.level == "error"]
    if errors:
        more = f" There are {len(errors) - 1} more." if len(errors) > 1 else ""
        raise Problem(
            "invalid",
            f"{errors[0].place}: {errors[0].sentence}{more}",
            errors[0].hint,
            errors=[(one.place, f"{one.sentence} {one.hint}".rstrip()) for one in errors[:_NAMED]],
        )


def _find(connection: Connection, workspace_id: str, revision: int) -> tuple[Revision, Catalogue]:
    table = gateway_catalogues.c
    row = connection.execute(
        select(gateway_catalogues).where(table.workspace_id == workspace_id, table.revision == revision)
    ).first()
    if row is None:
        raise not_found(f"The revision {revision}")
    return _revision(row.revision, row.summary, row.author, row.note, row.at), _opened(row.document)


def _revision(revision: int, short: Any, author: str, note: str, at: int) -> Revision:
    return Revision(revision=revision, summary=msgspec.convert(short, Summary), author=author, note=note, at=at)


def _newest(connection: Connection, workspace_id: str, known: int) -> tuple[int, bytes] | None:
    """The revision that counts, and its document; None: there is none above `known`."""
    table = gateway_catalogues.c
    query = select(table.revision, table.document).where(table.workspace_id == workspace_id, table.revision > known)
    row = connection.execute(query.order_by(table.revision.desc()).limit(1)).first()
    return None if row is None else (row.revision, row.document)


def _text(document: bytes) -> bytes:
    return zstandard.decompress(document, max_output_size=MOST_BYTES)


def _opened(document: bytes) -> Catalogue:
    return msgspec.json.decode(_text(document), type=Catalogue)
