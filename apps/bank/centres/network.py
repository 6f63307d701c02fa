"""The other banks, made up: a network that answers each payment a little later.

A real bank puts its clearing house here. Account numbers that end in 0000 do not exist there, so that returns can be
seen, too.
"""

from __future__ import annotations

import asyncio
import logging

from bank.centres.payments import Order, Payments
from eden.base.ids import now

#: how long the other bank takes, and how often it is looked at
_TAKES = 1_500_000
_EVERY = 0.5

log = logging.getLogger("bank")


def confirms(order: Order) -> bool:
    """The other bank's word."""
    return not str(order.detail["number"]).endswith("0000")


async def answer(payments: Payments, at: int) -> int:
    """Settle what has been with other banks long enough at `at` (µs); how many orders."""
    waiting = await payments.waiting(at - _TAKES)
    for order in waiting:
        await payments.settle(order, confirms(order))
    return len(waiting)


async def run(payments: Payments) -> None:
    """Answer for ever."""
    while True:
        try:
            await answer(payments, now())
        except Exception:
            log.exception("payments to other banks could not be settled")
        await asyncio.sleep(_EVERY)
