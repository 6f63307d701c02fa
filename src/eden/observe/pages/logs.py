"""Logs: search, lines as they come in, a line among its neighbours, and logs that phones are asked for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.response import Stream
from msgspec import Meta

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath
from eden.base.api.paging import decode_cursor, encode_cursor
from eden.base.problems import Problem
from eden.console.http import live_stream
from eden.console.plots import Plot, Series
from eden.observe.logs.interfaces import LEVELS, LogFilter, LogLine, Pull, PullState, level_name
from eden.observe.logs.service import Tail
from eden.observe.pages.desk import Desk, TheDesk
from eden.observe.pages.kit import APP, LARGEST_FORM

_LINES = 100
_PULLS = 30
_LONGEST = 200
_SECOND = 1_000_000
_HOUR = 3600 * _SECOND
#: seconds between two looks at what came in, for which one stream lasts, and after which an idle one says something
_LOOK, _LIFETIME, _HEARTBEAT = 1.0, 900.0, 15.0
#: µs in which what was received is stored
_UNSTORED = 2 * _SECOND
#: streams of one server process: each asks the events store once a second
MOST_TAILS = 50
#: hours of a log that can be asked for; how long one waits
SPANS = (1, 6, 24, 72, 168)
WAITS = (1, 24, 72, 168, 720)

_TONES = {"trace": "neutral", "debug": "neutral", "info": "accent", "warn": "warning", "error": "bad", "fatal": "bad"}
#: tone and icon of a pull's pill
PULLS = {
    PullState.WAITING: ("accent", "clock"),
    PullState.ARRIVED: ("good", "check"),
    PullState.EXPIRED: ("warning", "alert"),
    PullState.CANCELLED: ("neutral", "close"),
}
_Position = tuple[Annotated[int, Meta(ge=0, lt=1 << 53)], Annotated[int, Meta(ge=0, le=10_000_000)]]

_tails: set[object] = set()


@get(f"{APP}/logs", opt=needs("observe.read"))
async def show_logs(desk: TheDesk) -> Response[bytes]:
    """The newest lines that fit; those that come in, if the address says so."""
    asked = _filter(desk)
    cursor = desk.asked.one("cursor")
    is_live = desk.asked.one("live") == "yes" and not cursor
    before = decode_cursor(cursor, _Position) if cursor else None
    logs, key = desk.observe.logs, desk.app.key
    (lines, following), counts, tags = await asyncio.gather(
        logs.page(*desk.caller, key, asked, before=before, limit=_LINES),
        logs.counts(*desk.caller, key, asked),
        logs.tags(*desk.caller, key, asked),
    )
    filtered = any(desk.asked.one(name) for name in ("q", "level", "tag", "device", "person", "session", "version"))
    if not lines and not filtered and not cursor and not is_live:
        await desk.check_reports("logs")
    return desk.page(
        "observe/analysis-logs.html",
        tab="logs",
        lines=_lines(desk, lines),
        filtered=filtered,
        live=is_live,
        tail=_tail_address(desk, lines) if is_live else "",
        switch=desk.varied(live="" if is_live else "yes"),
        levels=[
            ("", desk.t("observe.logs.any-level")),
            *((name, desk.t(f"observe.logs.levels.{name}")) for name in LEVELS),
        ],
        tags=tags,
        plot=_plot(desk, counts),
        next=desk.varied(cursor=encode_cursor(following)) if following is not None and not is_live else "",
        first=desk.varied() if cursor else "",
    )


@get(f"{APP}/logs/tail", opt=needs("observe.read"), include_in_schema=False)
async def stream_logs(desk: TheDesk) -> Stream:
    """Lines as they come in, drawn like those of the page, as server-sent events."""
    if len(_tails) >= MOST_TAILS:
        raise Problem(
            "rate-limited", f"{MOST_TAILS} pages follow logs already.", "Close one, or look again later.",
            headers={"Retry-After": "30"},
        )  # fmt: skip
    # where the page is, where it closed a stream, and, by the browser itself, where one broke off
    said = [*desk.asked.all("after"), desk.request.headers.get("last-event-id") or ""]
    marks = [int(mark) for mark in said if mark.isascii() and mark.isdigit() and len(mark) < 16]
    tail = await desk.observe.logs.tail(*desk.caller, desk.app.key, _filter(desk), after=max(marks, default=None))
    return live_stream(tail_events(desk, tail))


async def tail_events(
    desk: Desk, tail: Tail, *, look: float = _LOOK, lifetime: float = _LIFETIME, heartbeat: float = _HEARTBEAT
) -> AsyncIterator[bytes]:
    """Events named "lines" with list items, the newest first; until the server stops or `lifetime` seconds are over.
    Their ids say where to go on."""
    mark = object()
    _tails.add(mark)
    loop = asyncio.get_running_loop()
    stopping = desk.observe.ground.stopping
    end, said = loop.time() + lifetime, loop.time()
    try:
        yield b"retry: 2000\nevent: begun\nid: %d\ndata: -\n\n" % tail.mark
        while not stopping.is_set() and loop.time() < end:
            lines: list[LogLine] = []
            # the events store may be starting anew: the page waits with it
            with contextlib.suppress(Problem):
                lines = await tail.fresh()
            if lines:
                html = desk.console.render(
                    desk.view, "observe/analysis-log-lines.html", block="lines", lines=_lines(desk, lines[::-1])
                )
                yield (
                    b"event: lines\nid: %d\n" % tail.mark
                    + b"".join(b"data: " + line + b"\n" for line in html.splitlines())
                    + b"\n"
                )
                said = loop.time()
            elif loop.time() - said >= heartbeat:
                yield b": still here\n\n"
                said = loop.time()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(look):
                    await stopping.wait()
    finally:
        _tails.discard(mark)


@get(f"{APP}/logs/around", opt=needs("observe.read"))
async def show_around(desk: TheDesk) -> Response[bytes]:
    """What the same device wrote just before and after a line."""
    numbers = [desk.asked.number(name) for name in ("at", "received", "seq")]
    if min(numbers) < 0 or numbers[2] >= 1 << 32:
        raise Problem("not-found", "There is no such log line.")
    at, received, seq = numbers
    before, line, after = await desk.observe.logs.around(
        *desk.caller, desk.app.key, desk.asked.one("device")[:_LONGEST], (at, received, seq)
    )
    return desk.page(
        "observe/analysis-log.html",
        tab="logs",
        timed=False,
        line=line,
        lines=[
            {**shown, "chosen": one is line}
            for one, shown in zip([*before, line, *after], _lines(desk, [*before, line, *after]), strict=True)
        ],
    )


@get(f"{APP}/logs/pulls", opt=needs("observe.read"))
async def show_pulls(desk: TheDesk) -> Response[bytes]:
    """Phones that were asked for their logs, and the form that asks one."""
    return await _pulls_page(desk)


@post(f"{APP}/logs/pulls", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def ask_pull(desk: TheDesk) -> Response[bytes]:
    """Ask a phone for its log."""
    form = await desk.form()
    hours, wait = form.number("hours"), form.number("wait")
    until = desk.now
    try:
        if hours not in SPANS or wait not in WAITS:
            raise Problem("invalid", "Choose one of the times.", errors=[("hours", "one of the choices")])
        pull = await desk.observe.pulls.ask(
            *desk.caller,
            desk.app.key,
            form.one("device"),
            form.one("reason"),
            from_at=until - hours * _HOUR,
            until_at=until,
            wait=wait * _HOUR,
        )
    except Problem as problem:
        if problem.code not in ("invalid", "conflict"):
            raise
        errors = [(name, desk.t(f"observe.logs.wrong.{name}")) for name, _ in problem.errors if name in _WRONG]
        given = {name: form.one(name) for name in ("device", "reason", "hours", "wait")}
        return await _pulls_page(desk.at("logs/pulls"), errors or [("", desk.told(problem))], given, 422)
    return desk.went(f"logs/pulls/{pull.id}", desk.t("observe.logs.asked"))


@get(f"{APP}/logs/pulls/{{pull_id:str}}", opt=needs("observe.read"))
async def show_pull(desk: TheDesk, pull_id: FromPath[str]) -> Response[bytes]:
    """A phone's log: waited for, or with its lines."""
    pull = await desk.observe.pulls.get(*desk.caller, desk.app.key, pull_id)
    cursor = desk.asked.one("cursor")
    before = decode_cursor(cursor, _Position) if cursor else None
    # a clock's error is mended when a line is stored: some lines are older or newer than was asked for
    asked = LogFilter(since=max(pull.from_at - 24 * _HOUR, 0), until=pull.until_at + 24 * _HOUR, pull=pull.id)
    lines, following = await desk.observe.logs.page(*desk.caller, desk.app.key, asked, before=before, limit=_LINES)
    return desk.page(
        "observe/analysis-log-pull.html",
        tab="logs",
        timed=False,
        pull=pull,
        state=_pill(desk, pull),
        lines=_lines(desk, lines),
        next=desk.varied(cursor=encode_cursor(following)) if following is not None else "",
        first=desk.varied() if cursor else "",
    )


@post(f"{APP}/logs/pulls/{{pull_id:str}}/cancel", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def cancel_pull(desk: TheDesk, pull_id: FromPath[str]) -> Response[bytes]:
    """Want it no more."""
    try:
        await desk.observe.pulls.cancel(*desk.caller, desk.app.key, pull_id)
    except Problem as problem:
        if problem.code != "conflict":
            raise
        return desk.went(f"logs/pulls/{pull_id}", desk.told(problem), "bad")
    return desk.went(f"logs/pulls/{pull_id}", desk.t("observe.logs.cancelled"))


#: fields whose mistakes have a sentence in both languages
_WRONG = frozenset({"device", "reason", "hours"})


async def _pulls_page(
    desk: Desk, errors: Sequence[tuple[str, str]] = (), given: dict[str, str] | None = None, status: int = 200
) -> Response[bytes]:
    cursor = desk.asked.one("cursor")
    before = decode_cursor(cursor, str) if cursor else None
    pulls = await desk.observe.pulls.page(*desk.caller, desk.app.key, before=before, limit=_PULLS + 1)
    more = len(pulls) > _PULLS
    pulls = pulls[:_PULLS]
    values = {"device": desk.asked.one("device")[:_LONGEST], "reason": "", "hours": "24", "wait": "72", **(given or {})}
    return desk.page(
        "observe/analysis-log-pulls.html",
        tab="logs",
        timed=False,
        status=status,
        pulls=[(pull, _pill(desk, pull), desk.here(f"logs/pulls/{pull.id}")) for pull in pulls],
        errors=errors,
        wrong=dict.fromkeys(_WRONG, "") | dict(errors),
        given=values,
        spans=[(str(hours), desk.t(f"observe.logs.spans.{hours}")) for hours in SPANS],
        waits=[(str(hours), desk.t(f"observe.logs.waits.{hours}")) for hours in WAITS],
        next=desk.here("logs/pulls", cursor=encode_cursor(pulls[-1].id)) if more else "",
        first=desk.here("logs/pulls") if cursor else "",
    )


def _pill(desk: Desk, pull: Pull) -> tuple[str, str, str]:
    return (desk.t(f"observe.logs.pulls.{pull.state.value}"), *PULLS[pull.state])


def _filter(desk: Desk) -> LogFilter:
    words = {
        name: desk.asked.one(name)[:_LONGEST]
        for name in ("q", "tag", "device", "person", "session", "version", "page", "trace")
    }
    return LogFilter(
        since=desk.period.since,
        until=desk.period.until,
        level=LEVELS.get(desk.asked.one("level"), 0),
        text=words.pop("q"),
        **words,
    )


def _tail_address(desk: Desk, lines: Sequence[LogLine]) -> str:
    """The stream for what the page shows, from where the page ends: what comes until it is opened is not lost."""
    shown = max((line.received for line in lines), default=0)
    after = max(shown, desk.now - _UNSTORED) // 1000
    return desk.varied(after=str(after)).replace("/logs?", "/logs/tail?", 1)


def _lines(desk: Desk, lines: Sequence[LogLine]) -> list[dict[str, Any]]:
    zone = desk.period.zone
    return [
        {
            "line": line,
            "level": level_name(line.level),
            "words": desk.t(f"observe.logs.levels.{level_name(line.level)}"),
            "tone": _TONES[level_name(line.level)],
            "clock": _clock(line.at, zone),
            "props": [(name, _short(value)) for name, value in line.props.items()][:20],
            "around": desk.here(
                "logs/around",
                device=line.device,
                at=str(line.place[0]),
                received=str(line.place[1]),
                seq=str(line.place[2]),
            ),
            "chosen": False,
        }
        for line in lines
    ]


def _clock(at: int, zone: ZoneInfo) -> str:
    """Time of day with milliseconds, in the reader's time zone: what tells lines apart."""
    moment = datetime.fromtimestamp(at // _SECOND, UTC).astimezone(zone)
    return f"{moment:%m-%d %H:%M:%S}.{at % _SECOND // 1000:03d}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= 200 else f"{text[:199]}…"


def _plot(desk: Desk, counts: Sequence[tuple[int, int, int, int]]) -> Plot:
    lines, warnings, errors = (sum(column) for column in list(zip(*counts, strict=True))[1:])
    return Plot(
        id="log-trend",
        title=desk.t("observe.logs.trend"),
        summary=desk.t("observe.logs.trend-text", count=lines, warnings=warnings, errors=errors),
        x=[at for at, *_ in counts],
        x_title=desk.t("observe.logs.time"),
        series=[
            Series(
                desk.t("observe.logs.others"), [count - warning - error for _, count, warning, error in counts], "bar"
            ),
            Series(desk.t("observe.logs.warnings"), [warning for *_, warning, _ in counts], "bar"),
            Series(desk.t("observe.logs.errors"), [error for *_, error in counts], "bar"),
        ],
        stacked=True,
    )


HANDLERS: tuple[Any, ...] = (show_logs, stream_logs, show_around, show_pulls, ask_pull, show_pull, cancel_pull)
