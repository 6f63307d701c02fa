"""Reading the spool back, a bounded piece at a time: it may be larger than any memory.

The reader keeps its places in memory only; who uses it writes them down (`eden.observe.digest.progress`) and puts them
back after a start. It turns from writer to writer, so that a busy process does not keep another one's reports waiting.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from eden.observe.interfaces import Accepted
from eden.observe.spool.folder import Segment, is_ended, segments
from eden.observe.spool.records import HEAD_BYTES, MAGIC, MARK, Scan, scan

#: bytes that are read at once, unless one record is larger
PIECE_BYTES = 2_000_000

log = logging.getLogger("eden.observe")


class Range(NamedTuple):
    """Bytes of a segment, by its file's name."""

    segment: str
    begin: int
    end: int


class Piece(NamedTuple):
    """Batches in the order of a range."""

    range: Range
    batches: list[Accepted]


class SpoolReader:
    """Of one thread. `places`: by segment's name, up to where it has been read before."""

    def __init__(self, folder: Path, places: Mapping[str, int] | None = None) -> None:
        self._folder = folder
        self._places = dict(places or {})
        self._last = ""
        #: bytes that were damaged, and passed over
        self.lost = 0

    @property
    def places(self) -> dict[str, int]:
        """By segment's name, up to where it has been read."""
        return dict(self._places)

    def go_back(self, places: Mapping[str, int]) -> None:
        """Read again from the `places` of before."""
        self._places = dict(places)

    def read(self, most: int = PIECE_BYTES) -> Piece | None:
        """The next whole records, about `most` bytes of them; None when there are none now."""
        waiting = [segment for segment in self._first_of_each() if self._place(segment.name) < segment.size]
        # the one behind the last one that had its turn
        waiting.sort(key=lambda segment: (segment.writer <= self._last, segment.writer))
        for segment in waiting:
            piece = self._read(segment, most)
            if piece is not None:
                self._last = segment.writer
                return piece
        return None

    def read_again(self, span: Range) -> list[Accepted]:
        """The batches of a range that was read before. Empty when its segment is gone."""
        try:
            with open(self._folder / span.segment, "rb") as file:
                file.seek(span.begin)
                data = file.read(span.end - span.begin)
        except FileNotFoundError:
            return []
        batches: list[Accepted] = []
        place = 0
        while place < len(data):
            found = scan(data[place:], place)
            batches.extend(one.batch for one in found.found)
            following = data.find(MARK, found.end + 1)
            place = len(data) if following < 0 else following
        return batches

    def unread(self) -> list[Segment]:
        """Segments with bytes that were not read; `size` is up to where they are to be read."""
        return [segment for segment in segments(self._folder) if self._place(segment.name) < segment.size]

    def has_read(self, wanted: Iterable[Segment], places: Mapping[str, int]) -> bool:
        """Whether `places` are behind all of what was in the spool some time ago (`segments`)."""
        return all(
            places.get(segment.name, len(MAGIC)) >= segment.size or not (self._folder / segment.name).exists()
            for segment in wanted
        )

    def remove_read(self, done: Mapping[str, int]) -> list[str]:
        """Remove the segments that nobody writes any more and that are read whole, up to `done`; their names."""
        removed = []
        for segment in segments(self._folder):
            path = self._folder / segment.name
            if (read := done.get(segment.name, len(MAGIC))) < segment.size or not is_ended(path):
                continue
            # ended now; it may have grown since it was looked at
            with contextlib.suppress(FileNotFoundError):
                if read < path.stat().st_size:
                    continue
                path.unlink()
            self._places.pop(segment.name, None)
            removed.append(segment.name)
        return removed

    def remove_drafts(self) -> None:
        """Remove what processes left that died while they began a segment."""
        for path in self._folder.glob("*.draft"):
            if is_ended(path):
                path.unlink(missing_ok=True)

    def _place(self, name: str) -> int:
        return self._places.get(name, len(MAGIC))

    def _first_of_each(self) -> list[Segment]:
        """The oldest segment of each writer that is not read whole."""
        found: dict[str, Segment] = {}
        for segment in segments(self._folder):
            if self._place(segment.name) < segment.size:
                found.setdefault(segment.writer, segment)
        return list(found.values())

    def _read(self, segment: Segment, most: int) -> Piece | None:
        path = self._folder / segment.name
        try:
            with open(path, "rb") as file:
                return self._read_file(file.fileno(), path, most)
        except FileNotFoundError:
            return None

    def _read_file(self, handle: int, path: Path, most: int) -> Piece | None:
        # in this order: what is read of a segment that had ended is all that there is
        ended = is_ended(path)
        while True:
            place, size = self._place(path.name), os.fstat(handle).st_size
            found = self._scan(handle, place, most)
            if not found.found and found.wanted > most:
                found = self._scan(handle, place, min(found.wanted, size - place))
            if found.found:
                self._places[path.name] = found.end
                span = Range(path.name, found.found[0].begin, found.end)
                return Piece(span, [one.batch for one in found.found])
            if not ended or place >= size:
                return None
            self._pass_over(handle, path, place, size)

    def _scan(self, handle: int, place: int, most: int) -> Scan:
        return scan(os.pread(handle, max(most, HEAD_BYTES), place), place)

    def _pass_over(self, handle: int, path: Path, place: int, size: int) -> None:
        """Go on behind what is not whole: at the next mark, or at the end."""
        following = _find(handle, place + 1, size)
        self.lost += following - place
        if following < size or size - place > HEAD_BYTES:
            # what is cut off at the end was never acknowledged; in the middle it is damage
            log.warning("%d bytes of %s are no whole record and are passed over", following - place, path.name)
        self._places[path.name] = following


def _find(handle: int, place: int, size: int) -> int:
    """The next mark at or behind `place`; `size` when there is none."""
    while place < size:
        data = os.pread(handle, PIECE_BYTES, place)
        found = data.find(MARK)
        if found >= 0:
            return place + found
        place += max(1, len(data) - len(MARK) + 1)
    return size
