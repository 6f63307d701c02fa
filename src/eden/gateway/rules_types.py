"""The small language of types: `string`, `Account[]`, `map<long?>`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from eden.gateway.interfaces import SCALARS


class Named(msgspec.Struct, frozen=True):
    """A scalar or a model."""

    name: str

    @property
    def is_scalar(self) -> bool:
        return self.name in SCALARS


class ListOf(msgspec.Struct, frozen=True):
    """A JSON array."""

    of: TypeNode


class MapOf(msgspec.Struct, frozen=True):
    """A JSON object with any names."""

    of: TypeNode


class Maybe(msgspec.Struct, frozen=True):
    """The same, or null."""

    of: TypeNode


TypeNode: TypeAlias = Named | ListOf | MapOf | Maybe

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: a type that is nested deeper is a mistake
_DEEPEST = 20


def parse_type(text: str) -> TypeNode:
    """ValueError, with a sentence, for a text that is no type."""
    node, end = _parse(text, 0, 0)
    if end != len(text):
        raise ValueError(f"{text!r} is no type: {text[end:]!r} is left over")
    return node


def _parse(text: str, start: int, depth: int) -> tuple[TypeNode, int]:
    if depth > _DEEPEST:
        raise ValueError("the type is nested too deeply")
    found = _NAME.match(text, start)
    if found is None:
        raise ValueError(f"{text!r} is no type: a name is missing at character {start + 1}")
    node: TypeNode
    end = found.end()
    if found[0] == "map" and text.startswith("<", end):
        inner, end = _parse(text, end + 1, depth + 1)
        if not text.startswith(">", end):
            raise ValueError(f"{text!r} is no type: '>' is missing at character {end + 1}")
        node, end = MapOf(inner), end + 1
    else:
        node = Named(found[0])
    while end < len(text):
        depth += 1
        if depth > _DEEPEST:
            raise ValueError("the type is nested too deeply")
        if text.startswith("[]", end):
            node, end = ListOf(node), end + 2
        elif text[end] == "?" and not isinstance(node, Maybe):
            node, end = Maybe(node), end + 1
        else:
            break
    return node, end


def write_type(node: TypeNode) -> str:
    """The text that `parse_type` reads."""
    match node:
        case Named(name):
            return name
        case ListOf(of):
            return f"{write_type(of)}[]"
        case MapOf(of):
            return f"map<{write_type(of)}>"
        case Maybe(of):
            return f"{write_type(of)}?"


def models_in(node: TypeNode) -> Iterator[str]:
    """Names of models in it."""
    while not isinstance(node, Named):
        node = node.of
    if not node.is_scalar:
        yield node.name


def without_null(node: TypeNode) -> TypeNode:
    """The type of the values that are not null."""
    return node.of if isinstance(node, Maybe) else node


def is_plain(node: TypeNode) -> bool:
    """Whether it can be written in an address or a header: a scalar that is no file."""
    node = without_null(node)
    return isinstance(node, Named) and node.is_scalar and node.name not in ("any", "file")
