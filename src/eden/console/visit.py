"""What handlers of pages begin with: one request of one reader, and how it is answered.

@get("/console/{workspace:str}/programs")
async def show_programs(visit: TheVisit, caller: TheCaller, …) -> Response[bytes]:
    return visit.page("release/programs.html", programs=…)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlencode

from litestar import Response

from eden.base.api.handlers import Service
from eden.base.api.paging import encode_cursor
from eden.console.frame import Console
from eden.console.http import AnyRequest, redirect, respond
from eden.console.view import Flash, Tone, ViewContext


@dataclass(frozen=True, slots=True)
class Visit:
    """`view` knows who looks at the page, and where."""

    request: AnyRequest
    view: ViewContext
    console: Console

    def t(self, key: str, /, **values: Any) -> str:
        """A sentence in the reader's language."""
        return self.console.translator(self.view)(key, **values)

    def url(self, path: str = "", /, **query: str) -> str:
        """The address of a page of this workspace; of the query, what is not empty."""
        written = urlencode({name: value for name, value in query.items() if value})
        return self.view.url(path) + (f"?{written}" if written else "")

    def following(self, path: str, key: Any, /, **query: str) -> str:
        """The address of a list's page that goes on after the item with this key."""
        return self.url(path, **query, cursor=encode_cursor(key))

    def page(self, template: str, /, *, block: str | None = None, status: int = 200, **values: Any) -> Response[bytes]:
        """A page; only its block when htmx asks."""
        return respond(self.request, self.console, self.view, template, block=block, status=status, **values)

    def go(self, path: str, text: str = "", tone: Tone = "good") -> Response[bytes]:
        """To another page of this workspace, which says what happened."""
        return redirect(self.request, self.url(path), *([Flash(tone, text)] if text else ()))


#: the type of handlers' parameter `visit`
TheVisit: TypeAlias = Service[Visit]
