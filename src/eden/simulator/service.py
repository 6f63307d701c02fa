"""`eden dev` and `eden demo`: build, serve, open a browser, rebuild after every change."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import importlib.util
import socket
import sys
import webbrowser
from collections.abc import Mapping
from pathlib import Path

import segno

from eden.base.errors import EdenError
from eden.simulator.http import Application
from eden.simulator.program import LiveProgram, Revision
from eden.simulator.server import Simulator, SimulatorServer

#: how many ports after the wanted one are tried when it is taken
PORT_TRIES = 20
#: the demo's data service: its place here, and the name that the mini program knows it by
DEMO_PREFIX = "/api/bank/"
DEMO_HOSTS = {"bank.eden.local": DEMO_PREFIX}
#: problems that no change to a file of the program would solve
_NO_PROGRAM = ("no-program", "ambiguous-program")
PACKAGE = Path(__file__).resolve().parent.parent


def dev_command(arguments: argparse.Namespace) -> int:
    """Serve the project `arguments.source` until interrupted; the process's exit code."""
    source: Path = arguments.source
    if not source.is_dir():
        raise EdenError("no-folder", f"{source} is not a folder.", "Give the folder of a mini program.")
    return _serve(arguments, source)


def demo_command(arguments: argparse.Namespace) -> int:
    """Serve the bank and its data service until interrupted; the process's exit code."""
    bank = bank_folder()
    return _serve(arguments, bank / "miniprogram", {DEMO_PREFIX: load_service(bank / "service.py")})


def bank_folder() -> Path:
    """apps/bank of the source tree, or the copy in an installed wheel."""
    for folder in (PACKAGE / "_apps" / "bank", PACKAGE.parent.parent / "apps" / "bank"):
        if (folder / "service.py").is_file():
            return folder
    raise EdenError("no-demo", "This installation has no demo.", "Install Eden again, or start it in a source tree.")


def load_service(file: Path) -> Application:
    """The ASGI application `app` of a demo's data service."""
    spec = importlib.util.spec_from_file_location("eden_demo_service", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    application: Application = module.app
    return application


def _serve(arguments: argparse.Namespace, source: Path, mounts: Mapping[str, Application] | None = None) -> int:
    listener = listen(arguments.host, arguments.port)
    port: int = listener.getsockname()[1]
    program = LiveProgram(source)
    print(f"Building {source} …", flush=True)
    first = program.build()
    if nothing := next((problem for problem in first.result.diagnostics if problem.code in _NO_PROGRAM), None):
        program.close()
        listener.close()
        raise EdenError(nothing.code, f"{source}: {nothing.message}.", "Give the folder that holds its app.json.")
    _report(first)
    address = f"http://{_shown_host(arguments.host)}:{port}/"
    public = None if _is_loopback(arguments.host) else f"http://{_network_address()}:{port}/"
    print(f"\n  Phone    {address}")
    if public:
        print(f"  Network  {public}\n")
        segno.make(public, error="l").terminal(compact=True)
    print("  Changes are built and shown at once. Stop with Ctrl-C.\n", flush=True)
    qr = segno.make(public, error="m").svg_inline(omitsize=True, border=2) if public else None
    settings = {"public": public, "qr": qr, "source": str(source)}
    application = Simulator(program, mounts=mounts, hosts=DEMO_HOSTS, settings=settings, on_revision=_report)
    if arguments.open:
        webbrowser.open(address)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(SimulatorServer(application).serve(sockets=[listener]))
    return 0


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


def _report(revision: Revision) -> None:
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


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


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
