"""Batches as clients would make them, and the rows that come of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from eden.observe.digest import mas, otlp, posthog, sentry
from eden.observe.digest.digest import About
from eden.observe.interfaces import Accepted, AnyRow, Wire

#: 2026-09-21T14:13:20Z
NOW = 1_790_000_000.0
APP = 7
_ROWS = {"sentry": sentry.rows, "posthog": posthog.rows, "mas": mas.rows}


@dataclass
class Keeper(About):
    """What a digest is given, without source maps. `kept`: bytes by what they are called, at most `limit` each."""

    limit: int = 1_000_000
    kept: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.keep = self._keep

    def _keep(self, data: bytes) -> str | None:
        if len(data) > self.limit:
            return None
        name = f"blob-{len(self.kept)}"
        self.kept[name] = data
        return name


def rows(wire: Wire, body: bytes, about: About | None = None, received: float = NOW, /, **meta: str) -> list[AnyRow]:
    """Rows of a batch that came at `received`."""
    batch = Accepted(wire, APP, round(received * 1e6), b"", body, meta)
    digest = _ROWS.get(wire, otlp.rows)
    return list(digest(batch, about or Keeper()))


def envelope(headers: dict[str, Any], *items: tuple[str | dict[str, Any], Any]) -> bytes:
    """An envelope; an item is its type or headers, and its payload: bytes, or what becomes JSON."""
    return b"\n".join([json.dumps(headers).encode(), *_pieces(items)])


def _pieces(items: tuple[tuple[str | dict[str, Any], Any], ...]) -> Iterator[bytes]:
    for head, payload in items:
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        named = {"type": head} if isinstance(head, str) else head
        yield json.dumps({"length": len(data), **named}).encode()
        yield data


def sentry_rows(*items: tuple[str | dict[str, Any], Any], about: About | None = None, **headers: Any) -> list[AnyRow]:
    """Rows of an envelope."""
    return rows("sentry", envelope(headers, *items), about)


def one(found: list[AnyRow]) -> Any:
    """The only row."""
    assert len(found) == 1, found
    return found[0]


def props(row: Any) -> dict[str, Any]:
    """Its properties, which no digest of others leaves raw."""
    assert isinstance(row.props, dict)
    return row.props
