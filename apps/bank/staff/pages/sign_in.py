"""Signing in and out, and the first page."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.datastructures import Cookie
from sqlalchemy import Connection

from bank.staff import members
from bank.staff.desk import COOKIE, OPEN, SIGN_IN, SIGNED_IN, Desk, TheDesk
from bank.staff.members import Refused
from eden.base.api.handlers import AnyRequest
from eden.base.identity.passwords import verify_in_thread
from eden.console.http import local_path, redirect
from eden.console.view import ROOT

#: characters of a login that are kept of who did not get in
_LOGIN = 40


@get(SIGN_IN, opt=OPEN)
async def show_sign_in(desk: TheDesk) -> Response[bytes]:
    """The form, or on to the page when somebody has signed in already."""
    destination = local_path(desk.asked.one("next", f"{ROOT}/"))
    if desk.signed_in is not None:
        return redirect(desk.request, destination)
    return _page(desk, "", destination)


@post(SIGN_IN, opt=OPEN)
async def sign_in(desk: TheDesk) -> Response[bytes]:
    """Check name and password, begin a session."""
    form, at = await desk.form(), desk.view.now
    login, destination = form.one("login").lower(), local_path(form.one("next"))
    known = await desk.read(lambda connection: members.password_of(connection, login, at))
    if isinstance(known, Refused):
        return _page(desk, login, destination, desk.t("staff.sign-in.locked", minutes=known.minutes), 429)
    identifier, hashed = known
    # as long for nobody's name as for somebody's
    right = await verify_in_thread(hashed, form.values.get("password", [""])[0])
    if identifier is None or not right:
        await desk.write(lambda connection: _do_fail(desk, connection, identifier, login))
        return _page(desk, login, destination, desk.t("staff.sign-in.wrong"), 401)

    def begin(connection: Connection) -> str:
        desk.trail.do_note(connection, login, "sign-in", f"staff {login}")
        return members.do_sign_in(connection, identifier, at)

    secret = await desk.write(begin)
    answer = redirect(desk.request, destination)
    answer.set_cookie(session_cookie(desk.request, secret))
    return answer


@post(f"{ROOT}/sign-out", opt=SIGNED_IN)
async def sign_out(desk: TheDesk) -> Response[bytes]:
    """End this session."""

    def end(connection: Connection) -> None:
        desk.trail.do_note(connection, desk.member, "sign-out", f"staff {desk.member.login}")
        members.do_sign_out(connection, desk.session.id)

    await desk.write(end)
    answer = redirect(desk.request, SIGN_IN)
    answer.set_cookie(_cookie(desk.request, "", 0))
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@get(ROOT, opt=SIGNED_IN)
async def show_first(desk: TheDesk) -> Response[bytes]:
    """The first page of the menu that this person may see."""
    path = next(item.path for item in desk.console.navigation if desk.view.may(item.permission))
    return redirect(desk.request, desk.url(path), *desk.view.flashes)


def _do_fail(desk: Desk, connection: Connection, identifier: str | None, login: str) -> None:
    if identifier is not None:
        members.do_fail(connection, identifier, desk.view.now)
    desk.trail.do_note(connection, "nobody", "sign-in.failed", f"staff {login[:_LOGIN]}")


def _page(desk: Desk, login: str, destination: str, wrong: str = "", status: int = 200) -> Response[bytes]:
    errors = [("", wrong)] if wrong else []
    return desk.page("staff/sign-in.html", status=status, login=login, destination=destination, errors=errors)


def session_cookie(request: AnyRequest, secret: str) -> Cookie:
    """The cookie of a session that begins."""
    return _cookie(request, secret, members.LONGEST // 1_000_000)


def _cookie(request: AnyRequest, secret: str, seconds: int) -> Cookie:
    secure = request.url.scheme == "https"
    return Cookie(COOKIE, value=secret, path=ROOT, max_age=seconds, httponly=True, samesite="strict", secure=secure)


HANDLERS: tuple[Any, ...] = (show_sign_in, sign_in, sign_out, show_first)
