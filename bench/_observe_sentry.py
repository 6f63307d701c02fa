"""A real error envelope of the unmodified Python client: `python -m bench._observe_sentry` prints it."""

from __future__ import annotations

import sys
from typing import Any

import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from bench._observe_load import BATCH


class _Kept(Transport):
    """Keeps what it is given instead of sending it."""

    def __init__(self) -> None:
        super().__init__()
        self.envelopes: list[Envelope] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.envelopes.append(envelope)


def _pay(order: dict[str, Any], depth: int) -> float:
    lines: list[dict[str, Any]] = [
        {"item": f"item-{number}", "price": number * 1.5, "note": "x" * 40} for number in range(6)
    ]
    if depth:
        return _pay({**order, f"level_{depth}": lines[:2]}, depth - 1)
    return float(order["total"]) / len([line for line in lines if line["price"] < 0])


def main() -> None:
    kept = _Kept()
    sentry_sdk.init(
        dsn="http://0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b@127.0.0.1/1",
        transport=kept,
        release="shop@1.2.0+10200",
        auto_enabling_integrations=False,
    )
    sentry_sdk.set_user({"id": "customer-7"})
    for number in range(20):
        sentry_sdk.add_breadcrumb(category="http", message=f"GET /v1/items/{number}", level="info")
    try:
        _pay({"total": 12.5, "customer": "customer-7"}, 3)
    except ZeroDivisionError:
        sentry_sdk.capture_exception()
    [envelope] = kept.envelopes
    sys.stdout.buffer.write(envelope.serialize().replace(envelope.headers["event_id"].encode(), BATCH))


if __name__ == "__main__":
    main()
