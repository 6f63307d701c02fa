"""The network of a check: recorded answers from a folder, a neutral answer for everything else.

A fixture is a JSON file, anywhere below the folder:

    {"method": "GET", "url": "https://api.example/items*", "status": 200, "header": {"x": "y"}, "data": …}

`url` may hold `*` (any text); `method` defaults to any, `status` to 200. The first match in path order wins.
Without a match the answer is status 200 and empty in whatever shape the program expects (see emptyAnswer in
container/api/network/empty.ts): pages then show their empty state, as for a new account. Its status fields hold what
the program takes for success.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import parse_qs

import msgspec

from eden.base.errors import EdenError
from eden.simulator.http import Receive, Scope, Send


class Fixture(msgspec.Struct, frozen=True):
    """One recorded answer."""

    url: str
    data: msgspec.Raw = msgspec.Raw(b"{}")
    method: str = "*"
    status: int = 200
    header: dict[str, str] = {}

    def matches(self, method: str, url: str) -> bool:
        """`url` is matched as a whole, case-sensitively."""
        # fnmatch would give "[" and "?" a meaning, and "?" starts every query.
        pattern = self.url.replace("[", "[[]").replace("?", "[?]")
        return self.method in ("*", method) and fnmatch.fnmatchcase(url, pattern)


#: header of an answer that is in no fixture; its value is a JSON object, the answer's status fields
MADE_UP = "x-eden-empty"
#: a field in which servers say whether a request succeeded, compared with a number, a word or a truth value
_COMPARED = re.compile(
    r"\.(code|errno|errcode|errCode|err_code|error_code|errorCode|ret|retcode|retCode|resultCode|returnCode|status)\b"
    r"\s*[!=]==?\s*(\d{1,6}|\"\w{1,20}\"|true|false)(?![\w.])"
)
#: what servers answer on success; other values that programs compare with are mostly those of failures
_SUCCESS = frozenset(
    ("0", "200", "1", "true", *(f'"{word}"' for word in ("0", "200", "1", "ok", "OK", "success", "SUCCESS")))
)
#: what these hold where no script compares them: `if (answer.code)` asks for a failure
_ZERO = ("code", "errno", "errcode", "errCode", "err_code", "error_code", "errorCode", "ret", "retcode", "retCode")


def status_fields(scripts: Iterable[str]) -> dict[str, object]:
    """Status fields of an answer, each with what compiled scripts compare it with on success."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in _ZERO}
    for script in scripts:
        for name, value in _COMPARED.findall(script):
            counts.setdefault(name, Counter())[value] += 1
    return {name: _success(values) for name, values in sorted(counts.items())}


def _success(values: Counter[str]) -> object:
    """Of the values compared with, the commonest that means success, else the commonest; 0 if there is none."""
    known = Counter({value: number for value, number in values.items() if value in _SUCCESS})
    return json.loads(next((value for value, _ in (known or values).most_common(1)), "0"))


class FixtureNetwork:
    """Stands in for the simulator's proxy (ASGI). `fields` are in every answer that no fixture gives."""

    def __init__(self, folder: Path | None, fields: dict[str, object] | None = None) -> None:
        self.fixtures = _read(folder) if folder else []
        self.empty = Fixture("*", header={MADE_UP: json.dumps(fields or {})})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        url = (parse_qs(scope["query_string"].decode()).get("url") or [""])[0]
        while (await receive()).get("more_body"):
            pass
        found = next((fixture for fixture in self.fixtures if fixture.matches(scope["method"], url)), self.empty)
        fields = {"content-type": "application/json; charset=utf-8"} | found.header
        headers = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
        await send({"type": "http.response.start", "status": found.status, "headers": headers})
        await send({"type": "http.response.body", "body": bytes(found.data)})


def _read(folder: Path) -> list[Fixture]:
    if not folder.is_dir():
        raise EdenError("no-fixtures", f"{folder} is not a folder.", "Give the folder of recorded answers.")
    fixtures = []
    for file in sorted(folder.rglob("*.json")):
        try:
            fixtures.append(msgspec.json.decode(file.read_bytes(), type=Fixture))
        except msgspec.MsgspecError as error:
            raise EdenError("bad-fixture", f"{file}: {error}.", "docs/check.md shows the form.") from error
    return fixtures
