"""What a list holds: read from a file, changed by some entries, as columns of its row and blobs. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import Any, Literal

import msgspec

from eden.base.problems import Problem
from eden.base.targeting import IdList, UploadError, parse_ids, parse_patterns

Kind = Literal["exact", "patterns"]


class Content(msgspec.Struct, frozen=True):
    """`columns` of the list's row, and the `blobs` that they name: ids, one a line, for people, and entries for
    proofs."""

    columns: dict[str, Any]
    blobs: tuple[bytes, ...] = ()

    @property
    def digests(self) -> list[str]:
        """SHA-256 of the blobs."""
        named = (self.columns["ids_sha256"], self.columns["leaves_sha256"])
        return [digest for digest in named if digest is not None]


def read_content(kind: Kind, salt: str, content: bytes) -> Content:
    """Of a file: ids by commas or lines, or patterns by lines. Problem `invalid` tells the lines that are wrong."""
    try:
        if kind == "patterns":
            return _of_patterns(parse_patterns(content))
        return _of_ids(salt, parse_ids(content))
    except UploadError as error:
        raise _unreadable(error) from None


def edit_content(kind: Kind, salt: str, text: bytes, add: Sequence[str], remove: Collection[str]) -> Content:
    """Of a list with this text after additions and removals, each checked as in a file."""
    present = text.decode().splitlines()
    try:
        added = list((parse_patterns if kind == "patterns" else parse_ids)("\n".join(add))) if add else []
    except UploadError as error:
        raise _unreadable(error) from None
    left = [entry for entry in dict.fromkeys([*present, *added]) if entry not in remove]
    return read_content(kind, salt, "\n".join(left).encode())


def _of_ids(salt: str, ids: list[str]) -> Content:
    built = IdList.build(salt, ids)
    text = "".join(f"{one}\n" for one in ids).encode()
    columns = {
        "root": built.root,
        "size": len(built),
        "patterns": [],
        "ids_sha256": hashlib.sha256(text).hexdigest(),
        "leaves_sha256": hashlib.sha256(built.entries).hexdigest(),
    }
    return Content(columns, (text, built.entries))


def _of_patterns(patterns: tuple[str, ...]) -> Content:
    columns = {
        "root": "",
        "size": len(patterns),
        "patterns": list(patterns),
        "ids_sha256": None,
        "leaves_sha256": None,
    }
    return Content(columns)


def _unreadable(error: UploadError) -> Problem:
    errors = [(f"line {problem.line}" if problem.line else "body", problem.sentence) for problem in error.problems]
    return Problem("invalid", "The list cannot be used.", "Mend what is named.", errors=errors)
