"""Reading a zip file that nobody vouches for (APPNOTE.TXT 6.3.10, the part that packages use).

Every byte of the file must belong to exactly one entry, to the central directory or to its end record, and the
directory and the local headers must say the same: then there is one reading of the archive, and entries that quote
the same bytes many times (Fifield, "A better zip bomb", WOOT 2019) are not possible. Names are UTF-8, also without the
flag that says so, which some systems leave out. Only stored and deflated regular files and folders are read;
encryption, links, zip64 and split archives are refused. Sizes are bounded before they are believed, and counted while
they are read. Memory is bounded by `Limits`, never by what the file says.

Whatever the bytes are, reading gives what is there or `Problem("unsafe-archive")` with a sentence that names the entry.
"""

from __future__ import annotations

import hashlib
import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from eden.base.problems import Problem
from eden.release.archive_names import NAME_BYTES, Names, refusal_of_name

MIB = 1 << 20
CHUNK = 64 * 1024

_END = struct.Struct("<4sHHHHIIH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_END_MARK, _CENTRAL_MARK, _LOCAL_MARK, _DESCRIPTOR_MARK = b"PK\5\6", b"PK\1\2", b"PK\3\4", b"PK\7\b"
_STORED, _DEFLATED = 0, 8
# general purpose flags: encrypted, sizes follow the data, patch data, strong encryption, names are UTF-8, masked
_ENCRYPTED, _DESCRIPTOR, _PATCH, _STRONG, _UTF8, _MASKED = 1 << 0, 1 << 3, 1 << 5, 1 << 6, 1 << 11, 1 << 13
_MAX16, _MAX32 = 0xFFFF, 0xFFFFFFFF
_EXTRA_ZIP64, _EXTRA_UNICODE_PATH = 0x0001, 0x7075


@dataclass(frozen=True)
class Limits:
    """What an archive may be. Every field has its reason.

    `total`, `entry`: bytes unpacked, all together and one file; a phone keeps two versions of a program, and the
    largest mini program that the known platforms take is 30 MB. `ratio`: unpacked to packed bytes of one entry;
    deflate reaches 1032, text rarely 20. `ratio_from`: smaller entries are not worth a refusal. `entries`: files and
    folders; each costs a phone a request to its file system.
    """

    total: int = 512 * MIB
    entry: int = 128 * MIB
    ratio: int = 200
    ratio_from: int = MIB
    entries: int = 20_000


@dataclass(frozen=True)
class Entry:
    """A regular file in the archive. `start` is where its packed bytes begin."""

    name: str
    size: int
    packed: int
    crc: int
    deflated: bool
    start: int


@dataclass(frozen=True)
class _Header:
    """An entry as the central directory has it."""

    name: str
    raw: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    attributes: int


class Archive:
    """The archive in an open file; `label` is what sentences call it. Raises `Problem("unsafe-archive")`."""

    def __init__(self, file: BinaryIO, limits: Limits, *, label: str = "The archive") -> None:
        self._file = file
        self._limits = limits
        self._label = label
        self._length = file.seek(0, 2)
        #: regular files by name, in the directory's order
        self.entries: dict[str, Entry] = {}
        self._read()

    def chunks(self, entry: Entry) -> Iterator[bytes]:
        """The entry's bytes, unpacked, at most `CHUNK` at a time; size and CRC are verified at the end."""
        crc, size = 0, 0
        for chunk in self._inflated(entry) if entry.deflated else self._packed(entry):
            size += len(chunk)
            if size > entry.size:
                raise self._refuse(entry.name, f"is larger than the {entry.size} bytes that it says")
            crc = zlib.crc32(chunk, crc)
            yield chunk
        if size != entry.size:
            raise self._refuse(entry.name, f"has {size} bytes, not the {entry.size} that it says")
        if crc != entry.crc:
            raise self._refuse(entry.name, "is damaged: its checksum differs")

    def read(self, name: str, limit: int) -> bytes:
        """A small file as a whole; `Problem` when it is larger than `limit` bytes. KeyError when it is absent."""
        entry = self.entries[name]
        if entry.size > limit:
            raise self._refuse(name, f"is larger than {limit} bytes")
        return b"".join(self.chunks(entry))

    def inventory(self) -> list[tuple[str, int, str]]:
        """Path, size and SHA-256 of every file, sorted by path. Reads everything once."""
        found = []
        for entry in self.entries.values():
            digest = hashlib.sha256()
            for chunk in self.chunks(entry):
                digest.update(chunk)
            found.append((entry.name, entry.size, digest.hexdigest()))
        return sorted(found)

    def _read(self) -> None:
        count, directory_size, directory, end = self._end_record()
        headers = self._headers(count, directory_size, directory, end)
        names, total = Names(), 0
        for header in headers:
            self._check_kind(header)
            if (other := names.add(header.name)) is not None:
                raise self._refuse(header.name, f"collides with {other}: some devices hold both names for one")
            total += header.size
            if total > self._limits.total:
                raise self._refuse_all(f"unpacks to more than {self._limits.total} bytes")
        covered = 0
        for header in sorted(headers, key=lambda header: header.offset):
            if header.offset < covered:
                raise self._refuse(header.name, "uses bytes of another entry")
            if header.offset > covered:
                raise self._refuse_all(f"has bytes that belong to no entry, before {header.name}")
            start, covered = self._extent(header, directory)
            if not header.name.endswith("/"):
                self.entries[header.name] = Entry(
                    header.name, header.size, header.packed, header.crc, header.method == _DEFLATED, start
                )
        if covered != directory:
            raise self._refuse_all("has bytes that belong to no entry, before its directory")

    def _end_record(self) -> tuple[int, int, int, int]:
        """Entries, size and place of the central directory, place of the end record."""
        tail_size = min(self._length, _END.size + _MAX16)
        tail = self._at(self._length - tail_size, tail_size)
        # what a lax reader takes is the last mark, whatever stands behind it
        last = position = tail.rfind(_END_MARK)
        found = []
        while position >= 0:
            if len(tail) - position >= _END.size:
                comment = _END.unpack_from(tail, position)[7]
                if position + _END.size + comment == len(tail):
                    found.append(position)
            position = tail.rfind(_END_MARK, 0, position) if position else -1
        if not found:
            raise self._refuse_all("is not a zip file, is cut off, or has bytes behind its end")
        if found != [last]:
            raise self._refuse_all("can be read in two ways: it has two end records")
        _, disk, first_disk, here, count, size, offset, _ = _END.unpack_from(tail, found[0])
        end = self._length - tail_size + found[0]
        if _MAX16 in (disk, first_disk, here, count) or _MAX32 in (size, offset):
            raise self._refuse_all("uses zip64, which nothing below 4 GiB needs")
        if disk or first_disk or here != count:
            raise self._refuse_all("is split over several files")
        if count > self._limits.entries:
            raise self._refuse_all(f"has {count} entries; {self._limits.entries} are allowed")
        if offset + size != end or count * _CENTRAL.size > size:
            raise self._refuse_all("has a directory that is not where it says")
        return count, size, offset, end

    def _headers(self, count: int, size: int, offset: int, end: int) -> list[_Header]:
        headers: list[_Header] = []
        position = offset
        for number in range(1, count + 1):
            if position + _CENTRAL.size > end:
                raise self._refuse_all(f"has a directory that ends before entry {number} of {count}")
            (mark, _, _, flags, method, _, _, crc, packed, unpacked, name_size, extra_size, comment_size,
             disk, _, attributes, local) = _CENTRAL.unpack(self._at(position, _CENTRAL.size))  # fmt: skip
            variable = name_size + extra_size + comment_size
            if mark != _CENTRAL_MARK or position + _CENTRAL.size + variable > end:
                raise self._refuse_all(f"has a directory that is damaged at entry {number} of {count}")
            if name_size > NAME_BYTES:
                raise self._refuse_all(f"has a name of more than {NAME_BYTES} bytes at entry {number}")
            raw = self._at(position + _CENTRAL.size, name_size)
            extra = self._at(position + _CENTRAL.size + name_size, extra_size)
            name = self._name(raw, number)
            if _MAX32 in (packed, unpacked, local) or disk == _MAX16:
                raise self._refuse(name, "uses zip64, which nothing below 4 GiB needs")
            if disk:
                raise self._refuse(name, "is in another file of a split archive")
            self._check_extra(name, raw, extra)
            headers.append(_Header(name, raw, flags, method, crc, packed, unpacked, local, attributes))
            position += _CENTRAL.size + variable
        if position != end:
            raise self._refuse_all("has bytes that belong to no entry, in its directory")
        return headers

    def _name(self, raw: bytes, number: int) -> str:
        try:
            name = raw.decode()
        except UnicodeDecodeError:
            raise self._refuse_all(f"has a name that is not UTF-8, at entry {number}") from None
        if reason := refusal_of_name(name):
            raise self._refuse(ascii(name)[1:-1] if not name.isprintable() else name, reason)
        return name

    def _check_extra(self, name: str, raw: bytes, extra: bytes) -> None:
        """Extra fields may say nothing that changes the entry's size or name."""
        position = 0
        while position + 4 <= len(extra):
            kind, size = struct.unpack_from("<HH", extra, position)
            if kind == _EXTRA_ZIP64:
                raise self._refuse(name, "uses zip64, which nothing below 4 GiB needs")
            if kind == _EXTRA_UNICODE_PATH and extra[position + 9 : position + 4 + size] != raw:
                raise self._refuse(name, "has a second name")
            position += 4 + size

    def _check_kind(self, header: _Header) -> None:
        if header.flags & (_ENCRYPTED | _STRONG | _MASKED):
            raise self._refuse(header.name, "is encrypted")
        if header.flags & _PATCH or header.method not in (_STORED, _DEFLATED):
            raise self._refuse(header.name, "is packed by a method other than stored and deflated")
        kind = stat.S_IFMT(header.attributes >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            what = "a link" if kind == stat.S_IFLNK else "a special file"
            raise self._refuse(header.name, f"is {what}; packages hold files and folders only")
        is_folder = header.name.endswith("/")
        if (kind == stat.S_IFDIR and not is_folder) or (kind == stat.S_IFREG and is_folder):
            raise self._refuse(header.name, "is a file and a folder at once")
        if is_folder and (header.size or header.packed > 2):
            raise self._refuse(header.name, "is a folder with content")
        if header.method == _STORED and header.size != header.packed:
            raise self._refuse(header.name, "is stored in another size than it has")
        if header.size > self._limits.entry:
            raise self._refuse(header.name, f"unpacks to {header.size} bytes; {self._limits.entry} are allowed")
        if header.size > self._limits.ratio_from and header.size > header.packed * self._limits.ratio:
            raise self._refuse(header.name, f"unpacks to more than {self._limits.ratio} times its size")

    def _extent(self, header: _Header, directory: int) -> tuple[int, int]:
        """Where the entry's data begins and where all of it ends, by its local header, which must agree."""
        if header.offset + _LOCAL.size > directory:
            raise self._refuse(header.name, "begins outside of the archive's data")
        mark, _, flags, method, _, _, crc, packed, size, name_size, extra_size = _LOCAL.unpack(
            self._at(header.offset, _LOCAL.size)
        )
        start = header.offset + _LOCAL.size + name_size + extra_size
        if mark != _LOCAL_MARK or start + header.packed > directory:
            raise self._refuse(header.name, "is not where the directory says, or is cut off")
        raw = self._at(header.offset + _LOCAL.size, min(name_size, NAME_BYTES))
        meaning = _ENCRYPTED | _DESCRIPTOR | _PATCH | _STRONG | _UTF8 | _MASKED
        if raw != header.raw or method != header.method or (flags ^ header.flags) & meaning:
            raise self._refuse(header.name, "is described differently by the directory and at its place")
        self._check_extra(header.name, header.raw, self._at(start - extra_size, extra_size))
        told, here = (header.crc, header.packed, header.size), (crc, packed, size)
        end = start + header.packed
        if not flags & _DESCRIPTOR:
            if told != here:
                raise self._refuse(header.name, "has other sizes in the directory than at its place")
            return start, end
        if any(mine not in (0, theirs) for mine, theirs in zip(here, told, strict=True)):
            raise self._refuse(header.name, "has other sizes in the directory than at its place")
        return start, self._descriptor_end(header, end, directory)

    def _descriptor_end(self, header: _Header, end: int, directory: int) -> int:
        """Behind the data descriptor, which may or may not begin with its mark."""
        expected = struct.pack("<III", header.crc, header.packed, header.size)
        for descriptor in (_DESCRIPTOR_MARK + expected, expected):
            if end + len(descriptor) <= directory and self._at(end, len(descriptor)) == descriptor:
                return end + len(descriptor)
        raise self._refuse(header.name, "has other sizes behind its data than in the directory")

    def _packed(self, entry: Entry) -> Iterator[bytes]:
        position, end = entry.start, entry.start + entry.packed
        while position < end:
            chunk = self._at(position, min(CHUNK, end - position))
            position += len(chunk)
            yield chunk

    def _inflated(self, entry: Entry) -> Iterator[bytes]:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for packed in self._packed(entry):
                if inflater.eof:
                    raise self._refuse(entry.name, "has bytes behind its data")
                rest = packed
                while rest and not inflater.eof:
                    yield inflater.decompress(rest, CHUNK)
                    rest = inflater.unconsumed_tail
                if inflater.unused_data:
                    raise self._refuse(entry.name, "has bytes behind its data")
            # what fits into no chunk yet is still inside
            while not inflater.eof and (chunk := inflater.decompress(b"", CHUNK)):
                yield chunk
        except zlib.error:
            raise self._refuse(entry.name, "is damaged: it cannot be unpacked") from None
        if not inflater.eof:
            raise self._refuse(entry.name, "is cut off")

    def _at(self, position: int, size: int) -> bytes:
        self._file.seek(position)
        found = self._file.read(size)
        if len(found) != size:
            raise self._refuse_all("is cut off")
        return found

    def _refuse(self, name: str, reason: str) -> Problem:
        return Problem("unsafe-archive", f"{self._label}: {name} {reason}.", "Make the archive anew with plain files.")

    def _refuse_all(self, reason: str) -> Problem:
        return Problem("unsafe-archive", f"{self._label} {reason}.", "Make the archive anew with plain files.")
