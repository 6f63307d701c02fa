"""The console over HTTP, for Litestar handlers: pages, parts of pages, redirects, scripts, live streams.

@get("/console/{workspace:str}/programs")
async def programs(request: Request[Any, Any, Any], workspace: str) -> Response[bytes]:
    view = …                                      # the composition root knows how, from session and cookies
    return respond(request, console, view, "release/programs.html", block="list", programs=…)
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeAlias, get_args

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Stream

from eden.base.problems import Problem
from eden.console.frame import Console
from eden.console.messages import LOCALES, Locale, choose_locale
from eden.console.view import ROOT, THEMES, Flash, Theme, Tone, ViewContext

AnyRequest: TypeAlias = Request[Any, Any, Any]

#: nothing from elsewhere, nothing inline, no eval: a hole in a template is then not yet a script
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

LOCALE_COOKIE = "eden_locale"
THEME_COOKIE = "eden_theme"
FLASH_COOKIE = "eden_flash"
_YEAR = 365 * 86_400
#: what browsers take for another host, or for a way out of a folder (URL standard, 4.4)
_CLIMBING = re.compile(r"//|/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
#: of a cookie; browsers keep 4096 octets with its name and attributes
_LONGEST_FLASH = 3000


def html(content: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """A page of the console: never stored, under the strictest policy."""
    fixed = SECURITY_HEADERS | {"Cache-Control": "no-store", "Vary": "HX-Request"}
    return Response(content, status_code=status, media_type="text/html", headers=fixed | dict(headers or {}))


def wants_part(request: AnyRequest) -> bool:
    """Whether htmx asked, for a region of the page; boosted links and history want whole pages."""
    asked = request.headers.get("HX-Request") == "true"
    return asked and not {"hx-boosted", "hx-history-restore-request"} & {name.lower() for name in request.headers}


def respond(
    request: AnyRequest,
    console: Console,
    view: ViewContext,
    template: str,
    /,
    *,
    block: str | None = None,
    status: int = 200,
    **values: Any,
) -> Response[bytes]:
    """The page, or only its `block` when htmx asks. `status` 422 for a form that has to be mended."""
    part = block if wants_part(request) else None
    response = html(console.render(view, template, block=part, **values), status=status)
    # a live region that fetches itself shows no flashes
    if view.flashes and not part and "X-Eden-Live" not in request.headers:
        response.delete_cookie(FLASH_COOKIE, path=ROOT)
    return response


def refuse(
    request: AnyRequest, console: Console, view: ViewContext, problem: Problem, trace: str | None = None
) -> Response[bytes]:
    """What a person sees when something cannot be done; htmx shows it as a message above the page."""
    part = "problem" if wants_part(request) else None
    headers = dict(problem.headers)
    if part:
        headers |= {"HX-Retarget": "#flashes", "HX-Reswap": "innerHTML show:window:top"}
    words = console.explain(view, problem)
    content = console.render(view, "console/problem.html", block=part, problem=problem, words=words, trace=trace)
    return html(content, status=problem.status, headers=headers)


def redirect(request: AnyRequest, path: str, *flashes: Flash) -> Response[bytes]:
    """After every POST that worked: see other (303), with what to say there. `path` is within the console."""
    target = local_path(path)
    if wants_part(request):
        response = html(b"", headers={"HX-Redirect": target})
    else:
        response = html(b"", status=303, headers={"Location": target})
    if flashes:
        response.set_cookie(_cookie(request, FLASH_COOKIE, _pack(flashes), max_age=300, httponly=True))
    return response


def local_path(path: str) -> str:
    """`path` if it leads to a page of the console, else the console's first page: no redirect leaves the house."""
    inside = path == ROOT or path.startswith((f"{ROOT}/", f"{ROOT}?"))
    printable = path.isascii() and path.isprintable() and "\\" not in path and " " not in path
    climbing = _CLIMBING.search(path.partition("?")[0])
    return path if inside and printable and not climbing else f"{ROOT}/"


def read_locale(request: AnyRequest) -> Locale:
    """The language of a request, before anything is known about who sends it."""
    return choose_locale(request.cookies.get(LOCALE_COOKIE), request.headers.get("Accept-Language", ""))


def remember_locale(request: AnyRequest, response: Response[bytes], locale: str) -> None:
    """From now on pages are in this language, on this browser; "" forgets what was chosen."""
    response.set_cookie(_cookie(request, LOCALE_COOKIE, locale, max_age=_YEAR if locale else 0, httponly=True))


def read_theme(request: AnyRequest) -> Theme:
    theme = request.cookies.get(THEME_COOKIE, "")
    return theme if theme in THEMES else "system"


def read_flashes(request: AnyRequest) -> tuple[Flash, ...]:
    """What the last action left to say; nothing when the cookie is not ours."""
    try:
        pairs = json.loads(urlsafe_b64decode(request.cookies.get(FLASH_COOKIE, "")))
        return tuple(Flash(tone, text) for tone, text in pairs if tone in get_args(Tone) and isinstance(text, str))
    except (ValueError, TypeError, RecursionError):
        return ()


def _pack(flashes: tuple[Flash, ...]) -> str:
    pairs = [[flash.tone, flash.text] for flash in flashes]
    while len(packed := urlsafe_b64encode(json.dumps(pairs).encode()).decode()) > _LONGEST_FLASH:
        longest = max(pairs, key=lambda pair: len(pair[1]))
        longest[1] = f"{longest[1][: len(longest[1]) // 2]}…"
    return packed


def _cookie(request: AnyRequest, name: str, value: str, *, max_age: int, httponly: bool) -> Cookie:
    return Cookie(
        name,
        value=value,
        path=ROOT,
        max_age=max_age,
        httponly=httponly,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def live_stream(events: AsyncIterator[bytes]) -> Stream:
    """The stream that a page listens to; `events` are `LiveHub.stream(workspace_id)`."""
    # for proxies that would collect the events first
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Stream(events, media_type="text/event-stream", headers=headers)


def frame_handlers(console: Console) -> list[HTTPRouteHandler]:
    """The frame's own addresses: scripts and sheet, and the switches of language and theme."""

    @get(f"{ROOT}/assets/{{name:str}}", include_in_schema=False, sync_to_thread=False)
    def asset(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
        found = console.assets.find(name, request.headers.get("Accept-Encoding", ""))
        if found is None:
            return Response(b"", status_code=404, headers={"Cache-Control": "no-store"})
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable",
            # the name is a hash of the content
            "ETag": f'"{name}"',
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return Response(b"", status_code=304, headers=headers)
        if found.encoding:
            headers["Content-Encoding"] = found.encoding
        return Response(found.content, media_type=found.media_type, headers=headers)

    @post(f"{ROOT}/preferences", include_in_schema=False, request_max_body_size=10_000)
    async def preferences(request: AnyRequest) -> Response[bytes]:
        # needs no token: who makes somebody's console dark has gained nothing
        form = await request.form()
        response = redirect(request, str(form.get("next", "")))
        locale, theme = str(form.get("locale")), str(form.get("theme"))
        if locale in LOCALES:
            remember_locale(request, response, locale)
        if theme in THEMES:
            # not only for the server: the page writes it, too
            response.set_cookie(_cookie(request, THEME_COOKIE, theme, max_age=_YEAR, httponly=False))
        return response

    return [asset, preferences]
