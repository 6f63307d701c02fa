"""Pages of members: who is here, invitations, roles."""

from __future__ import annotations

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
from eden.base.identity.roles import ROLES
from eden.base.identity.service import Identity
from eden.base.problems import Problem
from eden.console.frame import Console
from eden.console.http import redirect, respond
from eden.console.view import ROOT, Flash, ViewContext
from eden.organisation.addresses import HERE, page_address
from eden.organisation.forms import EMPTY, LARGEST_FORM, Form, checked, read_form, returned
from eden.organisation.interfaces import check_email
from eden.organisation.service import Organisation
from eden.organisation.wire import (
    MemberChange,
    NewMember,
)

#: a member list that a person can read on one page
_MEMBERS = 200


@get(f"{HERE}/members", opt=needs("workspace.read"))
async def show_members(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    paging: ThePaging,
    view: Service[ViewContext],
    console: Service[Console],
    organisation: Service[Organisation],
) -> Response[bytes]:
    """Who is in the workspace."""
    after = paging.after(str)
    found = await organisation.members.page(principal, workspace_id, _MEMBERS + 1, after)
    more = len(found) > _MEMBERS
    return respond(
        request,
        console,
        view,
        "organisation/members.html",
        members=found[:_MEMBERS],
        me=principal.user_id,
        next=page_address(view, "members", found[_MEMBERS - 1].email) if more else "",
        first=view.url("members") if after else "",
    )


@get(f"{HERE}/members/new", opt=needs("member.manage"))
async def show_new_member(
    request: AnyRequest, view: Service[ViewContext], console: Service[Console]
) -> Response[bytes]:
    """The form of an invitation."""
    return _member_form(request, view, console, EMPTY)


@post(f"{HERE}/members", opt=needs("member.manage"), request_max_body_size=LARGEST_FORM)
async def invite_member(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    view: Service[ViewContext],
    console: Service[Console],
    identity: Service[Identity],
    organisation: Service[Organisation],
) -> Response[bytes]:
    """Make somebody a member; the page shows the link to send to them."""
    values = await read_form(request, lists=("roles",))
    try:
        check_email(values.get("email", ""))
        data = checked(values, NewMember)
        member, secret = await organisation.members.invite(principal, workspace_id, data.email, data.name, data.roles)
    except Problem as problem:
        return _member_form(request, view, console, returned(values, problem, console, view))
    if secret is None:
        t = console.translator(view)
        return redirect(
            request, view.url("members"), Flash("good", t("organisation.members.added", email=member.email))
        )
    return _link_page(request, view, console, identity, member.email, secret, status=201)


@get(f"{HERE}/members/{{user_id:str}}", opt=needs("member.manage"))
async def show_member(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    user_id: FromPath[str],
    view: Service[ViewContext],
    console: Service[Console],
    organisation: Service[Organisation],
) -> Response[bytes]:
    """One member: roles, link, removal."""
    member = await organisation.members.get(principal, workspace_id, user_id)
    return respond(request, console, view, "organisation/member.html", member=member, roles=ROLES, form=EMPTY)


@post(f"{HERE}/members/{{user_id:str}}", opt=needs("member.manage"), request_max_body_size=LARGEST_FORM)
async def change_member(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    user_id: FromPath[str],
    view: Service[ViewContext],
    console: Service[Console],
    organisation: Service[Organisation],
) -> Response[bytes]:
    """Other roles."""
    values = await read_form(request, lists=("roles",))
    t = console.translator(view)
    try:
        data = checked(values, MemberChange)
        member = await organisation.members.set_roles(principal, workspace_id, user_id, data.roles)
    except Problem as problem:
        if problem.code == "conflict":
            form = Form(values, (("roles", t("organisation.members.last-owner")),))
        else:
            form = returned(values, problem, console, view)
        member = await organisation.members.get(principal, workspace_id, user_id)
        return respond(
            request, console, view, "organisation/member.html", status=422, member=member, roles=ROLES, form=form
        )
    return redirect(request, view.url("members"), Flash("good", t("organisation.members.changed", email=member.email)))


@post(f"{HERE}/members/{{user_id:str}}/remove", opt=needs("member.manage"), request_max_body_size=LARGEST_FORM)
async def remove_member(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    user_id: FromPath[str],
    view: Service[ViewContext],
    console: Service[Console],
    organisation: Service[Organisation],
) -> Response[bytes]:
    """Take a member out of the workspace."""
    t = console.translator(view)
    member = await organisation.members.get(principal, workspace_id, user_id)
    try:
        await organisation.members.remove(principal, workspace_id, user_id)
    except Problem as problem:
        if problem.code != "conflict":
            raise
        return redirect(request, view.url("members"), Flash("bad", t("organisation.members.last-owner")))
    return redirect(request, view.url("members"), Flash("good", t("organisation.members.removed", email=member.email)))


@post(f"{HERE}/members/{{user_id:str}}/link", opt=needs("member.manage"), request_max_body_size=LARGEST_FORM)
async def make_member_link(
    request: AnyRequest,
    principal: ThePrincipal,
    workspace_id: TheWorkspaceId,
    user_id: FromPath[str],
    view: Service[ViewContext],
    console: Service[Console],
    identity: Service[Identity],
    organisation: Service[Organisation],
) -> Response[bytes]:
    """A link with which the member sets a new password."""
    member = await organisation.members.get(principal, workspace_id, user_id)
    secret = await organisation.members.new_link(principal, workspace_id, user_id)
    return _link_page(request, view, console, identity, member.email, secret)


def _member_form(request: AnyRequest, view: ViewContext, console: Console, form: Form) -> Response[bytes]:
    status = 422 if form.errors else 200
    return respond(request, console, view, "organisation/member-new.html", status=status, roles=ROLES, form=form)


def _link_page(
    request: AnyRequest,
    view: ViewContext,
    console: Console,
    identity: Identity,
    email: str,
    secret: str,
    status: int = 200,
) -> Response[bytes]:
    link = f"{identity.origin(str(request.base_url))}{ROOT}/invitation/{secret}"
    return respond(request, console, view, "organisation/member-link.html", status=status, email=email, link=link)


HANDLERS: tuple[Any, ...] = (
    show_members,
    show_new_member,
    invite_member,
    show_member,
    change_member,
    remove_member,
    make_member_link,
)
