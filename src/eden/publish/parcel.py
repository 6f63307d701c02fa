"""What is sent to the server: a project is built first, a folder becomes one zip that is the same on any machine."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from eden.base.errors import EdenError

Kind = Literal["miniprogram", "h5", "dimina"]
_DATE = (1980, 1, 1, 0, 0, 0)
#: never part of an application
_LEFT_OUT = frozenset({".git", ".svn", ".DS_Store", "Thumbs.db", "__MACOSX"})


@dataclass(frozen=True)
class Parcel:
    """A zip to be sent, and what is known of it: `app_id` and `name` where it says so itself."""

    file: Path
    app_id: str | None = None
    name: str | None = None

    @property
    def size(self) -> int:
        return self.file.stat().st_size

    @property
    def key(self) -> str | None:
        """The program's key, made of its app id: eden.bank is eden-bank. None without any letter or digit for it."""
        key = re.sub(r"[^a-z0-9_-]+", "-", (self.app_id or "").lower()).strip("-_")[:64]
        return key or None


def pack(source: Path, kind: Kind, folder: Path) -> Parcel | None:
    """Make the parcel of a project, package, folder or zip inside `folder`. None: the build failed and said why.

    Raises EdenError when there is nothing that could be sent.
    """
    if not source.exists():
        raise EdenError("no-source", f"There is nothing at {source}.", "Name the project's folder.")
    if source.is_file():
        if not zipfile.is_zipfile(source):
            raise EdenError("no-zip", f"{source} is not a zip.", "Name a project's folder, or a zip.")
        return Parcel(source)
    if kind != "miniprogram":
        return Parcel(_zip(source, folder / "package.zip"))
    if not _is_package(source):
        from eden.build.service import Options, build_command

        built = folder / "built"
        if build_command(source, built, Options()):
            return None
        source = built
    manifest = _manifest(source)
    files = [source / "manifest.json", *(source / part.file for part in manifest.packages)]
    return Parcel(_zip(source, folder / "package.zip", files), manifest.app_id, manifest.name)


class _Part(msgspec.Struct):
    file: str


class _Manifest(msgspec.Struct):
    """What is read here of a package's manifest (docs/package-format.md)."""

    app_id: str
    packages: list[_Part]
    name: str = ""


def _is_package(folder: Path) -> bool:
    """Whether `eden build` has written it."""
    try:
        _manifest(folder)
    except EdenError:
        return False
    return True


def _manifest(folder: Path) -> _Manifest:
    try:
        return msgspec.json.decode((folder / "manifest.json").read_bytes(), type=_Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise EdenError(
            "no-package", f"{folder} has no manifest that can be read: {error}.", "Build it anew."
        ) from None


def _zip(root: Path, target: Path, files: list[Path] | None = None) -> Path:
    """A stored zip (transport compresses, and deltas work on plain bytes), sorted, without times."""
    found = sorted(files or _files(root), key=lambda path: path.relative_to(root).as_posix().encode())
    if not found:
        raise EdenError("no-source", f"{root} is empty.", "Name the folder with the application.")
    try:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=False) as archive:
            for path in found:
                entry = zipfile.ZipInfo(path.relative_to(root).as_posix(), _DATE)
                entry.create_system = 0
                with path.open("rb") as content, archive.open(entry, "w") as packed:
                    shutil.copyfileobj(content, packed, 1 << 20)
    except OSError as error:
        raise EdenError("no-source", f"{root} cannot be packed: {error}.") from error
    except (zipfile.LargeZipFile, RuntimeError) as error:
        raise EdenError(
            "no-source",
            f"{root} has too much for one package: {error}.",
            "Is it the folder with the built application?",
        ) from error
    return target


def _files(root: Path) -> Iterator[Path]:
    for path in root.rglob("*"):
        if _LEFT_OUT.isdisjoint(path.relative_to(root).parts):
            if path.is_symlink():
                raise EdenError("link", f"{path} is a link.", "Put the file itself there.")
            if path.is_file():
                yield path
