"""SQL over HTTP: a query in, rows or a file out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

import msgspec
from litestar import Controller, get, post
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, Operation, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType
from litestar.response import Stream
from msgspec import Meta

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath, JSONBody, QueryParameter, Service, TheCaller
from eden.base.problems import Problem
from eden.observe.apps import App
from eden.observe.insight.client import Column
from eden.observe.service import Observe
from eden.observe.sql.queries import FORMS, Checked, Form, Queries
from eden.observe.sql.refusals import Refusal
from eden.observe.sql.tables import TABLES, ColumnInfo

TAGS = {"sql": "Read-only SQL over what apps report."}

TheObserve: TypeAlias = Service[Observe]
_LONGEST_VALUE = 10_000
Value: TypeAlias = (
    Annotated[str, Meta(max_length=_LONGEST_VALUE)]
    | int
    | float
    | bool
    | Annotated[list[Annotated[str, Meta(max_length=_LONGEST_VALUE)] | int | float], Meta(max_length=10_000)]
    | None
)
FormKey = Annotated[Form, QueryParameter(name="form", description="Format of the file.")]


class SqlQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A query in ClickHouse's SQL. `parameters` fill {name:Type}. `all_apps`: over all apps of the workspace, which the
    column `program` tells apart. `rows`: how many are wanted at most."""

    sql: Annotated[str, Meta(max_length=20_000)]
    parameters: Annotated[dict[str, Value], Meta(max_length=100)] = {}
    all_apps: bool = False
    rows: Annotated[int, Meta(ge=1, le=100_000)] = 10_000


class SqlAnswer(msgspec.Struct, kw_only=True):
    """Rows in the order of `columns`. `more`: there were more than were wanted. `seconds` that the engine worked,
    `read_rows` that it looked at; `sql`: what ran."""

    columns: list[Column]
    rows: list[list[Any]]
    more: bool
    seconds: float
    read_rows: int
    sql: str


class TableView(msgspec.Struct, kw_only=True):
    """A table that queries may name."""

    name: str
    text: str
    columns: Sequence[ColumnInfo]


@dataclass
class FileOperation(Operation):
    """Answers with a file in one of several formats."""

    def __post_init__(self) -> None:
        content = {
            media_type: OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
            for _, media_type in FORMS.values()
        }
        self.responses = {**(self.responses or {}), "200": OpenAPIResponse(description="The file.", content=content)}


class SqlController(Controller):
    """Queries of those who have the right."""

    path = "/api/v1/workspaces/{workspace:str}/observe/apps/{key:str}/sql"
    tags = ("sql",)

    @get("/tables", opt=needs("observe.sql"))
    async def list_sql_tables(self, caller: TheCaller, observe: TheObserve, key: FromPath[str]) -> list[TableView]:
        """The tables and columns that queries may name, with what they mean."""
        await observe.apps.get(*caller, key)
        return [TableView(name=table.name, text=table.text, columns=table.columns) for table in TABLES.values()]

    @post(opt=needs("observe.sql"), status_code=200)
    async def run_sql(
        self, caller: TheCaller, observe: TheObserve, key: FromPath[str], data: JSONBody[SqlQuery]
    ) -> SqlAnswer:
        """Run a query. It sees the rows of the app, or of all apps of the workspace, and nothing else."""
        return await answer(observe, await apps_of(observe, caller, key, all_apps=data.all_apps), data)

    @post("/file", opt=needs("observe.sql"), status_code=200, operation_class=FileOperation)
    async def run_sql_to_file(
        self,
        caller: TheCaller,
        observe: TheObserve,
        key: FromPath[str],
        data: JSONBody[SqlQuery],
        form: FormKey = "csv",
    ) -> Stream:
        """Run a query whose answer is a file: CSV, lines of JSON, Parquet or a stream of Arrow; it has up to
        a million rows, whatever `rows` says."""
        apps = await apps_of(observe, caller, key, all_apps=data.all_apps)
        return await file(observe, apps, data, form, key)


async def apps_of(observe: Observe, caller: TheCaller, key: str, *, all_apps: bool) -> list[App]:
    """The app that is asked about, and the others of the workspace if they are, too."""
    app = await observe.apps.get(*caller, key)
    return await observe.apps.page(*caller) if all_apps else [app]


async def answer(observe: Observe, apps: Sequence[App], query: SqlQuery) -> SqlAnswer:
    """Raises Problem: sql-refused with the place, insight-limit, insight-refused, insight-unavailable."""
    queries = Queries(observe.insight)
    checked = await check(observe, apps, query)
    found = await queries.ask(checked, rows=query.rows + 1)
    return SqlAnswer(
        columns=found.columns,
        rows=found.rows[: query.rows],
        more=len(found.rows) > query.rows,
        seconds=found.seconds,
        read_rows=found.read_rows,
        sql=checked.sql,
    )


async def file(observe: Observe, apps: Sequence[App], query: SqlQuery, form: Form, name: str) -> Stream:
    """The answer as a file that arrives piece by piece. Raises as `answer`."""
    queries = Queries(observe.insight)
    pieces = queries.stream(await check(observe, apps, query), form)
    try:
        first = await anext(pieces)
    except StopAsyncIteration:
        first = b""
    ending = {"csv": "csv", "ndjson": "ndjson", "parquet": "parquet", "arrow": "arrows"}[form]
    headers = {"Content-Disposition": f'attachment; filename="{name}.{ending}"', "Cache-Control": "no-store"}
    return Stream(_all(first, pieces), status_code=200, media_type=FORMS[form][1], headers=headers)


async def _all(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


async def check(observe: Observe, apps: Sequence[App], query: SqlQuery) -> Checked:
    """What runs. A refusal becomes Problem `sql-refused`."""
    try:
        return await Queries(observe.insight).check(query.sql, apps, query.parameters, now=observe.clock())
    except Refusal as refusal:
        raise Problem("sql-refused", refusal.sentence, errors=[("sql", refusal.sentence)]) from None


CONTROLLERS = (SqlController,)
