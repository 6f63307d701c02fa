"""Reads papers in a process of its own: a picture that makes the reader fail, or a leak in it, hurts nobody else.

`Reader.read` sends a photo and gets a `Reading`. The process starts with the first photo and is replaced when it has
died, takes too long, or has read many photos. It is asked for one photo at a time; more readers are more processes.

The wire: 4 bytes of length, big-endian, a byte for the paper's kind and the photo's bytes; back come a length and the
reading as JSON.
"""

from __future__ import annotations

import contextlib
import os
import select
import struct
import subprocess
import sys
import threading
import time
from typing import IO, Any, Final

import msgspec
from msgspec import Struct

from bank.credit.papers.card import Card
from bank.credit.papers.pictures import MOST_BYTES, Quality

#: seconds for one photo (about 2 of processor time here), and photos of one process
_PATIENCE: Final = 60.0
_PHOTOS: Final = 200
#: papers that can be read
KINDS: Final = ("id-front", "id-back", "licence")


class Reading(Struct, frozen=True):
    """What became of a photo: problems (`pictures.PROBLEMS`) ask for another; otherwise `card` has the fields."""

    problems: tuple[str, ...]
    quality: Quality | None = None
    tilt: float = 0.0
    card: Card | None = None


class ReaderFailed(Exception):
    """The reader died, or took too long, with this photo; the next one finds a new reader."""


class Reader:
    """A reader process. May be used from several threads: they wait for each other. Close it in the end."""

    def __init__(self, patience: float = _PATIENCE) -> None:
        self._patience = patience
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._done = 0

    def read(self, photo: bytes, kind: str = "id-front") -> Reading:
        """The reading of a photo of a paper of `KINDS`. Raises ReaderFailed."""
        if len(photo) > MOST_BYTES:
            return Reading(("unreadable",))
        with self._lock:
            if self._process is not None and (self._process.poll() is not None or self._done >= _PHOTOS):
                self._stop()
            process = self._process or self._start()
            try:
                assert process.stdin is not None
                process.stdin.write(struct.pack(">IB", len(photo), KINDS.index(kind)) + photo)
                process.stdin.flush()
                answer = self._answer(process)
            except (OSError, EOFError, TimeoutError) as error:
                self._stop()
                raise ReaderFailed(f"the reader of papers failed ({error}): take the photo again") from error
            self._done += 1
        return msgspec.json.decode(answer, type=Reading)

    def close(self) -> None:
        """Ends the process."""
        with self._lock:
            self._stop()

    @property
    def pid(self) -> int | None:
        """The process that is running."""
        return self._process.pid if self._process is not None else None

    def _start(self) -> subprocess.Popen[bytes]:
        self._done = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bank.credit.papers.reader"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"},
        )
        return self._process

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):  # its other end is gone
                        pipe.close()

    def _answer(self, process: subprocess.Popen[bytes]) -> bytes:
        assert process.stdout is not None
        end = time.monotonic() + self._patience
        length = struct.unpack(">I", self._exactly(process.stdout, 4, end))[0]
        return self._exactly(process.stdout, length, end)

    def _exactly(self, pipe: IO[bytes], count: int, end: float) -> bytes:
        content = b""
        while len(content) < count:
            ready, _, _ = select.select([pipe], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise TimeoutError("it took too long")
            piece = os.read(pipe.fileno(), count - len(content))
            if not piece:
                raise EOFError("it ended")
            content += piece
        return content


def read_photo(engine: Any, photo: bytes, kind: str = "id-front") -> Reading:
    """A photo's reading by an engine of RapidOCR."""
    from bank.credit.papers import pictures
    from bank.credit.papers.card import Text, read_back, read_card, read_licence

    picture = pictures.decode(photo)
    if picture is None:
        return Reading(("unreadable",))
    quality = pictures.quality(picture)
    if quality.problems:
        return Reading(quality.problems, quality)
    upright, tilt = pictures.straighten(picture)
    found = engine(upright)
    texts = [
        Text(text, round(100 * float(score)), float(box[:, 0].min()), float(box[:, 1].min()), float(_height(box)))
        for text, score, box in zip(
            found.txts or (), found.scores or (), found.boxes if found.txts else (), strict=True
        )
    ]
    read = {"id-front": read_card, "id-back": read_back, "licence": read_licence}[kind]
    return Reading((), quality, tilt, read(texts))


def _height(box: Any) -> float:
    return float(box[:, 1].max() - box[:, 1].min())


def engine() -> Any:
    """RapidOCR with the models in its wheel; one thread, quiet."""
    from rapidocr import RapidOCR

    return RapidOCR(params={"Global.log_level": "critical", "EngineConfig.onnxruntime.intra_op_num_threads": 1})


def main() -> int:
    """The process: photos come in, readings go out, until there are no more."""
    # what libraries print must not get between the answers
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    reading = engine()
    while True:
        head = sys.stdin.buffer.read(5)
        if len(head) < 5:
            return 0
        length, kind = struct.unpack(">IB", head)
        photo = sys.stdin.buffer.read(length)
        answer = msgspec.json.encode(read_photo(reading, photo, KINDS[kind]))
        answers.write(struct.pack(">I", len(answer)) + answer)
        answers.flush()


if __name__ == "__main__":
    sys.exit(main())
