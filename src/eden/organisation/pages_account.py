"""The page of one's own account."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import Cookie

from eden.base.api.access import needs
from eden.base.api.handlers import (
    AnyRequest,
    Service,
    TheSession,
)
from eden.base.identity.principal import Principal
from eden.base.problems import Problem
from eden.console.frame import Console
from eden.console.http import LOCALE_COOKIE, redirect, respond
from eden.console.messages import choose_locale
from eden.console.view import ROOT, Flash, ViewContext
from eden.organisation.addresses import HERE
from eden.organisation.forms import EMPTY, LARGEST_FORM, Form, checked, read_form, returned
from eden.organisation.service import Organisation
from eden.organisation.wire import (
    ProfileChange,
)


@get(f"{HERE}/account", opt=needs("workspace.read"))
async def show_account(
    request: AnyRequest,
    session: TheSession,
    view: Service[ViewContext],
    console: Service[Console],
    organisation: Service[Organisation],
) -> Response[bytes]:
    """Name, language, password, sessions."""
    return await _account_page(request, session.principal, view, console, organisation, EMPTY)


@post(f"{HERE}/account", opt=needs("workspace.read"), request_max_body_size=LARGEST_FORM)
async def change_account(
    request: AnyRequest,
    session: TheSession,
    view: Service[ViewContext],
    console: Service[Console],
    organisation: Service[Organisation],
) -> Response[bytes]:
    """Change name and language."""
    values = await read_form(request)
    try:
        data = checked(values, ProfileChange)
        profile = await organisation.people.update(session.principal, name=data.name, locale=data.locale)
    except Problem as problem:
        form = returned(values, problem, console, view)
        return await _account_page(request, session.principal, view, console, organisation, form)
    # said in the language that was just chosen
    t = console.translator(
        replace(view, locale=choose_locale(profile.locale, request.headers.get("Accept-Language", "")))
    )
    answer = redirect(request, view.url("account"), Flash("good", t("organisation.account.saved")))
    # the choice of this browser would hide the one that was just made
    seconds = 365 * 86_400 if profile.locale else 0
    answer.set_cookie(
        Cookie(
            LOCALE_COOKIE,
            value=profile.locale,
            path=ROOT,
            max_age=seconds,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
    )
    return answer


@post(f"{HERE}/account/password", opt=needs("workspace.read"), request_max_body_size=LARGEST_FORM)
async def change_password(
    request: AnyRequest,
    session: TheSession,
    view: Service[ViewContext],
    console: Service[Console],
    organisation: Service[Organisation],
) -> Response[bytes]:
    """Change the password; the other sessions end."""
    values = await read_form(request)
    address = request.client.host if request.client else ""
    try:
        await organisation.people.change_password(
            session.principal, values.get("current", ""), values.get("new", ""), address, session.id
        )
    except Problem as problem:
        form = returned(values, problem, console, view)
        return await _account_page(request, session.principal, view, console, organisation, form)
    t = console.translator(view)
    return redirect(request, view.url("account"), Flash("good", t("organisation.account.password-changed")))


async def _account_page(
    request: AnyRequest,
    principal: Principal,
    view: ViewContext,
    console: Console,
    organisation: Organisation,
    form: Form,
) -> Response[bytes]:
    profile = await organisation.people.get(principal)
    status = 422 if form.errors else 200
    return respond(request, console, view, "organisation/account.html", status=status, profile=profile, form=form)


HANDLERS: tuple[Any, ...] = (
    show_account,
    change_account,
    change_password,
)
