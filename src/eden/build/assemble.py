"""From compiled parts to archives; what did not change since the last build is not written again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, TypeVar

from eden.build import jsonfile, package, scripts
from eden.build.interfaces import JsonObject, PackageArchive, ScriptOutput, StyleOutput
from eden.build.templates import Group

T = TypeVar("T")


@dataclass(slots=True)
class Part:
    """A package to be, with what goes into it; the main package has an empty root."""

    name: str
    root: str
    independent: bool
    config: JsonObject = field(default_factory=dict)
    group: Group = field(default_factory=Group)
    modules: list[tuple[str, ScriptOutput | str]] = field(default_factory=list)
    sheets: list[StyleOutput] = field(default_factory=list)
    #: entry name → content
    files: dict[str, bytes] = field(default_factory=dict)


class Assembler:
    """One per Builder."""

    def __init__(self, render: Callable[[str, Group], str]) -> None:
        """`render` gives the text of templates.js for a package's name and group."""
        self._render = render
        self._prints = package.Fingerprints()
        self._old: dict[str, tuple[object, Any]] = {}
        self._kept: dict[str, tuple[object, Any]] = {}

    def assemble(self, parts: Sequence[Part]) -> list[PackageArchive]:
        """The archives of all parts, and that of the source maps, which is last."""
        self._prints.turn()
        self._old, self._kept = self._kept, {}
        *files, maps_file = package.file_names([*((part.name, part.root) for part in parts), ("maps", "")])
        jobs: list[tuple[Part, str, dict[str, bytes]]] = []
        maps: dict[str, bytes] = {}
        for part, file in zip(parts, files, strict=True):
            entries, maps[f"{part.name}/scripts.js.map"] = self._entries(part)
            jobs.append((part, file, entries))
        jobs.append((Part("maps", "", True), maps_file, maps))
        # most of an archive's time is hashing, which other threads need not wait for
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda job: self._archive(*job), jobs))

    def _entries(self, part: Part) -> tuple[dict[str, bytes], bytes]:
        """What is in the archive of a part, and the source map of its scripts."""
        name, group = part.name, part.group
        templates = (list(group.templates.items()), list(group.modules.items()))
        code, code_map = self._once(f"{name}:scripts", part.modules, partial(scripts.write_modules, part.modules))
        return part.files | {
            "code/config.json": self._once(f"{name}:config", part.config, partial(_json, part.config)),
            "code/templates.js": self._once(f"{name}:templates", templates, lambda: _bytes(self._render(name, group))),
            "code/scripts.js": code,
            "code/styles.json": self._once(f"{name}:styles", part.sheets, partial(_styles, part.sheets)),
        }, code_map

    def _archive(self, part: Part, file: str, entries: dict[str, bytes]) -> PackageArchive:
        place = (part.root, part.independent, file)
        make = partial(package.archive, part.name, *place, entries, self._prints)
        return self._once(f"{part.name}:archive", (place, entries), make)

    def _once(self, name: str, inputs: object, make: Callable[[], T]) -> T:
        """`make()`, or what it gave in the last build if the inputs are equal; what is identical compares at once."""
        known = self._old.get(name)
        value: T = known[1] if known is not None and known[0] == inputs else make()
        self._kept[name] = (inputs, value)
        return value

    def manifest(self, about: JsonObject, archives: Sequence[PackageArchive]) -> JsonObject:
        return package.manifest(about, archives, self._prints)


def _styles(sheets: Sequence[StyleOutput]) -> bytes:
    """A JSON object as `jsonfile.dump` writes it."""
    by_key = {sheet.key: sheet for sheet in sheets}
    return b"{%b}" % b",".join(_sheet(by_key[key]) for key in sorted(by_key))


@lru_cache(maxsize=4096)
def _sheet(sheet: StyleOutput) -> bytes:
    """A sheet's member of the object."""
    entry: JsonObject = {"css": sheet.css}
    if sheet.imports:
        entry["imports"] = list(sheet.imports)
    if sheet.fonts:
        entry["fonts"] = sheet.fonts
    return b"%b:%b" % (_bytes(jsonfile.dump(sheet.key)), _json(entry))


def _json(value: Mapping[str, object]) -> bytes:
    return _bytes(jsonfile.dump(value))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
