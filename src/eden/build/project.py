"""Finding the program in a project folder, and what project.config.json says of it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from eden.build import jsonfile
from eden.build.diagnostics import Report
from eden.build.interfaces import BuildError, JsonObject
from eden.build.tree import SKIPPED_FOLDERS, decode

#: where an app.json is looked for when project.config.json does not say
COMMON_FOLDERS = ("", "miniprogram", "src", "dist", "example", "demo", "app", "client", "miniprogram_dist",
                  "miniprogram_dev", "_example", "examples")  # fmt: skip
CONFIG_FILES = ("project.config.json", "project.private.config.json")


@dataclass(frozen=True, slots=True)
class Project:
    """A project: `folder` holds project.config.json (if any), `root` holds app.json."""

    folder: Path
    root: Path
    app_id: str
    name: str
    description: str
    settings: JsonObject = field(default_factory=dict)
    #: patterns of packOptions.ignore: (type, value) with type file, folder, suffix, prefix, regexp or glob
    ignored: tuple[tuple[str, str], ...] = ()
    #: program paths of folders that belong to the project but not to the program (cloud functions)
    foreign: tuple[str, ...] = ()
    npm_relations: tuple[tuple[str, str], ...] = ()

    def prefers(self, language: str) -> bool:
        """The project has WeChat's compiler plugin for `language` (typescript, less, sass) on."""
        plugins = self.settings.get("useCompilerPlugins")
        return language in plugins if isinstance(plugins, list) else False


def find(source: Path, report: Report) -> Project:
    """The program in `source`, which may be the project, the program's root or a folder above one.

    Raises BuildError when there is none, or when several could be meant.
    """
    source = source.absolute()
    if not source.is_dir():
        report.error("no-program", f"{source.name or source} is not a folder")
        raise BuildError(report.sorted())
    folder = _config_folder(source)
    root = _root(source, folder, _config(folder, Report()), report)
    if not (folder / CONFIG_FILES[0]).is_file():
        # the project may lie deeper than the folder that was given
        folder = next((place for place in _between(root, source) if (place / CONFIG_FILES[0]).is_file()), folder)
    config = _config(folder, report)
    settings = _object(config.get("setting"))
    relations = settings.get("packNpmRelationList") if settings.get("packNpmManually") else None
    return Project(
        folder,
        root,
        _text(config.get("appid")) or _slug(source.name),
        unquote(_text(config.get("projectname"))) or source.name,
        _text(config.get("description")),
        settings,
        tuple(_ignored(config)),
        tuple(_foreign(folder, root, config)),
        tuple(
            (_text(entry.get("packageJsonPath")), _text(entry.get("miniprogramNpmDistDir")))
            for entry in relations or []
            if isinstance(entry, dict)
        ),
    )


def typescript_options(project: Project) -> str:
    """tsconfig.json beside project.config.json or app.json, reduced to what changes how a module runs; "" if none."""
    for folder in (project.folder, project.root):
        try:
            value = jsonfile.parse(decode((folder / "tsconfig.json").read_bytes()))
        except (OSError, jsonfile.JsonProblem):
            continue
        options = _object(_object(value).get("compilerOptions"))
        kept: JsonObject = {
            key: options[key]
            for key, kind in (("experimentalDecorators", bool), ("useDefineForClassFields", bool), ("target", str))
            if isinstance(options.get(key), kind)
        }
        if not re.fullmatch(r"(?i)es(3|5|6|20\d\d|next)", kept.get("target", "")):
            kept.pop("target", None)
        return jsonfile.dump({"compilerOptions": kept})
    return ""


def _config_folder(source: Path) -> Path:
    """The folder of project.config.json: the given one, or up to two above when the program's root was given."""
    if (source / "app.json").is_file():
        for folder in (source, *list(source.parents)[:2]):
            if (folder / CONFIG_FILES[0]).is_file():
                return folder
    return source


def _between(root: Path, source: Path) -> list[Path]:
    """The folders from `root` up to `source`."""
    return [place for place in (root, *root.parents) if source == place or source in place.parents]


def _config(folder: Path, report: Report) -> JsonObject:
    """Both configuration files merged, the private one winning, as in WeChat's tools."""
    merged: JsonObject = {}
    for name in CONFIG_FILES:
        try:
            text = decode((folder / name).read_bytes())
        except FileNotFoundError:
            continue
        except OSError as error:
            report.warning("unreadable-file", f"{name} cannot be read: {error.strerror}", name)
            continue
        try:
            value = jsonfile.parse(text)
        except jsonfile.JsonProblem as problem:
            report.warning("bad-json", f"{name} is ignored: {problem.message}", name, problem.line, problem.column)
            continue
        for key, part in _object(value).items():
            if isinstance(part, dict) and isinstance(merged.get(key), dict):
                merged[key] = merged[key] | part
            else:
                merged[key] = part
    return merged


def _root(source: Path, folder: Path, config: JsonObject, report: Report) -> Path:
    if (source / "app.json").is_file() and source != folder:
        return source
    declared = _text(config.get("miniprogramRoot")) or _text(config.get("srcMiniprogramRoot"))
    if declared:
        root = Path(os.path.normpath(folder / declared))
        if (root / "app.json").is_file():
            return root
        if root != folder:
            report.warning("missing-file", f"miniprogramRoot {declared} holds no app.json", CONFIG_FILES[0])
    for name in COMMON_FOLDERS[:2]:
        if (folder / name / "app.json").is_file():
            return folder / name
    found = [folder / name for name in COMMON_FOLDERS if (folder / name / "app.json").is_file()] or _search(folder)
    if len(found) > 1:
        # of several, the one that WeChat's tools know: its folder or the one above has a project.config.json
        known = [path for path in found if any((place / CONFIG_FILES[0]).is_file() for place in (path, path.parent))]
        found = known if len(known) == 1 else found
    if len(found) == 1:
        return found[0]
    if not found:
        report.error("no-program", "there is no app.json in this folder or in the usual places below it", "app.json")
    else:
        names = ", ".join(path.relative_to(folder).as_posix() for path in found[:8])
        report.error("ambiguous-program", f"several folders hold an app.json; give one of them: {names}")
    raise BuildError(report.sorted())


def _search(folder: Path, depth: int = 4) -> list[Path]:
    """Folders with an app.json, down to `depth` levels; not below one that was found."""
    found: list[Path] = []
    level = [folder]
    for _ in range(depth):
        below: list[Path] = []
        for place in level:
            try:
                children = sorted(entry.path for entry in os.scandir(place) if entry.is_dir(follow_symlinks=False))
            except OSError:
                continue
            for child in map(Path, children):
                if child.name.startswith(".") or child.name in SKIPPED_FOLDERS or child.name == "miniprogram_npm":
                    continue
                (found if (child / "app.json").is_file() else below).append(child)
        level = below
    return found


def _ignored(config: JsonObject) -> list[tuple[str, str]]:
    ignored = _object(config.get("packOptions")).get("ignore")
    return [
        (_text(entry.get("type")) or "file", _text(entry.get("value")))
        for entry in (ignored if isinstance(ignored, list) else [])
        if isinstance(entry, dict) and _text(entry.get("value"))
    ]


def _foreign(folder: Path, root: Path, config: JsonObject) -> list[str]:
    found = []
    for key in ("cloudfunctionRoot", "cloudbaseRoot", "qcloudRoot", "pluginRoot"):
        if declared := _text(config.get(key)):
            relative = os.path.relpath(os.path.normpath(folder / declared), root).replace(os.sep, "/")
            if relative != "." and not relative.startswith(".."):
                found.append(relative)
    return found


def _object(value: object) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _slug(name: str) -> str:
    return "".join(char if char.isascii() and (char.isalnum() or char in "-_.") else "-" for char in name) or "program"
