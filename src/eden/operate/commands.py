"""`eden init`, `eden link`, `eden up`, `eden doctor`, `eden migrate`, `eden backup` and `eden restore`."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from eden.base.commands import Subparsers, add_command
from eden.base.settings import Settings

if TYPE_CHECKING:
    from eden.base.ground import Ground


def add_arguments(subparsers: Subparsers) -> None:
    """Add the parsers of this room's commands."""
    init = add_command(subparsers, "init", _init, "make a server's settings, database, workspaces and first owner")
    _add_config(init)
    init.add_argument("--data", metavar="FOLDER", help="folder of everything that the server keeps (eden-data)")
    init.add_argument("--email", metavar="ADDRESS", help="e-mail address of the first owner; asked for without it")
    init.add_argument("--name", help="the first owner's name")
    init.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the owner's password from standard input; else EDEN_OWNER_PASSWORD, else it is asked for",
    )

    link = add_command(subparsers, "link", _link, "make a link with which somebody sets a new password")
    _add_config(link)
    link.add_argument("email", metavar="ADDRESS", help="e-mail address of the person")

    up = add_command(subparsers, "up", _up, "run the platform server")
    _add_config(up)
    up.add_argument("--host", help="address to listen on (listen.host)")
    up.add_argument("--port", type=int, help="port to listen on; 0 takes a free one (listen.port)")
    up.add_argument("--processes", type=int, metavar="N", help="server processes on this machine (processes)")

    doctor = add_command(subparsers, "doctor", _doctor, "say what is wrong with a server's set-up")
    _add_config(doctor)
    doctor.add_argument("--json", action="store_true", help="write the findings as JSON")

    migrate = add_command(subparsers, "migrate", _migrate, "bring the server's database up to date")
    _add_config(migrate)

    backup = add_command(subparsers, "backup", _backup, "write everything that the server keeps to one file")
    _add_config(backup)
    backup.add_argument("file", metavar="FILE", type=Path, help="the file to write, such as eden-2026-05-01.tar.zst")
    backup.add_argument(
        "--with-secret", action="store_true", help="put the secret key in, too; keep the file like the key"
    )

    restore = add_command(subparsers, "restore", _restore, "put the content of a backup in place")
    _add_config(restore)
    restore.add_argument("file", metavar="FILE", type=Path, help="what eden backup has written")
    restore.add_argument("--force", action="store_true", help="replace the installation that is there")


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings (eden.toml, if there is one)")


def settings_of(arguments: argparse.Namespace) -> Settings:
    """What the file, the environment and the command line say; the later wins."""
    from eden.base.settings_reading import load

    return load(*_sources(arguments))


def _sources(arguments: argparse.Namespace) -> tuple[Path | None, dict[str, str]]:
    """The file and the environment, with what the command line says put in its place."""
    environment = dict(os.environ)
    for name, variable in (("host", "LISTEN_HOST"), ("port", "LISTEN_PORT"), ("processes", "PROCESSES")):
        if (value := getattr(arguments, name, None)) is not None:
            environment[f"EDEN_{variable}"] = str(value)
    config = arguments.config or (Path(environment["EDEN_CONFIG"]) if environment.get("EDEN_CONFIG") else None)
    return config, environment


@contextmanager
def _installation(arguments: argparse.Namespace) -> Iterator[Ground]:
    """The stores of an installation that is there. Raises EdenError when there is none, or a store refuses."""
    from eden.base.ground import open_ground
    from eden.operate.stores import check_there, told

    settings = settings_of(arguments)
    check_there(settings)
    with told(settings), closing(open_ground(settings)) as ground:
        yield ground


def _init(arguments: argparse.Namespace) -> int:
    from eden.operate.init import Terminal, Wanted, init

    wanted = Wanted(arguments.config, arguments.data, arguments.email, arguments.name, arguments.password_stdin)
    return init(wanted, os.environ, Terminal.real())


def _link(arguments: argparse.Namespace) -> int:
    from eden.base import migrate
    from eden.operate.link import make_link

    with _installation(arguments) as ground:
        ground.database.read_now(migrate.check_at_head)
        print(make_link(ground, arguments.email))
    return 0


def _up(arguments: argparse.Namespace) -> int:
    from eden.operate.up import up

    return up(settings_of(arguments))


def _doctor(arguments: argparse.Namespace) -> int:
    from eden.base.settings_reading import key_file
    from eden.operate.doctor import doctor

    return doctor(
        lambda: settings_of(arguments), as_json=arguments.json, key_file=lambda: key_file(*_sources(arguments))
    )


def _migrate(arguments: argparse.Namespace) -> int:
    from eden.base import migrate
    from eden.base.database import Database
    from eden.base.ground import make_data_folder
    from eden.operate.running import check_unused, held
    from eden.operate.stores import told

    settings = settings_of(arguments)
    make_data_folder(settings)
    with told(settings), closing(Database(settings.database_address)) as database:
        if database.read_now(migrate.current) == migrate.head():
            print("Nothing to do.")
            return 0
        with held(settings, alone=True):
            check_unused(database)
            before, after = migrate.upgrade(database)
    print(f"The database was at step {before or 'none'} and is at {after}.")
    return 0


def _backup(arguments: argparse.Namespace) -> int:
    from eden.operate.backup import backup

    with _installation(arguments) as ground:
        whole = backup(ground, arguments.file, with_secret=arguments.with_secret, progress=_say)
    print(f"\n  {arguments.file}, {arguments.file.stat().st_size / 1e6:,.1f} MB")
    if arguments.with_secret:
        print("  The secret key is inside: whoever has this file can sign releases. Keep it like the key.")
    else:
        print("  The secret key is not inside: keep a copy elsewhere, a restored server needs it.")
    return 0 if whole else 1


def _restore(arguments: argparse.Namespace) -> int:
    from eden.base.settings_reading import key_file, load
    from eden.operate.restore import restore

    sources = _sources(arguments)
    # the key may be in the archive
    settings = load(*sources, absent_key=True)
    manifest = restore(settings, arguments.file, force=arguments.force, progress=_say, key_file=key_file(*sources))
    rows, blobs = sum(manifest.tables.values()), sum(name.startswith("blobs/") for name in manifest.files)
    print(f"\n  Restored: {rows:,} rows and {blobs:,} files. Start with eden up, then look with eden doctor.")
    print("  If releases went on after the backup was made, phones wait for newer signatures: eden keys leap.")
    return 0


def _say(text: str) -> None:
    print(f"  {text}", flush=True)
