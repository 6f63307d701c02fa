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
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

import msgspec

from eden.base.problems import Problem
from eden.base.targeting import parse_version
from eden.release.archive import Archive, Limits
from eden.release.interfaces import ProgramKind
from eden.release.packages import PACKAGE, Code, NativeRange, Package, StoredFile, UploadFields, VersionName

_MANIFEST = "manifest.json"
_MAIN, MAPS = "main", "maps"
_FORMAT = 1
#: folder of an H5 program's host that is the shell's (`eden.release.h5_shell`)
_RESERVED = ".eden"
#: a manifest lists every file of a package: 20,000 files are 3 MB
_MANIFEST_LIMIT = 8 << 20
_JSON_LIMIT = 2 << 20
#: phones are told a thousandfold of it (`dimina.SPREAD`), and Android's runtime counts to 2^31
_DIMINA_CODES = 2_000_000
#: of the page that a dimina package opens: every phone gets it with every answer
_PATH_LIMIT = 2_000
#: of a manifest without the files inside: the largest public program seen has 351 pages and 30 kB
_SHOWN_LIMIT = 500_000

_NAME = re.compile(r"[0-9]+(\.[0-9]+){0,3}([-+][0-9A-Za-z.+-]{1,32})?")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,119}")
_HOST = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
#: addresses of the stores that native shells come from
_STORE = re.compile(r"(itms-apps|market|store|appmarket)://\S+")


def inspect(kind: ProgramKind, upload: Path | None, fields: UploadFields, limits: Limits) -> Package:
    """The version in an uploaded file; files that are inside it are unpacked beside it.

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
            return _miniprogram(archive, fields, upload.parent, limits)
        package = _h5(archive, fields) if kind is ProgramKind.H5 else _dimina(archive, fields)
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        stored = StoredFile(PACKAGE, upload, upload.stat().st_size, digest, entries=archive.inventory())
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
    if _MANIFEST not in archive.entries:
        raise _bad("It has no manifest.json at its top.", "Upload what `eden build` wrote, or use `eden publish`.")
    raw = archive.read(_MANIFEST, _MANIFEST_LIMIT)
    manifest = _decode(raw, _Manifest, _MANIFEST)
    if manifest.format != _FORMAT:
        raise _bad(f"Its format is {manifest.format}; this server knows {_FORMAT}.", "Build it with a matching eden.")
    _check_same(fields, manifest.version.name, manifest.version.code)
    names = [part.name for part in manifest.packages]
    if names[0] != _MAIN:
        raise _bad("Its manifest does not begin with the package main.", "Build the package anew.")
    if len(set(names)) != len(names):
        raise _bad("Its manifest has two packages of one name.", "Build the package anew.")
    files, left = [_kept(folder, _MANIFEST, raw)], limits.entries
    for part in manifest.packages:
        if not _FILE.fullmatch(part.file) or part.file == _MANIFEST:
            raise _bad(f"Its manifest names a file {part.file[:80]!r}.", "Use letters, digits, dots and hyphens.")
        if part.file not in archive.entries or part.file in (stored.name for stored in files):
            raise _bad(f"Its manifest names {part.file}, which is not there just once.", "Build the package anew.")
        # all archives together may hold no more files than one may
        files.append(_part(archive, part, folder, replace(limits, entries=left)))
        left -= len(files[-1].entries)
    if unnamed := archive.entries.keys() - {stored.name for stored in files}:
        raise _bad(f"It holds {min(unnamed)}, which its manifest does not name.", "Build the package anew.")
    shown = _decode(raw, dict[str, Any], _MANIFEST)
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
        inside = Archive(file, limits, label=part.file)
        # so it also unpacks to no more bytes than it has
        if any(entry.deflated for entry in inside.entries.values()):
            raise _bad(f"{part.file} is compressed, which phones do not read.", "Build the package anew.")
        found = inside.inventory()
    if found != sorted((one.path, one.size, one.sha256) for one in part.files):
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
    online = _web(h5.fallback_url)
    if online is None or online.query or not h5.fallback_url.endswith("/"):
        errors.append(("h5.fallback_url", "Write a web address that ends in a slash, such as https://shop.example/."))
    page = _address(h5.main_url)
    if page is None or page.scheme or page.netloc or not page.path.startswith("/"):
        errors.append(("h5.main_url", "Write a path that begins with a slash, such as /index.html."))
    if errors or page is None:
        raise Problem("invalid", "The package's fields are not valid.", errors=errors)
    first = page.path.lstrip("/")
    first = f"{first}index.html" if first.endswith("/") or not first else first
    if first not in archive.entries:
        raise _bad(
            f"It has no {first}, its first page.", "Zip what is inside the folder, not the folder; or set main_url."
        )
    if taken := next((name for name in archive.entries if name.partition("/")[0] == _RESERVED), None):
        raise _bad(
            f"It holds {taken}: phones have files of their own there.", f"Call the folder {_RESERVED} otherwise."
        )
    manifest = {"h5": msgspec.to_builtins(h5)}
    return Package(
        kind=ProgramKind.H5, name=name, code=code, container=fields.container or 1, manifest=manifest, files=()
    )


# packages of the open native runtime


class _DiminaConfig(msgspec.Struct, rename="camel"):
    app_id: str | None = None
    name: Annotated[str, msgspec.Meta(max_length=400)] | None = None
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
    if not path or len(path) > _PATH_LIMIT:
        raise _bad(
            f"Nothing says in at most {_PATH_LIMIT:,} characters which page it opens.",
            "Give path in config.json, or entryPagePath in app-config.json.",
        )
    name, code = _said(
        msgspec.structs.replace(
            fields, version=fields.version or config.version_name, code=fields.code or config.version_code
        )
    )
    if code > _DIMINA_CODES:
        raise _bad(f"Its versionCode is {code:,}, above {_DIMINA_CODES:,}.", "Give it a smaller one; 10203 is 1.2.3.")
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
    if _web(record.url) is None and not _STORE.fullmatch(record.url):
        errors.append(("native.url", "Write an https address or the address of a store."))
    errors += _range_errors(record.app_versions)
    if errors:
        raise Problem("invalid", "The upgrade's fields are not valid.", errors=errors)
    manifest = {"native": msgspec.to_builtins(record)}
    return Package(kind=ProgramKind.NATIVE, name=name, code=code, container=1, manifest=manifest, files=())


def _range_errors(span: NativeRange) -> list[tuple[str, str]]:
    """What is no version would be no bound, and everybody would be told."""
    lowest, highest = parse_version(span.lowest), parse_version(span.highest)
    errors = [
        (f"native.app_versions.{name}", "Write a version, such as 2.4.0.")
        for name, text, read in (("lowest", span.lowest, lowest), ("highest", span.highest, highest))
        if text is not None and read is None
    ]
    if lowest is not None and highest is not None and lowest > highest:
        errors.append(("native.app_versions.highest", "Write a version that is not below the lowest."))
    return errors


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


def _web(address: str) -> SplitResult | None:
    """The parts of a web address; None when it is none."""
    parts = _address(address)
    return parts if parts is not None and parts.scheme in ("https", "http") and parts.hostname else None


def _address(text: str) -> SplitResult | None:
    if " " in text or not text.isprintable():
        return None
    try:
        return urlsplit(text)
    except ValueError:
        return None


def _bad(sentence: str, hint: str) -> Problem:
    return Problem("bad-package", sentence, hint)


def _missing(name: str, sentence: str) -> Problem:
    return Problem("invalid", sentence, errors=[(name, "It is missing.")])
