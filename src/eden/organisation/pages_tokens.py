"""Pages of tokens: a list, a form, and the secret that is shown once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from litestar import Response, get, post

from eden.base.api.access import needs
from eden.base.api.handlers import FromPath, Service, TheCaller, ThePaging
from eden.base.api.times import microseconds
from eden.base.identity.roles import PERMISSIONS
from eden.base.problems import Problem
from eden.console.visit import TheVisit, Visit
from eden.organisation.addresses import HERE
from eden.organisation.forms import EMPTY, LARGEST_FORM, Form, checked, read_form, returned
from eden.organisation.service import Organisation
from eden.organisation.wire import NewToken

#: how long a token may work; "0" is until it is revoked
_DAYS = ("30", "90", "365", "0")
_USUAL_DAYS = "90"


@get(f"{HERE}/tokens", opt=needs("workspace.read"))
async def show_tokens(
    visit: TheVisit, caller: TheCaller, paging: ThePaging, organisation: Service[Organisation]
) -> Response[bytes]:
    """One's tokens, for owners everybody's."""
    after = paging.after(str)
    found = await organisation.tokens.page(*caller, paging.limit + 1, after)
    return visit.page(
        "organisation/tokens.html",
        tokens=found[: paging.limit],
        next=visit.following("tokens", found[paging.limit - 1].id) if len(found) > paging.limit else "",
        first=visit.url("tokens") if after else "",
    )


@get(f"{HERE}/tokens/new", opt=needs("workspace.read"))
async def show_new_token(visit: TheVisit) -> Response[bytes]:
    """The form of a token."""
    return _new_token_page(visit, EMPTY)


@post(f"{HERE}/tokens", opt=needs("workspace.read"), request_max_body_size=LARGEST_FORM)
async def create_token(visit: TheVisit, caller: TheCaller, organisation: Service[Organisation]) -> Response[bytes]:
    """Make a token; the page shows its secret, once."""
    values = await read_form(visit, lists=("scopes",))
    try:
        data = checked({**values, "expires_at": _end(values.get("days", ""))}, NewToken)
        token, secret = await organisation.tokens.create(*caller, data.name, data.scopes, microseconds(data.expires_at))
    except Problem as problem:
        return _new_token_page(visit, returned(values, problem, visit))
    return visit.page("organisation/token-made.html", status=201, token=token, secret=secret)


@post(f"{HERE}/tokens/{{token_id:str}}/revoke", opt=needs("workspace.read"), request_max_body_size=LARGEST_FORM)
async def revoke_token(
    visit: TheVisit, caller: TheCaller, token_id: FromPath[str], organisation: Service[Organisation]
) -> Response[bytes]:
    """It works no longer."""
    token = await organisation.tokens.revoke(*caller, token_id)
    return visit.go("tokens", visit.t("organisation.tokens.revoked", name=token.name))


def _end(days: str) -> datetime | None:
    """When a token ends that works for so many days from now. Problem `invalid` for what the form does not offer."""
    if days not in _DAYS:
        raise Problem("invalid", "Choose how long the token works.", errors=[("days", "Choose one of these.")])
    return datetime.now(UTC) + timedelta(days=int(days)) if days != "0" else None


def _new_token_page(visit: Visit, form: Form) -> Response[bytes]:
    return visit.page(
        "organisation/token-new.html",
        status=form.status,
        scopes=[permission for permission in PERMISSIONS if visit.view.may(permission)],
        days=_DAYS,
        usual=_USUAL_DAYS,
        form=form,
    )


HANDLERS: tuple[Any, ...] = (
    show_tokens,
    show_new_token,
    create_token,
    revoke_token,
)
