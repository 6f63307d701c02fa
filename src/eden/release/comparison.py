"""Two versions side by side, and where the bytes of one are. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Literal, TypeAlias

import msgspec

#: path, size, SHA-256 of a file in an archive
Entry: TypeAlias = "tuple[str, int, str] | Sequence[str | int]"

#: what a file is, by its extension; "other" for the rest
KINDS: Mapping[str, tuple[str, ...]] = {
    "code": (".js", ".mjs", ".wasm", ".html", ".wxs"),
    "styles": (".css", ".wxss"),
    "data": (".json", ".xml", ".txt", ".csv", ".bin", ".pb"),
    "images": (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".ico", ".avif", ".bmp"),
    "fonts": (".ttf", ".otf", ".woff", ".woff2", ".eot"),
    "media": (".mp3", ".mp4", ".aac", ".m4a", ".wav", ".ogg", ".webm", ".mov", ".silk"),
    "maps": (".map",),
}
_KIND_OF = {extension: kind for kind, extensions in KINDS.items() for extension in extensions}


class FileChange(msgspec.Struct, frozen=True, kw_only=True):
    """A file that differs; the size is null where it is absent."""

    package: str
    path: str
    change: Literal["added", "removed", "changed"]
    before: int | None
    after: int | None


class PackageChange(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the version, such as main.zip; the size is null where it is absent."""

    name: str
    before: int | None
    after: int | None
    same: bool


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """All that differs, sorted by package and path; files that are the same are counted only."""

    packages: list[PackageChange]
    files: list[FileChange]
    unchanged: int


class LargeFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a version; `size` in bytes."""

    package: str
    path: str
    size: int


class SizeReport(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of the files in the archives by package, by kind of file, and the largest files."""

    packages: dict[str, int]
    kinds: dict[str, int]
    largest: list[LargeFile]


class Side(msgspec.Struct, frozen=True):
    """A file of a version with what is inside: name, size, SHA-256, entries."""

    name: str
    size: int
    sha256: str
    entries: Sequence[Entry]


def compare(before: Iterable[Side], after: Iterable[Side]) -> Comparison:
    """What changed from one version to the other, file by file."""
    old, new = {side.name: side for side in before}, {side.name: side for side in after}
    packages, files, unchanged = [], [], 0
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        packages.append(
            PackageChange(
                name=name,
                before=None if was is None else was.size,
                after=None if now is None else now.size,
                same=was is not None and now is not None and was.sha256 == now.sha256,
            )
        )
        inside_old, inside_new = _inside(was), _inside(now)
        for path in sorted(inside_old.keys() | inside_new.keys()):
            first, second = inside_old.get(path), inside_new.get(path)
            if first == second:
                unchanged += 1
                continue
            change: Literal["added", "removed", "changed"] = "changed"
            if first is None or second is None:
                change = "added" if first is None else "removed"
            files.append(
                FileChange(
                    package=name,
                    path=path,
                    change=change,
                    before=None if first is None else first[0],
                    after=None if second is None else second[0],
                )
            )
    return Comparison(packages=packages, files=files, unchanged=unchanged)


def size_report(sides: Iterable[Side], largest: int = 20) -> SizeReport:
    """Where the bytes are; files outside of archives count as their own package."""
    packages: dict[str, int] = {}
    kinds = dict.fromkeys((*KINDS, "other"), 0)
    each: list[LargeFile] = []
    for side in sides:
        entries = [(str(path), int(size)) for path, size, _ in side.entries] or [(side.name, side.size)]
        packages[side.name] = sum(size for _, size in entries)
        for path, size in entries:
            kinds[_KIND_OF.get(PurePosixPath(path.lower()).suffix, "other")] += size
            each.append(LargeFile(package=side.name, path=path, size=size))
    each.sort(key=lambda file: (-file.size, file.package, file.path))
    return SizeReport(
        packages=packages, kinds={kind: size for kind, size in kinds.items() if size}, largest=each[:largest]
    )


def _inside(side: Side | None) -> dict[str, tuple[int, str]]:
    return {} if side is None else {str(path): (int(size), str(sha256)) for path, size, sha256 in side.entries}
