"""Typed clients of a catalogue, generated: one module each, the same for the same catalogue."""

from __future__ import annotations

from typing import Literal, TypeAlias

from eden.gateway.clients.calls import calls_of
from eden.gateway.clients.python import write_python
from eden.gateway.clients.typescript import write_typescript
from eden.gateway.interfaces import Catalogue

#: TypeScript for browsers, TypeScript for mini programs, Python
Language: TypeAlias = Literal["typescript", "miniprogram", "python"]
#: language → name of the module's file
LANGUAGES: dict[Language, str] = {"typescript": "gateway.ts", "miniprogram": "gateway.ts", "python": "gateway.py"}


def generate(catalogue: Catalogue, language: Language, *, title: str, group: str = "") -> str:
    """The module's text. `title` says in its head what it was made of; `group`: only operations of this one."""
    calls = calls_of(catalogue, group)
    if language == "python":
        return write_python(catalogue, calls, title)
    return write_typescript(catalogue, calls, title, mini=language == "miniprogram")
