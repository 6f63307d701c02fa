"""The opener: a process of its own that holds the private keys, has no database and no network, and answers one server
process over a pair of sockets. `python -m eden.keyboard.opener FD MODULE`; the vault's secret is the first frame.

It ends when its server does, whatever happened to it. It writes no core dumps, cannot be looked into by a debugger of
the same user, and is not swapped, as far as the system lets it. The server starts another one when it dies: everything
it knows is loaded again.
"""

from __future__ import annotations

import ctypes
import resource
import signal
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import msgspec

from eden.base.errors import EdenError
from eden.keyboard.modules import open_vault
from eden.keyboard.opening import SLOW, Opening
from eden.keyboard.wire import Answer, Answered, Asked, Frames, Request, frame

#: Argon2 at the same time; bounds the memory
_THREADS = 2
_PR_SET_DUMPABLE = 4
_MCL_CURRENT_AND_FUTURE = 3


def main() -> int:
    """The process's exit code."""
    _harden()
    # whoever stops the server by a signal to its group stops this through the server
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[1])) as connection, suppress(ConnectionError):
        try:
            _serve(connection, sys.argv[2])
        except EdenError as error:
            print(f"{error.sentence} {error.hint}", file=sys.stderr, flush=True)
            return 1
    return 0


def _serve(connection: socket.socket, module: str) -> None:
    frames, decoder, encoder = Frames(), msgspec.msgpack.Decoder(Asked), msgspec.msgpack.Encoder()
    opening: Opening | None = None
    writing = threading.Lock()
    failures: list[EdenError] = []

    def send(answers: bytes) -> None:
        with writing, suppress(ConnectionError):
            connection.sendall(answers)

    def slow(asked: Asked, used: Opening) -> None:
        try:
            answer = _answer(used, asked.request)
        except EdenError as error:
            failures.append(error)
            # who waits for the answer would wait for ever
            connection.shutdown(socket.SHUT_RDWR)
        else:
            send(frame(encoder.encode(Answered(asked.number, answer))))

    with ThreadPoolExecutor(_THREADS, "eden-argon2") as pool:
        while data := connection.recv(1 << 18):
            answers = bytearray()
            for content in frames.feed(data):
                if opening is None:
                    opening = Opening(open_vault(module, content))
                    continue
                asked = decoder.decode(content)
                if isinstance(asked.request, SLOW):
                    pool.submit(slow, asked, opening)
                else:
                    answers += frame(encoder.encode(Answered(asked.number, _answer(opening, asked.request))))
            if answers:
                send(bytes(answers))
    if failures:
        raise failures[0]


def _answer(opening: Opening, request: Request) -> Answer:
    """EdenError when it cannot go on: the secret is another one, the hardware module fails."""
    try:
        return opening.do(request)
    except EdenError:
        raise
    except Exception as error:
        # neither the error's words nor a traceback: a vendor's may show the block that it was given
        sentence = f"The opener of sealed values has failed: {type(error).__name__}."
        raise EdenError(
            "opener", sentence, "It is started again; look at the hardware module, if there is one."
        ) from None


def _harden() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
        libc.mlockall(_MCL_CURRENT_AND_FUTURE)


if __name__ == "__main__":
    sys.exit(main())
