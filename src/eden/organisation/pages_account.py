"""The page of one's own account."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from litestar import Response, get, post

from eden.base.api.access import needs
from eden.base.api.handlers import Service, TheSession
from eden.base.identity.principal import Principal
from eden.base.problems import Problem
from eden.console.http import remember_locale
from eden.console.messages import choose_locale
from eden.console.visit import TheVisit, Visit
from eden.organisation.addresses import HERE
from eden.organisation.forms import EMPTY, LARGEST_FORM, Form, checked, read_form, returned
from eden.organisation.service import Organisation
from eden.organisation.wire import ProfileChange


@get(f"{HERE}/account", opt=needs("workspace.read"))
async def show_account(visit: TheVisit, session: TheSession, organisation: Service[Organisation]) -> Response[bytes]:
    """Name, language, password, sessions."""
    return await _account_page(visit, session.principal, organisation, EMPTY)


@post(f"{HERE}/account", opt=needs("workspace.read"), request_max_body_size=LARGEST_FORM)
async def change_account(visit: TheVisit, session: TheSession, organisation: Service[Organisation]) -> Response[bytes]:
    """Change name and language."""
    values = await read_form(visit)
    try:
        data = checked(values, ProfileChange)
        profile = await organisation.people.update(session.principal, name=data.name, locale=data.locale)
    except Problem as problem:
        return await _account_page(visit, session.principal, organisation, returned(values, problem, visit))
    # said in the language that was just chosen
    locale = choose_locale(profile.locale, visit.request.headers.get("Accept-Language", ""))
    chosen = replace(visit, view=replace(visit.view, locale=locale))
    answer = chosen.go("account", chosen.t("organisation.account.saved"))
    # the choice of this browser would hide the one that was just made
    remember_locale(visit.request, answer, profile.locale)
    return answer


@post(f"{HERE}/account/password", opt=needs("workspace.read"), request_max_body_size=LARGEST_FORM)
async def change_password(visit: TheVisit, session: TheSession, organisation: Service[Organisation]) -> Response[bytes]:
    """Change the password; the other sessions end."""
    values = await read_form(visit)
    client = visit.request.client
    try:
        await organisation.people.change_password(
            session.principal,
            values.get("current", ""),
            values.get("new", ""),
            client.host if client else "",
            session.id,
        )
    except Problem as problem:
        return await _account_page(visit, session.principal, organisation, returned(values, problem, visit))
    return visit.go("account", visit.t("organisation.account.password-changed"))


async def _account_page(visit: Visit, principal: Principal, organisation: Organisation, form: Form) -> Response[bytes]:
    profile = await organisation.people.get(principal)
    return visit.page("organisation/account.html", status=form.status, profile=profile, form=form)


HANDLERS: tuple[Any, ...] = (
    show_account,
    change_account,
    change_password,
)
