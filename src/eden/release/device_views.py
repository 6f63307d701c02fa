"""What a server process knows of every workspace, so that a check asks no database.

A workspace is loaded when a device first asks for it, and a program of it again whenever the feed says that it
changed: all processes decide alike within the feed's 0.2 s. When that reading fails, the workspace is loaded anew by
the next device that asks: an error is better than a version that was halted. Memory grows with programs, lists and
open streams, not with devices.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Connection, select

from eden.base.changes import Change
from eden.base.tables import workspaces
from eden.base.targeting import Context
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
    name: str = ""
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
    #: held while it is read again
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)

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
        if view is None or (ids := view.ids) is None:
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


class Workspaces:
    """All workspaces of this process, by slug."""

    def __init__(self, core: Core, lists: Lists) -> None:
        self._core = core
        self._lists = lists
        #: those that devices may be answered from
        self._by_slug: dict[str, WorkspaceView] = {}
        #: these, and those that are to be read anew; open streams stay with them
        self._by_id: dict[str, WorkspaceView] = {}
        self._loading: dict[str, asyncio.Task[WorkspaceView | None]] = {}

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

    async def _load(self, slug: str) -> WorkspaceView | None:
        workspace_id = await self._core.database.read(
            lambda connection: connection.execute(select(workspaces.c.id).where(workspaces.c.slug == slug)).scalar()
        )
        if workspace_id is None:
            return None
        # here before it is read, so that a change meanwhile is heard, and read after this
        view = self._by_id.setdefault(workspace_id, WorkspaceView(workspace_id, slug))
        await self._refresh(view, None)
        self._by_slug[slug] = view
        return view

    async def hear(self, change: Change) -> None:
        """A listener of the feed for `release.` and `workspace.` changes."""
        view = self._by_id.get(change.workspace_id)
        if view is None:
            return
        # of a workspace, which changes rarely, everything
        key = change.payload.get("program")
        try:
            await self._refresh(view, key)
        except Exception:
            # nobody is answered from what may be wrong now
            self._by_slug.pop(view.slug, None)
            raise
        finally:
            # metadata that was only renewed is nothing for all phones to ask for at once
            if change.payload.get("kind") != "refresh":
                view.announce(_hint(view, key))

    async def _refresh(self, view: WorkspaceView, key: str | None) -> None:
        """Read a program again, or everything when `key` is None."""
        async with view.reading:
            read = await self._core.database.read(lambda connection: _read(connection, view.id, key))
            found, heads = read.programs, read.heads
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
            view.parts, view.lists, view.name, view.names = parts, lists, read.name, read.names
            view.programs = kept | compiled
            view.root = heads[ROOT].version if ROOT in heads else 0
            if TIMESTAMP in heads and heads[TIMESTAMP].version >= view.timestamp:
                view.timestamp, view.timestamp_bytes = heads[TIMESTAMP].version, read.timestamp


class _Read(msgspec.Struct, frozen=True):
    """What the tables have of a workspace at one moment: its name, programs (one or all) and all their names, the
    newest metadata of root and timestamp, the latter with its bytes."""

    name: str
    programs: list[ProgramParts]
    names: dict[str, str]
    heads: dict[str, Head]
    timestamp: bytes | None


def _read(connection: Connection, workspace_id: str, key: str | None) -> _Read:
    named = select(programs.c.key, programs.c.name).where(programs.c.workspace_id == workspace_id)
    return _Read(
        name=connection.execute(select(workspaces.c.name).where(workspaces.c.id == workspace_id)).scalar_one(),
        programs=load_programs(connection, workspace_id, None if key is None else [key]),
        names={row.key: row.name for row in connection.execute(named)},
        heads=read_heads(connection, workspace_id, [ROOT, TIMESTAMP]),
        timestamp=read_file(connection, workspace_id, TIMESTAMP),
    )


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
