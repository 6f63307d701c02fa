"""What people set for an app: what phones collect of it, what is masked, how much is taken and how long it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias, get_args

import msgspec
from msgspec import Meta

from eden.base.problems import Problem
from eden.observe.interfaces import Table
from eden.observe.privacy import BUILT_IN, BuiltIn, check_pattern

Kind: TypeAlias = Literal[
    "launch", "page", "tap", "error", "white_screen", "request", "set_data", "long_task", "event", "log"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
Consent: TypeAlias = Literal["granted", "ask", "denied"]
#: days for which rows are kept, by table; what people analyse longer, and what is large or about one phone shorter
RETENTION: dict[Table, int] = {
    "events": 400,
    "errors": 90,
    "logs": 30,
    "spans": 30,
    "metrics": 90,
    "documents": 90,
    "quarantine": 14,
}
_MOST_MASKS = 20
Days = Annotated[int, Meta(ge=1, le=3650)]


class Sample(msgspec.Struct, frozen=True):
    """A switch and a sample: of `per_mille` of a thousand devices the kind is collected."""

    on: bool = True
    per_mille: Annotated[int, Meta(ge=0, le=1000)] = 1000


class AppSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of one app; what is left out has the default here.

    `kinds`: those that are not simply collected. Phones send a batch at `batch` records, after `seconds`, and hold up
    to `bytes` over restarts. `consent`: what counts for people who have not said anything; "ask": nothing leaves the
    phone until they agree. `tap_text`: whether taps have the text of what was tapped. `mask`: built-in patterns,
    `masks`: regular expressions of one's own; what they match is replaced before it is stored. `quota`: records an
    hour, `rate`: records a second and server process, 0 for no bound. `retention`: days by table, those that are not
    the default.
    """

    kinds: dict[Kind, Sample] = {}
    batch: Annotated[int, Meta(ge=1, le=1000)] = 50
    seconds: Annotated[int, Meta(ge=1, le=3600)] = 10
    bytes: Annotated[int, Meta(ge=10_000, le=10_000_000)] = 512_000
    consent: Consent = "granted"
    tap_text: bool = False
    mask: tuple[BuiltIn, ...] = BUILT_IN
    masks: tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...] = ()
    quota: Annotated[int, Meta(ge=0, le=10**12)] = 0
    rate: Annotated[int, Meta(ge=0, le=10**9)] = 0
    retention: dict[Table, Days] = {}

    def sample(self, kind: Kind) -> Sample:
        return self.kinds.get(kind, Sample())

    def days(self, table: Table) -> int:
        """For how many days rows of a table are kept."""
        return self.retention.get(table, RETENTION.get(table, RETENTION["events"]))


def check_settings(settings: AppSettings) -> None:
    """Problem `invalid` naming the patterns that cannot be used."""
    errors = []
    if len(settings.masks) > _MOST_MASKS:
        errors.append(("masks", f"no more than {_MOST_MASKS} patterns"))
    for index, pattern in enumerate(settings.masks):
        if trouble := check_pattern(pattern):
            errors.append((f"masks[{index}]", trouble))
    if errors:
        raise Problem("invalid", "Some masks cannot be used.", "Write them without nested repetitions.", errors=errors)


def collected(settings: AppSettings) -> dict[str, Any]:
    """What phones are told: the switches by kind, how to send, consent, masks."""
    return {
        "kinds": {kind: msgspec.to_builtins(settings.sample(kind)) for kind in KINDS},
        "batch": settings.batch,
        "seconds": settings.seconds,
        "bytes": settings.bytes,
        "consent": settings.consent,
        "tap_text": settings.tap_text,
        "masks": sorted(settings.masks),
    }


#: from what asks least of people to what asks most
_CONSENTS: tuple[Consent, ...] = ("granted", "ask", "denied")


def strictest(several: Sequence[AppSettings]) -> dict[str, Any]:
    """As `collected`, of several apps at once: the least that any of them collects, all their masks. What phones go by
    that do not tell programs apart."""
    if not several:
        return collected(AppSettings())
    samples = {
        kind: {"on": all(one.on for one in same), "per_mille": min(one.per_mille for one in same)}
        for kind in KINDS
        for same in [[settings.sample(kind) for settings in several]]
    }
    return {
        "kinds": samples,
        "batch": min(settings.batch for settings in several),
        "seconds": min(settings.seconds for settings in several),
        "bytes": min(settings.bytes for settings in several),
        "consent": max((settings.consent for settings in several), key=_CONSENTS.index),
        "tap_text": all(settings.tap_text for settings in several),
        "masks": sorted({mask for settings in several for mask in settings.masks}),
    }
