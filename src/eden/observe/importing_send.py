"""`eden observe import`: sends what `importing` cuts to a server, and remembers what has arrived.

Each batch is sent until the server has it on its disk, so a file that was interrupted goes on where it was, and the
same file twice is stored once: batches that arrived are in a journal of this user, one for every server and key.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import aiohttp
import msgspec

from eden import __version__
from eden.base.errors import EdenError
from eden.observe.importing import Batch, Kind, Refused, cut, lines, unpacked

#: how often a batch is sent when the server is away or full; the waits between add up to some minutes
TRIES = 10
_LONGEST_WAIT = 30.0
#: refused lines that are told one by one
_TOLD = 20
_LATER = (429, 502, 503, 504, 507)
_PATHS: dict[Kind, str] = {
    "mas": "/observe/mas/lines",
    "events": "/observe/posthog/batch/",
    "eden": "/observe/v1/batch",
}


@dataclass
class Report:
    """Lines by what has become of them."""

    stored: int = 0
    before: int = 0
    refused: list[Refused] = field(default_factory=list)


class Journal:
    """Names of batches that arrived, one a line, on the disk before the next one is sent."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._names: set[str] = set()
        if file is not None and file.exists():
            self._names.update(file.read_text(encoding="ascii").split())

    @classmethod
    def of(cls, server: str, key: str, environment: Mapping[str, str] = os.environ) -> Journal:
        """This user's, below XDG_STATE_HOME. Raises EdenError: it cannot be read or written."""
        state = environment.get("XDG_STATE_HOME")
        folder = (Path(state) if state else Path.home() / ".local" / "state") / "eden" / "imports"
        name = hashlib.blake2b(f"{server} {key}".encode(), digest_size=16).hexdigest()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return cls(folder / f"{name}.txt")
        except (OSError, UnicodeDecodeError) as error:
            raise EdenError("import-journal", f"What was imported before cannot be read: {error}.") from error

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def add(self, name: str) -> None:
        if name in self._names:
            return
        self._names.add(name)
        if self._file is not None:
            with self._file.open("a", encoding="ascii") as file:
                file.write(name + "\n")


async def send(
    files: Sequence[Path],
    server: str,
    key: str,
    journal: Journal,
    *,
    kind: Kind | None = None,
    zone: str = "",
    again: bool = False,
    progress: bool = False,
) -> Report:
    """Import files; "-" is standard input. `again`: also batches that the journal has. Raises EdenError."""
    report = Report()
    timeout = aiohttp.ClientTimeout(total=120, sock_connect=15)
    headers = {"User-Agent": f"eden/{__version__}", "Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(timeout=timeout, headers=headers, trust_env=True) as session:
        sender = _Sender(session, server, key, zone)
        for path in files:
            telling = _Telling(path, report, progress)
            for found in _found(path, kind, zone):
                if isinstance(found, Refused):
                    report.refused.append(found)
                    telling.refused(found)
                elif found.name in journal and not again:
                    report.before += found.count
                else:
                    await sender.send(found)
                    journal.add(found.name)
                    report.stored += found.count
                telling.tell()
            telling.end()
    return report


def _found(path: Path, kind: Kind | None, zone: str) -> Iterator[Batch | Refused]:
    with _opened(path) as file:
        yield from cut(lines(unpacked(file)), kind, zone=zone, received=time.time_ns() // 1000)


def _opened(path: Path) -> AbstractContextManager[BinaryIO]:
    if str(path) == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        return path.open("rb")
    except OSError as error:
        raise EdenError("import-file", f"The file {path} cannot be read: {error.strerror or error}.") from error


class _Sender:
    def __init__(self, session: aiohttp.ClientSession, server: str, key: str, zone: str) -> None:
        self._session = session
        self._server = server
        self._key = key
        self._zone = zone

    async def send(self, batch: Batch) -> None:
        """Until the server has it. Raises EdenError: it never will."""
        query: dict[str, str] = {}
        if batch.kind == "mas":
            query = {"batch": batch.name, **({"zone": self._zone} if self._zone else {})}
        elif batch.kind == "events":
            query = {"token": self._key}
        data = gzip.compress(batch.body, 6, mtime=0)
        url = self._server + _PATHS[batch.kind]
        wait, said = 0.5, ""
        for _ in range(TRIES):
            try:
                async with self._session.post(
                    url, params=query, data=data, headers={"Content-Encoding": "gzip"}, allow_redirects=False
                ) as answer:
                    text = await answer.read()
                    if answer.status == 200:
                        return
                    said = _said(answer.status, text)
                    if answer.status not in _LATER:
                        raise EdenError("import-refused", f"Lines {batch.first} to {batch.last}: {said}")
                    after = answer.headers.get("retry-after", "")
                    wait = max(wait, float(after)) if after.isdecimal() else wait
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError) as error:
                said = f"The server {self._server} does not answer: {str(error) or type(error).__name__}."
            await asyncio.sleep(min(wait, _LONGEST_WAIT))
            wait *= 2
        raise EdenError("import-stopped", said, "Import the same file again later: it goes on where it was.")


def _said(status: int, text: bytes) -> str:
    try:
        problem = msgspec.json.decode(text, type=dict[str, object])
    except msgspec.MsgspecError:
        return f"The server answers {status}."
    return " ".join(str(problem[name]) for name in ("detail", "hint") if problem.get(name))


class _Telling:
    """What is said on standard error while a file is sent."""

    def __init__(self, path: Path, report: Report, progress: bool) -> None:
        self._path = path
        self._report = report
        self._progress = progress
        self._told = 0
        self._at = time.monotonic()

    def refused(self, refused: Refused) -> None:
        self._told += 1
        if self._told <= _TOLD:
            print(f"{self._path}, line {refused.number}: {refused.reason}", file=sys.stderr)

    def tell(self) -> None:
        if self._progress and time.monotonic() - self._at >= 1:
            self._at = time.monotonic()
            report = self._report
            sentence = f"\r{report.stored:,} stored, {report.before:,} before, {len(report.refused):,} refused "
            print(sentence, end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._progress:
            print("\r" + " " * 70, end="\r", file=sys.stderr)
        if self._told > _TOLD:
            print(f"{self._path}: {self._told - _TOLD:,} more lines refused", file=sys.stderr)
