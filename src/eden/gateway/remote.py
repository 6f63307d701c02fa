"""The gateway's part of a server's API, as commands use it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
import msgspec

from eden import __version__
from eden.base.errors import EdenError
from eden.base.settings_reading import load


class Remote:
    """A workspace's gateway on a server. All methods raise EdenError."""

    def __init__(self, server: str, token: str, workspace: str) -> None:
        self._base = f"{server}/api/v1/workspaces/{quote(workspace, safe='')}/gateway"
        self._server = server
        self._headers = {
            "User-Agent": f"eden/{__version__}",
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        }

    @classmethod
    def of(
        cls,
        server: str | None,
        token_file: Path | None,
        workspace: str | None,
        environment: Mapping[str, str] = os.environ,
    ) -> Remote:
        """What options and the environment say: EDEN_SERVER, EDEN_TOKEN or EDEN_TOKEN_FILE, EDEN_WORKSPACE."""
        config = environment.get("EDEN_CONFIG")
        address = server or environment.get("EDEN_SERVER") or load(Path(config) if config else None, environment).origin
        if not _is_web(address):
            raise EdenError("server-address", f"{address} is no web address.", "Give it as https://eden.example.com.")
        named = environment.get("EDEN_TOKEN_FILE")
        file = token_file or (Path(named) if named else None)
        token = environment.get("EDEN_TOKEN", "")
        if file is not None:
            try:
                token = file.read_text(encoding="utf-8")
            except OSError as error:
                raise EdenError("token-file", f"The token file {file} cannot be read: {error.strerror}.") from error
            except UnicodeDecodeError as error:
                raise EdenError("token-file", f"The token file {file} holds no token: it is no text.") from error
        workspace = workspace or environment.get("EDEN_WORKSPACE", "")
        if not token.strip() or not workspace:
            raise EdenError(
                "no-token",
                "The server must know who you are, and in which workspace.",
                "Make a token with gateway.write in the console, set EDEN_TOKEN or name its file with --token-file,"
                " and name the workspace with --workspace.",
            )
        return cls(address.rstrip("/"), token.strip(), workspace)

    def get(self, path: str) -> Any:
        return self.ask("GET", path)

    def ask(self, method: str, path: str, body: bytes | None = None, *, if_match: int | None = None) -> Any:
        """The answer as JSON; None when it is empty."""
        text = asyncio.run(self._ask(method, path, body, if_match))
        return msgspec.json.decode(text) if text else None

    def text(self, path: str) -> str:
        """An answer that is no JSON."""
        return asyncio.run(self._ask("GET", path, None, None)).decode()

    async def _ask(self, method: str, path: str, body: bytes | None, if_match: int | None) -> bytes:
        headers = self._headers | ({"If-Match": f'"{if_match}"'} if if_match is not None else {})
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120), trust_env=True) as session,
                session.request(method, self._base + path, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                text = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            sentence = f"The server {self._server} does not answer: {str(error) or type(error).__name__}."
            raise EdenError("server-unreachable", sentence, "Is it running, and is its address right?") from error
        if 200 <= answer.status < 300:
            return text
        raise _failure(answer.status, text)


def _failure(status: int, text: bytes) -> EdenError:
    try:
        problem = msgspec.json.decode(text, type=dict[str, Any])
        code, sentence, hint = str(problem["code"]), str(problem["detail"]), str(problem.get("hint", ""))
        named = [f"{error['field']}: {error['message']}" for error in problem.get("errors", [])]
    except (msgspec.MsgspecError, KeyError, TypeError):
        return EdenError("no-api", f"The server answered {status}.", "Is this the address of an Eden server?")
    if len(named) > 1:
        sentence, hint = "\n  ".join([sentence, *named]) + "\n", ""
    return EdenError(code, sentence, hint)


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
