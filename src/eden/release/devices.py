"""The device side: what phones and native shells ask a server. Small ASGI code, since it is asked thousands of times a
second; docs/device.md has every address with its shapes.

    POST /device/v1/WORKSPACE/check                      which versions shall I have?
    GET  /device/v1/WORKSPACE/events                     server-sent events: something changed, check now
    POST /device/v1/WORKSPACE/reports                    what happened, for the guardrails
    GET  /device/v1/WORKSPACE/programs                   programs that people can open
    GET  /device/v1/WORKSPACE/metadata/FILE              signed metadata (TUF)
    GET  /device/v1/WORKSPACE/targets/apps/KEY/CODE/SHA256.FILE   a file of a version, in the best form (RFC 9842)
    GET  /device/v1/WORKSPACE/deltas/SHA256/SHA256       from one archive to another, as a file of its own
    GET  /device/v1/WORKSPACE/dimina/KEY                 the update manifest of the native runtime dimina

Devices have no session: there is nothing here that a cookie could open, and any page may ask (CORS).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from urllib.parse import parse_qs

import msgspec
from sqlalchemy import Connection, exists, select

from eden.base.http import Headers, Receive, Scope, Send, header, read_json, respond, respond_problem, without_body
from eden.base.ids import now
from eden.base.problems import Problem, not_found
from eden.release.deltas import Deltas
from eden.release.device_log import DeviceLog
from eden.release.device_views import Stream, Workspaces, WorkspaceView, catalogue, new_stream
from eden.release.dimina import update_manifest
from eden.release.downloads import DictionaryOffer, Response, represent, represent_delta
from eden.release.h5_hosts import H5Hosts
from eden.release.interfaces import CheckRequest, DeviceContext, ReportBatch
from eden.release.models import programs, trials, version_files, versions
from eden.release.service_core import Core
from eden.release.trust import ROOT, read_file

PREFIX = "/device/v1/"
#: metadata files of old versions that are held in memory; phones mostly ask for the newest
_HELD_FILES = 2_000
#: archives whose right to be served is remembered
_HELD_RIGHTS = 20_000
_METADATA = re.compile(r"(?:(?P<version>[1-9][0-9]{0,8})\.)?(?P<role>[A-Za-z0-9._-]{1,80})\.json")
#: names are those that packages may have: what is asked for stands in the pattern of a header
_TARGET = re.compile(
    r"apps/(?P<key>[a-z0-9_-]{1,64})/[0-9]{1,16}/(?P<sha256>[0-9a-f]{64})\.(?P<file>[A-Za-z0-9_][A-Za-z0-9_.-]{0,119})"
)
_DELTA = re.compile(r"(?P<base>[0-9a-f]{64})/(?P<target>[0-9a-f]{64})")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_CHECKS = msgspec.json.Decoder(CheckRequest)
_REPORTS = msgspec.json.Decoder(ReportBatch)
_ENCODER = msgspec.json.Encoder()
#: phones look at the entity tag: it tells a delta from a whole archive
_CORS: Headers = [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", b"etag")]
_NO_STORE: Headers = [*_CORS, (b"cache-control", b"no-store")]
_PREFLIGHT: Headers = [
    *_CORS,
    (b"access-control-allow-methods", b"GET, HEAD, POST"),
    (b"access-control-allow-headers", b"content-type, range"),
    (b"access-control-max-age", b"86400"),
]
_TYPES = {"json": "application/json", "zip": "application/zip"}

Handler: TypeAlias = Callable[["WorkspaceView", str, Scope, Receive, Send], Awaitable[None]]


class Devices:
    """An ASGI application for everything below `PREFIX`."""

    def __init__(
        self,
        core: Core,
        workspaces: Workspaces,
        device_log: DeviceLog,
        deltas: Deltas,
        h5: H5Hosts | None = None,
    ) -> None:
        self._h5 = h5
        self._core = core
        self._workspaces = workspaces
        self._log = device_log
        self._deltas = deltas
        self._files: OrderedDict[tuple[str, str, int], bytes] = OrderedDict()
        self._rights: OrderedDict[tuple[str, str, str], None] = OrderedDict()
        self._limit = core.ground.settings.limits.report_bytes
        self._heartbeat = core.ground.settings.intervals.heartbeat_seconds
        self._interval = core.ground.settings.intervals.check_seconds
        metrics = core.ground.metrics
        self._checks = metrics.counter("eden_checks_total", "Update checks by outcome.", ("outcome",))
        self._unchanged = self._checks.labels("unchanged")
        self._changed = self._checks.labels("changed")
        self._streams = metrics.gauge("eden_device_streams", "Open event streams of devices.", processes="livesum")
        self._posts: dict[str, Handler] = {"check": self._check, "reports": self._report}
        self._gets: dict[str, Handler] = {
            "events": self._events,
            "programs": self._programs,
            "metadata": self._metadata,
            "targets": self._target,
            "deltas": self._delta,
            "dimina": self._dimina,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        slug, _, rest = scope["path"][len(PREFIX) :].partition("/")
        word, _, name = rest.partition("/")
        method = scope["method"]
        if method == "HEAD":
            send = without_body(send)
        try:
            if method == "OPTIONS":
                return await respond(send, b"", status=204, headers=_PREFLIGHT)
            handler = self._posts.get(word) if method == "POST" else self._gets.get(word)
            if handler is None or method not in ("GET", "HEAD", "POST"):
                raise self._misdirected(word, method)
            view = self._workspaces.known(slug)
            if view is None and _SLUG.fullmatch(slug):
                view = await self._workspaces.get(slug)
            if view is None:
                raise not_found(f"The workspace {slug[:40]}")
            await handler(view, name, scope, receive, send)
        except Problem as problem:
            # a page of another origin is to read what went wrong
            problem.headers["Access-Control-Allow-Origin"] = "*"
            await respond_problem(scope, send, problem)

    def _misdirected(self, word: str, method: str) -> Problem:
        allowed = "POST" if word in self._posts else "GET, HEAD" if word in self._gets else None
        if allowed is None:
            return not_found("This address of the device side")
        return Problem("method-not-allowed", f"{method} is not understood here.", headers={"Allow": allowed})

    # checks and reports

    async def _check(self, view: WorkspaceView, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        request = await read_json(scope, receive, self._limit, _CHECKS)
        at = now()
        answer = view.check(request, self._interval, at)
        (self._changed if answer.programs else self._unchanged).inc()
        self._log.note(view, request, at)
        await respond(send, _ENCODER.encode(answer), headers=_NO_STORE)

    async def _report(self, view: WorkspaceView, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        batch = await read_json(scope, receive, self._limit, _REPORTS)
        await self._log.report(view, batch)
        await respond(send, b"", status=204, headers=_NO_STORE)

    # events

    async def _events(self, view: WorkspaceView, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        stream = new_stream()
        headers: Headers = [
            *_CORS,
            (b"content-type", b"text/event-stream"),
            (b"cache-control", b"no-store"),
            # nginx would hold events back
            (b"x-accel-buffering", b"no"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        # a phone that comes back waits a while, and not as long as its neighbour
        await send({"type": "http.response.body", "body": b"retry: 5000\n\n", "more_body": True})
        if scope["method"] == "HEAD":
            return await send({"type": "http.response.body", "body": b""})
        view.streams.add(stream)
        self._streams.inc()
        gone = asyncio.create_task(_disconnected(receive))
        stopping = asyncio.create_task(self._core.ground.stopping.wait())
        try:
            while not gone.done() and not stopping.done():
                hint = await _next(stream, self._heartbeat, gone, stopping)
                await send({"type": "http.response.body", "body": hint, "more_body": True})
            if not gone.done():
                await send({"type": "http.response.body", "body": b""})
        finally:
            view.streams.discard(stream)
            self._streams.dec()
            gone.cancel()
            stopping.cancel()

    # files

    async def _programs(self, view: WorkspaceView, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        host = (header(scope, b"host") or b"").decode("latin-1")
        body, tag = catalogue(view, None if self._h5 is None else self._h5.template(host))
        headers: Headers = [*_CORS, (b"etag", tag), (b"cache-control", b"no-cache")]
        if header(scope, b"if-none-match") == tag:
            await respond(send, b"", status=304, headers=headers)
        else:
            await respond(send, body, headers=headers)

    async def _metadata(self, view: WorkspaceView, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        found = _METADATA.fullmatch(name)
        data = None if found is None else await self._metadata_file(view, found["role"], found["version"])
        if data is None:
            if scope["query_string"] == b"absent=204":
                # phones look for a newer root all the time, and browsers show every 404 as an error
                return await respond(send, b"", status=204, headers=_NO_STORE)
            raise not_found(f"The metadata file {name[:100]}")
        versioned = found is not None and found["version"] is not None
        cache = b"public, max-age=31536000, immutable" if versioned else b"no-cache"
        return await respond(send, data, headers=[*_CORS, (b"cache-control", cache)])

    async def _metadata_file(self, view: WorkspaceView, role: str, version: str | None) -> bytes | None:
        if version is None:
            # consistent snapshots: only the timestamp is asked for without a version
            return view.timestamp_bytes if role == "timestamp" else None
        if role == ROOT and 0 < view.root < int(version):
            # nearly every request for a root is for the one that does not exist yet
            return None
        key = (view.id, role, int(version))
        if (held := self._files.get(key)) is not None:
            self._files.move_to_end(key)
            return held
        data = await self._core.database.read(lambda connection: read_file(connection, *key))
        if data is not None:
            self._files[key] = data
            if len(self._files) > _HELD_FILES:
                self._files.popitem(last=False)
        return data

    async def _target(self, view: WorkspaceView, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        found = _TARGET.fullmatch(name)
        if found is None or not await self._is_served(view, found["key"], found["sha256"]):
            raise not_found("This file of a version")
        file = found["file"]
        # another version's file of the same name is the best dictionary
        pattern = f"{PREFIX}{view.slug}/targets/apps/{found['key']}/*/*.{file}"
        answer = await represent(
            scope["headers"],
            found["sha256"],
            self._deltas,
            self._core.blobs.get_content,
            content_type=_TYPES.get(file.rpartition(".")[2], "application/octet-stream"),
            offer=DictionaryOffer(pattern) if file.endswith(".zip") else None,
            allowed_origin="*",
            may_use=lambda base: self._is_served(view, "", base),
        )
        await _send_response(send, answer, f"The file {file}")

    async def _delta(self, view: WorkspaceView, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        found = _DELTA.fullmatch(name)
        if found is None:
            raise not_found("This delta")
        for digest in (found["base"], found["target"]):
            if not await self._is_served(view, "", digest):
                raise not_found("This delta")
        answer = await represent_delta(scope["headers"], found["base"], found["target"], self._deltas)
        await _send_response(send, answer, "This delta, or it would be larger than the archive,")

    async def _is_served(self, view: WorkspaceView, key: str, digest: str) -> bool:
        """Whether a version of the workspace (of the program `key`, if it is not empty) hands out these bytes."""
        right = (view.id, key, digest)
        if right in self._rights:
            self._rights.move_to_end(right)
            return True

        def work(connection: Connection) -> bool:
            query = (
                select(version_files.c.sha256)
                .join(versions, versions.c.id == version_files.c.version_id)
                .join(programs, programs.c.id == versions.c.program_id)
                .where(
                    version_files.c.sha256 == digest,
                    version_files.c.served,
                    versions.c.workspace_id == view.id,
                    versions.c.signed_state.is_not(None)
                    | exists(select(trials.c.id).where(trials.c.version_id == versions.c.id)),
                )
            )
            if key:
                query = query.where(programs.c.key == key)
            return connection.execute(query.limit(1)).first() is not None

        if not await self._core.database.read(work):
            return False
        self._rights[right] = None
        if len(self._rights) > _HELD_RIGHTS:
            self._rights.popitem(last=False)
        return True

    # dimina

    async def _dimina(self, view: WorkspaceView, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        query = {key: values[-1] for key, values in parse_qs(scope["query_string"].decode("latin-1")).items()}
        known = view.programs.get(name)
        if known is None:
            raise not_found(f"The program {name[:64]}")
        said = {field: query[field] for field in DeviceContext.__struct_fields__ if field in query and field != "tags"}
        tags = tuple(tag for tag in query.get("tags", "").split(",") if tag)
        try:
            context = msgspec.convert({**said, "tags": tags}, DeviceContext)
        except msgspec.ValidationError as error:
            raise Problem("invalid", f"The query is not valid: {error}.") from error
        device = query.get("device", "")[:128]
        manifest = await update_manifest(
            self._core,
            *known,
            device,
            view.context(device, context),
            _base_address(scope, self._core.ground.settings.public_url) + f"{PREFIX}{view.slug}/targets/",
        )
        await respond(send, _ENCODER.encode(manifest), headers=_NO_STORE)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _next(stream: Stream, silence: float, *ends: asyncio.Task[Any]) -> bytes:
    """The next hint; a comment after `silence` seconds, or when the stream is to end."""
    waiting = asyncio.ensure_future(stream.get())
    try:
        await asyncio.wait([waiting, *ends], timeout=silence, return_when=asyncio.FIRST_COMPLETED)
        return waiting.result() if waiting.done() else b": \n\n"
    finally:
        if not waiting.done():
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await waiting


async def _send_response(send: Send, answer: Response, what: str) -> None:
    if answer.status == 404:
        raise not_found(what)
    headers = [*_CORS, *((name.encode(), value.encode("latin-1")) for name, value in answer.headers)]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _base_address(scope: Scope, public_url: str) -> str:
    """Scheme and host of this server as devices reach it."""
    if public_url:
        return public_url.rstrip("/")
    host = header(scope, b"host") or b"127.0.0.1"
    return f"{scope.get('scheme', 'http')}://{host.decode('latin-1')}"
