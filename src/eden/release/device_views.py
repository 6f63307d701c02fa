"""What a server process knows of every workspace, so that a check asks no database.

A workspace is loaded when a device first asks for it, and a program of it again whenever the feed says that it
changed: all processes decide alike within the feed's 0.2 s. Memory grows with programs, lists and open streams, not
with devices.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Connection, select

from eden.base.changes import Change
from eden.base.tables import workspaces
from eden.base.targeting import Context, IdList
from eden.release.interfaces import (
    CheckAnswer,
    CheckProgram,
    CheckRequest,
    DeviceContext,
    ProgramAnswer,
    ProgramKind,
    Proof,
)
from eden.release.models import programs
from eden.release.rules_decide import Decision, decide
from eden.release.rules_signed import token_hash
from eden.release.rules_views import DeviceView, ListView, ProgramView, compile_program, container_of, context_of
from eden.release.service_core import Core
from eden.release.service_lists import Lists
from eden.release.service_targets import ProgramParts, load_programs
from eden.release.trust import ROOT, TIMESTAMP, Head, read_file, read_heads

#: hints that wait for one stream; a device that does not read is told once that something changed, which is enough
_WAITING = 4

log = logging.getLogger("eden.release")

Stream = asyncio.Queue[bytes]


class Listed(msgspec.Struct, frozen=True):
    """A program that devices may show to people."""

    key: str
    name: str
    kind: ProgramKind


#: what the super app runs
_SHOWN = (ProgramKind.MINIPROGRAM, ProgramKind.H5)


@dataclass(eq=False)
class WorkspaceView:
    """A workspace as devices see it. `programs`: id and compiled program by key; `listed`: the programs that
    somebody may open; `timestamp`: version and bytes of the newest timestamp metadata; `root`: version of the newest
    root, 0 before the first."""

    id: str
    slug: str
    name: str
    programs: dict[str, tuple[str, ProgramView]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    lists: dict[str, ListView] = field(default_factory=dict)
    timestamp: int = 0
    timestamp_bytes: bytes | None = None
    root: int = 0
    streams: set[Stream] = field(default_factory=set)
    #: what was loaded of lists, by id and revision
    held: dict[tuple[str, int], ListView] = field(default_factory=dict)
    parts: dict[str, ProgramParts] = field(default_factory=dict)

    def listed(self) -> list[Listed]:
        """Mini programs and H5 programs with a version for somebody, by name."""
        shown = [
            Listed(key, self.names[key], program.kind)
            for key, (_, program) in self.programs.items()
            if program.kind in _SHOWN and program.newest >= 0
        ]
        return sorted(shown, key=lambda entry: (entry.name, entry.key))

    def context(self, device: str, said: DeviceContext) -> Context:
        """What rules are asked about a device."""
        return context_of(device, said, self.lists)

    def check(self, request: CheckRequest, interval: int, at: int) -> CheckAnswer:
        """The answer to a check; `interval` in seconds, `at` in µs."""
        context = self.context(request.device, request.context)
        container = container_of(request.context.container_version)
        answers = []
        for asked in request.programs:
            known = self.programs.get(asked.key)
            if known is None:
                continue
            decision = decide(known[1], device_view(request.device, context, asked, container), at)
            if decision.changes:
                answers.append(self._answer(asked.key, decision, request.device, request.context.user_id))
        return CheckAnswer(interval=interval, timestamp=self.timestamp, programs=tuple(answers))

    def _answer(self, key: str, decision: Decision, device: str, user: str | None) -> ProgramAnswer:
        return ProgramAnswer(
            key=key,
            code=decision.code,
            version=decision.version,
            action=decision.action,
            release=decision.release,
            proofs=tuple(
                proof for list_id in decision.lists if (proof := self._proof(list_id, device, user)) is not None
            ),
            notice=decision.notice,
        )

    def _proof(self, list_id: str, device: str, user: str | None) -> Proof | None:
        view = self.lists.get(list_id)
        ids: IdList | None = None if view is None else getattr(view.contains, "__self__", None)
        if ids is None:
            return None
        for member in (device, user):
            if member is not None and (found := ids.proof(member)) is not None:
                return Proof(list=list_id, index=found.index, size=len(ids), path=found.path)
        return None

    def announce(self, hint: bytes) -> None:
        """Send a server-sent event to every open stream."""
        for stream in self.streams:
            if not stream.full():
                stream.put_nowait(hint)


def device_view(device: str, context: Context, asked: CheckProgram, container: int) -> DeviceView:
    """A device that asks for one program."""
    return DeviceView(
        device,
        context,
        asked.have,
        asked.bad,
        None if asked.trial is None else token_hash(asked.trial),
        container,
    )


Changed = Callable[[WorkspaceView, str | None], Awaitable[None]]


class Workspaces:
    """All workspaces of this process, by slug. `on_change` is awaited after a program was loaded again."""

    def __init__(self, core: Core, lists: Lists) -> None:
        self._core = core
        self._lists = lists
        self._by_slug: dict[str, WorkspaceView] = {}
        self._by_id: dict[str, WorkspaceView] = {}
        self._loading: dict[str, asyncio.Task[WorkspaceView | None]] = {}
        self._lock = asyncio.Lock()
        self.on_change: list[Changed] = []

    def known(self, slug: str) -> WorkspaceView | None:
        """A workspace that has been loaded: the way of nearly every check."""
        return self._by_slug.get(slug)

    async def get(self, slug: str) -> WorkspaceView | None:
        """A workspace, loaded if need be; None when there is none of this slug."""
        if (view := self._by_slug.get(slug)) is not None:
            return view
        task = self._loading.get(slug)
        if task is None:
            task = self._loading[slug] = asyncio.create_task(self._load(slug))
            task.add_done_callback(lambda _: self._loading.pop(slug, None))
        # one who goes away does not stop the loading for the others
        return await asyncio.shield(task)

    def all(self) -> list[WorkspaceView]:
        return list(self._by_slug.values())

    async def _load(self, slug: str) -> WorkspaceView | None:
        row = await self._core.database.read(
            lambda connection: connection.execute(select(workspaces).where(workspaces.c.slug == slug)).first()
        )
        if row is None:
            return None
        view = WorkspaceView(row.id, row.slug, row.name)
        async with self._lock:
            await self._refresh(view, None)
            self._by_slug[slug] = self._by_id[view.id] = view
        return view

    async def hear(self, change: Change) -> None:
        """A listener of the feed for `release.` and `workspace.` changes."""
        view = self._by_id.get(change.workspace_id)
        if view is None:
            return
        if change.kind.startswith("workspace."):
            # rare: loaded anew by the next who asks
            self._by_slug.pop(view.slug, None)
            self._by_id.pop(view.id, None)
            view.announce(_hint(view, None))
            return
        key = change.payload.get("program")
        async with self._lock:
            await self._refresh(view, key)
        view.announce(_hint(view, key))
        for listener in self.on_change:
            await listener(view, key)

    async def _refresh(self, view: WorkspaceView, key: str | None) -> None:
        """Read a program again, or everything when `key` is None."""

        def read(connection: Connection) -> tuple[list[ProgramParts], dict[str, str], dict[str, Head], bytes | None]:
            found = load_programs(connection, view.id, None if key is None else [key])
            rows = connection.execute(
                select(programs.c.key, programs.c.name).where(programs.c.workspace_id == view.id)
            ).all()
            heads = read_heads(connection, view.id, [ROOT, TIMESTAMP])
            data = read_file(connection, view.id, TIMESTAMP)
            return found, {row.key: row.name for row in rows}, heads, data

        found, names, heads, data = await self._core.database.read(read)
        parts = {} if key is None else {name: part for name, part in view.parts.items() if name != key}
        parts |= {part.key: part for part in found}
        wanted = {list_id for part in parts.values() for list_id in part.lists}
        lists = await self._lists.load(wanted, view.held)
        compiled = {
            part.key: (part.id, compile_program(part.key, part.kind, part.versions, part.release, lists))
            for part in found
        }
        kept = {} if key is None else {name: known for name, known in view.programs.items() if name in parts}
        # one assignment each, without waiting between them: a check sees the whole of it
        view.parts, view.lists, view.names = parts, lists, names
        view.programs = kept | compiled
        view.root = heads[ROOT].version if ROOT in heads else 0
        if TIMESTAMP in heads and heads[TIMESTAMP].version >= view.timestamp:
            view.timestamp, view.timestamp_bytes = heads[TIMESTAMP].version, data


def _hint(view: WorkspaceView, key: str | None) -> bytes:
    data = msgspec.json.encode({"program": key, "timestamp": view.timestamp})
    return b"event: release\ndata: " + data + b"\n\n"


def new_stream() -> Stream:
    """A stream of hints for one device."""
    return asyncio.Queue(_WAITING)


def catalogue(view: WorkspaceView, h5: str | None) -> tuple[bytes, bytes]:
    """The list of programs for the super app, and its entity tag. `h5`: how it makes addresses of H5 programs; None
    when the server has no hosts for them."""
    body = msgspec.json.encode({"name": view.name, "programs": view.listed(), "h5": h5})
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'.encode()
