"""app.json → the normalised application configuration (`AppConfig` of container/runtime/context.ts).

Wrong types never stop the build: what cannot be used is left out and reported.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from eden.build import jsonfile
from eden.build.diagnostics import Report
from eden.build.interfaces import JsonObject
from eden.build.paths import key_of, normalize
from eden.build.tree import SourceTree

APP = "app.json"
TAB_BAR_DEFAULTS: JsonObject = {
    "color": "#999999",
    "selectedColor": "#3cc51f",
    "backgroundColor": "#ffffff",
    "borderStyle": "black",
    "position": "bottom",
}


@dataclass(frozen=True, slots=True)
class Subpackage:
    """`root` has no slash at either end; `pages` are full program paths."""

    name: str
    root: str
    independent: bool
    pages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class App:
    """`config` is config.json without `components`; `raw` is app.json as written."""

    config: JsonObject
    raw: JsonObject
    text: str
    pages: tuple[str, ...]
    subpackages: tuple[Subpackage, ...]
    using_components: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    workers: str = ""

    def place(self, *keys: str | int) -> tuple[str, int, int]:
        """File, line and column of a value of app.json."""
        return (APP, *jsonfile.locate(self.text, *keys))


def read_json(tree: SourceTree, path: str, report: Report, *, fatal: bool = False) -> JsonObject | None:
    """The object in a JSON file; None, reported, if it is absent or holds anything else."""
    problem = report.error if fatal else report.warning
    value = tree.json(path)
    if isinstance(value, jsonfile.JsonProblem):
        problem("bad-json", f"this is not JSON: {value.message}", path, value.line, value.column)
        return None
    if not isinstance(value, dict):
        if path in tree.paths:
            problem("bad-json", "the file must hold a JSON object", path, 1, 1)
        return None
    return value


class _Reader:
    """Takes values of the expected type out of app.json and reports the others."""

    def __init__(self, raw: JsonObject, text: str, report: Report) -> None:
        self.raw, self.text, self.report = raw, text, report

    def take(self, key: str, kind: type, default: Any) -> Any:
        value = self.raw.get(key)
        if value is None:
            return default
        if not isinstance(value, kind):
            self.wrong(f"{key} must be {_A[kind]}", key)
            return default
        return value

    def wrong(self, message: str, *keys: str | int) -> None:
        self.report.warning("bad-config", f"{message}; it is ignored", APP, *jsonfile.locate(self.text, *keys))


_A = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}


def read_app(tree: SourceTree, report: Report) -> App | None:
    """app.json of the program; None when nothing can run, with the errors in `report`."""
    raw = read_json(tree, APP, report, fatal=True)
    if raw is None:
        if not report.failed:
            report.error("no-program", f"{APP} cannot be read", APP)
        return None
    text = tree.text(APP) or ""
    reader = _Reader(raw, text, report)
    main_pages = _pages(reader, "", reader.take("pages", list, []), ("pages",))
    subpackages = _subpackages(reader)
    pages = _unique(main_pages, subpackages, reader)
    if not pages:
        line = jsonfile.locate(text, "pages")
        report.error("no-pages", "pages names no page", APP, *(line if line[0] else (1, 1)))
        return None
    entry = normalize(_string(raw.get("entryPagePath")))
    if entry and entry not in pages:
        reader.wrong(f"entryPagePath {entry} is not one of the pages", "entryPagePath")
        entry = ""
    config: JsonObject = {
        "entry": entry or pages[0],
        "pages": list(pages),
        "window": reader.take("window", dict, {}),
        "tabBar": _tab_bar(reader, pages, tree),
        "darkmode": raw.get("darkmode") is True,
        "theme": _theme(tree, reader),
        "subpackages": [
            {"name": part.name, "root": part.root, "independent": part.independent, "pages": list(part.pages)}
            for part in subpackages
        ],
        "preloadRule": _preload_rule(reader, subpackages, pages),
        "resolveAlias": _strings(reader, "resolveAlias"),
        "permission": {
            scope: entry for scope, entry in reader.take("permission", dict, {}).items() if isinstance(entry, dict)
        },
        "networkTimeout": {
            kind: limit
            for kind, limit in reader.take("networkTimeout", dict, {}).items()
            if isinstance(limit, int | float)
        },
        "plugins": {
            alias: entry for alias, entry in reader.take("plugins", dict, {}).items() if isinstance(entry, dict)
        },
        "debug": raw.get("debug") is True,
        "style": _string(raw.get("style")),
    }
    for key in ("requiredBackgroundModes", "requiredPrivateInfos"):
        if isinstance(raw.get(key), list):
            config[key] = raw[key]
    for key in ("lazyCodeLoading", "renderer", "componentFramework"):
        if isinstance(raw.get(key), str):
            config[key] = raw[key]
    for alias in config["plugins"]:
        report.warning(
            "plugin", f"plugin {alias} cannot run outside WeChat; what uses it stays empty",
            APP, *jsonfile.locate(text, "plugins", alias),
        )  # fmt: skip
    workers = raw.get("workers")
    if isinstance(workers, dict):
        workers = workers.get("path")
    return App(
        config, raw, text, pages, subpackages,
        _strings(reader, "usingComponents"), config["resolveAlias"], normalize(_string(workers)),
    )  # fmt: skip


def _pages(
    reader: _Reader, root: str, listed: Any, keys: tuple[str | int, ...]
) -> list[tuple[str, tuple[str | int, ...]]]:
    found = []
    for index, page in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(page, dict):  # {"path": …}, as some tools write it
            page = page.get("path")
        path = normalize(f"{root}/{page}") if isinstance(page, str) else ""
        if not path or path == root:
            reader.wrong("a page must be a path", *keys, index)
        else:
            found.append((key_of(path) if path.endswith((".js", ".wxml", ".html")) else path, (*keys, index)))
    return found


def _unique(
    main_pages: list[tuple[str, tuple[str | int, ...]]], subpackages: tuple[Subpackage, ...], reader: _Reader
) -> tuple[str, ...]:
    pages: dict[str, None] = {}
    for path, keys in main_pages:
        if path in pages:
            reader.report.warning(
                "duplicate-page", f"{path} is registered twice", APP, *jsonfile.locate(reader.text, *keys)
            )
        pages[path] = None
    for part in subpackages:
        pages |= dict.fromkeys(part.pages)
    return tuple(pages)


def _subpackages(reader: _Reader) -> tuple[Subpackage, ...]:
    found: list[Subpackage] = []
    taken = {"main", "maps"}
    seen: set[str] = set()
    for key in ("subpackages", "subPackages"):
        for index, entry in enumerate(reader.take(key, list, [])):
            if not isinstance(entry, dict) or not normalize(_string(entry.get("root"))):
                reader.wrong("a subpackage must be an object with a root", key, index)
                continue
            root = normalize(entry["root"])
            if any(part.root == root for part in found):
                reader.wrong(f"subpackage {root} is declared twice", key, index)
                continue
            pages = []
            for path, keys in _pages(reader, root, entry.get("pages"), (key, index, "pages")):
                if path in seen:
                    reader.report.warning(
                        "duplicate-page", f"{path} is registered twice", APP, *jsonfile.locate(reader.text, *keys)
                    )
                    continue
                seen.add(path)
                pages.append(path)
            name = normalize(_string(entry.get("name"))).replace("/", "-") or root
            if name in taken:
                name = root if root not in taken else f"{root}-{index}"
            taken.add(name)
            found.append(Subpackage(name, root, entry.get("independent") is True, tuple(pages)))
    return tuple(found)


def _tab_bar(reader: _Reader, pages: tuple[str, ...], tree: SourceTree) -> JsonObject | None:
    raw = reader.take("tabBar", dict, None)
    if raw is None:
        return None
    items = []
    listed = raw.get("list")
    for index, item in enumerate(listed if isinstance(listed, list) else []):
        path = normalize(_string(item.get("pagePath"))) if isinstance(item, dict) else ""
        path = key_of(path) if path.endswith(".html") else path
        if path not in pages:
            reader.wrong(f"tab {path or index + 1} is not one of the pages", "tabBar", "list", index)
            continue
        tab = {"pagePath": path, "text": _string(item.get("text"))}
        for icon in ("iconPath", "selectedIconPath"):
            value = _string(item.get(icon))
            if value.startswith(("@", "http:", "https:", "data:")):
                tab[icon] = value
            elif value:
                tab[icon] = normalize(value)
                if tab[icon] not in tree.paths:
                    place = jsonfile.locate(reader.text, "tabBar", "list", index, icon)
                    reader.report.warning("missing-file", f"icon {tab[icon]} does not exist", APP, *place)
        items.append(tab)
    if not items:
        return None
    given = {key: raw[key] for key in TAB_BAR_DEFAULTS if isinstance(raw.get(key), str)}
    return TAB_BAR_DEFAULTS | given | {"custom": raw.get("custom") is True, "list": items}


def _theme(tree: SourceTree, reader: _Reader) -> JsonObject | None:
    location = normalize(_string(reader.raw.get("themeLocation"))) or "theme.json"
    theme = read_json(tree, location, reader.report)
    if theme is None:
        if "themeLocation" in reader.raw and location not in tree.paths:
            reader.report.warning(
                "missing-file", f"{location} does not exist", APP, *jsonfile.locate(reader.text, "themeLocation")
            )
        return None
    return {
        name: {key: value for key, value in _dict(theme.get(name)).items() if isinstance(value, str)}
        for name in ("light", "dark")
    }


def _preload_rule(reader: _Reader, subpackages: tuple[Subpackage, ...], pages: tuple[str, ...]) -> JsonObject:
    names = {key: part.name for part in subpackages for key in (part.root, part.name)} | {"__APP__": "main"}
    rules: JsonObject = {}
    for page, rule in reader.take("preloadRule", dict, {}).items():
        wanted = rule.get("packages") if isinstance(rule, dict) else None
        if normalize(page) not in pages or not isinstance(wanted, list):
            reader.wrong(f"the preload rule of {page} has no page or no packages", "preloadRule", page)
            continue
        packages = [
            names[name]
            for entry in wanted
            if isinstance(entry, str)
            for name in (entry, normalize(entry))
            if name in names
        ]
        network = rule.get("network") if rule.get("network") in ("all", "wifi") else "wifi"
        rules[normalize(page)] = {"network": network, "packages": list(dict.fromkeys(packages))}
    return rules


def _strings(reader: _Reader, key: str) -> dict[str, str]:
    return {name: value for name, value in reader.take(key, dict, {}).items() if isinstance(value, str)}


def _string(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _dict(value: object) -> JsonObject:
    return value if isinstance(value, dict) else {}
