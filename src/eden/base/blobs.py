"""Files by name: packages, deltas, signed metadata. A folder on one machine, or an S3-compatible server.

What is put under a name is there as a whole or not at all. Content goes under its SHA-256 (`put_content`): the same
bytes twice are stored once, and who reads them can check them. A bounded memory of each process holds what is asked
for often; it holds content only, which never changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import obstore
from obstore.store import LocalStore, S3Store

from eden.base.errors import EdenError
from eden.base.problems import Problem
from eden.base.settings import Settings

#: content up to this size is hashed when it is read, and may be held in memory
SMALL = 16_000_000
_PIECE = 1 << 20
CONTENT = "sha256/"
#: ENOSPC and EDQUOT in the words of Python and of obstore
_FULL = ("No space left on device", "Disk quota exceeded")
#: how obstore calls a file of a folder until it is whole
_PARTIAL = re.compile(r".+#\d+")
#: nothing takes longer to write
_PARTIAL_SECONDS = 24 * 3600


class Blobs:
    """A store by its address: a folder, or `s3://BUCKET/PREFIX`.

    `endpoint`, `region`, `access_key` and `secret_key` are S3's; empty keys: those of the machine's role.
    """

    def __init__(
        self,
        address: str,
        *,
        endpoint: str = "",
        region: str = "us-east-1",
        access_key: str = "",
        secret_key: str = "",
        cache_bytes: int = 0,
    ) -> None:
        self.address = address
        self.folder: Path | None = None
        self._cache = _Cache(cache_bytes)
        self._store: LocalStore | S3Store
        if address.startswith("s3://"):
            bucket, _, prefix = address.removeprefix("s3://").partition("/")
            options: dict[str, Any] = {"region": region, "endpoint": endpoint or None}
            if access_key:
                options |= {"access_key_id": access_key, "secret_access_key": secret_key}
            options = {name: value for name, value in options.items() if value is not None}
            self._store = S3Store(
                bucket, prefix=prefix or None, client_options={"allow_http": endpoint.startswith("http:")}, **options
            )
        elif "://" in address:
            raise EdenError(
                "blobs-address", f"{address} is not the address of a blob store.", "Use a folder or s3://BUCKET/PREFIX."
            )
        else:
            self.folder = Path(address).absolute()
            try:
                self._store = LocalStore(self.folder, mkdir=True)
            except Exception as error:  # obstore's errors have no common class below Exception
                raise EdenError("blobs-folder", f"The folder {self.folder} cannot be made: {error}.") from error

    @classmethod
    def of(cls, settings: Settings) -> Blobs:
        """The store that the settings name."""
        blobs = settings.blobs
        return cls(
            settings.blobs_address,
            endpoint=blobs.endpoint,
            region=blobs.region,
            access_key=blobs.access_key,
            secret_key=blobs.secret_key,
            cache_bytes=blobs.cache_bytes,
        )

    # names

    async def put(self, name: str, data: bytes | Path) -> None:
        """Store bytes or a file under `name`, in place of what was there. On the disk when this returns (folder).

        Raises Problem "storage-full".
        """
        try:
            await obstore.put_async(self._store, name, data)
            if self.folder is not None:
                await asyncio.to_thread(_sync, self.folder, self.folder / name)
        except Exception as error:  # obstore's errors have no common class below Exception
            if any(words in str(error) for words in _FULL):
                raise Problem("storage-full", "The disk of files is full.", "Its operator has to make room.") from error
            raise

    async def get(self, name: str) -> bytes | None:
        """The whole file; None when there is none."""
        try:
            answer = await obstore.get_async(self._store, name)
            return bytes(await answer.bytes_async())
        except FileNotFoundError:
            return None

    async def stream(self, name: str) -> AsyncIterator[bytes]:
        """The file in pieces. Raises FileNotFoundError."""
        answer = await obstore.get_async(self._store, name)
        async for piece in answer.stream(min_chunk_size=_PIECE):
            yield bytes(piece)

    async def size(self, name: str) -> int | None:
        """Length in bytes; None when there is no such file."""
        try:
            return int((await obstore.head_async(self._store, name))["size"])
        except FileNotFoundError:
            return None

    async def exists(self, name: str) -> bool:
        return await self.size(name) is not None

    async def delete(self, name: str) -> None:
        """Remove; nothing happens when there is no such file."""
        with contextlib.suppress(FileNotFoundError):
            await obstore.delete_async(self._store, name)
        self._cache.drop(name)

    async def list(self, prefix: str = "") -> AsyncIterator[tuple[str, int]]:
        """Name and length of every file in the folder `prefix`, in no order."""
        async for batch in obstore.list(self._store, prefix or None):
            for meta in batch:
                yield str(meta["path"]), int(meta["size"])

    async def remove_partial(self, at: float | None = None) -> int:
        """Remove what was being written to the folder when its process was killed; how many files that were.

        `at`: now, seconds since 1970. On S3 this is a rule of the bucket (AbortIncompleteMultipartUpload).
        """
        if self.folder is None:
            return 0
        before = (time.time() if at is None else at) - _PARTIAL_SECONDS
        return await asyncio.to_thread(_remove_partial, self.folder, before)

    # content

    async def put_content(self, data: bytes | Path) -> str:
        """Store bytes or a file once under the SHA-256 of the bytes, which is returned in hexadecimal."""
        digest, size = await asyncio.to_thread(_measure, data)
        name = content_name(digest)
        # two who put the same at once both write the same bytes, each as a whole; of another size is what a machine
        # that lost its power left behind
        if await self.size(name) != size:
            await self.put(name, data)
        return digest

    async def get_content(self, digest: str) -> bytes | None:
        """The bytes with this SHA-256; None when there are none. Small ones are checked and held.

        Raises EdenError "blob-damaged" when the store gives other bytes.
        """
        name = content_name(digest)
        if (held := self._cache.get(name)) is not None:
            return held
        data = await self.get(name)
        if data is not None and len(data) <= SMALL:
            if (await asyncio.to_thread(_measure, data))[0] != digest:
                raise EdenError("blob-damaged", f"The file {name} is damaged.", "Restore it from a backup.")
            self._cache.put(name, data)
        return data


def content_name(digest: str) -> str:
    """Where the bytes with this SHA-256 (hexadecimal) are; two letters make folders of bearable size."""
    return f"{CONTENT}{digest[:2]}/{digest}"


def _measure(data: bytes | Path) -> tuple[str, int]:
    """SHA-256 in hexadecimal, and length."""
    if isinstance(data, bytes):
        return hashlib.sha256(data).hexdigest(), len(data)
    with data.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), file.tell()


def _remove_partial(folder: Path, before: float) -> int:
    removed = 0
    for path in folder.rglob("*#*"):
        with contextlib.suppress(FileNotFoundError):
            if _PARTIAL.fullmatch(path.name) and path.stat().st_mtime < before:
                path.unlink()
                removed += 1
    return removed


def _sync(folder: Path, path: Path) -> None:
    """Bring a file and the names that lead to it to the disk."""
    if os.name != "posix":
        return
    for target in (path, *path.parents):
        handle = os.open(target, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        if target == folder:
            break


class _Cache:
    """The newest used files, at most `limit` bytes together; one takes at most a quarter."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._held: OrderedDict[str, bytes] = OrderedDict()

    def get(self, name: str) -> bytes | None:
        if name not in self._held:
            return None
        self._held.move_to_end(name)
        return self._held[name]

    def put(self, name: str, data: bytes) -> None:
        self.drop(name)
        if len(data) * 4 > self._limit:
            return
        self._held[name] = data
        self._size += len(data)
        while self._size > self._limit:
            self._size -= len(self._held.popitem(last=False)[1])

    def drop(self, name: str) -> None:
        self._size -= len(self._held.pop(name, b""))
