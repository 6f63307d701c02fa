"""A batch into rows: its wire's reader makes them, and what holds for every wire is done here.

Nothing here has an effect or raises: whatever cannot become a row becomes a quarantined row with the reason. What is
done to every row: people who are to be forgotten are left out, texts are masked, addresses taken out, properties made
harmless. The same batch and the same `About` give the same rows.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

import msgspec

from eden.observe.app_settings import AppSettings
from eden.observe.crashes.finish import Mapper
from eden.observe.digest.foreign import quarantined
from eden.observe.digest.props import normal
from eden.observe.interfaces import (
    Accepted,
    AnyRow,
    DocumentRow,
    ErrorRow,
    EventRow,
    LogRow,
    MetricRow,
    PersonRow,
    QuarantinedRow,
    SpanRow,
    Wire,
)
from eden.observe.privacy import Masks, strip_props

#: module of each wire's `rows`
_READERS: dict[Wire, str] = {
    "eden": "own",
    "sentry": "sentry",
    "posthog": "posthog",
    "otlp-logs": "otlp",
    "otlp-traces": "otlp",
    "otlp-metrics": "otlp",
    "mas": "mas",
}
#: characters of a log line
_LONGEST_MESSAGE = 16_384
log = logging.getLogger("eden.observe")


def _keep_nothing(data: bytes) -> str | None:
    return None


@dataclass
class About:
    """What is known of an app when its batches are digested. `forgotten`: µs by person; what was received of them up to
    then is left out. `symbols`: source maps. `keep`: stores bytes and gives their SHA-256; None: they are too many."""

    settings: AppSettings = field(default_factory=AppSettings)
    forgotten: Mapping[str, int] = field(default_factory=dict)
    symbols: Mapper | None = None
    keep: Callable[[bytes], str | None] = _keep_nothing
    masks: Masks = field(init=False)

    def __post_init__(self) -> None:
        self.masks = Masks(self.settings.mask, self.settings.masks)


def digest(batch: Accepted, about: About) -> list[AnyRow]:
    """The rows of a batch."""
    return list(rows(batch, about))


def rows(batch: Accepted, about: About) -> Iterator[AnyRow]:
    """The rows of a batch, one after the other: a batch may have very many."""
    forgotten = about.forgotten and {person for person, at in about.forgotten.items() if batch.received <= at}
    try:
        for place, row in enumerate(_reader(batch.wire)(batch, about)):
            if type(row) is LogRow:
                row.seq = place
            if type(row) is QuarantinedRow:
                yield _masked(row, about)
            elif not (forgotten and _is_of(row, forgotten)):
                try:
                    finish(row, about)
                except Exception as error:
                    yield _masked(quarantined(batch, f"{type(error).__name__}: {error}", repr(row)), about)
                else:
                    yield row
    except Exception as error:
        log.exception("a batch of the wire %s could not be read to its end", batch.wire)
        yield _masked(quarantined(batch, f"{type(error).__name__}: {error}", batch.body), about)


def _masked(row: QuarantinedRow, about: About) -> QuarantinedRow:
    """A reason may name what it is about."""
    row.raw, row.reason = about.masks.text(row.raw), about.masks.text(row.reason)
    return row


@cache
def _reader(wire: Wire) -> Callable[[Accepted, About], Iterator[AnyRow]]:
    """Loaded when the first batch of the wire comes: some need packages of their own."""
    found: Callable[[Accepted, About], Iterator[AnyRow]] = import_module(f"eden.observe.digest.{_READERS[wire]}").rows
    return found


def _is_of(row: Any, people: Container[str]) -> bool:
    if type(row) is PersonRow:
        # an id that somebody had before is forgotten with him
        return row.key in people or (row.kind == "alias" and _props(row).get("person") in people)
    return row.person in people or row.device in people


def _props(row: PersonRow) -> dict[str, Any]:
    return row.props if isinstance(row.props, dict) else msgspec.json.decode(row.props, type=dict[str, Any])


def finish(row: AnyRow, about: About) -> None:
    """Mask and bound a row in place. Names of events, metrics and loggers stay, as code has chosen them; so do ids."""
    masks = about.masks
    # not asked by `isinstance`, which costs microseconds with such classes
    if page := getattr(row, "page", ""):
        row.page = masks.text(page)  # type: ignore[union-attr]
    if type(row) is EventRow or isinstance(row, LogRow | SpanRow | MetricRow | PersonRow):
        props = row.props
        if isinstance(props, msgspec.Raw):
            props = msgspec.json.decode(props)
        if props:
            strip_props(props)
            row.props = normal(props, masks)
        if type(row) is LogRow:
            row.message = masks.text(row.message[:_LONGEST_MESSAGE])
        elif type(row) is SpanRow:
            row.name = masks.text(row.name)
        elif type(row) is EventRow and len(row.name) > 200:
            row.name = row.name[:200]
    elif type(row) is ErrorRow:
        # its document was masked before it was encoded (`crashes.finish`)
        row.type, row.message = masks.text(row.type), masks.text(row.message)
        row.culprit = masks.text(row.culprit)
    elif type(row) is DocumentRow:
        # the beginning of what somebody wrote
        row.name = masks.text(row.name)
        row.raw = _document(row.raw, masks) if row.raw[:1] in "{[" else masks.text(row.raw)


def _document(raw: str, masks: Masks) -> str:
    """A JSON text without addresses, and with its texts masked; one that is no JSON is masked as text."""
    if not raw:
        return raw
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return masks.text(raw)
    if type(value) is not dict and type(value) is not list:
        return masks.text(raw)
    masks.document(value)
    return msgspec.json.encode(value).decode()
