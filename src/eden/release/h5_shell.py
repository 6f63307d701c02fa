"""What the server answers on the hosts of H5 programs: three files below /.eden/, and nothing else.

    /.eden/shell.html    listens to the super app that framed it, and runs the program (container/app/h5)
    /.eden/shell.js, .css
    /.eden/worker.js     the service worker that serves the package's files

Whoever is on these hosts is a program: there is no console, no API and no cookie here.
"""

from __future__ import annotations

import asyncio

from eden.base.http import Headers, Receive, Scope, Send, header, respond, respond_problem
from eden.base.problems import Problem, not_found
from eden.release.h5_hosts import H5Hosts
from eden.release.super_app import container_file, send_file, tag_of

PREFIX = "/.eden/"
_SHELL = "shell.html"
_TYPES = {
    _SHELL: b"text/html; charset=utf-8",
    "shell.css": b"text/css; charset=utf-8",
    "shell.js": b"text/javascript; charset=utf-8",
    "worker.js": b"text/javascript; charset=utf-8",
}
_COMMON: Headers = [
    # a process of its own, also below the platform's domain, and no document.domain
    (b"origin-agent-cluster", b"?1"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
]


class H5Shell:
    """An ASGI application for everything on the hosts of H5 programs."""

    def __init__(self, hosts: H5Hosts) -> None:
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path"].removeprefix(PREFIX)
        if scope["method"] not in ("GET", "HEAD"):
            problem = Problem(
                "method-not-allowed", "Only GET and HEAD are understood here.", headers={"Allow": "GET, HEAD"}
            )
            return await respond_problem(scope, send, problem)
        if not scope["path"].startswith(PREFIX) or name not in _TYPES:
            if scope["path"] == "/favicon.ico":
                return await respond(send, b"", status=204, headers=_COMMON)
            return await respond_problem(scope, send, not_found("This page, outside of the app that opens it,"))
        found = await asyncio.to_thread(container_file, f"h5/{name}")
        if found is None:
            return await respond_problem(scope, send, not_found(f"The file {name}"))
        content, tag = found
        framers = self._hosts.framers((header(scope, b"host") or b"").decode("latin-1"))
        if name == _SHELL:
            content = content.replace(b"$platforms", " ".join(framers).encode())
            tag = tag_of(content)
        headers = [*_COMMON, (b"content-security-policy", _policy(name, framers).encode())]
        if name == "worker.js":
            headers.append((b"service-worker-allowed", b"/"))
        return await send_file(scope, send, content, tag, _TYPES[name], headers)


def _policy(name: str, framers: list[str]) -> str:
    """A worker's policy holds for what it fetches; the shell's for its own page, not for the program's."""
    if name == "worker.js":
        return "default-src 'none'; connect-src http: https:"
    near = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; worker-src 'self'"
    )
    ancestors = " ".join(framers) or "'none'"
    return f"{near}; frame-src http: https:; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
