"""esbuild as a service: one process that transforms many modules at once and is kept for rebuilds.

This is the protocol of esbuild's own JavaScript API (lib/shared/stdio_protocol.ts in its source): length-prefixed
packets of tagged values over stdin and stdout. Beside one process for all files it gives one answer per file, so that
a syntax error in one module does not cost the others, with positions as data.
"""

from __future__ import annotations

import atexit
import os
import struct
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from eden.base import tools
from eden.base.errors import EdenError

#: modules that esbuild works on at a time: enough that it need not wait for us, and half the memory of all at once
IN_FLIGHT = 64


@dataclass(frozen=True, slots=True)
class Message:
    """An error or warning: line from 1 (0: unknown), column in UTF-8 bytes from 0 of `line_text`."""

    text: str
    line: int
    column: int
    line_text: str


@dataclass(frozen=True, slots=True)
class Transformed:
    """`code` and `map` (source map v3 as JSON) are "" when there are errors."""

    code: str
    map: str
    errors: tuple[Message, ...]
    warnings: tuple[Message, ...]


def transform(modules: Sequence[tuple[str, Sequence[str]]]) -> list[Transformed]:
    """Transform (text, command-line flags) pairs, in one go; the order is kept.

    Raises EdenError when esbuild cannot be started or breaks off.
    """
    return _service().transform(modules) if modules else []


def encode(value: Any) -> bytes:
    """A value of the protocol: null, boolean, 32-bit integer, text, bytes, list, or dict with text keys."""
    match value:
        case None:
            return b"\0"
        case bool():
            return b"\1\1" if value else b"\1\0"
        case int():
            return b"\2" + struct.pack("<i", value)
        case str():
            return b"\3" + _prefixed(value.encode("utf-8", "replace"))
        case bytes():
            return b"\4" + _prefixed(value)
        case list():
            return b"\5" + struct.pack("<I", len(value)) + b"".join(map(encode, value))
        case dict():
            items = b"".join(_prefixed(key.encode()) + encode(item) for key, item in value.items())
            return b"\6" + struct.pack("<I", len(value)) + items
    raise TypeError(type(value).__name__)


def decode(data: bytes, at: int = 0) -> tuple[Any, int]:
    """The value at an offset, and the offset after it; ValueError or struct.error for bytes that are none."""
    tag = data[at]
    at += 1
    if tag == 0:
        return None, at
    if tag == 1:
        return data[at] == 1, at + 1
    (number,) = struct.unpack_from("<I", data, at)
    at += 4
    if tag == 2:
        return number, at
    if tag in (3, 4):
        raw = data[at : at + number]
        return (raw.decode("utf-8", "replace") if tag == 3 else raw), at + number
    if tag == 5:
        items = []
        for _ in range(number):
            item, at = decode(data, at)
            items.append(item)
        return items, at
    if tag == 6:
        fields = {}
        for _ in range(number):
            (length,) = struct.unpack_from("<I", data, at)
            key = data[at + 4 : at + 4 + length].decode()
            fields[key], at = decode(data, at + 4 + length)
        return fields, at
    raise ValueError(f"unknown tag {tag}")


def _prefixed(raw: bytes) -> bytes:
    return struct.pack("<I", len(raw)) + raw


class _Service:
    """The process; started on first use, started again after it died."""

    def __init__(self, binary: Path) -> None:
        self.binary = binary
        self.lock = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None

    def transform(self, modules: Sequence[tuple[str, Sequence[str]]]) -> list[Transformed]:
        with self.lock:
            process = self.start()
            assert process.stdin and process.stdout
            room = threading.Semaphore(IN_FLIGHT)
            writer = threading.Thread(target=_send, args=(process.stdin, modules, room), daemon=True)
            writer.start()
            try:
                answers = self.receive(process.stdout, len(modules), room)
            except (OSError, EOFError, ValueError, struct.error) as error:
                self.stop()
                room.release(len(modules))  # lets the writer run into the closed pipe
                raise EdenError("esbuild-failed", f"esbuild broke off: {error}.") from error
            writer.join()
        return [_transformed(answers[index]) for index in range(len(modules))]

    def receive(self, stream: IO[bytes], count: int, room: threading.Semaphore) -> dict[int, Any]:
        answers: dict[int, Any] = {}
        while len(answers) < count:
            packet = _read_packet(stream)
            (number,) = struct.unpack_from("<I", packet)
            if number & 1:  # an answer; requests of the service (there are none without plugins) are passed over
                answers[number >> 1] = decode(packet, 4)[0]
                room.release()
        return answers

    def start(self) -> subprocess.Popen[bytes]:
        if self.process is not None and self.process.poll() is None:
            return self.process
        self.stop()
        try:
            version = subprocess.run([self.binary, "--version"], capture_output=True, text=True, timeout=60).stdout
            self.process = subprocess.Popen(
                [self.binary, f"--service={version.strip()}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # less garbage collection: a tenth of the time for a few megabytes
                env=os.environ | {"GOGC": "400"},
            )
            assert self.process.stdout
            _read_packet(self.process.stdout)  # its version
        except (OSError, EOFError, subprocess.TimeoutExpired) as error:
            raise EdenError("esbuild-failed", f"esbuild cannot be started: {error}.") from error
        return self.process

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


def _send(stream: IO[bytes], modules: Sequence[tuple[str, Sequence[str]]], room: threading.Semaphore) -> None:
    try:
        for index, (text, flags) in enumerate(modules):
            room.acquire()
            request = {
                "command": "transform",
                "flags": list(flags),
                "inputFS": False,
                "input": text.encode("utf-8", "replace"),
            }
            stream.write(_prefixed(struct.pack("<I", index << 1) + encode(request)))
            stream.flush()
    except OSError:
        return  # the process is gone; the reader notices


def _read_packet(stream: IO[bytes]) -> bytes:
    head = stream.read(4)
    if len(head) == 4:
        (length,) = struct.unpack("<I", head)
        body = stream.read(length)
        if len(body) == length:
            return body
    raise EOFError("no answer")


def _transformed(answer: dict[str, Any]) -> Transformed:
    if error := answer.get("error"):
        return Transformed("", "", (Message(str(error), 0, 0, ""),), ())
    return Transformed(
        _text(answer.get("code")),
        _text(answer.get("map")),
        tuple(map(_message, answer.get("errors") or ())),
        tuple(map(_message, answer.get("warnings") or ())),
    )


def _text(value: str | bytes | None) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value or ""


def _message(raw: dict[str, Any]) -> Message:
    place = raw.get("location") or {}
    return Message(raw["text"], place.get("line", 0), place.get("column", 0), place.get("lineText", ""))


_current: _Service | None = None
_creation = threading.Lock()


def _service() -> _Service:
    global _current
    with _creation:
        if _current is None or _current.binary != tools.esbuild():
            if _current is not None:
                _current.stop()
            _current = _Service(tools.esbuild())
        return _current


@atexit.register
def stop() -> None:
    """End the process, if it runs."""
    if _current is not None:
        _current.stop()
