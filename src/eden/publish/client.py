"""A platform server's API as commands use it: one connection, problems as errors, writes that may be sent again."""

from __future__ import annotations

import asyncio
import os
import re
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
from eden.base.settings import Settings
from eden.base.settings_reading import load

API = "/api/v1"
#: how often a request is sent when the connection breaks or the server is starting anew
TRIES = 4
#: what may be gone when it is tried again
_PASSING = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError)
_CERTIFICATE = aiohttp.ClientConnectorCertificateError
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
    named = server or environment.get("EDEN_SERVER")
    workspace = workspace or environment.get("EDEN_WORKSPACE") or ""
    token = environment.get("EDEN_TOKEN", "")
    file = token_file or (Path(environment["EDEN_TOKEN_FILE"]) if environment.get("EDEN_TOKEN_FILE") else None)
    if not named:
        settings = _own_settings(environment)
        own = settings.data_folder / f"publish-{workspace or 'test'}.token"
        if file is None and not token and own.is_file():
            file = own
        named = settings.origin
    address = named.rstrip("/")
    if not _is_web(address):
        raise EdenError("server-address", f"{address} is no web address.", "Give it as https://eden.example.com.")
    if file is not None:
        try:
            token = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise EdenError("token-file", f"The token file {file} cannot be read: {error}.") from error
    token = token.strip()
    if not token:
        raise EdenError(
            "no-token",
            "The server must know who you are.",
            "Make a token in the console under Tokens, and set EDEN_TOKEN, or name its file with --token-file.",
        )
    if not re.fullmatch("[!-~]+", token):
        where = file or "EDEN_TOKEN"
        raise EdenError("token-file", f"What is in {where} is no token.", "A token is one word; copy it once more.")
    return Access(address, token, workspace)


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


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
        url = self._access.server + path
        for attempt in range(1, TRIES + 1):
            try:
                content = data if file is None else _pieces(file, progress)
                async with self._session.request(
                    method, url, params=params, headers=headers, data=content, allow_redirects=False
                ) as answer:
                    text = await answer.read()
                    if not _again(answer.status, text) or attempt == TRIES:
                        return _result(answer, text)
            except (aiohttp.ClientError, TimeoutError) as error:
                if attempt == TRIES or not isinstance(error, _PASSING) or isinstance(error, _CERTIFICATE):
                    raise self._unreachable(error) from error
            await asyncio.sleep(0.2 * 3**attempt)
        raise AssertionError("unreachable")

    def _unreachable(self, error: Exception) -> EdenError:
        hint = "Is it running, and is its address right? See --server and EDEN_SERVER."
        if isinstance(error, _CERTIFICATE):
            hint = "Its certificate is not one that this machine trusts; SSL_CERT_FILE may name others."
        sentence = f"The server {self._access.server} does not answer: {error or type(error).__name__}."
        return EdenError("server-unreachable", sentence, hint)


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


def _result(answer: aiohttp.ClientResponse, text: bytes) -> Any:
    if answer.status in (301, 302, 303, 307, 308):
        raise EdenError(
            "server-moved",
            f"The server sends its visitors to {answer.headers.get('location', 'another address')}.",
            "Name that address with --server or EDEN_SERVER.",
        )
    try:
        if answer.ok:
            return msgspec.json.decode(text) if text else None
        problem = msgspec.json.decode(text, type=dict[str, Any])
        code, sentence = problem["code"], problem["detail"]
    except (msgspec.DecodeError, KeyError):
        raise EdenError(
            "no-api",
            f"The server answered {answer.status} ({answer.headers.get('content-type') or 'nothing'}).",
            "Is this the address of an Eden server?",
        ) from None
    told = [f"{error['field']}: {error['message']}" for error in problem.get("errors", [])]
    told = [line for line in told if not line.endswith(sentence)]
    raise EdenError(code, " ".join([sentence, *told]), problem.get("hint", ""))
