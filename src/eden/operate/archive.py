"""The file that `eden backup` writes: a tar of NDJSON and blobs, compressed with zstd, the same for every store.

    tables/NAME/000001.ndjson   one JSON object a row, about 8 MB a piece at most; those that are referred to first
    stores/SERVICE/NAME         what a service keeps elsewhere, in pieces of its own
    blobs/NAME                  every file of the blob store
    secret.key                  only when asked for
    manifest.json               the last one: the schema's step, and size and SHA-256 of everything before it

Binary columns are base64. A reader trusts nothing before it has seen the manifest and compared every hash.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import msgspec
import zstandard

from eden.base.errors import EdenError

FORMAT = 1
MANIFEST = "manifest.json"
SECRET = "secret.key"
TABLES = "tables/"
STORES = "stores/"
BLOBS = "blobs/"
_PIECE = 1 << 20
_LARGEST_MANIFEST = 1 << 30


class Entry(msgspec.Struct, frozen=True):
    """Size in bytes and SHA-256 in hexadecimal of one file in the archive."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What an archive holds. `schema`: the step that its tables are at; `made_at` in microseconds."""

    format: int
    eden: str
    schema: str
    made_at: int
    secret_check: str
    tables: dict[str, int]
    files: dict[str, Entry]


class Writer:
    """Writes under a name of its own beside `path`; that is replaced when everything is in it. Use as a context
    manager. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.files: dict[str, Entry] = {}

    def __enter__(self) -> Writer:
        # mode 0600: rows hold hashes of passwords
        handle, draft = tempfile.mkstemp(
            prefix=f"{self._path.name}.", suffix=".partial", dir=self._path.absolute().parent
        )
        self._draft = Path(draft)
        self._file = os.fdopen(handle, "wb")
        self._zstd = zstandard.ZstdCompressor(level=3, write_checksum=True).stream_writer(self._file, closefd=False)
        self._tar = tarfile.open(fileobj=self._zstd, mode="w|", format=tarfile.PAX_FORMAT)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self._file:
                if kind is None:
                    self._tar.close()
                    self._zstd.close()  # type: ignore[no-untyped-call]
                    self._file.flush()
                    os.fsync(self._file.fileno())
            if kind is None:
                self._draft.replace(self._path)
        finally:
            # in its place already, unless something went wrong
            self._draft.unlink(missing_ok=True)

    def add(self, name: str, content: bytes) -> None:
        self.add_file(name, io.BytesIO(content), len(content))

    def add_file(self, name: str, file: IO[bytes], size: int) -> None:
        """`size` bytes of `file`, from where it stands."""
        info = tarfile.TarInfo(name)
        info.size = size
        info.mode = 0o600
        hashing = _Hashing(file)
        self._tar.addfile(info, hashing)
        self.files[name] = Entry(size, hashing.digest.hexdigest())


class _Hashing:
    """A file that hashes what is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        return data


class Content:
    """One file of an archive that is being read."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self._path = path
        self._file = file

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, none at the end. Raises EdenError "backup-damaged"."""
        with _reading(self._path):
            return self._file.read(size)


def members(path: Path) -> Iterator[tuple[str, int, Content]]:
    """Name, size and content of each file in the archive, one after the other; content is read before the next.

    Raises EdenError "backup-damaged" as soon as the archive cannot be read on, "no-backup" when the file cannot.
    """
    with _reading(path), path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as unpacked:
        with tarfile.open(fileobj=unpacked, mode="r|") as tar:
            for info in tar:
                content = tar.extractfile(info) if info.isreg() else None
                if content is None:
                    raise _damaged(path, f"{info.name} is no file")
                yield info.name, info.size, Content(path, content)
        # what tar does not need belongs to the checksum
        while unpacked.read(_PIECE):
            pass


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise EdenError("no-backup", f"There is no file {path}.") from error
    except OSError as error:
        raise EdenError("no-backup", f"{path} cannot be read: {error.strerror or error}.") from error
    except (tarfile.TarError, zstandard.ZstdError, EOFError) as error:
        raise _damaged(path, str(error)) from error


def verify(path: Path) -> Manifest:
    """Read the whole archive and compare every hash. Raises EdenError when anything is not as the manifest says."""
    seen: dict[str, Entry] = {}
    manifest: Manifest | None = None
    for name, size, content in members(path):
        if manifest is not None:
            raise _damaged(path, f"{name} comes after the manifest")
        if name == MANIFEST and size <= _LARGEST_MANIFEST:
            manifest = _manifest(path, content.read())
            continue
        if name in seen or not _is_safe(name):
            raise _damaged(path, f"{name!r} is not expected")
        digest = hashlib.sha256()
        while piece := content.read(_PIECE):
            digest.update(piece)
        seen[name] = Entry(size, digest.hexdigest())
    if manifest is None:
        raise _damaged(path, "it has no end")
    if seen != manifest.files:
        wrong = sorted(
            name for name in seen.keys() | manifest.files.keys() if seen.get(name) != manifest.files.get(name)
        )
        raise _damaged(path, f"{wrong[0]} is not what was written")
    return manifest


def _manifest(path: Path, data: bytes) -> Manifest:
    try:
        format_ = msgspec.json.decode(data, type=dict[str, Any]).get("format")
        if format_ != FORMAT:
            raise EdenError(
                "backup-format", f"{path} has format {format_}.", "Restore it with the version of Eden that wrote it."
            )
        return msgspec.json.decode(data, type=Manifest)
    except msgspec.MsgspecError as error:
        raise _damaged(path, f"its manifest cannot be read: {error}") from error


def _is_safe(name: str) -> bool:
    """Whether a name is one that `eden backup` writes: no way out of a store's folder."""
    words = name.split("/")
    known = name == SECRET or name.startswith((TABLES, BLOBS)) or (name.startswith(STORES) and len(words) > 2)
    return known and not any(word in ("", ".", "..") for word in words) and "\\" not in name and "\0" not in name


def _damaged(path: Path, reason: str) -> EdenError:
    return EdenError(
        "backup-damaged",
        f"{path} is damaged: {reason}.",
        "Nothing was restored. Take another backup.",
    )
