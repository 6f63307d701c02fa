"""The fuzz of the data plane in its short form; `./eden bench gateway --only fuzz` has the long one."""

from __future__ import annotations

import uvloop

from tests.gateway.proxy.fuzz import fuzz


def test_spoiled_requests_do_no_harm() -> None:
    made = uvloop.run(fuzz(3_000, seed=7))
    assert made.harm == []
    # it is not that nothing gets through, nor that everything does
    outcomes = made.outcomes
    assert outcomes["served"] > 300 and outcomes["refused"] > 300 and outcomes.total() == 3_000
