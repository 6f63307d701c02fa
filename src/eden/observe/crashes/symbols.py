"""Frames in their author's files: the source maps of the exact version that ran, applied on the server.

A program's scripts are called `eden://program/PACKAGE/scripts.js` in stacks; the archive that the version's package
brought has `PACKAGE/scripts.js.map`. `observe_symbols` says which blob that archive is. Used by the insight process in
one thread, so it is synchronous; what it holds is bounded.
"""

from __future__ import annotations

import asyncio
import io
import logging
import re
import time
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable
from itertools import pairwise

from sqlalchemy import Connection, select

from eden.base.errors import EdenError
from eden.base.ground import Ground
from eden.base.source_map import Place, SourceMap
from eden.observe.crashes.document import LONGEST_LINE, ErrorDocument, Frame
from eden.observe.crashes.stacks import PROGRAM, looks_in_app
from eden.observe.models import observe_symbols

#: bytes of maps that are held: those of a few versions of a few programs
HELD_BYTES = 64_000_000
#: bytes of the map of one package
_LARGEST_MAP = 64_000_000
#: lines shown before and after a place
_AROUND = 5
#: places that are remembered: the same few crash again and again
_PLACES = 20_000
#: seconds after which a version without maps is asked for again: they may have been prepared meanwhile
_ASK_AGAIN = 10.0
_SCRIPT = re.compile(r"^eden://program/(?P<package>[^\s:]{1,200})/scripts\.js$")
#: names that a minifier makes
_SHORT = 2

log = logging.getLogger("eden.observe.symbols")

#: what is said in a document whose frames could not be led to the author's files; pages say it in their language
NO_VERSION = "The version was not said, so no source map could be applied."
NO_MAP = "There is no source map of version {code}."
NO_PACKAGE = "There is no usable source map of the package {package} of version {code}."

#: where a frame really is, and the lines around it
_Found = tuple[Place, list[str], str, list[str]]


#: what zipfile raises for archives that are damaged, lack the map, are encrypted or packed in an unknown way: an error
#: without its map is stored all the same
_UNREADABLE = (zipfile.BadZipFile, KeyError, RuntimeError, OSError, EOFError, zlib.error)


class Symbols:
    """`archive_of(app, code)` is the SHA-256 of a version's archive, `load(sha256)` its bytes; `clock` monotonic
    seconds."""

    def __init__(
        self,
        archive_of: Callable[[int, int], str | None],
        load: Callable[[str], bytes | None],
        *,
        held_bytes: int = HELD_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._archive_of = archive_of
        self._load = load
        self._clock = clock
        self._limit = held_bytes
        self._held = 0
        #: (archive, package) → map and its bytes; None: there is none, or it cannot be used
        self._maps: OrderedDict[tuple[str, str], tuple[SourceMap | None, int]] = OrderedDict()
        self._archives: OrderedDict[tuple[int, int], tuple[str | None, float]] = OrderedDict()
        self._places: OrderedDict[tuple[str, str, int, int], _Found | None] = OrderedDict()

    @classmethod
    def of(cls, ground: Ground) -> Symbols:
        """Over the tables and blobs of this process's ground, for a thread without an event loop."""

        def archive_of(app: int, code: int) -> str | None:
            def read(connection: Connection) -> str | None:
                return connection.execute(
                    select(observe_symbols.c.sha256).where(observe_symbols.c.app == app, observe_symbols.c.code == code)
                ).scalar()

            return ground.database.read_now(read)

        return cls(archive_of, lambda sha256: asyncio.run(ground.blobs.get_content(sha256)))

    def apply(self, app: int, code: int, document: ErrorDocument) -> ErrorDocument:
        """The document with the program's frames in its author's files, changed in place. Where that is not possible,
        frames stay as they are and `notes` says why."""
        scripts = [
            (frame, match["package"])
            for thrown in document.exceptions
            for frame in thrown.frames
            if frame.file.startswith(PROGRAM) and (match := _SCRIPT.match(frame.file)) is not None
        ]
        if not scripts:
            return document
        if code <= 0:
            document.notes.append(NO_VERSION)
            return document
        archive = self._archive(app, code)
        if archive is None:
            document.notes.append(NO_MAP.format(code=code))
            return document
        failed: dict[str, None] = {}
        names: dict[int, str] = {}
        for frame, package in scripts:
            place = self._place(archive, package, frame.line, frame.column)
            if place is None:
                if self._map(archive, package) is None:
                    failed[package] = None
                continue
            names[id(frame)] = place[0].name
            _move(frame, place)
        for thrown in document.exceptions:
            _name(thrown.frames, names)
        for package in failed:
            document.notes.append(NO_PACKAGE.format(package=package, code=code))
        return document

    def _archive(self, app: int, code: int) -> str | None:
        held = self._archives.get((app, code))
        if held is not None and (held[0] is not None or self._clock() - held[1] < _ASK_AGAIN):
            return held[0]
        found = self._archive_of(app, code)
        self._archives[app, code] = found, self._clock()
        while len(self._archives) > 1000:
            self._archives.popitem(last=False)
        return found

    def _place(self, archive: str, package: str, line: int, column: int) -> _Found | None:
        key = (archive, package, line, column)
        if key in self._places:
            return self._places[key]
        found: _Found | None = None
        source_map = self._map(archive, package)
        if source_map is not None:
            try:
                place = source_map.find(line, column)
                if place is not None:
                    before, source, after = source_map.around(line, column, _AROUND)
                    found = place, _cut(before), source[:LONGEST_LINE], _cut(after)
            except ValueError as error:
                log.warning("the source map of %s in %s is damaged: %s", package, archive, error)
                self._keep((archive, package), None, 0)
        self._places[key] = found
        if len(self._places) > _PLACES:
            self._places.popitem(last=False)
        return found

    def _map(self, archive: str, package: str) -> SourceMap | None:
        key = (archive, package)
        held = self._maps.get(key)
        if held is not None:
            self._maps.move_to_end(key)
            return held[0]
        data = self._read(archive, package)
        source_map = None
        if data is not None:
            try:
                source_map = SourceMap(data)
            except ValueError as error:
                log.warning("the source map of %s in %s is damaged: %s", package, archive, error)
        # the text, its lines and what is decoded of it
        self._keep(key, source_map, 2 * len(data) if data is not None and source_map is not None else 0)
        return source_map

    def _read(self, archive: str, package: str) -> bytes | None:
        try:
            data = self._load(archive)
        except EdenError as error:
            log.warning("the source maps %s cannot be read: %s", archive, error)
            return None
        if data is None:
            return None
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as opened:
                entry = opened.getinfo(f"{package}/scripts.js.map")
                return opened.read(entry) if entry.file_size <= _LARGEST_MAP else None
        except _UNREADABLE as error:
            log.warning("the source maps %s have none of %s: %s", archive, package, error)
            return None

    def _keep(self, key: tuple[str, str], source_map: SourceMap | None, size: int) -> None:
        self._held -= self._maps.pop(key, (None, 0))[1]
        self._maps[key] = source_map, size
        self._held += size
        while self._held > self._limit and len(self._maps) > 1:
            self._held -= self._maps.popitem(last=False)[1][1]


def _move(frame: Frame, found: _Found) -> None:
    place, before, source, after = found
    frame.ran = f"{frame.file.removeprefix(PROGRAM)}:{frame.line}:{frame.column}"
    frame.file, frame.line, frame.column = place.file, place.line, place.column
    frame.before, frame.source, frame.after = before, source, after
    frame.in_app = looks_in_app(place.file)


def _name(frames: list[Frame], names: dict[int, str]) -> None:
    """A function that a minifier renamed is called by its old name where it is called: in the frame outside of it."""
    for frame, outside in pairwise(frames):
        if frame.ran and len(frame.function.rpartition(".")[2]) <= _SHORT and names.get(id(outside)):
            frame.function = names[id(outside)]


def _cut(lines: list[str]) -> list[str]:
    return [line[:LONGEST_LINE] for line in lines]
