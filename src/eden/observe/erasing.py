"""`eden observe erase`: asks a server to forget a person."""

from __future__ import annotations

from urllib.parse import quote

import aiohttp
import msgspec

from eden import __version__
from eden.base.errors import EdenError


class _Erasure(msgspec.Struct):
    """Of the answer."""

    done_at: str | None


async def erase(server: str, token: str, workspace: str, person: str) -> bool:
    """Whether no report has the person any more; if not, the server has it written down, and does it when its events
    store is back. Raises EdenError."""
    headers = {
        "User-Agent": f"eden/{__version__}",
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
    }
    url = f"{server}/api/v1/workspaces/{quote(workspace, safe='')}/observe/erasures"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120), headers=headers, trust_env=True) as session,
            session.post(url, data=msgspec.json.encode({"person": person}), allow_redirects=False) as answer,
        ):
            text = await answer.read()
            status = answer.status
    except (aiohttp.ClientError, TimeoutError) as error:
        sentence = f"The server {server} does not answer: {str(error) or type(error).__name__}."
        raise EdenError("server-unreachable", sentence, "Is it running, and is its address right?") from error
    try:
        if status in (200, 201):
            return msgspec.json.decode(text, type=_Erasure).done_at is not None
        problem = msgspec.json.decode(text, type=dict[str, object])
        code, sentence, hint = str(problem["code"]), str(problem["detail"]), str(problem.get("hint", ""))
    except (msgspec.MsgspecError, KeyError):
        raise EdenError("no-api", f"The server answered {status}.", "Is this the address of an Eden server?") from None
    raise EdenError(code, sentence, hint)
