"""A platform server's API as commands use it: one connection, problems as errors, writes that may be sent again."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
import msgspec

from eden import __version__
from eden.base.errors import EdenError
from eden.base.settings import Settings, load

API = "/api/v1"
#: how often a request is sent when the connection breaks or the server is starting anew
TRIES = 4
_PIECE = 256 * 1024


@dataclass(frozen=True)
class Access:
    """Where the server is and who asks. `workspace` "" is the only one that the token knows."""

    server: str
    token: str
    workspace: str = ""


def access(
    server: str | None, token_file: Path | None, workspace: str | None, environment: Mapping[str, str] = os.environ
) -> Access:
    """What options and the environment say: EDEN_SERVER, EDEN_TOKEN or EDEN_TOKEN_FILE, EDEN_WORKSPACE.

    Without any of them: the server whose settings are here, with the token that `eden init` made for the workspace
    (unless it is named, "test"). Raises EdenError without a token, or when the server is no web address.
    """
    settings = _own_settings(environment)
    named = server or environment.get("EDEN_SERVER")
    address = (named or settings.origin).rstrip("/")
    workspace = workspace or environment.get("EDEN_WORKSPACE") or ""
    if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).hostname:
        raise EdenError("server-address", f"{address} is no web address.", "Give it as https://eden.example.com.")
    token = environment.get("EDEN_TOKEN", "")
    file = token_file or (Path(environment["EDEN_TOKEN_FILE"]) if environment.get("EDEN_TOKEN_FILE") else None)
    own = settings.data_folder / f"publish-{workspace or 'test'}.token"
    if file is None and not token and not named and own.is_file():
        file = own
    if file is not None:
        try:
            token = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise EdenError("token-file", f"The token file {file} cannot be read: {error}.") from error
    if not token.strip():
        raise EdenError(
            "no-token",
            "The server must know who you are.",
            "Make a token in the console under Tokens, and set EDEN_TOKEN, or name its file with --token-file.",
        )
    return Access(address, token.strip(), workspace)


def _own_settings(environment: Mapping[str, str]) -> Settings:
    """Of the server whose settings are here, or of one with none."""
    config = environment.get("EDEN_CONFIG")
    return load(Path(config) if config else None, environment)


class Client:
    """Of `connect`. Paths are below the workspace: "/programs"."""

    def __init__(self, session: aiohttp.ClientSession, access: Access) -> None:
        self._session = session
        self._access = access
        self.workspace = access.workspace

    async def find_workspace(self) -> None:
        """Take the token's only workspace when none was named. EdenError when there are several."""
        if self.workspace:
            return
        found = [one["slug"] for one in (await self._request("GET", f"{API}/me"))["workspaces"]]
        if len(found) != 1:
            listed = ", ".join(found) or "none"
            raise EdenError("which-workspace", f"The token knows these workspaces: {listed}.", "Name one: --workspace.")
        self.workspace = found[0]

    async def get(self, path: str, **query: Any) -> Any:
        return await self._request("GET", self._path(path), query=query)

    async def find(self, path: str) -> Any | None:
        """What is there, or None when there is nothing."""
        try:
            return await self.get(path)
        except EdenError as error:
            if error.code == "not-found":
                return None
            raise

    async def post(self, path: str, body: Any) -> Any:
        return await self._request("POST", self._path(path), body=body)

    async def delete(self, path: str, **query: Any) -> None:
        await self._request("DELETE", self._path(path), query=query)

    async def put_bytes(self, path: str, data: bytes, media_type: str) -> Any:
        return await self._request("PUT", self._path(path), data=data, media_type=media_type)

    async def upload(
        self, path: str, file: Path, media_type: str, progress: Callable[[int], None], **query: Any
    ) -> Any:
        """Send a file; `progress` is told how many bytes have gone out."""
        return await self._request(
            "POST", self._path(path), query=query, file=file, media_type=media_type, progress=progress
        )

    def _path(self, path: str) -> str:
        return f"{API}/workspaces/{quote(self.workspace, safe='')}{path}"

    async def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        data: bytes | None = None,
        file: Path | None = None,
        media_type: str = "application/json",
        progress: Callable[[int], None] = lambda sent: None,
    ) -> Any:
        headers = {"Authorization": f"Bearer {self._access.token}", "Accept": "application/json"}
        if method != "GET":
            # a write whose answer was lost is sent again, and done once
            headers["Idempotency-Key"] = uuid.uuid4().hex
        if body is not None:
            data = msgspec.json.encode(body)
        if data is not None or file is not None:
            headers["Content-Type"] = media_type
        params = {name: str(value) for name, value in (query or {}).items() if value is not None}
        for attempt in range(1, TRIES + 1):
            try:
                content = data if file is None else _pieces(file, progress)
                async with self._session.request(
                    method, self._access.server + path, params=params, headers=headers, data=content
                ) as answer:
                    text = await answer.read()
                    if not _again(answer.status, text) or attempt == TRIES:
                        return _result(answer.status, answer.headers.get("content-type", ""), text)
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError) as error:
                if attempt == TRIES or isinstance(error, aiohttp.InvalidURL):
                    raise EdenError(
                        "server-unreachable",
                        f"The server {self._access.server} does not answer: {error or type(error).__name__}.",
                        "Is it running, and is its address right? See --server and EDEN_SERVER.",
                    ) from error
            await asyncio.sleep(0.2 * 3**attempt)
        raise AssertionError("unreachable")


@asynccontextmanager
async def connect(access: Access) -> AsyncIterator[Client]:
    """A client of the server, with its workspace found."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=15, sock_read=120)
    headers = {"User-Agent": f"eden/{__version__}"}
    async with aiohttp.ClientSession(timeout=timeout, headers=headers, trust_env=True) as session:
        client = Client(session, access)
        await client.find_workspace()
        yield client


async def _pieces(file: Path, progress: Callable[[int], None]) -> AsyncIterator[bytes]:
    sent = 0
    with open(file, "rb") as source:  # noqa: ASYNC230 - a local file, in pieces
        while piece := source.read(_PIECE):
            yield piece
            sent += len(piece)
            progress(sent)


def _again(status: int, text: bytes) -> bool:
    return status in (502, 503, 504) or (status == 409 and b'"idempotency-busy"' in text)


def _result(status: int, media_type: str, text: bytes) -> Any:
    if 200 <= status < 300:
        return msgspec.json.decode(text) if text else None
    try:
        problem = msgspec.json.decode(text, type=dict[str, Any])
        code, sentence = problem["code"], problem["detail"]
    except (msgspec.DecodeError, KeyError):
        raise EdenError(
            "no-api",
            f"The server answered {status} ({media_type or 'nothing'}).",
            "Is this the address of an Eden server?",
        ) from None
    told = [f"{error['field']}: {error['message']}" for error in problem.get("errors", [])]
    told = [line for line in told if not line.endswith(sentence)]
    raise EdenError(code, " ".join([sentence, *told]), problem.get("hint", ""))
