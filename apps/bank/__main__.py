"""`python -m bank serve --data DIR`: the bank as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import threading
from pathlib import Path

import uvicorn

from bank import catalogue
from bank.server import Server
from bank.settings import Settings
from eden.base.errors import EdenError

#: environment: the token of the platform's keyboard, which is not to be seen in a list of processes
KEYBOARD_TOKEN = "BANK_KEYBOARD_TOKEN"


def main(arguments: list[str] | None = None) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="bank", description="The reference bank.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve the bank until interrupted")
    serve.add_argument("--data", type=Path, required=True, help="folder of everything that the bank keeps")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8720, help="0: any that is free")
    serve.add_argument("--database", default="", help="address of the database (default: SQLite in the folder)")
    serve.add_argument("--ledger", default="", help="address of the ledger (default: SQLite in the folder)")
    serve.add_argument("--keyboard", default="", help="address of the platform's secure keyboard, with its workspace")
    serve.add_argument("--seed", type=int, default=0, help="make up so many customers on a first start")
    serve.add_argument("--ends-with-input", action="store_true", help="end when standard input does, as its parent has")
    serve.set_defaults(run=_serve)
    commands.add_parser("catalogue", help="write the gateway's catalogue of the bank").set_defaults(run=_catalogue)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        code: int = given.run(given)
    except EdenError as error:
        print(f"{error.sentence} {error.hint}".rstrip(), file=sys.stderr)
        return 1
    return code


def _catalogue(given: argparse.Namespace) -> int:
    print(catalogue.text(), end="")
    return 0


def _serve(given: argparse.Namespace) -> int:
    settings = Settings(
        given.data,
        given.host,
        given.port,
        given.database,
        given.ledger,
        given.keyboard,
        os.environ.get(KEYBOARD_TOKEN, ""),
        given.seed,
    )
    with contextlib.closing(_listen(given.host, given.port)) as listener:
        print(f"Bank  http://{given.host}:{listener.getsockname()[1]}", flush=True)
        config = uvicorn.Config(Server(settings), log_level="warning", access_log=False, lifespan="on")
        server = uvicorn.Server(config)
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_run(server, listener, given.ends_with_input))
    return 0 if server.started else 1


async def _run(server: uvicorn.Server, listener: socket.socket, ends_with_input: bool) -> None:
    loop = asyncio.get_running_loop()

    def read() -> None:
        sys.stdin.buffer.read()
        with contextlib.suppress(RuntimeError):  # it has stopped already
            loop.call_soon_threadsafe(server.handle_exit, signal.SIGTERM, None)

    if ends_with_input:
        threading.Thread(target=read, name="bank-input", daemon=True).start()
    await server.serve(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    try:
        listener = socket.create_server((host, port), backlog=512)
    except OSError as error:
        raise EdenError("cannot-listen", f"{host} port {port}: {error.strerror}.", "Choose another port.") from error
    return listener


if __name__ == "__main__":
    sys.exit(main())
