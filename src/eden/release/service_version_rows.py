"""Versions as rows: what is shown of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

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


def files_of(connection: Connection, version: Row[Any]) -> Sequence[Row[Any]]:
    """The rows of a version's files in their order; entries of archives make them large."""
    return connection.execute(
        select(version_files).where(version_files.c.version_id == version.id).order_by(version_files.c.position)
    ).all()


def show_full(
    connection: Connection, program: Row[Any], version: Row[Any], files: Sequence[Row[Any]] | None = None
) -> Version:
    """A version with its files and reviews; `files` when the caller has their rows, or wants none."""
    files = files_of(connection, version) if files is None else files
    said = connection.execute(select(reviews).where(reviews.c.version_id == version.id).order_by(reviews.c.at))
    return msgspec.structs.replace(
        show_version(program, version),
        files=tuple(
            VersionFile(
                name=file.name, size=file.size, sha256=file.sha256, served=file.served, entries=len(file.entries)
            )
            for file in files
        ),
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
