"""Log lines of the commercial platform's analysis service into rows, for those who move from it.

A line is separated by commas, and a field's place says what it is; a comma within a field is "%2C". A client's line
begins with its kind: `D-VM` (behaviour), `D-MM` (performance), `e` (crash). The log gateway puts its own time and
`ip=…^country=…` behind the kind, or takes the kind away; both forms are read. Source: help.aliyun.com, mobile analysis
service, "Tracking log model".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from eden.observe.crashes.document import ErrorDocument, Mechanism, Thrown
from eden.observe.crashes.finish import finished
from eden.observe.digest.foreign import HISTORY_SECONDS, Clock, error_event, id_64, number, quarantined
from eden.observe.interfaces import LAUNCH, PAGE_VIEW, Accepted, AnyRow, ErrorRow, EventRow, Row

if TYPE_CHECKING:
    from eden.observe.digest.digest import About

#: lines have times without a zone; where the platform runs
ZONE = "Asia/Shanghai"
BEHAVIOUR, PERFORMANCE, CRASH = "D-VM", "D-MM", "e"
_TIME = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:[.:,](\d{1,6}))?")
#: fields of rows, by the place in a client's line of each kind
PLACES: dict[str, dict[str, int]] = {
    BEHAVIOUR: {
        "app_version": 3, "session": 6, "user": 7, "device": 25, "model": 33, "os": 34, "network": 35, "channel": 37,
        "language": 38,
    },
    PERFORMANCE: {
        "app_version": 3, "session": 6, "user": 7, "os": 18, "network": 19, "model": 20, "channel": 22, "device": 23,
        "language": 24,
    },
    CRASH: {
        "app_version": 3, "session": 6, "user": 7, "channel": 16, "model": 23, "os": 24, "network": 25, "device": 28,
    },
}  # fmt: skip
#: further places that become properties
_MORE: dict[str, dict[str, int]] = {
    BEHAVIOUR: {"hotpatch": 39, "cores": 40, "mhz": 41, "memory_mb": 42, "resolution": 45},
    PERFORMANCE: {"cores": 25, "mhz": 26, "memory_mb": 27, "hotpatch": 28, "resolution": 32},
    CRASH: {},
}
#: behaviour → our name; anything else keeps its own
_PAGES = ("auto_openPage",)
_SYSTEMS = {"ANDROID": "android", "IOS": "ios", "HARMONY": "harmony", "H5": "web", "WEB": "web"}
#: points of crash lines that do not end the program
_NOT_FATAL = ("lag", "anr", "freeze", "stuck")


def rows(batch: Accepted, about: About) -> Iterator[AnyRow]:
    """A row for each line, and for a crash its event as well; what is no such line goes to quarantine."""
    zone = _zone(batch.meta.get("zone", ""))
    for raw in batch.body.splitlines():
        line = raw.decode("utf-8", "replace").strip()
        if not line:
            continue
        try:
            yield from _rows(batch, about, line, zone)
        except Exception as error:  # one line of others' making; the next ones are none the worse
            yield quarantined(batch, str(error) or type(error).__name__, line)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name or ZONE)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


class _Line:
    """A line's fields by their places in a client's line."""

    def __init__(self, line: str) -> None:
        fields = line.split(",")
        self.geo: dict[str, str] = {}
        kind = fields[0] if fields[0] in PLACES else ""
        if not kind:
            fields.insert(0, "")
        if len(fields) > 3 and fields[2].startswith("ip="):
            self.geo = _pairs(fields[2])
            del fields[1:3]
        self.fields = fields
        if len(fields) < 9 or not _TIME.match(fields[1]):
            raise ValueError("not a line of D-VM, D-MM or e")
        self.kind = kind or (CRASH if self[8] == "exception" else PERFORMANCE if self[11] else BEHAVIOUR)

    def __getitem__(self, place: int) -> str:
        """The field; "" when it is missing or not used."""
        value = self.fields[place].strip() if place < len(self.fields) else ""
        return "" if value == "-" else unquote(value)


def is_line(line: str) -> bool:
    """Whether it looks like one: for those who have to find out what a file holds."""
    try:
        _Line(line)
    except ValueError:
        return False
    return True


def _rows(batch: Accepted, about: About, text: str, zone: tzinfo) -> Iterator[AnyRow]:
    line = _Line(text)
    received = round(batch.received / 1e6, 3)
    # of long ago, and right, as what PostHog calls a migration
    at = Clock(received, oldest=HISTORY_SECONDS).ours(_seconds(line.fields[1], zone))
    fields: dict[str, Any] = {"app": batch.app, "received": received, "source": "mas", "at": at}
    for name, place in PLACES[line.kind].items():
        if value := line[place][:200]:
            fields[name] = value
    user = fields.pop("user", "")
    if person := user or fields.get("device", ""):
        fields["person"] = person
    _, _, target = line[2].rpartition("_")
    platform, _, environment = target.partition("-")
    system = _SYSTEMS.get(platform.upper(), platform.lower())
    fields |= {"platform": system, "version": fields.get("app_version", "")}
    if "os" in fields:
        fields["os"] = f"{ {'ios': 'iOS', 'android': 'Android'}.get(system, system) } {fields['os']}".strip()
    for name in ("country", "city"):
        if value := line.geo.get(name, ""):
            fields[name] = value
    props: dict[str, Any] = {"workspace": environment} if environment else {}
    for name, place in _MORE[line.kind].items():
        if value := line[place]:
            props[name] = number(value) if number(value) is not None else value
    if line.kind == CRASH:
        crash = _crash(about, line, fields, text)
        yield crash
        yield error_event(crash)
    elif line.kind == PERFORMANCE:
        yield _performance(line, fields, props, text)
    else:
        yield _behaviour(line, fields, props, text)


def _behaviour(line: _Line, fields: dict[str, Any], props: dict[str, Any], text: str) -> EventRow:
    props |= _pairs(line[22])
    referrer, _, position = line[10].partition("|")
    if referrer and referrer != "first":
        props["referrer"] = referrer
    if position and position != "-":
        props["referrer_position"] = position
    if code := line[17]:
        props["business"] = code
    kind, name = line[8], line[15]
    if kind in _PAGES:
        fields["page"] = name[:500]
        name = PAGE_VIEW
    elif not name:
        if not kind:
            raise ValueError("a line of D-VM without an event")
        name = kind
    value = next((read for key in ("value", "amount") if (read := number(props.get(key))) is not None), None)
    return EventRow(**fields, name=name[:200], id=id_64(text), value=value, props=props)


def _performance(line: _Line, fields: dict[str, Any], props: dict[str, Any], text: str) -> EventRow:
    name, value = line[12] or line[11], number(line[13])
    if not name:
        raise ValueError("a line of D-MM without a kind")
    if name == "time_startup":
        name = LAUNCH
        props |= {"kind": "cold", "first": line[14] == "0"}
    return EventRow(**fields, name=name[:200], id=id_64(text), value=value, props=props)


def _crash(about: About, line: _Line, fields: dict[str, Any], text: str) -> ErrorRow:
    point = line[13].removeprefix("MonitorPoint_") or "Crash"
    stack = line[14].replace("\\n", "\n").replace("###", "\n")
    first = next((each.strip() for each in stack.splitlines() if each.strip()), "")
    # "java.lang.NullPointerException: …", as far as it is one
    kind, colon, message = first.partition(": ")
    is_type = bool(re.fullmatch(r"[\w.$]{1,200}", kind))
    fatal = not any(word in point.lower() for word in _NOT_FATAL)
    platform = {"java": "java", "native": "native"}.get(line[33], "cocoa" if fields["platform"] == "ios" else "java")
    fields["page"] = line[15][:500]
    document = ErrorDocument(
        id=f"{id_64(text):016x}",
        at=fields["at"],
        platform=platform,
        level="fatal" if fatal else "error",
        fatal=fatal,
        exceptions=[
            Thrown(
                type=kind if is_type else point,
                value=message if is_type and colon else ("" if is_type else first),
                stack=stack,
                mechanism=Mechanism(type=point, handled=False),
            )
        ],
        transaction=line[15][:500],
        tags={
            name: value
            for name, value in (("process", line[31]), ("thread", line[32]), ("in", line[9]), ("hotpatch", line[30]))
            if value
        },
    )
    return finished(document, Row(**fields), about)


def _pairs(text: str) -> dict[str, str]:
    """key=value^key=value"""
    found = (pair.partition("=") for pair in text.split("^"))
    return {key.strip()[:200]: value for key, equals, value in found if equals and key.strip()}


def _seconds(text: str, zone: tzinfo) -> float:
    match = _TIME.match(text)
    if match is None:
        raise ValueError(f"{text[:40]} is not a time")
    moment = datetime.strptime(match[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=zone)
    return round(moment.timestamp() + float(f"0.{match[2] or 0}"), 3)
