"""The audit log: what the bank's people have seen and done."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from bank.staff import trail
from bank.staff.desk import TheDesk, needs
from eden.base.api.handlers import ThePaging
from eden.console.view import ROOT

_HERE = f"{ROOT}/trail"


@get(_HERE, opt=needs("trail.read"))
async def show_trail(desk: TheDesk, paging: ThePaging) -> Response[bytes]:
    """Entries, the newest first, by who, what and whom it was about."""
    asked = {name: desk.asked.one(name)[:80] for name in ("actor", "action", "target")}
    before = paging.after(int)
    found = await desk.read(lambda connection: trail.read(connection, **asked, before=before, limit=paging.limit + 1))
    shown = found[: paging.limit]
    following = desk.following("trail", shown[-1].seq, **asked) if len(found) > paging.limit else ""
    first = desk.url("trail", **asked) if before else ""
    return desk.page("staff/trail.html", entries=shown, asked=asked, next=following, first=first, verdict=None)


@get(f"{_HERE}/verify", opt=needs("trail.read"))
async def verify(desk: TheDesk) -> Response[bytes]:
    """Whether the chain is what was written."""
    verdict = await desk.read(desk.trail.verify)
    return desk.page("staff/trail-verified.html", block="verdict", verdict=verdict)


HANDLERS: tuple[Any, ...] = (show_trail, verify)
