"""The package on disk: manifest and stored ZIP archives, the same bytes for the same content on any machine.

docs/package-format.md is the contract.
"""

from __future__ import annotations

import hashlib
import os
import struct
import tempfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import chain, count
from pathlib import Path

from eden.build import jsonfile
from eden.build.interfaces import JsonObject, PackageArchive

FORMAT = 1
#: 1980-01-01 00:00:00 in DOS form
_DOS_TIME, _DOS_DATE = 0, 0x21
#: general purpose bit 11: names are UTF-8
_UTF8 = 0x800
_VERSION = 20


class Fingerprints:
    """CRC-32 and SHA-256 of contents, remembered for the bytes objects of the last two builds."""

    def __init__(self) -> None:
        self._old: dict[int, tuple[bytes, int, str]] = {}
        self._new: dict[int, tuple[bytes, int, str]] = {}

    def turn(self) -> None:
        """A new build starts: what the last one did not use is forgotten."""
        self._old, self._new = self._new, {}

    def of(self, data: bytes) -> tuple[int, str]:
        known = self._new.get(id(data)) or self._old.get(id(data))
        if known is None:
            known = (data, zlib.crc32(data), hashlib.sha256(data).hexdigest())
        self._new[id(data)] = known
        return known[1], known[2]


def stored_zip(entries: Mapping[str, bytes], prints: Fingerprints) -> bytes:
    """A ZIP archive without compression: entries sorted bytewise by name, no time, no extra fields.

    Raises ValueError when the archive would pass 4 GiB or 65,535 entries, which this form cannot say.
    """
    if len(entries) > 0xFFFF or sum(map(len, entries.values())) > 0xFFFF0000:
        raise ValueError("a package cannot hold more than 65,535 files or 4 GiB")
    body: list[bytes] = []
    directory: list[bytes] = []
    offset = 0
    for name, data in sorted((name.encode(), data) for name, data in entries.items()):
        crc, _ = prints.of(data)
        common = struct.pack(
            "<HHHHHIIIHH", _VERSION, _UTF8, 0, _DOS_TIME, _DOS_DATE, crc, len(data), len(data), len(name), 0
        )
        body += (b"PK\3\4" + common + name, data)
        directory.append(
            b"PK\1\2" + struct.pack("<H", _VERSION) + common + struct.pack("<HHHII", 0, 0, 0, 0, offset) + name
        )
        offset += 30 + len(name) + len(data)
    size = sum(map(len, directory))
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, len(directory), len(directory), size, offset, 0)
    return b"".join([*body, *directory, end])


def file_names(parts: Iterable[tuple[str, str]]) -> list[str]:
    """Names of the archives' files for (name, root) pairs: different, also where case does not count."""
    taken: set[str] = set()
    names = []
    for name, root in parts:
        stem = root.replace("/", "-") or name
        stems = chain([stem], (f"{stem}-{number}" for number in count(2)))
        file = next(f"{stem}.zip" for stem in stems if f"{stem}.zip".lower() not in taken)
        taken.add(file.lower())
        names.append(file)
    return names


def archive(
    name: str, root: str, independent: bool, file: str, entries: Mapping[str, bytes], prints: Fingerprints
) -> PackageArchive:
    data = stored_zip(entries, prints)
    return PackageArchive(name, root, independent, file, data, hashlib.sha256(data).hexdigest(), dict(entries))


def manifest(about: JsonObject, archives: Sequence[PackageArchive], prints: Fingerprints) -> JsonObject:
    """`about` with what follows from the archives."""
    packages = [
        {
            "name": part.name,
            "root": part.root,
            "independent": part.independent,
            "file": part.file,
            "size": len(part.data),
            "sha256": part.sha256,
            "files": [
                {"path": path, "size": len(data), "sha256": prints.of(data)[1]}
                for path, data in sorted(part.entries.items(), key=lambda entry: entry[0].encode())
            ],
        }
        for part in archives
    ]
    return about | {"format": FORMAT, "packages": packages}


def manifest_bytes(value: JsonObject) -> bytes:
    return f"{jsonfile.dump(value)}\n".encode()


def write_package(out: Path, files: Mapping[str, bytes]) -> None:
    """Make `out` hold these files: archives first, the manifest last, then what an earlier build left is removed."""
    out.mkdir(parents=True, exist_ok=True)
    for name in sorted(files, key=lambda name: name == "manifest.json"):
        _replace(out / name, files[name])
    for stale in out.glob("*.zip"):
        if stale.name not in files:
            stale.unlink()


def _replace(path: Path, data: bytes) -> None:
    with suppress(OSError):
        if path.stat().st_size == len(data) and path.read_bytes() == data:
            return
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".eden-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)
        raise
