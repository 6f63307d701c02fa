"""Crashes: the groups of an app, and one of them with its frames, what happened before, and what is to be done."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from msgspec import Meta

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath
from eden.base.api.paging import decode_cursor, encode_cursor
from eden.base.problems import Problem
from eden.console.formats import time_element
from eden.console.plots import Plot, Series
from eden.observe.crashes.document import Breadcrumb, ErrorDocument, Frame
from eden.observe.crashes.interfaces import CrashFilter, CrashGroup, CrashSort, Detail, Listed, Share
from eden.observe.crashes.rules import GroupState
from eden.observe.crashes.symbols import NO_MAP, NO_PACKAGE, NO_VERSION
from eden.observe.pages.desk import Desk, TheDesk
from eden.observe.pages.kit import APP, LARGEST_FORM

_LINES = 30
_ERRORS = 15
_DAY = 24 * 3600 * 1_000_000
#: characters of a filter
_LONGEST = 200
#: days for which a mute is offered
MUTES = (1, 7, 30)

#: tone and icon of a state's pill
STATES = {
    GroupState.OPEN: ("warning", "circle"),
    GroupState.REGRESSED: ("bad", "rollback"),
    GroupState.MUTED: ("neutral", "pause"),
    GroupState.CLOSED: ("good", "check"),
}
_LEVEL_TONES = {"fatal": "bad", "error": "bad", "warning": "warning", "warn": "warning"}


@get(f"{APP}/crashes", opt=needs("observe.read"))
async def show_crashes(desk: TheDesk) -> Response[bytes]:
    """Groups with errors in the time of the page."""
    asked = _filter(desk)
    sort = _choice(desk, "sort", CrashSort) or CrashSort.LAST_SEEN
    cursor = desk.asked.one("cursor")
    before = decode_cursor(cursor, tuple[int, Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]]) if cursor else None
    lines, following = await desk.observe.crashes.page(
        *desk.caller, desk.app.key, asked, sort, before=before, limit=_LINES
    )
    filtered = any(desk.asked.one(name) for name in ("q", "state", "kind", "version", "assigned", "person"))
    if not lines and not filtered and not cursor:
        await desk.check_reports("crashes")
    versions = await _versions(desk)
    return desk.page(
        "observe/analysis-crashes.html",
        tab="crashes",
        lines=[_line(desk, line) for line in lines],
        filtered=filtered,
        states=[
            ("", desk.t("observe.crashes.any-state")),
            *((each.value, _state_words(desk, each)) for each in STATES),
        ],
        kinds=[(kind, desk.t(f"observe.crashes.kinds.{kind or 'any'}")) for kind in ("", "crash", "error")],
        sorts=[(each.value, desk.t(f"observe.crashes.sorts.{each.value}")) for each in CrashSort],
        sort=sort.value,
        versions=[("", desk.t("observe.crashes.any-version")), *((name, name) for _, name in versions)],
        next=desk.varied(cursor=encode_cursor(following)) if following is not None else "",
        first=desk.varied() if cursor else "",
    )


@get(f"{APP}/crashes/{{group_id:str}}", opt=needs("observe.read"))
async def show_crash(desk: TheDesk, group_id: FromPath[str]) -> Response[bytes]:
    """A group, and one of its errors: the newest, or the one that the address names."""
    crashes, key = desk.observe.crashes, desk.app.key
    group = await crashes.get(*desk.caller, key, group_id)
    asked = _filter(desk)
    cursor = desk.asked.one("cursor")
    before = decode_cursor(cursor, tuple[int, str]) if cursor else None
    detail, errors, members = await asyncio.gather(
        crashes.detail(*desk.caller, key, group.id, asked),
        crashes.occurrences(*desk.caller, key, group.id, asked, before=before, limit=_ERRORS + 1),
        crashes.members(*desk.caller),
    )
    more = len(errors) > _ERRORS
    errors = errors[:_ERRORS]
    wanted = desk.asked.one("error")[:_LONGEST] or (errors[0].id if errors else "")
    whole = await crashes.occurrence(*desk.caller, key, group.id, wanted) if wanted else None
    last = (errors[-1].at // 1000, errors[-1].id) if errors else (0, "")
    return desk.page(
        "observe/analysis-crash.html",
        tab="crashes",
        group=group,
        state=_pill(desk, group),
        standing=_standing(desk, group),
        detail=detail,
        plot=_plot(desk, detail),
        shares=_shares(desk, detail.shares),
        errors=[(one, desk.varied(error=one.id)) for one in errors],
        next=desk.varied(error="", cursor=encode_cursor(last)) if more else "",
        first=desk.varied(error="", cursor="") if cursor else "",
        shown=None if whole is None else whole.occurrence,
        document=None if whole is None or whole.document is None else _document(desk, whole.document),
        raw="" if whole is None else _pretty(whole.raw),
        members=[("", desk.t("observe.crashes.nobody")), *((member.id, member.name) for member in members)],
        closes=await _closes(desk),
        mutes=MUTES,
        activities=[(one, _activity_words(desk, one.action, one.detail)) for one in detail.activities],
        person=lambda name: desk.keeping("people/one", person=name),
    )


@post(f"{APP}/crashes/{{group_id:str}}/close", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def close_crash(desk: TheDesk, group_id: FromPath[str]) -> Response[bytes]:
    """It is mended: in a version, or from now on."""
    form = await desk.form()
    code = form.number("code") if form.one("code") else None
    return await _decide(desk, group_id, "closed", lambda: desk.observe.crashes.close(
        *desk.caller, desk.app.key, group_id, code=code
    ))  # fmt: skip


@post(f"{APP}/crashes/{{group_id:str}}/mute", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def mute_crash(desk: TheDesk, group_id: FromPath[str]) -> Response[bytes]:
    """Nobody needs to look at it for now."""
    form = await desk.form()
    until = more = None
    match form.one("how"):
        case "days":
            until = desk.now + max(form.number("days"), 0) * _DAY
        case "more":
            more = form.number("more")
    return await _decide(desk, group_id, "muted", lambda: desk.observe.crashes.mute(
        *desk.caller, desk.app.key, group_id, until=until, more=more
    ))  # fmt: skip


@post(f"{APP}/crashes/{{group_id:str}}/reopen", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def reopen_crash(desk: TheDesk, group_id: FromPath[str]) -> Response[bytes]:
    """It is neither mended nor muted."""
    return await _decide(
        desk, group_id, "opened", lambda: desk.observe.crashes.reopen(*desk.caller, desk.app.key, group_id)
    )


@post(f"{APP}/crashes/{{group_id:str}}/assign", opt=needs("observe.write"), request_max_body_size=LARGEST_FORM)
async def assign_crash(desk: TheDesk, group_id: FromPath[str]) -> Response[bytes]:
    """Say who is in charge."""
    user_id = (await desk.form()).one("user") or None
    return await _decide(
        desk, group_id, "assigned", lambda: desk.observe.crashes.assign(*desk.caller, desk.app.key, group_id, user_id)
    )


async def _decide(desk: Desk, group_id: str, done: str, work: Any) -> Response[bytes]:
    try:
        await work()
    except Problem as problem:
        if problem.code not in ("invalid", "conflict"):
            raise
        return desk.went(f"crashes/{group_id}", desk.told(problem), "bad")
    return desk.went(f"crashes/{group_id}", desk.t(f"observe.crashes.done.{done}"))


# what the address asks for


def _choice(desk: Desk, name: str, of: type[StrEnum]) -> Any:
    """A word of an enumeration; None for anything else, so that an old link still shows a page."""
    text = desk.asked.one(name)
    return of(text) if text in set(of) else None


def _filter(desk: Desk) -> CrashFilter:
    words = {name: desk.asked.one(name)[:_LONGEST] for name in ("q", "version", "person", "assigned", "release")}
    return CrashFilter(
        since=desk.period.since,
        until=desk.period.until,
        state=_choice(desk, "state", GroupState),
        fatal={"crash": True, "error": False}.get(desk.asked.one("kind")),
        text=words["q"],
        version=words["version"],
        release=words["release"],
        person=words["person"],
        assigned_to=words["assigned"],
    )


async def _versions(desk: Desk) -> list[tuple[int, str]]:
    """Code and name, the newest first."""
    catalogue = desk.observe.ground.catalogue
    found = await desk.observe.ground.database.read(
        lambda connection: catalogue.versions(connection, desk.app.workspace_id, desk.app.key)
    )
    return [(version.code, version.name) for version in found[:100]]


async def _closes(desk: Desk) -> list[tuple[str, str]]:
    """Versions in which it may be mended: the next one, those that there are, and none."""
    versions = await _versions(desk)
    following = (
        [(str(versions[0][0] + 1), desk.t("observe.crashes.in-next", version=versions[0][1]))] if versions else []
    )
    known = [(str(code), desk.t("observe.crashes.in-version", version=name)) for code, name in versions[:20]]
    return [*following, *known, ("", desk.t("observe.crashes.in-none"))]


# in words


def _state_words(desk: Desk, state: GroupState) -> str:
    return desk.t(f"observe.crashes.states.{state.value}")


def _pill(desk: Desk, group: CrashGroup) -> tuple[str, str, str]:
    return (_state_words(desk, group.state), *STATES[group.state])


def _standing(desk: Desk, group: CrashGroup) -> str:
    """More of its state: mended in which version, muted until when."""
    if group.state in (GroupState.CLOSED, GroupState.REGRESSED) and group.closed_in is not None:
        return desk.t("observe.crashes.closed-in", code=str(group.closed_in))
    if group.state is GroupState.MUTED:
        if group.muted_above is not None:
            left = max(group.muted_above - group.occurrences, 0)
            return desk.t("observe.crashes.muted-more", count=left)
        if group.muted_until is None:
            return desk.t("observe.crashes.muted-ever")
        return desk.t("observe.crashes.muted-until", time=time_element(group.muted_until, desk.locale))
    return ""


def _line(desk: Desk, line: Listed) -> dict[str, Any]:
    return {
        "group": line.group,
        "figures": line.figures,
        "trend": line.trend,
        "state": _pill(desk, line.group),
        "address": desk.keeping(f"crashes/{line.group.id}", version=desk.asked.one("version")),
    }


def _plot(desk: Desk, detail: Detail) -> Plot:
    return Plot(
        id="crash-trend",
        title=desk.t("observe.crashes.trend"),
        summary=desk.t("observe.crashes.trend-text", count=detail.figures.occurrences, fatal=detail.figures.fatal),
        x=[at for at, _, _ in detail.trend],
        x_title=desk.t("observe.crashes.time"),
        series=[
            Series(desk.t("observe.crashes.fatal"), [fatal for *_, fatal in detail.trend], "bar"),
            Series(desk.t("observe.crashes.not-fatal"), [count - fatal for _, count, fatal in detail.trend], "bar"),
        ],
        stacked=True,
    )


def _shares(desk: Desk, shares: Sequence[Share]) -> list[tuple[str, list[Share], int]]:
    """By property: its name, its values, the largest count."""
    found: dict[str, list[Share]] = {}
    for share in shares:
        found.setdefault(share.of, []).append(share)
    return [
        (desk.t(f"observe.property.{of}"), several, max(share.occurrences for share in several))
        for of, several in found.items()
    ]


def _activity_words(desk: Desk, action: str, detail: dict[str, Any]) -> str:
    said = detail.get("to") if action == "assigned" else detail.get("version") or detail.get("code")
    if action == "assigned" and not said:
        return desk.t("observe.crashes.did.unassigned")
    if action in ("assigned", "closed", "new", "regressed", "awake") and said:
        return desk.t(f"observe.crashes.did.{action}-with", what=str(said))
    return desk.t(f"observe.crashes.did.{action}")


# the document


def _document(desk: Desk, document: ErrorDocument) -> dict[str, Any]:
    exceptions = [
        {
            "type": thrown.type,
            "value": thrown.value,
            "module": thrown.module,
            "stack": thrown.stack,
            "mechanism": thrown.mechanism,
            "frames": _frames(thrown.frames),
        }
        for thrown in document.exceptions
    ]
    contexts = {**document.contexts, "user": document.user, "request": document.request, "extra": document.extra}
    return {
        "exceptions": exceptions,
        "contexts": [(name, facts) for name, values in contexts.items() if (facts := _facts(values))],
        "message": document.message if not document.exceptions else "",
        "breadcrumbs": [_crumb(crumb) for crumb in reversed(document.breadcrumbs)],
        "tags": list(document.tags.items()),
        "notes": [_note_words(desk, note) for note in document.notes],
        "cut": document.cut,
        "grouping": document.grouping,
        "sdk": document.sdk,
    }


def _note_words(desk: Desk, note: str) -> str:
    """A note in the reader's language; one that has no words there, as it is."""
    for name, pattern in _NOTES.items():
        if (found := pattern.fullmatch(note)) is not None:
            return desk.t(f"observe.crash-note.{name}", **found.groupdict())
    return note


def _pattern(sentence: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(sentence)))


_NOTES = {"version": _pattern(NO_VERSION), "map": _pattern(NO_MAP), "package": _pattern(NO_PACKAGE)}


def _frames(frames: Sequence[Frame]) -> list[dict[str, Any]]:
    """Frames with their lines; the first one of the program that has any is unfolded."""
    found = []
    unfolded = False
    for frame in frames:
        first = frame.line - len(frame.before)
        lines = [(first + number, text, False) for number, text in enumerate(frame.before)]
        if frame.source:
            lines.append((frame.line, frame.source, True))
        lines += [(frame.line + 1 + number, text, False) for number, text in enumerate(frame.after)]
        place = ":".join(str(part) for part in (frame.file, frame.line, frame.column) if part)
        is_open = not unfolded and bool(frame.in_app) and bool(lines)
        unfolded = unfolded or is_open
        found.append({"frame": frame, "place": place, "lines": lines, "open": is_open})
    return found


def _crumb(crumb: Breadcrumb) -> dict[str, Any]:
    data = [(name, _short(value)) for name, value in crumb.data.items() if value not in (None, "")]
    return {
        "at": int(crumb.at * 1_000_000),
        "category": crumb.category or crumb.kind,
        "message": crumb.message,
        "level": crumb.level,
        "tone": _LEVEL_TONES.get(crumb.level, "neutral"),
        "data": data[:12],
    }


def _facts(values: Any) -> list[tuple[str, str]]:
    """Name and text of what is in a context, flat."""
    if not isinstance(values, dict):
        return [("", _short(values))] if values not in (None, "", []) else []
    return [(str(name), _short(value)) for name, value in values.items() if value not in (None, "", {}, [])][:60]


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= 500 else f"{text[:499]}…"


def _pretty(raw: str) -> str:
    try:
        return msgspec.json.format(raw, indent=2)
    except msgspec.DecodeError:
        return raw


HANDLERS: tuple[Any, ...] = (show_crashes, show_crash, close_crash, mute_crash, reopen_crash, assign_crash)
