"""Pages of members: who is here, invitations, roles."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from eden.base.api.access import Caller, needs
from eden.base.api.handlers import FromPath, Service, TheCaller, ThePaging
from eden.base.identity.roles import ROLES
from eden.base.identity.service import Identity
from eden.base.problems import Problem
from eden.console.view import ROOT
from eden.console.visit import TheVisit, Visit
from eden.organisation.addresses import HERE
from eden.organisation.forms import EMPTY, LARGEST_FORM, Form, checked, read_form, returned
from eden.organisation.service import Organisation
from eden.organisation.wire import MemberChange, NewMember

#: a member list that a person can read on one page
_MEMBERS = 200


@get(f"{HERE}/members", opt=needs("workspace.read"))
async def show_members(
    visit: TheVisit, caller: TheCaller, paging: ThePaging, organisation: Service[Organisation]
) -> Response[bytes]:
    """Who is in the workspace."""
    after = paging.after(str)
    found = await organisation.members.page(*caller, _MEMBERS + 1, after)
    return visit.page(
        "organisation/members.html",
        members=found[:_MEMBERS],
        me=caller.principal.user_id,
        next=visit.following("members", found[_MEMBERS - 1].email) if len(found) > _MEMBERS else "",
        first=visit.url("members") if after else "",
    )


@get(f"{HERE}/members/new", opt=needs("member.manage"))
async def show_new_member(visit: TheVisit) -> Response[bytes]:
    """The form of an invitation."""
    return _new_member_page(visit, EMPTY)


@post(f"{HERE}/members", opt=needs("member.manage"), request_max_body_size=LARGEST_FORM)
async def invite_member(
    visit: TheVisit, caller: TheCaller, identity: Service[Identity], organisation: Service[Organisation]
) -> Response[bytes]:
    """Make somebody a member; the page shows the link to send to them."""
    values = await read_form(visit, lists=("roles",))
    try:
        data = checked(values, NewMember)
        member, secret = await organisation.members.invite(*caller, data.email, data.name, data.roles)
    except Problem as problem:
        return _new_member_page(visit, returned(values, problem, visit))
    if secret is None:
        said = "organisation.members.added-waiting" if member.waiting else "organisation.members.added"
        return visit.go("members", visit.t(said, email=member.email))
    return _link_page(visit, identity, member.email, secret, status=201)


@get(f"{HERE}/members/{{user_id:str}}", opt=needs("member.manage"))
async def show_member(
    visit: TheVisit, caller: TheCaller, user_id: FromPath[str], organisation: Service[Organisation]
) -> Response[bytes]:
    """One member: roles, link, removal."""
    return await _member_page(visit, caller, organisation, user_id, EMPTY)


@post(f"{HERE}/members/{{user_id:str}}", opt=needs("member.manage"), request_max_body_size=LARGEST_FORM)
async def change_member(
    visit: TheVisit, caller: TheCaller, user_id: FromPath[str], organisation: Service[Organisation]
) -> Response[bytes]:
    """Other roles."""
    values = await read_form(visit, lists=("roles",))
    try:
        data = checked(values, MemberChange)
        member = await organisation.members.set_roles(*caller, user_id, data.roles)
    except Problem as problem:
        if problem.code == "conflict":
            form = Form(values, (("roles", visit.t("organisation.members.last-owner")),))
        else:
            form = returned(values, problem, visit)
        return await _member_page(visit, caller, organisation, user_id, form)
    return visit.go("members", visit.t("organisation.members.changed", email=member.email))


@post(f"{HERE}/members/{{user_id:str}}/remove", opt=needs("member.manage"), request_max_body_size=LARGEST_FORM)
async def remove_member(
    visit: TheVisit, caller: TheCaller, user_id: FromPath[str], organisation: Service[Organisation]
) -> Response[bytes]:
    """Take a member out of the workspace."""
    member = await organisation.members.get(*caller, user_id)
    try:
        await organisation.members.remove(*caller, user_id)
    except Problem as problem:
        if problem.code != "conflict":
            raise
        return visit.go("members", visit.t("organisation.members.last-owner"), "bad")
    return visit.go("members", visit.t("organisation.members.removed", email=member.email))


@post(f"{HERE}/members/{{user_id:str}}/link", opt=needs("member.manage"), request_max_body_size=LARGEST_FORM)
async def make_member_link(
    visit: TheVisit,
    caller: TheCaller,
    user_id: FromPath[str],
    identity: Service[Identity],
    organisation: Service[Organisation],
) -> Response[bytes]:
    """A link with which the member sets a new password."""
    member = await organisation.members.get(*caller, user_id)
    secret = await organisation.members.new_link(*caller, user_id)
    return _link_page(visit, identity, member.email, secret)


def _new_member_page(visit: Visit, form: Form) -> Response[bytes]:
    return visit.page("organisation/member-new.html", status=form.status, roles=ROLES, form=form)


async def _member_page(
    visit: Visit, caller: Caller, organisation: Organisation, user_id: str, form: Form
) -> Response[bytes]:
    member = await organisation.members.get(*caller, user_id)
    return visit.page("organisation/member.html", status=form.status, member=member, roles=ROLES, form=form)


def _link_page(visit: Visit, identity: Identity, email: str, secret: str, status: int = 200) -> Response[bytes]:
    link = f"{identity.origin(str(visit.request.base_url))}{ROOT}/invitation/{secret}"
    return visit.page("organisation/member-link.html", status=status, email=email, link=link)


HANDLERS: tuple[Any, ...] = (
    show_members,
    show_new_member,
    invite_member,
    show_member,
    change_member,
    remove_member,
    make_member_link,
)
