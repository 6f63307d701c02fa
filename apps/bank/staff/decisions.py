"""A decision's trace as a person reads it: what was known, which rules spoke, what the score was made of. Pure."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from bank.credit import decide
from bank.credit.decide import Decision
from bank.credit.reasons import SENTENCES


class Hit(Struct, frozen=True):
    """A policy rule that spoke: its outcome, and the sentence in Chinese and English."""

    rule: str
    outcome: str
    words: tuple[str, str]


class Readable(Struct, frozen=True):
    """A decision: `income` is what came in by whole months, the oldest first, yuan; `repeats`: the same files give the
    same decision today, "" when one of them is gone."""

    made: Decision
    hits: list[Hit]
    income: list[int]
    repeats: str


def readable(kept: dict[str, Any]) -> Readable:
    """From what is kept with an application; it is decided once more by its trace."""
    made = msgspec.convert(kept, Decision)
    trace = made.trace
    try:
        repeats = "same" if decide.reproduce(trace) == made else "other"
    except LookupError:
        repeats = "gone"
    hits = [
        Hit(hit["rule"], hit["outcome"], SENTENCES.get(hit["rule"], (hit["rule"], hit["rule"]))) for hit in trace.hits
    ]
    return Readable(made, hits, list(reversed(trace.data.cash_flow.inflows)), repeats)
