"""What may be uploaded as a version of a program, by kind, and what is kept of it.

- **miniprogram**: one zip of the package folder (`docs/package-format.md`). Its manifest must describe exactly what is
  there: every archive with size, SHA-256 and the files inside. `maps.zip` stays on the server.
- **h5**: one zip of a web application, served as it is (`package.zip`), with the host name under which a phone shows
  it, the address of the same application online, and its first page.
- **dimina**: one zip with `main/app-config.json` and `main/logic.js`, served as it is (`package.zip`).
- **native**: no file; a record that tells people of an upgrade of the native shell.

`inspect` runs in a thread: it reads files and computes hashes, nothing else.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec

from eden.base.problems import Problem
from eden.release.archive import CHUNK, Archive, Limits
from eden.release.interfaces import NoticeLevel, ProgramKind

MANIFEST = "manifest.json"
PACKAGE = "package.zip"
MAPS = "maps"
#: folder of an H5 program's host that is the shell's (`eden.release.h5_shell`)
RESERVED = ".eden"
FORMAT = 1
#: a manifest lists every file of a package: 20,000 files are 3 MB
_MANIFEST_LIMIT = 8 << 20
_JSON_LIMIT = 2 << 20
#: of a manifest without the files inside: the largest public program seen has 351 pages and 30 kB
_SHOWN_LIMIT = 500_000

_NAME = re.compile(r"[0-9]+(\.[0-9]+){0,3}([-+][0-9A-Za-z.+-]{1,32})?")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,119}")
_HOST = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")

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


def inspect(kind: ProgramKind, upload: Path | None, fields: UploadFields, folder: Path, limits: Limits) -> Package:
    """The version in an uploaded file; files that are inside it are unpacked into `folder`.

    Raises Problem `unsafe-archive` for what nobody may unpack, `bad-package` for what is no version of this kind,
    `invalid` for fields.
    """
    if kind is ProgramKind.NATIVE:
        return _native(fields)
    if upload is None:
        raise Problem("invalid", "The package is missing.", "Send the zip as the body.", errors=[("body", "Send it.")])
    with open(upload, "rb") as file:
        archive = Archive(file, limits, label="The package")
        if kind is ProgramKind.MINIPROGRAM:
            return _miniprogram(archive, fields, folder, limits)
        digest = _sha256_of(upload)
        stored = StoredFile(PACKAGE, upload, upload.stat().st_size, digest, entries=archive.inventory())
        package = _h5(archive, fields) if kind is ProgramKind.H5 else _dimina(archive, fields)
    return replace(package, files=(stored,))


# mini programs


class _Inside(msgspec.Struct):
    path: str
    size: int
    sha256: str


class _Part(msgspec.Struct):
    name: str
    file: str
    size: int
    sha256: str
    files: list[_Inside]
    root: str = ""
    independent: bool = False


class _Version(msgspec.Struct):
    name: VersionName
    code: Code


class _Platform(msgspec.Struct):
    min_code: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1


class _Manifest(msgspec.Struct):
    format: int
    app_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    version: _Version
    packages: Annotated[list[_Part], msgspec.Meta(min_length=1, max_length=200)]
    platform_version: _Platform = msgspec.field(default_factory=_Platform)


def _miniprogram(archive: Archive, fields: UploadFields, folder: Path, limits: Limits) -> Package:
    if MANIFEST not in archive.entries:
        raise _bad("It has no manifest.json at its top.", "Upload what `eden build` wrote, or use `eden publish`.")
    raw = archive.read(MANIFEST, _MANIFEST_LIMIT)
    manifest = _decode(raw, _Manifest, MANIFEST)
    if manifest.format != FORMAT:
        raise _bad(f"Its format is {manifest.format}; this server knows {FORMAT}.", "Build it with a matching eden.")
    _check_same(fields, manifest.version.name, manifest.version.code)
    files, left = [_kept(folder, MANIFEST, raw)], limits.total
    for part in manifest.packages:
        if not _FILE.fullmatch(part.file) or part.file == MANIFEST:
            raise _bad(f"Its manifest names a file {part.file[:80]!r}.", "Use letters, digits, dots and hyphens.")
        if part.file not in archive.entries or part.file in (stored.name for stored in files):
            raise _bad(f"Its manifest names {part.file}, which is not there just once.", "Build the package anew.")
        files.append(_part(archive, part, folder, replace(limits, total=left)))
        # all archives together may unpack to no more than one may
        left -= sum(size for _, size, _ in files[-1].entries)
    if "main" not in (part.name for part in manifest.packages):
        raise _bad("Its manifest has no package main.", "Build the package anew.")
    if unnamed := archive.entries.keys() - {stored.name for stored in files}:
        raise _bad(f"It holds {min(unnamed)}, which its manifest does not name.", "Build the package anew.")
    shown = _decode(raw, dict[str, Any], MANIFEST)
    # the files inside are kept with their archives
    shown["packages"] = [{name: part[name] for name in part if name != "files"} for part in shown["packages"]]
    if len(msgspec.json.encode(shown)) > _SHOWN_LIMIT:
        raise _bad(
            f"Its manifest has more than {_SHOWN_LIMIT:,} bytes without the files.", "Does it list what it needs?"
        )
    return Package(
        kind=ProgramKind.MINIPROGRAM,
        name=_name(manifest.version.name),
        code=manifest.version.code,
        container=manifest.platform_version.min_code,
        manifest=shown,
        files=tuple(files),
        app_id=_app_id(manifest.app_id),
    )


def _part(archive: Archive, part: _Part, folder: Path, limits: Limits) -> StoredFile:
    """Unpack one archive of the package and hold it against the manifest."""
    path, digest, size = folder / f"part-{part.file}", hashlib.sha256(), 0
    with open(path, "wb") as file:
        for chunk in archive.chunks(archive.entries[part.file]):
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
    if (size, digest.hexdigest()) != (part.size, part.sha256):
        raise _bad(f"{part.file} is not what its manifest says: size or SHA-256 differ.", "Build the package anew.")
    with open(path, "rb") as file:
        found = Archive(file, limits, label=part.file).inventory()
    if found != sorted((inside.path, inside.size, inside.sha256) for inside in part.files):
        raise _bad(f"{part.file} does not hold the files that its manifest lists.", "Build the package anew.")
    return StoredFile(part.file, path, size, part.sha256, served=part.name != MAPS, entries=found)


def _kept(folder: Path, name: str, data: bytes) -> StoredFile:
    path = folder / f"part-{name}"
    path.write_bytes(data)
    return StoredFile(name, path, len(data), hashlib.sha256(data).hexdigest())


# web applications


def _h5(archive: Archive, fields: UploadFields) -> Package:
    if fields.h5 is None:
        raise _missing("h5", "An H5 package needs virtual_host and fallback_url.")
    name, code = _said(fields)
    h5, errors = fields.h5, []
    if not _HOST.fullmatch(h5.virtual_host):
        errors.append(("h5.virtual_host", "Write a host name in lower case, such as shop.h5.example."))
    if not _is_web(h5.fallback_url) or urlsplit(h5.fallback_url).query or not h5.fallback_url.endswith("/"):
        errors.append(("h5.fallback_url", "Write an https address that ends in a slash."))
    page = urlsplit(h5.main_url)
    if page.scheme or page.netloc or not page.path.startswith("/"):
        errors.append(("h5.main_url", "Write a path that begins with a slash, such as /index.html."))
    if errors:
        raise Problem("invalid", "The package's fields are not valid.", errors=errors)
    first = page.path.lstrip("/")
    first = f"{first}index.html" if first.endswith("/") or not first else first
    if first not in archive.entries:
        raise _bad(
            f"It has no {first}, its first page.", "Zip what is inside the folder, not the folder; or set main_url."
        )
    if taken := next((name for name in archive.entries if name.partition("/")[0] == RESERVED), None):
        raise _bad(f"It holds {taken}: phones have files of their own there.", f"Call the folder {RESERVED} otherwise.")
    manifest = {"h5": msgspec.to_builtins(h5)}
    return Package(
        kind=ProgramKind.H5, name=name, code=code, container=fields.container or 1, manifest=manifest, files=()
    )


# packages of the open native runtime


class _DiminaConfig(msgspec.Struct, rename="camel"):
    app_id: str | None = None
    name: str | None = None
    path: str | None = None
    version_code: int | None = None
    version_name: str | None = None


def _dimina(archive: Archive, fields: UploadFields) -> Package:
    for needed in ("main/app-config.json", "main/logic.js"):
        if needed not in archive.entries:
            raise _bad(f"It has no {needed}.", "Zip what is inside the output folder of the dimina compiler.")
    app = _decode(archive.read("main/app-config.json", _JSON_LIMIT), dict, "main/app-config.json")
    config = _DiminaConfig()
    if "config.json" in archive.entries:
        config = _decode(archive.read("config.json", _JSON_LIMIT), _DiminaConfig, "config.json")
    path = config.path or _first_page(app)
    if not path:
        raise _bad(
            "Nothing says which page it opens.", "Give path in config.json, or entryPagePath in app-config.json."
        )
    name, code = _said(
        msgspec.structs.replace(
            fields, version=fields.version or config.version_name, code=fields.code or config.version_code
        )
    )
    manifest = {"dimina": {"path": path, "name": config.name}}
    return Package(
        kind=ProgramKind.DIMINA,
        name=name,
        code=code,
        container=fields.container or 1,
        manifest=manifest,
        files=(),
        app_id=None if config.app_id is None else _app_id(config.app_id),
    )


def _first_page(app: dict[str, Any]) -> str | None:
    """Of a compiled application's configuration, which may stand inside `app`."""
    for config in (app, app.get("app")):
        if isinstance(config, dict):
            if isinstance(entry := config.get("entryPagePath"), str) and entry:
                return entry
            pages = config.get("pages")
            if isinstance(pages, list) and pages and isinstance(pages[0], str):
                return pages[0]
    return None


# upgrades of the native shell


def _native(fields: UploadFields) -> Package:
    if fields.native is None:
        raise _missing("native", "An upgrade needs its level, words and address.")
    name, code = _said(fields)
    record, errors = fields.native, []
    if not record.texts or not record.texts.keys() <= {"en", "zh"}:
        errors.append(("native.texts", "Give the words in en, zh or both."))
    if not _is_web(record.url) and not re.fullmatch(r"(itms-apps|market|store|appmarket)://\S+", record.url):
        errors.append(("native.url", "Write an https address or the address of a store."))
    if errors:
        raise Problem("invalid", "The upgrade's fields are not valid.", errors=errors)
    manifest = {"native": msgspec.to_builtins(record)}
    return Package(kind=ProgramKind.NATIVE, name=name, code=code, container=1, manifest=manifest, files=())


# shared


def _said(fields: UploadFields) -> tuple[str, int]:
    """Version and code where only the fields say them; the code follows from a name of up to three numbers."""
    if fields.version is None:
        raise _missing("version", "Say which version this is, such as 1.2.0.")
    name = _name(fields.version)
    if fields.code is not None:
        return name, _code(fields.code)
    numbers = [int(number) for number in re.split(r"[-+]", name)[0].split(".")]
    if len(numbers) > 3 or any(number > 99 for number in numbers[1:]):
        raise _missing("code", "Give the version's number: it cannot be made from this name.")
    major, minor, patch = (*numbers, 0, 0)[:3]
    return name, _code(major * 10_000 + minor * 100 + patch)


def _code(code: int) -> int:
    if not 1 <= code < 2**53:
        raise Problem("invalid", "The code is not valid.", errors=[("code", "Write a whole number from 1 to 2⁵³ - 1.")])
    return code


def _name(name: str) -> str:
    if not _NAME.fullmatch(name) or len(name) > 64:
        raise _bad(f"Its version is {name!r}.", "Write numbers with dots, such as 1.2.0 or 1.2.0-beta.1.")
    return name


def _app_id(app_id: str) -> str:
    if not 1 <= len(app_id) <= 128 or not app_id.isprintable():
        raise _bad("Its app id is no text of 1 to 128 characters that can be seen.", "Give it one, such as wx0123.")
    return app_id


def _check_same(fields: UploadFields, name: str, code: int) -> None:
    for said, found in ((fields.version, name), (fields.code, code)):
        if said is not None and said != found:
            raise _bad(f"Its manifest says {found}, the upload says {said}.", "Leave it away, or build that version.")


def _decode(raw: bytes, kind: Any, file: str) -> Any:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _bad(f"Its {file} cannot be used: {error}.", "Build the package anew.") from None


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("https", "http") and bool(parts.hostname) and " " not in address
    except ValueError:
        return False


def _sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _bad(sentence: str, hint: str) -> Problem:
    return Problem("bad-package", sentence, hint)


def _missing(name: str, sentence: str) -> Problem:
    return Problem("invalid", sentence, errors=[(name, "It is missing.")])
