"""The program's files: one walk per build, contents cached across builds."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Set
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any

from eden.build import jsonfile

#: folders that are never part of a program
SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "__MACOSX"})
#: nesting and number of files that no program has; guards against links that lead out of the project
MAX_DEPTH = 60
MAX_FILES = 100_000


_UNREAD = object()
_NAME = attrgetter("name")


@dataclass(slots=True)
class _Content:
    """What is known of one file on disk while its stamp (mtime, size, inode) stays the same."""

    stamp: tuple[int, int, int]
    data: bytes | None = None
    text: str | None = None
    digest: str | None = None
    json: Any = _UNREAD


class SourceTree:
    """Implements `interfaces.Source` for a folder, with folders mounted and files made in memory on top."""

    def __init__(self, root: Path) -> None:
        self.root = root
        #: places that could not be read, with the reason
        self.unreadable: dict[str, str] = {}
        self._paths: dict[str, _Content] = {}
        self._places: dict[str, str] = {}
        self._known: dict[str, _Content] = {}
        self._answers: dict[str, tuple[object, dict[Any, Any]]] = {}

    def refresh(self) -> None:
        """Look at the disk again; mounts and files in memory are dropped."""
        self.unreadable = {}
        self._paths, self._places = {}, {}
        known, self._known = self._known, {}
        self._add("", str(self.root), known)

    def mount(self, prefix: str, folder: Path) -> None:
        """Show the files of `folder` under `prefix`; files already there win."""
        self._add(f"{prefix}/", str(folder), self._known)

    def put(self, path: str, data: bytes) -> None:
        """Show a file made in memory, unless there is one on disk."""
        self._paths.setdefault(path, _Content((0, len(data), 0), data))

    def answers(self, stage: str, *rules: object) -> dict[Any, Any]:
        """What a stage found out from `paths` and `rules` alone; empty once either is not what it was last time."""
        basis = (frozenset(self._paths), rules)
        known = self._answers.get(stage)
        if known is None or known[0] != basis:
            known = self._answers[stage] = (basis, {})
        return known[1]

    # ---- Source

    @property
    def paths(self) -> Set[str]:
        return self._paths.keys()

    def file(self, path: str) -> Path | None:
        place = self._places.get(path)
        return None if place is None else Path(place)

    def bytes(self, path: str) -> bytes | None:
        content = self._paths.get(path)
        if content is None:
            return None
        if content.data is None:
            try:
                with open(self._places[path], "rb") as file:
                    content.data = file.read()
            except OSError as error:
                self.unreadable[path] = error.strerror or str(error)
                del self._paths[path]
                return None
        return content.data

    def text(self, path: str) -> str | None:
        data = self.bytes(path)
        if data is None:
            return None
        content = self._paths[path]
        if content.text is None:
            content.text = decode(data)
        return content.text

    def json(self, path: str) -> Any:
        """The value in a JSON file, not to be changed, or the JsonProblem in the way of reading it; None if absent."""
        text = self.text(path)
        if text is None:
            return None
        content = self._paths[path]
        if content.json is _UNREAD:
            try:
                content.json = jsonfile.parse(text)
            except jsonfile.JsonProblem as problem:
                content.json = problem
        return content.json

    def digest(self, path: str) -> str | None:
        data = self.bytes(path)
        if data is None:
            return None
        content = self._paths[path]
        if content.digest is None:
            content.digest = hashlib.sha256(data).hexdigest()
        return content.digest

    # ---- walking

    def _add(self, prefix: str, root: str, known: Mapping[str, _Content]) -> None:
        above = _above(root)
        folders = [(prefix, root)]
        while folders:
            prefix, folder = folders.pop()
            try:
                with os.scandir(folder) as listing:
                    entries = sorted(listing, key=_NAME)
            except OSError as error:
                self.unreadable[prefix.rstrip("/") or "."] = error.strerror or str(error)
                continue
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                path = prefix + entry.name
                try:
                    path.encode()
                    if entry.is_dir():
                        if self._enters(path, entry, above):
                            folders.append((f"{path}/", entry.path))
                    elif entry.is_file() and path not in self._paths:
                        state = entry.stat()
                        stamp = (state.st_mtime_ns, state.st_size, state.st_ino)
                        place = entry.path
                        content = known.get(place)
                        if content is None or content.stamp != stamp:
                            content = _Content(stamp)
                        self._paths[path] = self._known[place] = content
                        self._places[path] = place
                except UnicodeEncodeError:
                    self.unreadable[path.encode("utf-8", "replace").decode()] = "its name is not UTF-8"
                except OSError as error:
                    self.unreadable[path] = error.strerror or str(error)
            if len(self._paths) > MAX_FILES:
                self.unreadable["."] = f"there are more than {MAX_FILES} files; the others are left out"
                return

    def _enters(self, path: str, entry: os.DirEntry[str], above: set[str]) -> bool:
        if entry.name in SKIPPED_FOLDERS or path.count("/") >= MAX_DEPTH:
            return False
        # a link to a folder that holds it, or the whole tree, would lead around in a circle
        return not entry.is_symlink() or os.path.realpath(entry.path) not in above | _above(os.path.dirname(entry.path))


def _above(folder: str) -> set[str]:
    """The real path of a folder, and of all above it."""
    place = Path(os.path.realpath(folder))
    return {str(place), *map(str, place.parents)}


def decode(data: bytes) -> str:
    """Text of a source file: BOM dropped, UTF-8, else UTF-16 by BOM, else GB18030."""
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")
