"""What a service brings to the platform: one value, made by the function `parts(ground)` of its `parts.py`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol, TypeAlias

import msgspec

from eden.base.database import Database
from eden.base.http import Application
from eden.base.identity.principal import Principal
from eden.base.jobs import Handler, Run
from eden.base.problems import Problem


class Finding(msgspec.Struct, frozen=True):
    """What a check of `eden doctor` found: `ok`, and a sentence; when not ok, `hint` says what to do."""

    name: str
    ok: bool
    sentence: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Founding:
    """What `eden init` has made: the first owner, workspaces (slug → id), and a folder that only this user can read,
    for files that people carry away."""

    owner: Principal
    workspaces: Mapping[str, str]
    folder: Path


#: makes what a service needs in new workspaces, unless it is there; sentences that tell what was made
Init: TypeAlias = "Callable[[Founding], Awaitable[Sequence[str]]]"
Check: TypeAlias = Callable[[], Awaitable[Sequence[Finding]]]
Step: TypeAlias = Callable[[], Awaitable[None]]


class Piece(NamedTuple):
    """A part of a store in a backup: a name in its folder, `size` bytes that are read from `file`, rows in it."""

    name: str
    file: IO[bytes]
    size: int
    rows: int


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class Restoring(Protocol):
    """A store that is being filled beside the one that is there. All raise EdenError."""

    def put(self, name: str, content: Readable, size: int) -> None:
        """Take a piece."""
        ...

    def finish(self) -> None:
        """Everything was put: make sure that it is there."""
        ...

    def replace(self) -> None:
        """Put it in the place of what is there; the last thing that happens."""
        ...


class Store(Protocol):
    """What a service keeps elsewhere than in the database and the blob store; `eden.app` names them all."""

    #: of its folder in backups
    name: str

    def pieces(self, database: Database, folder: Path) -> Iterator[Piece]:
        """Everything, while servers run: what belongs to the rows that are in the database when this is called. Large
        pieces go through files in `folder`; each is done with when the next one is asked for. Raises EdenError."""
        ...

    def restoring(self, *, force: bool) -> AbstractContextManager[Restoring]:
        """Begin anew, while no server runs; undone when it is left before `replace`. What is on other machines is only
        replaced with `force`. Raises EdenError."""
        ...


@dataclass(frozen=True, kw_only=True)
class Part:
    """One service. Everything but the name may be left out.

    `controllers`: Litestar controllers or handlers with whole paths below /api/v1 or /console; those below /console
    are left out of the API's description. `services`: objects that handlers may ask for by name. `tags`: groups of the
    API's description. `plugins`: Litestar plugins. `problem_page`: how the console shows a problem (one part has it).
    `raw`: ASGI applications by path prefix ("/device/v1/"), for what must be fast; the longest prefix wins and the
    path is passed on whole. `folder` with `templates/` and `messages.LANGUAGE.toml`, and `navigation`: for the
    console's frame; `panels` are what it shows on other services' pages. `hosts`: the application of a request by its
    Host header, for what has hosts of its own; asked before everything else, and None for the platform's own hosts.
    `jobs`: handlers by kind. `start` is awaited once the database is ready and before the first request, `stop` after
    the last one. `doctor`: checks of the set-up; they run without `start`. `init` is awaited by `eden init`, without
    `start`; it may be called again when it was interrupted.
    """

    name: str
    controllers: Sequence[Any] = ()
    services: Mapping[str, object] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    plugins: Sequence[Any] = ()
    problem_page: Callable[[Any, Problem, str | None], Any] | None = None
    raw: Mapping[str, Application] = field(default_factory=dict)
    hosts: Callable[[str], Application | None] | None = None
    folder: Path | None = None
    navigation: Sequence[Any] = ()
    panels: Sequence[Any] = ()
    jobs: Mapping[str, Handler | Run] = field(default_factory=dict)
    start: Step | None = None
    stop: Step | None = None
    doctor: Sequence[Check] = ()
    init: Init | None = None
