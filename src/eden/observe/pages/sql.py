"""The page of SQL: a query in the address, its rows below, the tables beside it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.response import Stream

from eden.base.api.access import needs
from eden.base.api.handlers import QueryParameter
from eden.base.problems import Problem
from eden.observe.api_sql import SqlAnswer, SqlQuery, apps_of, file
from eden.observe.pages.desk import Desk, TheDesk
from eden.observe.pages.kit import APP
from eden.observe.sql.queries import FORMS, Form, Queries
from eden.observe.sql.refusals import LONGEST, Refusal
from eden.observe.sql.tables import ROW_COLUMNS, TABLES, ColumnInfo

#: rows that a page shows; files have all of them
_SHOWN = 1000
_LONGEST_CELL = 400

#: key of the words that say what it tells → the query
EXAMPLES = {
    "active": "SELECT toDate(at) AS day, uniq(person) AS people\nFROM events\nWHERE at > now() - INTERVAL 28 DAY\n"
    "GROUP BY day\nORDER BY day",
    "starts": "SELECT version, count() AS starts, quantile(0.5)(value) AS p50, quantile(0.95)(value) AS p95\n"
    "FROM events\nWHERE name = '$launch'\nGROUP BY version\nORDER BY starts DESC",
    "requests": "SELECT props.pattern::String AS pattern, count() AS requests,\n"
    "  countIf(props.failure::String != '') / requests AS failed\nFROM events\nWHERE name = '$request'\n"
    "GROUP BY pattern\nORDER BY requests DESC\nLIMIT 20",
    "errors": "SELECT type, message, count() AS times, uniq(person) AS people, min(version) AS since\nFROM errors\n"
    "GROUP BY type, message\nORDER BY people DESC\nLIMIT 20",
    "funnel": "SELECT level, count() AS people\nFROM (\n  SELECT person,\n"
    "    windowFunnel(86400)(toDateTime(at), name = '$launch', name = '$tap', name = '$request') AS level\n"
    "  FROM events\n  GROUP BY person\n)\nGROUP BY level\nORDER BY level",
    "logs": "SELECT at, level, message\nFROM logs\nWHERE level >= 17\nORDER BY at DESC\nLIMIT 100",
}

Text = Annotated[str, QueryParameter(name="q", max_length=LONGEST)]
All = Annotated[str, QueryParameter(name="all", max_length=3)]
FormKey = Annotated[Form, QueryParameter(name="form")]


@get(f"{APP}/sql", opt=needs("observe.sql"))
async def show_sql(desk: TheDesk, text: Text = "", all_apps: All = "") -> Response[bytes]:
    """The editor, and the rows of what is in it: the first example, if the address has no query."""
    text = text.replace("\r\n", "\n")
    is_fresh = "q" not in desk.asked.values
    if is_fresh:
        text = EXAMPLES["active"]
    found, wrong = None, ""
    if text.strip():
        found, wrong = await _answer(desk, text, all_apps=all_apps == "yes")
    if is_fresh and found is not None and not found.rows:
        await desk.check_reports("sql")
    query = {"q": text, "all": "yes" if all_apps == "yes" else ""}
    return desk.page(
        "observe/analysis-sql.html",
        tab="sql",
        timed=False,
        text=text,
        all_apps=all_apps == "yes",
        longest=LONGEST,
        wrong=wrong,
        found=found,
        rows=[] if found is None else [[_cell(value) for value in row] for row in found.rows],
        numbers=[] if found is None else [_is_number(column.type) for column in found.columns],
        files=[(form, desk.here("sql/file", **query, form=form)) for form in FORMS],
        examples=[(key, example, desk.here("sql", q=example)) for key, example in EXAMPLES.items()],
        tables=[(table, [(column, _column_key(table.name, column)) for column in table.columns])
                for table in TABLES.values()],
    )  # fmt: skip


async def _answer(desk: Desk, text: str, *, all_apps: bool) -> tuple[SqlAnswer | None, str]:
    """The rows, or why there are none."""
    apps = await apps_of(desk.observe, desk.caller, desk.app.key, all_apps=all_apps)
    queries = Queries(desk.observe.insight)
    try:
        checked = await queries.check(text, apps, {}, now=desk.observe.clock())
        found = await queries.ask(checked, rows=_SHOWN + 1)
    except Refusal as refusal:
        return None, refused(desk, refusal)
    except Problem as problem:
        if problem.code not in ("insight-limit", "insight-refused"):
            raise
        return None, desk.told(problem)
    return SqlAnswer(
        columns=found.columns, rows=found.rows[:_SHOWN], more=len(found.rows) > _SHOWN, seconds=found.seconds,
        read_rows=found.read_rows, sql=checked.sql,
    ), ""  # fmt: skip


def refused(desk: Desk, refusal: Refusal) -> str:
    """Why a query is not run, in the reader's language, with the place."""
    sentence = desk.t(f"observe.sql-refusal.{refusal.reason}", **refusal.values)
    if not refusal.line:
        return sentence
    return desk.t("observe.sql.place", line=refusal.line, column=refusal.column, sentence=sentence)


def _column_key(table: str, column: ColumnInfo) -> str:
    return column.name if ROW_COLUMNS.get(column.name) == column.text else f"{table}-{column.name}"


def _is_number(kind: str) -> bool:
    return kind.removeprefix("Nullable(").startswith(("Int", "UInt", "Float", "Decimal"))


def _cell(value: Any) -> str | None:
    """As text; None for NULL."""
    if value is None or isinstance(value, str):
        text = value
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, (int, float)):
        text = repr(value)
    else:
        text = msgspec.json.encode(value).decode()
    return text if text is None or len(text) <= _LONGEST_CELL else text[:_LONGEST_CELL] + "…"


@get(f"{APP}/sql/file", opt=needs("observe.sql"))
async def download_sql(desk: TheDesk, text: Text = "", all_apps: All = "", form: FormKey = "csv") -> Stream:
    """All rows, as a file."""
    apps = await apps_of(desk.observe, desk.caller, desk.app.key, all_apps=all_apps == "yes")
    return await file(desk.observe, apps, SqlQuery(sql=text), form, desk.app.key)


HANDLERS: tuple[Any, ...] = (show_sql, download_sql)
