"""`eden gateway envoy FOLDER`: render a server's catalogue there, once or after every change."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import msgspec

from eden.base.errors import EdenError
from eden.gateway.envoy.files import write
from eden.gateway.envoy.render import Rendered, render
from eden.gateway.interfaces import App, Catalogue, Limits
from eden.gateway.remote import Remote

#: seconds between looks at the server
_EVERY = 1.0
#: apps that one question asks for
_APPS = 100


def run(remote: Remote, arguments: argparse.Namespace, rest: Callable[[float], None] = time.sleep) -> int:
    """The exit code. With `--watch` until interrupted: a server that does not answer is asked again."""
    last: tuple[Catalogue, list[App]] | None = None
    while True:
        try:
            found = _ask(remote)
        except EdenError as error:
            if last is None or not arguments.watch:
                raise
            print(f"{error}", file=sys.stderr)
            found = last
        if found != last:
            rendered = render(*found, arguments.listen, arguments.own, arguments.admin)
            _say(rendered, write(arguments.folder, rendered))
            last = found
        if not arguments.watch:
            print(f"Start it with: envoy -c {arguments.folder / 'bootstrap.json'}", file=sys.stderr)
            return 0
        try:
            rest(_EVERY)
        except KeyboardInterrupt:
            return 0


def _ask(remote: Remote) -> tuple[Catalogue, list[App]]:
    catalogue = msgspec.convert(remote.get("/catalogue")["catalogue"], Catalogue)
    apps: list[App] = []
    cursor = ""
    while True:
        page = remote.get(f"/apps?limit={_APPS}" + (f"&cursor={cursor}" if cursor else ""))
        for one in page["items"]:
            limits = None if one.get("limits") is None else msgspec.convert(one["limits"], Limits)
            apps.append(App(key=one["key"], workspace_id="", name=one["name"], open=one["open"], limits=limits))
        cursor = page["next_cursor"] or ""
        if not cursor:
            return catalogue, apps


def _say(rendered: Rendered, changed: list[str]) -> None:
    print(f"Written: {', '.join(changed) or 'nothing, it is all there'}.", file=sys.stderr)
    for one in rendered.shortfalls:
        print(f"to our own gateway: {one.operation} {one.version}: {' '.join(one.reasons)}")
