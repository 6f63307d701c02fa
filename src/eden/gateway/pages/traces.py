"""Look-up of a call by its trace id, which every error of the gateway carries."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from eden.base.api.access import needs
from eden.gateway.pages.desk import HERE, TheDesk
from eden.gateway.pipeline.codes import CODES
from eden.gateway.traces import normal


@get(f"{HERE}/traces", opt=needs("gateway.read"))
async def show_traces(desk: TheDesk) -> Response[bytes]:
    """The calls of a trace, or the latest that went wrong or were slow."""
    pasted = desk.asked.one("trace")
    trace = normal(pasted)
    found = await desk.traces.find(*desk.caller, trace) if trace else []
    latest = [] if pasted else await desk.traces.latest(*desk.caller, limit=50)
    return desk.page(
        "gateway/traces.html",
        tab="traces",
        pasted=pasted,
        trace=trace,
        found=found,
        latest=latest,
        memos={code: known.memo for code, known in CODES.items()},
    )


HANDLERS: tuple[Any, ...] = (show_traces,)
