"""How fast: starts with their phases, pages, requests, slow updates, long tasks."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get

from eden.base.api.access import needs
from eden.console import formats
from eden.observe.interfaces import REQUEST
from eden.observe.pages.addresses import SUBJECTS, read_percentiles
from eden.observe.pages.asking import asked_page
from eden.observe.pages.desk import Desk, TheDesk
from eden.observe.pages.figures import Table
from eden.observe.pages.kit import APP
from eden.observe.pages.words import key_words
from eden.observe.questions import interfaces as ask
from eden.observe.questions import results

#: of a start, in their order
PHASES = ("check", "download", "verify", "boot", "script", "render")
_OF_PHASES = (50.0, 95.0)
#: addresses of requests that are listed by their failures
_PATTERNS = 20


@get(f"{APP}/performance", opt=needs("observe.read"))
async def show_performance(desk: TheDesk) -> Response[bytes]:
    """Percentiles of how long something takes."""
    what = desk.asked.one("what")
    what = what if what in SUBJECTS else "launch"
    question = read_percentiles(desk.asked, desk.period)
    more: list[Table] = []
    statements: list[results.Asked] = []
    if what == "launch":
        more, statements = await _phases(desk, question)
    elif what == "request":
        more, statements = await _failures(desk, question)
    return await asked_page(
        desk,
        "performance",
        "observe/analysis-performance.html",
        question,
        name=desk.t(f"observe.subject.{what}"),
        what=what,
        subjects=[(key, desk.varied(what="" if key == "launch" else key, by="")) for key in SUBJECTS],
        more=more,
        more_statements=statements,
    )


async def _phases(desk: Desk, question: ask.Percentiles) -> tuple[list[Table], list[results.Asked]]:
    """What a start spends its time on."""
    asked = [
        msgspec.structs.replace(
            question,
            of=f"props.phases.{phase}",
            percentiles=_OF_PHASES,
            breakdown=None,
            interval=None,
            compare=False,
        )
        for phase in PHASES
    ]
    answers = await desk.ask_all(*asked)
    rows: list[list[Any]] = []
    for phase, answered in zip(PHASES, answers, strict=True):
        assert isinstance(answered.result, results.PercentilesResult)
        whole = answered.result.whole
        if whole.count:
            values = [_time(desk, one.value) for one in whole.percentiles]
            rows.append([desk.t(f"observe.phase.{phase}"), *values])
    columns: list[Any] = [
        desk.t("observe.draw.phase"), *({"label": f"p{each:g}", "kind": "number"} for each in _OF_PHASES)
    ]  # fmt: skip
    tables = [Table("phases", desk.t("observe.draw.phases"), columns, rows)] if rows else []
    return tables, [statement for answered in answers for statement in answered.statements]


async def _failures(desk: Desk, question: ask.Percentiles) -> tuple[list[Table], list[results.Asked]]:
    """Requests that failed, by their address: those without an answer, and those whose answer says so."""
    by = ask.Breakdown(by=("props.host", "props.pattern"), top=_PATTERNS)
    lost = ask.Filter(property="props.failure", operator="set")
    answered_badly = (
        ask.Filter(property="props.failure", operator="not_set"),
        ask.Filter(property="props.status", operator="gte", values=(400.0,)),
    )
    asked = [
        ask.Trend(
            period=question.period,
            filters=question.filters,
            events=ask.Events(names=(REQUEST,), filters=filters),
            breakdown=by,
        )
        for filters in ((), (lost,), answered_badly)
    ]
    answers = await desk.ask_all(*asked)
    totals = []
    for answered in answers:
        assert isinstance(answered.result, results.TrendResult)
        totals.append({series.key: series.total or 0 for series in answered.result.series})
    rows = [
        [
            key_words(desk, key),
            formats.number(int(count), desk.locale),
            formats.number(int(totals[1].get(key, 0)), desk.locale),
            formats.number(int(totals[2].get(key, 0)), desk.locale),
            formats.percent((totals[1].get(key, 0) + totals[2].get(key, 0)) / count, desk.locale, 1),
        ]
        for key, count in totals[0].items()
        if count
    ]
    names = ("times", "lost", "answered-badly", "failed")
    columns: list[Any] = [
        desk.t("observe.draw.address"), *({"label": desk.t(f"observe.draw.{name}"), "kind": "number"} for name in names)
    ]  # fmt: skip
    tables = [Table("failures", desk.t("observe.draw.failures"), columns, rows)] if rows else []
    return tables, [statement for answered in answers for statement in answered.statements]


def _time(desk: Desk, value: float | None) -> str:
    return "–" if value is None else formats.milliseconds(value, desk.locale)


HANDLERS: tuple[Any, ...] = (show_performance,)
