"""Sentry's sessions (release health) into events `$session`.

An update has the whole state of its session; the newest of a session counts. Clients of servers add sessions up and
send how many ended how (develop.sentry.dev, "Sessions").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from eden.observe.digest.foreign import id_64, items, mapping, number, text, version_of, whole
from eden.observe.digest.sentry_common import Sent
from eden.observe.interfaces import EventRow

SESSION = "$session"
#: how a session may have ended; `errored` did so normally, after errors
ENDS = ("exited", "errored", "abnormal", "unhandled", "crashed")


def session(sent: Sent, payload: dict[str, Any]) -> EventRow:
    """One update; `value` its milliseconds."""
    props: dict[str, Any] = {
        "status": text(payload.get("status")) or "ok",
        "errors": whole(payload.get("errors")),
        "init": payload.get("init") is True,
    }
    if mechanism := text(payload.get("abnormal_mechanism")):
        props["mechanism"] = mechanism
    duration, sid, person = number(payload.get("duration")), text(payload.get("sid")), text(payload.get("did"))
    moment = payload.get("timestamp") or payload.get("started")
    return EventRow(
        **_fields(sent, payload, person),
        session=sid,
        at=sent.clock.note(moment, props),
        name=SESSION,
        id=id_64(sid, props["status"], str(payload.get("seq") or moment)) if sid else 0,
        value=None if duration is None else round(duration * 1000, 3),
        props=props,
    )


def sessions(sent: Sent, payload: dict[str, Any]) -> Iterator[EventRow]:
    """Sessions that were added up: one event for each end, the property `count` says how many."""
    for bucket in items(payload.get("aggregates")):
        held = mapping(bucket)
        person = text(held.get("did"))
        for end in ENDS:
            if count := whole(held.get(end)):
                props: dict[str, Any] = {"status": end, "count": count}
                yield EventRow(
                    **_fields(sent, payload, person),
                    at=sent.clock.note(held.get("started"), props),
                    name=SESSION,
                    props=props,
                )


def _fields(sent: Sent, payload: dict[str, Any], person: str) -> dict[str, Any]:
    attributes = mapping(payload.get("attrs"))
    fields = sent.fields()
    if release := text(attributes.get("release")):
        fields["version"], fields["code"] = version_of(release)
    if environment := text(attributes.get("environment")):
        fields["channel"] = environment
    if person:
        fields["person"] = person
    return fields
