"""One of several server processes: started by the supervisor, never by hand.

Standard input brings one line with the settings, the listening socket's number and the process's number, and stays
open as long as the supervisor lives: at its end the process stops in order. Standard output says "ready" once.
"""

from __future__ import annotations

import gc
import os
import socket
import sys
import threading
from typing import TYPE_CHECKING

import msgspec

from eden.base.errors import EdenError
from eden.base.imports import without
from eden.base.settings import Settings

if TYPE_CHECKING:
    from eden.operate.server import Server


class Order(msgspec.Struct, frozen=True):
    """What the supervisor tells a new process."""

    settings: Settings
    listener: int
    process: int


def main() -> int:
    """The process's exit code."""
    # looking for garbage among what is being loaded takes a seventh of the time to start; the server begins with it
    gc.disable()
    # nor is a client of Amazon's needed, which securesystemslib loads where it is there, for keys that are kept there
    with without("boto3"):
        from eden.operate.running import held
        from eden.operate.server import run_server
        from eden.operate.stores import told

    # a Ctrl-C at the terminal is the supervisor's, who stops its processes in order
    os.setpgid(0, 0)
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    listener = socket.socket(fileno=order.listener)

    def ready() -> None:
        print("ready", flush=True)

    settings = order.settings
    try:
        # longer than the supervisor, when that is killed
        with told(settings), held(settings):
            return run_server(settings, listener, process=order.process, on_start=ready, on_made=_stop_with_parent)
    except EdenError as error:
        print(f"eden: {error}", file=sys.stderr)
        return 1


def _stop_with_parent(server: Server) -> None:
    def watch() -> None:
        # without Python's buffer, whose lock would be held when the interpreter ends
        while os.read(0, 4096):
            pass
        server.stop_from_thread()

    threading.Thread(target=watch, name="eden-parent", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
