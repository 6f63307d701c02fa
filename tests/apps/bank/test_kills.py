"""Payments while workers of the gateway and the bank are killed; `./eden bench ledger --only kills` does it longer."""

from __future__ import annotations

from bench._ledger_kills import under_kills


def test_every_payment_that_was_answered_is_booked_once() -> None:
    verdict = under_kills(4, seed=3)
    assert verdict.kills == 4 and verdict.payments > 0 and verdict.lost > 0
    assert not verdict.refused
