"""Versions as rows: what is shown of them."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, CursorResult, Row, Text, select, type_coerce

from eden.release.comparison import Side
from eden.release.interfaces import SignedState, VersionState
from eden.release.models import reviews, version_files


class VersionFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a version. `served`: devices may fetch it; `entries`: number of files inside."""

    name: str
    size: int
    sha256: str
    served: bool
    entries: int


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """What a reviewer said; `verdict` is "approved" or "rejected"."""

    reviewer: str
    verdict: str
    comment: str
    at: int


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A version. `signed_state`: what devices may do with it (null: nothing); `size`: bytes that a device fetches at
    most; `files` and `reviews` are left out in lists."""

    id: str
    program: str
    code: int
    name: str
    state: VersionState
    signed_state: SignedState | None
    container: int
    size: int
    manifest: dict[str, Any]
    notes: str
    author: str
    created_at: int
    files: tuple[VersionFile, ...] = ()
    reviews: tuple[Review, ...] = ()


#: how many files are inside, without reading what they are
_COUNT = msgspec.json.Decoder(list[msgspec.Raw])


def sides_of(connection: Connection, version: Row[Any]) -> list[Side]:
    """A version's files in their order, with what is inside; that makes them large."""
    return [Side(row.name, row.size, row.sha256, row.inside) for row in _files(connection, version)]


def _files(connection: Connection, version: Row[Any]) -> CursorResult[Any]:
    columns = version_files.c
    # as text: who needs it reads it, or counts
    inside = type_coerce(columns.entries, Text).label("inside")
    return connection.execute(
        select(columns.name, columns.size, columns.sha256, columns.served, inside)
        .where(columns.version_id == version.id)
        .order_by(columns.position)
    )


def show_full(connection: Connection, program: Row[Any], version: Row[Any]) -> Version:
    """A version with its files and reviews."""
    files = tuple(
        VersionFile(
            name=row.name, size=row.size, sha256=row.sha256, served=row.served, entries=len(_COUNT.decode(row.inside))
        )
        for row in _files(connection, version)
    )
    return msgspec.structs.replace(show_reviewed(connection, program, version), files=files)


def show_reviewed(connection: Connection, program: Row[Any], version: Row[Any]) -> Version:
    """A version with its reviews, and without its files, which takes longer."""
    said = connection.execute(select(reviews).where(reviews.c.version_id == version.id).order_by(reviews.c.at))
    return msgspec.structs.replace(
        show_version(program, version),
        reviews=tuple(
            Review(reviewer=row.reviewer, verdict=row.verdict, comment=row.comment, at=row.at) for row in said
        ),
    )


def show_version(program: Row[Any], row: Row[Any]) -> Version:
    return Version(
        id=row.id,
        program=program.key,
        code=row.code,
        name=row.name,
        state=VersionState(row.state),
        signed_state=None if row.signed_state is None else SignedState(row.signed_state),
        container=row.container,
        size=row.size,
        manifest=row.manifest,
        notes=row.notes,
        author=row.author,
        created_at=row.created_at,
    )
