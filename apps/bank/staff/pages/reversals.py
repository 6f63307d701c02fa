"""Transfers that somebody wants undone, and the second pair of eyes on them."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from sqlalchemy import Connection

from bank.refusals import Refusal
from bank.staff import members, proposals, trail
from bank.staff.desk import TheDesk, needs
from bank.staff.proposals import REVERSAL, Proposal
from eden.base.api.handlers import FromPath, ThePaging
from eden.base.problems import not_found
from eden.console.view import ROOT

_HERE = f"{ROOT}/reversals"


@get(_HERE, opt=needs("reversals.read"))
async def show_reversals(desk: TheDesk, paging: ThePaging) -> Response[bytes]:
    """Those that wait first, then all of them, the newest first."""
    before = paging.after(str) or ""
    waiting, found, names = await desk.read(
        lambda connection: (
            proposals.of_kind(connection, REVERSAL, states=("waiting",), limit=200),
            proposals.of_kind(connection, REVERSAL, before=before, limit=paging.limit + 1),
            members.names(connection),
        )
    )
    shown = found[: paging.limit]
    following = desk.following("reversals", shown[-1].id) if len(found) > paging.limit else ""
    return desk.page(
        "staff/reversals.html", waiting=waiting, found=shown, names=names, me=desk.member.id, next=following,
        first=desk.url("reversals") if before else "",
    )  # fmt: skip


@post(f"{_HERE}/{{identifier:str}}/{{verb:str}}", opt=needs("reversals.read"))
async def move(desk: TheDesk, identifier: FromPath[str], verb: FromPath[str]) -> Response[bytes]:
    """Approve (which carries it out), refuse, or withdraw what is one's own."""
    needed = {"approve": "reversals.decide", "refuse": "reversals.decide", "withdraw": "reversals.propose"}.get(verb)
    if needed is None:
        raise not_found("The page")
    if not desk.view.may(needed):
        return desk.go("reversals", desk.t("staff.not-permitted"), "bad")
    note, at = (await desk.form()).one("reason"), desk.at

    def work(connection: Connection) -> Proposal:
        moved = proposals.do_move(connection, identifier, REVERSAL, verb, desk.member, note, at)
        target = trail.customer(moved.document["customer"])
        desk.trail.do_note(connection, desk.member, f"reversal.{verb}", target, transfer=moved.subject, reason=note)
        return moved

    try:
        moved = await desk.write(work)
        if verb == "approve":
            await desk.bank.tending.reverse(moved)
    except Refusal as refusal:
        return desk.go("reversals", desk.said(refusal), "bad")
    return desk.go("reversals", desk.t(f"staff.reversal.{verb}-done"))


HANDLERS: tuple[Any, ...] = (show_reversals, move)
