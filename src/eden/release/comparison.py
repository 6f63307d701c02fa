"""Two versions side by side, and where the bytes of one are. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

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


_ENTRIES = msgspec.json.Decoder(list[tuple[str, int, str]])


class Side(msgspec.Struct, frozen=True):
    """A file of a version with what is inside, as it is stored: JSON, [[path, size, SHA-256], …]. Reading it is most
    of the work, so that is done once, where nobody waits for it."""

    name: str
    size: int
    sha256: str
    inside: str | bytes

    def entries(self) -> list[tuple[str, int, str]]:
        return _ENTRIES.decode(self.inside)


def compare(before: Iterable[Side], after: Iterable[Side]) -> Comparison:
    """What changed from one version to the other, file by file."""
    old, new = {side.name: side for side in before}, {side.name: side for side in after}
    packages, files, unchanged = [], [], 0
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        same = was is not None and now is not None and was.sha256 == now.sha256
        before_size, after_size = (None if side is None else side.size for side in (was, now))
        packages.append(PackageChange(name=name, before=before_size, after=after_size, same=same))
        held, holds = (frozenset(() if side is None else side.entries()) for side in (was, now))
        unchanged += len(held & holds)
        gone, come = ({path: size for path, size, _ in entries} for entries in (held - holds, holds - held))
        files += [
            FileChange(
                package=name,
                path=path,
                change="added" if path not in gone else "removed" if path not in come else "changed",
                before=gone.get(path),
                after=come.get(path),
            )
            for path in sorted(gone.keys() | come.keys())
        ]
    return Comparison(packages=packages, files=files, unchanged=unchanged)


def size_report(sides: Iterable[Side], largest: int = 20) -> SizeReport:
    """Where the bytes are; files outside of archives count as their own package."""
    packages: dict[str, int] = {}
    kinds = dict.fromkeys((*KINDS, "other"), 0)
    each: list[tuple[int, str, str]] = []
    for side in sides:
        entries = [(path, size) for path, size, _ in side.entries()] or [(side.name, side.size)]
        packages[side.name] = sum(size for _, size in entries)
        for path, size in entries:
            kinds[kind_of(path)] += size
            each.append((-size, side.name, path))
    return SizeReport(
        packages=packages,
        kinds={kind: size for kind, size in kinds.items() if size},
        largest=[
            LargeFile(package=package, path=path, size=-less) for less, package, path in heapq.nsmallest(largest, each)
        ],
    )


def kind_of(path: str) -> str:
    """What a file is, by its extension: a key of `KINDS`, or "other"."""
    name = path.rpartition("/")[2]
    stem, dot, extension = name.rpartition(".")
    return _KIND_OF.get(f"{dot}{extension}".lower(), "other") if stem else "other"
