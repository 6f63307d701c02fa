"""Somebody's own password: the one of now, and a new one twice."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from sqlalchemy import Connection

from bank.staff import members
from bank.staff.desk import Desk, Filled, TheDesk, needs
from bank.staff.members import Refused
from bank.staff.pages.sign_in import session_cookie
from eden.base.identity.passwords import (
    MAXIMUM_LENGTH,
    MINIMUM_LENGTH,
    check_password,
    hash_in_thread,
    verify_in_thread,
)
from eden.base.problems import Problem
from eden.console.view import ROOT

_HERE = f"{ROOT}/password"


@get(_HERE, opt=needs("own.password"))
async def show_password(desk: TheDesk) -> Response[bytes]:
    """The form."""
    return _page(desk, Filled())


@post(_HERE, opt=needs("own.password"))
async def change_password(desk: TheDesk) -> Response[bytes]:
    """Keep the new one; sessions elsewhere end, and this one goes on under another secret. Wrong ones of now are
    counted as those of signing in are."""
    values, at = (await desk.form()).values, desk.view.now
    current, new, again = (values.get(name, [""])[0] for name in ("current", "new", "again"))
    known = await desk.read(lambda connection: members.password_of(connection, desk.member.login, at))
    if isinstance(known, Refused):
        return _wrong(desk, 429, ("", desk.t("staff.sign-in.locked", minutes=known.minutes)))
    hashed = known[1]
    # before the password of now: what cannot be anyway is no try
    if (wrong := _weakness(desk, new)) or new != again:
        return _wrong(desk, 422, ("new", wrong) if wrong else ("again", desk.t("staff.password.differs")))
    if hashed is None or not await verify_in_thread(hashed, current):
        await desk.write(lambda connection: _do_fail(desk, connection))
        return _wrong(desk, 422, ("current", desk.t("staff.password.wrong")))
    if new == current:
        return _wrong(desk, 422, ("new", desk.t("staff.password.same")))
    made = await hash_in_thread(new)

    def change(connection: Connection) -> str | None:
        secret = members.do_change_password(connection, desk.member.id, hashed, made, at)
        if secret is not None:
            desk.trail.do_note(connection, desk.member, "password.change", f"staff {desk.member.login}")
        return secret

    secret = await desk.write(change)
    if secret is None:
        raise Problem("not-signed-in", "Your password was changed elsewhere.", "Sign in.")
    answer = desk.go("password", desk.t("staff.password.done"))
    answer.set_cookie(session_cookie(desk.request, secret))
    return answer


def _weakness(desk: Desk, new: str) -> str:
    if len(new) < MINIMUM_LENGTH:
        return desk.t("staff.password.short", least=MINIMUM_LENGTH)
    if len(new) > MAXIMUM_LENGTH:
        return desk.t("staff.password.long", most=MAXIMUM_LENGTH)
    try:
        check_password(new, desk.member.login)
    except Problem:
        return desk.t("staff.password.weak")
    return ""


def _do_fail(desk: Desk, connection: Connection) -> None:
    members.do_fail(connection, desk.member.id, desk.view.now)
    desk.trail.do_note(connection, desk.member, "password.failed", f"staff {desk.member.login}")


def _wrong(desk: Desk, status: int, *errors: tuple[str, str]) -> Response[bytes]:
    return _page(desk, Filled(errors=errors), status)


def _page(desk: Desk, filled: Filled, status: int = 200) -> Response[bytes]:
    return desk.page("staff/password.html", status=status, filled=filled, login=desk.member.login, least=MINIMUM_LENGTH)


HANDLERS: tuple[Any, ...] = (show_password, change_password)
