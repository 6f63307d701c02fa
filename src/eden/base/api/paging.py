"""Lists by pages: `?limit=1..200&cursor=…` → {"items": […], "next_cursor": … | null}.

A cursor holds the sort key of the last item that was seen, so a page is found by the index and nothing is shown twice
or left out when items are added meanwhile. It is opaque by agreement, not secret: it is checked like any other input.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from litestar.params import QueryParameter

from eden.base.http import has_nul
from eden.base.problems import Problem

T = TypeVar("T")
U = TypeVar("U")

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200
#: characters; room for the longest name that is a key, 400 characters of four bytes
_LARGEST_CURSOR = 2400


class Page(msgspec.Struct, Generic[T]):
    """Some items of a list, and how to get the next ones."""

    items: list[T]
    next_cursor: str | None


def encode_cursor(key: Any) -> str:
    """A cursor for the key of the last item shown; `key` is anything that JSON has."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def decode_cursor(cursor: str, of: Any) -> Any:
    """The key inside. Problem `invalid` unless it is one of type `of`."""
    try:
        if len(cursor) > _LARGEST_CURSOR or not cursor.isascii():
            raise ValueError
        found = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        key = msgspec.json.decode(found, type=of)
        if has_nul(found) or not _fits(key):
            raise ValueError
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        sentence = "The cursor does not come from this list."
        raise Problem("invalid", sentence, "Begin without one.", errors=[("cursor", sentence)]) from None
    else:
        return key


def _fits(key: Any) -> bool:
    """Whether a database can compare with it: integers have 64 bits there."""
    if isinstance(key, list | tuple):
        return all(map(_fits, key))
    return not isinstance(key, int) or -(1 << 63) <= key < 1 << 63


@dataclass(frozen=True, slots=True)
class Paging:
    """What the client asked for. Dependency `paging`."""

    limit: int
    cursor: str | None

    def after(self, of: Any) -> Any:
        """The key (of type `of`) of the last item that the client has; None at the beginning."""
        return None if self.cursor is None else decode_cursor(self.cursor, of)

    def page(self, found: Sequence[T], key: Callable[[T], Any], show: Callable[[T], U]) -> Page[U]:
        """A page of `found`, which has one more item than `limit` when the list goes on."""
        items = found[: self.limit]
        more = len(found) > self.limit
        return Page([show(item) for item in items], encode_cursor(key(items[-1])) if more else None)


def provide_paging(
    limit: Annotated[
        int, QueryParameter(name="limit", ge=1, le=LARGEST_LIMIT, description="How many items a page has at most.")
    ] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None,
        QueryParameter(name="cursor", max_length=_LARGEST_CURSOR, description="`next_cursor` of the page before."),
    ] = None,
) -> Paging:
    """Reads `limit` and `cursor` of the query."""
    return Paging(limit, cursor)
