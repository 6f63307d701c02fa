"""Which pages and components a program consists of, and what each one's JSON file says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from eden.build import jsonfile
from eden.build.appconfig import APP, App, read_json
from eden.build.diagnostics import Report
from eden.build.interfaces import JsonObject
from eden.build.paths import candidates, folder_of, normalize
from eden.build.tree import SourceTree

SCRIPT_EXTENSIONS = (".js", ".ts")
STYLE_EXTENSIONS = (".wxss", ".less", ".scss", ".sass")
UNIT_EXTENSIONS = (".json", ".wxml", *SCRIPT_EXTENSIONS)
#: what the container stands in for: form controls and behaviours that WeChat names by address
_FOREIGN = ("plugin://", "plugin-private://", "dynamicLib://", "ext://", "wx://")


@dataclass(slots=True)
class Unit:
    """A page or component. `path` is its key; `config` is its JSON, components resolved to keys."""

    path: str
    page: bool
    config: JsonObject
    #: aliases in its usingComponents, those of missing components included
    declared: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Program:
    units: Mapping[str, Unit]
    #: the global usingComponents of app.json, resolved
    shared: Mapping[str, str]
    #: aliases in it, those of missing components included
    declared: frozenset[str]


def read_program(app: App, tree: SourceTree, provide: Callable[[str], bool], report: Report) -> Program:
    """Follow usingComponents from the pages. What is missing is reported and left out; a page stays registered.

    `provide` puts into the tree what a name means that leads nowhere yet, if it can.
    """
    return _Walker(app, tree, provide, report).walk()


def first_of(tree: SourceTree, key: str, extensions: tuple[str, ...]) -> str | None:
    """The file of this key with the first of the extensions that exists."""
    return next((key + extension for extension in extensions if key + extension in tree.paths), None)


class _Walker:
    def __init__(self, app: App, tree: SourceTree, provide: Callable[[str], bool], report: Report) -> None:
        self.app, self.tree, self.provide, self.report = app, tree, provide, report
        self.found: dict[tuple[str, str], str] = tree.answers("components", dict(app.aliases))
        self.units: dict[str, Unit] = {}
        self.queue: list[str] = []

    def walk(self) -> Program:
        for page in self.app.pages:
            self._read(page, page=True)
        shared = self._resolve_all(self.app.using_components, APP, self.app.text)
        tab_bar = self.app.config["tabBar"]
        if tab_bar and tab_bar["custom"]:
            self._implied("custom-tab-bar/index", "tabBar.custom is set", "tabBar")
        if isinstance(self.app.raw.get("appBar"), dict) and self._exists("app-bar/index"):
            self._reach("app-bar/index")
        while self.queue:
            self._read(self.queue.pop(), page=False)
        return Program(dict(sorted(self.units.items())), shared, frozenset(self.app.using_components))

    def _implied(self, key: str, because: str, *place: str) -> None:
        if self._exists(key):
            self._reach(key)
        else:
            self.report.warning("missing-file", f"{because}, but {key} does not exist", *self.app.place(*place))

    def _read(self, key: str, *, page: bool) -> None:
        if key in self.units:
            return
        file = f"{key}.json"
        config = read_json(self.tree, file, self.report) or {}
        text = self.tree.text(file) or ""
        unit = self.units[key] = Unit(key, page, {}, frozenset(_keys(config.get("usingComponents"))))
        if page and not any(key + extension in self.tree.paths for extension in (".wxml", *SCRIPT_EXTENSIONS)):
            self._missing_page(key)
        unit.config = self._config(config, file, text, page)

    def _missing_page(self, key: str) -> None:
        keys = self._page_places.get(key, ("pages",))
        problem = self.report.error if key == self.app.config["entry"] else self.report.warning
        problem("missing-page", f"page {key} has neither script nor template", *self.app.place(*keys))

    @cached_property
    def _page_places(self) -> dict[str, tuple[str | int, ...]]:
        return {path: keys for keys, path in _page_places(self.app)}

    def _config(self, raw: JsonObject, file: str, text: str, page: bool) -> JsonObject:
        config = dict(raw)
        for key, kind in (("usingComponents", dict), ("componentGenerics", dict), ("componentPlaceholder", dict)):
            if key in config and not isinstance(config[key], kind):
                del config[key]
                self.report.warning(
                    "bad-config", f"{key} must be an object; it is ignored", file, *jsonfile.locate(text, key)
                )
        if "usingComponents" in config:
            config["usingComponents"] = self._resolve_all(config["usingComponents"], file, text)
        if "componentGenerics" in config:
            config["componentGenerics"] = self._generics(config["componentGenerics"], file, text)
        if not page:
            config["component"] = True
        return config

    def _generics(self, raw: JsonObject, file: str, text: str) -> JsonObject:
        generics: JsonObject = {}
        for name, value in raw.items():
            default = value.get("default") if isinstance(value, dict) else None
            resolved = None
            if isinstance(default, str):
                resolved = self._resolve(default, file, text, ("componentGenerics", name, "default"))
            generics[name] = {"default": resolved} if resolved else True
        return generics

    def _resolve_all(self, raw: Mapping[str, object], file: str, text: str) -> dict[str, str]:
        resolved = {}
        for alias, target in raw.items():
            if isinstance(target, str) and (path := self._resolve(target, file, text, ("usingComponents", alias))):
                resolved[alias] = path
        return resolved

    def _resolve(self, target: str, file: str, text: str, keys: tuple[str, ...]) -> str | None:
        """Key of a component, which is put into the queue; an address with a scheme stays as it is."""
        target = target.strip()
        if target.startswith(_FOREIGN):
            self.report.warning(
                "plugin", f"component {keys[1]} comes from a plugin ({target}); it stays empty",
                file, *jsonfile.locate(text, *keys),
            )  # fmt: skip
            return target
        found = self._find(target, file)
        if found is None and self.provide(target.removeprefix("npm:")):
            found = self._find(target, file)
        if found is not None:
            self._reach(found)
            return found
        npm = not target.startswith((".", "/")) and "/" in target
        self.report.warning(
            "missing-npm" if npm and not self._below(target, file) else "missing-component",
            f"component {keys[1]} ({target}) does not exist", file, *jsonfile.locate(text, *keys),
        )  # fmt: skip
        return None

    def _find(self, target: str, file: str) -> str | None:
        if not target:
            return None
        asked = (target, folder_of(file))
        # what was put into the tree for the last build need not be there yet
        if (known := self.found.get(asked)) is not None and self._exists(known):
            return known
        for candidate in candidates(target, file, self.app.aliases):
            for key in (candidate, candidate.removesuffix(".js"), f"{candidate}/index" if candidate else "index"):
                if self._exists(key):
                    self.found[asked] = key
                    return key
        return None

    def _below(self, target: str, file: str) -> bool:
        """The first folder of `target` is one beside `file`: a local path, not the name of an npm package."""
        prefix = normalize(folder_of(file) + target.split("/")[0]) + "/"
        return any(path.startswith(prefix) for path in self.tree.paths)

    def _exists(self, key: str) -> bool:
        return any(key + extension in self.tree.paths for extension in UNIT_EXTENSIONS)

    def _reach(self, key: str) -> None:
        if key not in self.units:
            self.queue.append(key)


def _keys(value: object) -> list[str]:
    return list(value) if isinstance(value, dict) else []


def _page_places(app: App) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Where each page stands in app.json."""
    pages = app.raw.get("pages")
    for index, page in enumerate(pages if isinstance(pages, list) else []):
        if isinstance(page, str):
            yield ("pages", index), normalize(page)
    for key in ("subpackages", "subPackages"):
        parts = app.raw.get(key)
        for number, part in enumerate(parts if isinstance(parts, list) else []):
            listed = part.get("pages") if isinstance(part, dict) else None
            for index, page in enumerate(listed if isinstance(listed, list) else []):
                if isinstance(page, str):
                    yield (key, number, "pages", index), normalize(f"{part.get('root')}/{page}")
