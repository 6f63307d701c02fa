"""`eden gateway`: put a catalogue on a server, bring it back, apps that may call."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from eden.base.commands import Subparsers, add_command
from eden.gateway.envoy.addresses import address


def add_arguments(subparsers: Subparsers) -> None:
    """Add the parser of this room's command."""
    gateway = add_command(subparsers, "gateway", _gateway, "put an API catalogue on a server; apps that may call")
    actions = gateway.add_subparsers(title="actions", dest="action", metavar="ACTION", required=True)

    apply = actions.add_parser("apply", help="show what a catalogue would change on the server, and change it")
    apply.add_argument("file", metavar="FILE", type=Path, help="the whole catalogue, as TOML, JSON or YAML")
    _add_applying(apply)

    bring = actions.add_parser("import", help="add the operations of an OpenAPI document to the server's catalogue")
    bring.add_argument("file", metavar="FILE", type=Path, help="OpenAPI 3.0 or 3.1, as JSON or YAML")
    bring.add_argument("--group", required=True, metavar="NAME", help="group that the operations are put into")
    bring.add_argument("--prefix", metavar="NAMES", help="what operationTypes begin with (the group's name)")
    bring.add_argument("--target", metavar="URL", help="where the service is, in place of the document's servers")
    bring.add_argument("--open", action="store_true", help="open the new operations at once")
    _add_applying(bring)

    export = actions.add_parser("export", help="write the server's catalogue, as OpenAPI or a typed client, too")
    export.add_argument("file", nargs="?", metavar="FILE", type=Path, help="NAME.toml or NAME.json (standard output)")
    form = export.add_mutually_exclusive_group()
    form.add_argument("--openapi", action="store_true", help="as an OpenAPI 3.1 document")
    form.add_argument("--client", choices=("typescript", "miniprogram", "python"), help="as a typed client")
    export.add_argument("--revision", type=int, metavar="N", help="as it was at a revision")

    apps = actions.add_parser("apps", help="list and make apps that may call, their secrets and keys")
    apps.add_argument("verb", nargs="?", default="list", choices=("list", "create", "secret", "key", "retire", "open",
                      "close", "remove"), help="what to do (list)")  # fmt: skip
    apps.add_argument("app", nargs="?", metavar="APP", help="its AppId")
    apps.add_argument("--name", metavar="WORDS", help="create: how people call it (its AppId)")
    apps.add_argument("--algorithm", metavar="NAME", help="secret: hmac-sha256, hmac-sm3; key: hpke-x25519, hpke-p256, "
                      "sm2-sm4")  # fmt: skip
    apps.add_argument("--rotate", type=int, metavar="SECONDS", help="secret, key: accept all others so much longer")
    apps.add_argument("--kid", metavar="ID", help="retire: of the secret or key")

    history = actions.add_parser("history", help="list the catalogue's revisions, or what one of them changed")
    history.add_argument("revision", nargs="?", type=int, metavar="N", help="show what this revision changed")
    revert = actions.add_parser("revert", help="bring the catalogue of a revision back")
    revert.add_argument("revision", type=int, metavar="N", help="the revision")
    revert.add_argument("--note", default="", metavar="WORDS", help="why, for the history")

    envoy = actions.add_parser("envoy", help="render the server's catalogue for Envoy, which watches the files")
    envoy.add_argument("folder", metavar="FOLDER", type=Path, help="where the files are put")
    envoy.add_argument(
        "--listen",
        type=address,
        default="127.0.0.1:8720",
        metavar="HOST:PORT",
        help="where Envoy listens (127.0.0.1:8720)",
    )
    envoy.add_argument(
        "--own",
        type=address,
        default="127.0.0.1:8710",
        metavar="HOST:PORT",
        help="our own gateway, for what Envoy does not do (127.0.0.1:8710)",
    )
    envoy.add_argument("--admin", type=address, metavar="HOST:PORT", help="where Envoy's own pages are (nowhere)")
    envoy.add_argument("--watch", action="store_true", help="go on, and render every change")

    run = actions.add_parser("run", help="take calls in processes of their own, beside eden up or on another machine")
    run.add_argument("--config", type=Path, metavar="FILE", help="settings (eden.toml, if there is one)")
    run.set_defaults(run=_run)

    for parser in (apply, bring, export, apps, history, revert, envoy):
        parser.add_argument("--server", metavar="URL", help="its address (EDEN_SERVER; the one of eden.toml)")
        parser.add_argument("--token-file", type=Path, metavar="FILE", help="file with a token (EDEN_TOKEN)")
        parser.add_argument("--workspace", metavar="SLUG", help="the workspace (EDEN_WORKSPACE)")


def _run(arguments: argparse.Namespace) -> int:
    from eden.base.settings_reading import load
    from eden.gateway.proxy.run import run

    config = arguments.config or (Path(named) if (named := os.environ.get("EDEN_CONFIG")) else None)
    settings = load(config, dict(os.environ))

    def started(port: int) -> None:
        print(f"\n  Gateway  http://{settings.gateway.host}:{port}\n\n  Stop with Ctrl-C.\n", flush=True)

    return run(settings, started)


def _add_applying(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--plan", action="store_true", help="only show it; exit code 2 when something would change")
    parser.add_argument("--yes", action="store_true", help="change it without asking")
    parser.add_argument("--json", action="store_true", help="print the plan as JSON")
    parser.add_argument("--note", default="", metavar="WORDS", help="why, for the history")


def _gateway(arguments: argparse.Namespace) -> int:
    from eden.gateway import apply

    return apply.run(arguments)
