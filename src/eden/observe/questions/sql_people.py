"""People: cohorts of them, and what one of them did and met."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from eden.base.api.paging import decode_cursor, encode_cursor
from eden.base.api.times import moment
from eden.base.problems import Problem
from eden.observe.interfaces import PAGE_VIEW
from eden.observe.questions.interfaces import Cohort, Trail
from eden.observe.questions.results import CohortResult, Member, TrailEntry, TrailResult, TrailSession
from eden.observe.questions.statements import SAME, Asking, Build, Statement, conjunction, only_common
from eden.observe.questions.times import Range, resolve

#: sessions that a trail lists
LARGEST_SESSIONS = 200
_MS = "toUnixTimestamp64Milli"


def ask_cohort(question: Cohort, app: int, now: int) -> Asking[CohortResult]:
    build = Build(app, now)
    if question.filters:
        everybody = conjunction([build.of_app(), "person != ''", *(build.condition(one) for one in question.filters)])
        people = f"SELECT person, min(at) AS began, max(at) AS ended FROM events WHERE {everybody} GROUP BY person"
    else:
        people = (
            f"SELECT person, min(first) AS began, max(last) AS ended FROM seen WHERE {build.of_app()} GROUP BY person"
        )
    inside = build.belongs(question.condition)
    size = build.done("size", f"SELECT countIf({inside}), count() FROM ({people})")
    behind = f" AND person > {build.bind(question.after, 'String')}" if question.after else ""
    members = build.done(
        "members",
        f"SELECT person, {_MS}(began), {_MS}(ended) FROM ({people}) WHERE {inside}{behind}"
        f" ORDER BY person LIMIT {build.bind(question.limit + 1, 'UInt32')}",
    )
    sizes, rows = yield [size, members]
    found = rows[: question.limit]
    props: dict[str, dict[str, Any]] = {}
    if found:
        build = Build(app, now)
        keys = build.bind([row[0] for row in found], "Array(String)")
        where = f"{build.of_app()} AND kind = 'person' AND key IN {keys}"
        [known] = yield [build.done("known", f"SELECT key, toJSONString(props) FROM people FINAL WHERE {where}")]
        props = {key: msgspec.json.decode(text) for key, text in known}
    return CohortResult(
        size=sizes[0][0],
        of=sizes[0][1],
        members=[
            Member(person=person, first_seen=_at(first), last_seen=_at(last), props=props.get(person, {}))
            for person, first, last in found
        ],
        next=found[-1][0] if len(rows) > question.limit else None,
    )


def ask_trail(question: Trail, app: int, now: int) -> Asking[TrailResult]:
    if not question.person and not question.device:
        sentence = "Say whose trail it is: a person, or a device."
        raise Problem("invalid", sentence, errors=[("person", sentence)])
    found = resolve(question.period, now)
    # what is on the page first, by little of each row; then all of so few
    wanted = [_entries(question, Build(app, now), found, "page")]
    if not question.after:
        wanted.append(_sessions(question, Build(app, now), found))
    answers = yield wanted
    rows = answers[0]
    if rows:
        reach = replace(found, since=rows[-1][0] * 1000, until=(rows[0][0] + 1) * 1000)
        [rows] = yield [_entries(question, Build(app, now), reach, "trail")]
    shown = rows[: question.limit]
    return TrailResult(
        entries=[
            TrailEntry(
                at=_at(at), kind=kind, id=id_, title=title, page=page, session=session, version=version, value=value,
                props=msgspec.json.decode(props), group=group, fatal=bool(fatal), level=level or None,
            )
            for at, kind, id_, title, page, session, version, value, props, group, fatal, level in shown
        ],
        sessions=[
            TrailSession(
                id=id_, began=_at(began), ended=_at(ended), events=events, errors=errors, pages=pages,
                version=version, platform=platform, model=model,
            )
            for id_, began, ended, events, errors, pages, version, platform, model in (answers[1:] or [()])[0]
        ],
        next=encode_cursor(list(shown[-1][:3])) if len(rows) > question.limit else None,
    )  # fmt: skip


def _who(question: Trail, build: Build) -> str:
    return conjunction(
        f"{column} = {build.bind(value, 'String')}" if value else "1"
        for column, value in (("person", question.person), ("device", question.device))
    )


def _entries(question: Trail, build: Build, found: Range, name: str) -> Statement:
    """Rows as `TrailEntry` has its fields, `at` in milliseconds, the newest first; of a "page" only the first three."""
    who = _who(question, build)
    behind = ""
    if question.after:
        at, kind, key = decode_cursor(question.after, tuple[int, str, str])
        last = f"({build.bind(at, 'Int64')}, {build.bind(kind, 'String')}, {build.bind(key, 'String')})"
        behind = f" WHERE ({_MS}(moment), kind, key) < {last}"
        found = replace(found, until=min(found.until, (at + 1) * 1000))
    where = build.rows(found, only_common(question.filters), who)
    # a row without an id is known by what is in it
    events = _part(
        "event",
        "if(id = 0, sipHash64(name, page, session, value), id)",
        "toString(name)",
        f"events WHERE {where}",
        value="value",
        more="toJSONString(props)",
    )
    errors = _part(
        "error",
        "id",
        "if(message = '', toString(type), concat(type, ': ', message))",
        f"errors WHERE {where}",
        group="`group`",
        fatal="fatal",
    )
    logs = _part(
        "log",
        "sipHash64(message, logger, page, session)",
        "message",
        f"logs WHERE {where}",
        more="toJSONString(props)",
        level="level",
    )
    parts = {"event": events, "error": errors, "log": logs}
    union = " UNION ALL ".join(parts[kind] for kind in dict.fromkeys(question.kinds))
    columns = f"{_MS}(moment), kind, key"
    if name == "trail":
        columns += ", title, page, session, version, number, more, crash, ended, severity"
    return build.done(
        name,
        f"SELECT {columns}"
        f" FROM ({union}){behind} ORDER BY moment DESC, kind DESC, key DESC LIMIT 1 BY kind, key"
        f" LIMIT {build.bind(question.limit + 1, 'UInt32')}",
    )


def _part(
    kind: str,
    key: str,
    title: str,
    source: str,
    *,
    value: str = "CAST(NULL AS Nullable(Float64))",
    more: str = "'{}'",
    group: str = "",
    fatal: str = "0",
    level: str = "0",
) -> str:
    """Rows of one table in the shape of all."""
    key = key if kind == "error" else _digits(key)
    group = _digits(group) if group else "''"
    return (
        f"SELECT at AS moment, '{kind}' AS kind, {key} AS key, {title} AS title, page, session, version, {value} AS"
        f" number, {more} AS more, {group} AS crash, toUInt8({fatal}) AS ended, toUInt8({level}) AS severity"
        f" FROM {source}"
    )


def _digits(number: str) -> str:
    return f"lower(leftPad(hex({number}), 16, '0'))"


def _sessions(question: Trail, build: Build, found: Range) -> Statement:
    """Rows as `TrailSession` has its fields, times in milliseconds; the newest first."""
    where = build.rows(found, only_common(question.filters), _who(question, build), "session != ''")
    view = build.bind(PAGE_VIEW, "String")
    rows = (
        f"SELECT session, at, 1 AS event, 0 AS fault, name = {view} AS seen, {SAME} AS same, version, platform, model"
        f" FROM events WHERE {where} UNION ALL SELECT session, at, 0, 1, 0, sipHash64(id), version, platform, model"
        f" FROM errors WHERE {where}"
    )
    return build.done(
        "sessions",
        f"SELECT session, {_MS}(min(at)) AS began, {_MS}(max(at)) AS ended, uniqExactIf(same, event),"
        " uniqExactIf(same, fault), uniqExactIf(same, seen), argMax(version, at), argMax(platform, at),"
        f" argMax(model, at) FROM ({rows}) GROUP BY session ORDER BY began DESC, session LIMIT {LARGEST_SESSIONS}",
    )


def _at(milliseconds: int) -> datetime:
    return moment(milliseconds * 1000)
