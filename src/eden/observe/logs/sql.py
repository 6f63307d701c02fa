"""Questions about log lines as SQL of the events store. Pure; `logs` is ordered by app and time."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from eden.observe.logs import search
from eden.observe.logs.interfaces import LogFilter, LogLine

#: Lines of one millisecond come in the order in which they were sent.
_NEWEST = "at DESC, received DESC, device DESC, seq DESC, logger DESC, message DESC"
_OLDEST = "at, received, device, seq, logger, message"
_LINE = (
    "toUnixTimestamp64Milli(at), toUnixTimestamp64Milli(received), seq, level, logger, message, person, device,"
    " session, version, platform, model, page, trace, pull, source, toJSONString(props)"
)


class Statement(NamedTuple):
    sql: str
    parameters: dict[str, Any]


def _where(app: int, asked: LogFilter) -> tuple[list[str], dict[str, Any]]:
    parts = [
        "app = {app:UInt32}",
        "at >= fromUnixTimestamp64Milli({since:Int64})",
        "at < fromUnixTimestamp64Milli({until:Int64})",
    ]
    # a millisecond that has begun counts
    parameters: dict[str, Any] = {"app": app, "since": -(-asked.since // 1000), "until": -(-asked.until // 1000)}
    if asked.level:
        parts.append("level >= {level:UInt8}")
        parameters["level"] = asked.level
    for column, value in (
        ("logger", asked.tag),
        ("device", asked.device),
        ("session", asked.session),
        ("version", asked.version),
        ("page", asked.page),
        ("trace", asked.trace),
        ("pull", asked.pull),
    ):
        if value:
            parts.append(f"{column} = {{{column}:String}}")
            parameters[column] = value
    if asked.person:
        parts.append("(person = {person:String} OR device = {person:String})")
        parameters["person"] = asked.person
    found, more = search.condition(search.parse(asked.text))
    return [*parts, *found], {**parameters, **more}


def lines(app: int, asked: LogFilter, *, before: tuple[int, int] | None, limit: int) -> Statement:
    """The newest lines. `before`: milliseconds of the last line that was seen, and how many of that millisecond."""
    parts, parameters = _where(app, asked)
    skip = 0
    if before is not None:
        at, skip = before
        parts.append("at <= fromUnixTimestamp64Milli({last:Int64})")
        parameters["last"] = at
    sql = (
        f"SELECT {_LINE} FROM logs WHERE {' AND '.join(parts)} ORDER BY {_NEWEST}"
        " LIMIT {limit:UInt32} OFFSET {skip:UInt32}"
    )
    return Statement(sql, {**parameters, "limit": limit, "skip": skip})


def fresh(app: int, asked: LogFilter, *, received: int, limit: int) -> Statement:
    """Lines that were received from a time on (milliseconds), the newest first."""
    parts, parameters = _where(app, asked)
    parts.append("received >= fromUnixTimestamp64Milli({received:Int64})")
    sql = f"SELECT {_LINE} FROM logs WHERE {' AND '.join(parts)} ORDER BY {_NEWEST} LIMIT {{limit:UInt32}}"
    return Statement(sql, {**parameters, "received": received, "limit": limit})


def around(
    app: int, device: str, session: str, place: tuple[int, int, int], side: Literal["before", "after"], limit: int
) -> Statement:
    """Lines of a device (of a session, where no device was said) next to a line, the nearest first."""
    column, value = ("device", device) if device else ("session", session)
    sign, order = ("<", _NEWEST) if side == "before" else (">", _OLDEST)
    at, received, seq = place
    sql = (
        f"SELECT {_LINE} FROM logs WHERE app = {{app:UInt32}} AND at {sign}= fromUnixTimestamp64Milli({{at:Int64}})"
        f" AND {column} = {{value:String}} AND (at, received, seq) {sign}"
        " (fromUnixTimestamp64Milli({at:Int64}), fromUnixTimestamp64Milli({received:Int64}), {seq:UInt32})"
        f" ORDER BY {order} LIMIT {{limit:UInt32}}"
    )
    return Statement(sql, {"app": app, "at": at, "received": received, "seq": seq, "value": value, "limit": limit})


def one(app: int, device: str, place: tuple[int, int, int]) -> Statement:
    """The line at a place."""
    at, received, seq = place
    sql = (
        f"SELECT {_LINE} FROM logs WHERE app = {{app:UInt32}} AND at = fromUnixTimestamp64Milli({{at:Int64}})"
        " AND received = fromUnixTimestamp64Milli({received:Int64}) AND seq = {seq:UInt32}"
        " AND device = {device:String} LIMIT 1"
    )
    return Statement(sql, {"app": app, "at": at, "received": received, "seq": seq, "device": device})


def counts(app: int, asked: LogFilter, parts: int) -> Statement:
    """Lines by equal parts of the time: number of the part from 0, lines, warnings, errors."""
    where, parameters = _where(app, asked)
    step = max(-(-(parameters["until"] - parameters["since"]) // parts), 1)
    sql = (
        "SELECT intDiv(toUnixTimestamp64Milli(at) - {since:Int64}, {step:Int64}) AS part, count(),"
        " countIf(level >= 13 AND level < 17), countIf(level >= 17)"
        f" FROM logs WHERE {' AND '.join(where)} GROUP BY part ORDER BY part"
    )
    return Statement(sql, {**parameters, "step": step})


def tags(app: int, asked: LogFilter, limit: int) -> Statement:
    """The most frequent tags of the time."""
    where, parameters = _where(app, asked)
    sql = (
        f"SELECT logger FROM logs WHERE {' AND '.join(where)} AND logger != '' GROUP BY logger"
        " ORDER BY count() DESC, logger LIMIT {limit:UInt32}"
    )
    return Statement(sql, {**parameters, "limit": limit})


def pulled(app: int, pulls: list[str], since: int) -> Statement:
    """How many lines pulls have brought: id, count. `since` (microseconds): the beginning of the earliest."""
    sql = (
        "SELECT pull, count() FROM logs WHERE app = {app:UInt32} AND at >= fromUnixTimestamp64Milli({since:Int64})"
        " AND pull IN {pulls:Array(String)} GROUP BY pull"
    )
    return Statement(sql, {"app": app, "since": since // 1000, "pulls": pulls})


def line_of(row: list[Any], decode: Any) -> LogLine:
    """A row of `_LINE`; `decode` reads JSON."""
    (
        at, received, seq, level, tag, message, person, device, session,
        version, platform, model, page, trace, pull, source, props,
    ) = row  # fmt: skip
    return LogLine(
        at=at * 1000,
        received=received * 1000,
        seq=seq,
        level=level,
        tag=tag,
        message=message,
        person=person,
        device=device,
        session=session,
        version=version,
        platform=platform,
        model=model,
        page=page,
        trace=trace,
        pull=pull,
        source=source,
        props=decode(props),
    )
