"""`eden observe`: bring over what another system has collected, forget a person."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from eden.base.commands import Subparsers, add_command
from eden.base.errors import EdenError

if TYPE_CHECKING:
    from eden.observe.importing import Kind


def add_arguments(subparsers: Subparsers) -> None:
    """Add the parser of this room's command."""
    observe = add_command(subparsers, "observe", _observe, "bring over what another system collected, forget a person")
    actions = observe.add_subparsers(title="actions", dest="action", metavar="ACTION", required=True)
    bring = actions.add_parser("import", help="send files of lines to a server; the same file twice is stored once")
    bring.add_argument(
        "files", nargs="+", metavar="FILE", type=Path,
        help="log lines (D-VM, D-MM, e), events of PostHog or Mixpanel, Eden's NDJSON; .gz, .zst; - is standard input",
    )  # fmt: skip
    bring.add_argument("--key", metavar="KEY", help="write key of the app (EDEN_WRITE_KEY)")
    bring.add_argument("--kind", choices=("mas", "events", "eden"), help="what the files hold (their first lines say)")
    bring.add_argument("--zone", default="", metavar="ZONE", help="zone of log lines' times (Asia/Shanghai)")
    bring.add_argument("--again", action="store_true", help="send also what was sent before, as after a store was lost")
    erase = actions.add_parser("erase", help="forget a person in all apps of a workspace, at once and for good")
    erase.add_argument("person", metavar="PERSON", help="a user's or a device's id")
    erase.add_argument("--token-file", type=Path, metavar="FILE", help="file with a token (EDEN_TOKEN)")
    erase.add_argument("--workspace", metavar="SLUG", help="the workspace (EDEN_WORKSPACE)")
    for parser in (bring, erase):
        parser.add_argument("--server", metavar="URL", help="its address (EDEN_SERVER; the one of eden.toml)")


def _observe(arguments: argparse.Namespace) -> int:
    return _import(arguments) if arguments.action == "import" else _erase(arguments)


def _import(arguments: argparse.Namespace) -> int:
    import asyncio
    import sys

    from eden.observe.accept.mas import check_zone
    from eden.observe.importing_send import Journal, send

    key = arguments.key or os.environ.get("EDEN_WRITE_KEY", "")
    if not key:
        raise EdenError(
            "no-key",
            "The server must know whose lines these are.",
            "Keys are on the app's settings page in the console; give one with --key, or set EDEN_WRITE_KEY.",
        )
    if arguments.zone:
        check_zone(arguments.zone)
    kind: Kind | None = arguments.kind
    server = _server(arguments.server)
    report = asyncio.run(
        send(
            arguments.files,
            server,
            key,
            Journal.of(server, key),
            kind=kind,
            zone=arguments.zone,
            again=arguments.again,
            progress=sys.stderr.isatty(),
        )
    )
    before = f", {report.before:,} were stored before" if report.before else ""
    print(f"{report.stored:,} lines stored, {len(report.refused):,} refused{before}.")
    return 1 if report.refused else 0


def _erase(arguments: argparse.Namespace) -> int:
    import asyncio

    from eden.observe.erasing import erase

    file = arguments.token_file or (Path(os.environ["EDEN_TOKEN_FILE"]) if "EDEN_TOKEN_FILE" in os.environ else None)
    token = os.environ.get("EDEN_TOKEN", "")
    if file is not None:
        try:
            token = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise EdenError("token-file", f"The token file {file} cannot be read: {error}.") from error
    workspace = arguments.workspace or os.environ.get("EDEN_WORKSPACE", "")
    if not token.strip() or not workspace:
        raise EdenError(
            "no-token",
            "The server must know who you are, and in which workspace.",
            "Set EDEN_TOKEN or name a file with --token-file, and name the workspace with --workspace.",
        )
    if asyncio.run(erase(_server(arguments.server), token.strip(), workspace, arguments.person)):
        print("The person is in no report any more.")
    else:
        print("It is written down. The person leaves the reports as soon as the server's events store answers.")
    return 0


def _server(named: str | None) -> str:
    """The server's address without a slash at its end. Raises EdenError when it is none."""
    from urllib.parse import urlsplit

    from eden.base.settings_reading import load

    config = os.environ.get("EDEN_CONFIG")
    address = named or os.environ.get("EDEN_SERVER") or load(Path(config) if config else None, os.environ).origin
    try:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return address.rstrip("/")
    except ValueError:
        pass
    raise EdenError("server-address", f"{address} is no web address.", "Give it as https://eden.example.com.")
