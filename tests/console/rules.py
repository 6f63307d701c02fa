"""What holds for every room of the console: a service's own test is

def test_pages():
    assert room_problems(ROOM) == []
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import BaseLoader, nodes

from eden.console.frame import FRAME, Room, environment
from eden.console.messages import LOCALES, Message, read_catalogue

#: in HTML: what the policy of the pages forbids
_IN_HTML = {
    r"\sstyle\s*=": "an inline style",
    r"<style[\s>]": "an inline style sheet",
    r"<script(?![^>]*\ssrc=)": "an inline script",
    r"\son[a-z]+\s*=": "an inline handler",
    r"\shx-on[:=-]": "a handler that needs eval",
    r"javascript:": "an address that is a script",
}
#: in Jinja: what would switch off escaping
_IN_JINJA = {
    r"\|\s*safe\b": "the filter safe; make Markup in Python, where it can be tested",
    r"autoescape\s+false": "autoescape switched off",
}


@dataclass
class _Used:
    """Keys of messages in the sources of a room; `calls` have the names of the values."""

    keys: set[str] = field(default_factory=set)
    prefixes: set[str] = field(default_factory=set)
    calls: list[tuple[str, str, frozenset[str]]] = field(default_factory=list)

    def covers(self, key: str) -> bool:
        return key in self.keys or any(key.startswith(prefix) for prefix in self.prefixes)


def room_problems(room: Room) -> list[str]:
    """Sentences about catalogues that differ, keys that are missing or unused, and templates that break the policy."""
    return [*_catalogue_problems(room), *_template_problems(room), *_use_problems(room)]


def _catalogue_problems(room: Room) -> Iterator[str]:
    english, chinese = (read_catalogue(room.folder / f"messages.{locale}.toml") for locale in LOCALES)
    for key in english.keys() ^ chinese.keys():
        yield f"{key} is in one catalogue only"
    for key in english.keys() & chinese.keys():
        if english[key].placeholders != chinese[key].placeholders:
            yield f"{key} has other placeholders in Chinese"
        if not english[key].text.strip() or not chinese[key].text.strip():
            yield f"{key} is empty"


def _templates(room: Room) -> list[Path]:
    return sorted((room.folder / "templates").rglob("*.html"))


def _template_problems(room: Room) -> Iterator[str]:
    for path in _templates(room):
        text = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.DOTALL)
        markup = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.DOTALL)
        for source, patterns in ((markup, _IN_HTML), (text, _IN_JINJA)):
            for pattern, what in patterns.items():
                if found := re.search(pattern, source):
                    yield f"{path.name} has {what}: {source[found.start() : found.end() + 30].strip()}"


def _use_problems(room: Room) -> Iterator[str]:
    english = read_catalogue(room.folder / "messages.en.toml")
    frame = read_catalogue(Path(environment.__code__.co_filename).parent / "messages.en.toml")
    known: dict[str, Message] = {**frame, **english}
    used = _Used()
    for path in _templates(room):
        _read_template(path, used)
    for path in sorted(room.folder.rglob("*.py")):
        _read_python(path, used, (f"{room.name}.", f"{FRAME.name}."))
    for key in english:
        if not used.covers(key):
            yield f"{key} is not used"
    for prefix in used.prefixes:
        if not any(key.startswith(prefix) for key in known):
            yield f"no key begins with {prefix}"
    for where, key, values in used.calls:
        if key not in known:
            yield f"{where}: there is no message {key}"
        elif known[key].placeholders != values:
            yield f"{where}: {key} takes {sorted(known[key].placeholders)}, not {sorted(values)}"


def _read_template(path: Path, used: _Used) -> None:
    tree = environment(BaseLoader()).parse(path.read_text("utf-8"))
    for call in tree.find_all(nodes.Call):
        if not (isinstance(call.node, nodes.Name) and call.node.name == "t") or not call.args:
            continue
        first = call.args[0]
        if isinstance(first, nodes.Const):
            used.calls.append((path.name, first.value, frozenset(value.key for value in call.kwargs)))
        elif isinstance(first, nodes.Concat) and isinstance(first.nodes[0], nodes.Const):
            used.prefixes.add(first.nodes[0].value)
    used.keys.update(str(constant.value) for constant in tree.find_all(nodes.Const))


def _read_python(path: Path, used: _Used, rooms: tuple[str, ...]) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            used.keys.add(node.value)
        elif isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
            start = str(node.values[0].value)
            if start.startswith(rooms) and re.fullmatch(r"[a-z-]+\.([a-z-]+\.)+", start):
                used.prefixes.add(start)
