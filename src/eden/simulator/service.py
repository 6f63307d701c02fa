"""`eden dev`: build, serve, open a browser, rebuild after every change. `eden demo` is made of the same pieces."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import socket
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import segno

from eden.base.errors import EdenError
from eden.base.settings import is_loopback
from eden.simulator.program import LiveProgram, Revision
from eden.simulator.server import Served, Simulator, SimulatorServer

#: how many ports after the wanted one are tried when it is taken
PORT_TRIES = 20
#: problems that no change to a file of the program would solve
_NO_PROGRAM = ("no-program", "ambiguous-program")


def dev_command(arguments: argparse.Namespace) -> int:
    """Serve the project `arguments.source` until interrupted; the process's exit code."""
    source: Path = arguments.source
    if not source.is_dir():
        raise EdenError("no-folder", f"{source} is not a folder.", "Give the folder of a mini program.")
    with contextlib.closing(listen(arguments.host, arguments.port)) as listener:
        program = built(source)
        application = Simulator(program, settings=page_settings(arguments.host, listener, source), on_revision=report)
        return serve(arguments, application, listener)


def built(source: Path) -> LiveProgram:
    """The program in `source`, built once. Raises EdenError when there is none."""
    program = LiveProgram(source)
    print(f"Building {source} …", flush=True)
    first = program.build()
    if nothing := next((problem for problem in first.result.diagnostics if problem.code in _NO_PROGRAM), None):
        program.close()
        raise EdenError(nothing.code, f"{source}: {nothing.message}.", "Give the folder that holds its app.json.")
    report(first)
    return program


def page_settings(host: str, listener: socket.socket, source: Path) -> dict[str, Any]:
    """What the simulator's page is told: the address for phones on the network, with its picture, and the source."""
    public = _public_address(host, listener)
    qr = segno.make(public, error="m").svg_inline(omitsize=True, border=2) if public else None
    return {"public": public, "qr": qr, "source": str(source)}


def serve(arguments: argparse.Namespace, application: Served, listener: socket.socket, more: Sequence[str] = ()) -> int:
    """Say where the phone is, with `more` lines below it, and serve until interrupted; the exit code."""
    address = local_address(arguments.host, listener)
    print(f"\n  Phone    {address}")
    for line in more:
        print(f"  {line}")
    if public := _public_address(arguments.host, listener):
        print(f"  Network  {public}\n")
        segno.make(public, error="l").terminal(compact=True)
    print("  Changes are built and shown at once. Stop with Ctrl-C.\n", flush=True)
    if arguments.open:
        webbrowser.open(address)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(SimulatorServer(application).serve(sockets=[listener]))
    return 0


def local_address(host: str, listener: socket.socket) -> str:
    """The address of the phone's page on this machine."""
    return f"http://{_shown_host(host)}:{listener.getsockname()[1]}/"


def _public_address(host: str, listener: socket.socket) -> str | None:
    return None if is_loopback(host) else f"http://{_network_address()}:{listener.getsockname()[1]}/"


def listen(host: str, port: int) -> socket.socket:
    """A listening socket at `host`; the next free port when `port` is taken (0: any)."""
    for candidate in [port] if port == 0 else range(port, min(port + PORT_TRIES, 65536)):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, candidate))
            listener.listen(128)
            return listener
        except OSError as error:
            listener.close()
            if error.errno != errno.EADDRINUSE:
                raise EdenError("cannot-listen", f"{host} port {candidate}: {error.strerror}.") from error
    raise EdenError("port-taken", f"Ports {port} to {port + PORT_TRIES - 1} are taken.", "Choose another with --port.")


def report(revision: Revision) -> None:
    """Say how a build went."""
    if revision.text:
        print(revision.text, file=sys.stderr)
    if revision.result.ok:
        state = "built"
    elif revision.taken:
        state = "has errors, everything else runs; built"
    elif revision.files:
        state = "has errors, the version before keeps running; tried"
    else:
        state = "cannot be built and starts as soon as it can; tried"
    print(f"  Revision {revision.number} {state} in {revision.seconds:.2f} s", flush=True)


def _shown_host(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host


def _network_address() -> str:
    """The address of this machine on its network: the source address of a route; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"
