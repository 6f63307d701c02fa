"""The program's files: one walk per build, contents cached across builds."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

#: folders that are never part of a program
SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "__MACOSX"})
#: nesting and number of files that no program has; guards against links that lead out of the project
MAX_DEPTH = 60
MAX_FILES = 100_000


@dataclass(slots=True)
class _Content:
    """What is known of one file on disk while its stamp (mtime, size, inode) stays the same."""

    stamp: tuple[int, int, int]
    data: bytes | None = None
    text: str | None = None
    digest: str | None = None


class SourceTree:
    """Implements `interfaces.Source` for a folder, with folders mounted and files made in memory on top."""

    def __init__(self, root: Path) -> None:
        self.root = root
        #: places that could not be read, with the reason
        self.unreadable: dict[str, str] = {}
        self._paths: dict[str, _Content] = {}
        self._places: dict[str, str] = {}
        self._known: dict[str, _Content] = {}

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

    def digest(self, path: str) -> str | None:
        data = self.bytes(path)
        if data is None:
            return None
        content = self._paths[path]
        if content.digest is None:
            content.digest = hashlib.sha256(data).hexdigest()
        return content.digest

    # ---- walking

    def _add(self, prefix: str, folder: str, known: Mapping[str, _Content]) -> None:
        for path, entry, stamp in self._walk(prefix, folder, _identities(folder)):
            if path in self._paths:
                continue
            if len(self._paths) >= MAX_FILES:
                self.unreadable["."] = f"there are more than {MAX_FILES} files; the others are left out"
                break
            place = entry.path
            content = known.get(place)
            if content is None or content.stamp != stamp:
                content = _Content(stamp)
            self._paths[path] = self._known[place] = content
            self._places[path] = place

    def _walk(
        self, prefix: str, folder: str, above: list[tuple[int, int]]
    ) -> Iterator[tuple[str, os.DirEntry[str], tuple[int, int, int]]]:
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            self.unreadable[prefix.rstrip("/") or "."] = error.strerror or str(error)
            return
        for entry in entries:
            name = entry.name
            if name.startswith("."):
                continue
            try:
                name.encode()
                state = entry.stat()
                if not entry.is_dir():
                    if entry.is_file():
                        yield prefix + name, entry, (state.st_mtime_ns, state.st_size, entry.inode())
                    continue
            except UnicodeEncodeError:
                self.unreadable[prefix + name.encode("utf-8", "replace").decode()] = "its name is not UTF-8"
                continue
            except OSError as error:
                self.unreadable[prefix + name] = error.strerror or str(error)
                continue
            identity = (state.st_dev, state.st_ino)
            # Windows gives no inode here: the depth alone guards
            looped = identity[1] != 0 and identity in above
            if name not in SKIPPED_FOLDERS and not looped and prefix.count("/") < MAX_DEPTH:
                yield from self._walk(f"{prefix}{name}/", entry.path, [*above, identity])


def _identities(folder: str) -> list[tuple[int, int]]:
    """The folder and all above it: a link to one of them would lead around in a circle."""
    found = []
    place = Path(folder).resolve()
    for above in (place, *place.parents):
        with suppress(OSError):
            state = above.stat()
            found.append((state.st_dev, state.st_ino))
    return found


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
