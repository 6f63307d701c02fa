"""What apps report, from Python: SQL and questions over HTTP, results for pandas, Polars and PyArrow.

    from eden.observe.client import Client

    client = Client("https://eden.example.com", token="eden_…", workspace="test", app="bank")
    frame = client.sql("SELECT version, count() AS events FROM events GROUP BY version").to_pandas()
    for row in client.rows("SELECT at, message FROM logs WHERE level >= {level:UInt8}", {"level": 17}):
        print(row["at"], row["message"])

It needs nothing but a server's address and a token with the right `observe.sql` (for questions `observe.read`).
pandas, Polars and PyArrow are loaded when a result is wanted as theirs; `rows` needs none of them.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from eden.base.errors import EdenError

if TYPE_CHECKING:
    import polars

__all__ = ["Client", "ClientError", "Forbidden", "LimitReached", "NotFound", "Refused", "Result", "Unavailable"]

_PLACE = re.compile(r"Line ([0-9]+), column ([0-9]+): ")


class ClientError(EdenError):
    """The server did not answer as it was asked. `status` of HTTP (0: no answer), `code` of the problem."""

    def __init__(self, code: str, sentence: str, hint: str = "", status: int = 0) -> None:
        super().__init__(code, sentence, hint)
        self.status = status


class Forbidden(ClientError):
    """The token does not work, or may not do this."""


class NotFound(ClientError):
    """There is no such workspace or mini program for this token."""


class Refused(ClientError):
    """The query or question cannot be run as it is; `line` and `column` count from 1 (0: no place is known)."""

    line = 0
    column = 0


class LimitReached(ClientError):
    """It would have taken more time, memory or rows than a query may."""


class Unavailable(ClientError):
    """The server, or its events store, does not answer at the moment."""


class Client:
    """Asks about one mini program of a workspace. `seconds` without an answer end in `Unavailable`. May be used by
    several threads."""

    def __init__(self, server: str, token: str, workspace: str, app: str, *, seconds: float = 60.0) -> None:
        address = urlsplit(server)
        if address.scheme not in ("http", "https") or not address.netloc:
            raise ValueError(f"{server!r} is no address such as https://eden.example.com")
        self._base = f"{server.rstrip('/')}/api/v1/workspaces/{quote(workspace)}/observe/apps/{quote(app)}"
        self._token = token
        self._seconds = seconds
        # a token is not to follow to another place
        self._opener = build_opener(_NoRedirects, HTTPSHandler(context=ssl.create_default_context()))

    def sql(self, text: str, parameters: Mapping[str, Any] | None = None, *, all_apps: bool = False) -> Result:
        """Run a query; its rows, up to a million, are fetched at once. `parameters` fill {name:Type}; `all_apps`: over
        all mini programs of the workspace. Raises ClientError."""
        with self._send("/sql/file?form=arrow", _query(text, parameters, all_apps)) as answer:
            return Result(_read(answer))

    def rows(
        self, text: str, parameters: Mapping[str, Any] | None = None, *, all_apps: bool = False
    ) -> Iterator[dict[str, Any]]:
        """As `sql`, one dictionary after the other while they arrive; times are texts. Raises ClientError."""
        answer = self._send("/sql/file?form=ndjson", _query(text, parameters, all_apps))
        return _lines(answer)

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a question, such as {"question": "trend", "measure": {"kind": "persons"}}: `result`, the
        `statements` that ran, and `seconds`. Raises ClientError."""
        with self._send("/ask", dict(question)) as answer:
            found: dict[str, Any] = json.loads(_read(answer))
            return found

    def tables(self) -> list[dict[str, Any]]:
        """The tables that queries may name: name, text, and columns with name, type and text. Raises ClientError."""
        with self._send("/sql/tables", None) as answer:
            found: list[dict[str, Any]] = json.loads(_read(answer))
            return found

    def _send(self, path: str, body: dict[str, Any] | None) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "*/*"}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        try:
            return self._opener.open(Request(self._base + path, data, headers), timeout=self._seconds)
        except HTTPError as error:
            with error:
                _fail(error.code, error.read())
        except (URLError, TimeoutError, HTTPException, ConnectionError) as error:
            raise _unreachable(error) from error


class Result:
    """The rows of a query. Iterating gives dictionaries, by PyArrow or Polars, whichever is installed."""

    def __init__(self, stream: bytes) -> None:
        """`stream`: of Arrow's IPC format."""
        self._stream = stream

    def to_arrow(self) -> Any:
        """A `pyarrow.Table`."""
        return import_module("pyarrow.ipc").open_stream(BytesIO(self._stream)).read_all()

    def to_polars(self) -> polars.DataFrame:
        frame: polars.DataFrame = import_module("polars").read_ipc_stream(BytesIO(self._stream))
        return frame

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame`."""
        return self.to_arrow().to_pandas()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        try:
            batches = import_module("pyarrow.ipc").open_stream(BytesIO(self._stream))
        except ImportError:
            yield from self.to_polars().iter_rows(named=True)
        else:
            for batch in batches:
                yield from batch.to_pylist()


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _query(text: str, parameters: Mapping[str, Any] | None, all_apps: bool) -> dict[str, Any]:
    return {"sql": text, "parameters": dict(parameters or {}), "all_apps": all_apps}


def _read(answer: Any) -> bytes:
    try:
        data: bytes = answer.read()
    except (TimeoutError, HTTPException, ConnectionError) as error:
        raise _unreachable(error) from error
    return data


def _lines(answer: Any) -> Iterator[dict[str, Any]]:
    with answer:
        try:
            for line in answer:
                yield json.loads(line)
        except (TimeoutError, HTTPException, ConnectionError) as error:
            raise _unreachable(error) from error


def _unreachable(error: Exception) -> Unavailable:
    reason = getattr(error, "reason", error)
    return Unavailable("unreachable", f"The server does not answer: {reason}.", "Is its address right?")


def _fail(status: int, body: bytes) -> NoReturn:
    try:
        problem = json.loads(body)
        code, detail, hint = str(problem["code"]), str(problem["detail"]), str(problem.get("hint", ""))
    except (ValueError, KeyError, TypeError):
        code, detail, hint = "unexpected", f"The server answered {status}.", "Is it the address of an Eden server?"
    kind: type[ClientError] = {401: Forbidden, 403: Forbidden, 404: NotFound}.get(status, ClientError)
    if code == "insight-limit":
        kind = LimitReached
    elif code in ("sql-refused", "insight-refused", "invalid"):
        kind = Refused
    elif status in (429, 502, 503, 504):
        kind = Unavailable
    failure = kind(code, detail, hint, status)
    if isinstance(failure, Refused) and (place := _PLACE.match(detail)):
        failure.line, failure.column = int(place[1]), int(place[2])
    raise failure
