"""The super app: one page per workspace that is installed like an app and runs the programs it is released.

/app/WORKSPACE/                        the page; `?program=KEY`, and `&trial=TOKEN`, open one at once
/app/WORKSPACE/manifest.webmanifest    W3C Web Application Manifest
/app/WORKSPACE/FILE                    the container's bundles, so that the page's service worker may keep them

The page learns what there is to run from the device side (`eden.release.devices`); nothing here asks the database.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from functools import lru_cache
from urllib.parse import unquote

import msgspec

from eden.base import tools
from eden.base.http import Headers, Receive, Scope, Send, header, respond, respond_problem
from eden.base.problems import Problem, not_found

PREFIX = "/app/"
PAGE = "app.html"
#: programs, and whoever else, must not put the app into a page of theirs
_UNFRAMED: Headers = [(b"content-security-policy", b"frame-ancestors 'none'")]
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}\Z")
_TYPES = {
    "css": b"text/css; charset=utf-8",
    "html": b"text/html; charset=utf-8",
    "js": b"text/javascript; charset=utf-8",
    "json": b"application/json",
    "map": b"application/json",
    "svg": b"image/svg+xml",
    "wasm": b"application/wasm",
}


async def super_app(scope: Scope, receive: Receive, send: Send) -> None:
    """An ASGI application for everything below `PREFIX`."""
    if scope["method"] not in ("GET", "HEAD"):
        problem = Problem(
            "method-not-allowed", "Only GET and HEAD are understood here.", headers={"Allow": "GET, HEAD"}
        )
        return await respond_problem(scope, send, problem)
    workspace, slash, name = scope["path"].removeprefix(PREFIX).partition("/")
    if not _SLUG.match(workspace):
        return await respond_problem(scope, send, not_found("This page"))
    if not slash:
        # relative addresses of the page need it
        query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        return await respond(send, b"", status=308, headers=[(b"location", f"{PREFIX}{workspace}/{query}".encode())])
    if name == "manifest.webmanifest":
        return await tagged(scope, send, _manifest(workspace), b"application/manifest+json")
    try:
        file, content = await asyncio.to_thread(container_file, unquote(name) or PAGE)
    except Problem as problem:
        return await respond_problem(scope, send, problem)
    return await tagged(
        scope, send, content, _TYPES.get(file.rpartition(".")[2], b"application/octet-stream"), _UNFRAMED
    )


def container_file(name: str) -> tuple[str, bytes]:
    """Name and content of a file of the container's bundles. Problem `not-found` for everything else."""
    root = tools.CONTAINER.resolve()
    path = (root / name).resolve()
    if "\0" in name or not path.is_relative_to(root) or not path.is_file():
        raise not_found(f"The file {name}")
    stat = path.stat()
    return path.name, _content(str(path), stat.st_mtime_ns, stat.st_size)


@lru_cache(128)
def _content(path: str, _changed: int, _size: int) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _manifest(workspace: str) -> bytes:
    return msgspec.json.encode(
        {
            "name": "Eden",
            "short_name": "Eden",
            "id": f"{PREFIX}{workspace}/",
            "start_url": "./",
            "scope": "./",
            "display": "standalone",
            "background_color": "#f4f6f8",
            "theme_color": "#0f766e",
            "icons": [{"src": "icon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any maskable"}],
        }
    )


async def tagged(scope: Scope, send: Send, body: bytes, content_type: bytes, more: Headers | None = None) -> None:
    """Answer with a file that browsers ask for again each time, by its entity tag."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'.encode()
    headers: Headers = [(b"etag", tag), (b"cache-control", b"no-cache"), (b"x-content-type-options", b"nosniff")]
    headers += more or []
    if header(scope, b"if-none-match") == tag:
        return await respond(send, b"", content_type, 304, headers)
    return await respond(send, b"" if scope["method"] == "HEAD" else body, content_type, 200, headers)
