"""What the bank does by itself, day by day: how it went, and doing again what can be done again."""

from __future__ import annotations

import datetime
from typing import Any

from litestar import Response, get, post

from bank.centres import batches
from bank.refusals import Refusal
from bank.staff.desk import TheDesk, needs
from eden.base.api.handlers import FromPath, ThePaging
from eden.base.problems import not_found
from eden.console.view import ROOT

_HERE = f"{ROOT}/batches"


@get(_HERE, opt=needs("batches.read"))
async def show_batches(desk: TheDesk, paging: ThePaging) -> Response[bytes]:
    """Runs, the newest day first."""
    cursor = paging.after(str) or ""
    found = await desk.read(lambda connection: batches.page(connection, cursor, paging.limit))
    failed = [one for one in found.items if one.state == "failed"] if not cursor else []
    return desk.page(
        "staff/batches.html", found=found.items, failed=failed, names=desk.bank.batches.names,
        next=desk.following("batches", found.next) if found.next else "", first=desk.url("batches") if cursor else "",
    )  # fmt: skip


@post(_HERE, opt=needs("batches.run"))
async def run_due(desk: TheDesk) -> Response[bytes]:
    """End the days that are over and have not ended: what was done is not done again."""
    await desk.write(lambda connection: desk.trail.do_note(connection, desk.member, "batch.run", "batches"))
    try:
        done = await desk.bank.batches.rollover()
    except Exception as error:
        # the batch has kept it, and the log has all of it
        return desk.go("batches", desk.t("staff.batch.failed", why=str(error)), "bad")
    return desk.go("batches", desk.t("staff.batch.ran", count=len(done)))


@post(f"{_HERE}/{{day:str}}/{{name:str}}", opt=needs("batches.run"))
async def run_again(desk: TheDesk, day: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """Run one once more, for a reason that is kept."""
    reason = (await desk.form()).one("reason")[:500]
    try:
        wanted = datetime.date.fromisoformat(day)
    except ValueError:
        raise not_found(f"The day {day}") from None
    await desk.write(
        lambda connection: desk.trail.do_note(
            connection, desk.member, "batch.again", f"batch {day} {name}"[:200], reason=reason
        )
    )
    try:
        await desk.bank.batches.again(wanted, name)
    except Refusal as refusal:
        return desk.go("batches", desk.said(refusal), "bad")
    except Exception as error:
        return desk.go("batches", desk.t("staff.batch.failed", why=str(error)), "bad")
    return desk.go("batches", desk.t("staff.batch.ran-again", day=day))


HANDLERS: tuple[Any, ...] = (show_batches, run_due, run_again)
