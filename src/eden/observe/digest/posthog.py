"""PostHog's events into rows.

A batch is `{"batch": [event, …], "sent_at": …}`, an array of events, or one event (posthog.com, "Capture API"). Names
that have a counterpart among our own take it, so that reports count them together; `$event` keeps the old one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from eden.observe.crashes.document import ErrorDocument, Frame, Mechanism, Thrown
from eden.observe.crashes.finish import finished
from eden.observe.digest.foreign import (
    HISTORY_SECONDS,
    Clock,
    id_64,
    items,
    made_id,
    mapping,
    number,
    quarantined,
    seconds_of,
    text,
    whole,
)
from eden.observe.digest.people import ONCE, UNSET
from eden.observe.interfaces import (
    ERROR,
    PAGE_LEAVE,
    PAGE_VIEW,
    Accepted,
    AnyRow,
    DocumentRow,
    EventRow,
    PersonRow,
    Row,
)

if TYPE_CHECKING:
    from eden.observe.digest.digest import About

#: PostHog's name → ours
NAMES = {"$pageview": PAGE_VIEW, "$screen": PAGE_VIEW, "$pageleave": PAGE_LEAVE, "$exception": ERROR}
#: fields of rows, and the properties that they are taken from: the first that is there
FIELDS: dict[str, tuple[str, ...]] = {
    "device": ("$device_id",),
    "session": ("$session_id",),
    "model": ("$device_model", "$device_name"),
    "app_version": ("$app_version",),
    "country": ("$geoip_country_code",),
    "city": ("$geoip_city_name",),
    "language": ("$locale", "$browser_language"),
    "network": ("$network_type",),
    "channel": ("$environment",),
}
#: properties that say nothing about what happened
_SILENT = frozenset({"token", "api_key", "distinct_id", "$ip", "$set", "$set_once", "$unset", "$insert_id", "$time"})
_VALUES = ("value", "$value", "revenue", "$revenue")
_SYSTEMS = {"ios": "ios", "ipados": "ios", "android": "android", "harmonyos": "harmony", "openharmony": "harmony"}
#: kinds of people's rows that are no groups: what somebody is, and under which id he was known before
PERSON, ALIAS = "person", "alias"


class Batch(msgspec.Struct):
    """The outer shape; events stay raw, so that one that is none spoils no other."""

    batch: list[msgspec.Raw] | None = None
    sent_at: Any = None
    historical_migration: Any = None


_batch = msgspec.json.Decoder(Batch).decode
_array = msgspec.json.Decoder(list[msgspec.Raw]).decode
_event = msgspec.json.Decoder(dict[str, Any]).decode


def split(body: bytes) -> tuple[list[msgspec.Raw] | list[bytes], Batch]:
    """The events of a body, and what stands beside them. Raises ValueError."""
    try:
        if body.lstrip()[:1] == b"[":
            return _array(body), Batch()
        found = _batch(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"the body is not a batch of events: {error}") from error
    return ([body] if found.batch is None else found.batch), found


def rows(batch: Accepted, about: About) -> Iterator[AnyRow]:
    """Rows of the events; what is none goes to quarantine one by one."""
    try:
        events, beside = split(batch.body)
    except ValueError as error:
        yield quarantined(batch, str(error), batch.body)
        return
    clock = Clock.of(batch, batch.meta.get("sent_at") or beside.sent_at)
    if beside.historical_migration is True:
        # events of long ago, from another system: their times are right
        clock = Clock(clock.received, oldest=HISTORY_SECONDS)
    for place, raw in enumerate(events):
        try:
            yield from _rows(batch, about, clock, place, _event(raw))
        except Exception as error:  # one event of others' making; the next ones are none the worse
            yield quarantined(batch, str(error) or type(error).__name__, bytes(raw))


def _rows(batch: Accepted, about: About, clock: Clock, place: int, event: dict[str, Any]) -> Iterator[AnyRow]:
    name = text(event.get("event"))
    if not name:
        raise ValueError("an event without a name")
    props = _properties(event.get("properties"))
    person = text(event.get("distinct_id")) or text(props.get("distinct_id")) or text(event.get("$distinct_id"))
    if not person:
        raise ValueError("an event without distinct_id")
    if props.get("$ignore_sent_at") is True or mapping(event.get("options")).get("disable_skew_correction") is True:
        clock = clock._replace(error=0.0)
    moment = _moment(clock, event, props)
    yield from _people(batch, clock, moment, name, person, event, props)
    if name == "$snapshot":
        yield _snapshot(batch, about, clock, person, moment, props)
        return
    for lifted in ("session_id", "window_id"):
        if held := event.get(lifted):
            props.setdefault(f"${lifted}", held)
    if sdk := batch.meta.get("sdk"):
        # of the newer protocol: NAME/VERSION once, instead of in every event
        library, _, release = sdk.partition("/")
        props.setdefault("$lib", library)
        props.setdefault("$lib_version", release)
    uuid = text(event.get("uuid")) or text(props.get("$insert_id"))
    row = EventRow(
        **_fields(batch, clock, person, props),
        at=clock.note(moment, props),
        name=NAMES.get(name, name),
        id=id_64(uuid) if uuid else 0,
        props=props,
    )
    for silent in _SILENT:
        props.pop(silent, None)
    if name in NAMES:
        props["$event"] = name
    if name == "$exception":
        yield _error(batch, about, row, uuid, place, props)
    _fill(name, row, props)
    yield row


def _properties(value: object) -> dict[str, Any]:
    """Properties; exports have them as text."""
    if isinstance(value, str):
        try:
            value = _event(value)
        except msgspec.MsgspecError:
            raise ValueError("an event whose properties are a text that is no JSON object") from None
    return dict(mapping(value))


def _moment(clock: Clock, event: dict[str, Any], props: dict[str, Any]) -> object:
    """When it happened; clients without a clock say how many milliseconds ago."""
    moment = event.get("timestamp") or props.get("$time") or props.get("timestamp") or props.get("time")
    offset = number(event.get("offset"))
    if seconds_of(moment) is None and offset is not None:
        return clock.received - clock.error - offset / 1000
    return moment


def _snapshot(
    batch: Accepted, about: About, clock: Clock, person: str, moment: object, props: dict[str, Any]
) -> DocumentRow:
    """A piece of a recorded session: bytes for whoever replays it, nothing for reports."""
    data, session = msgspec.json.encode(props.pop("$snapshot_data", None)), text(props.get("$session_id"))
    return DocumentRow(
        **_fields(batch, clock, person, props),
        at=clock.at(moment),
        kind="replay_recording",
        id=session or person,
        name=text(props.get("$window_id")),
        size=len(data),
        blob=about.keep(data) or "",
    )


def _fields(batch: Accepted, clock: Clock, person: str, props: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "app": batch.app, "received": round(clock.received, 3), "source": "posthog", "person": person,
    }  # fmt: skip
    for field, names in FIELDS.items():
        for name in names:
            if held := text(props.get(name)):
                fields[field] = held
                del props[name]
                break
    if version := text(props.pop("$app_build", "")):
        fields["code"] = whole(version)
    if "app_version" in fields:
        # the app that reports is the program itself
        fields["version"] = fields["app_version"]
    system, library = text(props.pop("$os", "")) or text(props.pop("$os_name", "")), text(props.get("$lib"))
    if os := f"{system} {text(props.pop('$os_version', ''))}".strip():
        fields["os"] = os
    if platform := _SYSTEMS.get(system.lower(), "") if library != "web" else "web":
        fields["platform"] = platform
    elif library:
        fields["platform"] = library.removeprefix("posthog-")
    if page := _page(props):
        fields["page"] = page
    return fields


def _page(props: dict[str, Any]) -> str:
    if page := text(props.get("$screen_name"), 500) or text(props.get("$pathname"), 500):
        return page
    try:
        return urlsplit(text(props.get("$current_url"), 2000)).path[:500]
    except ValueError:
        return ""


def _fill(name: str, row: EventRow, props: dict[str, Any]) -> None:
    """The number of an event, and what our own events of that name have."""
    if name == "$pageleave":
        stayed = number(props.get("$prev_pageview_duration"))
        row.value = None if stayed is None else round(stayed * 1000)
    elif name in ("$pageview", "$screen"):
        if before := text(props.get("$prev_pageview_pathname"), 500):
            props["referrer"] = before
    else:
        row.value = next((read for key in _VALUES if (read := number(props.get(key))) is not None), None)


def _people(
    batch: Accepted,
    clock: Clock,
    moment: object,
    name: str,
    person: str,
    event: dict[str, Any],
    props: dict[str, Any],
) -> Iterator[PersonRow]:
    """What an event says of a person or a group; `eden.observe.digest.people` joins it with what was known."""
    at = clock.at(moment)
    known = {**mapping(event.get("$set")), **mapping(props.get("$set"))}
    once = {**mapping(event.get("$set_once")), **mapping(props.get("$set_once"))}
    if name == "$groupidentify":
        kind, key = text(props.get("$group_type")), text(props.get("$group_key"))
        if not kind or not key:
            raise ValueError("$groupidentify without $group_type and $group_key")
        if kind in (PERSON, ALIAS):
            kind = f"group {kind}"
        yield PersonRow(app=batch.app, at=at, kind=kind, key=key, props=mapping(props.get("$group_set")))
        return
    if name == "$set" and not known and not once:
        known = {key: value for key, value in props.items() if not key.startswith("$") and key not in _SILENT}
    unset = items(event.get("$unset")) or items(props.get("$unset"))
    if known or once or unset:
        said = {**known, **({ONCE: once} if once else {}), **({UNSET: unset} if unset else {})}
        yield PersonRow(app=batch.app, at=at, key=person, props=said)
    before = text(props.get("$anon_distinct_id")) if name == "$identify" else ""
    if name in ("$create_alias", "$merge_dangerously"):
        before = text(props.get("alias"))
    if before and before != person:
        yield PersonRow(app=batch.app, at=at, kind=ALIAS, key=before, props={"person": person})


def _error(batch: Accepted, about: About, event: EventRow, uuid: str, place: int, props: dict[str, Any]) -> AnyRow:
    """An exception as an error; of the event remain its type and message, as our own have them."""
    exceptions = [_thrown(each) for each in items(props.pop("$exception_list", None)) if isinstance(each, dict)]
    # clients of old
    if not exceptions and (kind := text(props.pop("$exception_type", ""))):
        exceptions = [
            Thrown(
                type=kind,
                value=text(props.get("$exception_message"), 8192),
                stack=text(props.pop("$exception_stack_trace_raw", ""), 8192),
            )
        ]
    first = exceptions[0] if exceptions else Thrown()
    handled = not any(each.mechanism and each.mechanism.handled is False for each in exceptions)
    level = text(props.get("$exception_level")) or text(props.get("$level")) or "error"
    document = ErrorDocument(
        id=uuid.replace("-", "") or made_id(batch, str(place)),
        at=event.at,
        platform=_stack_platform(exceptions, props) or event.platform,
        level=level,
        fatal=level == "fatal",
        handled=handled,
        exceptions=exceptions,
        message=text(props.get("$exception_message"), 8192),
        transaction=event.page,
        fingerprint=[held for held in [text(props.get("$exception_fingerprint"))] if held],
        extra={key: value for key, value in props.items() if not key.startswith("$")},
        contexts={"posthog": {key: value for key, value in props.items() if key.startswith("$")}},
    )
    props.update(type=first.type, message=first.value[:200], fatal=document.fatal)
    base = Row(**{name: getattr(event, name) for name in Row.__struct_fields__})
    return finished(document, base, about)


def _stack_platform(exceptions: list[Thrown], props: dict[str, Any]) -> str:
    library = text(props.get("$lib"))
    return {"web": "javascript", "posthog-node": "node"}.get(library, library.removeprefix("posthog-"))


def _thrown(value: dict[str, Any]) -> Thrown:
    """PostHog took Sentry's form: causes follow, but frames begin with the outermost call."""
    mechanism = mapping(value.get("mechanism"))
    handled = mechanism.get("handled")
    return Thrown(
        type=text(value.get("type"), 1000),
        value=text(value.get("value"), 8192),
        module=text(value.get("module"), 1000),
        frames=[
            Frame(
                function=text(frame.get("function"), 1000),
                file=text(frame.get("filename"), 8192) or text(frame.get("abs_path"), 8192),
                line=whole(frame.get("lineno")),
                column=whole(frame.get("colno")),
                in_app=held if isinstance(held := frame.get("in_app"), bool) else None,
                module=text(frame.get("module"), 1000),
                source=text(frame.get("context_line"), 400),
            )
            for frame in reversed(items(mapping(value.get("stacktrace")).get("frames")))
            if isinstance(frame, dict)
        ],
        mechanism=Mechanism(type=text(mechanism.get("type")), handled=handled if isinstance(handled, bool) else None),
    )
