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

import msgspec

from eden.base import tools
from eden.base.http import Headers, Receive, Scope, Send, header, respond, respond_problem, without_body
from eden.base.problems import Problem, not_found

PREFIX = "/app/"
PAGE = "app.html"
#: programs, and whoever else, must not put the app into a page of theirs
_UNFRAMED: Headers = [(b"content-security-policy", b"frame-ancestors 'none'")]
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
#: of a file in the container's folder: nothing that is hidden, nothing that leads out
_NAME = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}/){0,3}[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
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
    if scope["method"] == "HEAD":
        send = without_body(send)
    workspace, slash, name = scope["path"].removeprefix(PREFIX).partition("/")
    if not _SLUG.fullmatch(workspace):
        return await respond_problem(scope, send, not_found("This page"))
    if not slash:
        # relative addresses of the page need it
        query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        return await respond(send, b"", status=308, headers=[(b"location", f"{PREFIX}{workspace}/{query}".encode())])
    if name == "manifest.webmanifest":
        manifest = _manifest(workspace)
        return await send_file(scope, send, manifest, tag_of(manifest), b"application/manifest+json")
    name = name or PAGE
    found = await asyncio.to_thread(container_file, name)
    if found is None:
        return await respond_problem(scope, send, not_found(f"The file {name[:100]}"))
    kind = _TYPES.get(name.rpartition(".")[2], b"application/octet-stream")
    return await send_file(scope, send, *found, kind, _UNFRAMED)


def container_file(name: str) -> tuple[bytes, bytes] | None:
    """Content and entity tag of a file of the container."""
    path = tools.CONTAINER / name
    if not _NAME.fullmatch(name) or not path.is_file():
        return None
    stat = path.stat()
    return _content(str(path), stat.st_mtime_ns, stat.st_size)


@lru_cache(128)
def _content(path: str, _changed: int, _size: int) -> tuple[bytes, bytes]:
    with open(path, "rb") as file:
        content = file.read()
    return content, tag_of(content)


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


def tag_of(body: bytes) -> bytes:
    """The entity tag of a file."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'.encode()


async def send_file(
    scope: Scope, send: Send, body: bytes, tag: bytes, content_type: bytes, more: Headers | None = None
) -> None:
    """Answer with a file that browsers ask for again each time, by its entity tag."""
    headers: Headers = [(b"etag", tag), (b"cache-control", b"no-cache"), (b"x-content-type-options", b"nosniff")]
    headers += more or []
    if header(scope, b"if-none-match") == tag:
        return await respond(send, b"", content_type, 304, headers)
    return await respond(send, body, content_type, 200, headers)
