"""What phones are to collect: `GET /observe/v1/collect/WORKSPACE?device=ID`.

The answer is one for all programs of a workspace, made when something has changed and held as bytes. For a device whose
log is wanted, the program that it is wanted of has a `pull`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import select

from eden.base.changes import Change
from eden.base.ground import Ground
from eden.base.problems import not_found
from eden.base.tables import workspaces
from eden.observe.app_settings import collected, strictest
from eden.observe.apps import Apps

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
#: a new program is told of after this at the latest: nothing in the feed says that it was made
_HELD_SECONDS = 10.0
_ENCODER = msgspec.json.Encoder()
#: the pull of a log that a device is to send: {"id", "from", "until"}; None: none
Pulls = Callable[[int, str], "dict[str, Any] | None"]


def no_pulls(app: int, device: str) -> dict[str, Any] | None:
    """Nobody wants a log."""
    return None


class _Switches(NamedTuple):
    revision: int
    #: number → key of each app that phones send to
    apps: dict[int, str]
    answer: dict[str, Any]
    body: bytes
    #: monotonic
    until: float


class Collect:
    """One per process. `pulls` says which log a device is to send."""

    def __init__(self, ground: Ground, apps: Apps, pulls: Pulls = no_pulls) -> None:
        self._ground = ground
        self._apps = apps
        self.pulls = pulls
        #: told of devices that have no lines for a pull
        self.on_nothing: list[Callable[[int, str, str], None]] = []
        self._slugs: dict[str, str] = {}
        self._held: dict[str, _Switches] = {}
        apps.on_change.append(self._forget)

    def start(self) -> None:
        self._ground.feed.listen("workspace.", self._hear_workspace)
        # programs appear with releases
        self._ground.feed.listen("release.", self._hear)

    async def _hear_workspace(self, change: Change) -> None:
        self._slugs.clear()

    async def _hear(self, change: Change) -> None:
        self._forget(change.workspace_id)

    def _forget(self, workspace_id: str) -> None:
        self._held.pop(workspace_id, None)

    async def answer(self, slug: str, device: str) -> bytes:
        """The body for a device of a workspace. Problem `not-found`."""
        switches = await self._switches(await self._workspace(slug))
        wanted = {key: pull for app, key in switches.apps.items() if device and (pull := self.pulls(app, device))}
        if not wanted:
            return switches.body
        programs: dict[str, dict[str, Any]] = switches.answer["programs"]
        named = {key: {**programs[key], "pull": pull} for key, pull in wanted.items()}
        return _ENCODER.encode({**switches.answer, "programs": {**programs, **named}})

    def told(self, app: int, device: str, revision: int | None) -> dict[str, Any]:
        """What the answer to a batch says beside the number of records."""
        said: dict[str, Any] = {}
        if device and (pull := self.pulls(app, device)):
            said["pull"] = pull
        if revision is not None and (known := self._apps.by_number(app)) is not None:
            now_is = self._apps.revision_of(known.workspace_id)
            if now_is != revision:
                said["collect"] = now_is
        return said

    def sent_nothing(self, app: int, device: str, pull: str) -> None:
        for told in self.on_nothing:
            told(app, device, pull)

    async def _workspace(self, slug: str) -> str:
        known = self._slugs.get(slug)
        if known is None and _SLUG.fullmatch(slug):
            known = await self._ground.database.read(
                lambda connection: connection.execute(select(workspaces.c.id).where(workspaces.c.slug == slug)).scalar()
            )
            if known is not None:
                self._slugs[slug] = known
        if known is None:
            raise not_found(f"The workspace {slug[:40]}")
        return known

    async def _switches(self, workspace_id: str) -> _Switches:
        held = self._held.get(workspace_id)
        if held is not None and held.until > time.monotonic():
            return held
        until = time.monotonic() + _HELD_SECONDS
        apps = await self._apps.ensure(workspace_id)
        keys = await self._apps.first_keys(apps)
        usual = strictest([app.settings for app in apps])
        programs = {}
        for app in apps:
            if app.number in keys:
                own = collected(app.settings)
                # what is the same for all is said once
                programs[app.key] = {"key": keys[app.number]} | {
                    name: value for name, value in own.items() if value != usual[name]
                }
        revision = self._apps.revision_of(workspace_id)
        answer = {"revision": revision, "programs": programs, **usual}
        sending = {app.number: app.key for app in apps if app.number in keys}
        made = _Switches(revision, sending, answer, _ENCODER.encode(answer), until)
        self._held[workspace_id] = made
        return made
