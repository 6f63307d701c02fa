"""What `eden gateway …` does: plans like those of infrastructure tools, and the writes that they announce."""

from __future__ import annotations

import argparse
import sys
from typing import Any
from urllib.parse import quote

import msgspec

from eden.base.errors import EdenError
from eden.gateway.documents import read_catalogue, read_document, write_catalogue
from eden.gateway.envoy import command as envoy
from eden.gateway.interfaces import Catalogue
from eden.gateway.openapi_import import import_openapi, merged, replaced
from eden.gateway.remote import Remote
from eden.gateway.rules_plan import Change, render
from eden.gateway.service import Plan, encode

#: what `--plan` exits with when something would change, as terraform's -detailed-exitcode
CHANGES = 2


def run(arguments: argparse.Namespace) -> int:
    """Carry out one action; the exit code. Raises EdenError."""
    remote = Remote.of(arguments.server, arguments.token_file, arguments.workspace)
    return {
        "apply": _apply,
        "import": _import,
        "export": _export,
        "apps": _apps,
        "history": _history,
        "revert": _revert,
        "envoy": envoy.run,
    }[arguments.action](remote, arguments)


def _apply(remote: Remote, arguments: argparse.Namespace) -> int:
    return _bring(remote, arguments, read_catalogue(arguments.file), None)


def _import(remote: Remote, arguments: argparse.Namespace) -> int:
    document = read_document(arguments.file)
    seen = remote.get("/catalogue")
    there = msgspec.convert(seen["catalogue"], Catalogue)
    found = import_openapi(
        document,
        group=arguments.group,
        prefix=arguments.prefix or arguments.group,
        target=arguments.target,
        open_=arguments.open,
    )
    for note in found.notes + replaced(there, found.catalogue):
        print(f"note: {note}", file=sys.stderr)
    return _bring(remote, arguments, merged(there, found.catalogue), seen["revision"])


def _bring(remote: Remote, arguments: argparse.Namespace, wanted: Catalogue, seen: int | None) -> int:
    """`seen`: the revision that the document was made of; else, whichever the plan is against."""
    document = encode(wanted)
    plan = msgspec.convert(remote.ask("POST", "/plan", document), Plan)
    errors = [one for one in plan.findings if one.level == "error"]
    if arguments.json:
        print(msgspec.json.format(msgspec.json.encode(plan), indent=2).decode())
    else:
        print(render(plan.changes), end="", flush=True)
        # behind the changes, which may be many
        for one in plan.findings:
            print(f"{one.level}: {one.place}: {one.sentence} {one.hint}".rstrip(), file=sys.stderr)
    if errors:
        return 1
    if arguments.plan or not plan.changes:
        return CHANGES if plan.changes and arguments.plan else 0
    if not arguments.yes and not _agreed():
        print("Nothing was changed.", file=sys.stderr)
        return 1
    path = f"/catalogue?note={quote(arguments.note)}" if arguments.note else "/catalogue"
    revision = remote.ask("PUT", path, document, if_match=plan.revision if seen is None else seen)["revision"]
    print(f"The catalogue is at revision {revision}.", file=sys.stderr)
    return 0


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise EdenError("not-agreed", "Nobody is there to say yes.", "Use --yes to change it, --plan to look only.")
    return input("Change it? Only yes is taken for yes: ").strip() == "yes"


def _export(remote: Remote, arguments: argparse.Namespace) -> int:
    query = "" if arguments.revision is None else f"?revision={arguments.revision}"
    if arguments.client:
        text = remote.text(f"/clients/{arguments.client}{query}")
    elif arguments.openapi:
        text = msgspec.json.format(msgspec.json.encode(remote.get(f"/openapi.json{query}")), indent=2).decode() + "\n"
    else:
        place = "/catalogue" if arguments.revision is None else f"/revisions/{arguments.revision}"
        suffix = ".toml" if arguments.file is None else arguments.file.suffix
        text = write_catalogue(remote.get(place)["catalogue"], suffix)
    if arguments.file is None:
        print(text, end="")
    else:
        try:
            arguments.file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise EdenError("file-unwritable", f"{arguments.file} cannot be written: {error.strerror}.") from error
    return 0


def _apps(remote: Remote, arguments: argparse.Namespace) -> int:
    verb = arguments.verb
    if verb == "list":
        return _list_apps(remote)
    if not arguments.app:
        raise EdenError("which-app", "It must be said which app.", f"As in: eden gateway apps {verb} bank")
    place = f"/apps/{quote(arguments.app, safe='')}"
    if verb == "create":
        _send(remote, "POST", "/apps", key=arguments.app, name=arguments.name or arguments.app)
        print(f"Made {arguments.app}. It needs a secret: eden gateway apps secret {arguments.app}", file=sys.stderr)
    elif verb in ("secret", "key"):
        body: dict[str, Any] = {"retire_others_s": arguments.rotate}
        if arguments.algorithm:
            body["algorithm"] = arguments.algorithm
        made = _send(remote, "POST", f"{place}/{verb}s", **body)
        print(f"kid={made['kid']}\nalgorithm={made['algorithm']}")
        print(f"secret={made['secret']}" if verb == "secret" else f"public={made['public']}")
        if verb == "secret":
            print("The secret is not shown again.", file=sys.stderr)
    elif verb == "retire":
        app = remote.get(place)
        kind = next((kind for kind in ("secrets", "keys") for one in app[kind] if one["kid"] == arguments.kid), None)
        if kind is None:
            known = ", ".join(one["kid"] for kind in ("secrets", "keys") for one in app[kind]) or "none"
            asked = (
                f"{arguments.app} has no secret or key {arguments.kid}." if arguments.kid else "Which one? Say --kid."
            )
            raise EdenError("which-kid", asked, f"It has: {known}.")
        _send(remote, "POST", f"{place}/{kind}/{arguments.kid}/retire")
    elif verb == "remove":
        remote.ask("DELETE", place)
    else:
        _send(remote, "PATCH", place, open=verb == "open")
    return 0


def _list_apps(remote: Remote) -> int:
    cursor = ""
    while True:
        page = remote.get(f"/apps?limit=200{cursor}")
        for app in page["items"]:
            kids = " ".join(
                f"{one['kid']}:{one['algorithm']}{'' if one['retires_at'] is None else ' until ' + one['retires_at']}"
                for one in app["secrets"] + app["keys"]
            )
            print(f"{app['key']}  {'open' if app['open'] else 'closed'}  {app['name']}  {kids}".rstrip())
        if page["next_cursor"] is None:
            return 0
        cursor = f"&cursor={page['next_cursor']}"


def _history(remote: Remote, arguments: argparse.Namespace) -> int:
    if arguments.revision is not None:
        changes = msgspec.convert(remote.get(f"/revisions/{arguments.revision}/changes"), list[Change])
        print(render(changes), end="")
        return 0
    for one in remote.get("/revisions?limit=200")["items"]:
        short = one["summary"]
        counts = f"+{short.get('added', 0)} ~{short.get('changed', 0)} -{short.get('removed', 0)}"
        print(f"{one['revision']:5}  {one['at'][:19]}  {counts}  {one['author']}  {one['note']}".rstrip())
    return 0


def _revert(remote: Remote, arguments: argparse.Namespace) -> int:
    made = _send(remote, "POST", f"/revisions/{arguments.revision}/revert", note=arguments.note)
    print(f"The catalogue is at revision {made['revision']}.", file=sys.stderr)
    return 0


def _send(remote: Remote, method: str, path: str, **body: Any) -> Any:
    return remote.ask(method, path, msgspec.json.encode(body))
