"""What every handler of these pages begins with: one request of one reader, in one workspace, and the service."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from litestar import Response
from litestar.datastructures import UploadFile

from eden.base.api.access import Caller
from eden.base.api.handlers import Service, TheCaller
from eden.base.problems import Problem
from eden.console.forms import Form, read_form
from eden.console.http import SECURITY_HEADERS
from eden.console.messages import Locale
from eden.console.visit import Visit
from eden.release.service import ReleaseService
from eden.release.service_lists import ListInfo

#: lists that can be chosen, and whose names are known in words
_LISTS = 500

#: problems that have a sentence of their own in both languages
_SAID = frozenset(
    {"release-conflict", "release-changed", "version-state", "release-state", "not-found", "conflict", "invalid"}
)


@dataclass(frozen=True, slots=True)
class Desk(Visit):
    """One request for a page of a workspace. Methods of the service take `*caller` first."""

    caller: Caller
    service: ReleaseService

    @property
    def locale(self) -> Locale:
        return self.view.locale

    def at(self, path: str) -> Desk:
        """As if the page were at `path`: what answers a POST is shown again, by language and theme, with a GET."""
        return replace(self, view=replace(self.view, path=self.view.url(path)))

    def file(self, content: bytes, media_type: str, name: str) -> Response[bytes]:
        """Something to be kept on the reader's machine."""
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(content, status_code=200, media_type=media_type, headers=SECURITY_HEADERS | headers)

    def told(self, problem: Problem) -> str:
        """What happened, in the reader's language; exactly what, in English."""
        sentence = f"{problem.sentence} {problem.hint}".strip()
        if problem.code in _SAID:
            return self.t(f"release.problem.{problem.code}", sentence=sentence)
        return sentence if self.locale == "en" else f"{self.t(f'console.advice.{problem.code}')}（{sentence}）"

    async def form(self) -> Form:
        return await read_form(self.request)

    async def upload(self) -> UploadFile | None:
        """The file of the form's field "file"."""
        found = (await self.request.form()).get("file")
        return found if isinstance(found, UploadFile) else None

    async def lists(self) -> list[ListInfo]:
        """The workspace's lists, by name."""
        return await self.service.lists.page(*self.caller, limit=_LISTS)

    async def list_names(self) -> dict[str, str]:
        """Names by id."""
        return {each.id: each.name for each in await self.lists()}


def provide_desk(visit: Service[Visit], caller: TheCaller, release_service: Service[ReleaseService]) -> Desk:
    """Dependency `desk`."""
    return Desk(visit.request, visit.view, visit.console, caller, release_service)


TheDesk: TypeAlias = Service[Desk]
