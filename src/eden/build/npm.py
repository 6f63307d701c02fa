"""npm packages that the program has not built itself: taken from node_modules by the rules of WeChat's "build npm".

A package made for mini programs (a `miniprogram` field in its package.json, or a folder `miniprogram_dist`) is used
from that folder as it is. Any other one is bundled from its main file into one CommonJS module. Packages already in
a `miniprogram_npm` folder of the program win. See WeChat's "npm 支持".
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from eden.base import tools
from eden.base.errors import EdenError
from eden.build import jsonfile
from eden.build.appconfig import App
from eden.build.diagnostics import Report
from eden.build.interfaces import JsonObject
from eden.build.paths import normalize
from eden.build.project import Project
from eden.build.tree import SourceTree, decode

WEUI = "miniprogram_npm/weui-miniprogram"
WEUI_STYLE = f"{WEUI}/weui-wxss/dist/style/weui.wxss"
#: a bundle that takes longer than this is given up, in seconds
BUNDLE_TIMEOUT = 60
#: how far above the project a workspace's node_modules is looked for
_LEVELS_ABOVE = 3
#: a module of Node itself cannot be bundled; requiring it fails when it runs, as on WeChat
_NODE_MODULES = (
    "assert async_hooks buffer child_process cluster console constants crypto dgram dns domain events fs fs/promises "
    "http http2 https inspector module net os path perf_hooks process punycode querystring readline repl stream "
    "string_decoder sys timers tls tty url util v8 vm worker_threads zlib node:*"
).split()


class Npm:
    """Puts packages into the tree that the program needs and does not have; one per Builder."""

    def __init__(self) -> None:
        self._weui = False
        self._places: list[tuple[Path, str]] = []
        #: bundles by entry file, with what they were made from
        self._bundles: dict[Path, tuple[tuple[int, int], bytes | str]] = {}

    def prepare(self, project: Project, tree: SourceTree, app: App, report: Report) -> None:
        """Show the packages made for mini programs that package.json names; the others come when asked for."""
        self._places = _places(project)
        extended = app.raw.get("useExtendedLib")
        self._weui = isinstance(extended, dict) and bool(extended.get("weui"))
        for folder, prefix in self._places:
            for name in _dependencies(folder):
                self._mount(folder / "node_modules" / name, f"{prefix}miniprogram_npm/{name}", tree)
        if self._weui:
            tree.mount(WEUI, tools.vendored("weui-miniprogram"))

    def provide(self, specifier: str, tree: SourceTree, report: Report) -> bool:
        """Put what an npm specifier (`name`, `@scope/name/part`) means into the tree; False if it cannot be had."""
        name, part = split(specifier)
        if not name:
            return False
        for folder, prefix in self._places:
            package = folder / "node_modules" / name
            if not (package / "package.json").is_file():
                continue
            target = f"{prefix}miniprogram_npm/{name}"
            if self._mount(package, target, tree):
                return True
            if (entry := _entry(package, part)) is None:
                continue
            bundle = self._bundle(entry)
            if isinstance(bundle, str):
                report.warning("npm-build", f"npm package {name} could not be built: {bundle}", "package.json")
                return False
            tree.put(f"{target}/{part or 'index'}.js".replace(".js.js", ".js"), bundle)
            return True
        return False

    def global_styles(self, tree: SourceTree) -> list[str]:
        """Sheets that extended libraries add to the app's."""
        return [WEUI_STYLE] if self._weui and WEUI_STYLE in tree.paths else []

    def _mount(self, package: Path, target: str, tree: SourceTree) -> bool:
        """Show a package made for mini programs; False if it is another kind of package."""
        about = _read(package / "package.json")
        folder = about.get("miniprogram")
        declared = package / folder if isinstance(folder, str) and folder else package / "miniprogram_dist"
        if not declared.is_dir():
            return False
        tree.mount(target, declared)
        return True

    def _bundle(self, entry: Path) -> bytes | str:
        """The package as one CommonJS module, or why there is none."""
        try:
            state = entry.stat()
        except OSError as error:
            return error.strerror or str(error)
        stamp = (state.st_mtime_ns, state.st_size)
        known = self._bundles.get(entry)
        if known is None or known[0] != stamp:
            known = self._bundles[entry] = (stamp, _run_esbuild(entry))
        return known[1]


def split(specifier: str) -> tuple[str, str]:
    """`@scope/name/a/b` → (`@scope/name`, `a/b`); ("", "") for what cannot name a package."""
    if not specifier or specifier[0] in "./~" or any(char in specifier for char in '\\:\0*?"<>|'):
        return "", ""
    parts = specifier.split("/")
    count = 2 if specifier.startswith("@") else 1
    if len(parts) < count or any(part in ("", ".", "..") for part in parts):
        return "", ""
    return "/".join(parts[:count]), "/".join(parts[count:])


def _places(project: Project) -> list[tuple[Path, str]]:
    """Folders with a node_modules, each with the folder of the program into which its packages go ("" or "sub/")."""
    places: list[tuple[Path, str]] = []
    for package_json, target in project.npm_relations:
        root = (project.folder / target).resolve()
        program = project.root.resolve()
        inside = root == program or program in root.parents
        prefix = f"{normalize(root.relative_to(program).as_posix())}/" if inside and root != program else ""
        places.append(((project.folder / package_json).parent, prefix))
    above = [project.root, *project.root.parents]
    depth = above.index(project.folder) if project.folder in above else 0
    places += [(folder, "") for folder in above[: depth + 1 + _LEVELS_ABOVE]]
    unique = dict(reversed(places))
    return [
        (folder, unique[folder]) for folder in dict.fromkeys(folder for folder, _ in places) if _has_modules(folder)
    ]


def _has_modules(folder: Path) -> bool:
    try:
        return (folder / "node_modules").is_dir()
    except OSError:
        return False


def _dependencies(folder: Path) -> list[str]:
    """Names in `dependencies` of package.json, and of the packages made for mini programs among them."""
    names: dict[str, None] = {}
    queue = [_read(folder / "package.json")]
    while queue:
        wanted = queue.pop().get("dependencies")
        for name in sorted(wanted) if isinstance(wanted, dict) else ():
            if split(name)[0] == name and name not in names:
                names[name] = None
                about = _read(folder / "node_modules" / name / "package.json")
                if "miniprogram" in about:
                    queue.append(about)
    return list(names)


def _entry(package: Path, part: str) -> Path | None:
    """File from which to bundle: a part that was named, else the main file."""
    about = _read(package / "package.json")
    wanted: list[Any] = [part] if part else [about.get("main"), about.get("module"), "index"]
    for name in wanted:
        if not isinstance(name, str) or not name:
            continue
        for candidate in (name, f"{name}.js", f"{name}/index.js", f"{name}.cjs", f"{name}.mjs"):
            path = package / candidate
            try:
                if path.is_file():
                    return path
            except (OSError, ValueError):
                continue
    return None


def _run_esbuild(entry: Path) -> bytes | str:
    options = [
        "--bundle", "--format=cjs", "--platform=neutral", "--main-fields=main,module", "--charset=utf8",
        "--target=es2020", '--define:process.env.NODE_ENV="production"', "--define:global=globalThis",
        "--log-level=error", "--log-limit=1", "--color=false", "--legal-comments=none",
        *(f"--external:{name}" for name in _NODE_MODULES),
    ]  # fmt: skip
    try:
        done = subprocess.run(
            [tools.esbuild(), entry.name, *options],
            cwd=entry.parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=BUNDLE_TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        return f"it took longer than {BUNDLE_TIMEOUT} s"
    except (OSError, EdenError) as error:
        return str(error)
    if done.returncode:
        lines = [line.strip() for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        return lines[0].removeprefix("✘ [ERROR] ") if lines else "esbuild failed"
    return done.stdout


def _read(path: Path) -> JsonObject:
    try:
        value = jsonfile.parse(decode(path.read_bytes()))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
