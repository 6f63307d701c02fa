"""The lender as regulation looks at it: what decisions are made by, and changes of it by four eyes."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
from litestar import Response, get, post
from sqlalchemy import Connection

from bank.centres import lender, products
from bank.centres.lender import Profile
from bank.refusals import Refusal
from bank.staff import lender_forms, members, proposals
from bank.staff.desk import Desk, Filled, TheDesk, needs
from bank.staff.product_forms import Mistake
from bank.staff.proposals import LENDER, Proposal
from eden.base.api.handlers import FromPath
from eden.base.problems import not_found
from eden.console.forms import made_form
from eden.console.view import ROOT

_HERE = f"{ROOT}/lender"
#: verb → what it needs
_VERBS = {"withdraw": "products.propose", "approve": "products.decide", "refuse": "products.decide"}
#: proposals that are shown
_SHOWN = 50


@get(_HERE, opt=needs("products.read"))
async def show_lender(desk: TheDesk) -> Response[bytes]:
    """The running version, what waits with what it would change, and the versions before."""
    (version, profile), found, versions, names = await desk.read(
        lambda connection: (
            lender.newest(connection),
            proposals.of_kind(connection, LENDER, limit=_SHOWN),
            lender.history(connection),
            members.names(connection),
        )
    )
    codes = [one.product for one in profile.joint]
    waiting = [
        (one, lender_forms.changes(profile, msgspec.convert(one.document, Profile)))
        for one in found if one.state == "waiting"
    ]  # fmt: skip
    before = [*(one.profile for one in versions[1:]), Profile()]
    steps = [(one, lender_forms.changes(old, one.profile)) for one, old in zip(versions, before, strict=False)]
    return desk.page(
        "staff/lender.html", version=version, texts=lender_forms.written(profile, codes), waiting=waiting, found=found,
        steps=steps, names=names, me=desk.member.id, lender_label=partial(_label, desk),
        lender_text=partial(_said, desk),
    )  # fmt: skip


@get(f"{_HERE}/edit", opt=needs("products.propose"))
async def show_edit(desk: TheDesk) -> Response[bytes]:
    """The form with the running version in it."""
    version, profile, codes = await desk.read(_running)
    texts = lender_forms.written(profile, codes) | {"base": str(version)}
    return _form(desk, codes, Filled(made_form(lender_forms.pairs(texts))))


@post(f"{_HERE}/edit", opt=needs("products.propose"))
async def propose(desk: TheDesk) -> Response[bytes]:
    """Ask that it be so; somebody else decides."""
    form, at = await desk.form(), desk.at
    _, running, codes = await desk.read(_running)
    note = form.one("note")
    errors = [] if note else [("note", desk.t("staff.product.wrong-note"))]
    try:
        profile = lender_forms.read(form, codes)
    except Mistake as mistake:
        errors = [(name, desk.t(f"staff.lender.wrong-{key}")) for name, key in mistake.found] + errors
    else:
        if profile == running:
            errors.append(("", desk.t("staff.lender.wrong-same")))
    if errors:
        return _form(desk, codes, Filled(form, errors), 422)

    def work(connection: Connection) -> None:
        made = proposals.do_propose_lender(connection, desk.member, form.number("base"), profile, note, at)
        desk.trail.do_note(connection, desk.member, "lender.propose", LENDER, proposal=made.id, reason=note)

    try:
        await desk.write(work)
    except Refusal as refusal:
        return _form(desk, codes, Filled(form, [("", desk.said(refusal))]), refusal.status)
    return desk.go("lender", desk.t("staff.draft.now-waiting"))


@post(f"{_HERE}/{{identifier:str}}/{{verb:str}}", opt=needs("products.read"))
async def move(desk: TheDesk, identifier: FromPath[str], verb: FromPath[str]) -> Response[bytes]:
    """Approve (decisions are made by it from now on), refuse, or withdraw what is one's own."""
    if verb not in _VERBS:
        raise not_found("The page")
    if not desk.view.may(_VERBS[verb]):
        return desk.go("lender", desk.t("staff.not-permitted"), "bad")
    note, at = (await desk.form()).one("reason"), desk.at

    def work(connection: Connection) -> Proposal:
        moved = proposals.do_move(connection, identifier, LENDER, verb, desk.member, note, at)
        desk.trail.do_note(connection, desk.member, f"lender.{verb}", LENDER, proposal=identifier, reason=note)
        if moved.state == "approved":
            proposals.do_set_lender(connection, moved, members.names(connection), at)
        return proposals.find(connection, identifier, LENDER)

    try:
        moved = await desk.write(work)
    except Refusal as refusal:
        return desk.go("lender", desk.said(refusal), "bad")
    return desk.go("lender", desk.t(f"staff.lender.now-{moved.state}"), "warning" if moved.state == "stale" else "good")


def _running(connection: Connection) -> tuple[int, Profile, list[str]]:
    """The running version, and products that may be shared: all loans, and what the profile has."""
    version, profile = lender.newest(connection)
    loans = {one.code for one in products.newest(connection) if isinstance(one.product, products.Loan)}
    return version, profile, sorted(loans | {one.product for one in profile.joint})


def _form(desk: Desk, codes: list[str], filled: Filled, status: int = 200) -> Response[bytes]:
    return desk.page(
        "staff/lender-form.html", status=status, filled=filled, codes=codes,
        readings=[(one, _said(desk, "reading", one)) for one in lender_forms.READINGS],
        stages=[(one, desk.t(f"staff.stage.{one}")) for one in lender_forms.STAGES],
    )  # fmt: skip


def _label(desk: Desk, name: str) -> str:
    """What a field is called."""
    field, _, code = name.partition("-")
    words = desk.t(f"staff.lender.{field}")
    return f"{code} · {words}" if code else words


def _said(desk: Desk, name: str, text: str) -> str:
    """A field's text as it is shown outside of the form."""
    field = name.partition("-")[0]
    if field == "branchless":
        return desk.t("staff.yes") if text else desk.t("staff.no")
    if not text:
        return "–"
    if field == "reading":
        return desk.t(f"staff.reading.{text}")
    if field == "tier_1":
        return f"{text} CNY"
    if field == "share_bp":
        return f"{text} %"
    if field in lender_forms.SEVERAL:
        return desk.t("staff.comma").join(desk.t(f"staff.stage.{one}") for one in text.split(","))
    return desk.t("staff.comma").join(text.splitlines())


HANDLERS: tuple[Any, ...] = (show_lender, show_edit, propose, move)
