"""Pages of tokens: a list, a form, and the secret that is shown once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from litestar import Response, get, post

from eden.base.api.access import needs
from eden.base.api.handlers import (
    AnyRequest,
    FromPath,
    Service,
    ThePaging,
    ThePrincipal,
    TheWorkspaceId,
)
from eden.base.identity.roles import PERMISSIONS
from eden.base.problems import Problem
from eden.console.frame import Console
from eden.console.http import redirect, respond
from eden.console.view import Flash, ViewContext
from eden.organisation.addresses import HERE, page_address
from eden.organisation.forms import LARGEST_FORM, Form, checked, read_form, returned
from eden.organisation.service import Organisation
from eden.organisation.wire import (
    NewToken,
)

#: how long a token may work; "0" is until it is revoked
_DAYS = ("30", "90", "365", "0")


@get(f"{HERE}/tokens", opt=needs("workspace.read"))
async def show_tokens(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    paging: ThePaging,
    view: Service[ViewContext],
    console: Service[Console],
    organisation: Service[Organisation],
) -> Response[bytes]:
    """One's tokens, for owners everybody's."""
    after = paging.after(str)
    found = await organisation.tokens.page(principal, workspace_id, paging.limit + 1, after)
    more = len(found) > paging.limit
    return respond(
        request,
        console,
        view,
        "organisation/tokens.html",
        tokens=found[: paging.limit],
        next=page_address(view, "tokens", found[paging.limit - 1].id) if more else "",
        first=view.url("tokens") if after else "",
    )


@get(f"{HERE}/tokens/new", opt=needs("workspace.read"))
async def show_new_token(request: AnyRequest, view: Service[ViewContext], console: Service[Console]) -> Response[bytes]:
    """The form of a token."""
    return _token_form(request, view, console, Form({"days": "90"}))


@post(f"{HERE}/tokens", opt=needs("workspace.read"), request_max_body_size=LARGEST_FORM)
async def create_token(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    view: Service[ViewContext],
    console: Service[Console],
    organisation: Service[Organisation],
) -> Response[bytes]:
    """Make a token; the page shows its secret, once."""
    values = await read_form(request, lists=("scopes",))
    days = values.get("days", "")
    expires = datetime.now(UTC) + timedelta(days=int(days)) if days in _DAYS and days != "0" else None
    try:
        data = checked({**values, "expires_at": expires}, NewToken)
        at = None if expires is None else int(expires.timestamp()) * 1_000_000
        token, secret = await organisation.tokens.create(principal, workspace_id, data.name, data.scopes, at)
    except Problem as problem:
        return _token_form(request, view, console, returned(values, problem, console, view))
    return respond(request, console, view, "organisation/token-made.html", status=201, token=token, secret=secret)


@post(f"{HERE}/tokens/{{token_id:str}}/revoke", opt=needs("workspace.read"), request_max_body_size=LARGEST_FORM)
async def revoke_token(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    token_id: FromPath[str],
    view: Service[ViewContext],
    console: Service[Console],
    organisation: Service[Organisation],
) -> Response[bytes]:
    """It works no longer."""
    token = await organisation.tokens.revoke(principal, workspace_id, token_id)
    t = console.translator(view)
    return redirect(request, view.url("tokens"), Flash("good", t("organisation.tokens.revoked", name=token.name)))


def _token_form(request: AnyRequest, view: ViewContext, console: Console, form: Form) -> Response[bytes]:
    return respond(
        request,
        console,
        view,
        "organisation/token-new.html",
        status=422 if form.errors else 200,
        scopes=[permission for permission in PERMISSIONS if view.may(permission)],
        days=_DAYS,
        form=form,
    )


HANDLERS: tuple[Any, ...] = (
    show_tokens,
    show_new_token,
    create_token,
    revoke_token,
)
