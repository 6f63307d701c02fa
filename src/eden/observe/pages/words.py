"""What questions are about, in the reader's language: events, properties, measures, groups."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from eden.base.catalogue import ReleaseInfo
from eden.console import formats
from eden.observe.interfaces import AUTOMATIC
from eden.observe.pages.desk import Desk
from eden.observe.questions import interfaces as ask
from eden.observe.questions.results import OTHER

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: columns that have a name in words, in the order in which they are offered
PROPERTIES = (
    "version", "platform", "os", "model", "app_version", "release", "country", "city", "language", "network", "channel",
    "page", "name", "source",
)  # fmt: skip


def event_words(desk: Desk, name: str) -> str:
    """The container's own events have names in words; those of programs are as the program calls them."""
    return desk.t(f"observe.event.{name[1:]}") if name in AUTOMATIC else name


def property_words(desk: Desk, name: str) -> str:
    if name in PROPERTIES:
        return desk.t(f"observe.property.{name}")
    if name == "value":
        return desk.t("observe.property.value")
    return name.removeprefix("props.") if name.startswith("props.") else name


def filter_words(desk: Desk, found: ask.Filter) -> str:
    """A condition as a sentence: "Platform is ios or android"."""
    values = f" {desk.t('observe.filter.or')} ".join(
        formats.number(value, desk.locale) if isinstance(value, float) else _value_words(desk, found.property, value)
        for value in found.values
    )
    said = desk.t(f"observe.operator.{found.operator}")
    return f"{property_words(desk, found.property)} {said} {values}".strip()


def events_words(desk: Desk, events: ask.Events) -> str:
    """Events as one name: their label, or the names with what is filtered."""
    if events.label:
        return events.label
    names = ", ".join(event_words(desk, name) for name in events.names) or desk.t("observe.event.any")
    filters = [filter_words(desk, each) for each in events.filters if isinstance(each, ask.Filter)]
    return f"{names} ({', '.join(filters)})" if filters else names


def measure_words(desk: Desk, measure: ask.Measure) -> str:
    """What is measured: "People", "95th percentile of value"."""
    if measure.kind in ("sum", "average", "minimum", "maximum"):
        return desk.t(f"observe.measure.{measure.kind}-of", property=property_words(desk, measure.of))
    if measure.kind == "percentile":
        written = f"p{measure.percentile:g}"
        return desk.t("observe.measure.percentile-of", percentile=written, property=property_words(desk, measure.of))
    return desk.t(f"observe.measure.{measure.kind}")


def key_words(desk: Desk, key: Sequence[str], by: Sequence[str] = ()) -> str:
    """The name of a group; `by` are the properties that its values are of."""
    if OTHER in key:
        return desk.t("observe.group.other")
    named = [_value_words(desk, by[place] if place < len(by) else "", part) for place, part in enumerate(key)]
    return " · ".join(part or desk.t("observe.group.unset") for part in named)


def _value_words(desk: Desk, name: str, value: str) -> str:
    """A value of a property; events and releases have better names than those by which they are stored."""
    if name == "name":
        return event_words(desk, value)
    if name == "release":
        found = next((release for release in desk.releases if release.id == value), None)
        return value if found is None else _release_words(desk, found)
    return value


def _release_words(desk: Desk, release: ReleaseInfo) -> str:
    """Its version, and when it began: a version may be released again."""
    if release.started_at is None:
        return release.version
    return f"{release.version} · {formats.utc(release.started_at).astimezone(desk.period.zone):%Y-%m-%d %H:%M}"


def micros(moment: datetime) -> int:
    """A moment of an answer, as plots and templates have it."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
