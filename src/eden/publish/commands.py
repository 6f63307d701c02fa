"""`eden publish`, `eden release` and `eden keys`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from eden.base.commands import Subparsers, add_command

if TYPE_CHECKING:
    from eden.publish.client import Access


def add_arguments(subparsers: Subparsers) -> None:
    """Add the parsers of this room's commands."""
    _add_publish(subparsers)
    _add_release(subparsers)
    _add_keys(subparsers)


def _add_publish(subparsers: Subparsers) -> None:
    publish = add_command(subparsers, "publish", _publish, "put a version on a platform server")
    publish.add_argument(
        "source",
        metavar="PATH",
        type=Path,
        help="a mini program's project or package; a web application's folder or zip",
    )
    publish.add_argument("--kind", choices=("miniprogram", "h5", "dimina"), default="miniprogram", help="what PATH is")
    publish.add_argument("--program", metavar="KEY", help="the program on the server (the package's app id)")
    publish.add_argument("--version", dest="name", metavar="NAME", help="such as 1.2.0, where the package has none")
    publish.add_argument("--code", type=int, metavar="N", help="its number, where the package has none")
    publish.add_argument("--notes", default="", help="what is new, for people")
    publish.add_argument("--virtual-host", metavar="HOST", help="H5: its host name in phones")
    publish.add_argument("--fallback-url", metavar="URL", help="H5: where it is online")
    publish.add_argument("--main-url", metavar="PATH", help="H5: its first page (/index.html)")
    releasing = publish.add_mutually_exclusive_group()
    releasing.add_argument("--release", type=Path, metavar="PLAN.json", help="release it by this plan at once")
    releasing.add_argument(
        "--standard", action="store_true", help="release it at once: 1 %%, 10 %%, 50 %%, everyone, a day each"
    )
    releasing.add_argument("--everyone", action="store_true", help="make it stable for everyone at once")
    publish.add_argument("--draft", action="store_true", help="draft the release, do not start it")
    _add_access(publish)


def _add_release(subparsers: Subparsers) -> None:
    release = add_command(subparsers, "release", _release, "see and steer releases on a platform server")
    actions = release.add_subparsers(title="actions", dest="action", metavar="ACTION", required=True)
    show = actions.add_parser("show", help="one release, or all that are running")
    show.add_argument("target", nargs="?", metavar="RELEASE", help="its id, or the program's key")
    create = actions.add_parser("create", help="draft a release")
    create.add_argument("program", metavar="PROGRAM", help="the program's key")
    create.add_argument("--code", type=int, required=True, metavar="N", help="the version's number")
    create.add_argument("--plan", type=Path, metavar="PLAN.json", help="the plan (1 %%, 10 %%, 50 %%, everyone)")
    create.add_argument("--notes", default="", help="what it is for")
    about = {
        "start": "begin the first step",
        "advance": "go to the next step",
        "pause": "let the audience stay as it is",
        "resume": "go on after a pause",
        "halt": "offer it to nobody else",
        "rollback": "take the version back from who has it",
        "rollforward": "go on after a halt or a roll-back",
        "finish": "make the version stable for everyone",
    }
    for word, summary in about.items():
        verb = actions.add_parser(word, help=summary)
        verb.add_argument("target", metavar="RELEASE", help="its id, or the program's key")
        verb.add_argument("--reason", default="", help="why, for the log")
        if word == "advance":
            verb.add_argument("--step", type=int, metavar="N", help="to this step of the plan, counted from 1")
        _add_access(verb)
    for parser in (show, create):
        _add_access(parser)


def _add_keys(subparsers: Subparsers) -> None:
    keys = add_command(subparsers, "keys", _keys, "make and change the keys that sign what devices are told")
    actions = keys.add_subparsers(title="actions", dest="action", metavar="ACTION", required=True)
    init = actions.add_parser("init", help="make root keys and the workspace's first root")
    init.add_argument(
        "--out", type=Path, default=Path("eden-root-keys"), metavar="FOLDER", help="where keys are written"
    )
    init.add_argument("--keys", type=int, default=2, metavar="N", help="root keys to make (2)")
    init.add_argument("--threshold", type=int, default=1, metavar="N", help="keys that must sign (1)")
    init.add_argument("--plain", action="store_true", help="write the keys without a passphrase")
    actions.add_parser("list", help="which keys sign what")
    rotate = actions.add_parser("rotate", help="new online keys, or other root keys")
    rotate.add_argument(
        "--online", action="append", choices=("targets", "snapshot", "timestamp", "programs"), metavar="ROLE",
        help="give this role new keys; may be repeated (all, unless root keys change)",
    )  # fmt: skip
    rotate.add_argument("--new", action="append", default=[], type=Path, metavar="KEYFILE", help="add this root key")
    rotate.add_argument("--threshold", type=int, metavar="N", help="keys that must sign from now on")
    renew = actions.add_parser("renew", help="the same root for another year")
    revoke = actions.add_parser("revoke", help="a root key signs nothing any more")
    revoke.add_argument("key_id", metavar="KEYID", help="its id, or the beginning of it")
    revoke.add_argument("--new", action="append", default=[], type=Path, metavar="KEYFILE", help="add this root key")
    revoke.add_argument("--threshold", type=int, metavar="N", help="keys that must sign from now on")
    make = actions.add_parser("make", help="write a root key, to be added later")
    make.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where it is written")
    make.add_argument("--plain", action="store_true", help="write it without a passphrase")
    sign = actions.add_parser("sign", help="add signatures to a proposed root; needs no server")
    send = actions.add_parser("send", help="make a signed proposal the root")
    leap = actions.add_parser("leap", help="after a backup came back: metadata versions beyond what phones have seen")
    leap.add_argument("--by", type=int, default=1000, metavar="N", help="versions to pass over (1000)")
    for parser in (sign, send):
        parser.add_argument("file", metavar="FILE", type=Path, help="the proposal")
    for parser in (rotate, renew, revoke, sign):
        parser.add_argument(
            "--key", action="append", required=True, type=Path, metavar="KEYFILE", help="sign with this root key"
        )
    for parser in (rotate, renew, revoke):
        out = Path("root-proposal.json")
        parser.add_argument("--out", type=Path, default=out, metavar="FILE", help=f"where a proposal is kept ({out})")
    for name, parser in actions.choices.items():
        if name not in ("list", "send", "leap"):
            parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help="passphrase of the key files")
        if name not in ("make", "sign"):
            _add_access(parser)


def _add_access(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("server")
    group.add_argument("--server", metavar="URL", help="its address (EDEN_SERVER; the one of eden.toml)")
    group.add_argument("--token-file", type=Path, metavar="FILE", help="file with a token (EDEN_TOKEN)")
    group.add_argument("--workspace", metavar="SLUG", help="the workspace (EDEN_WORKSPACE; the token's only one)")


def _access(arguments: argparse.Namespace) -> Access:
    from eden.publish.client import access

    return access(arguments.server, arguments.token_file, arguments.workspace)


def _publish(arguments: argparse.Namespace) -> int:
    import asyncio

    from eden.publish.publish import Options, publish

    options = Options(
        source=arguments.source,
        kind=arguments.kind,
        program=arguments.program,
        version=arguments.name,
        code=arguments.code,
        notes=arguments.notes,
        virtual_host=arguments.virtual_host,
        fallback_url=arguments.fallback_url,
        main_url=arguments.main_url,
        plan=arguments.release,
        standard=arguments.standard,
        everyone=arguments.everyone,
        draft=arguments.draft,
    )
    return asyncio.run(publish(_access(arguments), options))


def _release(arguments: argparse.Namespace) -> int:
    import asyncio

    from eden.publish import release

    access = _access(arguments)
    if arguments.action == "show":
        return asyncio.run(release.show(access, arguments.target))
    if arguments.action == "create":
        return asyncio.run(release.create(access, arguments.program, arguments.code, arguments.plan, arguments.notes))
    step = getattr(arguments, "step", None)
    return asyncio.run(release.act(access, arguments.action, arguments.target, arguments.reason, step))


def _keys(arguments: argparse.Namespace) -> int:
    import asyncio

    from eden.publish import keys

    action = arguments.action
    if action == "list":
        return asyncio.run(keys.show(_access(arguments)))
    if action == "send":
        return asyncio.run(keys.send(_access(arguments), arguments.file))
    if action == "leap":
        return asyncio.run(keys.leap(_access(arguments), arguments.by))
    passphrases = keys.Passphrases(arguments.passphrase_file)
    if action == "sign":
        return keys.sign(arguments.file, arguments.key, passphrases)
    if action == "make":
        files = keys.make(arguments.out, 1, None if arguments.plain else passphrases.new())
        print(f"The key is in {files[0]}. Add it: eden keys rotate --new {files[0]} --key KEYFILE")
        return 0
    access = _access(arguments)
    if action == "init":
        return asyncio.run(
            keys.init(access, arguments.out, arguments.keys, arguments.threshold, passphrases, plain=arguments.plain)
        )
    change = keys.Change()
    if action == "rotate":
        only_root = (arguments.new or arguments.threshold is not None) and not arguments.online
        renew = () if only_root else tuple(arguments.online or keys.ONLINE)
        change = keys.Change(add=tuple(arguments.new), threshold=arguments.threshold, renew=renew)
    elif action == "revoke":
        change = keys.Change(add=tuple(arguments.new), remove=(arguments.key_id,), threshold=arguments.threshold)
    return asyncio.run(keys.change(access, change, arguments.key, arguments.out, passphrases))
