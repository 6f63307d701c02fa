"""`eden init`: from an empty folder to an installation that can be started.

Everything that it makes is left alone when it is there already, so an interrupted start is finished by starting again,
and a second time changes nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from eden.app import PARTS, prepare_database
from eden.base import migrate
from eden.base.errors import EdenError
from eden.base.ground import SECRET_FILE, Ground, open_ground, read_or_make_secret
from eden.base.identity.passwords import check_password, hash_password
from eden.base.parts import Founding, Part
from eden.base.problems import Problem
from eden.base.settings import Settings
from eden.base.settings_reading import CONFIG, load
from eden.operate.stores import told
from eden.organisation.founding import Founded, do_found, find_founded
from eden.organisation.interfaces import check_email
from eden.organisation.parts import identity_of
from eden.organisation.service import Organisation

PASSWORD_VARIABLE = "EDEN_OWNER_PASSWORD"
#: of the folder for what people carry away, such as root keys
CARRY_AWAY = "keep-elsewhere"


@dataclass(frozen=True)
class Terminal:
    """Where questions are asked and things are said."""

    out: TextIO
    ask: Callable[[str], str]
    ask_secret: Callable[[str], str]
    read_line: Callable[[], str]
    is_interactive: bool

    @classmethod
    def real(cls) -> Terminal:
        return cls(sys.stdout, input, getpass.getpass, sys.stdin.readline, sys.stdin.isatty())

    def say(self, *lines: str) -> None:
        for line in lines:
            print(line, file=self.out)


@dataclass(frozen=True)
class Wanted:
    """What the command line says; None: ask, or take the default."""

    config: Path | None = None
    data: str | None = None
    email: str | None = None
    name: str | None = None
    password_stdin: bool = False


def init(
    wanted: Wanted,
    environment: Mapping[str, str],
    terminal: Terminal,
    parts: Sequence[Callable[[Ground], Part]] = PARTS,
) -> int:
    """Make what is missing; the exit code. Raises EdenError."""
    config = wanted.config or Path(environment.get("EDEN_CONFIG") or CONFIG)
    made: list[str] = []
    if not config.exists():
        data = wanted.data or environment.get("EDEN_DATA") or "eden-data"
        _write_config(config, data)
        made.append(f"Wrote {config}, the server's settings.")
    elif wanted.data is not None:
        raise EdenError("config-there", f"{config} is there already.", "Change data in it, or leave out --data.")
    settings = load(config, environment)
    with told(settings), contextlib.closing(open_ground(settings)) as ground:
        if ground.database.read_now(migrate.current) is None:
            migrate.upgrade(ground.database)
        prepare_database(ground)
        founded = _found(ground, wanted, environment, terminal, made)
        made += asyncio.run(_init_parts(ground, founded, [part(ground) for part in parts]))
    if not made:
        terminal.say(
            f"Everything is there already: workspaces {', '.join(founded.workspaces)}, owner {founded.owner.email}.",
            "Nothing was changed.",
        )
        return 0
    steps = _next_steps(settings, founded, config)
    terminal.say("", *(f"  {line}" for line in made), "", "  What comes next:", "", *steps, "")
    return 0


def _found(
    ground: Ground, wanted: Wanted, environment: Mapping[str, str], terminal: Terminal, made: list[str]
) -> Founded:
    """The owner and the workspaces, made when they are missing; `made` gets what to say of it."""
    organisation = Organisation(identity_of(ground))
    founded = ground.database.read_now(find_founded)
    if founded is None:
        email = _email(wanted, terminal)
        name = wanted.name or email.partition("@")[0]
        hashed = hash_password(_password(wanted, environment, terminal, email))
        founded = ground.database.write_now(lambda connection: do_found(connection, organisation, email, name, hashed))
    if founded.made:
        made.append(f"Made the workspaces {' and '.join(founded.workspaces)} with their owner {founded.owner.email}.")
        for slug, secret in founded.tokens.items():
            path = token_file(ground.settings.data_folder, slug)
            _write_secret(path, f"{secret}\n")
            made.append(f"Wrote {path}, with which eden publish may publish to {slug}. Keep it secret.")
    return founded


def token_file(data: Path, slug: str) -> Path:
    """Where the token is with which `eden publish` publishes to a workspace of this installation."""
    return data / f"publish-{slug}.token"


async def _init_parts(ground: Ground, founded: Founded, parts: Sequence[Part]) -> list[str]:
    folder = ground.settings.data_folder / CARRY_AWAY
    said: list[str] = []
    for part in parts:
        if part.init is not None:
            said += await part.init(Founding(founded.owner, founded.workspaces, folder))
    return said


def _next_steps(settings: Settings, founded: Founded, config: Path) -> list[str]:
    steps = [
        "    eden up                          start the server",
        f"    {settings.origin}/console/   sign in as {founded.owner.email}",
        "    eden publish FOLDER --everyone   a first version, stable for everyone in the workspace test",
        f"    {settings.origin}/app/test/   the super app that runs it",
    ]
    return steps if _is_found(config) else [f"    export EDEN_CONFIG={config.absolute()}", *steps]


def _is_found(config: Path) -> bool:
    """Whether commands that are run here find these settings by themselves."""
    return config.absolute() == Path(CONFIG).absolute()


def _write_config(config: Path, data: str) -> None:
    """The settings' file, and the data folder with the key that it names."""
    if not config.absolute().parent.is_dir():
        raise EdenError("config-unwritable", f"{config.absolute().parent} is not a folder.", "Make it first.")
    folder = Path(data)
    if not _is_found(config):
        # it will be read from other folders
        folder = folder.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise EdenError(
            "data-folder", f"The data folder {folder} cannot be made: {error.strerror}.", "Name another with --data."
        ) from error
    # where the key is in the environment already, this one is not used
    read_or_make_secret(folder / SECRET_FILE)
    text = (
        "# Settings of the Eden server; docs/settings.md lists all of them.\n"
        f"data = {_quoted(str(folder))}\n"
        f"secret_key_file = {_quoted(str(folder / SECRET_FILE))}\n"
        "\n"
        "# where people and phones reach the server, once it is public\n"
        '# public_url = "https://eden.example.com"\n'
        "\n"
        "# [listen]\n"
        '# host = "127.0.0.1"\n'
        "# port = 8700\n"
    )
    try:
        with config.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise EdenError("config-unwritable", f"{config} cannot be written: {error.strerror}.") from error


def _email(wanted: Wanted, terminal: Terminal) -> str:
    if wanted.email is not None:
        return check_email(wanted.email)
    if not terminal.is_interactive:
        raise EdenError("no-email", "Who is the first owner?", "Give their address with --email.")
    while True:
        with contextlib.suppress(Problem):
            return check_email(terminal.ask("E-mail address of the first owner: "))
        terminal.say("This is not an e-mail address.")


def _password(wanted: Wanted, environment: Mapping[str, str], terminal: Terminal, email: str) -> str:
    if wanted.password_stdin:
        given = terminal.read_line().rstrip("\r\n")
    elif PASSWORD_VARIABLE in environment:
        given = environment[PASSWORD_VARIABLE]
    elif terminal.is_interactive:
        return _ask_password(terminal, email)
    else:
        raise EdenError(
            "no-password",
            f"The password of {email} is missing.",
            f"Set {PASSWORD_VARIABLE}, or give it on standard input with --password-stdin.",
        )
    check_password(given, email)
    return given


def _ask_password(terminal: Terminal, email: str) -> str:
    while True:
        given = terminal.ask_secret(f"Password of {email}: ")
        try:
            check_password(given, email)
        except Problem as problem:
            terminal.say(problem.sentence)
            continue
        if terminal.ask_secret("The same password again: ") == given:
            return given
        terminal.say("These were two different passwords.")


def _write_secret(path: Path, text: str) -> None:
    """A file that only this user can read; in place of an older one, as a whole."""
    draft = path.with_name(f".{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _quoted(text: str) -> str:
    """A TOML string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
