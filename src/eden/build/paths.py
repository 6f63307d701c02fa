"""Program paths: joining, normalising, and where a name in usingComponents or require() may lead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

#: what a normal path does not have: a slash at an end, an empty part, one that begins with a dot, a backslash
_UNTIDY = re.compile(r"^[/.]|/[/.]|/$|\\")


def normalize(path: str) -> str:
    """Collapse "", "." and ".."; no leading slash. ".." at the root stays at the root, as in the runtime."""
    if not _UNTIDY.search(path):
        return path
    parts: list[str] = []
    for part in path.replace("\\", "/").split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def folder_of(path: str) -> str:
    """Folder with its trailing slash; "" for a file in the root."""
    return path[: path.rfind("/") + 1]


def key_of(path: str) -> str:
    """Path without the extension of its last part."""
    dot = path.rfind(".")
    return path[:dot] if dot > path.rfind("/") + 1 else path


def extension_of(path: str) -> str:
    """Lower-case, with the dot; "" if none."""
    return path[len(key_of(path)) :].lower()


def apply_alias(name: str, aliases: Mapping[str, str]) -> str | None:
    """resolveAlias of app.json: `{"@/*": "/src/*"}`; the first pattern that fits wins. The result is absolute."""
    for pattern, target in aliases.items():
        if pattern == name:
            return normalize(target)
        if pattern.endswith("*") and name.startswith(pattern[:-1]):
            return normalize(target.removesuffix("*") + name[len(pattern) - 1 :])
    return None


def npm_candidates(name: str, folder: str) -> Iterator[str]:
    """`name` in the miniprogram_npm of `folder` (trailing slash or "") and of every folder above it."""
    while True:
        yield normalize(f"{folder}miniprogram_npm/{name}")
        if not folder:
            return
        folder = folder_of(folder[:-1])


def candidates(name: str, owner: str, aliases: Mapping[str, str]) -> Iterator[str]:
    """Paths that `name`, written in the file `owner`, may mean, best first (no extension added)."""
    name = name.removeprefix("npm:")
    if (aliased := apply_alias(name, aliases)) is not None:
        yield aliased
        return
    if name.startswith("/"):
        yield normalize(name)
        return
    folder = folder_of(owner)
    yield normalize(folder + name)
    if not name.startswith("."):
        yield from npm_candidates(name, folder)
        yield normalize(name)


def package_of(path: str, roots: Mapping[str, str]) -> str:
    """Name of the part that holds `path`; `roots` maps subpackage root → name, longest roots first."""
    for root, name in roots.items():
        if path.startswith(f"{root}/"):
            return name
    return "main"
