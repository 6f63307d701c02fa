"""The wires of others, by the first word of their paths below `/observe/`."""

from __future__ import annotations

from eden.observe.accept.mas import MasWire
from eden.observe.accept.otlp import OtlpWire
from eden.observe.accept.posthog import PosthogWire
from eden.observe.accept.sentry import SentryWire
from eden.observe.accept.wires import Wire


def foreign_wires() -> dict[str, Wire]:
    """One of each."""
    return {"sentry": SentryWire(), "posthog": PosthogWire(), "otlp": OtlpWire(), "mas": MasWire()}
