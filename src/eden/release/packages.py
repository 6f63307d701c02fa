"""A version as it comes in: what is said beside the bytes, and what is kept of both (`inspection` makes it)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import msgspec

from eden.release.interfaces import NoticeLevel, ProgramKind

#: the file of a version that is one zip, served as it came
PACKAGE = "package.zip"

VersionName = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Code = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]
Sentence = Annotated[str, msgspec.Meta(max_length=4_000)]
Address = Annotated[str, msgspec.Meta(max_length=2_000)]


class H5Fields(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of an H5 package. `virtual_host`: host name in phones; `main_url`: path of the first page within it;
    `fallback_url`: where the same application is online, ending in "/"."""

    virtual_host: Annotated[str, msgspec.Meta(max_length=253)]
    fallback_url: Address
    main_url: Annotated[str, msgspec.Meta(max_length=1_000)] = "/index.html"


class NativeRange(msgspec.Struct, frozen=True, kw_only=True):
    """Versions of the native shell, both ends included; null: no bound."""

    lowest: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    highest: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class NativeText(msgspec.Struct, frozen=True, kw_only=True):
    """What people read, in one language."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    text: Sentence = ""


class NativeRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An upgrade of the native shell: for whom, how strongly, in what words ("en", "zh"), and where it is."""

    level: NoticeLevel = NoticeLevel.OPTIONAL
    platforms: Annotated[tuple[Annotated[str, msgspec.Meta(max_length=40)], ...], msgspec.Meta(max_length=20)] = ()
    app_versions: NativeRange = NativeRange()
    texts: dict[str, NativeText]
    url: Address


class UploadFields(msgspec.Struct, frozen=True, kw_only=True):
    """What comes beside the bytes. `version` and `code` are needed where the package does not say them itself."""

    version: VersionName | None = None
    code: Code | None = None
    notes: Sentence = ""
    #: oldest container; a mini program's manifest says it
    container: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    h5: H5Fields | None = None
    native: NativeRecord | None = None


@dataclass(frozen=True)
class StoredFile:
    """A file of a version. `entries` of an archive: path, size, SHA-256, sorted by path. Devices fetch served ones."""

    name: str
    path: Path
    size: int
    sha256: str
    served: bool = True
    entries: list[tuple[str, int, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Package:
    """A version as it will be stored. `manifest` is what the console shows and phones need to know."""

    kind: ProgramKind
    name: str
    code: int
    container: int
    manifest: dict[str, Any]
    files: tuple[StoredFile, ...]
    app_id: str | None = None

    @property
    def size(self) -> int:
        """Bytes that a device fetches at most, unpacked."""
        return sum(stored.size for stored in self.files if stored.served)

    @property
    def digest(self) -> str:
        """SHA-256 that is the same for the same upload only."""
        files = [[stored.name, stored.size, stored.sha256] for stored in self.files]
        said = [self.kind, self.name, self.code, self.container, self.manifest, files]
        return hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()
